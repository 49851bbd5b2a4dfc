/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cookie that the kernel keeps with an attachment: what is needed to dial
 * the same device again. A list of strings, each with its NUL:
 *
 *	host=NAME	name or address, without brackets; unix:/PATH; vsock:CID
 *	port=NUMBER	not with unix:
 *	busid=BUSID	as the exporter spells it
 *
 * Order does not matter, unknown names are skipped, so more may be added.
 */
#ifndef TOOLS_COOKIE_H
#define TOOLS_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"

/* Returns bytes used; 0 if it does not fit. */
size_t cookie_put(uint8_t *cookie, size_t size, const struct host *host, const char *busid);

/* The value of @name, inside @cookie; NULL if there is none. Any bytes may be in it. */
const char *cookie_get(const uint8_t *cookie, size_t size, const char *name);

#endif
