/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial number of a device that was just imported, read over the wire
 * before the kernel gets the socket: DEVLIST does not tell it.
 */
#ifndef TOOLS_SERIAL_H
#define TOOLS_SERIAL_H

#include <suburb/wire.h>

#include "failure.h"
#include "stream.h"

/* A string descriptor holds 126 UTF-16 units, of at most 3 bytes in UTF-8. */
#define SERIAL_SIZE (126 * 3 + 1)

/*
 * Reads it as UTF-8; "" if the device has none. Every request is answered when
 * this returns 0, so the stream stands where it stood. Negative errno: it does
 * not, or the exporter broke the protocol; close it.
 */
int serial_read(const struct stream *stream, const struct suburb_device *device, char *serial,
		struct failure *failure);

#endif
