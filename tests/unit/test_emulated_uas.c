// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated UAS disk as a host drives it: many commands at once, each on a
 * stream of its own, in any order; and its other setting, Bulk-Only Transport.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include <unistd.h>

#include "tests/unit/emulated_host.h"

#define COMMAND 0x04
#define STATUS 0x83
#define DATA_IN 0x81
#define DATA_OUT 0x02
#define MOST 32
#define SECTORS 4096

static const uint8_t streaming[] = { STATUS, DATA_IN, DATA_OUT };
static char image[] = "/tmp/suburb-uas-XXXXXX";
static char spec[64];
static uint8_t content[SECTORS * 512];
static int fd = -1;

static int setup(void **state)
{
	fd = mkstemp64(image);
	snprintf(spec, sizeof(spec), "uas:%s", image);
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i / 512 * 5 + i);
	return pwrite(fd, content, sizeof(content), 0) != sizeof(content);
}

static int teardown(void **state)
{
	close(fd);
	return unlink(image);
}

static struct host *open_uas(void)
{
	struct host *host = host_open(spec);

	assert_int_equal(host->device->speed, SUBURB_SPEED_SUPER);
	assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 0, 1), 0);
	assert_int_equal(host_streams(host, streaming, 3, MOST), 0);
	return host;
}

static void send_command(struct host *host, uint16_t tag, const uint8_t *cdb)
{
	uint8_t iu[32] = { 1, 0, (uint8_t)(tag >> 8), (uint8_t)tag };
	uint32_t actual;

	memcpy(iu + 16, cdb, 16);
	assert_int_equal(host_transfer(host, COMMAND, iu, sizeof(iu), &actual), 0);
}

/* READ(10) or WRITE(10) of @count sectors. */
static void send_rw(struct host *host, uint16_t tag, uint8_t opcode, uint16_t sector, uint8_t count)
{
	const uint8_t cdb[16] = { opcode, 0, 0, 0, (uint8_t)(sector >> 8), (uint8_t)sector, 0, 0,
				  count };

	send_command(host, tag, cdb);
}

static void assert_good(struct flight *status, uint16_t tag)
{
	const uint8_t *iu = status->transfer.buffer;

	assert_int_equal(status->transfer.status, 0);
	assert_int_equal(status->transfer.actual_length, 16);
	assert_int_equal(iu[0], 3);
	assert_int_equal(iu[2] << 8 | iu[3], tag);
	assert_int_equal(iu[6], 0);
	flight_free(status);
}

/* All are on their way before the first is asked for, and the last is asked for first. */
static void reads_of_many_streams(void **state)
{
	struct host *host = open_uas();
	struct flight *status[MOST], *data[MOST];

	for (uint16_t i = 0; i < MOST; i++) {
		status[i] = host_begin_stream(host, STATUS, NULL, 112, i + 1);
		data[i] = host_begin_stream(host, DATA_IN, NULL, 8192, i + 1);
	}
	host_wait(host, 20);
	for (uint16_t i = MOST; i-- > 0;) {
		assert_false(data[i]->done);
		send_rw(host, i + 1, 0x28, i * 16, 16);
	}
	for (uint16_t i = 0; i < MOST; i++) {
		host_until(host, data[i]->done && status[i]->done);
		assert_int_equal(data[i]->transfer.status, 0);
		assert_int_equal(data[i]->transfer.actual_length, 8192);
		assert_memory_equal(data[i]->transfer.buffer, content + i * 8192, 8192);
		assert_true(data[i]->order < status[i]->order);
		flight_free(data[i]);
		assert_good(status[i], i + 1);
	}
	host_free(host);
}

static void writes_of_many_streams(void **state)
{
	struct host *host = open_uas();
	struct flight *status[MOST], *data[MOST];
	uint8_t block[1536], back[1536];

	for (uint16_t i = 0; i < MOST; i++) {
		status[i] = host_begin_stream(host, STATUS, NULL, 112, i + 1);
		memset(block, i + 1, sizeof(block));
		data[i] = host_begin_stream(host, DATA_OUT, block, sizeof(block), i + 1);
	}
	for (uint16_t i = 0; i < MOST; i++)
		send_rw(host, i + 1, 0x2a, 1000 + i * 3, 3);
	for (uint16_t i = 0; i < MOST; i++) {
		host_until(host, data[i]->done && status[i]->done);
		flight_free(data[i]);
		assert_good(status[i], i + 1);
		memset(block, i + 1, sizeof(block));
		assert_int_equal(pread(fd, back, sizeof(back), (1000 + i * 3) * 512), 1536);
		assert_memory_equal(back, block, sizeof(block));
	}
	assert_int_equal(pwrite(fd, content, sizeof(content), 0), sizeof(content));
	host_free(host);
}

/* The sense data comes with the status. */
static void a_failed_command_tells_why(void **state)
{
	static const uint8_t bad[16] = { 0x99 };
	struct host *host = open_uas();
	struct flight *status = host_begin_stream(host, STATUS, NULL, 112, 9);
	const uint8_t *iu = status->transfer.buffer;

	send_command(host, 9, bad);
	host_until(host, status->done);
	assert_int_equal(status->transfer.actual_length, 34);
	assert_int_equal(iu[6], 2); /* CHECK CONDITION */
	assert_int_equal(iu[16 + 2], 5); /* ILLEGAL REQUEST */
	assert_int_equal(iu[16 + 12], 0x20); /* INVALID COMMAND OPERATION CODE */
	flight_free(status);
	host_free(host);
}

static void an_unknown_unit_is_answered(void **state)
{
	struct host *host = open_uas();
	struct flight *status = host_begin_stream(host, STATUS, NULL, 112, 4);
	uint8_t iu[32] = { 0x05, 0, 0, 4 };
	uint32_t actual;

	assert_int_equal(host_transfer(host, COMMAND, iu, 16, &actual), 0);
	host_until(host, status->done);
	assert_int_equal(status->transfer.actual_length, 8);
	assert_int_equal(status->transfer.buffer[0], 4); /* RESPONSE */
	assert_int_equal(status->transfer.buffer[7], 2); /* INVALID INFORMATION UNIT */
	flight_free(status);
	host_free(host);
}

/* Commands that were under way are forgotten with the setting, tags and all. */
static void a_reset_abandons_everything(void **state)
{
	struct host *host = open_uas();
	struct flight *status;

	for (uint16_t tag = 1; tag <= MOST; tag++)
		send_rw(host, tag, 0x28, 0, 16);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
	assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 0, 1), 0);
	assert_int_equal(host_streams(host, streaming, 3, MOST), 0);
	status = host_begin_stream(host, STATUS, NULL, 112, 1);
	send_command(host, 1, (const uint8_t[16]){ 0 }); /* TEST UNIT READY */
	host_until(host, status->done);
	assert_good(status, 1);
	host_free(host);
}

static void setting_0_is_bulk_only(void **state)
{
	struct host *host = host_open(spec);
	uint8_t wrapper[31] = "USBC", csw[13];
	uint32_t actual;

	wrapper[14] = 6; /* TEST UNIT READY */
	assert_int_equal(host_transfer(host, DATA_OUT, wrapper, 31, &actual), 0);
	assert_int_equal(host_transfer(host, DATA_IN, csw, 13, &actual), 0);
	assert_int_equal(actual, 13);
	assert_memory_equal(csw, "USBS", 4);
	assert_int_equal(csw[12], 0);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_of_many_streams),
		cmocka_unit_test(writes_of_many_streams),
		cmocka_unit_test(a_failed_command_tells_why),
		cmocka_unit_test(an_unknown_unit_is_answered),
		cmocka_unit_test(a_reset_abandons_everything),
		cmocka_unit_test(setting_0_is_bulk_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
