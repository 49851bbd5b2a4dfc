// SPDX-License-Identifier: GPL-2.0-only
/*
 * usberrors - what a device's transfers come to when they do not go well, as
 * the kernel tells it: one line per case, with the errno's name and the bytes
 * moved. Run on a device and on the same one through Suburb, it prints the same.
 *
 *   usberrors table NODE   needs a source that gives 100 bytes at a time and a
 *                          sink, on interface 0, and an interrupt IN that
 *                          nobody serves on interface 1 (gadget.sh:
 *                          sourcesink:short hid)
 *   usberrors disk NODE    a mass storage device (Bulk-Only Transport), whose
 *                          driver gets it back afterwards
 *   usberrors gone NODE    waits for the device to go, with a read on its way
 *   usberrors load NODE N DEPTH
 *                          N reads from the source, DEPTH (up to 32) at a time;
 *                          for counting what they cost
 *
 * The first word of a line is the result of handing the URB over, if that was
 * refused; else its status.
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

#define WAIT_MS 8000
#define MAX_DEPTH 32

struct device {
	int fd;
	__u8 in, out;	/* bulk */
	__u8 interrupt; /* IN */
};

static struct device d;
static unsigned char data[4096 + 8];

static int fail(const char *what, int error)
{
	fprintf(stderr, "usberrors: %s: %s\n", what, strerror(-error));
	return 1;
}

/* From the descriptors, which usbfs gives to whoever reads the node. */
static void find_endpoints(void)
{
	unsigned char c[4096];
	ssize_t n = read(d.fd, c, sizeof(c)), i;

	for (i = 0; i + 6 < n && c[i] >= 2; i += c[i]) {
		__u8 type = c[i + 3] & USB_ENDPOINT_XFERTYPE_MASK, address = c[i + 2];
		__u8 *endpoint = address & USB_DIR_IN ? &d.in : &d.out;

		if (c[i + 1] != USB_DT_ENDPOINT)
			continue;
		if (type == USB_ENDPOINT_XFER_INT && address & USB_DIR_IN)
			endpoint = &d.interrupt;
		else if (type != USB_ENDPOINT_XFER_BULK)
			continue;
		if (!*endpoint)
			*endpoint = address;
	}
}

static int open_node(const char *node, unsigned int interfaces)
{
	d.fd = open(node, O_RDWR | O_CLOEXEC);
	if (d.fd < 0)
		return fail(node, -errno);
	for (unsigned int i = 0; i < interfaces; i++) {
		struct usbdevfs_disconnect_claim c = { .interface = i };

		if (ioctl(d.fd, USBDEVFS_DISCONNECT_CLAIM, &c) < 0)
			return fail("claim", -errno);
	}
	find_endpoints();
	if (!d.in || !d.out || (interfaces > 1 && !d.interrupt))
		return fail("endpoints", -ENXIO);
	return 0;
}

/* A claim that ends leaves the interface without a driver. */
static void give_back(void)
{
	struct usbdevfs_ioctl connect = { .ioctl_code = USBDEVFS_CONNECT };
	unsigned int interface = 0;

	ioctl(d.fd, USBDEVFS_RELEASEINTERFACE, &interface);
	ioctl(d.fd, USBDEVFS_IOCTL, &connect);
}

/* --- one case ------------------------------------------------------------- */

static const char *name_of(int error)
{
	return error < 0 ? strerrorname_np(-error) : "OK";
}

static void tell(const char *what, int status, int moved)
{
	printf("%-44s %s %d\n", what, name_of(status), moved);
	fflush(stdout);
}

static void tell_call(const char *what, int ret)
{
	tell(what, ret < 0 ? ret : 0, ret < 0 ? 0 : ret);
}

static void transfer(const char *what, __u8 type, __u8 endpoint, unsigned int flags, int length)
{
	struct usbdevfs_urb urb = { .flags = flags }, *done;
	int ret = usbfs_submit(d.fd, &urb, type, endpoint, data, length);

	if (ret < 0) {
		tell(what, ret, 0);
		return;
	}
	done = usbfs_reap(d.fd, WAIT_MS);
	if (!done) {
		ioctl(d.fd, USBDEVFS_DISCARDURB, &urb);
		usbfs_reap(d.fd, WAIT_MS);
	}
	tell(what, done ? urb.status : -ETIMEDOUT, urb.actual_length);
}

static void bulk_in(const char *what, unsigned int flags, int length)
{
	transfer(what, USBDEVFS_URB_TYPE_BULK, d.in, flags, length);
}

static void bulk_out(const char *what, unsigned int flags, int length)
{
	memset(data, 0, length); /* all that the sink does not stall */
	transfer(what, USBDEVFS_URB_TYPE_BULK, d.out, flags, length);
}

static void control(const char *what, unsigned int flags, __u8 type, __u8 request, __u16 value,
		    __u16 index, __u16 length)
{
	struct usb_ctrlrequest setup = { type, request, value, index, length };

	memcpy(data, &setup, sizeof(setup));
	transfer(what, USBDEVFS_URB_TYPE_CONTROL, 0, flags, 8 + length);
}

/* --- the table ------------------------------------------------------------ */

static void controls(void)
{
	control("control", 0, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, USB_DT_DEVICE << 8, 0, 18);
	control("control, short", 0, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, USB_DT_DEVICE << 8, 0, 64);
	control("control, short is an error", USBDEVFS_URB_SHORT_NOT_OK, USB_DIR_IN,
		USB_REQ_GET_DESCRIPTOR, USB_DT_DEVICE << 8, 0, 64);
	control("no such descriptor", 0, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, 0x5500, 0, 64);
	control("no such vendor request", 0, USB_DIR_IN | USB_TYPE_VENDOR, 0x99, 0, 0, 8);
	control("no such vendor request, no data", 0, USB_TYPE_VENDOR, 0x99, 0, 0, 0);
	control("no such class request", 0, USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE, 0x99,
		0, 1, 8);
	control("after them", 0, USB_DIR_IN, USB_REQ_GET_STATUS, 0, 0, 2);
}

static void reads(void)
{
	bulk_in("read, short", 0, 4096);
	bulk_in("read, short is an error", USBDEVFS_URB_SHORT_NOT_OK, 4096);
	bulk_in("read, exact, short is an error", USBDEVFS_URB_SHORT_NOT_OK, 100);
	bulk_in("read, nothing asked", 0, 0);
	bulk_in("read, too small a buffer", 0, 64);
	bulk_in("read after that", 0, 4096);
}

static void writes(void)
{
	bulk_out("write", 0, 100);
	bulk_out("write, full packets", 0, 2048);
	bulk_out("write, full packets and an empty one", USBDEVFS_URB_ZERO_PACKET, 2048);
	bulk_out("write nothing", 0, 0);
}

static void halt(const char *name, __u8 endpoint, void (*use)(const char *, unsigned int, int))
{
	unsigned int address = endpoint;
	char what[64];

	snprintf(what, sizeof(what), "%s: set halt", name);
	control(what, 0, USB_RECIP_ENDPOINT, USB_REQ_SET_FEATURE, USB_ENDPOINT_HALT, endpoint, 0);
	snprintf(what, sizeof(what), "%s: is halted", name);
	control(what, 0, USB_DIR_IN | USB_RECIP_ENDPOINT, USB_REQ_GET_STATUS, 0, endpoint, 2);
	snprintf(what, sizeof(what), "%s: used", name);
	use(what, 0, 100);
	snprintf(what, sizeof(what), "%s: used again", name);
	use(what, 0, 100);
	snprintf(what, sizeof(what), "%s: cleared", name);
	tell_call(what, ioctl(d.fd, USBDEVFS_CLEAR_HALT, &address) < 0 ? -errno : 0);
	snprintf(what, sizeof(what), "%s: used after it", name);
	use(what, 0, 100);
	snprintf(what, sizeof(what), "%s: once more", name);
	use(what, 0, 100);
}

static void state(void)
{
	tell_call("no such configuration",
		  usbfs_control(d.fd, 0, USB_REQ_SET_CONFIGURATION, 77, 0, NULL, 0, WAIT_MS));
	tell_call("no such endpoint to clear",
		  usbfs_control(d.fd, 2, USB_REQ_CLEAR_FEATURE, 0, 0x8e, NULL, 0, WAIT_MS));
	transfer("no such endpoint", USBDEVFS_URB_TYPE_BULK, 0x8e, 0, 64);
	tell_call("timeout", usbfs_bulk(d.fd, d.interrupt, data, 64, 200));
}

static void cancel(void)
{
	struct usbdevfs_urb urb = { 0 };
	int ret = usbfs_submit(d.fd, &urb, USBDEVFS_URB_TYPE_INTERRUPT, d.interrupt, data, 64);

	if (ret < 0) {
		tell("cancelled", ret, 0);
		return;
	}
	usleep(200000);
	tell_call("cancel", ioctl(d.fd, USBDEVFS_DISCARDURB, &urb) < 0 ? -errno : 0);
	tell("cancelled", usbfs_reap(d.fd, WAIT_MS) ? urb.status : -ETIMEDOUT, urb.actual_length);
	bulk_in("another endpoint after it", 0, 100);
}

static int table(void)
{
	controls();
	reads();
	writes();
	halt("in", d.in, bulk_in);
	halt("out", d.out, bulk_out);
	state();
	cancel();
	return 0;
}

/* --- a disk --------------------------------------------------------------- */

/* Bulk-Only Transport 1.0, 5.1; a command of 6 bytes that reads */
static void command(const char *what, __u8 opcode, __u8 length)
{
	unsigned char wrapper[31] = {
		'U', 'S', 'B',	'C', 1, 2,	3, 4, length, 0,
		0,   0,	  0x80, 0,   6, opcode, 0, 0, 0,      length,
	};
	char text[64];

	snprintf(text, sizeof(text), "%s: command", what);
	memcpy(data, wrapper, sizeof(wrapper));
	transfer(text, USBDEVFS_URB_TYPE_BULK, d.out, 0, sizeof(wrapper));
}

static int disk(void)
{
	unsigned int address = d.out;

	controls();
	command("test unit ready", 0x00, 0);
	bulk_in("status, short", 0, 512);
	command("inquiry", 0x12, 36);
	bulk_in("data", 0, 36);
	bulk_in("status", 0, 13);
	command("inquiry", 0x12, 36);
	bulk_in("data, short is an error", USBDEVFS_URB_SHORT_NOT_OK, 1024);
	bulk_in("status, short is an error", USBDEVFS_URB_SHORT_NOT_OK, 512);
	bulk_out("no command", 0, 10);
	tell_call("cleared", ioctl(d.fd, USBDEVFS_CLEAR_HALT, &address) < 0 ? -errno : 0);
	command("after it", 0x00, 0);
	bulk_in("status", 0, 13);
	command("too small a buffer", 0x00, 0);
	bulk_in("status", 0, 8);
	address = d.in;
	tell_call("cleared", ioctl(d.fd, USBDEVFS_CLEAR_HALT, &address) < 0 ? -errno : 0);
	bulk_in("status", 0, 13);
	tell_call("timeout", usbfs_bulk(d.fd, d.in, data, 64, 200));
	command("after it", 0x00, 0);
	bulk_in("status", 0, 13);
	give_back();
	return 0;
}

/* --- gone ----------------------------------------------------------------- */

static int gone(void)
{
	struct usbdevfs_urb urb = { 0 }, *done;
	int ret = usbfs_submit(d.fd, &urb, USBDEVFS_URB_TYPE_INTERRUPT, d.interrupt, data, 64);

	if (ret < 0)
		return fail("read", ret);
	fprintf(stderr, "ready\n");
	done = usbfs_reap(d.fd, 30000);
	tell("read while it goes", done ? urb.status : -ETIMEDOUT, urb.actual_length);
	usleep(500000);
	bulk_in("read when it has gone", 0, 100);
	return 0;
}

/* --- load ----------------------------------------------------------------- */

static int load(unsigned int reads_wanted, unsigned int depth)
{
	static struct usbdevfs_urb urbs[MAX_DEPTH];
	static unsigned char buffers[MAX_DEPTH][100];
	unsigned int sent = 0, done = 0;
	struct usbdevfs_urb *urb;
	int ret;

	while (done < reads_wanted) {
		while (sent < reads_wanted && sent - done < depth) {
			urb = &urbs[sent % depth];
			ret = usbfs_submit(d.fd, urb, USBDEVFS_URB_TYPE_BULK, d.in,
					   buffers[sent % depth], 100);
			if (ret < 0)
				return fail("submit", ret);
			sent++;
		}
		urb = usbfs_reap(d.fd, WAIT_MS);
		if (!urb || urb->status)
			return fail("read", urb ? urb->status : -ETIMEDOUT);
		done++;
	}
	printf("%u reads\n", done);
	return 0;
}

static unsigned int depth_of(const char *text)
{
	unsigned int depth = strtoul(text, NULL, 0);

	return depth < 1 ? 1 : depth > MAX_DEPTH ? MAX_DEPTH : depth;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "table"))
		return open_node(argv[2], 2) ?: table();
	if (argc == 3 && !strcmp(argv[1], "disk"))
		return open_node(argv[2], 1) ?: disk();
	if (argc == 3 && !strcmp(argv[1], "gone"))
		return open_node(argv[2], 2) ?: gone();
	if (argc == 5 && !strcmp(argv[1], "load"))
		return open_node(argv[2], 2) ?: load(strtoul(argv[3], NULL, 0), depth_of(argv[4]));
	fprintf(stderr, "usage: usberrors table|disk|gone NODE | usberrors load NODE N DEPTH\n");
	return 2;
}
