// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replies and their queue. Pure of I/O; see reply.h.
 *
 * A release function may submit what waited for room, and that may push new
 * replies: the queue is consistent whenever one is called.
 */
#include <stdlib.h>

#include "crc32c.h"
#include "reply.h"

void reply_free(struct reply *reply)
{
	reply->release(reply);
}

void reply_seal(struct reply *reply)
{
	uint32_t crc = crc32c(0, reply->payload, reply->length);

	reply->digest = __cpu_to_be32(crc32c(crc, reply->tail, reply->tail_length));
	reply->digested.digest = __cpu_to_be32(crc32c(0, &reply->header, sizeof(reply->header)));
	reply->sealed = true;
}

static size_t header_size(const struct reply *reply)
{
	return reply->sealed ? sizeof(reply->digested) : sizeof(reply->header);
}

/* Of the digest behind the payload, if there is any of both. */
static size_t digest_size(const struct reply *reply)
{
	return reply->sealed && (reply->length || reply->tail_length) ? sizeof(reply->digest) : 0;
}

void reply_queue_init(struct reply_queue *queue)
{
	TAILQ_INIT(&queue->list);
	queue->count = 0;
	queue->written = 0;
}

void reply_queue_push(struct reply_queue *queue, struct reply *reply)
{
	TAILQ_INSERT_TAIL(&queue->list, reply, entry);
	queue->count++;
}

/* Appends a piece less the first @skip bytes, which it takes from @skip. */
static int add_piece(struct iovec *iov, struct iovec piece, size_t *skip)
{
	size_t skipped = *skip < piece.iov_len ? *skip : piece.iov_len;

	*skip -= skipped;
	if (skipped == piece.iov_len)
		return 0;
	iov->iov_base = (uint8_t *)piece.iov_base + skipped;
	iov->iov_len = piece.iov_len - skipped;
	return 1;
}

int reply_queue_gather(const struct reply_queue *queue, struct iovec *iov, int max)
{
	size_t skip = queue->written;
	struct reply *reply;
	int n = 0;

	TAILQ_FOREACH(reply, &queue->list, entry)
	{
		const struct iovec pieces[] = {
			{ &reply->header, header_size(reply) },
			{ reply->payload, reply->length },
			{ reply->tail, reply->tail_length },
			{ &reply->digest, digest_size(reply) },
		};

		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			if (n == max)
				return n;
			n += add_piece(&iov[n], pieces[i], &skip);
		}
	}
	return n;
}

static void pop(struct reply_queue *queue)
{
	struct reply *reply = TAILQ_FIRST(&queue->list);

	TAILQ_REMOVE(&queue->list, reply, entry);
	queue->count--;
	reply_free(reply);
}

void reply_queue_written(struct reply_queue *queue, size_t size)
{
	struct reply *reply;

	queue->written += size;
	while ((reply = TAILQ_FIRST(&queue->list))) {
		size_t whole = header_size(reply) + reply->length + reply->tail_length +
			       digest_size(reply);

		if (queue->written < whole)
			break;
		queue->written -= whole;
		pop(queue);
	}
}

void reply_queue_clear(struct reply_queue *queue)
{
	queue->written = 0;
	while (!TAILQ_EMPTY(&queue->list))
		pop(queue);
}

static void free_plain(struct reply *reply)
{
	free(reply);
}

static struct reply *plain(void)
{
	struct reply *reply = calloc(1, sizeof(*reply));

	if (reply)
		reply->release = free_plain;
	return reply;
}

struct reply *reply_ret_submit(const struct suburb_ret_submit *ret)
{
	struct reply *reply = plain();

	if (reply)
		suburb_put_ret_submit(&reply->header, ret);
	return reply;
}

struct reply *reply_ret_unlink(const struct suburb_ret_unlink *ret)
{
	struct reply *reply = plain();

	if (reply)
		suburb_put_ret_unlink(&reply->header, ret);
	return reply;
}
