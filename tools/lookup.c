// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking up names with a bound on time. See lookup.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup.h"

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

int lookup_host(const struct host *host, struct deadline deadline, struct addrinfo **addresses,
		struct failure *failure)
{
	struct lookup *lookup = lookup_alloc(host);
	pthread_t thread;
	int ret;

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
	*addresses = lookup->addresses;
	free(lookup);
	return resolve_failed(host, ret, failure);
}
