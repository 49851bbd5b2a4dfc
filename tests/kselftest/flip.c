// SPDX-License-Identifier: GPL-2.0-only
/*
 * flip - a proxy that damages what passes: one bit of one byte.
 *
 *   flip LISTEN-PORT HOST PORT CONTROL
 *
 * Serves one connection after the other. CONTROL is a FIFO: a line "up N" or
 * "down N" flips a bit of the Nth byte (from 0) that passes from then on, towards
 * PORT or back. Says "flipped" on stdout when it did.
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

static void take_order(int control)
{
	char line[64], way[8];
	ssize_t n = read(control, line, sizeof(line) - 1);
	long long at;

	if (n <= 0)
		return;
	line[n] = '\0';
	if (sscanf(line, "%7s %lld", way, &at) == 2)
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

/* False at the end of the stream. */
static int forward(int from, int to, int way)
{
	static char buf[65536];
	ssize_t n = recv(from, buf, sizeof(buf), 0), at = 0, sent;

	if (n <= 0)
		return 0;
	damage(buf, n, way);
	while (at < n) {
		sent = send(to, buf + at, n - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return 0;
		at += sent;
	}
	return 1;
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
		if (fd >= 0 && !connect(fd, each->ai_addr, each->ai_addrlen))
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

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8))
		return -1;
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
		close(near);
		close(far);
	}
}
