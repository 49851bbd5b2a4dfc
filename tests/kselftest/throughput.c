// SPDX-License-Identifier: GPL-2.0-only
/*
 * throughput - speed and round trip of one device, through usbfs.
 *
 *   throughput NODE in|out|int-out|control SIZE DEPTH SECONDS [RATE]
 *
 * keeps DEPTH transfers of SIZE bytes going for SECONDS, and prints in one line
 *
 *   MB/s  transfers/s  mean, median, 90th and 99th percentile of submit to completion
 *   in us  CPU time of the whole machine per transfer in us  how many transfers
 *
 * The transfers are bulk from a source or to a sink (SourceSink gadget, suburbd's
 * loopback), interrupt to whoever takes it, or the device's descriptor read through
 * its control endpoint. With DEPTH 1 that is the round trip. With RATE no more than
 * so many MB/s are asked for. MB are 10^6 bytes. A transfer that fails or moves less ends the run
 * with a message: figures of a broken device are no figures. The endpoints are the first of
 * their kind of the last interface that has any; a kernel driver that holds it is detached.
 *
 * THROUGHPUT_MARK in the environment is a line of shell that is run just before
 * what is measured begins, and when it has ended.
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

#define MAX_DEPTH 1024
#define MAX_SAMPLES 1000000

struct flow {
	int fd;
	__u8 type; /* USBDEVFS_URB_TYPE_* */
	__u8 endpoint;
	size_t size; /* of what is moved, without the setup packet of a control transfer */
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

/*
 * Time of all processors that was not idle. Idle time is measured, all other is
 * sampled by a tick, with which a gadget's timer keeps step.
 */
static long long busy_us(void)
{
	unsigned long long idle, iowait;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %*u %*u %*u %llu %llu", &idle, &iowait) != 2)
		die("/proc/stat", -EIO);
	fclose(f);
	return now_us() * sysconf(_SC_NPROCESSORS_ONLN) -
	       (idle + iowait) * (1000000 / sysconf(_SC_CLK_TCK));
}

static void mark(void)
{
	const char *command = getenv("THROUGHPUT_MARK");

	if (command && system(command))
		die(command, -EIO);
}

/* --- the device ----------------------------------------------------------- */

static __u8 type_of(unsigned char attributes)
{
	switch (attributes & 3) {
	case USB_ENDPOINT_XFER_BULK:
		return USBDEVFS_URB_TYPE_BULK;
	case USB_ENDPOINT_XFER_INT:
		return USBDEVFS_URB_TYPE_INTERRUPT;
	default:
		return USBDEVFS_URB_TYPE_ISO;
	}
}

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
		if (c[i + 1] != USB_DT_ENDPOINT || setting != 0 || type_of(c[i + 3]) != f->type ||
		    (c[i + 2] & USB_DIR_IN) != in)
			continue;
		if (f->endpoint && at == *interface)
			continue;
		f->endpoint = c[i + 2];
		*interface = at;
	}
	if (!f->endpoint)
		die("endpoint", -ENXIO);
}

static void open_device(struct flow *f, const char *node, __u8 in)
{
	struct usbdevfs_disconnect_claim c = {};
	unsigned int interface = 0;

	f->fd = open(node, O_RDWR | O_CLOEXEC);
	if (f->fd < 0)
		die(node, -errno);
	if (f->type == USBDEVFS_URB_TYPE_CONTROL)
		return;
	find_endpoint(f, in, &interface);
	c.interface = interface;
	if (ioctl(f->fd, USBDEVFS_DISCONNECT_CLAIM, &c) < 0)
		die("claim", -errno);
}

/* --- the flow ------------------------------------------------------------- */

static size_t setup_size(const struct flow *f)
{
	return f->type == USBDEVFS_URB_TYPE_CONTROL ? sizeof(struct usb_ctrlrequest) : 0;
}

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
	ret = usbfs_submit(f->fd, &f->urbs[i], f->type, f->endpoint, f->urbs[i].buffer,
			   f->size + setup_size(f));
	if (ret)
		die("submit", ret);
}

static void prepare(struct flow *f)
{
	const struct usb_ctrlrequest setup = {
		.bRequestType = USB_DIR_IN,
		.bRequest = USB_REQ_GET_DESCRIPTOR,
		.wValue = __cpu_to_le16(USB_DT_DEVICE << 8),
		.wLength = __cpu_to_le16(f->size),
	};
	int i;

	f->samples = calloc(MAX_SAMPLES, sizeof(*f->samples));
	for (i = 0; i < f->depth; i++) {
		f->urbs[i].buffer = calloc(1, f->size + setup_size(f));
		if (!f->samples || !f->urbs[i].buffer)
			die("memory", -ENOMEM);
		memcpy(f->urbs[i].buffer, &setup, setup_size(f));
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
	printf("%.3f %.0f %.0f %u %u %u %.1f %zu\n", f->count * f->size / took_us,
	       f->count * 1e6 / took_us, sum / f->count, f->samples[f->count / 2],
	       f->samples[f->count * 90 / 100], f->samples[f->count * 99 / 100], busy / f->count,
	       f->count);
}

static __u8 type_named(const char *name)
{
	if (!strcmp(name, "control"))
		return USBDEVFS_URB_TYPE_CONTROL;
	return strcmp(name, "int-out") ? USBDEVFS_URB_TYPE_BULK : USBDEVFS_URB_TYPE_INTERRUPT;
}

int main(int argc, char **argv)
{
	long long begin, busy, duration;
	struct flow f = {};

	if (argc < 6 || argc > 7) {
		fprintf(stderr,
			"usage: throughput NODE in|out|int-out|control SIZE DEPTH SECONDS [RATE]\n");
		return 2;
	}
	f.size = strtoul(argv[3], NULL, 0);
	f.depth = atoi(argv[4]);
	if (!f.size || f.depth < 1 || f.depth > MAX_DEPTH)
		die("SIZE or DEPTH", -EINVAL);
	if (argc > 6)
		f.pace = f.size / atof(argv[6]);
	f.type = type_named(argv[2]);
	open_device(&f, argv[1], strcmp(argv[2], "in") ? USB_DIR_OUT : USB_DIR_IN);
	prepare(&f);
	duration = atof(argv[5]) * 1000000;
	pass(&f, duration < 1000000 ? duration / 5 : 200000);
	mark();
	begin = now_us();
	busy = busy_us();
	pass(&f, duration);
	busy = busy_us() - busy;
	report(&f, now_us() - begin, busy);
	mark();
	return 0;
}
