// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners and connections. See server.h.
 *
 * Output is gathered: a connection that has something to write says so, and is
 * flushed once before the loop waits (prepare) and once after it has (check).
 * What completes in one turn of the loop leaves in one write.
 *
 * When all places for connections are taken, the oldest one goes that has not
 * imported anything: idle connections never keep an honest one out. The same
 * holds for the places of one address. But first of all a new connection needs
 * a token of its address (crowd.h), so that a flood from one address sends
 * nobody of another away.
 *
 * libuv would go on accepting for as long as somebody connects; here a turn of
 * the loop takes so many and leaves the next one to the next turn, or a flood
 * would keep all others waiting.
 */
#include <errno.h>
#include <stdlib.h>

#include "crowd.h"
#include "listener.h"
#include "log.h"
#include "memory.h"
#include "server.h"

#define SCRATCH_SIZE 65536
#define ACCEPTS_PER_TURN 64

/* After the end of a connection, until what it held is given back. */
#define GIVE_BACK_MS 1000

/**
 * struct entrance - a listener of ours
 * @waiting: somebody is at the door; libuv does not listen until he is in
 */
struct entrance {
	struct entrance *next;
	struct server *server;
	struct listener listener;
	bool waiting;
};

/**
 * struct place - one connection
 * @guest: where it comes from; NULL: it is on its way out and does not count
 * @dirty: it is in the list of those to be flushed
 */
struct place {
	TAILQ_ENTRY(place) entry;
	TAILQ_ENTRY(place) dirty_entry;
	struct server *server;
	struct connection *connection;
	struct guest *guest;
	bool dirty;
};

/* Lines that a flood would repeat: one of each kind in a while. */
enum complaint {
	COMPLAINT_ACCEPT,
	COMPLAINT_RATE,
	COMPLAINT_ADDRESS,
	COMPLAINT_ALL,
	COMPLAINTS,
};

/**
 * struct server - see above
 * @places: connections, the oldest first
 * @count: of them
 * @counted: of these, with a guest
 * @accepted: in this turn of the loop
 * @complained_ms: see log_now()
 * @handles: libuv handles of its own that are open
 */
struct server {
	struct connection_host host;
	struct entrance *entrances;
	TAILQ_HEAD(place_list, place) places;
	struct place_list dirty;
	struct crowd crowd;
	unsigned int count;
	unsigned int counted;
	unsigned int accepted;
	uint64_t complained_ms[COMPLAINTS];
	unsigned int handles;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t give_back;
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

/* It takes nobody's place any more. */
static void discount(struct place *place)
{
	if (!place->guest)
		return;
	crowd_leave(&place->server->crowd, place->guest);
	place->guest = NULL;
	place->server->counted--;
}

static void on_give_back(uv_timer_t *timer)
{
	memory_give_back();
}

static void on_ended(void *owner)
{
	struct place *place = owner;
	struct server *server = place->server;

	if (!server->stopping && !uv_is_active((uv_handle_t *)&server->give_back))
		uv_timer_start(&server->give_back, on_give_back, GIVE_BACK_MS, 0);
	discount(place);
	if (place->dirty)
		TAILQ_REMOVE(&server->dirty, place, dirty_entry);
	TAILQ_REMOVE(&server->places, place, entry);
	free(place);
	server->count--;
	try_stopped(server);
}

/* The oldest connection that has imported nothing, of @guest or of anybody. */
static bool evict(struct server *server, const struct guest *guest, const struct place *newest)
{
	struct place *place;

	TAILQ_FOREACH(place, &server->places, entry)
	{
		if (place == newest || !place->guest || (guest && place->guest != guest) ||
		    !connection_is_idle(place->connection))
			continue;
		discount(place);
		connection_end(place->connection);
		return true;
	}
	return false;
}

static void refuse(struct place *place)
{
	discount(place);
	connection_end(place->connection);
}

static void make_room_there(struct server *server, struct place *newest)
{
	uint64_t *complained_ms = &server->complained_ms[COMPLAINT_ADDRESS];
	const char *peer = connection_peer(newest->connection);
	bool found = evict(server, newest->guest, newest);

	if (log_now(complained_ms))
		log_warning("%s: too many connections from there: %s (max-connections-per-address)",
			    peer, found ? "the oldest idle ones are closed" : "refused");
	if (!found)
		refuse(newest);
}

static void make_room(struct server *server, struct place *newest)
{
	bool found = evict(server, NULL, newest);

	if (log_now(&server->complained_ms[COMPLAINT_ALL]))
		log_warning("too many connections: %s (raise max-connections)",
			    found ? "the oldest idle ones are closed" : "refused");
	if (!found)
		refuse(newest);
}

/* In this order: whoever comes too fast takes no place, least of all another's. */
static void admit(struct server *server, struct place *newest)
{
	const struct limits *limits = server->host.limits;
	uint64_t now = uv_now(server->host.loop);
	struct guest *guest =
		crowd_enter(&server->crowd, connection_origin(newest->connection), now);

	if (!guest) {
		refuse(newest);
		return;
	}
	newest->guest = guest;
	server->counted++;
	if (!crowd_admit(&server->crowd, guest, now)) {
		if (log_now(&server->complained_ms[COMPLAINT_RATE]))
			log_warning("%s: refused: more than %u new connections a second from there "
				    "(connection-rate)",
				    connection_peer(newest->connection), limits->connection_rate);
		refuse(newest);
	} else if (guest->connections > limits->address_connections) {
		make_room_there(server, newest);
	} else if (server->counted > limits->connections) {
		make_room(server, newest);
	}
}

static void let_in(struct entrance *entrance)
{
	struct server *server = entrance->server;
	struct place *place = calloc(1, sizeof(*place));

	server->accepted++;
	if (!place) {
		log_error("out of memory, connection refused");
		return;
	}
	place->server = server;
	place->connection = connection_accept(&server->host, place,
					      (uv_stream_t *)&entrance->listener.handle);
	if (!place->connection) {
		free(place);
		return;
	}
	TAILQ_INSERT_TAIL(&server->places, place, entry);
	server->count++;
	admit(server, place);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct entrance *entrance = stream->data;
	struct server *server = entrance->server;

	if (status < 0) { /* mostly no descriptors left; libuv refuses the peer */
		if (log_now(&server->complained_ms[COMPLAINT_ACCEPT]))
			log_warning("connection not accepted: %s", uv_strerror(status));
		evict(server, NULL, NULL);
		return;
	}
	entrance->waiting = server->accepted >= ACCEPTS_PER_TURN;
	if (!entrance->waiting)
		let_in(entrance);
}

/* A new turn of the loop begins. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct server *server = prepare->data;

	server->accepted = 0;
	for (struct entrance *at = server->entrances; at; at = at->next) {
		if (!at->waiting)
			continue;
		at->waiting = false;
		let_in(at);
	}
	flush_dirty(server);
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
	crowd_init(&server->crowd, limits);
	server->prepare.data = server;
	server->check.data = server;
	uv_prepare_init(loop, &server->prepare);
	uv_check_init(loop, &server->check);
	server->give_back.data = server;
	uv_timer_init(loop, &server->give_back);
	uv_prepare_start(&server->prepare, on_prepare);
	uv_check_start(&server->check, on_check);
	server->handles = 3;
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
	uv_close((uv_handle_t *)&server->give_back, on_hook_closed);
}

void server_free(struct server *server)
{
	crowd_free(&server->crowd);
	free(server);
}
