// SPDX-License-Identifier: GPL-2.0-only
/*
 * evdev - events of one input device, for the scenario scripts.
 *
 *   evdev read NODE COUNT TIMEOUT_MS   print events as "TYPE CODE VALUE", in
 *                                      numbers, until COUNT have come; exit 1 if
 *                                      they do not come in time
 *   evdev led NODE CODE 0|1            light or darken a LED
 *
 * EV_SYN, EV_MSC and key repeats are left out: they say nothing that the
 * scripts want to know, and depend on timing. NODE is grabbed while it is read,
 * so that keys meant for the test do not end up in a console. "ready" goes to
 * stderr once it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/input.h>

static int usage(void)
{
	fprintf(stderr, "usage: evdev read NODE COUNT TIMEOUT_MS | evdev led NODE CODE 0|1\n");
	return 2;
}

static int fail(const char *what)
{
	fprintf(stderr, "evdev: %s: %s\n", what, strerror(errno));
	return 1;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static int is_wanted(const struct input_event *e)
{
	return e->type != EV_SYN && e->type != EV_MSC && !(e->type == EV_KEY && e->value == 2);
}

static int read_events(const char *node, int count, int timeout_ms)
{
	struct pollfd p = { .fd = open(node, O_RDONLY | O_CLOEXEC), .events = POLLIN };
	long long end = now_ms() + timeout_ms, left;
	struct input_event e;

	if (p.fd < 0 || ioctl(p.fd, EVIOCGRAB, 1) < 0)
		return fail(node);
	fprintf(stderr, "ready\n");
	while (count) {
		left = end - now_ms();
		if (left <= 0 || poll(&p, 1, left) <= 0) {
			errno = ETIMEDOUT;
			return fail(node);
		}
		if (read(p.fd, &e, sizeof(e)) != sizeof(e))
			return fail(node);
		if (!is_wanted(&e))
			continue;
		printf("%u %u %d\n", e.type, e.code, e.value);
		fflush(stdout);
		count--;
	}
	return 0;
}

static int set_led(const char *node, int code, int value)
{
	struct input_event e[2] = {
		{ .type = EV_LED, .code = code, .value = value },
		{ .type = EV_SYN, .code = SYN_REPORT },
	};
	int fd = open(node, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, e, sizeof(e)) != sizeof(e))
		return fail(node);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return usage();
	if (!strcmp(argv[1], "read"))
		return read_events(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(argv[1], "led"))
		return set_led(argv[2], atoi(argv[3]), atoi(argv[4]));
	return usage();
}
