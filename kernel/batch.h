/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages put together for one sendmsg. See batch.c.
 */
#ifndef _SUBURB_BATCH_H
#define _SUBURB_BATCH_H

#include <linux/uio.h>
#include <suburb/extension.h>

#include "buffer.h"

/* Pieces in one sendmsg; a larger body takes several. */
#define SUBURB_BATCH_PIECES 64
/* Messages in one sendmsg: each takes a piece for its header and one at least for a body. */
#define SUBURB_BATCH_MESSAGES (SUBURB_BATCH_PIECES / 2)

/**
 * struct suburb_batch_ops - where messages come from
 * @next: fill in the next message to be sent, header and body; false if there
 *	is none now. *@message names it for @sent
 * @sent: the last byte of that message was taken by the socket
 */
struct suburb_batch_ops {
	bool (*next)(void *owner, struct suburb_wire_header *header, struct suburb_body *body,
		     void **message);
	void (*sent)(void *owner, void *message);
};

/**
 * struct suburb_batch - what one sendmsg after another is sending
 * @ops: where messages come from
 * @owner: given to @ops
 * @headers: of the messages in it
 * @messages: their names for ops->sent()
 * @ends: bytes from the batch's start to each message's end; 0: not known yet,
 *	for the message continues in the next fill
 * @count: messages
 * @done: of these, wholly sent
 * @pieces: page pieces: headers and bodies
 * @iter: over @pieces, what is left
 * @sent: bytes of this fill taken by the socket
 * @bytes: bytes of this fill
 * @tail: of the last message's body, what did not fit
 * @flat: with digests: memory where messages are put together; else NULL
 * @crc: with digests: of the last message's body so far
 * @digest_due: its digest is still to be put behind it
 */
struct suburb_batch {
	const struct suburb_batch_ops *ops;
	void *owner;
	struct suburb_wire_header headers[SUBURB_BATCH_MESSAGES];
	void *messages[SUBURB_BATCH_MESSAGES];
	unsigned int ends[SUBURB_BATCH_MESSAGES];
	unsigned int count;
	unsigned int done;
	struct bio_vec pieces[SUBURB_BATCH_PIECES];
	struct iov_iter iter;
	unsigned int sent;
	unsigned int bytes;
	struct suburb_body tail;
	u8 *flat;
	u32 crc;
	bool digest_due;
};

int suburb_batch_init(struct suburb_batch *batch, const struct suburb_batch_ops *ops, void *owner,
		      bool digest);
void suburb_batch_exit(struct suburb_batch *batch);
bool suburb_batch_fill(struct suburb_batch *batch);
bool suburb_batch_continues(const struct suburb_batch *batch);
void suburb_batch_sent(struct suburb_batch *batch, unsigned int bytes);

#endif
