// SPDX-License-Identifier: GPL-2.0-only
/*
 * media - sound and pictures whose every sample can be told from any other
 *
 *   media sound FRAMES             to stdout: FRAMES frames of noise, 16 bit, stereo
 *   media heard FRAMES <FILE       are those FRAMES in FILE, in order, each once, with
 *                                  nothing but silence before and behind?
 *   media seen WIDTH HEIGHT <FILE  are these test pictures of the emulated camera,
 *                                  each intact, counting up?
 *
 * The last two print one line of what they found, and fail if anything is
 * missing, doubled or wrong. Of pictures only wrong ones make them fail: a host
 * that reads slowly skips some, and the line says how many.
 *
 * Frame i is the number i + 1 times an odd constant, in 32 bits: no two are the
 * same, none is silence, and a wrong one tells which it is.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ODD 2654435761u

static uint32_t le32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* --- sound ---------------------------------------------------------------- */

static int sound(uint32_t frames)
{
	uint32_t i, value;

	for (i = 0; i < frames; i++) {
		value = (i + 1) * ODD;
		putchar(value & 0xff);
		putchar(value >> 8 & 0xff);
		putchar(value >> 16 & 0xff);
		putchar(value >> 24);
	}
	return fflush(stdout) ? 1 : 0;
}

/* Number of the frame that is this value: times the inverse of ODD. */
static uint32_t number_of(uint32_t value)
{
	uint32_t inverse = ODD, i;

	for (i = 0; i < 4; i++)
		inverse *= 2 - ODD * inverse;
	return value * inverse - 1;
}

static int heard(uint32_t frames)
{
	uint32_t before = 0, behind = 0, right = 0, wrong = 0, gaps = 0, next = 0, at;
	uint8_t bytes[4];
	uint32_t number;

	for (at = 0; fread(bytes, sizeof(bytes), 1, stdin) == 1; at++) {
		if (!le32(bytes)) {
			right ? behind++ : before++;
			continue;
		}
		number = number_of(le32(bytes));
		/* What comes after silence in the middle is a gap. */
		if (behind) {
			printf("%u frames of silence before frame %u, at %u\n", behind, number, at);
			gaps++;
			behind = 0;
		}
		if (number == next) {
			right++;
		} else {
			if (wrong++ < 10)
				printf("frame %u where %u should be, at %u\n", number, next, at);
		}
		next = number + 1;
	}
	printf("%u frames of %u, %u jumps, %u gaps; silence %u before, %u behind\n", right, frames,
	       wrong, gaps, before, behind);
	return right == frames && !wrong && !gaps ? 0 : 1;
}

/* --- pictures ------------------------------------------------------------- */

static uint32_t fnv1a(uint32_t hash, const uint8_t *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static bool intact(const uint8_t *picture, size_t size, uint32_t width, uint32_t height)
{
	uint32_t check = fnv1a(fnv1a(2166136261u, picture + 4, 8), picture + 16, size - 16);

	return !memcmp(picture, "SBRB", 4) && le32(picture + 8) == (width | height << 16) &&
	       le32(picture + 12) == check;
}

static int seen(uint32_t width, uint32_t height)
{
	uint32_t good = 0, wrong = 0, skipped = 0, next = 0, number;
	size_t size = 2ul * width * height, got;
	uint8_t *picture = malloc(size);

	while (picture && (got = fread(picture, 1, size, stdin)) > 0) {
		number = le32(picture + 4);
		if (got < size || !intact(picture, size, width, height) || number < next) {
			printf("picture %u (said to be %u) of %zu bytes is wrong\n", good + wrong,
			       number, got);
			wrong++;
			continue;
		}
		skipped += number - next;
		next = number + 1;
		good++;
	}
	free(picture);
	printf("%u pictures intact, %u wrong, %u skipped\n", good, wrong, skipped);
	return good && !wrong ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "sound"))
		return sound((uint32_t)strtoul(argv[2], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "heard"))
		return heard((uint32_t)strtoul(argv[2], NULL, 10));
	if (argc == 4 && !strcmp(argv[1], "seen"))
		return seen((uint32_t)strtoul(argv[2], NULL, 10),
			    (uint32_t)strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: media sound FRAMES | heard FRAMES | seen WIDTH HEIGHT\n");
	return 2;
}
