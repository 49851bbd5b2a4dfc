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
#include <stdlib.h>

#include "listener.h"
#include "log.h"
#include "server.h"

#define SCRATCH_SIZE 65536

/* Of a flood only one line in this time is logged. */
#define QUIET_MS 10000

/* A listener of ours. */
struct entrance {
	struct entrance *next;
	struct server *server;
	struct listener listener;
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
	struct entrance *entrances;
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
	const struct entrance *entrance = stream->data;
	struct server *server = entrance->server;
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

static void on_entrance_closed(uv_handle_t *handle)
{
	struct entrance *entrance = handle->data;
	struct server *server = entrance->server;

	free(entrance);
	server->handles--;
	try_stopped(server);
}

/* What server_listen() knows of the addresses that it goes through. */
struct listening {
	struct server *server;
	const struct address *address;
	bool optional;
};

static int add_entrance(void *owner, const struct sockaddr *name, socklen_t length)
{
	const struct listening *listening = owner;
	struct server *server = listening->server;
	struct entrance *entrance = calloc(1, sizeof(*entrance));
	int ret;

	if (!entrance) {
		log_error("out of memory");
		return -ENOMEM;
	}
	entrance->server = server;
	entrance->listener.handle.data = entrance;
	server->handles++;
	ret = listener_open(&entrance->listener, server->host.loop, listening->address, name,
			    length, on_connection);
	if (ret < 0) {
		listener_close(&entrance->listener, on_entrance_closed);
		if (listening->optional && ret != -EADDRINUSE && ret != -EACCES)
			return 0;
		listener_complain(name, ret);
		return ret;
	}
	entrance->next = server->entrances;
	server->entrances = entrance;
	listener_tell(&entrance->listener);
	return 0;
}

int server_listen(struct server *server, const char *text, bool optional)
{
	struct address address;
	struct listening listening = { server, &address, optional };
	char error[256] = "";
	int ret = address_parse(&address, text, error, sizeof(error));

	if (ret == 0)
		ret = address_each(&address, add_entrance, &listening, error, sizeof(error));
	if (*error)
		log_error("%s", error);
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
	struct entrance *entrance;
	struct place *place;

	if (server->stopping)
		return;
	server->stopping = true;
	while ((entrance = server->entrances)) {
		server->entrances = entrance->next;
		listener_close(&entrance->listener, on_entrance_closed);
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
