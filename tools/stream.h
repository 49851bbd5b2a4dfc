/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection on which whole messages are sent and received before a
 * deadline. Reads exactly what is asked for, so that the socket can be handed
 * over between two messages.
 */
#ifndef TOOLS_STREAM_H
#define TOOLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "deadline.h"
#include "failure.h"

struct stream {
	int fd;		  /* non-blocking */
	const char *peer; /* for messages */
	struct deadline deadline;
	bool digest; /* agreed: URB messages carry digests */
};

/* Both: 0, or a negative errno; then the stream is of no use any more. */
int stream_send(const struct stream *stream, const void *data, size_t size,
		struct failure *failure);
int stream_receive(const struct stream *stream, void *data, size_t size, struct failure *failure);

#endif
