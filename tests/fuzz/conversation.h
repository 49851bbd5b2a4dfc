/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An importer's side of a session in a fuzz target: what it says is framed as
 * it should be, its values are the input's; what it hears is taken apart and
 * compared with what it asked for.
 *
 * Each CMD_SUBMIT has one answer: its RET_SUBMIT, or the RET_UNLINK that says
 * that none comes. Each CMD_UNLINK has its RET_UNLINK.
 */
#ifndef TESTS_FUZZ_CONVERSATION_H
#define TESTS_FUZZ_CONVERSATION_H

#include "exporter/session.h"
#include "fuzz.h"

#define CONVERSATION_MESSAGES 256

/**
 * struct said - a message of ours
 * @submit: of a CMD_SUBMIT
 * @target: of a CMD_UNLINK: index of the message, which may come later; -1: none
 * @iso: it has descriptors, and its answer may have
 * @answered: it has its answer
 */
struct said {
	bool unlink;
	struct suburb_submit submit;
	int target;
	bool iso;
	bool answered;
};

/**
 * struct conversation - one session
 * @piece: bytes are said and heard in pieces of this many
 * @over: nothing more can be said: the exporter ended it, or we broke it
 * @left: the device is gone
 * @ended: of session_stop()
 */
struct conversation {
	struct session *session;
	struct device *device;
	struct limits limits;
	uint32_t devid;
	bool digest;
	size_t piece;
	bool over;
	bool opened;
	bool left;
	bool ended;
	struct said said[CONVERSATION_MESSAGES];
	unsigned int count;
	uint8_t *heard;
	size_t heard_size;
};

extern struct conversation conversation;

/* Takes @device: 0 or SESSION_LATER; the limits are the input's choice. */
void conversation_begin(struct input *input, struct device *device);

/* A CMD_SUBMIT; its payload is the input's, and as long as the exporter expects. */
void conversation_submit(struct input *input, struct suburb_submit submit, const void *payload,
			 size_t size);

/* Fields of it become something else. */
void conversation_spoil(struct input *input, struct suburb_submit *submit);

void conversation_unlink(struct input *input);

/* Reads what there is, @most bytes of it. */
void conversation_listen(size_t most);

/* Asks for the end of all that is not answered. */
void conversation_unlink_all(void);

bool conversation_all_answered(void);

/* Everything that was asked has its answer. */
void conversation_check_answered(void);

/* Ends it; @turn is called until the session is gone. */
void conversation_end(void (*turn)(void));

#endif
