// SPDX-License-Identifier: GPL-2.0-only
/*
 * URBs of a fuzz target: their memory, and what must be in it. See flight.h.
 */
#include "flight.h"
#include "peer.h"

/* --- memory ----------------------------------------------------------------- */

/* The byte that a buffer has at @at before anybody writes to it. */
static u8 before(const struct flight *flight, u32 at)
{
	return (u8)(flight->number * 11 + at * 3);
}

static u8 *byte_at(const struct flight *flight, u32 at)
{
	const struct scatterlist *sg = flight->sg;

	if (flight->buffer)
		return flight->buffer + at;
	for (; at >= sg->length; sg++)
		at -= sg->length;
	return (u8 *)sg->page + sg->offset + at;
}

void flight_cut(struct flight *flight, struct input *input, u32 length)
{
	struct urb *urb = flight->urb;
	struct scatterlist *sg;
	u32 size;
	u8 *memory;
	int i, n = 1 + (int)input_upto(input, FLIGHT_PIECES - 1);

	for (i = 0; i < n; i++) {
		size = i == n - 1 ? length : min(length, input_upto(input, 2000));
		memory = malloc(size + 1);
		sg = &flight->sg[i];
		*sg = (struct scatterlist){ virt_to_page(memory), offset_in_page(memory), size,
					    i == n - 1 };
		length -= size;
	}
	urb->sg = flight->sg;
	urb->num_sgs = n;
}

void flight_free_memory(struct flight *flight)
{
	int i;

	for (i = 0; i < flight->urb->num_sgs; i++)
		free((u8 *)flight->sg[i].page + flight->sg[i].offset);
	free(flight->buffer);
}

void flight_fill(struct flight *flight)
{
	u32 i;

	for (i = 0; i < flight->urb->transfer_buffer_length; i++)
		*byte_at(flight, i) = before(flight, i);
}

static void unchanged(const struct flight *flight, u32 from, u32 to)
{
	for (; from < to; from++)
		fuzz_assert(*byte_at(flight, from) == before(flight, from));
}

/* --- what is there when it is back -------------------------------------------- */

/* Packets of an IN hold what they say, and nothing beside them is touched. */
static void check_packets(const struct flight *flight)
{
	const struct urb *urb = flight->urb;
	const struct usb_iso_packet_descriptor *packet = urb->iso_frame_desc;
	u32 moved = 0, errors = 0, j;
	static bool written[FLIGHT_LONGEST + 1];
	int i;

	memset(written, 0, sizeof(written));
	for (i = 0; i < urb->number_of_packets; i++, packet++) {
		fuzz_assert(packet->actual_length <= packet->length);
		fuzz_assert(packet->status <= 0 && packet->status > -4096);
		for (j = 0; j < packet->actual_length; j++)
			written[packet->offset + j] = true;
		moved += packet->actual_length;
		errors += packet->status != 0;
	}
	fuzz_assert(moved == urb->actual_length && (int)errors == urb->error_count);
	for (j = 0; flight->in && j < urb->transfer_buffer_length; j++)
		if (!written[j])
			unchanged(flight, j, j + 1);
}

void flight_check_back(const struct flight *flight)
{
	const struct urb *urb = flight->urb;
	u32 i;

	/* Packets may lie over each other, if their driver wants them to. */
	fuzz_assert(flight->iso || urb->actual_length <= urb->transfer_buffer_length);
	if (!flight->in)
		unchanged(flight, 0, urb->transfer_buffer_length);
	if (flight->iso) {
		check_packets(flight);
		return;
	}
	/* What was being received as the link ended may have begun to be there. */
	if (flight->in && urb->status != -ESHUTDOWN && urb->status != -ECONNRESET)
		unchanged(flight, urb->actual_length, urb->transfer_buffer_length);
	for (i = 0; flight->in && peer.honest && i < urb->actual_length; i++)
		fuzz_assert(*byte_at(flight, i) == peer_byte(flight->seqnum, i));
}

/* --- and when it leaves ------------------------------------------------------- */

void flight_check_payload(const struct flight *flight, const u8 *payload)
{
	const struct urb *urb = flight->urb;
	u32 i, j;

	if (!flight->iso)
		for (i = 0; i < urb->transfer_buffer_length; i++)
			fuzz_assert(payload[i] == before(flight, i));
	for (i = 0; flight->iso && i < (u32)urb->number_of_packets; i++)
		for (j = 0; j < urb->iso_frame_desc[i].length; j++)
			fuzz_assert(*payload++ == before(flight, urb->iso_frame_desc[i].offset + j));
}

