/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One accepted connection: its stream, the handshake on it, and the session
 * that may come of it.
 */
#ifndef EXPORTER_CONNECTION_H
#define EXPORTER_CONNECTION_H

#include "device.h"
#include "limits.h"
#include "stream.h"

struct connection;

/**
 * struct connection_host - what connections share; given by who accepts them
 * @features: SUBURB_WIRE_FEATURE_* that importers may be granted; 0: be a plain
 *	exporter
 * @output: the connection has something to write: call connection_flush()
 *	before the loop waits. @place is the host's name for the connection
 * @ended: the connection is freed
 */
struct connection_host {
	uv_loop_t *loop;
	struct devices *devices;
	const struct limits *limits;
	uint32_t features;
	struct stream_buffer buffer;
	void (*output)(void *place);
	void (*ended)(void *place);
};

/* Accepts one from a listener. NULL with a log line if memory is out. */
struct connection *connection_accept(const struct connection_host *host, void *place,
				     uv_stream_t *listener);

void connection_flush(struct connection *connection);

/* Ends it whatever it does; host->ended() follows. */
void connection_end(struct connection *connection);

/* Has it imported nothing, and is not about to? Then it can be spared. */
bool connection_is_idle(const struct connection *connection);

/* Where it comes from: for a log, and for limits. */
const char *connection_peer(const struct connection *connection);
const struct origin *connection_origin(const struct connection *connection);

#endif
