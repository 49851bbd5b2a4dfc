// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp - what the network itself can do, beside which USB over it is judged; and
 * what a machine has spent.
 *
 *   tcp serve PORT                  for those below, until it is killed
 *   tcp ping HOST PORT SECONDS      48 bytes there and back: the number per second, and the
 *                                   median, 90th and 99th percentile of the round trip in us
 *   tcp in|out HOST PORT SECONDS    one stream from HOST or to it: MB/s (10^6 bytes)
 *   tcp spent HOST PORT INTERFACE   what HOST has spent since it was booted: time of all its
 *                                   processors that was not idle in us, context switches, packets
 *                                   and bytes received and sent by INTERFACE; and, of what is
 *                                   traced (guest.sh), calls of the system, of tcp_sendmsg
 *                                   and of tcp_recvmsg
 *
 * 48 bytes are a header of USB/IP.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE 48
#define CHUNK (256 << 10)
#define MAX_SAMPLES 1000000

static char chunk[CHUNK];
static unsigned int samples[MAX_SAMPLES];

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "tcp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int receive(int fd, void *data, size_t size)
{
	return recv(fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

/* --- server --------------------------------------------------------------- */

/* Idle time is measured, the rest of /proc/stat is sampled. */
static long long busy_us(void)
{
	unsigned long long idle, iowait;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %*u %*u %*u %llu %llu", &idle, &iowait) != 2)
		die("/proc/stat");
	fclose(f);
	return now_us() * sysconf(_SC_NPROCESSORS_ONLN) -
	       (idle + iowait) * (1000000 / sysconf(_SC_CLK_TCK));
}

/* The first line of FILE that looks like FORMAT, 0 if there is none. */
static unsigned long long number_in(const char *file, const char *format)
{
	unsigned long long count = 0;
	FILE *f = fopen(file, "r");
	char line[8192];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &count) == 1)
			break;
	if (f)
		fclose(f);
	return count;
}

static unsigned long long counter(const char *interface, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", interface, name);
	return number_in(path, "%llu");
}

static unsigned long long traced(const char *event)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/hist", event);
	return number_in(path, " Hits: %llu");
}

static void tell_spent(int fd)
{
	char interface[16] = { 0 }, answer[256];

	if (!receive(fd, interface, sizeof(interface) - 1))
		return;
	snprintf(answer, sizeof(answer), "%lld %llu %llu %llu %llu %llu %llu %llu %llu\n",
		 busy_us(), number_in("/proc/stat", "ctxt %llu"), counter(interface, "rx_packets"),
		 counter(interface, "rx_bytes"), counter(interface, "tx_packets"),
		 counter(interface, "tx_bytes"), traced("raw_syscalls/sys_enter"),
		 traced("bench/sendmsg"), traced("bench/recvmsg"));
	send(fd, answer, strlen(answer), 0);
}

static void serve_one(int fd)
{
	char what;

	if (!receive(fd, &what, 1))
		return;
	switch (what) {
	case 'p':
		while (receive(fd, chunk, MESSAGE) && send(fd, chunk, MESSAGE, 0) == MESSAGE)
			;
		break;
	case 'i':
		while (send(fd, chunk, CHUNK, 0) > 0)
			;
		break;
	case 'o':
		while (recv(fd, chunk, CHUNK, 0) > 0)
			;
		break;
	case 's':
		tell_spent(fd);
		break;
	}
}

static void serve(const char *port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int one = 1, listener = socket(AF_INET6, SOCK_STREAM, 0), fd;

	signal(SIGCHLD, SIG_IGN);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 16))
		die("listen");
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (fork() == 0) {
			serve_one(fd);
			_exit(0);
		}
		close(fd);
	}
	die("accept");
}

/* --- client --------------------------------------------------------------- */

static int dial(const char *host, const char *port, char what)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, one = 1;

	if (getaddrinfo(host, port, &hints, &found))
		die(host);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		die(host);
	freeaddrinfo(found);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (send(fd, &what, 1, 0) != 1)
		die("send");
	return fd;
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static void ping(int fd, long long duration)
{
	long long begin = now_us(), start = begin, now = begin;
	size_t count;

	for (count = 0; count < MAX_SAMPLES && now < begin + duration; count++) {
		if (send(fd, chunk, MESSAGE, 0) != MESSAGE || !receive(fd, chunk, MESSAGE))
			die("ping");
		now = now_us();
		samples[count] = now - start;
		start = now;
	}
	qsort(samples, count, sizeof(samples[0]), compare);
	printf("%.0f %u %u %u\n", count * 1e6 / (now - begin), samples[count / 2],
	       samples[count * 90 / 100], samples[count * 99 / 100]);
}

/* What was received; or what the kernel took to send, once its buffer is full. */
static void stream(int fd, int in, long long duration)
{
	long long begin = now_us(), warm = begin + duration / 5, end = begin + duration, bytes = 0,
		  now;
	ssize_t n;

	for (now = begin; now < end; now = now_us()) {
		n = in ? recv(fd, chunk, CHUNK, 0) : send(fd, chunk, CHUNK, 0);
		if (n <= 0)
			die("stream");
		if (now < warm)
			begin = now_us();
		else
			bytes += n;
	}
	printf("%.2f\n", (double)bytes / (now - begin));
}

static void spent(int fd, const char *interface)
{
	char name[15] = { 0 };
	ssize_t n;

	strncpy(name, interface, sizeof(name) - 1);
	send(fd, name, sizeof(name), 0);
	n = recv(fd, chunk, CHUNK, 0);
	if (n <= 0)
		die("spent");
	fwrite(chunk, 1, n, stdout);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc != 5 || !strchr("pios", argv[1][0])) {
		fprintf(stderr, "usage: tcp serve PORT | tcp ping|in|out HOST PORT SECONDS |\n"
				"  tcp spent HOST PORT INTERFACE\n");
		return 2;
	}
	switch (argv[1][0]) {
	case 'p':
		ping(dial(argv[2], argv[3], 'p'), atof(argv[4]) * 1000000);
		break;
	case 's':
		spent(dial(argv[2], argv[3], 's'), argv[4]);
		break;
	default:
		stream(dial(argv[2], argv[3], argv[1][0]), argv[1][0] == 'i',
		       atof(argv[4]) * 1000000);
	}
	return 0;
}
