// SPDX-License-Identifier: GPL-2.0-only
/*
 * flip - a proxy that damages what passes: one bit of one byte, or the stream.
 *
 *   flip LISTEN-PORT HOST PORT CONTROL
 *
 * Serves one connection after the other. CONTROL is a FIFO: a line "up N" or
 * "down N" flips a bit of the Nth byte (from 0) that passes from then on, towards
 * PORT or back. Says "flipped" on stdout when it did. "reset-up N" and "reset-down
 * N" let N more bytes pass and then reset both connections, or those that come
 * next if there are none now. Says "reset".
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UP, DOWN };

/* Bytes until the one to be flipped, by direction; negative: none. */
static long long left[2] = { -1, -1 };
/* Bytes until the reset, likewise. */
static long long to_reset[2] = { -1, -1 };

static void take_order(int control)
{
	char line[64], way[16];
	ssize_t n = read(control, line, sizeof(line) - 1);
	long long at;

	if (n <= 0)
		return;
	line[n] = '\0';
	if (sscanf(line, "%15s %lld", way, &at) != 2)
		return;
	if (!strncmp(way, "reset-", 6))
		to_reset[strcmp(way, "reset-up") ? DOWN : UP] = at;
	else
		left[strcmp(way, "up") ? DOWN : UP] = at;
}

static void damage(char *buf, ssize_t n, int way)
{
	if (left[way] < 0)
		return;
	if (left[way] < n) {
		buf[left[way]] ^= 0x10;
		puts("flipped");
	}
	left[way] -= n;
}

/* Does the reset come now? Then only the first of these bytes pass. */
static int is_reset(ssize_t *n, int way)
{
	if (to_reset[way] < 0)
		return 0;
	if (to_reset[way] > *n) {
		to_reset[way] -= *n;
		return 0;
	}
	*n = to_reset[way];
	to_reset[UP] = to_reset[DOWN] = -1;
	return 1;
}

/* What close() does from now on. */
static void make_reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* False at the end of the stream. */
static int forward(int from, int to, int way)
{
	static char buf[65536];
	ssize_t n = recv(from, buf, sizeof(buf), 0), at = 0, sent;
	int reset;

	if (n <= 0)
		return 0;
	damage(buf, n, way);
	reset = is_reset(&n, way);
	while (at < n) {
		sent = send(to, buf + at, n - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return 0;
		at += sent;
	}
	if (!reset)
		return 1;
	make_reset(from);
	make_reset(to);
	puts("reset");
	return 0;
}

static void serve(int near, int far, int control)
{
	struct pollfd fds[] = {
		{ .fd = near, .events = POLLIN },
		{ .fd = far, .events = POLLIN },
		{ .fd = control, .events = POLLIN },
	};

	left[UP] = left[DOWN] = -1;
	while (poll(fds, 3, -1) > 0) {
		if (fds[2].revents & POLLIN)
			take_order(control);
		if (fds[0].revents && !forward(near, far, UP))
			return;
		if (fds[1].revents && !forward(far, near, DOWN))
			return;
	}
}

static int dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *address, *each;
	int fd = -1, one = 1;

	if (getaddrinfo(host, port, &hints, &address))
		return -1;
	for (each = address; each; each = each->ai_next) {
		fd = socket(each->ai_family, SOCK_STREAM, 0);
		if (fd < 0)
			continue;
		if (!connect(fd, each->ai_addr, each->ai_addrlen))
			break;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(address);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8)) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	int listener, control, near, far, one = 1;

	if (argc != 5) {
		fprintf(stderr, "usage: flip LISTEN-PORT HOST PORT CONTROL\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = listen_on(argv[1]);
	control = open(argv[4], O_RDWR | O_NONBLOCK);
	if (listener < 0 || control < 0) {
		fprintf(stderr, "flip: %s\n", strerror(errno));
		return 1;
	}
	for (;;) {
		near = accept(listener, NULL, NULL);
		setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		far = dial(argv[2], argv[3]);
		if (near >= 0 && far >= 0)
			serve(near, far, control);
		if (near >= 0)
			close(near);
		if (far >= 0)
			close(far);
	}
}
