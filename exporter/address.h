/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses to listen on: from the text a user writes to socket addresses, and
 * back. "127.0.0.1", "127.0.0.1:3240", "[::1]:3240", "::1", "localhost".
 */
#ifndef EXPORTER_ADDRESS_H
#define EXPORTER_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 80
#define ADDRESS_HOST_SIZE 256

/**
 * address_split - ADDR[:PORT] into its parts
 * @host: ADDRESS_HOST_SIZE bytes
 * @port: left alone if none is given
 * @error: receives one line if @text makes no sense
 *
 * Returns 0 or -EINVAL.
 */
int address_split(const char *text, char *host, uint16_t *port, char *error, size_t size);

/* "127.0.0.1:3240", "[::1]:3240"; @text has ADDRESS_TEXT_SIZE bytes. */
const char *address_text(const struct sockaddr *address, char *text);

#endif
