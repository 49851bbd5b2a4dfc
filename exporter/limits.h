/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bounds that suburbd keeps, whatever its peers do. Set once at start.
 */
#ifndef EXPORTER_LIMITS_H
#define EXPORTER_LIMITS_H

#include <stddef.h>

/**
 * struct limits - bounds
 * @connections: at the same time
 * @handshake_s: seconds that a connection has until it imported something
 * @link_s: seconds without a sign of life until an importer's link is broken
 * @requests: per session, in the backend or with a reply not yet written
 * @parked: per session, requests that wait for one of these places
 * @bytes: per session, buffers of all of them. No transfer may be larger. An
 *	endpoint with nothing on its way may always have one more request
 */
struct limits {
	unsigned int connections;
	unsigned int handshake_s;
	unsigned int link_s;
	unsigned int requests;
	unsigned int parked;
	size_t bytes;
};

#define LIMITS_DEFAULT                                                                   \
	{                                                                                \
		.connections = 1024, .handshake_s = 10, .link_s = 20, .requests = 256, \
		.parked = 4096, .bytes = 16 << 20,                                       \
	}

#endif
