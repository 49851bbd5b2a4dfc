/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to listen on: from the text a user writes to socket addresses, and
 * back. Any stream socket will do:
 *
 *   127.0.0.1   127.0.0.1:3240   [::1]:3240   ::1   localhost
 *   unix:/run/suburbd.sock       unix:/run/suburbd.sock,mode=660
 *   vsock:3240                   vsock:1:3240   vsock:local
 */
#ifndef EXPORTER_ADDRESS_H
#define EXPORTER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 512
#define ADDRESS_HOST_SIZE 256

/* A socket's file is its owner's alone unless told otherwise. */
#define ADDRESS_MODE_DEFAULT 0600

enum address_kind {
	ADDRESS_INET,
	ADDRESS_UNIX,
	ADDRESS_VSOCK,
};

/**
 * struct address - where to listen
 * @host: name, address without brackets, or path of a socket
 * @cid: of vsock; all that this machine has, if none was given
 * @port: of TCP and vsock, 0 for any free one
 * @mode: permissions of a socket's file
 */
struct address {
	enum address_kind kind;
	char host[ADDRESS_HOST_SIZE];
	uint32_t cid;
	uint32_t port;
	unsigned int mode;
};

/**
 * address_parse - what a user wrote
 * @error: receives one line if @text makes no sense
 *
 * Returns 0 or -EINVAL. Says nothing about whether there is such an address.
 */
int address_parse(struct address *address, const char *text, char *error, size_t size);

/**
 * address_each - the socket addresses of an address, for a name has several
 * @each: a negative return ends it
 * @error: receives one line if there is none: unknown name, no vsock here
 *
 * Returns the last return of @each, or a negative errno. May wait for a name
 * server.
 */
int address_each(const struct address *address,
		 int (*each)(void *owner, const struct sockaddr *name, socklen_t length),
		 void *owner, char *error, size_t size);

/*
 * "127.0.0.1:3240", "[::1]:3240", "unix:/run/suburbd.sock", "vsock:1:3240", fit
 * for a log. @text has ADDRESS_TEXT_SIZE bytes.
 */
const char *address_text(const struct sockaddr *name, char *text);

#endif
