// SPDX-License-Identifier: GPL-2.0-only
/*
 * One URB as messages tell of it: what its CMD_SUBMIT says, where the bytes of
 * its RET_SUBMIT go, and what these make of it. When a message goes out, and
 * whose answer one is, is request.c's.
 *
 * A reply is judged twice: its header before a place is given to what follows,
 * and, of an isochronous URB, its descriptors before the URB is touched.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/usb.h>

#include "iso.h"
#include "streams.h"
#include "transfer.h"

static bool is_iso(const struct urb *urb)
{
	return usb_endpoint_xfer_isoc(&urb->ep->desc);
}

/**
 * suburb_transfer_check - can this URB be carried?
 * @urb: from usbcore
 *
 * Return: 0, or what a host controller answers: -EINVAL, -EFBIG.
 */
int suburb_transfer_check(const struct urb *urb)
{
	if (!suburb_streams_judge(urb) || !suburb_buffer_holds(urb))
		return -EINVAL;
	return is_iso(urb) ? suburb_iso_check_urb(urb) : 0;
}

/* transfer_buffer_length on the wire. */
u32 suburb_transfer_bytes(const struct urb *urb)
{
	return is_iso(urb) ? suburb_iso_bytes(urb) : urb->transfer_buffer_length;
}

static u32 wire_flags(const struct urb *urb)
{
	u32 flags = 0;

	if (urb->transfer_flags & URB_SHORT_NOT_OK)
		flags |= SUBURB_URB_SHORT_NOT_OK;
	if (urb->transfer_flags & URB_ISO_ASAP)
		flags |= SUBURB_URB_ISO_ASAP;
	if (urb->transfer_flags & URB_ZERO_PACKET)
		flags |= SUBURB_URB_ZERO_PACKET;
	if (suburb_buffer_is_in(urb))
		flags |= SUBURB_URB_DIR_IN;
	return flags;
}

static void put_iso(const struct urb *urb, struct suburb_wire_iso *iso, struct suburb_body *body)
{
	suburb_iso_put(iso, urb);
	suburb_cursor_memory(&body->parts[SUBURB_PART_ISO], iso,
			     urb->number_of_packets * sizeof(*iso));
	if (!suburb_buffer_is_in(urb))
		suburb_cursor_packets(&body->parts[SUBURB_PART_PAYLOAD], urb);
}

/**
 * suburb_transfer_put - its CMD_SUBMIT
 * @urb: suburb_transfer_check() found nothing wrong with it
 * @iso: filled, and part of the message: its descriptors; NULL if not isochronous
 * @devid: of the device at the exporter
 * @seqnum: of the message
 * @header: out
 * @body: out: where the rest of the message lies
 */
void suburb_transfer_put(const struct urb *urb, struct suburb_wire_iso *iso, u32 devid, u32 seqnum,
			 struct suburb_wire_header *header, struct suburb_body *body)
{
	struct suburb_submit submit = {
		.seqnum = seqnum,
		.devid = devid,
		.direction = suburb_buffer_is_in(urb) ? SUBURB_DIR_IN : SUBURB_DIR_OUT,
		.ep = usb_endpoint_num(&urb->ep->desc),
		.transfer_flags = wire_flags(urb),
		.length = suburb_transfer_bytes(urb),
		.packets = iso ? urb->number_of_packets : 0,
		.interval = urb->interval,
	};

	if (usb_endpoint_xfer_control(&urb->ep->desc))
		memcpy(submit.setup, urb->setup_packet, sizeof(submit.setup));
	if (usb_endpoint_xfer_bulk(&urb->ep->desc))
		submit.start_frame = urb->stream_id;
	suburb_put_submit(header, &submit);
	suburb_body_none(body);
	if (iso)
		put_iso(urb, iso, body);
	else if (submit.direction == SUBURB_DIR_OUT)
		suburb_cursor_init(&body->parts[SUBURB_PART_PAYLOAD], urb, 0, submit.length);
}

static int staging_reserve(struct suburb_staging *staging, u32 size)
{
	if (size <= staging->size)
		return 0;
	kvfree(staging->data);
	staging->data = kvmalloc(size, size > SUBURB_CALM_BYTES ? GFP_KERNEL : GFP_ATOMIC);
	staging->size = staging->data ? size : 0;
	return staging->data ? 0 : -ENOMEM;
}

static int receive_iso(const struct urb *urb, struct suburb_wire_iso *iso,
		       struct suburb_staging *staging, const struct suburb_ret_submit *ret,
		       struct suburb_body *body, struct suburb_violation *violation)
{
	suburb_cursor_memory(&body->parts[SUBURB_PART_ISO], iso, ret->packets * sizeof(*iso));
	if (!suburb_buffer_is_in(urb))
		return 0;
	if (!ret->packets && ret->actual_length)
		return suburb_violates(violation, "actual_length without packets",
				       ret->actual_length);
	if (staging_reserve(staging, ret->actual_length))
		return -ENOMEM;
	suburb_cursor_memory(&body->parts[SUBURB_PART_PAYLOAD], staging->data, ret->actual_length);
	return 0;
}

/**
 * suburb_transfer_reply - the header of its RET_SUBMIT is in
 * @urb: as sent
 * @iso: of suburb_transfer_put(); the reply's descriptors go there
 * @staging: data may go there
 * @ret: the header
 * @body: out: where the rest of the reply goes
 * @violation: filled if the exporter broke the protocol
 *
 * Context: process; also softirq, for no more than SUBURB_CALM_BYTES and without @iso.
 * Return: 0, -EPROTO, or -ENOMEM.
 */
int suburb_transfer_reply(const struct urb *urb, struct suburb_wire_iso *iso,
			  struct suburb_staging *staging, const struct suburb_ret_submit *ret,
			  struct suburb_body *body, struct suburb_violation *violation)
{
	if (suburb_check_ret_submit(ret, suburb_transfer_bytes(urb),
				    iso ? urb->number_of_packets : 0, violation))
		return -EPROTO;
	if (iso)
		return receive_iso(urb, iso, staging, ret, body, violation);
	if (suburb_buffer_is_in(urb))
		suburb_cursor_init(&body->parts[SUBURB_PART_PAYLOAD], urb, 0, ret->actual_length);
	return 0;
}

/**
 * suburb_transfer_discard - the header of a RET_SUBMIT that nobody waits for
 * @in: direction of the URB that was
 * @bytes: asked for
 * @iso: of suburb_transfer_put()
 * @packets: of it
 * @staging: data may go there
 * @ret: the header
 * @body: out: where the rest of the reply goes
 * @violation: filled if the exporter broke the protocol
 *
 * Context: process; also softirq, for no more than SUBURB_CALM_BYTES and without @iso.
 * Return: 0, -EPROTO, or -ENOMEM.
 */
int suburb_transfer_discard(bool in, u32 bytes, struct suburb_wire_iso *iso, u32 packets,
			    struct suburb_staging *staging, const struct suburb_ret_submit *ret,
			    struct suburb_body *body, struct suburb_violation *violation)
{
	if (suburb_check_ret_submit(ret, bytes, packets, violation))
		return -EPROTO;
	if (iso)
		suburb_cursor_memory(&body->parts[SUBURB_PART_ISO], iso,
				     ret->packets * sizeof(*iso));
	if (!in)
		return 0;
	if (staging_reserve(staging, ret->actual_length))
		return -ENOMEM;
	suburb_cursor_memory(&body->parts[SUBURB_PART_PAYLOAD], staging->data, ret->actual_length);
	return 0;
}

/**
 * suburb_transfer_finish - all of its RET_SUBMIT is in
 * @urb: gets its result, but for its status
 * @iso: the reply's descriptors
 * @staging: the reply's data, if it went there
 * @ret: the reply's header
 * @violation: filled if the exporter broke the protocol
 *
 * Context: process, no locks; also softirq, without @iso.
 * Return: 0, -EPROTO, or another error of the link.
 */
int suburb_transfer_finish(struct urb *urb, const struct suburb_wire_iso *iso,
			   const struct suburb_staging *staging,
			   const struct suburb_ret_submit *ret,
			   struct suburb_violation *violation)
{
	if (!iso) {
		urb->actual_length = ret->actual_length;
		return 0;
	}
	/* An error without descriptors: no packet was moved. */
	if (!ret->packets)
		return 0;
	if (suburb_iso_check(iso, urb, ret->actual_length, violation))
		return -EPROTO;
	return suburb_iso_finish(urb, iso, staging->data);
}
