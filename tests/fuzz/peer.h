/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An exporter for the module in a fuzz target: it takes apart what the module
 * sends, remembers what it was asked, and answers, truthfully or not.
 */
#ifndef TESTS_FUZZ_PEER_H
#define TESTS_FUZZ_PEER_H

#include <suburb/extension.h>

#include "fuzz.h"
#include "machine.h"

#define PEER_ASKED 64
#define PEER_PACKETS 64

/**
 * struct asked - one CMD_SUBMIT that was not answered
 * @submit: as it came
 * @iso: the endpoint is isochronous
 * @lengths: of its packets
 * @unlink: seqnum of its CMD_UNLINK, 0: there was none
 */
struct asked {
	struct suburb_submit submit;
	bool iso;
	u32 lengths[PEER_PACKETS];
	u32 unlink;
};

/**
 * struct peer - the exporter
 * @socket: its end of the link
 * @digest: that was agreed
 * @honest: it never said anything wrong
 * @devid: that every message must name
 * @seqnum: of the last message
 * @asked: in order of arrival
 * @out, @out_size: what came and is no whole message yet
 * @submitted: called for each CMD_SUBMIT, with the bytes of its payload
 */
struct peer {
	struct machine_socket *socket;
	bool digest;
	bool honest;
	u32 devid;
	u32 seqnum;
	struct asked asked[PEER_ASKED];
	unsigned int count;
	u8 *out;
	size_t out_size;
	void (*submitted)(const struct asked *asked, const u8 *payload);
};

extern struct peer peer;

void peer_begin(struct machine_socket *socket, bool digest, u32 devid,
		void (*submitted)(const struct asked *asked, const u8 *payload));
void peer_end(void);

/* What byte @at of the answer to message @seqnum is, if the peer is honest. */
static inline u8 peer_byte(u32 seqnum, u32 at)
{
	return (u8)(seqnum * 7 + at);
}

/* The whole truth about request @index: all that was asked for, status 0. */
void peer_answer(unsigned int index);

/* An answer to request @index of the input's choice; a lie if it says so. */
void peer_say(struct input *input, unsigned int index);

/* A RET_UNLINK, likewise. */
void peer_say_unlinked(struct input *input, unsigned int index);

/* An answer to what was not asked yet, or not wholly. */
void peer_guess(struct input *input);

/* Anything at all. */
void peer_babble(struct input *input);

#endif
