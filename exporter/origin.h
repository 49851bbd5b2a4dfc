/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a connection comes from, as far as limits per address go: whom to hold
 * responsible for it.
 *
 *   IPv4     the address
 *   IPv6     its first 64 bits: within these a host chooses as it likes
 *   vsock    the CID, which is one virtual machine
 *   unix     the user at the other end, for there is no address
 *
 * Whoever comes through a tunnel or a proxy has the address of its end.
 */
#ifndef EXPORTER_ORIGIN_H
#define EXPORTER_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct origin - one
 * @family: AF_*, with IPv4 in IPv6 being IPv4; 0 if nothing is known
 * @id: of that family; all bytes count
 */
struct origin {
	uint32_t family;
	uint8_t id[8];
};

/* Of a peer with that name. A unix one is told by @uid. */
struct origin origin_of(const struct sockaddr *name, uint32_t uid);

bool origin_same(const struct origin *one, const struct origin *other);

#endif
