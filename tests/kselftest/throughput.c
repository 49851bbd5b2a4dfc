// SPDX-License-Identifier: GPL-2.0-only
/*
 * throughput - bulk speed and round trip of one device, through usbfs.
 *
 *   throughput NODE in|out SIZE DEPTH SECONDS [RATE]
 *
 * keeps DEPTH transfers of SIZE bytes going on a source or a sink (SourceSink
 * gadget, suburbd's loopback) for SECONDS, and prints in one line
 *
 *   MB/s  transfers/s  mean, median and 99th percentile of submit to completion
 *   in us  CPU time of the whole machine per transfer in us
 *
 * With DEPTH 1 that is the round trip. With RATE no more than so many MB/s are
 * asked for. MB are 10^6 bytes. A transfer that fails
 * or moves less ends the run with a message: figures of a broken device are no
 * figures. The endpoints are the first bulk ones of the last interface that has
 * any; a kernel driver that holds it is detached.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "usbfs.h"

#define MAX_DEPTH 64
#define MAX_SAMPLES 1000000

struct flow {
	int fd;
	__u8 endpoint;
	size_t size;
	int depth;
	long long pace; /* us from one submission to the next; 0: as fast as it goes */
	long long due;
	struct usbdevfs_urb urbs[MAX_DEPTH];
	long long started[MAX_DEPTH];
	unsigned int *samples; /* us */
	size_t count;
};

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void die(const char *what, int error)
{
	fprintf(stderr, "throughput: %s: %s\n", what, strerror(-error));
	exit(1);
}

/* user, nice, system, irq and softirq of all processors, in us */
static long long busy_us(void)
{
	unsigned long long v[7] = { 0 };
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
			 &v[4], &v[5], &v[6]) != 7)
		die("/proc/stat", -EIO);
	fclose(f);
	return (v[0] + v[1] + v[2] + v[5] + v[6]) * (1000000 / sysconf(_SC_CLK_TCK));
}

/* --- the device ----------------------------------------------------------- */

static void find_endpoint(struct flow *f, __u8 in, unsigned int *interface)
{
	unsigned char c[4096];
	ssize_t n = read(f->fd, c, sizeof(c)), i;
	unsigned int at = 0, setting = 0;

	for (i = 0; i + 6 < n && c[i] >= 2; i += c[i]) {
		if (c[i + 1] == USB_DT_INTERFACE) {
			at = c[i + 2];
			setting = c[i + 3];
		}
		if (c[i + 1] != USB_DT_ENDPOINT || setting != 0 ||
		    (c[i + 3] & 3) != USB_ENDPOINT_XFER_BULK || (c[i + 2] & USB_DIR_IN) != in)
			continue;
		if (f->endpoint && at == *interface)
			continue;
		f->endpoint = c[i + 2];
		*interface = at;
	}
	if (!f->endpoint)
		die("bulk endpoint", -ENXIO);
}

static void open_device(struct flow *f, const char *node, __u8 in)
{
	struct usbdevfs_disconnect_claim c = {};
	unsigned int interface = 0;

	f->fd = open(node, O_RDWR | O_CLOEXEC);
	if (f->fd < 0)
		die(node, -errno);
	find_endpoint(f, in, &interface);
	c.interface = interface;
	if (ioctl(f->fd, USBDEVFS_DISCONNECT_CLAIM, &c) < 0)
		die("claim", -errno);
}

/* --- the flow ------------------------------------------------------------- */

/* A turn that was missed is caught up with. */
static void wait_for_turn(struct flow *f)
{
	long long now = now_us();

	if (f->pace && f->due > now)
		usleep(f->due - now);
	f->due += f->pace;
}

static void start(struct flow *f, int i)
{
	int ret;

	wait_for_turn(f);
	f->started[i] = now_us();
	ret = usbfs_submit(f->fd, &f->urbs[i], USBDEVFS_URB_TYPE_BULK, f->endpoint,
			   f->urbs[i].buffer, f->size);
	if (ret)
		die("submit", ret);
}

static void prepare(struct flow *f)
{
	int i;

	f->samples = calloc(MAX_SAMPLES, sizeof(*f->samples));
	for (i = 0; i < f->depth; i++) {
		f->urbs[i].buffer = calloc(1, f->size);
		if (!f->samples || !f->urbs[i].buffer)
			die("memory", -ENOMEM);
	}
}

static void finish_one(struct flow *f, int again)
{
	struct usbdevfs_urb *urb = usbfs_reap(f->fd, 30000);
	int i;

	if (!urb)
		die("no transfer ends", -ETIMEDOUT);
	if (urb->status || urb->actual_length != (int)f->size)
		die("transfer", urb->status ? urb->status : -EREMOTEIO);
	i = urb - f->urbs;
	if (f->count < MAX_SAMPLES)
		f->samples[f->count++] = now_us() - f->started[i];
	if (again)
		start(f, i);
}

static void pass(struct flow *f, long long duration_us)
{
	long long end = now_us() + duration_us;
	int n;

	f->count = 0;
	f->due = now_us();
	for (n = 0; n < f->depth; n++)
		start(f, n);
	while (now_us() < end)
		finish_one(f, 1);
	for (n = 0; n < f->depth; n++)
		finish_one(f, 0);
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static void report(struct flow *f, double took_us, double busy)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < f->count; i++)
		sum += f->samples[i];
	qsort(f->samples, f->count, sizeof(*f->samples), compare);
	printf("%.2f %.0f %.0f %u %u %.0f\n", f->count * f->size / took_us,
	       f->count * 1e6 / took_us, sum / f->count, f->samples[f->count / 2],
	       f->samples[f->count * 99 / 100], busy / f->count);
}

int main(int argc, char **argv)
{
	long long begin, busy;
	struct flow f = {};

	if (argc < 6 || argc > 7) {
		fprintf(stderr, "usage: throughput NODE in|out SIZE DEPTH SECONDS [RATE]\n");
		return 2;
	}
	f.size = strtoul(argv[3], NULL, 0);
	f.depth = atoi(argv[4]);
	if (!f.size || f.depth < 1 || f.depth > MAX_DEPTH)
		die("SIZE or DEPTH", -EINVAL);
	if (argc > 6)
		f.pace = f.size / atof(argv[6]);
	open_device(&f, argv[1], strcmp(argv[2], "in") ? USB_DIR_OUT : USB_DIR_IN);
	prepare(&f);
	pass(&f, 200000);
	begin = now_us();
	busy = busy_us();
	pass(&f, atof(argv[5]) * 1000000);
	report(&f, now_us() - begin, busy_us() - busy);
	return 0;
}
