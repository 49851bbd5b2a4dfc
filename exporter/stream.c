// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The socket of a connection, of whatever family. See stream.h.
 *
 * A peer that vanished without a word is noticed by TCP: keepalive while the
 * link is idle, TCP_USER_TIMEOUT while data is unacknowledged or his window is
 * closed. After so many seconds the link is broken and its device free again.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "stream.h"

#define KEEPALIVE_IDLE_S 8
#define KEEPALIVE_PROBE_S 4
#define KEEPALIVE_PROBES 127 /* Linux takes no more; the time below is what counts there */
#define PIECES 64
/* What the socket may hold and has not sent: nothing overtakes it. */
#define UNSENT_BYTES (128 * 1024)

/* --- reading -------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct stream *stream = handle->data;
	struct iovec space = stream->ops->space(stream->owner);

	if (!space.iov_len) {
		space.iov_base = stream->buffer->bytes;
		space.iov_len = stream->buffer->size;
	}
	*buf = uv_buf_init(space.iov_base, (unsigned int)space.iov_len);
}

static void on_read(uv_stream_t *handle, ssize_t size, const uv_buf_t *buf)
{
	struct stream *stream = handle->data;

	if (size < 0)
		stream->ops->broken(stream->owner);
	else if (buf->base == stream->buffer->bytes)
		stream->ops->input(stream->owner, (const uint8_t *)buf->base, (size_t)size);
	else
		stream->ops->filled(stream->owner, (size_t)size);
}

void stream_read(struct stream *stream, bool on)
{
	uv_stream_t *handle = (uv_stream_t *)&stream->tcp;
	int ret = 0;

	if (stream->closing)
		return;
	if (on)
		ret = uv_read_start(handle, on_alloc, on_read);
	else
		uv_read_stop(handle);
	if (ret < 0 && ret != UV_EALREADY)
		stream->ops->broken(stream->owner);
}

/* --- writing -------------------------------------------------------------- */

static int gather(const struct stream *stream, uv_buf_t *bufs, size_t *total)
{
	struct iovec iov[PIECES];
	int n = stream->ops->output(stream->owner, iov, PIECES);

	*total = 0;
	for (int i = 0; i < n; i++) {
		bufs[i] = uv_buf_init(iov[i].iov_base, (unsigned int)iov[i].iov_len);
		*total += iov[i].iov_len;
	}
	return n;
}

static void on_write(uv_write_t *request, int status)
{
	struct stream *stream = request->data;
	size_t size = stream->writing;

	stream->writing = 0;
	if (stream->closing)
		return;
	if (status < 0) {
		stream->ops->broken(stream->owner);
		return;
	}
	stream->ops->written(stream->owner, size);
	stream_flush(stream);
}

/* The socket takes no more now: libuv writes the rest when it can. */
static void write_later(struct stream *stream)
{
	uv_buf_t bufs[PIECES];
	size_t total;
	int n = gather(stream, bufs, &total);

	stream->writing = total;
	if (uv_write(&stream->write, (uv_stream_t *)&stream->tcp, bufs, (unsigned int)n,
		     on_write) == 0)
		return;
	stream->writing = 0;
	stream->ops->broken(stream->owner);
}

void stream_flush(struct stream *stream)
{
	uv_buf_t bufs[PIECES];
	size_t total;
	int n, ret;

	while (!stream->closing && !stream->shut && !stream->writing) {
		n = gather(stream, bufs, &total);
		if (!n) {
			stream->ops->drained(stream->owner);
			return;
		}
		ret = uv_try_write((uv_stream_t *)&stream->tcp, bufs, (unsigned int)n);
		if (ret < 0 && ret != UV_EAGAIN) {
			stream->ops->broken(stream->owner);
			return;
		}
		if (ret > 0)
			stream->ops->written(stream->owner, (size_t)ret);
		if (ret < 0 || (size_t)ret < total)
			write_later(stream);
	}
}

/* --- beginning and end ---------------------------------------------------- */

static void set_option(int fd, int level, int option, int value)
{
	/* A socket without it still works; it only notices a dead peer later. */
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		log_debug("socket option %d cannot be set: %s", option, strerror(errno));
}

/* The other families have a peer that the kernel knows: it tells when he is gone. */
static void set_options(struct stream *stream, int fd, unsigned int dead_s)
{
	const int dead = (int)dead_s;
	const int idle = dead * 2 / 5 < KEEPALIVE_IDLE_S ? dead * 2 / 5 : KEEPALIVE_IDLE_S;
	const int probe = dead / 5 < KEEPALIVE_PROBE_S ? dead / 5 : KEEPALIVE_PROBE_S;
	const int probes = (dead - idle) / probe;

	uv_tcp_nodelay(&stream->tcp, 1);
#ifdef TCP_NOTSENT_LOWAT
	set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES);
#endif
	uv_tcp_keepalive(&stream->tcp, 1, (unsigned int)idle);
#ifdef TCP_KEEPINTVL
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, probe);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT,
		   probes < KEEPALIVE_PROBES ? probes : KEEPALIVE_PROBES);
#endif
#ifdef TCP_USER_TIMEOUT
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, dead * 1000);
#endif
}

/* Who dials a unix socket has no address, but he is a process and a user. */
static uint32_t set_unix_peer(struct stream *stream, int fd)
{
#ifdef SO_PEERCRED
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) {
		snprintf(stream->peer, sizeof(stream->peer), "unix:pid=%d,uid=%u", (int)who.pid,
			 (unsigned int)who.uid);
		return who.uid;
	}
#endif
	return 0;
}

/* Knows the peer's family: what else there is to know depends on it. */
static void meet_peer(struct stream *stream, unsigned int dead_s)
{
	struct sockaddr_storage address = { 0 };
	const struct sockaddr *name = (const struct sockaddr *)&address;
	socklen_t size = sizeof(address);
	uint32_t uid = 0;
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&stream->tcp, &fd) < 0 ||
	    getpeername(fd, (struct sockaddr *)&address, &size) < 0)
		return;
	if (address.ss_family == AF_INET || address.ss_family == AF_INET6)
		set_options(stream, fd, dead_s);
	if (address.ss_family == AF_UNIX)
		uid = set_unix_peer(stream, fd);
	else
		address_text(name, stream->peer);
	stream->origin = origin_of(name, uid);
}

int stream_accept(struct stream *stream, uv_loop_t *loop, uv_stream_t *listener,
		  unsigned int dead_s, const struct stream_buffer *buffer,
		  const struct stream_ops *ops, void *owner)
{
	int ret;

	*stream = (struct stream){ .ops = ops, .owner = owner, .buffer = buffer, .peer = "peer" };
	uv_tcp_init(loop, &stream->tcp);
	stream->tcp.data = stream;
	stream->write.data = stream;
	ret = uv_accept(listener, (uv_stream_t *)&stream->tcp);
	if (ret < 0)
		return ret;
	meet_peer(stream, dead_s);
	return 0;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	/* If it failed the link is broken, and reading finds that out. */
}

void stream_shutdown(struct stream *stream)
{
	if (stream->closing || stream->shut)
		return;
	stream->shut = true;
	if (uv_shutdown(&stream->shutdown, (uv_stream_t *)&stream->tcp, on_shutdown) < 0)
		stream->ops->broken(stream->owner);
}

static void on_closed(uv_handle_t *handle)
{
	struct stream *stream = handle->data;

	stream->ops->closed(stream->owner);
}

void stream_close(struct stream *stream)
{
	if (stream->closing)
		return;
	stream->closing = true;
	uv_close((uv_handle_t *)&stream->tcp, on_closed);
}
