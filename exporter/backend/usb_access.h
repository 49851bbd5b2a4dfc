/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an open device is reached: the calls that the backend needs, and the two
 * that can make them.
 *
 *   libusb_access.c, libusb_transfer.c   through libusb: everywhere
 *   usbfs_access.c, usbfs_transfer.c     through Linux' usbfs: errors as the
 *                                        kernel has them, fewer system calls
 *
 * Which devices there are, and when they come and go, is libusb's to tell in
 * both cases.
 *
 * Unless said otherwise a call runs in a thread of libuv's pool and may block,
 * and nothing else uses the device meanwhile but the calls that run on the
 * loop. All return 0 or a negative SUBURB_E*.
 */
#ifndef EXPORTER_BACKEND_USB_ACCESS_H
#define EXPORTER_BACKEND_USB_ACCESS_H

#include "exporter/backend.h"

/* A control transfer's setup packet stands in front of its data, in one piece. */
#define USB_SETUP_SIZE 8

struct usb_device;

/**
 * struct usb_access - one way to reach devices
 * @name: as in --backend
 * @open: on the loop. Nothing is claimed by it. -SUBURB_ENOTSUP: this way does
 *	not do for this device, the other one might
 * @close: on the loop. Everything is done before
 * @pause: on the loop: a call that blocks is about to be made. NULL if that
 *	makes no difference
 * @resume: on the loop: it is over
 * @has_driver: does one of the local kernel's drivers have the interface?
 * @detach_driver: -SUBURB_ENOENT if there is none
 * @set_configuration: 0 unconfigures
 * @reset: claims last, altsettings are 0 afterwards. -SUBURB_ENODEV: it has
 *	gone, or is about to come back as another device
 * @alloc_streams: fills in how many were granted
 * @submit: on the loop; as in struct backend_ops
 * @cancel: likewise
 */
struct usb_access {
	const char *name;
	int (*open)(struct usb_device *device);
	void (*close)(struct usb_device *device);
	void (*pause)(struct usb_device *device);
	void (*resume)(struct usb_device *device);
	bool (*has_driver)(struct usb_device *device, uint8_t interface);
	int (*detach_driver)(struct usb_device *device, uint8_t interface);
	int (*attach_driver)(struct usb_device *device, uint8_t interface);
	int (*claim)(struct usb_device *device, uint8_t interface);
	int (*release)(struct usb_device *device, uint8_t interface);
	int (*set_configuration)(struct usb_device *device, uint8_t value);
	int (*set_interface)(struct usb_device *device, uint8_t interface, uint8_t altsetting);
	int (*clear_halt)(struct usb_device *device, uint8_t endpoint);
	int (*reset)(struct usb_device *device);
	int (*alloc_streams)(struct usb_device *device, struct backend_change *change);
	int (*free_streams)(struct usb_device *device, struct backend_change *change);
	int (*submit)(struct usb_device *device, struct backend_transfer *transfer);
	void (*cancel)(struct usb_device *device, struct backend_transfer *transfer);
};

extern const struct usb_access usb_access_libusb;

#ifdef __linux__
extern const struct usb_access usb_access_usbfs;
#endif

#endif
