// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous packets, by the clock. See iso.h.
 *
 * A transfer carries the microframe of its first packet in start_frame while
 * it is queued, and gets the number that a host controller would tell when it
 * is done. All comparisons of times are of differences, because they wrap.
 */
#include <string.h>
#include <uv.h>

#include "exporter/backend/emulated/iso.h"

#define MAX_PACKET 1024 /* the largest of one transaction */
#define LEAD EMULATED_MICROFRAMES_PER_MS /* from the first transfer to its first packet */

uint32_t emulated_iso_clock(void)
{
	return (uint32_t)(uv_hrtime() / (1000000 / EMULATED_MICROFRAMES_PER_MS));
}

static bool reached(uint32_t now, uint32_t time)
{
	return (int32_t)(now - time) >= 0;
}

/* --- queueing ------------------------------------------------------------- */

static int check(const struct emulated_endpoint *endpoint, const struct backend_transfer *transfer)
{
	uint32_t i;

	if (!transfer->packets || !transfer->iso)
		return -SUBURB_EINVAL;
	for (i = 0; i < transfer->packets; i++) {
		const struct suburb_iso *packet = &transfer->iso[i];

		if (packet->offset > transfer->length ||
		    packet->length > transfer->length - packet->offset)
			return -SUBURB_EINVAL;
		if (packet->length > endpoint->max_packet)
			return -SUBURB_EMSGSIZE;
	}
	return 0;
}

/* Where a stream begins that is not, or no longer, under way. */
static uint32_t beginning(const struct emulated_endpoint *endpoint, uint32_t now)
{
	uint32_t frame = now + LEAD + endpoint->interval - 1;

	return frame - frame % endpoint->interval;
}

int emulated_iso_queue(struct emulated_endpoint *endpoint, struct backend_transfer *transfer,
		       uint32_t now)
{
	int ret = check(endpoint, transfer);
	uint32_t i;

	if (ret)
		return ret;
	if (!endpoint->transfers.first) {
		if (!endpoint->running || reached(now, endpoint->end + EMULATED_ISO_PATIENCE))
			endpoint->end = beginning(endpoint, now);
		endpoint->running = true;
		endpoint->packet = 0;
	}
	for (i = 0; i < transfer->packets; i++) {
		transfer->iso[i].actual_length = 0;
		transfer->iso[i].status = -SUBURB_EXDEV;
	}
	transfer->error_count = 0;
	transfer->start_frame = endpoint->end;
	endpoint->end += transfer->packets * endpoint->interval;
	emulated_transfers_add(&endpoint->transfers, transfer);
	return 0;
}

/* --- moving --------------------------------------------------------------- */

static void give(const struct emulated_endpoint *endpoint, struct emulated_device *d,
		 const struct emulated_iso_function *function, uint8_t *buffer,
		 struct suburb_iso *packet)
{
	uint8_t bytes[MAX_PACKET];
	uint32_t length = function->give(d, endpoint->address, bytes, endpoint->max_packet);

	packet->status = length > packet->length ? -SUBURB_EOVERFLOW : 0;
	packet->actual_length = length > packet->length ? packet->length : length;
	if (packet->actual_length)
		memcpy(buffer + packet->offset, bytes, packet->actual_length);
}

static void take(const struct emulated_endpoint *endpoint, struct emulated_device *d,
		 const struct emulated_iso_function *function, const uint8_t *buffer,
		 struct suburb_iso *packet)
{
	function->take(d, endpoint->address, packet->length ? buffer + packet->offset : NULL,
		       packet->length);
	packet->status = 0;
	packet->actual_length = packet->length;
}

static void pass(struct emulated_endpoint *endpoint, struct emulated_device *d,
		 const struct emulated_iso_function *function)
{
	struct backend_transfer *transfer = endpoint->transfers.first;
	struct suburb_iso *packet = &transfer->iso[endpoint->packet++];

	if (endpoint->address & 0x80)
		give(endpoint, d, function, transfer->buffer, packet);
	else
		take(endpoint, d, function, transfer->buffer, packet);
	transfer->actual_length += packet->actual_length;
}

/* What SHORT_NOT_OK says of a transfer has no meaning for packets. */
static void finish(struct backend_transfer *transfer, struct emulated_transfers *finished)
{
	uint32_t i;

	for (i = 0; i < transfer->packets; i++)
		transfer->error_count += transfer->iso[i].status != 0;
	transfer->short_not_ok = false;
	emulated_transfer_finish(transfer, 0, finished);
}

void emulated_iso_move(struct emulated_endpoint *endpoint, uint32_t now, struct emulated_device *d,
		       const struct emulated_iso_function *function,
		       struct emulated_transfers *finished)
{
	struct backend_transfer *transfer;

	while ((transfer = endpoint->transfers.first) &&
	       reached(now, transfer->start_frame + endpoint->packet * endpoint->interval)) {
		pass(endpoint, d, function);
		if (endpoint->packet < transfer->packets)
			continue;
		endpoint->packet = 0;
		finish(emulated_transfers_take(&endpoint->transfers), finished);
	}
}

bool emulated_iso_cancel(struct emulated_endpoint *endpoint, struct backend_transfer *transfer)
{
	bool first = endpoint->transfers.first == transfer;

	if (!emulated_transfers_remove(&endpoint->transfers, transfer))
		return false;
	if (first)
		endpoint->packet = 0;
	/* Nobody waits for the time that it would have taken. */
	if (!endpoint->transfers.first)
		endpoint->running = false;
	return true;
}

uint32_t emulated_iso_frame(enum suburb_speed speed, uint32_t microframe)
{
	if (speed >= SUBURB_SPEED_HIGH)
		return microframe & 0x3fff;
	return microframe / EMULATED_MICROFRAMES_PER_MS & 0x7ff;
}

bool emulated_iso_wait(const struct emulated_endpoint *endpoint, uint32_t now, uint32_t *wait)
{
	const struct backend_transfer *transfer = endpoint->transfers.first;
	uint32_t last;

	if (!transfer)
		return false;
	last = transfer->start_frame + (transfer->packets - 1) * endpoint->interval;
	*wait = reached(now, last) ? 0 : last - now;
	return true;
}
