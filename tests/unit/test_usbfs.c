/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/backend/usbfs_access.c exporter/backend/usbfs_transfer.c exporter/log.c */
/*
 * usbfs' access on a kernel made of a few lines: ioctl() is ours, the device's
 * node is a FIFO that can be written to when there is something to reap.
 *
 * What the real kernel makes of these calls is for the scenarios in a VM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#ifdef __linux__

#include "exporter/backend/usbfs.h"
#include "exporter/log.h"

#define MAX_URBS 16
#define CAPABILITIES (USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM | \
		      USBDEVFS_CAP_REAP_AFTER_DISCONNECT)

/* --- the kernel ----------------------------------------------------------- */

/**
 * struct kernel - see above
 * @urbs: submitted
 * @completed: to be reaped
 * @refuse: error of the submit at this index
 * @gone: the device has left: nothing but reaping works
 * @log: claims and the like, a letter and a digit each
 */
static struct kernel {
	uint32_t capabilities;
	struct usbdevfs_urb *urbs[MAX_URBS];
	size_t count;
	struct usbdevfs_urb *completed[MAX_URBS];
	size_t completed_count;
	unsigned int reaps;
	unsigned int discards;
	unsigned int submits;
	unsigned int refuse_at;
	int refuse;
	bool gone;
	const char *driver;
	int busy_claims;
	uint8_t streams[32];
	char log[64];
} kernel;

static const char *fifo;
static int fifo_fd = -1;
static unsigned int losses;

static void ready(bool is_ready)
{
	static uint8_t bytes[65536];

	/* Full to the brim: it cannot be written to. */
	if (is_ready)
		while (read(fifo_fd, bytes, sizeof(bytes)) > 0)
			;
	else
		while (write(fifo_fd, bytes, sizeof(bytes)) > 0)
			;
}

static void complete(struct usbdevfs_urb *urb, int status, int actual_length)
{
	size_t i = 0;

	while (kernel.urbs[i] != urb)
		assert_true(++i < kernel.count);
	kernel.count--;
	memmove(&kernel.urbs[i], &kernel.urbs[i + 1], (kernel.count - i) * sizeof(urb));
	urb->status = status;
	urb->actual_length = actual_length;
	kernel.completed[kernel.completed_count++] = urb;
	ready(true);
}

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static int submit(struct usbdevfs_urb *urb)
{
	if (kernel.refuse && kernel.submits == kernel.refuse_at)
		return fail_with(kernel.refuse);
	kernel.submits++;
	assert_true(kernel.count < MAX_URBS);
	kernel.urbs[kernel.count++] = urb;
	return 0;
}

static int reap(struct usbdevfs_urb **urb)
{
	kernel.reaps++;
	if (!kernel.completed_count) {
		if (!kernel.gone)
			ready(false);
		return fail_with(kernel.gone ? ENODEV : EAGAIN);
	}
	*urb = kernel.completed[0];
	memmove(kernel.completed, kernel.completed + 1, --kernel.completed_count * sizeof(*urb));
	if (!kernel.completed_count && !kernel.gone)
		ready(false);
	return 0;
}

static int discard(struct usbdevfs_urb *urb)
{
	for (size_t i = 0; i < kernel.count; i++) {
		if (kernel.urbs[i] != urb)
			continue;
		kernel.discards++;
		complete(urb, -ENOENT, urb->actual_length);
		return 0;
	}
	return fail_with(EINVAL);
}

static void note(char letter, unsigned int number)
{
	size_t n = strlen(kernel.log);

	snprintf(kernel.log + n, sizeof(kernel.log) - n, "%c%u ", letter, number);
}

static int driver_call(const struct usbdevfs_ioctl *command)
{
	note(command->ioctl_code == USBDEVFS_CONNECT ? 'c' : 'd', (unsigned int)command->ifno);
	return 0;
}

static int claim(unsigned int interface)
{
	note('C', interface);
	return kernel.busy_claims-- > 0 ? fail_with(EBUSY) : 0;
}

static int device_call(unsigned long request, void *arg)
{
	switch (request) {
	case USBDEVFS_SUBMITURB:
		return submit(arg);
	case USBDEVFS_DISCARDURB:
		return discard(arg);
	case USBDEVFS_GET_CAPABILITIES:
		*(uint32_t *)arg = kernel.capabilities;
		return 0;
	case USBDEVFS_CLAIMINTERFACE:
		return claim(*(unsigned int *)arg);
	case USBDEVFS_RELEASEINTERFACE:
		note('R', *(unsigned int *)arg);
		return 0;
	case USBDEVFS_RESET:
		note('!', 0);
		return 0;
	case USBDEVFS_SETCONFIGURATION:
		note('=', *(unsigned int *)arg);
		return 0;
	case USBDEVFS_GETDRIVER:
		if (!kernel.driver)
			return fail_with(ENODATA);
		strcpy(((struct usbdevfs_getdriver *)arg)->driver, kernel.driver);
		return 0;
	case USBDEVFS_IOCTL:
		return driver_call(arg);
	case USBDEVFS_ALLOC_STREAMS:
		memcpy(kernel.streams, arg, sizeof(struct usbdevfs_streams) + 2);
		return 7;
	default:
		fail_msg("ioctl %#lx", request);
		return -1;
	}
}

/* libuv has calls of its own. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != 'U')
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (request == USBDEVFS_REAPURBNDELAY)
		return reap(arg);
	return kernel.gone ? fail_with(ENODEV) : device_call(request, arg);
}

/* --- a device on it ------------------------------------------------------- */

const char *usb_info_node(const struct usb_device *device, char node[USB_NODE_SIZE])
{
	snprintf(node, USB_NODE_SIZE, "%s", fifo);
	return node;
}

static void on_lost(struct usb_device *device)
{
	losses++;
}

static uv_loop_t loop;
static struct usb_backend backend = { .loop = &loop, .lost = on_lost };
static struct usb_device device = { .usb = &backend };

static int setup(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.capabilities = CAPABILITIES;
	losses = 0;
	uv_loop_init(&loop);
	assert_int_equal(usb_access_usbfs.open(&device), 0);
	fifo_fd = dup(device.usbfs->fd);
	ready(false);
	usb_access_usbfs.resume(&device);
	return 0;
}

static void run(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
}

static int teardown(void **state)
{
	assert_int_equal(kernel.count, 0);
	usb_access_usbfs.close(&device);
	run();
	assert_int_equal(uv_loop_close(&loop), 0);
	ready(true);
	close(fifo_fd);
	return 0;
}

static void on_done(struct backend_transfer *transfer)
{
	++*(unsigned int *)transfer->owner;
}

static unsigned int done;

static struct backend_transfer transfer_to(uint8_t endpoint, uint8_t type, uint32_t length)
{
	static uint8_t memory[USB_SETUP_SIZE + 200000];
	struct backend_transfer transfer = {
		.endpoint = endpoint,
		.type = type,
		.buffer = length ? memory + USB_SETUP_SIZE : NULL,
		.length = length,
		.done = on_done,
		.owner = &done,
		.actual_length = 77, /* of a life before */
	};

	done = 0;
	return transfer;
}

static void submit_ok(struct backend_transfer *transfer)
{
	assert_int_equal(usb_access_usbfs.submit(&device, transfer), 0);
	assert_int_equal(done, 0);
}

/* --- one URB -------------------------------------------------------------- */

static void control(void **state)
{
	struct backend_transfer transfer = transfer_to(0x80, 0, 18);
	struct usbdevfs_urb *urb;

	memcpy(transfer.setup, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	submit_ok(&transfer);
	urb = kernel.urbs[0];
	assert_int_equal(urb->type, USBDEVFS_URB_TYPE_CONTROL);
	assert_int_equal(urb->flags, 0);
	assert_int_equal(urb->buffer_length, 26);
	assert_memory_equal(urb->buffer, transfer.setup, 8);
	assert_ptr_equal((uint8_t *)urb->buffer + 8, transfer.buffer);
	complete(urb, 0, 18);
	run();
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, 0);
	assert_int_equal(transfer.actual_length, 18);
}

static void control_without_data(void **state)
{
	struct backend_transfer transfer = transfer_to(0x00, 0, 0);

	memcpy(transfer.setup, "\x21\x0a\x00\x00\x00\x00\x00\x00", 8);
	transfer.short_not_ok = true;
	transfer.zero_packet = true;
	submit_ok(&transfer);
	assert_int_equal(kernel.urbs[0]->flags, 0);
	assert_int_equal(kernel.urbs[0]->buffer_length, 8);
	assert_memory_equal(kernel.urbs[0]->buffer, transfer.setup, 8);
	complete(kernel.urbs[0], -EPIPE, 0);
	run();
	assert_int_equal(transfer.status, -SUBURB_EPIPE);
}

static void flags_that_make_sense(void **state)
{
	static const struct {
		uint8_t endpoint, type;
		unsigned int flags;
	} cases[] = {
		{ 0x80, 0, USBDEVFS_URB_SHORT_NOT_OK }, { 0x00, 0, 0 },
		{ 0x81, 2, USBDEVFS_URB_SHORT_NOT_OK }, { 0x01, 2, USBDEVFS_URB_ZERO_PACKET },
		{ 0x81, 3, USBDEVFS_URB_SHORT_NOT_OK }, { 0x01, 3, USBDEVFS_URB_ZERO_PACKET },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct backend_transfer transfer =
			transfer_to(cases[i].endpoint, cases[i].type, 64);

		transfer.short_not_ok = true;
		transfer.zero_packet = true;
		submit_ok(&transfer);
		assert_int_equal(kernel.urbs[0]->flags, cases[i].flags);
		assert_int_equal(kernel.urbs[0]->endpoint, cases[i].endpoint);
		complete(kernel.urbs[0], 0, 64);
		run();
		assert_int_equal(done, 1);
	}
	device.usbfs->capabilities &= ~(uint32_t)USBDEVFS_CAP_ZERO_PACKET;
	{
		struct backend_transfer transfer = transfer_to(0x01, 2, 64);

		transfer.zero_packet = true;
		submit_ok(&transfer);
		assert_int_equal(kernel.urbs[0]->flags, 0);
		complete(kernel.urbs[0], 0, 64);
		run();
	}
}

static void quirk_27_every_errno(void **state)
{
	static const struct {
		int error;
		int32_t status;
	} cases[] = {
		{ 0, 0 },
		{ EPIPE, -SUBURB_EPIPE },
		{ EREMOTEIO, -SUBURB_EREMOTEIO },
		{ EOVERFLOW, -SUBURB_EOVERFLOW },
		{ ETIME, -SUBURB_ETIME },
		{ EPROTO, -SUBURB_EPROTO },
		{ EILSEQ, -SUBURB_EILSEQ },
		{ ENODEV, -SUBURB_ENODEV },
		{ ESHUTDOWN, -SUBURB_ESHUTDOWN },
		{ ETIMEDOUT, -SUBURB_ETIMEDOUT },
		{ ECOMM, -SUBURB_ECOMM },
		{ ENOSR, -SUBURB_ENOSR },
		{ ENOENT, -SUBURB_ESHUTDOWN }, /* killed, and not by us */
		{ ECONNRESET, -SUBURB_ESHUTDOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct backend_transfer transfer = transfer_to(0x81, 2, 64);

		submit_ok(&transfer);
		complete(kernel.urbs[0], -cases[i].error, 5);
		run();
		assert_int_equal(transfer.status, cases[i].status);
		assert_int_equal(transfer.actual_length, 5);
	}
}

static void refused(void **state)
{
	static const struct {
		int error, status;
	} cases[] = {
		{ ENOMEM, -SUBURB_ENOMEM }, { ENOENT, -SUBURB_ENOENT }, { ENOSPC, -SUBURB_ENOSPC },
		{ EINVAL, -SUBURB_EINVAL }, { EMSGSIZE, -SUBURB_EMSGSIZE },
		{ ESHUTDOWN, -SUBURB_ESHUTDOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct backend_transfer transfer = transfer_to(0x81, 2, 64);

		kernel.refuse = cases[i].error;
		assert_int_equal(usb_access_usbfs.submit(&device, &transfer), cases[i].status);
		usb_access_usbfs.cancel(&device, &transfer);
	}
	run();
	assert_int_equal(done + kernel.discards, 0);
}

static void request_to_an_interface_that_is_not_there(void **state)
{
	static const int errors[] = { ENOENT, EINVAL };

	for (size_t i = 0; i < 2; i++) {
		struct backend_transfer transfer = transfer_to(0x80, 0, 2);

		kernel.refuse = errors[i];
		assert_int_equal(usb_access_usbfs.submit(&device, &transfer), -SUBURB_EPIPE);
	}
}

static void cancelled(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 3, 64);

	submit_ok(&transfer);
	kernel.urbs[0]->actual_length = 12; /* bytes moved until then count */
	usb_access_usbfs.cancel(&device, &transfer);
	assert_int_equal(done, 0); /* never from within a call */
	run();
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, -SUBURB_ECONNRESET);
	assert_int_equal(transfer.actual_length, 12);
}

static void cancelled_too_late(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 3, 64);

	submit_ok(&transfer);
	complete(kernel.urbs[0], 0, 64);
	usb_access_usbfs.cancel(&device, &transfer);
	run();
	assert_int_equal(transfer.status, 0);
	assert_int_equal(transfer.actual_length, 64);
	usb_access_usbfs.cancel(&device, &transfer);
	assert_int_equal(kernel.discards, 0);
}

static void many_completions_in_one_go(void **state)
{
	struct backend_transfer transfers[8];

	for (int i = 0; i < 8; i++) {
		transfers[i] = transfer_to(0x81, 2, 64);
		submit_ok(&transfers[i]);
	}
	for (int i = 0; i < 5; i++)
		complete(kernel.urbs[0], 0, 1);
	run();
	assert_int_equal(done, 5);
	assert_int_equal(kernel.reaps, 6); /* the last one says that there are no more */
	for (int i = 0; i < 3; i++)
		complete(kernel.urbs[0], 0, 1);
	run();
	assert_int_equal(done, 8);
	assert_int_equal(kernel.reaps, 9); /* nothing is there that could be asked for */
	run();
	assert_int_equal(kernel.reaps, 9);
}

static void stream_id(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 2, 64);

	transfer.stream_id = 5;
	submit_ok(&transfer);
	assert_int_equal(kernel.urbs[0]->stream_id, 5);
	complete(kernel.urbs[0], 0, 64);
	run();
	assert_int_equal(done, 1);
}

/* --- isochronous ---------------------------------------------------------- */

static struct suburb_iso packets[1024];

static struct backend_transfer iso_transfer(uint32_t count)
{
	struct backend_transfer transfer = transfer_to(0x83, 1, count * 10);

	for (uint32_t i = 0; i < count; i++)
		packets[i] = (struct suburb_iso){ i * 10, 10, 0, 0 };
	transfer.packets = count;
	transfer.iso = packets;
	return transfer;
}

static void complete_iso(struct usbdevfs_urb *urb, int errors)
{
	int moved = 0;

	for (int i = 0; i < urb->number_of_packets; i++) {
		bool bad = i < errors;

		urb->iso_frame_desc[i].actual_length = bad ? 0 : 9;
		urb->iso_frame_desc[i].status = bad ? (unsigned int)-EXDEV : 0;
		moved += bad ? 0 : 9;
	}
	urb->error_count = errors;
	complete(urb, 0, moved);
}

static void iso(void **state)
{
	struct backend_transfer transfer = iso_transfer(8);
	struct usbdevfs_urb *urb;

	transfer.iso_asap = true;
	transfer.short_not_ok = true;
	transfer.start_frame = 5;
	submit_ok(&transfer);
	urb = kernel.urbs[0];
	assert_int_equal(urb->type, USBDEVFS_URB_TYPE_ISO);
	assert_int_equal(urb->flags, USBDEVFS_URB_ISO_ASAP);
	assert_int_equal(urb->start_frame, 5);
	assert_int_equal(urb->number_of_packets, 8);
	assert_int_equal(urb->buffer_length, 80);
	assert_int_equal(urb->iso_frame_desc[7].length, 10);
	complete_iso(urb, 2);
	run();
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, 0);
	assert_int_equal(transfer.actual_length, 54);
	assert_int_equal(transfer.error_count, 2);
	assert_int_equal(packets[1].status, -SUBURB_EXDEV);
	assert_int_equal(packets[2].status, 0);
	assert_int_equal(packets[2].actual_length, 9);
}

static void more_packets_than_one_urb_takes(void **state)
{
	struct backend_transfer transfer = iso_transfer(1024);

	submit_ok(&transfer);
	assert_int_equal(kernel.count, 8);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(kernel.urbs[i]->flags, 0);
		assert_int_equal(kernel.urbs[i]->number_of_packets, 128);
		assert_ptr_equal(kernel.urbs[i]->buffer, transfer.buffer + i * 1280);
	}
	complete_iso(kernel.urbs[3], 1);
	run();
	while (kernel.count) {
		assert_int_equal(done, 0);
		complete_iso(kernel.urbs[0], 0);
		run();
	}
	assert_int_equal(done, 1);
	assert_int_equal(transfer.actual_length, 1023 * 9);
	assert_int_equal(transfer.error_count, 1);
	assert_int_equal(packets[3 * 128].status, -SUBURB_EXDEV);
	assert_int_equal(packets[1023].actual_length, 9);
}

static void odd_packets_in_the_last_part(void **state)
{
	struct backend_transfer transfer = iso_transfer(130);

	submit_ok(&transfer);
	assert_int_equal(kernel.count, 2);
	assert_int_equal(kernel.urbs[1]->number_of_packets, 2);
	usb_access_usbfs.cancel(&device, &transfer);
	assert_int_equal(kernel.discards, 2);
	run();
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, -SUBURB_ECONNRESET);
}

static void a_later_part_is_refused(void **state)
{
	struct backend_transfer transfer = iso_transfer(300);

	kernel.refuse = ENOMEM;
	kernel.refuse_at = 1;
	submit_ok(&transfer);
	assert_int_equal(kernel.discards, 1);
	run();
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, -SUBURB_ENOMEM);
	assert_int_equal(packets[127].status, 0);
	assert_int_equal(packets[128].status, -SUBURB_EXDEV);
	assert_int_equal(packets[299].status, -SUBURB_EXDEV);
	assert_int_equal(transfer.error_count, 172);
}

/* --- unplugged, and calls that block -------------------------------------- */

static void gone_with_urbs_on_their_way(void **state)
{
	struct backend_transfer transfers[2];

	for (int i = 0; i < 2; i++) {
		transfers[i] = transfer_to(0x81, 2, 64);
		submit_ok(&transfers[i]);
	}
	kernel.gone = true;
	complete(kernel.urbs[0], -ESHUTDOWN, 0);
	run();
	assert_int_equal(done, 1);
	assert_true(losses > 0);
	complete(kernel.urbs[0], -ENOENT, 0);
	run();
	assert_int_equal(done, 2);
	assert_int_equal(transfers[1].status, -SUBURB_ESHUTDOWN);
	run();
	/* Ready for ever, but nobody listens. */
	kernel.reaps = 0;
	run();
	run();
	assert_int_equal(kernel.reaps, 0);
	assert_int_equal(usb_access_usbfs.submit(&device, &transfers[0]), -SUBURB_ENODEV);
}

static void gone_while_idle(void **state)
{
	kernel.gone = true;
	ready(true);
	run();
	assert_int_equal(losses, 1);
	run();
	assert_int_equal(losses, 1);
}

static void left_alone_while_a_call_blocks(void **state)
{
	struct backend_transfer transfers[2];

	for (int i = 0; i < 2; i++) {
		transfers[i] = transfer_to(0x81, 2, 64);
		submit_ok(&transfers[i]);
	}
	usb_access_usbfs.pause(&device);
	complete(kernel.urbs[0], 0, 64);
	usb_access_usbfs.cancel(&device, &transfers[1]);
	run();
	assert_int_equal(done + kernel.discards + kernel.reaps, 0);
	usb_access_usbfs.resume(&device);
	assert_int_equal(kernel.discards, 1);
	run();
	assert_int_equal(done, 2);
	assert_int_equal(transfers[0].status, 0);
	assert_int_equal(transfers[1].status, -SUBURB_ECONNRESET);
}

static void reset_keeps_the_claims(void **state)
{
	usb_access_usbfs.claim(&device, 0);
	usb_access_usbfs.claim(&device, 3);
	kernel.log[0] = 0;
	assert_int_equal(usb_access_usbfs.reset(&device), 0);
	assert_string_equal(kernel.log, "R0 R3 !0 C0 C3 ");
	/* A driver was faster. */
	kernel.log[0] = 0;
	kernel.busy_claims = 1;
	kernel.driver = "usb-storage";
	assert_int_equal(usb_access_usbfs.reset(&device), 0);
	assert_string_equal(kernel.log, "R0 R3 !0 C0 d0 C0 C3 ");
	kernel.gone = true;
	assert_int_equal(usb_access_usbfs.reset(&device), -SUBURB_ENODEV);
}

static void drivers(void **state)
{
	assert_false(usb_access_usbfs.has_driver(&device, 1));
	assert_int_equal(usb_access_usbfs.detach_driver(&device, 1), -SUBURB_ENOENT);
	kernel.driver = "usbfs"; /* another program's claim is not ours to take */
	assert_false(usb_access_usbfs.has_driver(&device, 1));
	assert_int_equal(usb_access_usbfs.detach_driver(&device, 1), -SUBURB_ENOENT);
	assert_string_equal(kernel.log, "");
	kernel.driver = "usbhid";
	assert_true(usb_access_usbfs.has_driver(&device, 1));
	assert_int_equal(usb_access_usbfs.detach_driver(&device, 1), 0);
	assert_int_equal(usb_access_usbfs.attach_driver(&device, 1), 0);
	assert_string_equal(kernel.log, "d1 c1 ");
}

static void unconfigured(void **state)
{
	assert_int_equal(usb_access_usbfs.set_configuration(&device, 2), 0);
	assert_int_equal(usb_access_usbfs.set_configuration(&device, 0), 0);
	assert_string_equal(kernel.log, "=2 =4294967295 ");
}

static void streams(void **state)
{
	struct backend_change change = {
		.endpoints = { 0x81, 0x02 },
		.endpoint_count = 2,
		.streams = 16,
	};
	const struct usbdevfs_streams *streams = (void *)kernel.streams;

	assert_int_equal(usb_access_usbfs.alloc_streams(&device, &change), 0);
	assert_int_equal(change.streams, 7);
	assert_int_equal(streams->num_streams, 16);
	assert_int_equal(streams->num_eps, 2);
	assert_memory_equal(streams->eps, "\x81\x02", 2);
	kernel.gone = true;
	assert_int_equal(usb_access_usbfs.alloc_streams(&device, &change), -SUBURB_ENODEV);
	assert_int_equal(change.streams, 0);
}

static void old_kernels_are_left_to_libusb(void **state)
{
	struct usb_device other = { .usb = &backend };

	kernel.capabilities &= ~(uint32_t)USBDEVFS_CAP_NO_PACKET_SIZE_LIM;
	assert_int_equal(usb_access_usbfs.open(&other), -SUBURB_ENOTSUP);
	assert_null(other.usbfs);
}

static void no_such_node(void **state)
{
	struct usb_device other = { .usb = &backend };
	const char *name = fifo;

	fifo = "/nonexistent";
	assert_int_equal(usb_access_usbfs.open(&other), -SUBURB_ENODEV);
	fifo = name;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(control),
		TEST(control_without_data),
		TEST(flags_that_make_sense),
		TEST(quirk_27_every_errno),
		TEST(refused),
		TEST(request_to_an_interface_that_is_not_there),
		TEST(cancelled),
		TEST(cancelled_too_late),
		TEST(many_completions_in_one_go),
		TEST(stream_id),
		TEST(iso),
		TEST(more_packets_than_one_urb_takes),
		TEST(odd_packets_in_the_last_part),
		TEST(a_later_part_is_refused),
		TEST(gone_with_urbs_on_their_way),
		TEST(gone_while_idle),
		TEST(left_alone_while_a_call_blocks),
		TEST(reset_keeps_the_claims),
		TEST(drivers),
		TEST(unconfigured),
		TEST(streams),
		TEST(old_kernels_are_left_to_libusb),
		TEST(no_such_node),
	};
	char name[] = "/tmp/suburb-usbfs.XXXXXX";
	int ret;

	log_set_level(LOG_LEVEL_ERROR);
	if (!mkdtemp(name))
		return 1;
	fifo = strcat(strcpy(malloc(sizeof(name) + 8), name), "/node");
	if (mkfifo(fifo, 0600) < 0)
		return 1;
	ret = cmocka_run_group_tests_name("usbfs", tests, NULL, NULL);
	unlink(fifo);
	rmdir(name);
	return ret;
}

#else

int main(void)
{
	return 0;
}

#endif
