/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link to suburbd on which anything may be said, with an account of what is
 * owed to us for it: exactly one reply for each message, well-formed, for a
 * number that we used. That holds whatever we say, until the link ends.
 *
 * Nothing here fails a test: what was heard is the caller's to judge.
 */
#ifndef TESTS_PEER_TALK_H
#define TESTS_PEER_TALK_H

#include <suburb/extension.h>

#include "tests/protocol/client.h"

#define TALK_MOST_OWED 8192

/* One reply that is to come. */
struct owed {
	uint32_t seqnum;
	uint32_t target; /* of an unlink */
	bool unlink;
	bool in;
	bool iso;
	bool idle; /* it need not come: the device may have nothing to say */
	uint32_t length;
};

/**
 * struct talk - one link
 * @iso: endpoint addresses of the device that are isochronous, 0 ended
 * @nonsense: why what came last is no reply of a right exporter
 */
struct talk {
	int fd;
	uint32_t devid;
	bool digest;
	const uint8_t *iso;
	struct owed owed[TALK_MOST_OWED];
	unsigned int count;
	char nonsense[128];
};

/* How bytes leave. */
enum talk_way {
	TALK_WHOLE,
	TALK_DRIBBLE, /* one byte per write */
	TALK_HALVES,
};

/* False if the device cannot be imported. */
bool talk_open(struct talk *talk, const struct exporter *exporter, const char *busid,
	       uint32_t features);
void talk_close(struct talk *talk);

/*
 * A header as it is, and its body, with the digests that were agreed; into
 * @bytes of size + 64. Its size.
 */
size_t talk_put(const struct talk *talk, uint8_t *bytes, const void *header, const void *body,
		size_t size);

/* Bytes that follow this header, if it is what it says. */
uint64_t talk_body(const struct talk *talk, const void *header);

/* Notes that there will be a reply to this header. */
struct owed *talk_owe(struct talk *talk, const void *header);

/* False if the far side has ended the link. */
bool talk_send(struct talk *talk, const void *bytes, size_t size, enum talk_way way);

/* An honest message without a body, in one step. */
bool talk_submit(struct talk *talk, const struct suburb_submit *submit);
bool talk_unlink(struct talk *talk, uint32_t seqnum, uint32_t target);

enum heard {
	HEARD_REPLY,
	HEARD_NOTHING,
	HEARD_END,
	HEARD_NONSENSE,
};

/* The next reply, which is crossed off; @payload: 1 MiB of an IN, or NULL. */
enum heard talk_hear(struct talk *talk, struct suburb_reply *reply, uint8_t *payload, int ms);

#endif
