// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transfers through libusb. See usb_access.h.
 */
#include <stdlib.h>
#include <string.h>

#include "libusb_private.h"

/**
 * struct usb_transfer - a backend_transfer's half here
 * @setup: for a control transfer without a data stage
 */
struct usb_transfer {
	struct usb_device *device;
	struct libusb_transfer *libusb;
	uint8_t setup[USB_SETUP_SIZE];
};

/* What one packet came to: most of what goes wrong is a packet that did not come. */
static int32_t packet_status(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return 0;
	case LIBUSB_TRANSFER_STALL:
		return -SUBURB_EPIPE;
	case LIBUSB_TRANSFER_OVERFLOW:
		return -SUBURB_EOVERFLOW;
	default:
		return -SUBURB_EXDEV;
	}
}

static void take_packets(struct backend_transfer *transfer, const struct libusb_transfer *libusb)
{
	transfer->actual_length = 0;
	transfer->error_count = 0;
	for (uint32_t i = 0; i < transfer->packets; i++) {
		const struct libusb_iso_packet_descriptor *packet = &libusb->iso_packet_desc[i];
		struct suburb_iso *iso = &transfer->iso[i];

		iso->actual_length = packet->actual_length;
		iso->status = packet_status(packet->status);
		transfer->actual_length += iso->actual_length;
		transfer->error_count += iso->status != 0;
	}
}

static int32_t status_of(const struct backend_transfer *transfer,
			 const struct libusb_transfer *libusb)
{
	switch (libusb->status) {
	case LIBUSB_TRANSFER_COMPLETED:
		break;
	case LIBUSB_TRANSFER_CANCELLED:
		return -SUBURB_ECONNRESET;
	case LIBUSB_TRANSFER_STALL:
		return -SUBURB_EPIPE;
	case LIBUSB_TRANSFER_NO_DEVICE:
		/* What a host controller says of what was on its way then. */
		return -SUBURB_ESHUTDOWN;
	case LIBUSB_TRANSFER_OVERFLOW:
		return -SUBURB_EOVERFLOW;
	case LIBUSB_TRANSFER_TIMED_OUT:
		return -SUBURB_ETIMEDOUT;
	default:
		return -SUBURB_EPROTO;
	}
	/* libusb's own flag for this would hide it behind a general error. */
	if (transfer->short_not_ok && transfer->endpoint & 0x80 && !transfer->packets &&
	    transfer->actual_length < transfer->length)
		return -SUBURB_EREMOTEIO;
	return 0;
}

static void LIBUSB_CALL on_done(struct libusb_transfer *libusb)
{
	struct backend_transfer *transfer = libusb->user_data;
	struct usb_transfer *mine = transfer->priv;
	struct usb_device *device = mine->device;
	bool lost = libusb->status == LIBUSB_TRANSFER_NO_DEVICE;

	transfer->actual_length = libusb->actual_length > 0 ? (uint32_t)libusb->actual_length : 0;
	if (transfer->packets)
		take_packets(transfer, libusb);
	transfer->status = status_of(transfer, libusb);
	transfer->priv = NULL;
	libusb_free_transfer(libusb);
	free(mine);
	transfer->done(transfer);
	if (lost)
		device->usb->lost(device);
}

static void fill_control(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usb_transfer *mine = transfer->priv;
	uint8_t *setup = transfer->buffer ? transfer->buffer - USB_SETUP_SIZE : mine->setup;

	memcpy(setup, transfer->setup, USB_SETUP_SIZE);
	libusb_fill_control_transfer(mine->libusb, device->handle, setup, on_done, transfer, 0);
}

static void fill_iso(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usb_transfer *mine = transfer->priv;

	libusb_fill_iso_transfer(mine->libusb, device->handle, transfer->endpoint, transfer->buffer,
				 (int)transfer->length, (int)transfer->packets, on_done, transfer,
				 0);
	for (uint32_t i = 0; i < transfer->packets; i++)
		mine->libusb->iso_packet_desc[i].length = transfer->iso[i].length;
}

static void fill(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usb_transfer *mine = transfer->priv;

	libusb_fill_bulk_transfer(mine->libusb, device->handle, transfer->endpoint,
				  transfer->buffer, (int)transfer->length, on_done, transfer, 0);
	if (transfer->type == LIBUSB_TRANSFER_TYPE_INTERRUPT)
		mine->libusb->type = LIBUSB_TRANSFER_TYPE_INTERRUPT;
	if (transfer->stream_id) {
		mine->libusb->type = LIBUSB_TRANSFER_TYPE_BULK_STREAM;
		libusb_transfer_set_stream_id(mine->libusb, transfer->stream_id);
	}
	if (transfer->zero_packet && !(transfer->endpoint & 0x80))
		mine->libusb->flags |= LIBUSB_TRANSFER_ADD_ZERO_PACKET;
}

int libusb_access_submit(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usb_transfer *mine = calloc(1, sizeof(*mine));
	int ret;

	if (!mine)
		return -SUBURB_ENOMEM;
	mine->device = device;
	mine->libusb = libusb_alloc_transfer((int)transfer->packets);
	if (!mine->libusb) {
		free(mine);
		return -SUBURB_ENOMEM;
	}
	transfer->priv = mine;
	if (transfer->type == LIBUSB_TRANSFER_TYPE_CONTROL)
		fill_control(device, transfer);
	else if (transfer->type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
		fill_iso(device, transfer);
	else
		fill(device, transfer);
	ret = libusb_submit_transfer(mine->libusb);
	if (ret == 0)
		return 0;
	transfer->priv = NULL;
	libusb_free_transfer(mine->libusb);
	free(mine);
	return libusb_status(ret);
}

void libusb_access_cancel(struct usb_device *device, struct backend_transfer *transfer)
{
	struct usb_transfer *mine = transfer->priv;

	/* It may have completed already: then its done() is on the way. */
	if (mine)
		libusb_cancel_transfer(mine->libusb);
}
