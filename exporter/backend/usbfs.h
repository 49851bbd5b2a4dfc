/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two files of usbfs' access share: a device's open node.
 *
 *   usbfs_access.c    opening it, and what blocks
 *   usbfs_transfer.c  transfers; knows nothing of the other
 *
 * The descriptor is ours alone. libusb has another one, or none: whoever reaps
 * from a descriptor gets every URB of it.
 */
#ifndef EXPORTER_BACKEND_USBFS_H
#define EXPORTER_BACKEND_USBFS_H

#include <linux/usbdevice_fs.h>

#include "libusb_private.h"

/**
 * struct usbfs - an open device
 * @device: NULL once it is closed
 * @poll: tells of completed URBs
 * @capabilities: USBDEVFS_CAP_*
 * @claimed: bit per interface, for what has to be done around a reset
 * @urbs: in the kernel
 * @transfers: those whose URBs these are
 * @paused: a call that blocks holds the device's lock. It would hold up the
 *	loop, too, if that reaped or discarded meanwhile
 */
struct usbfs {
	struct usb_device *device;
	int fd;
	uv_poll_t poll;
	uint32_t capabilities;
	uint32_t claimed;
	unsigned int urbs;
	TAILQ_HEAD(, usbfs_transfer) transfers;
	bool paused;
};

/* errno as a status: what the kernel says, by the numbers of the wire. */
int usbfs_status(int error);

/* Waits for completions from now on, and for the device to leave. */
void usbfs_watch(struct usbfs *usbfs);

/* Discards what was cancelled while it was paused. */
void usbfs_discard_cancelled(struct usbfs *usbfs);

int usbfs_submit(struct usb_device *device, struct backend_transfer *transfer);
void usbfs_cancel(struct usb_device *device, struct backend_transfer *transfer);

#endif
