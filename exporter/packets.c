// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous packets. Pure but for their memory; see packets.h.
 */
#include <stdlib.h>
#include <string.h>

#include "packets.h"

size_t packets_size(uint32_t count)
{
	return count * (sizeof(struct suburb_wire_iso) + sizeof(struct suburb_iso));
}

int packets_alloc(struct packets *packets, uint32_t count)
{
	packets->iso = calloc(1, packets_size(count));
	if (!packets->iso)
		return -SUBURB_ENOMEM;
	packets->wire = (struct suburb_wire_iso *)(packets->iso + count);
	packets->count = count;
	return 0;
}

void packets_free(struct packets *packets)
{
	free(packets->iso);
	*packets = (struct packets){ 0 };
}

/* The importer's, as they came. */
static struct suburb_iso received(const struct packets *packets, uint32_t index)
{
	struct suburb_iso iso;

	suburb_get_iso(&packets->wire[index], sizeof(packets->wire[index]), &iso);
	return iso;
}

int packets_check(struct packets *packets, uint32_t length, bool in, uint32_t *total)
{
	uint32_t end = 0;

	*total = 0;
	for (uint32_t i = 0; i < packets->count; i++) {
		const struct suburb_iso iso = received(packets, i);

		if (iso.offset > length || iso.length > length - iso.offset)
			return -SUBURB_EINVAL;
		if (!in && iso.offset < end)
			return -SUBURB_EINVAL;
		/* Packets of an IN may overlap, but not to hold more than was paid for. */
		if (iso.length > length - *total)
			return -SUBURB_EINVAL;
		end = iso.offset + iso.length;
		packets->iso[i] = (struct suburb_iso){ .offset = *total, .length = iso.length };
		*total += iso.length;
	}
	return 0;
}

void packets_close_gaps(const struct packets *packets, uint8_t *buffer)
{
	for (uint32_t i = 0; i < packets->count; i++) {
		const struct suburb_iso *iso = &packets->iso[i];
		uint32_t offset = received(packets, i).offset;

		if (offset != iso->offset && iso->length)
			memmove(buffer + iso->offset, buffer + offset, iso->length);
	}
}

uint32_t packets_finish(struct packets *packets, uint8_t *buffer)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < packets->count; i++) {
		struct suburb_iso iso = packets->iso[i];

		if (iso.actual_length > iso.length)
			iso.actual_length = iso.length;
		if (buffer && iso.actual_length && iso.offset != moved)
			memmove(buffer + moved, buffer + iso.offset, iso.actual_length);
		moved += iso.actual_length;
		iso.offset = received(packets, i).offset;
		suburb_put_iso(&packets->wire[i], &iso);
	}
	return moved;
}
