/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ten seconds of sound between the two halves of an emulated sound card: what
 * is played is kept until it is recorded, bit for bit.
 *
 * Both ends move at the pace of the bus, but not in step: a host that is late
 * with a transfer catches up in the next. So the tape gives silence until a
 * tenth of a second is on it (or the playing has ended), and stays that far
 * behind, or further if the recorder is slow. If it runs dry while more is to
 * come it gives nothing at all, for half a second at most: what was played
 * comes back without a gap.
 *
 * Pure: bytes in, bytes out.
 */
#ifndef EXPORTER_BACKEND_EMULATED_TAPE_H
#define EXPORTER_BACKEND_EMULATED_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#define EMULATED_RATE 48000 /* Hz */
#define EMULATED_SAMPLE 4 /* bytes: 16 bits, left and right */
#define EMULATED_TAPE_SIZE (10 * EMULATED_RATE * EMULATED_SAMPLE)
#define EMULATED_TAPE_AHEAD (EMULATED_RATE / 10 * EMULATED_SAMPLE)
#define EMULATED_TAPE_PATIENCE (EMULATED_RATE / 2 * EMULATED_SAMPLE)

/**
 * struct emulated_tape
 * @begin: of what is kept, in @bytes, which is a ring
 * @length: bytes kept
 * @playing: more is to come
 * @moving: gives what is kept, not silence
 * @waited: bytes not given since it ran dry
 */
struct emulated_tape {
	uint8_t bytes[EMULATED_TAPE_SIZE];
	uint32_t begin;
	uint32_t length;
	bool playing;
	bool moving;
	uint32_t waited;
};

void emulated_tape_clear(struct emulated_tape *tape);
/* Playing begins: wait anew. */
void emulated_tape_play(struct emulated_tape *tape);
/* It has ended: the rest may go. */
void emulated_tape_end(struct emulated_tape *tape);
/* Whole samples only; of too many the oldest are lost. */
void emulated_tape_write(struct emulated_tape *tape, const uint8_t *bytes, uint32_t length);
/* Bytes given: @length, or 0 while it is dry and more is to come. */
uint32_t emulated_tape_read(struct emulated_tape *tape, uint8_t *bytes, uint32_t length);

#endif
