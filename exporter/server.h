/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server: listeners, and the connections accepted from them.
 */
#ifndef EXPORTER_SERVER_H
#define EXPORTER_SERVER_H

#include "connection.h"

struct server;

/**
 * server_new - without listeners yet
 * @features: SUBURB_WIRE_FEATURE_* that importers may be granted
 * @stopped: server_stop() is complete; not called from within it
 */
struct server *server_new(uv_loop_t *loop, struct devices *devices, const struct limits *limits,
			  uint32_t features, void (*stopped)(void *owner), void *owner);

/**
 * server_listen - one more address
 * @text: as address.h has it; the port is 3240 if none is given, 0 is any free one
 * @optional: do not complain if this machine has no such address
 *
 * Returns 0 (with a log line that says the real port) or a negative errno
 * (with an error line): -EINVAL if @text makes no sense.
 */
int server_listen(struct server *server, const char *text, bool optional);

/* No more connections; those that there are end. */
void server_stop(struct server *server);

/* After it has stopped and the loop has run dry. */
void server_free(struct server *server);

#endif
