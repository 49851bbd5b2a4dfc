/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded reading of USB descriptors. They are the device's word, and a device
 * may lie: every length is checked against what is really there, and a set
 * that stops making sense simply ends there.
 */
#ifndef EXPORTER_DESCRIPTORS_H
#define EXPORTER_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DESCRIPTOR_CONFIGURATION 2
#define DESCRIPTOR_INTERFACE 4
#define DESCRIPTOR_ENDPOINT 5
#define DESCRIPTOR_COMPANION 48 /* of a SuperSpeed endpoint, right behind it */

/* bmAttributes & 3 */
enum endpoint_type {
	ENDPOINT_CONTROL,
	ENDPOINT_ISO,
	ENDPOINT_BULK,
	ENDPOINT_INTERRUPT,
};

/**
 * struct descriptor_walk - a place in a descriptor set
 * @at: the next descriptor
 * @left: bytes from there
 */
struct descriptor_walk {
	const uint8_t *at;
	size_t left;
};

/**
 * descriptor_next - one step
 *
 * Returns a descriptor whose bLength bytes are all there (2 at least; 9 for
 * configurations and interfaces, 7 for endpoints), or NULL at the end. Ones of
 * these types that are too short for their type are passed over.
 */
const uint8_t *descriptor_next(struct descriptor_walk *walk);

/**
 * struct endpoint_table - endpoints that exist in a device's present setting
 * @present: bit per endpoint number, by direction (0 OUT, 1 IN)
 * @type: enum endpoint_type
 * @streams: most that a bulk endpoint can have, 0: none at all
 * @interface: bInterfaceNumber that it is of
 */
struct endpoint_table {
	uint16_t present[2];
	uint8_t type[2][16];
	uint32_t streams[2][16];
	uint8_t interface[2][16];
};

/**
 * endpoint_table_build - the table of a configuration
 * @table: result; endpoint 0 is not in it
 * @set: the configuration's descriptor set; NULL for none
 * @size: of @set
 * @altsetting: bAlternateSetting that each interface has now, 256 entries; or
 *	NULL for every altsetting at once
 */
void endpoint_table_build(struct endpoint_table *table, const uint8_t *set, size_t size,
			  const uint8_t *altsetting);

/* Does interface @interface have an altsetting @altsetting? */
bool descriptors_have_altsetting(const uint8_t *set, size_t size, uint8_t interface,
				 uint8_t altsetting);

/* Has an endpoint of it, in whatever altsetting, streams? */
bool descriptors_have_streams(const uint8_t *set, size_t size);

/**
 * descriptors_interfaces - the interfaces, each once, by its first altsetting
 * @found: pointers to interface descriptors
 * @max: entries of @found
 *
 * Returns how many there are (up to @max).
 */
size_t descriptors_interfaces(const uint8_t *set, size_t size, const uint8_t **found, size_t max);

#endif
