/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a host to a connected socket. Names are resolved once for a run of the
 * tool; each device then gets a connection of its own.
 */
#ifndef TOOLS_DIAL_H
#define TOOLS_DIAL_H

#include <netdb.h>
#include <sys/socket.h>

#include "deadline.h"
#include "failure.h"
#include "host.h"

/* Seconds without a sign of life. */
#define DIAL_TIMEOUT_S 20
#define DIAL_TIMEOUT_LEAST 5
#define DIAL_TIMEOUT_MOST 86400

/*
 * Not to be copied: @addresses may point to @only, the one address of a host
 * that has no other.
 */
struct dial {
	struct host host;
	unsigned int timeout_s; /* see dial_connect(); 0: DIAL_TIMEOUT_S */
	struct addrinfo *addresses;
	struct addrinfo only;
	struct sockaddr_storage name;
};

/* Looks up @host. 0 or a negative errno; dial_free() in both cases. */
int dial_resolve(struct dial *dial, const struct host *host, struct deadline deadline,
		 struct failure *failure);
void dial_free(struct dial *dial);

/*
 * Connects to the first address that answers: all are tried, a little apart,
 * so that one which answers nothing costs no time. Returns a non-blocking
 * stream socket that notices a dead peer within @timeout_s, or a negative errno.
 */
int dial_connect(const struct dial *dial, struct deadline deadline, struct failure *failure);

#endif
