// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounded reading of USB descriptors. Pure; see descriptors.h.
 *
 * Offsets of fields are those of USB 2.0, 9.6, and USB 3.2, 9.6.7.
 */
#include <string.h>

#include <suburb/extension.h>

#include "descriptors.h"

static size_t least_length(uint8_t type)
{
	switch (type) {
	case DESCRIPTOR_CONFIGURATION:
	case DESCRIPTOR_INTERFACE:
		return 9;
	case DESCRIPTOR_ENDPOINT:
		return 7;
	case DESCRIPTOR_COMPANION:
		return 6;
	default:
		return 2;
	}
}

const uint8_t *descriptor_next(struct descriptor_walk *walk)
{
	while (walk->left >= 2) {
		const uint8_t *d = walk->at;

		/* A bLength of 0 or 1 would never end. */
		if (d[0] < 2 || d[0] > walk->left)
			break;
		walk->at += d[0];
		walk->left -= d[0];
		if (d[0] >= least_length(d[1]))
			return d;
	}
	walk->left = 0;
	return NULL;
}

static bool is_companion(const uint8_t *last, const uint8_t *d)
{
	return d[1] == DESCRIPTOR_COMPANION && last && last[1] == DESCRIPTOR_ENDPOINT &&
	       last[2] & 0x0f;
}

/* USB 3.2, 9.6.7: 2 to the power of MaxStreams, which is 1 to 16. */
static uint32_t streams_of(const uint8_t *endpoint, const uint8_t *companion)
{
	unsigned int power = companion[3] & 0x1f;

	if ((endpoint[3] & 3) != ENDPOINT_BULK || !power || power > 16)
		return 0;
	return power == 16 ? SUBURB_WIRE_MAX_STREAMS : 1u << power;
}

static void table_add_companion(struct endpoint_table *table, const uint8_t *endpoint,
				const uint8_t *companion)
{
	table->streams[endpoint[2] >> 7][endpoint[2] & 0x0f] = streams_of(endpoint, companion);
}

static void table_add(struct endpoint_table *table, const uint8_t *endpoint, uint8_t interface)
{
	unsigned int in = endpoint[2] >> 7;
	unsigned int number = endpoint[2] & 0x0f;

	if (!number)
		return;
	table->present[in] |= (uint16_t)(1u << number);
	table->type[in][number] = endpoint[3] & 3;
	table->streams[in][number] = 0;
	table->interface[in][number] = interface;
}

void endpoint_table_build(struct endpoint_table *table, const uint8_t *set, size_t size,
			  const uint8_t *altsetting)
{
	struct descriptor_walk walk = { set, set ? size : 0 };
	const uint8_t *d, *last = NULL;
	uint8_t interface = 0;
	bool wanted = false;

	memset(table, 0, sizeof(*table));
	while ((d = descriptor_next(&walk))) {
		if (d[1] == DESCRIPTOR_INTERFACE) {
			wanted = !altsetting || altsetting[d[2]] == d[3];
			interface = d[2];
		} else if (d[1] == DESCRIPTOR_ENDPOINT && wanted) {
			table_add(table, d, interface);
		} else if (is_companion(last, d) && wanted) {
			table_add_companion(table, last, d);
		}
		last = d;
	}
}

bool descriptors_have_altsetting(const uint8_t *set, size_t size, uint8_t interface,
				 uint8_t altsetting)
{
	struct descriptor_walk walk = { set, set ? size : 0 };
	const uint8_t *d;

	while ((d = descriptor_next(&walk)))
		if (d[1] == DESCRIPTOR_INTERFACE && d[2] == interface && d[3] == altsetting)
			return true;
	return false;
}

bool descriptors_have_streams(const uint8_t *set, size_t size)
{
	struct descriptor_walk walk = { set, set ? size : 0 };
	const uint8_t *d, *last = NULL;

	while ((d = descriptor_next(&walk))) {
		if (is_companion(last, d) && streams_of(last, d))
			return true;
		last = d;
	}
	return false;
}

size_t descriptors_interfaces(const uint8_t *set, size_t size, const uint8_t **found, size_t max)
{
	struct descriptor_walk walk = { set, set ? size : 0 };
	bool seen[256] = { false };
	const uint8_t *d;
	size_t n = 0;

	while (n < max && (d = descriptor_next(&walk))) {
		if (d[1] != DESCRIPTOR_INTERFACE || seen[d[2]])
			continue;
		seen[d[2]] = true;
		found[n++] = d;
	}
	return n;
}
