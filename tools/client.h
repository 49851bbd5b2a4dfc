/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The importing side of USB/IP's handshake: ask an exporter what it has, and
 * open a session with one device.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <suburb/extension.h>

#include "deadline.h"
#include "dial.h"
#include "failure.h"
#include "offer.h"

/* How long a handshake may take, with all that comes before it. */
#define CLIENT_HANDSHAKE_MS 10000

/* OP_REQ_DEVLIST on a connection of its own. 0 or a negative errno. */
int client_list(const struct dial *dial, struct deadline deadline, struct offer *offer,
		struct failure *failure);

/**
 * struct client_wish - what an exporter is asked for beyond USB/IP
 * @features: SUBURB_WIRE_FEATURE_*; 0: it is not asked
 * @far: of these, those that are left out if it is on this machine
 */
struct client_wish {
	uint32_t features;
	uint32_t far;
};

/**
 * client_import - OP_REQ_IMPORT
 * @wish: left out if this host is known not to understand it
 * @device: out
 * @agreed: out: SUBURB_WIRE_FEATURE_*
 *
 * Returns the socket, positioned right behind the reply, or a negative errno.
 * A device said to be in use or absent is asked for again for a second: an
 * exporter may need that long after a session (QUIRKS 32). A server that
 * did not understand the wish is asked again without (docs/PROTOCOL.md, 6.1).
 */
int client_import(const struct dial *dial, const char *busid, const struct client_wish *wish,
		  struct deadline deadline, struct suburb_device *device, uint32_t *agreed,
		  struct failure *failure);

#endif
