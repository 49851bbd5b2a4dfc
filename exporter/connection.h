/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One accepted connection: a socket, the handshake on it, and the session that
 * may come of it.
 *
 * All bytes pass through one place in each direction (connection.c, receive()
 * and connection_flush()), between the socket and whoever understands them.
 */
#ifndef EXPORTER_CONNECTION_H
#define EXPORTER_CONNECTION_H

#include "device.h"
#include "limits.h"

struct connection;

/**
 * struct connection_host - what connections share; given by who accepts them
 * @scratch: buffer for one read, used and done with in one callback
 * @output: the connection has something to write: call connection_flush()
 *	before the loop waits. @place is the host's name for the connection
 * @ended: the connection is freed
 */
struct connection_host {
	uv_loop_t *loop;
	struct devices *devices;
	const struct limits *limits;
	char *scratch;
	size_t scratch_size;
	void (*output)(void *place);
	void (*ended)(void *place);
};

/* Accepts one from a listener. NULL with a log line if memory is out. */
struct connection *connection_accept(const struct connection_host *host, void *place,
				     uv_stream_t *listener);

void connection_flush(struct connection *connection);

/* Ends it whatever it does; host->ended() follows. */
void connection_end(struct connection *connection);

/* Has it not yet asked for anything? */
bool connection_in_handshake(const struct connection *connection);

const char *connection_peer(const struct connection *connection);

#endif
