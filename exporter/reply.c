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

/* What a prompt reply may have to wait for, and at least one reply. */
#define GOING_BYTES ((size_t)128 * 1024)

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

static size_t whole_size(const struct reply *reply)
{
	return header_size(reply) + reply->length + reply->tail_length + digest_size(reply);
}

void reply_queue_init(struct reply_queue *queue)
{
	*queue = (struct reply_queue){ 0 };
	TAILQ_INIT(&queue->going);
	TAILQ_INIT(&queue->prompt);
	TAILQ_INIT(&queue->patient);
}

void reply_queue_push(struct reply_queue *queue, struct reply *reply)
{
	if (reply->prompt)
		TAILQ_INSERT_TAIL(&queue->prompt, reply, entry);
	else
		TAILQ_INSERT_TAIL(&queue->patient, reply, entry);
	queue->count++;
}

/* The next one gets its place; NULL if there is none, or enough is going. */
static struct reply *take_next(struct reply_queue *queue)
{
	struct reply_list *list = TAILQ_EMPTY(&queue->prompt) ? &queue->patient : &queue->prompt;
	struct reply *reply = TAILQ_FIRST(list);

	if (!reply || queue->going_bytes >= GOING_BYTES)
		return NULL;
	TAILQ_REMOVE(list, reply, entry);
	TAILQ_INSERT_TAIL(&queue->going, reply, entry);
	queue->going_bytes += whole_size(reply);
	return reply;
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

int reply_queue_gather(struct reply_queue *queue, struct iovec *iov, int max)
{
	struct reply *reply = TAILQ_FIRST(&queue->going);
	size_t skip = queue->written;
	int n = 0;

	if (!reply)
		reply = take_next(queue);
	while (reply) {
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
		reply = TAILQ_NEXT(reply, entry) ? TAILQ_NEXT(reply, entry) : take_next(queue);
	}
	return n;
}

static void pop(struct reply_queue *queue, struct reply_list *list)
{
	struct reply *reply = TAILQ_FIRST(list);

	TAILQ_REMOVE(list, reply, entry);
	queue->count--;
	reply_free(reply);
}

void reply_queue_written(struct reply_queue *queue, size_t size)
{
	struct reply *reply;
	size_t whole;

	queue->written += size;
	while ((reply = TAILQ_FIRST(&queue->going)) && queue->written >= whole_size(reply)) {
		whole = whole_size(reply);
		queue->written -= whole;
		queue->going_bytes -= whole;
		pop(queue, &queue->going);
	}
}

void reply_queue_clear(struct reply_queue *queue)
{
	struct reply_list *const lists[] = { &queue->going, &queue->prompt, &queue->patient };

	queue->written = 0;
	queue->going_bytes = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while (!TAILQ_EMPTY(lists[i]))
			pop(queue, lists[i]);
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
