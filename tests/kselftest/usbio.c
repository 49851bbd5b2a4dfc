// SPDX-License-Identifier: GPL-2.0-only
/*
 * usbio - small pieces of USB traffic through usbfs, for the scenario scripts.
 *
 *   usbio echo NODE SEED COUNT   write COUNT blocks of 4 KiB to a loopback
 *                                device, read each back, and compare; what is in
 *                                them follows from SEED
 *   usbio wait NODE              read until that fails; print the errno's name
 *                                ("ENODEV"), exit 0
 *   usbio ccid NODE              PC_to_RDR_GetSlotStatus to a smart card reader;
 *                                print the slot's status
 *   usbio reset NODE             usb_reset_device(); its drivers keep it
 *
 * NODE is below /dev/bus/usb; the endpoints are the device's first bulk OUT and
 * IN, its interface is 0. A kernel driver that holds it is detached. "ready" goes
 * to stderr once the interface is claimed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "usbfs.h"

#define BLOCK 4096
#define TIMEOUT_MS 20000

static int usage(void)
{
	fprintf(stderr, "usage: usbio echo NODE SEED COUNT | usbio wait NODE | usbio ccid NODE |\n"
			"       usbio reset NODE\n");
	return 2;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "usbio: %s: %s\n", what, strerror(-error));
	return 1;
}

struct device {
	int fd;
	__u8 out, in; /* bulk endpoints */
};

/* From the descriptors, which usbfs gives to whoever reads the node. */
static void find_bulk(struct device *d)
{
	unsigned char c[4096];
	ssize_t n = read(d->fd, c, sizeof(c)), i;
	__u8 *endpoint;

	for (i = 0; i + 6 < n && c[i] >= 2; i += c[i]) {
		if (c[i + 1] != USB_DT_ENDPOINT || (c[i + 3] & 3) != USB_ENDPOINT_XFER_BULK)
			continue;
		endpoint = c[i + 2] & USB_DIR_IN ? &d->in : &d->out;
		if (!*endpoint)
			*endpoint = c[i + 2];
	}
}

static struct device open_node(const char *node)
{
	struct usbdevfs_disconnect_claim c = { .interface = 0 };
	struct device d = { .fd = open(node, O_RDWR | O_CLOEXEC) };

	if (d.fd < 0 || ioctl(d.fd, USBDEVFS_DISCONNECT_CLAIM, &c) < 0)
		exit(fail(node, -errno));
	find_bulk(&d);
	if (!d.in || !d.out)
		exit(fail("bulk endpoints", -ENXIO));
	fprintf(stderr, "ready\n");
	return d;
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
static int read_block(const struct device *d, unsigned char *block)
{
	int got = 0, n;

	while (got < BLOCK) {
		n = usbfs_bulk(d->fd, d->in, block + got, BLOCK - got, TIMEOUT_MS);
		if (n < 0)
			return n;
		got += n;
	}
	return 0;
}

static int echo(const struct device *d, unsigned int seed, unsigned int count)
{
	unsigned char sent[BLOCK], got[BLOCK];
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		fill(sent, seed, i);
		ret = usbfs_bulk(d->fd, d->out, sent, BLOCK, TIMEOUT_MS);
		if (ret != BLOCK)
			return fail("write", ret < 0 ? ret : -EIO);
		ret = read_block(d, got);
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

static int wait_for_error(const struct device *d)
{
	static unsigned char buf[BLOCK];
	int ret;

	do
		ret = usbfs_bulk(d->fd, d->in, buf, sizeof(buf), 0);
	while (ret >= 0);
	printf("%s\n", strerrorname_np(-ret));
	return 0;
}

/* --- ccid ----------------------------------------------------------------- */

/* CCID 1.1, 6.1.2 and 6.2.2: message type, length, slot, sequence, status */
static int ccid(const struct device *d)
{
	unsigned char ask[10] = { 0x65, 0, 0, 0, 0, 0, 0x2a }, answer[64];
	int ret;

	ret = usbfs_bulk(d->fd, d->out, ask, sizeof(ask), TIMEOUT_MS);
	if (ret != sizeof(ask))
		return fail("PC_to_RDR_GetSlotStatus", ret < 0 ? ret : -EIO);
	ret = usbfs_bulk(d->fd, d->in, answer, sizeof(answer), TIMEOUT_MS);
	if (ret < 0)
		return fail("RDR_to_PC_SlotStatus", ret);
	if (ret < 10 || answer[0] != 0x81 || answer[6] != 0x2a)
		return fail("RDR_to_PC_SlotStatus", -EPROTO);
	printf("slot %u status 0x%02x error 0x%02x\n", answer[5], answer[7], answer[8]);
	return 0;
}

/* --- reset ---------------------------------------------------------------- */

/* Claims nothing: the drivers of the interfaces see the reset. */
static int reset(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);
	int ret = fd < 0 ? -errno : usbfs_reset(fd);

	return ret ? fail(node, ret) : 0;
}

int main(int argc, char **argv)
{
	struct device d;

	if (argc < 3)
		return usage();
	if (argc == 5 && !strcmp(argv[1], "echo")) {
		d = open_node(argv[2]);
		return echo(&d, strtoul(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
	}
	if (argc == 3 && !strcmp(argv[1], "wait")) {
		d = open_node(argv[2]);
		return wait_for_error(&d);
	}
	if (argc == 3 && !strcmp(argv[1], "ccid")) {
		d = open_node(argv[2]);
		return ccid(&d);
	}
	if (argc == 3 && !strcmp(argv[1], "reset"))
		return reset(argv[2]);
	return usage();
}
