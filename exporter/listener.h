/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that is listened on, of whatever family: TCP, unix, vsock.
 */
#ifndef EXPORTER_LISTENER_H
#define EXPORTER_LISTENER_H

#include <uv.h>

#include "address.h"
#include "socket_file.h"

/**
 * struct listener - one
 * @handle: for uv_accept(); its data is the owner's
 * @file: of a unix socket
 */
struct listener {
	uv_tcp_t handle;
	struct socket_file file;
};

/**
 * listener_open - listen
 * @address: what the user asked for; of it only the mode is used
 * @name: one of its socket addresses
 * @connected: somebody wants in: stream_accept()
 *
 * Returns 0 or a negative errno; listener_close() is due in both cases.
 */
int listener_open(struct listener *listener, uv_loop_t *loop, const struct address *address,
		  const struct sockaddr *name, socklen_t length, uv_connection_cb connected);

/* Nobody gets in any more. @closed: the memory may go; its data is the handle's. */
void listener_close(struct listener *listener, uv_close_cb closed);

/* A line of the log that says where it listens, with the port that it got. */
void listener_tell(const struct listener *listener);

/* A line of the log: why @name cannot be listened on, and what to do. */
void listener_complain(const struct sockaddr *name, int error);

#endif
