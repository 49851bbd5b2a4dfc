/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the name of a host to its addresses.
 */
#ifndef TOOLS_LOOKUP_H
#define TOOLS_LOOKUP_H

#include <netdb.h>

#include "deadline.h"
#include "failure.h"
#include "host.h"

/*
 * The addresses of a HOST_INET, for freeaddrinfo(). 0 or a negative errno; then
 * @addresses may be NULL.
 */
int lookup_host(const struct host *host, struct deadline deadline, struct addrinfo **addresses,
		struct failure *failure);

#endif
