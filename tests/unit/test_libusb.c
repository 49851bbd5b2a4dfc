/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/backend/libusb_access.c exporter/backend/libusb_transfer.c exporter/log.c */
/*
 * libusb's access, with the calls that would reach a device made here: what a
 * transfer becomes, and what libusb's outcomes become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/backend/libusb_private.h"
#include "exporter/log.h"

static struct libusb_transfer *submitted;
static int refuse;
static unsigned int cancels;
static int change_result;
static int configured;
static unsigned int losses;
static unsigned int done;

/* --- libusb --------------------------------------------------------------- */

int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *transfer)
{
	if (!refuse)
		submitted = transfer;
	return refuse;
}

int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *transfer)
{
	assert_ptr_equal(transfer, submitted);
	cancels++;
	return 0;
}

/* Real ones keep the stream's id in memory of their own. */
static uint32_t stream_of_transfer;

void LIBUSB_CALL libusb_transfer_set_stream_id(struct libusb_transfer *transfer, uint32_t id)
{
	stream_of_transfer = id;
}

int LIBUSB_CALL libusb_set_configuration(libusb_device_handle *handle, int value)
{
	configured = value;
	return change_result;
}

int LIBUSB_CALL libusb_set_interface_alt_setting(libusb_device_handle *handle, int interface,
						 int altsetting)
{
	return change_result;
}

int LIBUSB_CALL libusb_clear_halt(libusb_device_handle *handle, unsigned char endpoint)
{
	return change_result;
}

int LIBUSB_CALL libusb_reset_device(libusb_device_handle *handle)
{
	return change_result;
}

int LIBUSB_CALL libusb_alloc_streams(libusb_device_handle *handle, uint32_t streams,
				     unsigned char *endpoints, int count)
{
	assert_int_equal(count, 2);
	assert_memory_equal(endpoints, "\x81\x02", 2);
	return change_result ? change_result : (int)streams / 2;
}

int LIBUSB_CALL libusb_detach_kernel_driver(libusb_device_handle *handle, int interface)
{
	return change_result;
}

const char *usb_info_node(const struct usb_device *device, char node[USB_NODE_SIZE])
{
	return "/nonexistent";
}

/* --- a device ------------------------------------------------------------- */

static void on_lost(struct usb_device *device)
{
	losses++;
}

static struct usb_backend backend = { .lost = on_lost };
static struct usb_device device = { .usb = &backend, .fd = -1 };
static const struct usb_access *const usb = &usb_access_libusb;

static void on_done(struct backend_transfer *transfer)
{
	done++;
}

static struct backend_transfer transfer_to(uint8_t endpoint, uint8_t type, uint32_t length)
{
	static uint8_t memory[USB_SETUP_SIZE + 4096];

	submitted = NULL;
	refuse = 0;
	cancels = 0;
	change_result = 0;
	losses = 0;
	done = 0;
	return (struct backend_transfer){
		.endpoint = endpoint,
		.type = type,
		.buffer = length ? memory + USB_SETUP_SIZE : NULL,
		.length = length,
		.done = on_done,
	};
}

static void finish(enum libusb_transfer_status status, int actual_length)
{
	submitted->status = status;
	submitted->actual_length = actual_length;
	submitted->callback(submitted);
}

/* --- transfers ------------------------------------------------------------ */

static void control(void **state)
{
	struct backend_transfer transfer = transfer_to(0x80, 0, 18);

	memcpy(transfer.setup, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	assert_int_equal(usb->submit(&device, &transfer), 0);
	assert_int_equal(submitted->type, LIBUSB_TRANSFER_TYPE_CONTROL);
	assert_int_equal(submitted->length, 26);
	assert_ptr_equal(submitted->buffer, transfer.buffer - 8);
	assert_memory_equal(submitted->buffer, transfer.setup, 8);
	finish(LIBUSB_TRANSFER_COMPLETED, 18);
	assert_int_equal(done, 1);
	assert_int_equal(transfer.status, 0);
	assert_int_equal(transfer.actual_length, 18);
}

static void types_and_flags(void **state)
{
	struct backend_transfer transfer = transfer_to(0x01, 2, 64);

	transfer.zero_packet = true;
	assert_int_equal(usb->submit(&device, &transfer), 0);
	assert_int_equal(submitted->type, LIBUSB_TRANSFER_TYPE_BULK);
	assert_int_equal(submitted->flags, LIBUSB_TRANSFER_ADD_ZERO_PACKET);
	finish(LIBUSB_TRANSFER_COMPLETED, 64);
	transfer = transfer_to(0x82, 3, 64);
	transfer.zero_packet = true;
	assert_int_equal(usb->submit(&device, &transfer), 0);
	assert_int_equal(submitted->type, LIBUSB_TRANSFER_TYPE_INTERRUPT);
	assert_int_equal(submitted->flags, 0);
	finish(LIBUSB_TRANSFER_COMPLETED, 64);
	transfer = transfer_to(0x81, 2, 64);
	transfer.stream_id = 5;
	assert_int_equal(usb->submit(&device, &transfer), 0);
	assert_int_equal(submitted->type, LIBUSB_TRANSFER_TYPE_BULK_STREAM);
	assert_int_equal(stream_of_transfer, 5);
	finish(LIBUSB_TRANSFER_COMPLETED, 64);
}

static void quirk_22_outcomes(void **state)
{
	static const struct {
		enum libusb_transfer_status outcome;
		int32_t status;
	} cases[] = {
		{ LIBUSB_TRANSFER_COMPLETED, 0 },
		{ LIBUSB_TRANSFER_CANCELLED, -SUBURB_ECONNRESET },
		{ LIBUSB_TRANSFER_STALL, -SUBURB_EPIPE },
		{ LIBUSB_TRANSFER_OVERFLOW, -SUBURB_EOVERFLOW },
		{ LIBUSB_TRANSFER_TIMED_OUT, -SUBURB_ETIMEDOUT },
		{ LIBUSB_TRANSFER_NO_DEVICE, -SUBURB_ESHUTDOWN },
		{ LIBUSB_TRANSFER_ERROR, -SUBURB_EPROTO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct backend_transfer transfer = transfer_to(0x81, 2, 64);

		assert_int_equal(usb->submit(&device, &transfer), 0);
		finish(cases[i].outcome, 12);
		assert_int_equal(transfer.status, cases[i].status);
		assert_int_equal(transfer.actual_length, 12); /* bytes moved count */
		assert_int_equal(losses, cases[i].status == -SUBURB_ESHUTDOWN);
	}
}

static void quirk_21_short_is_an_error(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 2, 64);

	transfer.short_not_ok = true;
	assert_int_equal(usb->submit(&device, &transfer), 0);
	finish(LIBUSB_TRANSFER_COMPLETED, 63);
	assert_int_equal(transfer.status, -SUBURB_EREMOTEIO);
	assert_int_equal(transfer.actual_length, 63);
	assert_int_equal(usb->submit(&device, &transfer), 0);
	finish(LIBUSB_TRANSFER_COMPLETED, 64);
	assert_int_equal(transfer.status, 0);
}

static void iso(void **state)
{
	static const int statuses[] = { LIBUSB_TRANSFER_COMPLETED, LIBUSB_TRANSFER_ERROR,
					LIBUSB_TRANSFER_OVERFLOW };
	static const int32_t expected[] = { 0, -SUBURB_EXDEV, -SUBURB_EOVERFLOW };
	struct backend_transfer transfer = transfer_to(0x83, 1, 60);
	struct suburb_iso packets[] = { { 0, 10, 0, 0 }, { 10, 20, 0, 0 }, { 30, 30, 0, 0 } };

	transfer.packets = 3;
	transfer.iso = packets;
	transfer.short_not_ok = true;
	assert_int_equal(usb->submit(&device, &transfer), 0);
	assert_int_equal(submitted->type, LIBUSB_TRANSFER_TYPE_ISOCHRONOUS);
	assert_int_equal(submitted->num_iso_packets, 3);
	assert_int_equal(submitted->length, 60);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(submitted->iso_packet_desc[i].length, packets[i].length);
		submitted->iso_packet_desc[i].actual_length = (unsigned int)i + 1;
		submitted->iso_packet_desc[i].status = statuses[i];
	}
	finish(LIBUSB_TRANSFER_COMPLETED, 0); /* libusb does not add them up */
	assert_int_equal(transfer.status, 0);
	assert_int_equal(transfer.actual_length, 6);
	assert_int_equal(transfer.error_count, 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(packets[i].actual_length, i + 1);
		assert_int_equal(packets[i].status, expected[i]);
	}
}

static void refused(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 2, 64);

	refuse = LIBUSB_ERROR_NO_MEM;
	assert_int_equal(usb->submit(&device, &transfer), -SUBURB_ENOMEM);
	usb->cancel(&device, &transfer);
	assert_int_equal(cancels + done, 0);
}

static void cancelled(void **state)
{
	struct backend_transfer transfer = transfer_to(0x81, 2, 64);

	assert_int_equal(usb->submit(&device, &transfer), 0);
	usb->cancel(&device, &transfer);
	assert_int_equal(cancels, 1);
	finish(LIBUSB_TRANSFER_CANCELLED, 0);
	usb->cancel(&device, &transfer);
	assert_int_equal(cancels, 1);
}

/* --- changes -------------------------------------------------------------- */

static void quirk_27_changes(void **state)
{
	static const struct {
		int error, status;
	} cases[] = {
		{ 0, 0 },
		{ LIBUSB_ERROR_OTHER, -SUBURB_EPIPE },
		{ LIBUSB_ERROR_NOT_FOUND, -SUBURB_ENOENT },
		{ LIBUSB_ERROR_NO_DEVICE, -SUBURB_ENODEV },
		{ LIBUSB_ERROR_TIMEOUT, -SUBURB_ETIMEDOUT },
		{ LIBUSB_ERROR_BUSY, -SUBURB_EBUSY },
		{ LIBUSB_ERROR_IO, -SUBURB_EPROTO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change_result = cases[i].error;
		assert_int_equal(usb->set_interface(&device, 0, 1), cases[i].status);
		assert_int_equal(usb->clear_halt(&device, 0x81), cases[i].status);
		assert_int_equal(usb->set_configuration(&device, 2), cases[i].status);
	}
	assert_int_equal(configured, 2);
	usb->set_configuration(&device, 0);
	assert_int_equal(configured, -1);
	change_result = LIBUSB_ERROR_NOT_FOUND; /* it is another device now */
	assert_int_equal(usb->reset(&device), -SUBURB_ENODEV);
	change_result = LIBUSB_ERROR_NOT_SUPPORTED; /* claiming will tell */
	assert_int_equal(usb->detach_driver(&device, 0), -SUBURB_ENOENT);
}

static void streams(void **state)
{
	struct backend_change change = {
		.endpoints = { 0x81, 0x02 },
		.endpoint_count = 2,
		.streams = 16,
	};

	change_result = 0;
	assert_int_equal(usb->alloc_streams(&device, &change), 0);
	assert_int_equal(change.streams, 8);
	change_result = LIBUSB_ERROR_NOT_SUPPORTED;
	assert_int_equal(usb->alloc_streams(&device, &change), -SUBURB_EINVAL);
	assert_int_equal(change.streams, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control),
		cmocka_unit_test(types_and_flags),
		cmocka_unit_test(quirk_22_outcomes),
		cmocka_unit_test(quirk_21_short_is_an_error),
		cmocka_unit_test(iso),
		cmocka_unit_test(refused),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(quirk_27_changes),
		cmocka_unit_test(streams),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("libusb", tests, NULL, NULL);
}
