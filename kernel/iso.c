// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of isochronous URBs: which a driver may submit, what the wire says
 * of them, and what a reply makes of them.
 *
 * Drivers may leave gaps between packets, in any order. The wire has none:
 * packet n begins where the bytes asked for by packets 0 to n-1 end, in both
 * directions, and what of an IN was received stands closer still, without the
 * bytes that did not come. So data is gathered from, and scattered to, the
 * places that the driver chose (suburb_cursor_packets() gathers). A reply's
 * data comes before its descriptors: it waits elsewhere until these were
 * checked, and a URB is not touched by a reply that is refused.
 *
 * Frame numbers are ours. Those of the exporter count another bus's frames; a
 * driver compares urb->start_frame with usb_get_current_frame_number() and
 * with that of the URB before (the clock recovery of usx2y, for one), so both
 * are of one clock, and URBs of a stream follow each other without a gap.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/usb.h>

#include "buffer.h"
#include "iso.h"

#define MICROFRAME_NS 125000
/* A stream that is this far from the clock begins anew: half of what a frame number can tell. */
#define FAR_MICROFRAMES (1024 * 8)
/* From submitting to the first packet, when nothing is queued. */
#define LEAD_MICROFRAMES 8

/* --- a driver's URB ------------------------------------------------------- */

/**
 * suburb_iso_check_urb - can the wire carry it?
 * @urb: usbcore has looked at it: one packet at least, none longer than the
 *	endpoint's; suburb_buffer_holds() is true of it
 *
 * Return: 0; -EFBIG: more packets than can be scheduled; -EINVAL: a packet
 * that is not inside the buffer.
 */
int suburb_iso_check_urb(const struct urb *urb)
{
	const struct usb_iso_packet_descriptor *packet = urb->iso_frame_desc;
	int i;

	if (urb->number_of_packets > SUBURB_WIRE_MAX_PACKETS)
		return -EFBIG;
	for (i = 0; i < urb->number_of_packets; i++, packet++) {
		if (packet->offset > urb->transfer_buffer_length ||
		    packet->length > urb->transfer_buffer_length - packet->offset)
			return -EINVAL;
	}
	return 0;
}

/**
 * suburb_iso_bytes - bytes asked for: transfer_buffer_length on the wire
 * @urb: checked; usbcore bounds each packet, so the sum is small
 */
u32 suburb_iso_bytes(const struct urb *urb)
{
	u32 bytes = 0;
	int i;

	for (i = 0; i < urb->number_of_packets; i++)
		bytes += urb->iso_frame_desc[i].length;
	return bytes;
}

/* The clock of all our buses, in microframes. */
u32 suburb_iso_now(void)
{
	return div_u64(ktime_get_ns(), MICROFRAME_NS);
}

static bool counts_frames(const struct urb *urb)
{
	return urb->dev->speed < USB_SPEED_HIGH;
}

/**
 * suburb_iso_begin - give a URB its place on the bus
 * @urb: being submitted
 * @next: microframe that follows the last URB of its endpoint; moved on
 * @idle: no other URB is queued there
 *
 * Until a reply says otherwise no packet has been moved: usbcore has set each
 * to -EXDEV.
 */
void suburb_iso_begin(struct urb *urb, u32 *next, bool idle)
{
	u32 now = suburb_iso_now();
	u32 interval;

	/* Of the endpoint, whatever the driver said: xhci does the same. */
	urb->interval = 1 << (clamp_t(int, urb->ep->desc.bInterval, 1, 16) - 1);
	interval = counts_frames(urb) ? urb->interval * 8 : urb->interval;

	if (idle || abs((s32)(*next - now)) > FAR_MICROFRAMES)
		*next = ALIGN(now + LEAD_MICROFRAMES, interval);
	/* As many bits as xhci's frame index has. */
	urb->start_frame = counts_frames(urb) ? (*next >> 3) & 0x7ff : *next & 0x3fff;
	*next += urb->number_of_packets * interval;
	urb->error_count = urb->number_of_packets;
}

/* --- the wire ------------------------------------------------------------- */

/**
 * suburb_iso_put - the descriptors of a CMD_SUBMIT
 * @wire: urb->number_of_packets of them
 * @urb: checked
 */
void suburb_iso_put(struct suburb_wire_iso *wire, const struct urb *urb)
{
	struct suburb_iso iso = {};
	int i;

	for (i = 0; i < urb->number_of_packets; i++) {
		iso.length = urb->iso_frame_desc[i].length;
		suburb_put_iso(&wire[i], &iso);
		iso.offset += iso.length;
	}
}

/**
 * suburb_iso_check - do the descriptors of a RET_SUBMIT fit?
 * @wire: as received, urb->number_of_packets of them
 * @urb: as sent by suburb_iso_put()
 * @actual_length: of the reply's header
 * @violation: filled when the answer is no
 *
 * An IN has as much data as its packets say. Of an OUT no data came back, and
 * exporters differ in what they count there: the packets say it.
 */
int suburb_iso_check(const struct suburb_wire_iso *wire, const struct urb *urb, u32 actual_length,
		     struct suburb_violation *violation)
{
	u32 offset = 0, sum = 0;
	struct suburb_iso iso;
	int i;

	for (i = 0; i < urb->number_of_packets; i++) {
		suburb_get_iso(&wire[i], sizeof(wire[i]), &iso);
		if (suburb_check_iso(&iso, offset, urb->iso_frame_desc[i].length, violation))
			return -EPROTO;
		offset += urb->iso_frame_desc[i].length;
		sum += iso.actual_length;
	}
	if (suburb_buffer_is_in(urb) && sum != actual_length)
		return suburb_violates(violation, "sum of iso actual_length", sum);
	return 0;
}

/**
 * suburb_iso_finish - a URB has its result
 * @urb: its packets get theirs
 * @wire: suburb_iso_check() found nothing wrong with them
 * @data: of an IN, as received
 *
 * Context: process; may take a while, so no locks.
 * Return: 0, or -EFAULT, which memory of the kernel does not give.
 */
int suburb_iso_finish(struct urb *urb, const struct suburb_wire_iso *wire, const u8 *data)
{
	struct usb_iso_packet_descriptor *packet = urb->iso_frame_desc;
	struct suburb_cursor cursor;
	struct suburb_iso iso;
	int i;

	urb->actual_length = 0;
	urb->error_count = 0;
	for (i = 0; i < urb->number_of_packets; i++, packet++) {
		suburb_get_iso(&wire[i], sizeof(wire[i]), &iso);
		packet->actual_length = iso.actual_length;
		packet->status = iso.status;
		urb->error_count += iso.status != 0;
		if (suburb_buffer_is_in(urb) && iso.actual_length) {
			suburb_cursor_init(&cursor, urb, packet->offset, iso.actual_length);
			if (suburb_cursor_write(&cursor, data + urb->actual_length,
						iso.actual_length))
				return -EFAULT;
		}
		urb->actual_length += iso.actual_length;
	}
	return 0;
}
