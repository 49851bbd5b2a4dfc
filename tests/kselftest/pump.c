// SPDX-License-Identifier: GPL-2.0-only
/*
 * pump - many URBs at once through a loopback device, until a count is back or
 * the device is gone, and a close look at each of them.
 *
 *   pump NODE SEED BLOCKS    BLOCKS of 4 KiB there and back; 0: until an error
 *
 * Eight URBs each way are kept on the link. What comes back must be what went,
 * in order, to the byte, up to the last byte that came. Every URB must come back
 * once and no more, with a status that a host controller gives.
 *
 * "ready" goes to stderr once the first block is back. At the end one line tells
 * of it: "blocks 7, urbs 64, statuses 0=48 ESHUTDOWN=16". Exit status: 0 the
 * count came back, 3 the link or the device went and all URBs are back, 1 wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "usbfs.h"

#define BLOCK 4096
#define DEPTH 8
#define OUT 0x01
#define IN 0x81
/* The last ones must be back then; only failures take it. */
#define REAP_MS 10000
#define STATUSES 256

struct one {
	struct usbdevfs_urb urb;
	unsigned char data[BLOCK];
	int busy;
};

static struct one ones[2 * DEPTH];
static unsigned int seed;
static unsigned long long submitted, reaped, sent, came;
static unsigned long statuses[STATUSES];
static int gone; /* first errno that ended it */
static int wrong;

static unsigned char byte_at(unsigned long long at)
{
	unsigned long long x = (at + 1) * 0x9e3779b97f4a7c15ULL + seed;

	return (x ^ x >> 29) >> 11;
}

static void submit(int fd, struct one *one, int out)
{
	int ret, i;

	for (i = 0; out && i < BLOCK; i++)
		one->data[i] = byte_at(sent + i);
	ret = usbfs_submit(fd, &one->urb, USBDEVFS_URB_TYPE_BULK, out ? OUT : IN, one->data, BLOCK);
	if (ret) {
		gone = gone ? gone : -ret;
		return;
	}
	one->busy = 1;
	submitted++;
	if (out)
		sent += BLOCK;
}

/* The bytes of an IN, whatever its status: those before an error count. */
static void compare(const struct one *one)
{
	int i;

	for (i = 0; i < one->urb.actual_length; i++) {
		if (one->data[i] == byte_at(came + i))
			continue;
		fprintf(stderr, "pump: byte %llu is another one\n", came + i);
		wrong = 1;
		break;
	}
	if (!came && one->urb.actual_length)
		fprintf(stderr, "ready\n");
	came += one->urb.actual_length;
}

/* Unlinked ones lose their data; then the rest has no place to be compared with. */
static int is_status(int status)
{
	static const int known[] = { 0, ESHUTDOWN, ENODEV, ENOENT, ECONNRESET };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (status == known[i])
			return 1;
	return 0;
}

static struct one *take(struct usbdevfs_urb *urb)
{
	struct one *one = (struct one *)urb;

	if (!one->busy) {
		fprintf(stderr, "pump: a URB came back twice\n");
		wrong = 1;
	}
	one->busy = 0;
	reaped++;
	if (-urb->status >= 0 && -urb->status < STATUSES)
		statuses[-urb->status]++;
	if (!is_status(-urb->status)) {
		fprintf(stderr, "pump: status %d\n", urb->status);
		wrong = 1;
	}
	if (urb->status)
		gone = gone ? gone : -urb->status;
	return one;
}

static void pump(int fd, unsigned long long bytes)
{
	struct usbdevfs_urb *urb = NULL;
	struct one *one;
	int i;

	for (i = 0; i < 2 * DEPTH; i++)
		if (i % 2 || !bytes || sent < bytes)
			submit(fd, &ones[i], i % 2 == 0);
	while (!gone && !wrong && (!bytes || came < bytes)) {
		urb = usbfs_reap(fd, -1);
		if (!urb) {
			gone = ENODEV;
			break;
		}
		one = take(urb);
		if (urb->endpoint == IN)
			compare(one);
		if (!gone && (urb->endpoint == IN || !bytes || sent < bytes))
			submit(fd, one, urb->endpoint == OUT);
	}
}

/* All that is still out must come, by itself or by being unlinked. */
static void finish(int fd)
{
	struct usbdevfs_urb *urb;
	int i;

	for (i = 0; i < 2 * DEPTH && !gone; i++)
		if (ones[i].busy)
			ioctl(fd, USBDEVFS_DISCARDURB, &ones[i].urb);
	while (reaped < submitted && (urb = usbfs_reap(fd, REAP_MS)))
		take(urb);
	if (reaped != submitted) {
		fprintf(stderr, "pump: %llu URBs of %llu came back\n", reaped, submitted);
		wrong = 1;
	}
}

static void tell(void)
{
	int i;

	printf("blocks %llu, urbs %llu, statuses", came / BLOCK, reaped);
	for (i = 0; i < STATUSES; i++)
		if (statuses[i])
			printf(" %s=%lu", i ? strerrorname_np(i) : "0", statuses[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct usbdevfs_disconnect_claim claim = { .interface = 0 };
	unsigned long long bytes;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: pump NODE SEED BLOCKS\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &claim)) {
		fprintf(stderr, "pump: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	seed = strtoul(argv[2], NULL, 0);
	bytes = strtoull(argv[3], NULL, 0) * BLOCK;
	pump(fd, bytes);
	finish(fd);
	tell();
	if (wrong)
		return 1;
	return bytes && came >= bytes ? 0 : 3;
}
