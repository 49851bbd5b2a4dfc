// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hid - reports of a HID gadget, from its side to the reader's, in one machine.
 *
 *   hid GADGET HIDRAW RATE SECONDS
 *
 * writes RATE reports of 16 bytes a second to GADGET (/dev/hidgN), as far as it takes
 * them, reads them from HIDRAW, and prints in one line
 *
 *   how many came per second, how many of those that were written did not come, how
 *   many came out of order, and median and 99th percentile of their age in us
 *
 * A report's age is from when it was due to be written until it was read. Those of the first fifth
 * do not count, but for the order.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES 1000000
/* What is on its way when the last one was written. */
#define LINGER_US 700000

struct report {
	unsigned int run;
	unsigned int number;
	long long made; /* us */
};

static struct {
	int fd;
	unsigned int run;
	long long interval, end;
	unsigned int written;
} writer;

static unsigned int ages[MAX_SAMPLES];

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "hid: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void sleep_until(long long us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* A device samples when it can: what it could not hand over in time is not made up for. */
static void *write_reports(void *unused)
{
	struct pollfd p = { .fd = writer.fd, .events = POLLOUT };
	struct report report = { .run = writer.run };
	long long due = now_us();

	while (due < writer.end) {
		sleep_until(due);
		report.made = now_us();
		report.number = writer.written;
		while (write(writer.fd, &report, sizeof(report)) != sizeof(report)) {
			if (errno != EAGAIN)
				die("write");
			if (now_us() > writer.end)
				return NULL;
			poll(&p, 1, 10);
		}
		writer.written++;
		due += writer.interval;
		if (due < now_us())
			due = now_us();
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static int read_report(int fd, struct report *report, long long until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		long long left = until - now_us();

		if (left <= 0 || poll(&p, 1, left / 1000 + 1) < 0)
			return 0;
		if (!(p.revents & POLLIN))
			continue;
		if (read(fd, report, sizeof(*report)) < (ssize_t)sizeof(*report))
			die("read");
		if (report->run == writer.run)
			return 1;
	}
}

static void read_reports(int fd, long long begin)
{
	unsigned int came = 0, count = 0, disorder = 0, next = 0;
	long long first = 0, last = 0, now;
	struct report report;

	while (read_report(fd, &report, writer.end + LINGER_US)) {
		now = now_us();
		came++;
		disorder += report.number < next;
		next = report.number + 1;
		if (now < begin || now > writer.end || count == MAX_SAMPLES)
			continue;
		first = first ? first : now;
		last = now;
		ages[count++] = now - report.made;
	}
	if (count < 2) {
		errno = ENODATA;
		die("reports");
	}
	qsort(ages, count, sizeof(ages[0]), compare);
	/* The last one may not have been asked for before the end. */
	printf("%.1f %u %u %u %u\n", (count - 1) * 1e6 / (last - first),
	       writer.written > came + 1 ? writer.written - came : 0, disorder, ages[count / 2],
	       ages[count * 99 / 100]);
}

int main(int argc, char **argv)
{
	long long duration, begin;
	pthread_t thread;
	int hidraw;

	if (argc != 5 || atof(argv[3]) <= 0) {
		fprintf(stderr, "usage: hid GADGET HIDRAW RATE SECONDS\n");
		return 2;
	}
	writer.fd = open(argv[1], O_RDWR | O_NONBLOCK);
	if (writer.fd < 0)
		die(argv[1]);
	hidraw = open(argv[2], O_RDONLY | O_NONBLOCK);
	if (hidraw < 0)
		die(argv[2]);
	duration = atof(argv[4]) * 1000000;
	begin = now_us();
	writer.run = begin;
	writer.interval = 1000000 / atof(argv[3]);
	writer.end = begin + duration * 6 / 5;
	if (pthread_create(&thread, NULL, write_reports, NULL))
		die("thread");
	read_reports(hidraw, begin + duration / 5);
	pthread_join(thread, NULL);
	return 0;
}
