/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One URB of a fuzz target, whose every byte is known before and after.
 */
#ifndef TESTS_FUZZ_FLIGHT_H
#define TESTS_FUZZ_FLIGHT_H

#include "fuzz.h"
#include "machine.h"

#define FLIGHT_PIECES 8
#define FLIGHT_LONGEST 20000

/**
 * struct flight - one URB
 * @number: its own
 * @buffer: NULL with a scatterlist
 * @taken: the module has it
 * @seqnum: of its message, 0: it was not sent
 * @order: in which they were submitted
 * @again: how often its driver submits it again as it comes back
 */
struct flight {
	unsigned int number;
	struct urb *urb;
	u8 *buffer;
	struct scatterlist sg[FLIGHT_PIECES];
	u8 setup[8];
	bool in;
	bool iso;
	bool taken;
	bool unlinked;
	u32 seqnum;
	u32 order;
	unsigned int again;
};

/* Memory for @length bytes in pieces of their own, in which the sanitizer sees each end. */
void flight_cut(struct flight *flight, struct input *input, u32 length);
void flight_free_memory(struct flight *flight);

/* As it is before anybody writes to it. */
void flight_fill(struct flight *flight);

/* It is back: what is there may be there. */
void flight_check_back(const struct flight *flight);

/* Data that goes out is that of the buffer, an isochronous URB's without its gaps. */
void flight_check_payload(const struct flight *flight, const u8 *payload);

#endif
