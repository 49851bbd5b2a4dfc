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
 * With digests everything goes through the staging buffer, which nobody else
 * can write to: a process may change a buffer while it is being read into, and
 * that must not look like damage. Nothing of a header is used before its digest
 * was found right, and the owner learns that a reply is whole after that of its
 * body was; a wrong one is -EBADMSG.
 *
 * Used by the connection's worker alone.
 */
#include <linux/slab.h>

#include "digest.h"
#include "inbox.h"

/* Replies without a body are 48 bytes: this takes 170 of them at a time. */
#define STAGING_SIZE 8192
/* With digests bodies, too, arrive there. */
#define DIGEST_STAGING_SIZE (32 * 1024)

static unsigned int staging_size(const struct suburb_inbox *inbox)
{
	return inbox->digest ? DIGEST_STAGING_SIZE : STAGING_SIZE;
}

/**
 * suburb_inbox_init - nothing has arrived
 * @inbox: set
 * @ops: where replies go
 * @owner: given to @ops
 * @digest: every message carries its digests
 *
 * Return: 0 or -ENOMEM.
 */
int suburb_inbox_init(struct suburb_inbox *inbox, const struct suburb_inbox_ops *ops, void *owner,
		      bool digest)
{
	memset(inbox, 0, sizeof(*inbox));
	inbox->ops = ops;
	inbox->owner = owner;
	inbox->digest = digest;
	inbox->staging = kmalloc(staging_size(inbox), GFP_KERNEL);
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
	unsigned int staging = staging_size(inbox) - inbox->staged;
	bool direct = inbox->in_body && !inbox->digest;
	unsigned int room = 0;

	/* In a body nothing is staged, or less than its digest: it was all used. */
	*count = 0;
	if (direct)
		room = suburb_body_peek(&inbox->body, pieces, count, max - 1);
	if (!direct || room == suburb_body_left(&inbox->body)) {
		suburb_bvec_virt(&pieces[*count], inbox->staging + inbox->staged, staging);
		(*count)++;
		room += staging;
	}
	return room;
}

static int mismatch(struct suburb_violation *violation, const char *what, u32 value)
{
	violation->field = what;
	violation->value = value;
	return -EBADMSG;
}

/* The next 4 bytes that are staged must be this. */
static int check_digest(struct suburb_inbox *inbox, u32 crc, const char *what,
			struct suburb_violation *violation)
{
	__be32 digest;

	memcpy(&digest, inbox->staging + inbox->parsed, sizeof(digest));
	if (digest != suburb_digest_of(crc))
		return mismatch(violation, what, be32_to_cpu(digest));
	inbox->parsed += sizeof(digest);
	inbox->digests++;
	return 0;
}

static int take_body_digest(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	int ret;

	if (!inbox->digest_due || inbox->staged - inbox->parsed < SUBURB_DIGEST_SIZE)
		return 0;
	ret = check_digest(inbox, inbox->crc, "digest of a payload", violation);
	inbox->digest_due = false;
	return ret;
}

/* Tells of a reply that is whole. */
static int body_done(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	int ret;

	if (!inbox->in_body || suburb_body_left(&inbox->body))
		return 0;
	ret = take_body_digest(inbox, violation);
	if (ret || inbox->digest_due)
		return ret;
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
	if (inbox->digest_due)
		inbox->crc = suburb_digest_add(inbox->crc, inbox->staging + inbox->parsed, bytes);
	inbox->parsed += bytes;
	return body_done(inbox, violation);
}

/* A header's bytes, whole and as they were sent; NULL: not yet, or *@error. */
static const void *whole_header(struct suburb_inbox *inbox, int *error,
				struct suburb_violation *violation)
{
	const u8 *header = inbox->staging + inbox->parsed;
	unsigned int need = sizeof(struct suburb_wire_header);
	u32 crc;

	*error = 0;
	if (inbox->staged - inbox->parsed < need + (inbox->digest ? SUBURB_DIGEST_SIZE : 0))
		return NULL;
	inbox->parsed += need;
	if (inbox->digest) {
		crc = suburb_digest_add(SUBURB_DIGEST_SEED, header, need);
		*error = check_digest(inbox, crc, "digest of a header", violation);
	}
	return *error ? NULL : header;
}

/* A header, if it is all here. Returns 1, 0, or negative. */
static int take_header(struct suburb_inbox *inbox, struct suburb_violation *violation)
{
	struct suburb_reply reply;
	const void *header;
	int error;

	header = whole_header(inbox, &error, violation);
	if (!header)
		return error;
	if (suburb_get_reply(header, sizeof(struct suburb_wire_header), &reply) < 0)
		return suburb_violates(violation, "command", reply.command);
	suburb_body_none(&inbox->body);
	error = inbox->ops->reply(inbox->owner, &reply, &inbox->body, violation);
	if (error)
		return error;
	inbox->in_body = true;
	inbox->crc = SUBURB_DIGEST_SEED;
	inbox->digest_due = inbox->digest && suburb_body_left(&inbox->body);
	return 1;
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
	/* What is left is less than a header or a digest: it makes room for more behind it. */
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
 * Return: 0, -EPROTO or -EBADMSG with @violation, or another error of the link.
 */
int suburb_inbox_received(struct suburb_inbox *inbox, unsigned int bytes,
			  struct suburb_violation *violation)
{
	unsigned int body = 0;
	int ret;

	if (inbox->in_body && !inbox->digest) {
		body = min(bytes, suburb_body_left(&inbox->body));
		suburb_body_advance(&inbox->body, body);
	}
	inbox->staged += bytes - body;
	ret = inbox->digest ? 0 : body_done(inbox, violation);
	return ret ? ret : parse_staged(inbox, violation);
}
