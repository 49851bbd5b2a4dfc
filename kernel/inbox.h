/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has arrived on a connection. See inbox.c.
 */
#ifndef _SUBURB_INBOX_H
#define _SUBURB_INBOX_H

#include <suburb/extension.h>

#include "buffer.h"

/**
 * struct suburb_inbox_ops - where replies go
 * @reply: a header has arrived. Judge it and say where its body goes
 * @complete: that reply is whole. Judge the rest of it and make use of it
 *
 * Both return 0, or negative with @violation filled if the peer broke the
 * protocol.
 */
struct suburb_inbox_ops {
	int (*reply)(void *owner, const struct suburb_reply *reply, struct suburb_body *body,
		     struct suburb_violation *violation);
	int (*complete)(void *owner, struct suburb_violation *violation);
};

/**
 * struct suburb_inbox - what has arrived so far, and where the next bytes go
 * @ops: where replies go
 * @owner: given to @ops
 * @staging: where headers and small bodies arrive
 * @staged: bytes there
 * @parsed: of these, used
 * @in_body: behind a header, of which @body is to come
 * @body: what is left of it
 * @digest: each header has a digest behind it, and each body
 * @digest_due: that of the body is to come
 * @crc: of that body so far
 * @digests: how many were right
 */
struct suburb_inbox {
	const struct suburb_inbox_ops *ops;
	void *owner;
	u8 *staging;
	unsigned int staged;
	unsigned int parsed;
	bool in_body;
	struct suburb_body body;
	bool digest;
	bool digest_due;
	u32 crc;
	u64 digests;
};

int suburb_inbox_init(struct suburb_inbox *inbox, const struct suburb_inbox_ops *ops, void *owner,
		      bool digest);
void suburb_inbox_exit(struct suburb_inbox *inbox);
unsigned int suburb_inbox_room(struct suburb_inbox *inbox, struct bio_vec *pieces,
			       unsigned int *count, unsigned int max);
int suburb_inbox_received(struct suburb_inbox *inbox, unsigned int bytes,
			  struct suburb_violation *violation);

#endif
