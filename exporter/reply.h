/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies: what a session owes to its importer.
 *
 * Prompt ones leave first, each kind in the order made: a key press does not
 * wait for the megabyte of a disk that was read before it. So replies of one
 * endpoint are all prompt or none is, and RET_UNLINK is only if no RET_SUBMIT
 * could be before it.
 *
 * A reply is an object of its own and outlives the moment that made it. It
 * stays in the queue until it is written whole, and goes by one function,
 * reply_free(). Payload is never copied: it lies where the backend put it.
 */
#ifndef EXPORTER_REPLY_H
#define EXPORTER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <suburb/extension.h>

/**
 * struct reply - one message
 * @header: as on the wire; as @digested with its digest behind it
 * @payload: what follows it
 * @length: of @payload
 * @tail: isochronous descriptors behind that
 * @tail_length: bytes of @tail
 * @digest: of @payload and @tail
 * @sealed: the digests are there and are sent, too
 * @prompt: overtakes those that are not
 * @release: frees the reply and what it holds
 */
struct reply {
	TAILQ_ENTRY(reply) entry;
	union {
		struct suburb_wire_header header;
		struct suburb_wire_digested digested;
	};
	uint8_t *payload;
	size_t length;
	void *tail;
	size_t tail_length;
	__be32 digest;
	bool sealed;
	bool prompt;
	void (*release)(struct reply *reply);
};

TAILQ_HEAD(reply_list, reply);

/**
 * struct reply_queue - replies on their way out
 * @going: those whose place is given: they are written in this order
 * @going_bytes: of them, written or not
 * @prompt: those that go next
 * @patient: those that go when there is none of these
 * @count: replies in it
 * @written: bytes of the first one of @going that were written already
 */
struct reply_queue {
	struct reply_list going;
	size_t going_bytes;
	struct reply_list prompt;
	struct reply_list patient;
	size_t count;
	size_t written;
};

void reply_free(struct reply *reply);

/* Gives it its digests; it does not change any more. */
void reply_seal(struct reply *reply);

void reply_queue_init(struct reply_queue *queue);
void reply_queue_push(struct reply_queue *queue, struct reply *reply);

/*
 * Fills up to @max pieces with what is to be written next; how many it were. What
 * it told of is written before anything that is pushed later.
 */
int reply_queue_gather(struct reply_queue *queue, struct iovec *iov, int max);

/* @size more bytes were written: frees the replies that are done with. */
void reply_queue_written(struct reply_queue *queue, size_t size);

/* Frees all, written or not. */
void reply_queue_clear(struct reply_queue *queue);

/* A reply without payload that frees itself; NULL if memory is out. */
struct reply *reply_ret_submit(const struct suburb_ret_submit *ret);
struct reply *reply_ret_unlink(const struct suburb_ret_unlink *ret);

#endif
