/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attached device as this machine sees it: where it is, and what it calls
 * itself, from sysfs.
 */
#ifndef TOOLS_LOCAL_H
#define TOOLS_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uapi/linux/suburb.h>

#include "json.h"
#include "usbids.h"

struct local {
	bool present; /* the rest is valid only then */
	uint32_t busnum;
	uint32_t devnum;
	char sysfs[64]; /* directory */
	char node[64];	/* device node of libusb and lsusb */
	uint16_t id_vendor;
	uint16_t id_product;
	char manufacturer[256]; /* from the device, "" if it does not tell */
	char product[256];
	char serial[256];
	struct usbids_name name; /* from the database */
};

/* Looks for the usb_device of the remote that @status tells of. */
void local_find(struct local *local, const struct suburb_status *status,
		const struct usbids *usbids);

/*
 * Whether the usb_device that @status told of is still known here. The kernel
 * forgets it a moment after it was detached, when its drivers have let go.
 */
bool local_lingers(const struct suburb_status *status);

/*
 * "046d:c31c Logitech K120 at bus 3 device 2, /dev/bus/usb/003/002", harmless
 * for a terminal.
 */
void local_describe(char *text, size_t size, const struct local *local);

/* The same and more as keys of @object; nothing if it is not present. */
void local_add_json(struct json_object *object, const struct local *local);

#endif
