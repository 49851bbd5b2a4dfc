// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replies and their queue. Pure of I/O; see reply.h.
 *
 * A release function may submit what waited for room, and that may push new
 * replies: the queue is consistent whenever one is called.
 */
#include <stdlib.h>

#include "reply.h"

void reply_free(struct reply *reply)
{
	reply->release(reply);
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
			{ &reply->header, sizeof(reply->header) },
			{ reply->payload, reply->length },
			{ reply->tail, reply->tail_length },
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
		size_t whole = sizeof(reply->header) + reply->length + reply->tail_length;

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
