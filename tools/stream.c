// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sending and receiving with a bound on time. See stream.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "stream.h"

static int wait_for(const struct stream *stream, short events, struct failure *failure)
{
	struct pollfd fd = { .fd = stream->fd, .events = events };
	int ret = deadline_poll(&fd, 1, stream->deadline, NULL);

	if (ret == 0)
		return failure_set(failure, -ETIMEDOUT,
				   "%s accepted the connection, but does not answer", stream->peer);
	if (ret < 0)
		return failure_set(failure, ret, "poll: %s", strerror(-ret));
	return 0;
}

static int link_failed(const struct stream *stream, int error, struct failure *failure)
{
	if (error == 0 || error == ECONNRESET || error == EPIPE)
		return failure_set(failure, -ECONNRESET,
				   "%s closed the connection in the handshake: its log says why",
				   stream->peer);
	return failure_set(failure, -error, "the connection to %s failed: %s", stream->peer,
			   strerror(error));
}

int stream_send(const struct stream *stream, const void *data, size_t size, struct failure *failure)
{
	const char *next = data;

	while (size) {
		ssize_t sent = send(stream->fd, next, size, MSG_NOSIGNAL);

		if (sent >= 0) {
			next += sent;
			size -= (size_t)sent;
		} else if (errno == EAGAIN) {
			int ret = wait_for(stream, POLLOUT, failure);

			if (ret)
				return ret;
		} else if (errno != EINTR) {
			return link_failed(stream, errno, failure);
		}
	}
	return 0;
}

int stream_receive(const struct stream *stream, void *data, size_t size, struct failure *failure)
{
	char *next = data;

	while (size) {
		ssize_t got;
		int ret = wait_for(stream, POLLIN, failure);

		if (ret)
			return ret;
		got = recv(stream->fd, next, size, 0);
		if (got == 0)
			return link_failed(stream, 0, failure);
		if (got > 0) {
			next += got;
			size -= (size_t)got;
		} else if (errno != EAGAIN && errno != EINTR) {
			return link_failed(stream, errno, failure);
		}
	}
	return 0;
}
