/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What USB's numbers are called: vendors and products from the usb.ids
 * database, if this machine has it; speeds and classes from small tables.
 */
#ifndef TOOLS_USBIDS_H
#define TOOLS_USBIDS_H

#include <stddef.h>
#include <stdint.h>

#define USBIDS_NAME_SIZE 128

struct usbids {
	char *text; /* the whole file, NUL-terminated; NULL if there is none */
};

struct usbids_name {
	char vendor[USBIDS_NAME_SIZE]; /* "" if unknown */
	char product[USBIDS_NAME_SIZE];
};

/* Never fails: without a database every name is "". */
void usbids_open(struct usbids *usbids);
void usbids_open_at(struct usbids *usbids, const char *path);
void usbids_close(struct usbids *usbids);

void usbids_lookup(const struct usbids *usbids, uint16_t id_vendor, uint16_t id_product,
		   struct usbids_name *name);

/* "low", "full", "high", "super", "super-plus"; "unknown". */
const char *usbids_speed(uint32_t speed);

/* "HID", "mass storage"; NULL for a class without a name. */
const char *usbids_class(uint8_t class_code);

#endif
