// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tape of the emulated sound card. See tape.h.
 */
#include <string.h>

#include "exporter/backend/emulated/tape.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void emulated_tape_clear(struct emulated_tape *tape)
{
	tape->begin = 0;
	tape->length = 0;
	tape->moving = false;
}

void emulated_tape_play(struct emulated_tape *tape)
{
	tape->playing = true;
	tape->moving = false;
}

void emulated_tape_end(struct emulated_tape *tape)
{
	tape->playing = false;
}

static void drop(struct emulated_tape *tape, uint32_t length)
{
	tape->begin = (tape->begin + length) % EMULATED_TAPE_SIZE;
	tape->length -= length;
}

void emulated_tape_write(struct emulated_tape *tape, const uint8_t *bytes, uint32_t length)
{
	uint32_t room = EMULATED_TAPE_SIZE - tape->length, at, part;

	length -= length % EMULATED_SAMPLE;
	if (!length)
		return;
	if (length > room)
		drop(tape, length - room);
	at = (tape->begin + tape->length) % EMULATED_TAPE_SIZE;
	part = min_u32(length, EMULATED_TAPE_SIZE - at);
	memcpy(tape->bytes + at, bytes, part);
	memcpy(tape->bytes, bytes + part, length - part);
	tape->length += length;
}

/* Whole or not at all, as long as that can be hoped for. */
static bool waits(struct emulated_tape *tape, uint32_t length)
{
	if (!tape->moving || !tape->playing || tape->length >= length)
		return false;
	tape->waited += length;
	return tape->waited <= EMULATED_TAPE_PATIENCE;
}

uint32_t emulated_tape_read(struct emulated_tape *tape, uint8_t *bytes, uint32_t length)
{
	uint32_t part, ready;

	if (tape->length >= EMULATED_TAPE_AHEAD || !tape->playing)
		tape->moving = true;
	if (waits(tape, length))
		return 0;
	tape->waited = 0;
	ready = tape->moving ? min_u32(length, tape->length) : 0;
	part = min_u32(ready, EMULATED_TAPE_SIZE - tape->begin);
	memcpy(bytes, tape->bytes + tape->begin, part);
	memcpy(bytes + part, tape->bytes, ready - part);
	memset(bytes + ready, 0, length - ready);
	drop(tape, ready);
	if (ready < length)
		tape->moving = false;
	return length;
}
