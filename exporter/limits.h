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
 * @address_connections: of these, from one address (origin.h)
 * @connection_rate: new ones from one address, per second in the long run; 0: any
 * @connection_burst: of these, at once after a rest
 * @handshake_s: seconds that a connection has until it asked for something
 * @idle_s: of these, without a byte; and to go once it has its answer
 * @link_s: seconds without a sign of life until an importer's link is broken
 * @requests: per session, in the backend or with a reply not yet written
 * @parked: per session, requests that wait for one of these places
 * @all_requests: of all sessions, in the backend or with a reply not yet written.
 *	0: any
 * @bytes: per session, buffers of all of them. No transfer may be larger. An
 *	endpoint with nothing on its way may always have one more request
 * @all_bytes: buffers of all sessions, but for LIMITS_SHARE of each. 0: any
 */
struct limits {
	unsigned int connections;
	unsigned int address_connections;
	unsigned int connection_rate;
	unsigned int connection_burst;
	unsigned int handshake_s;
	unsigned int idle_s;
	unsigned int link_s;
	unsigned int requests;
	unsigned int parked;
	unsigned int all_requests;
	size_t bytes;
	size_t all_bytes;
};

#define LIMITS_DEFAULT                                                                   \
	{                                                                                \
		.connections = 1024, .address_connections = 256, .connection_rate = 100, \
		.connection_burst = 1000, .handshake_s = 10, .idle_s = 10, .link_s = 20, \
		.requests = 256, .parked = 4096, .all_requests = 4096,                   \
		.bytes = 16 << 20, .all_bytes = 256 << 20,                               \
	}

/* What a session may hold however much the others do: the largest transfer of a disk. */
#define LIMITS_SHARE ((size_t)1 << 20)

#endif
