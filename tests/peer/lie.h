/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lies: a message that the codec has written, in which a field or two are then
 * set to what no honest peer would say. Both hostile peers use them, the client
 * and the server.
 *
 * A lie has a text, "ep=0x80000000", and a case is a line of such words: what
 * has failed is told as a line that can be run again.
 */
#ifndef TESTS_PEER_LIE_H
#define TESTS_PEER_LIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct field - a number in a message, big endian
 * @at: offset
 * @size: bytes: 1, 2 or 4
 */
struct field {
	const char *name;
	uint16_t at;
	uint8_t size;
};

/* All fields of a message. */
struct layout {
	const struct field *fields;
	size_t count;
};

extern const struct layout layout_submit; /* with the bytes of its setup */
extern const struct layout layout_unlink;
extern const struct layout layout_ret_submit;
extern const struct layout layout_ret_unlink;
extern const struct layout layout_iso;
extern const struct layout layout_endpoints; /* of a request for streams: two of them */
extern const struct layout layout_digest; /* of a header */
extern const struct layout layout_import; /* OP_REQ_IMPORT with an offer */
extern const struct layout layout_imported; /* OP_REP_IMPORT with an answer */
extern const struct layout layout_listed; /* OP_REP_DEVLIST of one device */

struct lie {
	const struct field *field;
	uint32_t value;
};

#define LIES_MOST 4

struct lies {
	struct lie lie[LIES_MOST];
	unsigned int count;
};

/*
 * Every field by itself: 0, 1, -1, INT_MAX, INT_MIN (of as many bytes as it
 * has), one more and one less than the truth, and than @length, the number
 * that the message is about.
 */
size_t lies_singles(const struct layout *layout);
void lies_single(struct lies *lies, const struct layout *layout, const void *message,
		 uint32_t length, size_t n);

/* Two fields at once; moves *@seed on. */
void lies_pair(struct lies *lies, const struct layout *layout, const void *message,
	       uint32_t length, uint32_t *seed);

uint32_t lies_random(uint32_t *seed);

uint32_t lies_get(const void *message, const struct field *field);
void lies_tell(const struct lies *lies, void *message);

/* "ep=0x80000000 length=0x0"; the buffer is used again. */
const char *lies_text(const struct lies *lies);
/* Adds that one word. False if there is no such field. */
bool lies_parse(struct lies *lies, const struct layout *layout, const char *word);

/*
 * What the environment says: PEER_SEED (default 1), PEER_PAIRS (pairs of lies
 * per message; default @pairs).
 */
uint32_t lies_seed(void);
unsigned int lies_pairs(unsigned int pairs);

#endif
