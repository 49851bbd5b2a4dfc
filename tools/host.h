/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HOST[:PORT] as written on a command line: a name, an IPv4 address, or an
 * IPv6 address, which stands in brackets if a port follows.
 */
#ifndef TOOLS_HOST_H
#define TOOLS_HOST_H

#include <stdint.h>

#include "failure.h"

#define HOST_NAME_SIZE 256

struct host {
	char name[HOST_NAME_SIZE]; /* without brackets */
	uint16_t port;
	char text[HOST_NAME_SIZE + 8]; /* with brackets where needed, and port */
};

/* 0 or -EINVAL. */
int host_parse(const char *text, struct host *host, struct failure *failure);

#endif
