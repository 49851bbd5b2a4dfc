// SPDX-License-Identifier: GPL-2.0-only
/*
 * usbio - small pieces of USB traffic through usbfs, for the scenario scripts.
 *
 *   usbio echo NODE OUT IN SEED COUNT   write COUNT blocks of 4 KiB to endpoint
 *                                       OUT, read each back from endpoint IN, and
 *                                       compare; what is in them follows from SEED
 *   usbio wait NODE IN                  read from IN until that fails; print the
 *                                       errno's name ("ENODEV"), exit 0
 *   usbio ccid NODE                     PC_to_RDR_GetSlotStatus to a smart card
 *                                       reader; print the slot's status
 *
 * NODE is below /dev/bus/usb; endpoints are addresses such as 0x81, on interface
 * 0. A kernel driver that holds the interface is detached. "ready" goes to
 * stderr once the interface is claimed.
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
#define TIMEOUT_MS 20000

static int usage(void)
{
	fprintf(stderr, "usage: usbio echo NODE OUT IN SEED COUNT | usbio wait NODE IN | usbio ccid NODE\n");
	return 2;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "usbio: %s: %s\n", what, strerror(-error));
	return 1;
}

static int open_node(const char *node)
{
	struct usbdevfs_disconnect_claim c = { .interface = 0 };
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &c) < 0) {
		fail(node, -errno);
		exit(1);
	}
	fprintf(stderr, "ready\n");
	return fd;
}

/* --- echo ----------------------------------------------------------------- */

static void fill(unsigned char *block, unsigned int seed, unsigned int number)
{
	unsigned int state = seed * 2654435761u + number * 40503u + 1, i;

	for (i = 0; i < BLOCK; i++) {
		state = state * 1664525u + 1013904223u;
		block[i] = state >> 24;
	}
}

/* A loopback device may hand a block back in pieces. */
static int read_block(int fd, __u8 in, unsigned char *block)
{
	int got = 0, n;

	while (got < BLOCK) {
		n = usbfs_bulk(fd, in, block + got, BLOCK - got, TIMEOUT_MS);
		if (n < 0)
			return n;
		got += n;
	}
	return 0;
}

static int echo(int fd, __u8 out, __u8 in, unsigned int seed, unsigned int count)
{
	unsigned char sent[BLOCK], got[BLOCK];
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		fill(sent, seed, i);
		ret = usbfs_bulk(fd, out, sent, BLOCK, TIMEOUT_MS);
		if (ret != BLOCK)
			return fail("write", ret < 0 ? ret : -EIO);
		ret = read_block(fd, in, got);
		if (ret)
			return fail("read", ret);
		if (memcmp(sent, got, BLOCK)) {
			fprintf(stderr, "usbio: block %u came back with other bytes\n", i);
			return 1;
		}
	}
	printf("%u blocks came back\n", count);
	return 0;
}

/* --- wait ----------------------------------------------------------------- */

/* usbfs cuts a read with a signal or its timeout; both mean: go on. */
static int wait_for_error(int fd, __u8 in)
{
	static unsigned char buf[BLOCK];
	int ret;

	do
		ret = usbfs_bulk(fd, in, buf, sizeof(buf), 0);
	while (ret >= 0);
	printf("%s\n", strerrorname_np(-ret));
	return 0;
}

/* --- ccid ----------------------------------------------------------------- */

/* CCID 1.1, 6.1.2 and 6.2.2: message type, length, slot, sequence, status */
static int ccid(int fd, __u8 out, __u8 in)
{
	unsigned char ask[10] = { 0x65, 0, 0, 0, 0, 0, 0x2a }, answer[64];
	int ret;

	ret = usbfs_bulk(fd, out, ask, sizeof(ask), TIMEOUT_MS);
	if (ret != sizeof(ask))
		return fail("PC_to_RDR_GetSlotStatus", ret < 0 ? ret : -EIO);
	ret = usbfs_bulk(fd, in, answer, sizeof(answer), TIMEOUT_MS);
	if (ret < 0)
		return fail("RDR_to_PC_SlotStatus", ret);
	if (ret < 10 || answer[0] != 0x81 || answer[6] != 0x2a)
		return fail("RDR_to_PC_SlotStatus", -EPROTO);
	printf("slot %u status 0x%02x error 0x%02x\n", answer[5], answer[7], answer[8]);
	return 0;
}

/* The bulk endpoints of the first interface, from the descriptors in the node. */
static int find_bulk(int fd, __u8 *out, __u8 *in)
{
	unsigned char d[4096];
	ssize_t n = read(fd, d, sizeof(d)), i;

	*out = *in = 0;
	for (i = 0; i + 1 < n && d[i] >= 2; i += d[i])
		if (d[i + 1] == 5 && i + 6 < n && (d[i + 3] & 3) == 2)
			*(d[i + 2] & 0x80 ? in : out) = d[i + 2];
	return *out && *in ? 0 : -ENXIO;
}

static int run_ccid(int fd)
{
	__u8 out, in;
	int ret = find_bulk(fd, &out, &in);

	return ret ? fail("bulk endpoints", ret) : ccid(fd, out, in);
}

int main(int argc, char **argv)
{
	if (argc == 7 && !strcmp(argv[1], "echo"))
		return echo(open_node(argv[2]), strtoul(argv[3], NULL, 0),
			    strtoul(argv[4], NULL, 0), strtoul(argv[5], NULL, 0),
			    strtoul(argv[6], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "wait"))
		return wait_for_error(open_node(argv[2]), strtoul(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "ccid"))
		return run_ccid(open_node(argv[2]));
	return usage();
}
