// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One accepted connection. See connection.h.
 *
 * A connection is in one phase at a time:
 *
 *   HANDSHAKE -> OPENING -> SESSION    a device was imported
 *   HANDSHAKE -> LINGER                a list was sent, or an import refused
 *   SESSION -> LINGER                  the device has left
 *   any -> CLOSING                     the end: stream, then session, then gone
 *
 * LINGER sends the rest and the stream's end, and reads until the peer closes
 * too: a close() with unread bytes would reset the link and with it what he has
 * not read yet. Each phase that waits for the peer has a bound on time; in
 * SESSION it is the stream's.
 */
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "escape.h"
#include "flood.h"
#include "handshake.h"
#include "log.h"
#include "session.h"

#define LEFT_MS 2000
#define RETRY_MS 50

enum phase {
	PHASE_HANDSHAKE,
	PHASE_OPENING,
	PHASE_SESSION,
	PHASE_LINGER,
	PHASE_CLOSING,
};

/**
 * struct connection - one connection
 * @place: the host's name for it
 * @deadline_ms: of the handshake, in the loop's time
 * @answer: the handshake's reply, NULL when it is written
 * @answer_size: of it
 * @answer_written: bytes of it
 * @early: what came behind an import before it was answered
 * @paused: not reading, for the peer does not read
 * @imported: there was a session
 * @told: so the log says, and will say when it is over
 * @left: the device has left; linger once all is written
 * @handles: what is still to be closed: stream and timer
 */
struct connection {
	const struct connection_host *host;
	void *place;
	enum phase phase;
	struct stream stream;
	uv_timer_t timer;
	struct handshake handshake;
	uint64_t deadline_ms;
	struct session *session;
	uint8_t *answer;
	size_t answer_size;
	size_t answer_written;
	uint8_t *early;
	size_t early_size;
	bool paused;
	bool imported;
	bool told;
	bool left;
	unsigned int handles;
};

/* Of what is wrong with peers, and of what they import. */
static struct flood complaints = { .most = 50, .every_ms = 10000 };
static struct flood imports = { .most = 1000, .every_ms = 1000 };

static void receive(struct connection *connection, const uint8_t *bytes, size_t size);

bool connection_is_idle(const struct connection *connection)
{
	return connection->phase == PHASE_HANDSHAKE ||
	       (connection->phase == PHASE_LINGER && !connection->imported);
}

const char *connection_peer(const struct connection *connection)
{
	return connection->stream.peer;
}

const struct origin *connection_origin(const struct connection *connection)
{
	return &connection->stream.origin;
}

void connection_flush(struct connection *connection)
{
	stream_flush(&connection->stream);
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

	if (connection->told)
		log_info("%s: %s is free again", connection->stream.peer,
			 connection->handshake.busid);
	connection_free(connection);
}

/* No write is under way any more: now the session may drop its replies. */
static void handle_closed(struct connection *connection)
{
	if (--connection->handles)
		return;
	if (!connection->session)
		connection_free(connection);
	else if (session_stop(connection->session) == 0)
		session_ended(connection);
}

static void on_timer_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

void connection_end(struct connection *connection)
{
	if (connection->phase == PHASE_CLOSING)
		return;
	connection->phase = PHASE_CLOSING;
	stream_close(&connection->stream);
	uv_close((uv_handle_t *)&connection->timer, on_timer_closed);
}

static void log_tired(const struct connection *connection)
{
	const struct limits *limits = connection->host->limits;
	const char *peer = connection->stream.peer;

	if (connection->phase != PHASE_HANDSHAKE)
		log_debug("%s: has its answer and does not go, closed", peer);
	else if (!flood_pass(&complaints))
		return;
	else if (uv_now(connection->host->loop) >= connection->deadline_ms)
		log_info("%s: asked for nothing within %u s, closed", peer, limits->handshake_s);
	else
		log_info("%s: silent for %u s, closed", peer, limits->idle_s);
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	log_tired(connection);
	connection_end(connection);
}

static void set_timer(struct connection *connection, uint64_t ms)
{
	uv_timer_start(&connection->timer, on_timer, ms, 0);
}

/* A byte came, or the connection: the next one has its time, within that of all. */
static void wait_for_request(struct connection *connection)
{
	uint64_t now = uv_now(connection->host->loop);
	uint64_t left = connection->deadline_ms > now ? connection->deadline_ms - now : 0;
	uint64_t idle = connection->host->limits->idle_s * UINT64_C(1000);

	set_timer(connection, idle < left ? idle : left);
}

static void wait_for_end(struct connection *connection)
{
	set_timer(connection, connection->host->limits->idle_s * UINT64_C(1000));
}

static void violated(struct connection *connection, const struct suburb_violation *violation)
{
	if (flood_pass(&complaints))
		log_warning("%s: closed: this is not USB/IP 1.1.1: %s 0x%x",
			    connection->stream.peer, violation->field, violation->value);
	connection_end(connection);
}

/* Digests wrong since the start. */
static unsigned long damaged_count;

static void damaged(struct connection *connection, const struct suburb_violation *violation)
{
	damaged_count++;
	if (flood_pass(&complaints))
		log_warning("%s: closed: a message was damaged on the way: %s 0x%08x (%lu since "
			    "the start)",
			    connection->stream.peer, violation->field, violation->value,
			    damaged_count);
	connection_end(connection);
}

/* --- what is written ------------------------------------------------------ */

static void want_output(void *owner)
{
	struct connection *connection = owner;

	connection->host->output(connection->place);
}

static int on_output(void *owner, struct iovec *iov, int max)
{
	const struct connection *connection = owner;
	int n = 0;

	if (connection->answer) {
		iov[n].iov_base = connection->answer + connection->answer_written;
		iov[n++].iov_len = connection->answer_size - connection->answer_written;
	}
	if (connection->phase == PHASE_SESSION)
		n += session_output(connection->session, iov + n, max - n);
	return n;
}

static size_t answer_was_written(struct connection *connection, size_t size)
{
	size_t n = connection->answer_size - connection->answer_written;

	if (n > size)
		n = size;
	connection->answer_written += n;
	if (connection->answer_written == connection->answer_size) {
		free(connection->answer);
		connection->answer = NULL;
	}
	return n;
}

static void on_written(void *owner, size_t size)
{
	struct connection *connection = owner;

	if (connection->answer)
		size -= answer_was_written(connection, size);
	if (size)
		session_written(connection->session, size);
	if (connection->phase == PHASE_LINGER && !connection->imported)
		wait_for_end(connection);
	if (connection->paused && session_wants_input(connection->session)) {
		connection->paused = false;
		stream_read(&connection->stream, true);
	}
}

static void on_drained(void *owner)
{
	struct connection *connection = owner;

	if (connection->left && connection->phase == PHASE_SESSION)
		connection->phase = PHASE_LINGER;
	if (connection->phase != PHASE_LINGER)
		return;
	stream_shutdown(&connection->stream);
	stream_read(&connection->stream, true);
}

static void answer(struct connection *connection, uint8_t *bytes, size_t size)
{
	connection->answer = bytes;
	connection->answer_size = size;
	connection->answer_written = 0;
	if (!bytes) {
		log_error("%s: out of memory, closed", connection->stream.peer);
		connection_end(connection);
		return;
	}
	want_output(connection);
}

static void linger(struct connection *connection)
{
	connection->phase = PHASE_LINGER;
	wait_for_end(connection);
}

/* --- the session ---------------------------------------------------------- */

static void log_refused(const struct connection *connection, int error)
{
	char shown[4 * SUBURB_WIRE_BUSID_SIZE];
	const char *why = "the device cannot be opened";

	if (error == -SUBURB_EBUSY)
		why = "in use by another importer";
	else if (error == -SUBURB_ENODEV)
		why = "no such device is exported";
	if (!flood_pass(&complaints))
		return;
	log_info("%s: cannot import %s: %s", connection->stream.peer,
		 escape(shown, sizeof(shown), connection->handshake.busid), why);
}

static void tell_imported(struct connection *connection)
{
	connection->told = flood_pass(&imports);
	if (connection->told)
		log_info("%s: has imported %s", connection->stream.peer,
			 connection->handshake.busid);
}

/* What is granted of what the importer offered. */
static void agree(struct connection *connection, const struct device *device, uint8_t *bytes)
{
	const struct handshake *handshake = &connection->handshake;
	uint32_t features = handshake->offered & connection->host->features;

	if (!handshake->offered || !connection->host->features)
		return;
	if (!device_can_streams(device))
		features &= ~SUBURB_WIRE_FEATURE_STREAMS;
	handshake_agree(handshake, bytes, features);
	session_agree(connection->session, features);
	log_debug("%s: agreed on%s%s%s", connection->stream.peer,
		  features & SUBURB_WIRE_FEATURE_STREAMS ? " streams" : "",
		  features & SUBURB_WIRE_FEATURE_DIGEST ? " digest" : "",
		  features ? "" : " nothing");
}

static void answer_import(struct connection *connection, const struct device *device, int error)
{
	uint8_t *bytes = malloc(HANDSHAKE_IMPORT_SIZE);
	const char *busid = connection->handshake.busid;
	size_t size = 0;

	if (error)
		log_refused(connection, error);
	else
		tell_imported(connection);
	if (bytes)
		size = handshake_import(bytes, device, busid, handshake_status(error));
	if (bytes && !error)
		agree(connection, device, bytes);
	answer(connection, bytes, size);
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
	connection->early = NULL;
	connection->early_size = 0;
	stream_read(&connection->stream, true);
	receive(connection, early, size);
	free(early);
}

static void session_left(void *owner)
{
	struct connection *connection = owner;

	connection->left = true;
	set_timer(connection, LEFT_MS);
	want_output(connection);
}

static void on_retry(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (connection->phase == PHASE_SESSION)
		session_retry(connection->session);
}

/* In this phase the timer is free, unless the device has left. */
static void session_starved(void *owner)
{
	struct connection *connection = owner;

	if (!connection->left && connection->phase == PHASE_SESSION)
		uv_timer_start(&connection->timer, on_retry, RETRY_MS, 0);
}

static const struct session_ops session_ops = {
	.opened = session_opened,
	.output = want_output,
	.left = session_left,
	.starved = session_starved,
	.ended = session_ended,
};

/* --- what is read --------------------------------------------------------- */

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
	else
		wait_for_request(connection);
	return taken;
}

/* Importers wait for the answer, but nothing says that they must. */
static void keep_early(struct connection *connection, const uint8_t *bytes, size_t size)
{
	stream_read(&connection->stream, false);
	connection->early = size ? malloc(size) : NULL;
	connection->early_size = connection->early ? size : 0;
	if (connection->early)
		memcpy(connection->early, bytes, size);
	else if (size)
		connection_end(connection);
}

static void receive(struct connection *connection, const uint8_t *bytes, size_t size)
{
	struct suburb_violation violation;
	size_t taken;
	int ret = 0;

	if (connection->phase == PHASE_HANDSHAKE) {
		taken = receive_handshake(connection, bytes, size);
		bytes += taken;
		size -= taken;
	}
	if (connection->phase == PHASE_OPENING)
		keep_early(connection, bytes, size);
	else if (connection->phase == PHASE_SESSION)
		ret = session_input(connection->session, bytes, size, &violation);
	if (ret == -SUBURB_EILSEQ)
		damaged(connection, &violation);
	else if (ret < 0)
		violated(connection, &violation);
}

/* When the line below was logged last. */
static uint64_t paused_ms;

static void pause_if_full(struct connection *connection)
{
	if (connection->phase != PHASE_SESSION || connection->paused ||
	    session_wants_input(connection->session))
		return;
	connection->paused = true;
	if (log_now(&paused_ms))
		log_info("%s: does not read its replies: is not read either until it does",
			 connection->stream.peer);
	stream_read(&connection->stream, false);
}

static void on_input(void *owner, const uint8_t *bytes, size_t size)
{
	receive(owner, bytes, size);
	pause_if_full(owner);
}

static struct iovec on_space(void *owner)
{
	const struct connection *connection = owner;

	if (connection->phase != PHASE_SESSION)
		return (struct iovec){ NULL, 0 };
	return session_space(connection->session);
}

static void on_filled(void *owner, size_t size)
{
	struct connection *connection = owner;

	session_filled(connection->session, size);
	pause_if_full(connection);
}

static void on_broken(void *owner)
{
	connection_end(owner);
}

static void on_closed(void *owner)
{
	handle_closed(owner);
}

static const struct stream_ops stream_ops = {
	.space = on_space,
	.filled = on_filled,
	.input = on_input,
	.output = on_output,
	.written = on_written,
	.drained = on_drained,
	.broken = on_broken,
	.closed = on_closed,
};

/* --- the beginning -------------------------------------------------------- */

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
	connection->timer.data = connection;
	uv_timer_init(host->loop, &connection->timer);
	ret = stream_accept(&connection->stream, host->loop, listener, host->limits->link_s,
			    &host->buffer, &stream_ops, connection);
	if (ret < 0) {
		log_warning("connection not accepted: %s", uv_strerror(ret));
		connection_end(connection);
		return connection;
	}
	log_debug("%s: connected", connection->stream.peer);
	connection->deadline_ms = uv_now(host->loop) + host->limits->handshake_s * UINT64_C(1000);
	wait_for_request(connection);
	stream_read(&connection->stream, true);
	return connection;
}
