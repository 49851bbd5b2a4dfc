/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session on the fake backend, and short words to talk to it. What it answers
 * is written at once when asked for, and taken apart with the codec.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "exporter/session.h"
#include "fake_backend.h"

#define RIG_SEQNUMS 4096

/* Where a submit goes. */
enum where {
	BULK_OUT,
	BULK_IN,
	INT_IN,
	NO_SUCH_OUT,
	NO_SUCH_IN,
	ISO_OUT, /* exist in altsetting 1 */
	ISO_IN,
};

/* Control requests, as setup packets (wLength is filled in). */
#define GET_DEVICE_DESCRIPTOR "\x80\x06\x00\x01\x00\x00"
#define SET_CONFIGURATION_1 "\x00\x09\x01\x00\x00\x00"
#define CLEAR_HALT_81 "\x02\x01\x00\x00\x81\x00"

/**
 * struct rig - a session and all it needs
 * @devid: for what is submitted
 * @flags: transfer_flags, likewise
 * @piece: input goes in pieces of this size; 0: each message as a whole
 * @held: rig_begin() was called: collect input until rig_end()
 * @direction: by seqnum (modulo RIG_SEQNUMS): replies do not tell
 * @iso: isochronous, likewise
 * @target: of each unlink, likewise
 */
struct rig {
	struct fake fake;
	struct rules rules;
	struct devices devices;
	struct device *device;
	struct limits limits;
	struct session *session;
	uint32_t devid;
	uint32_t flags;
	size_t piece;
	bool held;
	uint8_t input[4096];
	size_t input_size;
	uint8_t output[1 << 20];
	size_t output_size;
	uint8_t direction[RIG_SEQNUMS];
	bool iso[RIG_SEQNUMS];
	uint32_t target[RIG_SEQNUMS];
	unsigned int opened;
	int open_status;
	unsigned int outputs;
	unsigned int left;
	unsigned int ended;
};

/* A reply taken apart. */
struct got {
	uint32_t command;
	uint32_t seqnum;
	int32_t status;
	uint32_t actual_length;
	uint32_t start_frame;
	uint32_t packets;
	uint32_t error_count;
	uint8_t payload[512];
	struct suburb_iso iso[SUBURB_WIRE_MAX_PACKETS]; /* of an isochronous one */
};

extern const struct session_ops rig_ops;

struct rig *rig_prepare(bool slow); /* a device, no session yet */
struct rig *rig_new(void);
struct rig *rig_new_limits(struct limits limits);
void rig_open(struct rig *rig);
void rig_open_later(struct rig *rig);
void rig_stop(struct rig *rig); /* ends the session, whatever it takes */
void rig_free(struct rig *rig); /* and sees that nothing is left over */

void rig_input(struct rig *rig, const void *bytes, size_t size);
void rig_begin(struct rig *rig);
void rig_end(struct rig *rig);

/* @payload: NULL sends the header alone. */
void rig_submit(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
		const void *payload);
void rig_submit_packets(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
			uint32_t packets);
/* With a payload (OUT) and descriptors; @iso NULL: without both. To altsetting 1. */
void rig_submit_iso(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
		    const void *payload, const struct suburb_iso *iso, uint32_t packets);
void rig_altsetting_1(struct rig *rig);
void rig_control(struct rig *rig, uint32_t seqnum, const char *setup, uint16_t length);
void rig_control_raw(struct rig *rig, uint32_t seqnum, const char *setup, uint16_t wlength,
		     uint32_t direction, uint32_t length);
void rig_unlink(struct rig *rig, uint32_t seqnum, uint32_t target);

/* The next reply; false if there is none. */
bool rig_next(struct rig *rig, struct got *got);

/* How many replies wait, all of which must be RET_SUBMITs of @status. */
unsigned int rig_replies_with(struct rig *rig, int32_t status);

void assert_reply(struct rig *rig, uint32_t seqnum, int32_t status, uint32_t actual_length,
		  const char *payload);
void assert_unlinked(struct rig *rig, uint32_t seqnum, int32_t status);
void assert_no_reply(struct rig *rig);

#endif
