// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated serial port and loopback: data goes round, in order and whole,
 * and waits where it should; transfers end as they would on a bus.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include "tests/unit/emulated_host.h"

#define BULK_OUT 0x01
#define BULK_IN 0x81
#define INTERRUPT_OUT 0x02
#define INTERRUPT_IN 0x82
#define SINK 0x03
#define SOURCE 0x83

static void fill(uint8_t *bytes, size_t length, unsigned int seed)
{
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (uint8_t)((i * 7 + seed) ^ i >> 8);
}

static void write_all(struct host *host, uint8_t endpoint, void *data, uint32_t length)
{
	uint32_t actual;

	assert_int_equal(host_transfer(host, endpoint, data, length, &actual), 0);
	assert_int_equal(actual, length);
}

static void echo_short(uint8_t in, uint8_t out, struct host *host)
{
	uint8_t sent[10], got[64];
	uint32_t actual;

	fill(sent, sizeof(sent), 3);
	write_all(host, out, sent, sizeof(sent));
	assert_int_equal(host_transfer(host, in, got, sizeof(got), &actual), 0);
	assert_int_equal(actual, sizeof(sent));
	assert_memory_equal(got, sent, sizeof(sent));
}

static void test_loopback_echoes(void **state)
{
	struct host *host = host_open("loopback");

	echo_short(BULK_IN, BULK_OUT, host);
	echo_short(INTERRUPT_IN, INTERRUPT_OUT, host);
	echo_short(BULK_IN, BULK_OUT, host);
	host_free(host);
}

static void test_loopback_large_in_order(void **state)
{
	enum { SIZE = 200000 };
	struct host *host = host_open("loopback");
	uint8_t *sent = malloc(SIZE), *got = malloc(SIZE);
	struct flight *out[4], *in;
	int i;

	fill(sent, SIZE, 1);
	in = host_begin(host, BULK_IN, NULL, SIZE);
	for (i = 0; i < 4; i++)
		out[i] = host_begin(host, BULK_OUT, sent + i * SIZE / 4, SIZE / 4);
	host_until(host, out[3]->done);
	/* 50000 is not a multiple of 512: each write ends with a short packet, which ends a read. */
	assert_true(in->done);
	assert_int_equal(in->transfer.actual_length, SIZE / 4);
	memcpy(got, in->transfer.buffer, SIZE / 4);
	flight_free(in);
	for (i = 1; i < 4; i++) {
		uint32_t actual;

		assert_int_equal(host_transfer(host, BULK_IN, got + i * SIZE / 4, SIZE / 4, &actual), 0);
		assert_int_equal(actual, SIZE / 4);
		assert_true(out[i - 1]->order < out[i]->order);
	}
	assert_memory_equal(got, sent, SIZE);
	for (i = 0; i < 4; i++)
		flight_free(out[i]);
	free(sent);
	free(got);
	host_free(host);
}

static void test_loopback_is_bounded(void **state)
{
	enum { SIZE = 600 * 512 };
	struct host *host = host_open("loopback");
	uint8_t *data = calloc(1, SIZE);
	struct flight *out = host_begin(host, BULK_OUT, data, SIZE);
	uint32_t actual;

	host_wait(host, 20);
	assert_false(out->done);
	assert_int_equal(host_transfer(host, BULK_IN, data, SIZE, &actual), 0);
	assert_int_equal(actual, SIZE);
	assert_true(out->done);
	assert_int_equal(out->transfer.actual_length, SIZE);
	flight_free(out);
	free(data);
	host_free(host);
}

static void test_in_waits_and_cancels(void **state)
{
	struct host *host = host_open("loopback");
	struct flight *in[3];
	uint8_t full[512];
	int i;

	for (i = 0; i < 3; i++)
		in[i] = host_begin(host, BULK_IN, NULL, 2048);
	host_wait(host, 20);
	assert_false(in[0]->done);
	fill(full, sizeof(full), 9);
	write_all(host, BULK_OUT, full, sizeof(full));
	host_wait(host, 5);
	assert_false(in[0]->done); /* a full packet does not end it */
	host_cancel(host, in[1]);
	host_cancel(host, in[0]);
	host_until(host, in[0]->done && in[1]->done);
	assert_int_equal(in[0]->transfer.status, -SUBURB_ECONNRESET);
	assert_int_equal(in[0]->transfer.actual_length, 512);
	assert_memory_equal(in[0]->transfer.buffer, full, 512);
	assert_int_equal(in[1]->transfer.status, -SUBURB_ECONNRESET);
	assert_int_equal(in[1]->transfer.actual_length, 0);
	write_all(host, BULK_OUT, full, 100);
	host_until(host, in[2]->done);
	assert_int_equal(in[2]->transfer.status, 0);
	assert_int_equal(in[2]->transfer.actual_length, 100);
	host_cancel(host, in[2]); /* long over: nothing happens */
	for (i = 0; i < 3; i++)
		flight_free(in[i]);
	host_free(host);
}

static void test_cancel_of_the_last(void **state)
{
	struct host *host = host_open("loopback");
	struct flight *in[3];
	uint8_t byte = 7;
	int i;

	in[0] = host_begin(host, BULK_IN, NULL, 512);
	in[1] = host_begin(host, BULK_IN, NULL, 512);
	host_cancel(host, in[1]);
	in[2] = host_begin(host, BULK_IN, NULL, 512);
	write_all(host, BULK_OUT, &byte, 1);
	write_all(host, BULK_OUT, &byte, 1);
	for (i = 0; i < 3; i++) {
		host_until(host, in[i]->done);
		assert_int_equal(in[i]->transfer.status, i == 1 ? -SUBURB_ECONNRESET : 0);
		flight_free(in[i]);
	}
	host_free(host);
}

static void test_cancel_right_away(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t byte = 5;
	struct flight *in, *out;

	in = host_begin(host, BULK_IN, NULL, 512);
	out = host_begin(host, BULK_OUT, &byte, 1);
	host_cancel(host, out);
	host_until(host, out->done);
	assert_int_equal(out->transfer.status, -SUBURB_ECONNRESET);
	assert_int_equal(out->transfer.actual_length, 0);
	assert_false(in->done);
	host_cancel(host, in);
	host_until(host, in->done);
	flight_free(in);
	flight_free(out);
	host_free(host);
}

static void test_short_not_ok(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t data[512] = { 1 };
	struct flight *in = host_begin_with(host, BULK_IN, NULL, 512, true, false);

	write_all(host, BULK_OUT, data, 100);
	host_until(host, in->done);
	assert_int_equal(in->transfer.status, -SUBURB_EREMOTEIO);
	assert_int_equal(in->transfer.actual_length, 100);
	flight_free(in);
	in = host_begin_with(host, BULK_IN, NULL, 512, true, false);
	write_all(host, BULK_OUT, data, 512);
	host_until(host, in->done);
	assert_int_equal(in->transfer.status, 0);
	flight_free(in);
	host_free(host);
}

static void test_zero_packet(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t data[1024] = { 1 };
	struct flight *in = host_begin(host, BULK_IN, NULL, 4096);
	struct flight *out = host_begin_with(host, BULK_OUT, data, 1024, false, true);

	host_until(host, out->done && in->done);
	assert_int_equal(in->transfer.actual_length, 1024); /* ended by the empty packet */
	assert_int_equal(out->transfer.actual_length, 1024);
	flight_free(in);
	flight_free(out);
	in = host_begin(host, BULK_IN, NULL, 4096);
	out = host_begin(host, BULK_OUT, NULL, 0); /* an empty packet by itself */
	host_until(host, out->done && in->done);
	assert_int_equal(in->transfer.status, 0);
	assert_int_equal(in->transfer.actual_length, 0);
	flight_free(in);
	flight_free(out);
	host_free(host);
}

static void test_overflow(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t data[700], got[600];
	uint32_t actual;

	fill(data, sizeof(data), 2);
	write_all(host, BULK_OUT, data, 100);
	assert_int_equal(host_transfer(host, BULK_IN, got, 60, &actual), -SUBURB_EOVERFLOW);
	assert_int_equal(actual, 60);
	assert_memory_equal(got, data, 60);
	write_all(host, BULK_OUT, data, 700);
	assert_int_equal(host_transfer(host, BULK_IN, got, 600, &actual), -SUBURB_EOVERFLOW);
	assert_int_equal(actual, 600);
	assert_memory_equal(got, data, 600);
	echo_short(BULK_IN, BULK_OUT, host); /* what was lost does not come later */
	host_free(host);
}

static void test_source_and_sink(void **state)
{
	enum { SIZE = 1 << 20 };
	struct host *host = host_open("loopback");
	uint8_t *data = malloc(SIZE);
	uint32_t actual, i;

	assert_int_equal(host_transfer(host, SOURCE, data, SIZE, &actual), 0);
	assert_int_equal(actual, SIZE);
	for (i = 0; i < SIZE; i++)
		if (data[i] != i % 512 % 63)
			fail_msg("byte %u is %u", i, data[i]);
	write_all(host, SINK, data, SIZE);
	write_all(host, SINK, data, 13);
	write_all(host, SINK, data, 0);
	free(data);
	host_free(host);
}

static void test_loopback_alternate(void **state)
{
	struct host *host = host_open("loopback");
	struct flight *in = host_begin(host, INTERRUPT_IN, NULL, 64);
	uint8_t alternate, data = 1;
	uint32_t actual;

	write_all(host, BULK_OUT, &data, 1); /* left inside, to be forgotten */
	assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 0, 1), 0);
	assert_true(in->done);
	assert_int_equal(in->transfer.status, -SUBURB_ESHUTDOWN);
	flight_free(in);
	assert_int_equal(host_control(host, 0x81, 10, 0, 0, &alternate, 1), 1);
	assert_int_equal(alternate, 1);
	assert_int_equal(host_transfer(host, INTERRUPT_IN, NULL, 64, &actual), -SUBURB_ENOENT);
	echo_short(BULK_IN, BULK_OUT, host);
	assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 0, 2), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x01, 11, 0, 0, NULL, 0), 0);
	echo_short(INTERRUPT_IN, INTERRUPT_OUT, host);
	host_free(host);
}

static void test_loopback_control(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t sent[4096], got[4096];

	fill(sent, sizeof(sent), 5);
	assert_int_equal(host_control(host, 0x40, 0x5b, 0, 0, sent, 4096), 4096);
	assert_int_equal(host_control(host, 0xc0, 0x5c, 0, 0, got, 4096), 4096);
	assert_memory_equal(got, sent, 4096);
	assert_int_equal(host_control(host, 0xc0, 0x5c, 0, 0, got, 100), 100);
	assert_int_equal(host_control(host, 0x40, 0x5b, 0, 0, NULL, 0), 0);
	assert_int_equal(host_control(host, 0xc0, 0x5d, 0, 0, got, 100), -SUBURB_EPIPE);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
	memset(sent, 0, sizeof(sent));
	assert_int_equal(host_control(host, 0xc0, 0x5c, 0, 0, got, 4096), 4096);
	assert_memory_equal(got, sent, 4096);
	host_free(host);
}

static void test_loopback_speeds(void **state)
{
	static const struct {
		const char *spec;
		enum suburb_speed speed;
		uint32_t packet;
	} rows[] = {
		{ "loopback:full", SUBURB_SPEED_FULL, 64 },
		{ "loopback:high", SUBURB_SPEED_HIGH, 512 },
		{ "loopback:super", SUBURB_SPEED_SUPER, 1024 },
		{ "loopback:super-plus", SUBURB_SPEED_SUPER_PLUS, 1024 },
	};
	uint8_t data[1024] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct host *host = host_open(rows[i].spec);
		struct flight *in = host_begin(host, BULK_IN, NULL, 4096);

		assert_int_equal(host->device->speed, rows[i].speed);
		write_all(host, BULK_OUT, data, rows[i].packet - 1);
		host_until(host, in->done);
		assert_int_equal(in->transfer.actual_length, rows[i].packet - 1);
		flight_free(in);
		in = host_begin(host, BULK_IN, NULL, 4096);
		write_all(host, BULK_OUT, data, rows[i].packet);
		host_wait(host, 5);
		assert_false(in->done);
		host_cancel(host, in);
		host_until(host, in->done);
		flight_free(in);
		host_free(host);
	}
}

static void test_serial_echoes(void **state)
{
	struct host *host = host_open("serial");
	uint8_t full[512], got[512];
	uint32_t actual;

	echo_short(0x82, 0x02, host);
	fill(full, sizeof(full), 8);
	write_all(host, 0x02, full, sizeof(full));
	assert_int_equal(host_transfer(host, 0x82, got, sizeof(got), &actual), 0);
	assert_int_equal(actual, sizeof(got));
	assert_memory_equal(got, full, sizeof(got));
	host_free(host);
}

static void test_serial_requests(void **state)
{
	struct host *host = host_open("serial");
	uint8_t coding[7] = { 0, 0xc2, 1, 0, 2, 1, 7 }, got[7];

	assert_int_equal(host_control(host, 0xa1, 0x21, 0, 0, got, 7), 7);
	assert_memory_equal(got, "\x80\x25\0\0\0\0\x08", 7);
	assert_int_equal(host_control(host, 0x21, 0x20, 0, 0, coding, 7), 7);
	assert_int_equal(host_control(host, 0xa1, 0x21, 0, 0, got, 7), 7);
	assert_memory_equal(got, coding, 7);
	assert_int_equal(host_control(host, 0x21, 0x20, 0, 0, coding, 6), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x22, 3, 0, NULL, 0), 0);
	assert_int_equal(host_control(host, 0x21, 0x22, 3, 1, NULL, 0), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x23, 100, 0, NULL, 0), -SUBURB_EPIPE);
	host_free(host);
}

static void test_serial_notifies(void **state)
{
	static const uint8_t carrier[10] = { 0xa1, 0x20, 0, 0, 0, 0, 2, 0, 3, 0 };
	struct host *host = host_open("serial");
	struct flight *in;
	uint8_t got[16];
	uint32_t actual;

	assert_int_equal(host_transfer(host, 0x81, got, 16, &actual), 0);
	assert_int_equal(actual, 10);
	assert_memory_equal(got, carrier, 10);
	in = host_begin(host, 0x81, NULL, 16);
	host_wait(host, 30);
	assert_false(in->done);
	host_cancel(host, in);
	host_until(host, in->done);
	flight_free(in);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback_echoes),
		cmocka_unit_test(test_loopback_large_in_order),
		cmocka_unit_test(test_loopback_is_bounded),
		cmocka_unit_test(test_in_waits_and_cancels),
		cmocka_unit_test(test_cancel_of_the_last),
		cmocka_unit_test(test_cancel_right_away),
		cmocka_unit_test(test_short_not_ok),
		cmocka_unit_test(test_zero_packet),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_source_and_sink),
		cmocka_unit_test(test_loopback_alternate),
		cmocka_unit_test(test_loopback_control),
		cmocka_unit_test(test_loopback_speeds),
		cmocka_unit_test(test_serial_echoes),
		cmocka_unit_test(test_serial_requests),
		cmocka_unit_test(test_serial_notifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
