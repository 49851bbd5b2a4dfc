// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has arrived on a connection: bytes become replies. Many small replies
 * arrive at once in a staging buffer; what it holds of a body is copied, the
 * rest of a body goes straight to where it belongs, and the staging buffer
 * follows it in the same recvmsg.
 *
 * A reply is a header, and as many bytes behind it as the owner made of that
 * header; the owner is told again when they are in. Nothing of a reply is
 * looked at here but its command.
 *
 * Used by the connection's worker alone.
 */
#include <linux/slab.h>

#include "inbox.h"

/* Replies without a body are 48 bytes: this takes 170 of them at a time. */
#define STAGING_SIZE 8192

int suburb_inbox_init(struct suburb_inbox *inbox, const struct suburb_inbox_ops *ops, void *owner)
{
	memset(inbox, 0, sizeof(*inbox));
	inbox->ops = ops;
	inbox->owner = owner;
	inbox->staging = kmalloc(STAGING_SIZE, GFP_KERNEL);
	return inbox->staging ? 0 : -ENOMEM;
}

void suburb_inbox_exit(struct suburb_inbox *inbox)
{
	kfree(inbox->staging);
}

/**
 * suburb_inbox_room - where the next bytes go
 * @inbox: the inbox
 * @pieces: array to fill
 * @count: out: elements used
 * @max: elements in @pieces, 2 at least
 *
 * Return: bytes described.
 */
unsigned int suburb_inbox_room(struct suburb_inbox *inbox, struct bio_vec *pieces,
			       unsigned int *count, unsigned int max)
{
	unsigned int room = 0;

	/* In a body nothing is staged: it was all used. */
	*count = 0;
	if (inbox->in_body)
		room = suburb_body_peek(&inbox->body, pieces, count, max - 1);
	if (!inbox->in_body || room == suburb_body_left(&inbox->body)) {
		suburb_bvec_virt(&pieces[*count], inbox->staging + inbox->staged,
				 STAGING_SIZE - inbox->staged);
		(*count)++;
		room += STAGING_SIZE - inbox->staged;
	}
	return room;
}

/* Tells of a reply that is whole. */
static int body_done(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	if (!inbox->in_body || suburb_body_left(&inbox->body))
		return 0;
	inbox->in_body = false;
	return inbox->ops->complete(inbox->owner, violation);
}

/* Moves staged bytes of a body to where they belong. */
static int take_body(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	unsigned int staged = inbox->staged - inbox->parsed;
	unsigned int bytes = min(staged, suburb_body_left(&inbox->body));

	if (suburb_body_write(&inbox->body, inbox->staging + inbox->parsed, bytes) != bytes)
		return -EFAULT;
	inbox->parsed += bytes;
	return body_done(inbox, violation);
}

/* A header, if it is all here. Returns its size, 0, or negative. */
static int take_header(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	struct suburb_reply reply;
	int size;

	size = suburb_get_reply(inbox->staging + inbox->parsed, inbox->staged - inbox->parsed,
				&reply);
	if (size == 0)
		return 0;
	if (size < 0)
		return suburb_violates(violation, "command", reply.command);
	suburb_body_none(&inbox->body);
	if (inbox->ops->reply(inbox->owner, &reply, &inbox->body, violation))
		return -EPROTO;
	inbox->parsed += size;
	inbox->in_body = true;
	return size;
}

/* Uses up what is staged. */
static int parse_staged(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	int ret = 1;

	while (ret > 0) {
		if (inbox->in_body) {
			ret = take_body(inbox, violation);
			if (ret)
				return ret;
			if (inbox->in_body)
				break;
		}
		ret = take_header(inbox, violation);
	}
	if (ret < 0)
		return ret;
	/* What is left is less than a header: it makes room for more behind it. */
	inbox->staged -= inbox->parsed;
	memmove(inbox->staging, inbox->staging + inbox->parsed, inbox->staged);
	inbox->parsed = 0;
	return 0;
}

/**
 * suburb_inbox_received - bytes have arrived where suburb_inbox_room() said
 * @inbox: the inbox
 * @bytes: that many
 * @violation: filled if the peer broke the protocol
 *
 * Return: 0, -EPROTO with @violation, or another error of the link.
 */
int suburb_inbox_received(struct suburb_inbox *inbox, unsigned int bytes,
			  struct suburb_violation *violation)
{
	unsigned int body = 0;
	int ret;

	if (inbox->in_body) {
		body = min(bytes, suburb_body_left(&inbox->body));
		suburb_body_advance(&inbox->body, body);
	}
	inbox->staged += bytes - body;
	ret = body_done(inbox, violation);
	return ret ? ret : parse_staged(inbox, violation);
}
