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
 *   usbio control NODE TYPE REQUEST VALUE INDEX [LENGTH]
 *                                one control transfer; print what an IN brought,
 *                                in hex, or "-" and the errno's name, exit 1
 *   usbio interface NODE ALTERNATE
 *                                choose an altsetting of interface 0, and print which one the
 *                                device says it is, and which endpoints of 0x01, 0x81, 0x02,
 *                                0x82 take a transfer there: an IN reads what the OUT before
 *                                it wrote
 *   usbio halt NODE              halt the first bulk IN, see that it stalls, clear
 *                                it by USBDEVFS_CLEAR_HALT; print the two errnos
 *
 * NODE is below /dev/bus/usb; the endpoints are the device's first bulk OUT and
 * IN, its interface is 0. A kernel driver that holds it is detached. "ready" goes
 * to stderr once the interface is claimed. reset and control claim nothing.
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
	fprintf(stderr, "usage: usbio echo NODE SEED COUNT | usbio wait|ccid|reset|halt NODE |\n"
			"  usbio control NODE TYPE REQUEST VALUE INDEX [LENGTH] |\n"
			"  usbio interface NODE ALTERNATE\n");
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

/* --- state ---------------------------------------------------------------- */

static int plain_open(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		exit(fail(node, -errno));
	return fd;
}

static int number(const char *text)
{
	return strtoul(text, NULL, 0);
}

static int control(int fd, char **args, int length)
{
	unsigned char data[4096];
	int n, i;

	n = usbfs_control(fd, number(args[0]), number(args[1]), number(args[2]), number(args[3]),
			  data, length, TIMEOUT_MS);
	if (n < 0) {
		printf("-%s\n", strerrorname_np(-n));
		return 1;
	}
	for (i = 0; i < n; i++)
		printf("%02x", data[i]);
	printf("\n");
	return 0;
}

/* What the device itself says, not this kernel. */
static int print_altsetting(const struct device *d)
{
	unsigned char alternate;
	int ret = usbfs_control(d->fd, USB_DIR_IN | USB_RECIP_INTERFACE, USB_REQ_GET_INTERFACE, 0,
				0, &alternate, 1, TIMEOUT_MS);

	if (ret != 1)
		return fail("GET_INTERFACE", ret < 0 ? ret : -EIO);
	printf("%u: ", alternate);
	return 0;
}

/* One by one: what an endpoint does that is not there, usbfs says. */
static int interface(const struct device *d, int alternate)
{
	static const __u8 endpoints[] = { 0x01, 0x81, 0x02, 0x82 };
	unsigned char data[512] = {};
	unsigned int i;
	int ret = usbfs_set_interface(d->fd, 0, alternate);

	if (ret)
		return fail("SET_INTERFACE", ret);
	ret = print_altsetting(d);
	if (ret)
		return ret;
	for (i = 0; i < sizeof(endpoints); i++) {
		ret = usbfs_bulk(d->fd, endpoints[i], data, endpoints[i] & USB_DIR_IN ? 512 : 8,
				 1000);
		if (ret > 0)
			printf("%02x ", endpoints[i]);
	}
	printf("\n");
	return 0;
}

/* SET_FEATURE(ENDPOINT_HALT), as usbtest does it. */
static int halt(const struct device *d)
{
	unsigned char data[512];
	unsigned int endpoint = d->in;
	int ret;

	ret = usbfs_control(d->fd, USB_RECIP_ENDPOINT, USB_REQ_SET_FEATURE, USB_ENDPOINT_HALT,
			    d->in, NULL, 0, TIMEOUT_MS);
	if (ret < 0)
		return fail("SET_FEATURE", ret);
	ret = usbfs_bulk(d->fd, d->in, data, sizeof(data), TIMEOUT_MS);
	printf("%s ", ret < 0 ? strerrorname_np(-ret) : "0");
	ret = ioctl(d->fd, USBDEVFS_CLEAR_HALT, &endpoint);
	printf("%s\n", ret < 0 ? strerrorname_np(errno) : "0");
	return 0;
}

static int main_state(int argc, char **argv)
{
	struct device d;
	int ret;

	if (argc == 3 && !strcmp(argv[1], "reset")) {
		ret = usbfs_reset(plain_open(argv[2]));
		return ret < 0 ? fail("reset", ret) : 0;
	}
	if ((argc == 7 || argc == 8) && !strcmp(argv[1], "control"))
		return control(plain_open(argv[2]), argv + 3, argc == 8 ? number(argv[7]) : 0);
	if (argc == 4 && !strcmp(argv[1], "interface")) {
		d = open_node(argv[2]);
		return interface(&d, number(argv[3]));
	}
	if (argc == 3 && !strcmp(argv[1], "halt")) {
		d = open_node(argv[2]);
		return halt(&d);
	}
	return usage();
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
	return main_state(argc, argv);
}
