/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The importing side of USB/IP's handshake: ask an exporter what it has, and
 * open a session with one device.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <suburb/wire.h>

#include "deadline.h"
#include "dial.h"
#include "failure.h"
#include "offer.h"

/* How long a handshake may take, with all that comes before it. */
#define CLIENT_HANDSHAKE_MS 10000

/* OP_REQ_DEVLIST on a connection of its own. 0 or a negative errno. */
int client_list(const struct dial *dial, struct deadline deadline, struct offer *offer,
		struct failure *failure);

/*
 * OP_REQ_IMPORT. Returns the socket, positioned right behind the reply, or a
 * negative errno. A device said to be in use or absent is asked for again for
 * a second: an exporter may need that long after a session (QUIRKS 32).
 */
int client_import(const struct dial *dial, const char *busid, struct deadline deadline,
		  struct suburb_device *device, struct failure *failure);

#endif
