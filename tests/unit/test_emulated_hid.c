// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated keyboard and mouse: what they report and when, LEDs, and the
 * class requests of HID.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include "tests/unit/emulated_host.h"

#define ENDPOINT 0x81

/* One report, to its end. */
static uint32_t read_report(struct host *host, uint8_t *report, uint32_t size)
{
	uint32_t actual;

	memset(report, 0xee, size);
	assert_int_equal(host_transfer(host, ENDPOINT, report, size, &actual), 0);
	return actual;
}

static void expect_silence(struct host *host, unsigned int ms)
{
	struct flight *in = host_begin(host, ENDPOINT, NULL, 8);

	host_wait(host, ms);
	assert_false(in->done);
	host_cancel(host, in);
	host_until(host, in->done);
	assert_int_equal(in->transfer.status, -SUBURB_ECONNRESET);
	flight_free(in);
}

static void expect_key(struct host *host, uint8_t modifiers, uint8_t usage)
{
	uint8_t report[8], down[8] = { modifiers, 0, usage }, up[8] = { 0 };

	assert_int_equal(read_report(host, report, 8), 8);
	assert_memory_equal(report, down, 8);
	assert_int_equal(read_report(host, report, 8), 8);
	assert_memory_equal(report, up, 8);
}

static int set_leds(struct host *host, uint8_t leds)
{
	return host_control(host, 0x21, 0x09, 0x0200, 0, &leds, 1);
}

static void expect_suburb(struct host *host)
{
	static const uint8_t usages[] = { 0x16, 0x18, 0x05, 0x18, 0x15, 0x05 };
	size_t i;

	for (i = 0; i < sizeof(usages); i++)
		expect_key(host, 0, usages[i]);
}

static void test_keyboard_types_once(void **state)
{
	struct host *host = host_open("keyboard");
	uint64_t start;

	expect_silence(host, 200); /* opened and closed again: the delay is not over at 1000 */
	host_wait(host, 20);
	start = uv_now(&host->loop);
	expect_suburb(host);
	/* The delay, and 11 times the interval between 12 reports. */
	assert_in_range(uv_now(&host->loop) - start, 1000 + 11 * 10 - 20, 4000);
	expect_silence(host, 40);
	assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 1), 0);
	expect_silence(host, 1100);
	host->backend->ops->close(host->device);
	assert_int_equal(host->backend->ops->open(host->device), 0);
	expect_suburb(host);
	host_free(host);
}

static void test_keyboard_types_text(void **state)
{
	struct host *host = host_open("keyboard:aZ0! \t/?\n~");

	expect_key(host, 0, 0x04);
	expect_key(host, 2, 0x1d);
	expect_key(host, 0, 0x27);
	expect_key(host, 2, 0x1e);
	expect_key(host, 0, 0x2c);
	expect_key(host, 0, 0x2b);
	expect_key(host, 0, 0x38);
	expect_key(host, 2, 0x38);
	expect_key(host, 0, 0x28);
	expect_key(host, 2, 0x35);
	expect_silence(host, 30);
	host_free(host);
}

static void test_keyboard_goes_on_when_configured_again(void **state)
{
	struct host *host = host_open("keyboard:ab");
	uint8_t report[8];

	read_report(host, report, 8);
	assert_int_equal(report[2], 0x04);
	assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 1), 0);
	read_report(host, report, 8);
	assert_int_equal(report[2], 0); /* no key is left hanging */
	expect_key(host, 0, 0x05);
	host_free(host);
}

static void test_scroll_lock_types_again(void **state)
{
	struct host *host = host_open("keyboard:ab");
	uint8_t leds = 0xff;

	assert_int_equal(set_leds(host, 4), 1); /* still to come: no second time */
	expect_key(host, 0, 0x04);
	expect_key(host, 0, 0x05);
	expect_silence(host, 30);
	assert_int_equal(set_leds(host, 4 | 1), 1); /* on already */
	expect_silence(host, 30);
	assert_int_equal(set_leds(host, 1), 1);
	expect_silence(host, 30);
	assert_int_equal(set_leds(host, 4), 1);
	expect_key(host, 0, 0x04);
	expect_key(host, 0, 0x05);
	expect_silence(host, 30);
	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0200, 0, &leds, 1), 1);
	assert_int_equal(leds, 4);
	host_free(host);
}

static void test_mouse_returns(void **state)
{
	struct host *host = host_open("mouse");
	int x = 0, y = 0, far = 0, i;
	uint8_t report[8];

	for (i = 0; i < 32; i++) {
		assert_int_equal(read_report(host, report, 8), 4);
		assert_int_equal(report[0], 0);
		assert_int_equal(report[3], 0);
		x += (int8_t)report[1];
		y += (int8_t)report[2];
		far = x > far ? x : far;
	}
	assert_int_equal(x, 0);
	assert_int_equal(y, 0);
	assert_int_equal(far, 40);
	expect_silence(host, 30);
	assert_int_equal(set_leds(host, 1), -SUBURB_EPIPE);
	host_free(host);
}

/* Collections close, every main item has whole bytes in sum, sizes fit. */
static void check_report_descriptor(const uint8_t *d, int length, uint32_t input_bytes)
{
	uint32_t size = 0, count = 0, input = 0, output = 0;
	int at, depth = 0, item;

	for (at = 0; at < length; at += 1 + item) {
		item = (d[at] & 3) == 3 ? 4 : d[at] & 3;
		assert_true(at + item < length);
		switch (d[at] & 0xfc) {
		case 0x74:
			size = d[at + 1];
			break;
		case 0x94:
			count = d[at + 1];
			break;
		case 0x80:
			input += size * count;
			break;
		case 0x90:
			output += size * count;
			break;
		case 0xa0:
			depth++;
			break;
		case 0xc0:
			depth--;
			assert_true(depth >= 0);
			break;
		}
	}
	assert_int_equal(at, length);
	assert_int_equal(depth, 0);
	assert_int_equal(input, input_bytes * 8);
	assert_int_equal(output % 8, 0);
}

static void check_hid_descriptors(struct host *host, uint8_t protocol, uint32_t report_bytes)
{
	const uint8_t *interface = host->device->configuration + 9, *hid = interface + 9;
	uint8_t bytes[256];
	int length;

	assert_int_equal(interface[5], 3);
	assert_int_equal(interface[6], 1);
	assert_int_equal(interface[7], protocol);
	assert_int_equal(hid[0], 9);
	assert_int_equal(hid[1], 0x21);
	assert_int_equal(hid[5], 1);
	assert_int_equal(hid[6], 0x22);
	assert_int_equal(host_control(host, 0x81, 6, 0x2100, 0, bytes, 64), 9);
	assert_memory_equal(bytes, hid, 9);
	length = host_control(host, 0x81, 6, 0x2200, 0, bytes, 256);
	assert_int_equal(length, hid[7] | hid[8] << 8);
	check_report_descriptor(bytes, length, report_bytes);
	assert_int_equal(host_control(host, 0x81, 6, 0x2300, 0, bytes, 64), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x81, 6, 0x2200, 1, bytes, 64), -SUBURB_EPIPE);
}

static void test_hid_descriptors(void **state)
{
	struct host *keyboard = host_open("keyboard"), *mouse = host_open("mouse");

	check_hid_descriptors(keyboard, 1, 8);
	check_hid_descriptors(mouse, 2, 4);
	host_free(keyboard);
	host_free(mouse);
}

static void test_hid_requests(void **state)
{
	struct host *host = host_open("keyboard");
	uint8_t bytes[16] = { 0 }, zero[8] = { 0 };

	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0100, 0, bytes, 16), 8);
	assert_memory_equal(bytes, zero, 8);
	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0300, 0, bytes, 8), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0101, 0, bytes, 8), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x03, 0, 0, bytes, 1), 1);
	assert_int_equal(bytes[0], 1); /* report protocol */
	assert_int_equal(host_control(host, 0x21, 0x0b, 0, 0, NULL, 0), 0);
	assert_int_equal(host_control(host, 0xa1, 0x03, 0, 0, bytes, 1), 1);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(host_control(host, 0x21, 0x0b, 2, 0, NULL, 0), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x0a, 0x0501, 0, NULL, 0), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x02, 1, 0, bytes, 1), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x09, 0x0100, 0, bytes, 8), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x09, 0x0200, 0, bytes, 2), -SUBURB_EPIPE);
	host_free(host);
	host = host_open("mouse");
	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0200, 0, bytes, 8), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x01, 0x0100, 0, bytes, 8), 4);
	host_free(host);
}

static void test_idle_repeats(void **state)
{
	struct host *host = host_open("keyboard:a");
	uint8_t report[8], rate;
	uint64_t start;

	expect_key(host, 0, 0x04);
	expect_silence(host, 30);
	assert_int_equal(host_control(host, 0x21, 0x0a, 0x0500, 0, NULL, 0), 0); /* 20 ms */
	assert_int_equal(host_control(host, 0xa1, 0x02, 0, 0, &rate, 1), 1);
	assert_int_equal(rate, 5);
	start = uv_now(&host->loop);
	read_report(host, report, 8);
	read_report(host, report, 8);
	read_report(host, report, 8);
	assert_in_range(uv_now(&host->loop) - start, 55, 2000);
	assert_int_equal(report[2], 0);
	assert_int_equal(host_control(host, 0x21, 0x0a, 0, 0, NULL, 0), 0);
	expect_silence(host, 60);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyboard_types_once),
		cmocka_unit_test(test_keyboard_types_text),
		cmocka_unit_test(test_keyboard_goes_on_when_configured_again),
		cmocka_unit_test(test_scroll_lock_types_again),
		cmocka_unit_test(test_mouse_returns),
		cmocka_unit_test(test_hid_descriptors),
		cmocka_unit_test(test_hid_requests),
		cmocka_unit_test(test_idle_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
