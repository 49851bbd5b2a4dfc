/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend "libusb": the USB devices of this machine.
 *
 * While a device is open its interfaces are taken away from the local kernel's
 * drivers; afterwards they get them back. Who wants to know which devices that
 * concerns right now, so that they can be given back even if this process
 * dies, passes a struct libusb_backend_watch.
 */
#ifndef EXPORTER_BACKEND_LIBUSB_BACKEND_H
#define EXPORTER_BACKEND_LIBUSB_BACKEND_H

#include "exporter/backend.h"

/**
 * struct libusb_hold - a device that was taken away from its drivers
 * @busnum: with @devnum which device
 * @configuration: bConfigurationValue that it had; 0: none
 * @changed: it has another one now
 * @drivers: bit per interface that had a driver
 */
struct libusb_hold {
	uint16_t busnum;
	uint16_t devnum;
	uint8_t configuration;
	bool changed;
	uint32_t drivers;
};

/**
 * struct libusb_backend_watch - who is told
 * @held: before a driver is detached, and when the configuration changes
 * @returned: after the device was given back
 *
 * Both are called from threads of libuv's pool.
 */
struct libusb_backend_watch {
	void (*held)(void *owner, const struct libusb_hold *hold);
	void (*returned)(void *owner, const struct libusb_hold *hold);
	void *owner;
};

struct usb_access;

/* How open devices are reached: "usbfs" or "libusb"; NULL for the best one here. */
const struct usb_access *usb_access_find(const char *name);

/* @watch may be NULL. NULL if memory is out. */
struct backend *libusb_backend_new(const struct libusb_backend_watch *watch,
				   const struct usb_access *access);

/* After stop() and once the loop has let go; or without start(). */
void libusb_backend_free(struct backend *backend);

#endif
