/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a unix socket that is listened on: where it appears, and that it
 * goes again.
 *
 * A suburbd that was killed leaves its file behind. It is removed only if it is
 * a socket that nobody listens on: never a file of another kind, never the
 * socket of somebody who is there.
 */
#ifndef EXPORTER_SOCKET_FILE_H
#define EXPORTER_SOCKET_FILE_H

#include <sys/types.h>

/**
 * struct socket_file - one, or none
 * @path: NULL for none
 */
struct socket_file {
	char *path;
};

/**
 * socket_file_listen - bind a socket to a path, and listen on it
 * @file: to be given to socket_file_remove() if this succeeds
 * @fd: unix stream socket
 * @mode: permissions of the file
 *
 * Returns 0 or a negative errno; -EADDRINUSE: somebody listens there;
 * -EEXIST: a file that is not a socket has this name.
 */
int socket_file_listen(struct socket_file *file, int fd, const char *path, mode_t mode,
		       int backlog);

/* After the socket was closed: removes the file, unless another has taken its place. */
void socket_file_remove(struct socket_file *file);

#endif
