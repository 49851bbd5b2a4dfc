// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dialling an exporter. Knows addresses and sockets, nothing of USB/IP.
 *
 * The socket is made for its life in the kernel: small messages leave at once,
 * and a link whose far end is gone (WIRE-NOTES: keepalive alone does not fire
 * while data is unacknowledged) ends by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"

#define CONNECT_MS 5000
#define STAGGER_MS 250 /* RFC 8305, "Connection Attempt Delay" */
#define MOST_ADDRESSES 16

/*
 * getaddrinfo() cannot be told how long it may take, so a thread runs it. A
 * thread that is late is left behind, with the memory that it still uses.
 */
struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	char name[HOST_NAME_SIZE];
	char port[8];
	/* Protected by lock: */
	bool done;
	int result;
	struct addrinfo *addresses;
};

static void *lookup_run(void *arg)
{
	static const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct lookup *lookup = arg;
	struct addrinfo *addresses = NULL;
	int result = getaddrinfo(lookup->name, lookup->port, &hints, &addresses);

	pthread_mutex_lock(&lookup->lock);
	lookup->result = result;
	lookup->addresses = addresses;
	lookup->done = true;
	pthread_cond_signal(&lookup->done_cond);
	pthread_mutex_unlock(&lookup->lock);
	return NULL;
}

static struct lookup *lookup_alloc(const struct host *host)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_condattr_t attr;

	if (!lookup)
		return NULL;
	snprintf(lookup->name, sizeof(lookup->name), "%s", host->name);
	snprintf(lookup->port, sizeof(lookup->port), "%u", host->port);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&lookup->done_cond, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&lookup->lock, NULL);
	return lookup;
}

static bool lookup_wait(struct lookup *lookup, struct deadline deadline)
{
	struct timespec until = deadline_timespec(deadline);
	bool done;
	int ret = 0;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->done && ret == 0)
		ret = pthread_cond_timedwait(&lookup->done_cond, &lookup->lock, &until);
	done = lookup->done;
	pthread_mutex_unlock(&lookup->lock);
	return done;
}

static int resolve_failed(const struct host *host, int result, struct failure *failure)
{
	switch (result) {
	case 0:
		return 0;
	case EAI_AGAIN:
		return failure_set(failure, -EAGAIN,
				   "the name '%s' cannot be looked up now: is the network up?",
				   host->name);
	case EAI_MEMORY:
		return failure_set(failure, -ENOMEM, "out of memory");
	default:
		return failure_set(failure, -ENOENT, "unknown host '%s'", host->name);
	}
}

int dial_resolve(struct dial *dial, const struct host *host, struct deadline deadline,
		 struct failure *failure)
{
	struct lookup *lookup = lookup_alloc(host);
	pthread_t thread;
	int ret;

	dial->host = *host;
	dial->addresses = NULL;
	if (!lookup)
		return failure_set(failure, -ENOMEM, "out of memory");
	ret = pthread_create(&thread, NULL, lookup_run, lookup);
	if (ret) {
		free(lookup);
		return failure_set(failure, -ret, "cannot start a thread: %s", strerror(ret));
	}
	if (!lookup_wait(lookup, deadline)) {
		pthread_detach(thread);
		return failure_set(
			failure, -ETIMEDOUT,
			"the name '%s' was not found in time: does the name server answer?",
			host->name);
	}
	pthread_join(thread, NULL);
	ret = lookup->result;
	dial->addresses = lookup->addresses;
	free(lookup);
	return resolve_failed(host, ret, failure);
}

void dial_free(struct dial *dial)
{
	if (dial->addresses)
		freeaddrinfo(dial->addresses);
	dial->addresses = NULL;
}

/* --- connecting ----------------------------------------------------------- */

static void tune(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },  { SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 5 }, { IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },  { IPPROTO_TCP, TCP_USER_TIMEOUT, 20000 },
	};

	/* A kernel that refuses one still gives a working connection. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/* Returns a socket on its way (or there already), or a negative errno. */
static int start_one(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			address->ai_protocol);
	int ret;

	if (fd < 0)
		return -errno;
	tune(fd);
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* The attempts under way; the error worth telling if all of them fail. */
struct attempts {
	const struct addrinfo *next;
	struct pollfd fds[MOST_ADDRESSES];
	nfds_t count;
	int error;
};

/* "Refused" tells most: a host is there. The other errors are equals. */
static void attempt_failed(struct attempts *attempts, int error)
{
	if (attempts->error != -ECONNREFUSED)
		attempts->error = error;
}

static void attempts_start_next(struct attempts *attempts)
{
	while (attempts->next && attempts->count < MOST_ADDRESSES) {
		int fd = start_one(attempts->next);

		attempts->next = attempts->next->ai_next;
		if (fd >= 0) {
			attempts->fds[attempts->count++] =
				(struct pollfd){ .fd = fd, .events = POLLOUT };
			return;
		}
		attempt_failed(attempts, fd);
	}
}

/* Returns the socket that is connected, or -1; those that failed are gone. */
static int attempts_reap(struct attempts *attempts)
{
	for (nfds_t i = 0; i < attempts->count;) {
		int error = 0;
		socklen_t size = sizeof(error);
		int fd = attempts->fds[i].fd;

		if (!attempts->fds[i].revents) {
			i++;
			continue;
		}
		attempts->fds[i] = attempts->fds[--attempts->count];
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
		if (error == 0)
			return fd;
		attempt_failed(attempts, -error);
		close(fd);
	}
	return -1;
}

static int attempts_run(struct attempts *attempts, struct deadline deadline)
{
	for (;;) {
		struct deadline turn = deadline;
		int fd;

		attempts_start_next(attempts);
		if (attempts->count == 0)
			return attempts->error;
		if (attempts->next && attempts->count < MOST_ADDRESSES)
			turn = deadline_sooner(deadline, deadline_in(STAGGER_MS));
		if (deadline_poll(attempts->fds, attempts->count, turn, NULL) > 0) {
			fd = attempts_reap(attempts);
			if (fd >= 0)
				return fd;
		}
		if (deadline_left(deadline) == 0)
			return attempts->error == -ECONNREFUSED ? -ECONNREFUSED : -ETIMEDOUT;
	}
}

static int connect_failed(const struct host *host, int error, struct failure *failure)
{
	switch (error) {
	case -ECONNREFUSED:
		return failure_set(failure, error,
				   "nothing listens on %s port %u: is suburbd running there?",
				   host->name, host->port);
	case -ETIMEDOUT:
		return failure_set(
			failure, error,
			"%s does not answer on port %u: is it up, and does a firewall let it through?",
			host->name, host->port);
	default:
		return failure_set(failure, error, "cannot reach %s port %u: %s", host->name,
				   host->port, strerror(-error));
	}
}

int dial_connect(const struct dial *dial, struct deadline deadline, struct failure *failure)
{
	struct attempts attempts = { .next = dial->addresses, .error = -EADDRNOTAVAIL };
	int fd = attempts_run(&attempts, deadline_sooner(deadline, deadline_in(CONNECT_MS)));

	for (nfds_t i = 0; i < attempts.count; i++)
		close(attempts.fds[i].fd);
	return fd < 0 ? connect_failed(&dial->host, fd, failure) : fd;
}
