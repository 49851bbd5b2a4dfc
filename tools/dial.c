// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dialling an exporter. Knows addresses and sockets, nothing of USB/IP.
 *
 * The socket is made for its life in the kernel: small messages leave at once,
 * and a link whose far end is gone (QUIRKS 8: keepalive alone does not fire
 * while data is unacknowledged) ends by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "dial.h"
#include "lookup.h"

#define CONNECT_MS 5000
#define STAGGER_MS 250 /* RFC 8305, "Connection Attempt Delay" */
#define MOST_ADDRESSES 16
/* What the socket may hold and has not sent: nothing overtakes it. */
#define UNSENT_BYTES (128 * 1024)
#define KEEPALIVE_S 5
#define KEEPALIVE_PROBES 127 /* Linux takes no more; the time below is what counts there */

static socklen_t name_unix(const struct host *host, void *name)
{
	struct sockaddr_un *un = name;

	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s", host_path(host));
	return sizeof(*un);
}

static socklen_t name_vsock(const struct host *host, void *name)
{
	struct sockaddr_vm *vm = name;

	vm->svm_family = AF_VSOCK;
	vm->svm_cid = host->cid;
	vm->svm_port = host->port;
	return sizeof(*vm);
}

/* Nothing is to be looked up. */
static void set_only(struct dial *dial, const struct host *host)
{
	dial->only.ai_addrlen = host->kind == HOST_UNIX ? name_unix(host, &dial->name)
							: name_vsock(host, &dial->name);
	dial->only.ai_family = dial->name.ss_family;
	dial->only.ai_addr = (struct sockaddr *)&dial->name;
	dial->addresses = &dial->only;
}

int dial_resolve(struct dial *dial, const struct host *host, struct deadline deadline,
		 struct failure *failure)
{
	*dial = (struct dial){ .host = *host };
	if (host->kind == HOST_INET)
		return lookup_host(host, deadline, &dial->addresses, failure);
	set_only(dial, host);
	return 0;
}

void dial_free(struct dial *dial)
{
	if (dial->addresses && dial->addresses != &dial->only)
		freeaddrinfo(dial->addresses);
	dial->addresses = NULL;
}

/* --- connecting ----------------------------------------------------------- */

static void tune(int fd, int timeout_s)
{
	/* Often enough for what stands on the way and forgets idle connections. */
	const int idle_s = timeout_s / 4 < KEEPALIVE_S ? timeout_s / 4 : KEEPALIVE_S;
	const int probes = timeout_s / idle_s - 1;
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, idle_s },
		{ IPPROTO_TCP, TCP_KEEPINTVL, idle_s },
		{ IPPROTO_TCP, TCP_KEEPCNT, probes < KEEPALIVE_PROBES ? probes : KEEPALIVE_PROBES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_s * 1000 },
	};

	/* A kernel that refuses one still gives a working connection. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/*
 * A unix socket whose queue is full refuses who does not wait, and there is
 * nothing to poll for. So this one waits, for as long as the others may.
 */
static int start_unix(const struct addrinfo *address)
{
	const struct timeval patience = { .tv_sec = CONNECT_MS / 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return ret;
}

/* Returns a socket on its way (or there already), or a negative errno. */
static int start_one(const struct addrinfo *address, unsigned int timeout_s)
{
	int fd, ret;

	if (address->ai_family == AF_UNIX)
		return start_unix(address);
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    address->ai_protocol);
	if (fd < 0)
		return -errno;
	if (address->ai_family != AF_VSOCK)
		tune(fd, timeout_s ? (int)timeout_s : DIAL_TIMEOUT_S);
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* The attempts under way; the error worth telling if all of them fail. */
struct attempts {
	const struct addrinfo *next;
	unsigned int timeout_s;
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
		int fd = start_one(attempts->next, attempts->timeout_s);

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

static int unix_failed(const struct host *host, int error, struct failure *failure)
{
	struct stat found;

	switch (error) {
	case -ENOENT:
		return failure_set(failure, error,
				   "there is no socket %s: does suburbd run with --listen %s?",
				   host_path(host), host->text);
	case -ECONNREFUSED:
		if (stat(host_path(host), &found) == 0 && !S_ISSOCK(found.st_mode))
			return failure_set(failure, -ENOTSOCK, "%s is not a socket",
					   host_path(host));
		return failure_set(failure, error,
				   "nothing listens on %s any more: is suburbd running?",
				   host->text);
	case -EACCES:
		return failure_set(failure, error,
				   "%s may not be used: become its owner, or have suburbd make it "
				   "with ,mode=660",
				   host->text);
	case -EPROTOTYPE:
		return failure_set(failure, error, "%s is not a stream socket", host_path(host));
	case -ETIMEDOUT:
		return failure_set(failure, error, "%s accepts no connection: is suburbd stopped?",
				   host->text);
	default:
		return failure_set(failure, error, "cannot reach %s: %s", host->text,
				   strerror(-error));
	}
}

static int vsock_failed(const struct host *host, int error, struct failure *failure)
{
	switch (error) {
	case -ECONNRESET: /* how a vsock says "refused" */
	case -ECONNREFUSED:
		return failure_set(failure, -ECONNREFUSED,
				   "nothing listens on %s: is suburbd running there?", host->text);
	case -ETIMEDOUT:
	case -ENODEV:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		return failure_set(failure, error,
				   "there is no machine with CID %" PRIu32
				   ": see what its hypervisor says, and its module for vsock",
				   host->cid);
	case -EAFNOSUPPORT:
		return failure_set(failure, error,
				   "this machine has no vsock: load the module of its hypervisor, "
				   "or vsock_loopback for vsock:local");
	default:
		return failure_set(failure, error, "cannot reach %s: %s", host->text,
				   strerror(-error));
	}
}

static int inet_failed(const struct host *host, int error, struct failure *failure)
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

static int connect_failed(const struct host *host, int error, struct failure *failure)
{
	switch (host->kind) {
	case HOST_UNIX:
		return unix_failed(host, error, failure);
	case HOST_VSOCK:
		return vsock_failed(host, error, failure);
	default:
		return inet_failed(host, error, failure);
	}
}

int dial_connect(const struct dial *dial, struct deadline deadline, struct failure *failure)
{
	struct attempts attempts = {
		.next = dial->addresses,
		.timeout_s = dial->timeout_s,
		.error = -EADDRNOTAVAIL,
	};
	int fd = attempts_run(&attempts, deadline_sooner(deadline, deadline_in(CONNECT_MS)));

	for (nfds_t i = 0; i < attempts.count; i++)
		close(attempts.fds[i].fd);
	return fd < 0 ? connect_failed(&dial->host, fd, failure) : fd;
}
