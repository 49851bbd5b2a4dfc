// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners and connections. See server.h.
 *
 * Output is gathered: a connection that has something to write says so, and is
 * flushed once before the loop waits (prepare) and once after it has (check).
 * What completes in one turn of the loop leaves in one write.
 *
 * When all places for connections are taken, the oldest one that has not yet
 * asked for anything goes: idle connections never keep an honest one out.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "escape.h"
#include "log.h"
#include "server.h"

#define BACKLOG 128
#define SCRATCH_SIZE 65536

/* Of a flood only one line in this time is logged. */
#define QUIET_MS 10000

struct listener {
	struct listener *next;
	struct server *server;
	uv_tcp_t tcp;
};

/**
 * struct place - one connection
 * @dirty: it is in the list of those to be flushed
 */
struct place {
	TAILQ_ENTRY(place) entry;
	TAILQ_ENTRY(place) dirty_entry;
	struct server *server;
	struct connection *connection;
	bool dirty;
};

/**
 * struct server - see above
 * @places: connections, the oldest first
 * @handles: libuv handles of its own that are open
 */
struct server {
	struct connection_host host;
	struct listener *listeners;
	TAILQ_HEAD(place_list, place) places;
	struct place_list dirty;
	unsigned int count;
	unsigned int handles;
	uv_prepare_t prepare;
	uv_check_t check;
	uint64_t last_complaint_ms;
	bool stopping;
	void (*stopped)(void *owner);
	void *owner;
	char scratch[SCRATCH_SIZE];
};

/* --- connections ---------------------------------------------------------- */

static void flush_dirty(struct server *server)
{
	struct place *place;

	while ((place = TAILQ_FIRST(&server->dirty))) {
		TAILQ_REMOVE(&server->dirty, place, dirty_entry);
		place->dirty = false;
		connection_flush(place->connection);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	flush_dirty(prepare->data);
}

static void on_check(uv_check_t *check)
{
	flush_dirty(check->data);
}

static void on_output(void *owner)
{
	struct place *place = owner;

	if (place->dirty)
		return;
	place->dirty = true;
	TAILQ_INSERT_TAIL(&place->server->dirty, place, dirty_entry);
}

static void try_stopped(struct server *server)
{
	if (server->stopping && !server->count && !server->handles)
		server->stopped(server->owner);
}

static void on_ended(void *owner)
{
	struct place *place = owner;
	struct server *server = place->server;

	if (place->dirty)
		TAILQ_REMOVE(&server->dirty, place, dirty_entry);
	TAILQ_REMOVE(&server->places, place, entry);
	free(place);
	server->count--;
	try_stopped(server);
}

/* @why: an error's text, or empty */
static void complain(struct server *server, const char *what, const char *why)
{
	uint64_t now = uv_now(server->host.loop);

	if (server->last_complaint_ms && now - server->last_complaint_ms < QUIET_MS)
		return;
	server->last_complaint_ms = now ? now : 1;
	log_warning("%s%s", what, why);
}

/* The oldest connection that has asked for nothing yet, but for @newest. */
static bool evict(struct server *server, const struct place *newest)
{
	struct place *place;

	TAILQ_FOREACH(place, &server->places, entry)
	{
		if (place == newest || !connection_in_handshake(place->connection))
			continue;
		connection_end(place->connection);
		return true;
	}
	return false;
}

static void make_room(struct server *server, const struct place *newest)
{
	if (server->count <= server->host.limits->connections)
		return;
	if (evict(server, newest)) {
		complain(server, "too many connections: the oldest idle ones are closed", "");
		return;
	}
	complain(server, "too many connections: refused (raise max-connections)", "");
	connection_end(newest->connection);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;
	struct server *server = listener->server;
	struct place *place;

	if (status < 0) { /* mostly no descriptors left; libuv refuses the peer */
		complain(server, "connection not accepted: ", uv_strerror(status));
		evict(server, NULL);
		return;
	}
	place = calloc(1, sizeof(*place));
	if (!place) {
		complain(server, "connection not accepted: ", "out of memory");
		return;
	}
	place->server = server;
	place->connection = connection_accept(&server->host, place, stream);
	if (!place->connection) {
		free(place);
		return;
	}
	TAILQ_INSERT_TAIL(&server->places, place, entry);
	server->count++;
	make_room(server, place);
}

/* --- listeners ------------------------------------------------------------ */

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct server *server = listener->server;

	free(listener);
	server->handles--;
	try_stopped(server);
}

static void complain_listen(const struct sockaddr *address, int error)
{
	char text[ADDRESS_TEXT_SIZE];

	address_text(address, text);
	if (error == UV_EADDRINUSE)
		log_error("cannot listen on %s: address already in use; stop what listens there "
			  "(another suburbd or usbipd?) or choose another port with --listen",
			  text);
	else if (error == UV_EACCES)
		log_error("cannot listen on %s: permission denied; choose a port above 1023", text);
	else
		log_error("cannot listen on %s: %s", text, uv_strerror(error));
}

static void log_listening(struct listener *listener)
{
	struct sockaddr_storage address;
	int size = sizeof(address);
	char text[ADDRESS_TEXT_SIZE];

	if (uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&address, &size) == 0)
		log_info("listening on %s", address_text((const struct sockaddr *)&address, text));
}

static int open_listener(struct listener *listener, const struct sockaddr *address)
{
	unsigned int flags = address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
	int ret = uv_tcp_bind(&listener->tcp, address, flags);

	if (ret < 0)
		return ret;
	return uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
}

static int add_listener(struct server *server, const struct sockaddr *address, bool optional)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int ret;

	if (!listener) {
		log_error("out of memory");
		return -ENOMEM;
	}
	listener->server = server;
	listener->tcp.data = listener;
	uv_tcp_init(server->host.loop, &listener->tcp);
	server->handles++;
	ret = open_listener(listener, address);
	if (ret < 0) {
		uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
		if (optional && ret != UV_EADDRINUSE && ret != UV_EACCES)
			return 0;
		complain_listen(address, ret);
		return ret;
	}
	listener->next = server->listeners;
	server->listeners = listener;
	log_listening(listener);
	return 0;
}

int server_listen(struct server *server, const char *text, bool optional)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	char host[ADDRESS_HOST_SIZE], error[256], service[8], shown[128];
	uint16_t port = SUBURB_WIRE_PORT;
	struct addrinfo *list;
	int ret = address_split(text, host, &port, error, sizeof(error));

	if (ret < 0) {
		log_error("%s", error);
		return ret;
	}
	snprintf(service, sizeof(service), "%u", port);
	ret = getaddrinfo(host, service, &hints, &list);
	if (ret) {
		log_error("cannot listen on '%s': %s", escape(shown, sizeof(shown), host),
			  gai_strerror(ret));
		return -EADDRNOTAVAIL;
	}
	for (const struct addrinfo *at = list; at && ret >= 0; at = at->ai_next)
		ret = add_listener(server, at->ai_addr, optional);
	freeaddrinfo(list);
	return ret;
}

/* --- beginning and end ---------------------------------------------------- */

struct server *server_new(uv_loop_t *loop, struct devices *devices, const struct limits *limits,
			  uint32_t features, void (*stopped)(void *owner), void *owner)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->host = (struct connection_host){
		.loop = loop,
		.devices = devices,
		.limits = limits,
		.features = features,
		.buffer = { server->scratch, sizeof(server->scratch) },
		.output = on_output,
		.ended = on_ended,
	};
	server->stopped = stopped;
	server->owner = owner;
	TAILQ_INIT(&server->places);
	TAILQ_INIT(&server->dirty);
	server->prepare.data = server;
	server->check.data = server;
	uv_prepare_init(loop, &server->prepare);
	uv_check_init(loop, &server->check);
	uv_prepare_start(&server->prepare, on_prepare);
	uv_check_start(&server->check, on_check);
	server->handles = 2;
	return server;
}

static void on_hook_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;

	server->handles--;
	try_stopped(server);
}

void server_stop(struct server *server)
{
	struct listener *listener;
	struct place *place;

	if (server->stopping)
		return;
	server->stopping = true;
	while ((listener = server->listeners)) {
		server->listeners = listener->next;
		uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
	}
	TAILQ_FOREACH(place, &server->places, entry)
	connection_end(place->connection);
	uv_close((uv_handle_t *)&server->prepare, on_hook_closed);
	uv_close((uv_handle_t *)&server->check, on_hook_closed);
}

void server_free(struct server *server)
{
	free(server);
}
