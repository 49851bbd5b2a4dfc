/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An importer's side of a session in a fuzz target: what it says is framed as
 * it should be, its values are the input's; what it hears is taken apart and
 * compared with what it asked for.
 *
 * Each CMD_SUBMIT has one answer: its RET_SUBMIT, or the RET_UNLINK that says
 * that none comes. Each CMD_UNLINK has its RET_UNLINK. Who frames well is never
 * said to be wrong, who does not always is.
 */
#ifndef TESTS_FUZZ_CONVERSATION_H
#define TESTS_FUZZ_CONVERSATION_H

#include "exporter/session.h"
#include "fuzz.h"

/* A target stops at the first; what is then still to be said finds room. */
#define CONVERSATION_ENOUGH 128
#define CONVERSATION_MESSAGES 512

/**
 * struct said - a message of ours
 * @sent: a CMD_SUBMIT may get its number long before
 * @order: in which they were sent, from 1
 * @submit: of a CMD_SUBMIT
 * @target: of a CMD_UNLINK: index of the message, which may come later; -1: none
 * @iso: it has descriptors, and its answer may have
 * @plain: byte i of its payload is conversation_byte(i)
 * @packets: its descriptors, as many as it says, if there are any
 * @answered: nothing is to be said to it any more
 * @cancelled: by a RET_UNLINK
 */
struct said {
	bool unlink;
	bool sent;
	unsigned int order;
	struct suburb_submit submit;
	int target;
	bool iso;
	bool plain;
	struct suburb_wire_iso *packets;
	bool answered;
	bool cancelled;
};

/**
 * struct conversation - one session
 * @known: its endpoints in any setting, as its descriptors said at the beginning
 * @piece: bytes are said and heard in pieces of this many; 0: as they come
 * @joined: so many messages more than one arrive in one go
 * @echoes: the device gives conversation_byte()s
 * @stride: from one number to the next
 * @starved: the session wants to be asked again
 * @over: nothing more can be said: the exporter ended it, or we broke it
 * @wrong: we said what cannot be
 * @left: the device is gone
 * @ended: of session_stop()
 * @unsaid: bytes of @held messages that wait for the others
 */
struct conversation {
	struct session *session;
	struct device *device;
	struct limits limits;
	uint32_t devid;
	struct endpoint_table known;
	bool digest;
	bool streams;
	bool echoes;
	size_t piece;
	unsigned int joined;
	uint32_t stride;
	bool starved;
	bool over;
	bool wrong;
	bool opened;
	bool left;
	bool ended;
	struct said said[CONVERSATION_MESSAGES];
	unsigned int count;
	unsigned int sent;
	uint8_t *unsaid;
	size_t unsaid_size;
	unsigned int held;
	uint8_t *heard;
	size_t heard_size;
};

extern struct conversation conversation;

/* Takes @device: 0 or SESSION_LATER; the limits are the input's choice. */
void conversation_begin(struct input *input, struct device *device);

/* What a message's number says, and what its payload has at @at. */
struct said *conversation_said(uint32_t seqnum);
uint8_t conversation_byte(const struct said *said, uint32_t at);

/* An endpoint that is there now, most of the time; of this type, unless -1. */
void conversation_aim(struct input *input, struct suburb_submit *submit, int type);

/* Fields of it become something else. */
void conversation_spoil(struct input *input, struct suburb_submit *submit);

/*
 * A CMD_SUBMIT, with as much payload as the exporter expects, which begins with
 * these bytes; NULL: conversation_byte()s, most of the time.
 */
void conversation_submit(struct input *input, struct suburb_submit submit, const void *payload,
			 size_t size);

/* An isochronous one. */
void conversation_packets(struct input *input, uint32_t transfer_flags);

void conversation_unlink(struct input *input);

/* CMD_UNLINKs whose CMD_SUBMITs, with the numbers before, are the next. */
void conversation_overtake(struct input *input);

/* Some of what is held back arrives: the middle of a message may have to wait. */
void conversation_dribble(size_t most);

/* Reads what there is, @most bytes of it. */
void conversation_listen(size_t most);

/* All that is held back arrives, all that there is is read. */
void conversation_exchange(void);

/* As time goes by: what the session waited for may be there. */
void conversation_retry(void);

/* Asks for the end of all that is not answered. */
void conversation_unlink_all(void);

/* Or nothing more can be. */
bool conversation_all_answered(void);

/* Everything that was asked has its answer. */
void conversation_check_answered(void);

/* Ends it; @turn is called until the session is gone. */
void conversation_end(void (*turn)(void));

#endif
