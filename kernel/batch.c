// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages put together for one sendmsg: headers from an array here, bodies
 * from where they lie. A body with more pieces than fit continues in the next
 * fill. What a message consists of is the owner's to say, and how bytes leave
 * is the connection's; here is only what is between them.
 *
 * Used by the connection's worker alone.
 */
#include "batch.h"
#include "compat.h"

/* Beyond this a batch is not made longer: the rest may go while these travel. */
#define MAX_BYTES (256 * 1024)

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
	return suburb_body_left(&batch->tail);
}

/**
 * suburb_batch_fill - put the next messages together, if the last fill is sent
 * @batch: zeroed at first, but for ops and owner
 *
 * If the last message of the previous fill was not whole, it goes on here as
 * message 0.
 *
 * Return: true if there is something to be sent: batch->iter.
 */
bool suburb_batch_fill(struct suburb_batch *batch)
{
	unsigned int pieces = 0;
	bool whole = true;

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
	if (batch->count)
		whole = add_body(batch, &pieces);

	while (whole && has_room(batch, pieces) &&
	       batch->ops->next(batch->owner, &batch->headers[batch->count], &batch->tail,
				&batch->messages[batch->count])) {
		add_header(batch, &pieces);
		whole = add_body(batch, &pieces);
	}
	iov_iter_bvec(&batch->iter, ITER_SOURCE, batch->pieces, pieces, batch->bytes);
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
