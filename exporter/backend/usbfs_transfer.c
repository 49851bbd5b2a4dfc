// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transfers through Linux' usbfs. See usb_access.h.
 *
 * A transfer is one URB. Only isochronous ones with more packets than usbfs
 * takes in one are several, and end with the last of them.
 *
 * What a URB ended with is passed on as it is, but for the end that we asked
 * for: usbfs always kills a URB, which is -ENOENT, where whoever unlinked the
 * request has to see -ECONNRESET. A kill that was not ours is the kernel's,
 * which takes an endpoint away.
 */
#ifdef __linux__

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "exporter/descriptors.h"
#include "usbfs.h"

#define MAX_PACKETS 128 /* of one URB: proc_do_submiturb() */

/**
 * struct usbfs_transfer - a backend_transfer's half here
 * @parts: URBs that it consists of
 * @pending: of them, in the kernel
 * @cancelled: its URBs are to be discarded
 * @discarded: they were
 * @status: of the first one that failed; 0
 * @setup: for a control transfer without a data stage
 * @stride: bytes from one URB to the next
 * @urbs: @parts of them, each with its packets
 */
struct usbfs_transfer {
	TAILQ_ENTRY(usbfs_transfer) entry;
	struct backend_transfer *transfer;
	unsigned int parts;
	unsigned int pending;
	bool cancelled;
	bool discarded;
	int32_t status;
	uint8_t setup[USB_SETUP_SIZE];
	size_t stride;
	uint8_t urbs[] __attribute__((__aligned__(_Alignof(struct usbdevfs_urb))));
};

static struct usbdevfs_urb *urb_of(struct usbfs_transfer *mine, unsigned int part)
{
	return (struct usbdevfs_urb *)(mine->urbs + part * mine->stride);
}

/* --- filling -------------------------------------------------------------- */

static struct usbfs_transfer *new_transfer(struct backend_transfer *transfer)
{
	size_t align = _Alignof(struct usbdevfs_urb);
	uint32_t packets = transfer->packets < MAX_PACKETS ? transfer->packets : MAX_PACKETS;
	unsigned int parts = transfer->packets ? (transfer->packets - 1) / MAX_PACKETS + 1 : 1;
	struct usbfs_transfer *mine;
	size_t stride;

	stride = sizeof(struct usbdevfs_urb) + packets * sizeof(struct usbdevfs_iso_packet_desc);
	stride = (stride + align - 1) / align * align;
	mine = calloc(1, sizeof(*mine) + parts * stride);
	if (!mine)
		return NULL;
	mine->transfer = transfer;
	mine->parts = parts;
	mine->stride = stride;
	return mine;
}

static void fill_control(struct usbfs_transfer *mine)
{
	struct backend_transfer *transfer = mine->transfer;
	struct usbdevfs_urb *urb = urb_of(mine, 0);

	urb->type = USBDEVFS_URB_TYPE_CONTROL;
	urb->buffer = transfer->buffer ? transfer->buffer - USB_SETUP_SIZE : mine->setup;
	urb->buffer_length = USB_SETUP_SIZE + (int)transfer->length;
	memcpy(urb->buffer, transfer->setup, USB_SETUP_SIZE);
}

static void fill_data(struct usbfs_transfer *mine)
{
	struct backend_transfer *transfer = mine->transfer;
	struct usbdevfs_urb *urb = urb_of(mine, 0);

	urb->type = transfer->type == ENDPOINT_INTERRUPT ? USBDEVFS_URB_TYPE_INTERRUPT
							 : USBDEVFS_URB_TYPE_BULK;
	urb->buffer = transfer->buffer;
	urb->buffer_length = (int)transfer->length;
	/* The field is the packet count's, too, but only for isochronous ones. */
	urb->stream_id = transfer->stream_id;
}

static void fill_iso(struct usbfs_transfer *mine)
{
	struct backend_transfer *transfer = mine->transfer;
	const struct suburb_iso *iso = transfer->iso;
	uint32_t left = transfer->packets;

	for (unsigned int part = 0; part < mine->parts; part++) {
		struct usbdevfs_urb *urb = urb_of(mine, part);

		urb->type = USBDEVFS_URB_TYPE_ISO;
		urb->flags = transfer->iso_asap ? USBDEVFS_URB_ISO_ASAP : 0;
		urb->start_frame = (int)transfer->start_frame;
		urb->number_of_packets = (int)(left < MAX_PACKETS ? left : MAX_PACKETS);
		urb->buffer = transfer->buffer ? transfer->buffer + iso->offset : NULL;
		for (int i = 0; i < urb->number_of_packets; i++, iso++) {
			urb->iso_frame_desc[i].length = iso->length;
			urb->buffer_length += (int)iso->length;
		}
		left -= (uint32_t)urb->number_of_packets;
	}
}

/* usbfs warns of flags that make no sense, and they would have no effect. */
static unsigned int flags_of(const struct usbfs *usbfs, const struct backend_transfer *transfer)
{
	bool in = transfer->endpoint & 0x80;

	if (in && transfer->short_not_ok)
		return USBDEVFS_URB_SHORT_NOT_OK;
	if (!in && transfer->zero_packet && transfer->type &&
	    usbfs->capabilities & USBDEVFS_CAP_ZERO_PACKET)
		return USBDEVFS_URB_ZERO_PACKET;
	return 0;
}

static void fill(const struct usbfs *usbfs, struct usbfs_transfer *mine)
{
	switch (mine->transfer->type) {
	case ENDPOINT_CONTROL:
		fill_control(mine);
		break;
	case ENDPOINT_ISO:
		fill_iso(mine);
		break;
	default:
		fill_data(mine);
		break;
	}
	if (mine->transfer->type != ENDPOINT_ISO)
		urb_of(mine, 0)->flags = flags_of(usbfs, mine->transfer);
	for (unsigned int part = 0; part < mine->parts; part++) {
		urb_of(mine, part)->endpoint = mine->transfer->endpoint;
		urb_of(mine, part)->usercontext = mine;
	}
}

/* --- completing ----------------------------------------------------------- */

static int32_t urb_status(const struct usbfs_transfer *mine, const struct usbdevfs_urb *urb)
{
	if (urb->status == -ENOENT || urb->status == -ECONNRESET)
		return mine->discarded ? -SUBURB_ECONNRESET : -SUBURB_ESHUTDOWN;
	return usbfs_status(-urb->status);
}

static void take_packets(struct usbfs_transfer *mine, const struct usbdevfs_urb *urb)
{
	size_t part = (size_t)((const uint8_t *)urb - mine->urbs) / mine->stride;
	struct suburb_iso *iso = mine->transfer->iso + part * MAX_PACKETS;

	for (int i = 0; i < urb->number_of_packets; i++) {
		iso[i].actual_length = urb->iso_frame_desc[i].actual_length;
		iso[i].status = usbfs_status(-(int)urb->iso_frame_desc[i].status);
		mine->transfer->actual_length += iso[i].actual_length;
	}
	mine->transfer->error_count += (uint32_t)urb->error_count;
}

static void finish(struct usbfs *usbfs, struct usbfs_transfer *mine)
{
	struct backend_transfer *transfer = mine->transfer;

	transfer->status = mine->status;
	transfer->priv = NULL;
	TAILQ_REMOVE(&usbfs->transfers, mine, entry);
	free(mine);
	transfer->done(transfer);
}

static void completed(struct usbfs *usbfs, struct usbdevfs_urb *urb)
{
	struct usbfs_transfer *mine = urb->usercontext;

	usbfs->urbs--;
	if (!mine->status)
		mine->status = urb_status(mine, urb);
	if (urb->type == USBDEVFS_URB_TYPE_ISO)
		take_packets(mine, urb);
	else
		mine->transfer->actual_length = (uint32_t)urb->actual_length;
	if (!--mine->pending)
		finish(usbfs, mine);
}

/* One at least: it is asked for only if there is something, or the device has left. */
static int reap(struct usbfs *usbfs)
{
	struct usbdevfs_urb *urb;

	do {
		if (ioctl(usbfs->fd, USBDEVFS_REAPURBNDELAY, &urb) == 0)
			completed(usbfs, urb);
		else if (errno != EINTR)
			return errno;
	} while (usbfs->urbs && !usbfs->paused);
	return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct usbfs *usbfs = poll->data;
	struct usb_device *device = usbfs->device;

	if (reap(usbfs) != ENODEV && status == 0)
		return;
	/* The node of a device that has left is ready for ever, and libuv may have stopped. */
	uv_poll_stop(poll);
	if (usbfs->urbs && !usbfs->paused)
		usbfs_watch(usbfs);
	device->usb->lost(device);
}

void usbfs_watch(struct usbfs *usbfs)
{
	uv_poll_start(&usbfs->poll, UV_WRITABLE, on_ready);
}

/* --- submitting and cancelling -------------------------------------------- */

/* The last one first, lest the next ones begin. Those that are done already stay so. */
static void discard(struct usbfs *usbfs, struct usbfs_transfer *mine)
{
	mine->discarded = true;
	for (unsigned int part = mine->parts; part--;)
		ioctl(usbfs->fd, USBDEVFS_DISCARDURB, urb_of(mine, part));
}

void usbfs_discard_cancelled(struct usbfs *usbfs)
{
	struct usbfs_transfer *mine;

	TAILQ_FOREACH(mine, &usbfs->transfers, entry)
	if (mine->cancelled && !mine->discarded)
		discard(usbfs, mine);
}

/* 0 or the status of the first that was refused. */
static int submit_parts(struct usbfs *usbfs, struct usbfs_transfer *mine)
{
	while (mine->pending < mine->parts) {
		if (ioctl(usbfs->fd, USBDEVFS_SUBMITURB, urb_of(mine, mine->pending)) < 0)
			return usbfs_status(errno);
		mine->pending++;
		usbfs->urbs++;
	}
	return 0;
}

/* The rest of it was refused: it ends when what was not is back. */
static void cut_short(struct usbfs *usbfs, struct usbfs_transfer *mine, int status)
{
	struct backend_transfer *transfer = mine->transfer;

	for (uint32_t i = mine->pending * MAX_PACKETS; i < transfer->packets; i++) {
		transfer->iso[i].status = -SUBURB_EXDEV;
		transfer->error_count++;
	}
	mine->status = status;
	discard(usbfs, mine);
}

/*
 * usbfs judges to whom a control request is before the device does, and finds
 * fault with an interface or endpoint that there is not. The device would stall.
 */
static int refusal(const struct backend_transfer *transfer, int status)
{
	if (transfer->type == ENDPOINT_CONTROL &&
	    (status == -SUBURB_ENOENT || status == -SUBURB_EINVAL))
		return -SUBURB_EPIPE;
	return status;
}

int usbfs_submit(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usbfs *usbfs = device->usbfs;
	struct usbfs_transfer *mine = new_transfer(transfer);
	int ret;

	if (!mine)
		return -SUBURB_ENOMEM;
	transfer->actual_length = 0;
	transfer->error_count = 0;
	fill(usbfs, mine);
	ret = submit_parts(usbfs, mine);
	if (ret < 0 && !mine->pending) {
		free(mine);
		return refusal(transfer, ret);
	}
	transfer->priv = mine;
	TAILQ_INSERT_TAIL(&usbfs->transfers, mine, entry);
	if (ret < 0)
		cut_short(usbfs, mine, ret);
	return 0;
}

void usbfs_cancel(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usbfs_transfer *mine = transfer->priv;

	if (!mine)
		return;
	mine->cancelled = true;
	if (!device->usbfs->paused)
		discard(device->usbfs, mine);
}

#endif
