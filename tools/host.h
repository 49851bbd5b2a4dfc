/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HOST[:PORT] as written on a command line: a name, an IPv4 address, or an
 * IPv6 address, which stands in brackets if a port follows; unix:/PATH;
 * vsock:CID[:PORT], where the CID may be "local" (this machine) or "host" (the
 * one that runs this virtual machine).
 */
#ifndef TOOLS_HOST_H
#define TOOLS_HOST_H

#include <stdint.h>

#include "failure.h"

#define HOST_NAME_SIZE 256

enum host_kind {
	HOST_INET,
	HOST_UNIX,
	HOST_VSOCK,
};

struct host {
	enum host_kind kind;
	char name[HOST_NAME_SIZE]; /* without brackets, with "unix:" and "vsock:" */
	uint32_t cid;		   /* HOST_VSOCK */
	uint32_t port;		   /* 0 for HOST_UNIX, which has none */
	char text[HOST_NAME_SIZE + 8]; /* with brackets where needed, and port */
};

/* The path of a HOST_UNIX. */
const char *host_path(const struct host *host);

/* 0 or -EINVAL. */
int host_parse(const char *text, struct host *host, struct failure *failure);

#endif
