/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets of one isochronous request: their descriptors as on the wire,
 * and as the backend works with them.
 *
 * The backend gets packets that lie back to back, whatever gaps there are in
 * the importer's buffer: no more memory is held than can be moved, and no
 * offset of a peer's ever leads anywhere. The replies repeat the importer's
 * offsets; on the wire the data of an IN is compacted anyway (QUIRKS 17).
 */
#ifndef EXPORTER_PACKETS_H
#define EXPORTER_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <suburb/wire.h>

/**
 * struct packets - see above
 * @count: of them; 0: none, and no memory
 * @wire: as received; after packets_finish() as to be sent
 * @iso: what the backend gets
 */
struct packets {
	uint32_t count;
	struct suburb_wire_iso *wire;
	struct suburb_iso *iso;
};

/* Memory that @count packets take. */
size_t packets_size(uint32_t count);

/* Memory for them, @wire to be filled. 0 or -SUBURB_ENOMEM. */
int packets_alloc(struct packets *packets, uint32_t count);

void packets_free(struct packets *packets);

/**
 * packets_check - can these descriptors be?
 * @length: of the importer's buffer
 * @in: direction
 * @total: result: bytes that all packets have together, @length at most
 *
 * Each lies inside the buffer. Those of an OUT are in order and share no byte,
 * so that they can be put together where they lie. Fills @iso. Returns 0 or
 * -SUBURB_EINVAL.
 */
int packets_check(struct packets *packets, uint32_t length, bool in, uint32_t *total);

/* The payload of an OUT, as the importer laid it out: closes the gaps. */
void packets_close_gaps(const struct packets *packets, uint8_t *buffer);

/**
 * packets_finish - what the backend made of them, for the wire
 * @buffer: of an IN, which is compacted; NULL for an OUT
 *
 * Returns the bytes that were moved in all packets.
 */
uint32_t packets_finish(struct packets *packets, uint8_t *buffer);

#endif
