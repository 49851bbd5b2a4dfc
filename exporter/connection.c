// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One accepted connection. See connection.h.
 *
 * A connection is in one phase at a time:
 *
 *   HANDSHAKE -> OPENING -> SESSION    a device was imported
 *   HANDSHAKE -> LINGER                a list was sent, or an import refused
 *   SESSION -> LINGER                  the device has left
 *   any -> CLOSING                     the end: socket, then session, then gone
 *
 * LINGER sends the rest and a FIN, and reads until the peer closes too: a
 * close() with unread bytes would reset the link and with it what he has not
 * read yet. Each phase that waits for the peer has a bound on time; in SESSION
 * it is TCP's (keepalive and TCP_USER_TIMEOUT), so that a peer that vanished
 * does not keep the device.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "connection.h"
#include "escape.h"
#include "handshake.h"
#include "log.h"
#include "session.h"

#define LINGER_MS 2000
#define LINK_DEAD_S 20
#define KEEPALIVE_IDLE_S 8
#define KEEPALIVE_PROBE_S 4
#define PIECES 64

enum phase {
	PHASE_HANDSHAKE,
	PHASE_OPENING,
	PHASE_SESSION,
	PHASE_LINGER,
	PHASE_CLOSING,
};

/**
 * struct connection - one connection
 * @answer: the handshake's reply, NULL when it is written
 * @answer_size: of it
 * @answer_written: bytes of it
 * @early: what came behind an import before it was answered
 * @writing: bytes under way in @write, 0 if none are
 * @paused: not reading, for the peer does not read
 * @imported: there was a session
 * @left: the device has left; linger once all is written
 * @shut: the FIN is on its way
 * @handles: libuv handles still to be closed
 */
struct connection {
	const struct connection_host *host;
	void *place;
	enum phase phase;
	char peer[ADDRESS_TEXT_SIZE];
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct handshake handshake;
	struct session *session;
	uint8_t *answer;
	size_t answer_size;
	size_t answer_written;
	uint8_t *early;
	size_t early_size;
	size_t writing;
	bool paused;
	bool imported;
	bool left;
	bool shut;
	unsigned int handles;
};

static void receive(struct connection *connection, const uint8_t *bytes, size_t size);
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf);

bool connection_in_handshake(const struct connection *connection)
{
	return connection->phase == PHASE_HANDSHAKE;
}

const char *connection_peer(const struct connection *connection)
{
	return connection->peer;
}

/* --- the end -------------------------------------------------------------- */

static void connection_free(struct connection *connection)
{
	const struct connection_host *host = connection->host;

	free(connection->answer);
	free(connection->early);
	host->ended(connection->place);
	free(connection);
}

static void session_ended(void *owner)
{
	struct connection *connection = owner;

	if (connection->imported)
		log_info("%s: %s is free again", connection->peer, connection->handshake.busid);
	connection_free(connection);
}

/* No write is under way any more: now the session may drop its replies. */
static void on_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->handles)
		return;
	if (!connection->session)
		connection_free(connection);
	else if (session_stop(connection->session) == 0)
		session_ended(connection);
}

void connection_end(struct connection *connection)
{
	if (connection->phase == PHASE_CLOSING)
		return;
	connection->phase = PHASE_CLOSING;
	uv_close((uv_handle_t *)&connection->tcp, on_closed);
	uv_close((uv_handle_t *)&connection->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (connection->phase == PHASE_HANDSHAKE)
		log_info("%s: asked for nothing within %u s, closed", connection->peer,
			 connection->host->limits->handshake_s);
	connection_end(connection);
}

static void set_timer(struct connection *connection, uint64_t ms)
{
	uv_timer_start(&connection->timer, on_timer, ms, 0);
}

static void violated(struct connection *connection, const struct suburb_violation *violation)
{
	log_warning("%s: closed: this is not USB/IP 1.1.1: %s 0x%x", connection->peer,
		    violation->field, violation->value);
	connection_end(connection);
}

/* --- writing -------------------------------------------------------------- */

static void want_output(void *owner)
{
	struct connection *connection = owner;

	connection->host->output(connection->place);
}

static void start_reading(struct connection *connection)
{
	if (uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read) < 0)
		connection_end(connection);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
}

/* Everything is written. */
static void drained(struct connection *connection)
{
	if (connection->left && connection->phase == PHASE_SESSION)
		connection->phase = PHASE_LINGER;
	if (connection->phase != PHASE_LINGER || connection->shut)
		return;
	connection->shut = true;
	if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp, on_shutdown) < 0)
		connection_end(connection);
	else
		start_reading(connection);
}

static int gather(const struct connection *connection, uv_buf_t *bufs, size_t *total)
{
	struct iovec iov[PIECES];
	int n = 0;

	if (connection->answer) {
		iov[n].iov_base = connection->answer + connection->answer_written;
		iov[n++].iov_len = connection->answer_size - connection->answer_written;
	}
	if (connection->phase == PHASE_SESSION)
		n += session_output(connection->session, iov + n, PIECES - n);
	*total = 0;
	for (int i = 0; i < n; i++) {
		bufs[i] = uv_buf_init(iov[i].iov_base, (unsigned int)iov[i].iov_len);
		*total += iov[i].iov_len;
	}
	return n;
}

static void written(struct connection *connection, size_t size)
{
	size_t n = connection->answer_size - connection->answer_written;

	if (connection->answer) {
		if (n > size)
			n = size;
		connection->answer_written += n;
		size -= n;
		if (connection->answer_written == connection->answer_size) {
			free(connection->answer);
			connection->answer = NULL;
		}
	}
	if (size)
		session_written(connection->session, size);
	if (connection->paused && session_wants_input(connection->session)) {
		connection->paused = false;
		start_reading(connection);
	}
}

static void on_write(uv_write_t *request, int status)
{
	struct connection *connection = request->data;
	size_t size = connection->writing;

	connection->writing = 0;
	if (connection->phase == PHASE_CLOSING)
		return;
	if (status < 0) {
		connection_end(connection);
		return;
	}
	written(connection, size);
	connection_flush(connection);
}

/* The socket takes no more now: libuv writes the rest when it can. */
static void write_later(struct connection *connection)
{
	uv_buf_t bufs[PIECES];
	size_t total;
	int n = gather(connection, bufs, &total);

	connection->writing = total;
	if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, bufs, (unsigned int)n,
		     on_write) < 0) {
		connection->writing = 0;
		connection_end(connection);
	}
}

void connection_flush(struct connection *connection)
{
	uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
	uv_buf_t bufs[PIECES];
	size_t total;
	int n;
	int ret;

	while (connection->phase != PHASE_CLOSING && !connection->writing) {
		n = gather(connection, bufs, &total);
		if (!n) {
			drained(connection);
			return;
		}
		ret = uv_try_write(stream, bufs, (unsigned int)n);
		if (ret < 0 && ret != UV_EAGAIN) {
			connection_end(connection);
			return;
		}
		if (ret > 0)
			written(connection, (size_t)ret);
		if (ret < 0 || (size_t)ret < total)
			write_later(connection);
	}
}

/* --- the session's view --------------------------------------------------- */

static void answer(struct connection *connection, uint8_t *bytes, size_t size)
{
	connection->answer = bytes;
	connection->answer_size = size;
	connection->answer_written = 0;
	if (!bytes) {
		log_error("%s: out of memory, closed", connection->peer);
		connection_end(connection);
		return;
	}
	want_output(connection);
}

static void linger(struct connection *connection)
{
	connection->phase = PHASE_LINGER;
	set_timer(connection, LINGER_MS);
}

static void answer_import(struct connection *connection, const struct device *device, int error)
{
	uint8_t *bytes = malloc(HANDSHAKE_IMPORT_SIZE);
	const char *busid = connection->handshake.busid;
	size_t size = bytes ? handshake_import(bytes, device, busid, handshake_status(error)) : 0;
	char shown[4 * SUBURB_WIRE_BUSID_SIZE];

	if (!error)
		log_info("%s: has imported %s", connection->peer, busid);
	else
		log_info("%s: cannot import %s: %s", connection->peer,
			 escape(shown, sizeof(shown), busid),
			 error == -SUBURB_EBUSY	   ? "in use by another importer"
			 : error == -SUBURB_ENODEV ? "no such device is exported"
						   : "the device cannot be opened");
	answer(connection, bytes, size);
}

static void session_left(void *owner)
{
	struct connection *connection = owner;

	connection->left = true;
	set_timer(connection, LINGER_MS);
	want_output(connection);
}

static void refused(struct connection *connection, int error)
{
	linger(connection);
	answer_import(connection, NULL, error);
}

static void imported(struct connection *connection)
{
	struct device *device =
		devices_find(connection->host->devices, connection->handshake.busid);

	if (!device) { /* it left in between */
		refused(connection, -SUBURB_ENODEV);
		return;
	}
	connection->phase = PHASE_SESSION;
	connection->imported = true;
	answer_import(connection, device, 0);
}

/* Goes on with what came while the device was being opened. */
static void session_opened(void *owner, int status)
{
	struct connection *connection = owner;
	uint8_t *early = connection->early;
	size_t size = connection->early_size;

	if (connection->phase != PHASE_OPENING)
		return;
	if (status < 0)
		refused(connection, status);
	else
		imported(connection);
	start_reading(connection);
	connection->early = NULL;
	connection->early_size = 0;
	receive(connection, early, size);
	free(early);
}

static const struct session_ops session_ops = {
	.opened = session_opened,
	.output = want_output,
	.left = session_left,
	.ended = session_ended,
};

/* --- reading -------------------------------------------------------------- */

static void import(struct connection *connection)
{
	const struct connection_host *host = connection->host;
	struct device *device = devices_find(host->devices, connection->handshake.busid);
	int ret = -SUBURB_ENODEV;

	if (device)
		ret = session_new(&connection->session, device, host->limits, &session_ops,
				  connection);
	if (ret < 0)
		refused(connection, ret);
	else if (ret == 0)
		imported(connection);
	else
		connection->phase = PHASE_OPENING;
}

static void serve(struct connection *connection)
{
	uint8_t *bytes;
	size_t size;

	uv_timer_stop(&connection->timer);
	if (connection->handshake.code == SUBURB_OP_REQ_IMPORT) {
		import(connection);
		return;
	}
	linger(connection);
	bytes = handshake_devlist(connection->host->devices, &size);
	answer(connection, bytes, size);
}

/* Returns how many bytes were used; the rest is for the phase that began. */
static size_t receive_handshake(struct connection *connection, const uint8_t *bytes, size_t size)
{
	struct suburb_violation violation;
	size_t taken;
	int ret = handshake_input(&connection->handshake, bytes, size, &taken, &violation);

	if (ret < 0)
		violated(connection, &violation);
	else if (ret > 0)
		serve(connection);
	return taken;
}

/* Importers wait for the answer, but nothing says that they must. */
static void keep_early(struct connection *connection, const uint8_t *bytes, size_t size)
{
	uv_read_stop((uv_stream_t *)&connection->tcp);
	connection->early = size ? malloc(size) : NULL;
	connection->early_size = connection->early ? size : 0;
	if (connection->early)
		memcpy(connection->early, bytes, size);
	else if (size)
		connection_end(connection);
}

static void pause_if_full(struct connection *connection)
{
	if (connection->phase != PHASE_SESSION || connection->paused ||
	    session_wants_input(connection->session))
		return;
	connection->paused = true;
	uv_read_stop((uv_stream_t *)&connection->tcp);
}

/* Every byte from the peer passes here, but for payload read in place. */
static void receive(struct connection *connection, const uint8_t *bytes, size_t size)
{
	struct suburb_violation violation;
	size_t taken;

	if (connection->phase == PHASE_HANDSHAKE) {
		taken = receive_handshake(connection, bytes, size);
		bytes += taken;
		size -= taken;
	}
	if (connection->phase == PHASE_OPENING)
		keep_early(connection, bytes, size);
	else if (connection->phase == PHASE_SESSION &&
		 session_input(connection->session, bytes, size, &violation) < 0)
		violated(connection, &violation);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connection *connection = handle->data;
	struct iovec space = { NULL, 0 };

	if (connection->phase == PHASE_SESSION)
		space = session_space(connection->session);
	if (!space.iov_len) {
		space.iov_base = connection->host->scratch;
		space.iov_len = connection->host->scratch_size;
	}
	*buf = uv_buf_init(space.iov_base, (unsigned int)space.iov_len);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
	struct connection *connection = stream->data;

	if (size < 0)
		connection_end(connection);
	else if (buf->base == connection->host->scratch)
		receive(connection, (const uint8_t *)buf->base, (size_t)size);
	else
		session_filled(connection->session, (size_t)size);
	pause_if_full(connection);
}

/* --- the beginning -------------------------------------------------------- */

static void set_option(int fd, int level, int option, int value)
{
	/* A socket without it still works; it only notices a dead peer later. */
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		log_debug("socket option %d cannot be set: %s", option, strerror(errno));
}

static void set_options(struct connection *connection)
{
	uv_os_fd_t fd;

	uv_tcp_nodelay(&connection->tcp, 1);
	uv_tcp_keepalive(&connection->tcp, 1, KEEPALIVE_IDLE_S);
	if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) < 0)
		return;
#ifdef TCP_KEEPINTVL
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_PROBE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT,
		   (LINK_DEAD_S - KEEPALIVE_IDLE_S) / KEEPALIVE_PROBE_S);
#endif
#ifdef TCP_USER_TIMEOUT
	/* Keepalive does not run while data is unacknowledged. */
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, LINK_DEAD_S * 1000);
#endif
}

static void set_peer(struct connection *connection)
{
	struct sockaddr_storage address;
	int size = sizeof(address);

	strcpy(connection->peer, "peer");
	if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&address, &size) == 0)
		address_text((const struct sockaddr *)&address, connection->peer);
}

struct connection *connection_accept(const struct connection_host *host, void *place,
				     uv_stream_t *listener)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int ret;

	if (!connection) {
		log_error("out of memory, connection refused");
		return NULL;
	}
	connection->host = host;
	connection->place = place;
	connection->handles = 2;
	connection->tcp.data = connection;
	connection->timer.data = connection;
	connection->write.data = connection;
	uv_timer_init(host->loop, &connection->timer);
	uv_tcp_init(host->loop, &connection->tcp);
	ret = uv_accept(listener, (uv_stream_t *)&connection->tcp);
	if (ret < 0) {
		log_warning("connection not accepted: %s", uv_strerror(ret));
		connection_end(connection);
		return connection;
	}
	set_options(connection);
	set_peer(connection);
	log_debug("%s: connected", connection->peer);
	set_timer(connection, host->limits->handshake_s * 1000u);
	start_reading(connection);
	return connection;
}
