/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digests of incoming messages (docs/PROTOCOL.md, 6.3): one behind each
 * header, one behind what follows it. Counts bytes, does no I/O.
 */
#ifndef EXPORTER_DIGEST_H
#define EXPORTER_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <suburb/extension.h>

/**
 * struct digest - of one direction
 * @on: agreed with the importer; else messages have none
 * @due: bytes of a payload's digest that are still to come
 * @crc: of that payload so far
 * @bytes: the digest itself
 */
struct digest {
	bool on;
	unsigned int due;
	uint32_t crc;
	uint8_t bytes[SUBURB_DIGEST_SIZE];
};

/* Bytes that a header has on the wire. */
size_t digest_header_size(const struct digest *digest);

/**
 * digest_check_header - is it what was sent?
 * @header: digest_header_size() bytes
 *
 * Returns 0 or -SUBURB_EILSEQ.
 */
int digest_check_header(const struct digest *digest, const void *header,
			struct suburb_violation *violation);

/* A payload follows, not empty. */
void digest_begin(struct digest *digest);

void digest_add(struct digest *digest, const void *bytes, size_t size);

/**
 * digest_input - bytes behind the payload
 * @taken: how many of them belong to the digest
 *
 * Returns 1 when it is whole and right, 0 when more bytes are needed, or
 * -SUBURB_EILSEQ.
 */
int digest_input(struct digest *digest, const void *bytes, size_t size, size_t *taken,
		 struct suburb_violation *violation);

#endif
