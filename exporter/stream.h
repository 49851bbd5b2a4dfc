/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream: the socket of one connection, and the one place where bytes pass
 * between it and whoever understands them. Encryption will stand here.
 *
 * Output is pulled: the owner says that there is some (stream_flush), and is
 * asked for pieces as long as the socket takes them. Nothing is copied.
 */
#ifndef EXPORTER_STREAM_H
#define EXPORTER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <uv.h>

#include "address.h"
#include "origin.h"

/**
 * struct stream_ops - what a stream asks and tells its owner
 * @space: where the next bytes may be put; an empty iovec for "nowhere", then
 *	they come by @input
 * @filled: so many bytes are there now
 * @input: bytes, valid until it returns
 * @output: fill up to @max pieces with what is to be sent next; how many it
 *	were. They stay as they are until @written or @closed
 * @written: so many bytes of that left
 * @drained: @output had nothing more
 * @broken: the peer has closed, or the link is lost: call stream_close()
 * @closed: the end of stream_close(); not called from within it
 */
struct stream_ops {
	struct iovec (*space)(void *owner);
	void (*filled)(void *owner, size_t size);
	void (*input)(void *owner, const uint8_t *bytes, size_t size);
	int (*output)(void *owner, struct iovec *iov, int max);
	void (*written)(void *owner, size_t size);
	void (*drained)(void *owner);
	void (*broken)(void *owner);
	void (*closed)(void *owner);
};

/**
 * struct stream_buffer - where a read goes that has no space of its own
 *
 * Shared by all streams of a loop: it is empty again when @input returns.
 */
struct stream_buffer {
	char *bytes;
	size_t size;
};

/**
 * struct stream - part of its owner
 * @peer: its address, as text
 * @origin: its address, for limits
 * @writing: bytes under way, 0 if none are
 */
struct stream {
	const struct stream_ops *ops;
	void *owner;
	const struct stream_buffer *buffer;
	char peer[ADDRESS_TEXT_SIZE];
	struct origin origin;
	uv_tcp_t tcp;
	uv_write_t write;
	uv_shutdown_t shutdown;
	size_t writing;
	bool shut;
	bool closing;
};

/*
 * Accepts a connection from @listener; it is not read yet. Returns 0 or a
 * libuv error; stream_close() is due in both cases.
 * @dead_s: without a sign of life from a peer behind a network: the link is broken
 */
int stream_accept(struct stream *stream, uv_loop_t *loop, uv_stream_t *listener,
		  unsigned int dead_s, const struct stream_buffer *buffer,
		  const struct stream_ops *ops, void *owner);

void stream_read(struct stream *stream, bool on);

/* Sends what there is. */
void stream_flush(struct stream *stream);

/* No more output: the peer sees the end of the stream. Reading goes on. */
void stream_shutdown(struct stream *stream);

void stream_close(struct stream *stream);

#endif
