// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages put together for one sendmsg: headers from an array here, bodies
 * from where they lie. A body with more pieces than fit continues in the next
 * fill. What a message consists of is the owner's to say, and how bytes leave
 * is the connection's; here is only what is between them.
 *
 * With digests messages are copied first. A driver's buffer may change while it
 * is sent (a page of a file that somebody writes to, for one): the digest must
 * be of the very bytes that leave.
 *
 * Used by the connection's worker alone.
 */
#include <linux/slab.h>

#include "batch.h"
#include "compat.h"
#include "digest.h"

/*
 * Beyond this a batch is not made longer: the rest may go while these travel, and
 * what is urgent before it.
 */
#define MAX_BYTES (128 * 1024)
/* Memory for messages with digests. */
#define FLAT_SIZE (32 * 1024)

static bool has_room(const struct suburb_batch *batch, unsigned int pieces)
{
	return batch->count < SUBURB_BATCH_MESSAGES && pieces + 2 <= SUBURB_BATCH_PIECES &&
	       batch->bytes < MAX_BYTES;
}

static void add_header(struct suburb_batch *batch, unsigned int *pieces)
{
	suburb_bvec_virt(&batch->pieces[*pieces], &batch->headers[batch->count],
			 sizeof(struct suburb_wire_header));
	(*pieces)++;
	batch->bytes += sizeof(struct suburb_wire_header);
	batch->ends[batch->count] = 0;
	batch->count++;
}

/* Body of the last message; true if all of it is in. */
static bool add_body(struct suburb_batch *batch, unsigned int *pieces)
{
	unsigned int bytes = suburb_body_peek(&batch->tail, batch->pieces, pieces,
					      SUBURB_BATCH_PIECES);

	suburb_body_advance(&batch->tail, bytes);
	batch->bytes += bytes;
	if (suburb_batch_continues(batch))
		return false;
	batch->ends[batch->count - 1] = batch->bytes;
	return true;
}

/* The last message goes on in the next fill. */
bool suburb_batch_continues(const struct suburb_batch *batch)
{
	return suburb_body_left(&batch->tail) || batch->digest_due;
}

/* Room for a header, its digest, and at least that of a body. */
static bool flat_has_room(const struct suburb_batch *batch)
{
	return batch->count < SUBURB_BATCH_MESSAGES &&
	       batch->bytes + sizeof(struct suburb_wire_digested) + SUBURB_DIGEST_SIZE <= FLAT_SIZE;
}

static void flat_put(struct suburb_batch *batch, const void *data, unsigned int bytes)
{
	memcpy(batch->flat + batch->bytes, data, bytes);
	batch->bytes += bytes;
}

static void flat_add_header(struct suburb_batch *batch)
{
	const struct suburb_wire_header *header = &batch->headers[batch->count];
	__be32 digest;

	digest = suburb_digest_of(suburb_digest_add(SUBURB_DIGEST_SEED, header, sizeof(*header)));
	flat_put(batch, header, sizeof(*header));
	flat_put(batch, &digest, sizeof(digest));
	batch->ends[batch->count] = 0;
	batch->count++;
	batch->crc = SUBURB_DIGEST_SEED;
	batch->digest_due = suburb_body_left(&batch->tail);
}

/* Body of the last message, and its digest; true if all of that is in. */
static bool flat_add_body(struct suburb_batch *batch)
{
	unsigned int bytes = min_t(unsigned int, suburb_body_left(&batch->tail),
				   FLAT_SIZE - batch->bytes);
	u8 *to = batch->flat + batch->bytes;
	__be32 digest;

	bytes = suburb_body_read(&batch->tail, to, bytes);
	batch->bytes += bytes;
	batch->crc = suburb_digest_add(batch->crc, to, bytes);
	if (suburb_body_left(&batch->tail))
		return false;
	if (batch->digest_due) {
		if (batch->bytes + sizeof(digest) > FLAT_SIZE)
			return false;
		digest = suburb_digest_of(batch->crc);
		flat_put(batch, &digest, sizeof(digest));
		batch->digest_due = false;
	}
	batch->ends[batch->count - 1] = batch->bytes;
	return true;
}

static bool next_message(struct suburb_batch *batch)
{
	return batch->ops->next(batch->owner, &batch->headers[batch->count], &batch->tail,
				&batch->messages[batch->count]);
}

static void fill_flat(struct suburb_batch *batch)
{
	bool whole = true;

	if (batch->count)
		whole = flat_add_body(batch);
	while (whole && flat_has_room(batch) && next_message(batch)) {
		flat_add_header(batch);
		whole = flat_add_body(batch);
	}
	suburb_bvec_virt(batch->pieces, batch->flat, batch->bytes);
	iov_iter_bvec(&batch->iter, ITER_SOURCE, batch->pieces, 1, batch->bytes);
}

static void fill_pieces(struct suburb_batch *batch)
{
	unsigned int pieces = 0;
	bool whole = true;

	if (batch->count)
		whole = add_body(batch, &pieces);
	while (whole && has_room(batch, pieces) && next_message(batch)) {
		add_header(batch, &pieces);
		whole = add_body(batch, &pieces);
	}
	iov_iter_bvec(&batch->iter, ITER_SOURCE, batch->pieces, pieces, batch->bytes);
}

/**
 * suburb_batch_fill - put the next messages together, if the last fill is sent
 * @batch: from suburb_batch_init()
 *
 * If the last message of the previous fill was not whole, it goes on here as
 * message 0.
 *
 * Return: true if there is something to be sent: batch->iter.
 */
bool suburb_batch_fill(struct suburb_batch *batch)
{
	if (batch->sent < batch->bytes)
		return true;
	if (suburb_batch_continues(batch)) {
		batch->messages[0] = batch->messages[batch->count - 1];
		batch->ends[0] = 0;
		batch->count = 1;
	} else {
		batch->count = 0;
	}
	batch->done = 0;
	batch->sent = 0;
	batch->bytes = 0;
	if (batch->flat)
		fill_flat(batch);
	else
		fill_pieces(batch);
	return batch->bytes;
}

/**
 * suburb_batch_sent - the socket took more
 * @batch: filled
 * @bytes: that many; the messages that are out with them are told of
 */
void suburb_batch_sent(struct suburb_batch *batch, unsigned int bytes)
{
	iov_iter_advance(&batch->iter, bytes);
	batch->sent += bytes;
	while (batch->done < batch->count && batch->ends[batch->done] &&
	       batch->ends[batch->done] <= batch->sent) {
		batch->ops->sent(batch->owner, batch->messages[batch->done]);
		batch->done++;
	}
}

/**
 * suburb_batch_init - an empty batch
 * @batch: zeroed
 * @ops: where messages come from
 * @owner: given to @ops
 * @digest: every message carries its digests
 *
 * Return: 0 or -ENOMEM.
 */
int suburb_batch_init(struct suburb_batch *batch, const struct suburb_batch_ops *ops, void *owner,
		      bool digest)
{
	batch->ops = ops;
	batch->owner = owner;
	if (digest)
		batch->flat = kmalloc(FLAT_SIZE, GFP_KERNEL);
	return digest && !batch->flat ? -ENOMEM : 0;
}

void suburb_batch_exit(struct suburb_batch *batch)
{
	kfree(batch->flat);
}
