// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated disk: the Bulk-Only Transport with its thirteen cases of host
 * and device disagreeing, and the SCSI commands, over a file whose content is
 * looked at from outside.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/emulated_host.h"

#define IN 0x81
#define OUT 0x02
#define SECTORS 1000
#define SIZE (SECTORS * 512)

enum csw { PASSED, FAILED, PHASE_ERROR };

static char image[] = "/tmp/suburb-disk-XXXXXX";
static char spec[64];
static uint8_t content[SIZE];
static uint32_t tags = 0xfffffff0; /* passes 0 on the way */

static int fd = -1;

static int setup(void **state)
{
	size_t i;

	fd = mkstemp64(image);
	snprintf(spec, sizeof(spec), "disk:%s", image);
	for (i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i / 512 * 3 + i);
	return fd < 0;
}

static int teardown(void **state)
{
	close(fd);
	return unlink(image);
}

static struct host *open_disk(void)
{
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, content, SIZE, 0), SIZE);
	return host_open(spec);
}

/* --- the transport, as a host does it -------------------------------------- */

static void put_le32(uint8_t *bytes, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_le32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void make_wrapper(uint8_t wrapper[31], uint8_t direction, uint32_t expected,
			 const uint8_t *cdb, uint8_t length)
{
	memset(wrapper, 0, 31);
	memcpy(wrapper, "USBC", 4);
	put_le32(wrapper + 4, ++tags);
	put_le32(wrapper + 8, expected);
	wrapper[12] = direction;
	wrapper[14] = length;
	memcpy(wrapper + 15, cdb, length);
}

static void send_wrapper(struct host *host, uint8_t direction, uint32_t expected,
			 const uint8_t *cdb, uint8_t length)
{
	uint8_t wrapper[31];
	uint32_t actual;

	make_wrapper(wrapper, direction, expected, cdb, length);
	assert_int_equal(host_transfer(host, OUT, wrapper, 31, &actual), 0);
	assert_int_equal(actual, 31);
}

static void clear_halt(struct host *host, uint8_t endpoint)
{
	assert_int_equal(host_change(host, BACKEND_CLEAR_HALT, endpoint, 0, 0), 0);
}

/* Reads the CSW, the way of figure 2 of the specification; its status. */
static enum csw read_status(struct host *host, uint32_t *residue)
{
	uint8_t csw[64];
	uint32_t actual;
	int ret = host_transfer(host, IN, csw, sizeof(csw), &actual);

	if (ret == -SUBURB_EPIPE) {
		clear_halt(host, IN);
		ret = host_transfer(host, IN, csw, sizeof(csw), &actual);
	}
	assert_int_equal(ret, 0);
	assert_int_equal(actual, 13);
	assert_memory_equal(csw, "USBS", 4);
	assert_int_equal(get_le32(csw + 4), tags);
	*residue = get_le32(csw + 8);
	return csw[12];
}

struct result {
	enum csw status;
	uint32_t residue;
	uint32_t moved;
	bool stalled; /* in the data stage */
};

static struct result run(struct host *host, uint8_t direction, void *data, uint32_t expected,
			 const uint8_t *cdb, uint8_t length)
{
	uint8_t endpoint = direction ? IN : OUT;
	struct result result = { 0 };
	int ret;

	send_wrapper(host, direction, expected, cdb, length);
	if (expected) {
		ret = host_transfer(host, endpoint, data, expected, &result.moved);
		result.stalled = ret == -SUBURB_EPIPE;
		if (result.stalled)
			clear_halt(host, endpoint);
		else
			assert_int_equal(ret, 0);
	}
	result.status = read_status(host, &result.residue);
	return result;
}

#define CDB(...) ((const uint8_t[]){ __VA_ARGS__ }), (uint8_t)sizeof((const uint8_t[]){ __VA_ARGS__ })
#define READ_10(sector, count) \
	CDB(0x28, 0, 0, 0, (sector) >> 8, (sector) & 0xff, 0, (count) >> 8, (count) & 0xff, 0)
#define WRITE_10(sector, count) \
	CDB(0x2a, 0, 0, 0, (sector) >> 8, (sector) & 0xff, 0, (count) >> 8, (count) & 0xff, 0)

/* Expect a command without data to pass, or to fail with this sense. */
static void expect_pass(struct host *host, const uint8_t *cdb, uint8_t length)
{
	struct result r = run(host, 0, NULL, 0, cdb, length);

	assert_int_equal(r.status, PASSED);
	assert_int_equal(r.residue, 0);
}

static void expect_sense(struct host *host, uint32_t sense)
{
	uint8_t data[18];
	struct result r = run(host, 0x80, data, 18, CDB(3, 0, 0, 0, 18, 0));

	assert_int_equal(r.status, PASSED);
	assert_int_equal(r.moved, 18);
	assert_int_equal(data[0], 0x70);
	assert_int_equal(data[7], 10);
	assert_int_equal(data[2] << 16 | data[12] << 8 | data[13], sense);
}

static void expect_fail(struct host *host, uint32_t sense, const uint8_t *cdb, uint8_t length)
{
	struct result r = run(host, 0, NULL, 0, cdb, length);

	assert_int_equal(r.status, FAILED);
	expect_sense(host, sense);
	expect_sense(host, 0); /* told once */
}

static uint32_t expect_data(struct host *host, void *data, uint32_t expected, const uint8_t *cdb,
			    uint8_t length)
{
	struct result r = run(host, 0x80, data, expected, cdb, length);

	assert_int_equal(r.status, PASSED);
	assert_int_equal(r.residue, expected - r.moved);
	return r.moved;
}

/* --- reading and writing --------------------------------------------------- */

static void check_file(void)
{
	static uint8_t now[SIZE];

	assert_int_equal(pread(fd, now, SIZE, 0), SIZE);
	assert_memory_equal(now, content, SIZE);
}

static void test_read_all_sizes(void **state)
{
	struct host *host = open_disk();
	static uint8_t data[SIZE];

	assert_int_equal(expect_data(host, data, SIZE, READ_10(0, SECTORS)), SIZE);
	assert_memory_equal(data, content, SIZE);
	assert_int_equal(expect_data(host, data, 1024, CDB(0x08, 0, 0, 7, 2, 0)), 1024);
	assert_memory_equal(data, content + 7 * 512, 1024);
	assert_int_equal(expect_data(host, data, 256 * 512, CDB(0x08, 0, 0, 0, 0, 0)), 256 * 512);
	assert_memory_equal(data, content, 256 * 512);
	assert_int_equal(expect_data(host, data, 512, CDB(0xa8, 0, 0, 0, 3, 0xe7, 0, 0, 0, 1, 0, 0)),
			 512);
	assert_memory_equal(data, content + 999 * 512, 512);
	assert_int_equal(expect_data(host, data, 1536,
				     CDB(0x88, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0)),
			 1536);
	assert_memory_equal(data, content + 256 * 512, 1536);
	expect_pass(host, READ_10(5, 0));
	host_free(host);
}

static void write_sectors(struct host *host, uint32_t sector, uint32_t count, uint8_t seed,
			  const uint8_t *cdb, uint8_t length)
{
	struct result r;

	memset(content + sector * 512, seed, count * 512);
	content[sector * 512] ^= 0x55;
	r = run(host, 0, content + sector * 512, count * 512, cdb, length);
	assert_int_equal(r.status, PASSED);
	assert_int_equal(r.residue, 0);
	assert_int_equal(r.moved, count * 512);
	check_file();
}

static void test_write_all_sizes(void **state)
{
	struct host *host = open_disk();

	write_sectors(host, 0, SECTORS, 1, WRITE_10(0, SECTORS));
	write_sectors(host, 999, 1, 2, CDB(0x0a, 0, 3, 0xe7, 1, 0));
	write_sectors(host, 10, 4, 3, CDB(0xaa, 0, 0, 0, 0, 10, 0, 0, 0, 4, 0, 0));
	write_sectors(host, 300, 400, 4,
		      CDB(0x8a, 0, 0, 0, 0, 0, 0, 0, 1, 44, 0, 0, 1, 0x90, 0, 0));
	expect_pass(host, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	host_free(host);
}

static void test_bounds(void **state)
{
	struct host *host = open_disk();

	expect_fail(host, 0x052100, READ_10(1000, 1));
	expect_fail(host, 0x052100, READ_10(999, 2));
	expect_fail(host, 0x052100, READ_10(1001, 0));
	expect_fail(host, 0x052100, WRITE_10(1000, 1));
	expect_fail(host, 0x052100, CDB(0x08, 0x1f, 0xff, 0xff, 1, 0));
	expect_fail(host, 0x052100, CDB(0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0));
	expect_fail(host, 0x052100,
		    CDB(0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0));
	expect_fail(host, 0x052100,
		    CDB(0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0));
	expect_pass(host, CDB(0x2f, 0, 0, 0, 0, 0, 0, 3, 0xe8, 0));
	expect_fail(host, 0x052100, CDB(0x2f, 0, 0, 0, 0, 0, 0, 3, 0xe9, 0));
	expect_fail(host, 0x052100, CDB(0xaf, 0, 0, 0, 0, 1, 0, 0, 3, 0xe8, 0, 0));
	expect_fail(host, 0x052400, CDB(0x2f, 2, 0, 0, 0, 0, 0, 0, 1, 0));
	expect_fail(host, 0x052100, CDB(0x35, 0, 0, 0, 3, 0xe9, 0, 0, 0, 0));
	check_file();
	host_free(host);
}

/* --- the thirteen cases ---------------------------------------------------- */

/*
 * READ and WRITE of two sectors are the device's Di and Do of 1024 bytes, TEST
 * UNIT READY is its Dn.
 */
static void test_thirteen_cases(void **state)
{
	enum { NONE, READ, WRITE };
	static const struct {
		int number;
		uint8_t direction;
		uint32_t host;
		int device;
		enum csw status;
		uint32_t moved;
		bool stalled;
	} rows[] = {
		{ 1, 0x00, 0, NONE, PASSED, 0, false },
		{ 1, 0x80, 0, NONE, PASSED, 0, false },
		{ 2, 0x80, 0, READ, PHASE_ERROR, 0, false },
		{ 3, 0x00, 0, WRITE, PHASE_ERROR, 0, false },
		{ 4, 0x80, 1024, NONE, PASSED, 0, true },
		{ 5, 0x80, 4096, READ, PASSED, 1024, true },
		{ 6, 0x80, 1024, READ, PASSED, 1024, false },
		{ 7, 0x80, 512, READ, PHASE_ERROR, 0, true },
		{ 8, 0x80, 1024, WRITE, PHASE_ERROR, 0, true },
		{ 9, 0x00, 1024, NONE, PASSED, 0, true },
		{ 10, 0x00, 1024, READ, PHASE_ERROR, 0, true },
		{ 11, 0x00, 4096, WRITE, PASSED, 1024, true },
		{ 12, 0x00, 1024, WRITE, PASSED, 1024, false },
		{ 13, 0x00, 512, WRITE, PHASE_ERROR, 0, true },
	};
	static const uint8_t cdbs[][10] = { { 0 }, { 0x28, 0, 0, 0, 0, 9, 0, 0, 2 },
					    { 0x2a, 0, 0, 0, 0, 9, 0, 0, 2 } };
	struct host *host = open_disk();
	uint8_t data[4096];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct result r;

		memset(data, 0x5a, sizeof(data));
		r = run(host, rows[i].direction, data, rows[i].host, cdbs[rows[i].device], 10);
		if (r.status != rows[i].status || r.moved != rows[i].moved ||
		    r.stalled != rows[i].stalled || r.residue != rows[i].host - rows[i].moved)
			fail_msg("case %d: status %d, moved %u, residue %u, stalled %d",
				 rows[i].number, r.status, r.moved, r.residue, r.stalled);
		if (rows[i].device == READ && r.moved)
			assert_memory_equal(data, content + 9 * 512, 1024);
		if (rows[i].device == WRITE && r.moved)
			memset(content + 9 * 512, 0x5a, 1024);
		check_file(); /* in a phase error nothing was written */
	}
	host_free(host);
}

static void test_short_answer_is_stalled_after(void **state)
{
	struct host *host = open_disk();
	uint8_t data[64];
	struct result r = run(host, 0x80, data, 64, CDB(0x12, 0, 0, 0, 64, 0));

	/* 36 bytes in a short packet; the stall is met, and cleared, by the CSW's read */
	assert_int_equal(r.status, PASSED);
	assert_int_equal(r.moved, 36);
	assert_int_equal(r.residue, 28);
	host_free(host);
}

static void test_failed_command_stalls_data(void **state)
{
	struct host *host = open_disk();
	uint8_t data[512] = { 0 };
	struct result r = run(host, 0x80, data, 512, READ_10(1000, 1));

	assert_int_equal(r.status, FAILED);
	assert_int_equal(r.residue, 512);
	assert_true(r.stalled);
	r = run(host, 0x00, data, 512, WRITE_10(1000, 1));
	assert_int_equal(r.status, FAILED);
	assert_int_equal(r.residue, 512);
	assert_true(r.stalled);
	expect_sense(host, 0x052100);
	host_free(host);
}

static void test_host_sends_too_little(void **state)
{
	struct host *host = open_disk();
	uint8_t data[1024] = { 0 };
	uint32_t actual, residue;

	send_wrapper(host, 0, 1024, WRITE_10(0, 2));
	assert_int_equal(host_transfer(host, OUT, data, 700, &actual), 0);
	assert_int_equal(read_status(host, &residue), PHASE_ERROR);
	assert_int_equal(residue, 1024);
	check_file();
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	host_free(host);
}

static void expect_wedged(struct host *host)
{
	uint8_t data[64];
	uint32_t actual;
	int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(host_transfer(host, IN, data, 64, &actual), -SUBURB_EPIPE);
		assert_int_equal(host_transfer(host, OUT, data, 31, &actual), -SUBURB_EPIPE);
		clear_halt(host, IN); /* has no effect before the reset */
		clear_halt(host, OUT);
	}
}

static void reset_recovery(struct host *host)
{
	assert_int_equal(host_control(host, 0x21, 0xff, 0, 0, NULL, 0), 0);
	clear_halt(host, IN);
	clear_halt(host, OUT);
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
}

static void test_invalid_wrappers(void **state)
{
	static const struct {
		uint32_t length;
		uint8_t at, value;
	} rows[] = {
		{ 30, 0, 'U' }, { 32, 0, 'U' }, { 31, 0, 'V' }, { 0, 0, 'U' },
		{ 31, 13, 1 },	{ 31, 14, 0 },	{ 31, 14, 17 }, { 31, 12, 0x81 },
	};
	struct host *host = open_disk();
	uint8_t wrapper[32] = { 0 };
	uint32_t actual;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make_wrapper(wrapper, 0, 0, CDB(0, 0, 0, 0, 0, 0));
		wrapper[rows[i].at] = rows[i].value;
		assert_int_equal(host_transfer(host, OUT, wrapper, rows[i].length, &actual), 0);
		expect_wedged(host);
		reset_recovery(host);
	}
	host_free(host);
}

static void test_reset_in_the_middle(void **state)
{
	struct host *host = open_disk();
	uint8_t data[512];
	struct flight *in;
	uint32_t actual;

	send_wrapper(host, 0x80, SIZE, READ_10(0, SECTORS)); /* the worker is busy */
	reset_recovery(host);
	send_wrapper(host, 0x80, 1024, READ_10(0, 2));
	assert_int_equal(host_transfer(host, IN, data, 512, &actual), 0);
	reset_recovery(host);
	send_wrapper(host, 0x00, 1024, WRITE_10(0, 2));
	assert_int_equal(host_transfer(host, OUT, content, 512, &actual), 0);
	reset_recovery(host);
	send_wrapper(host, 0x80, 512, READ_10(0, 1));
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
	in = host_begin(host, IN, NULL, 512);
	host_wait(host, 20);
	assert_false(in->done); /* the old command's data does not come */
	host_cancel(host, in);
	host_until(host, in->done);
	flight_free(in);
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	check_file();
	assert_int_equal(host_control(host, 0x21, 0xff, 1, 0, NULL, 0), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0xff, 0, 0, data, 1), -SUBURB_EPIPE);
	host_free(host);
}

static void test_gone_while_the_worker_is_busy(void **state)
{
	struct host *host = open_disk();
	uint32_t actual;
	uint8_t wrapper[31];

	make_wrapper(wrapper, 0x80, SIZE, READ_10(0, SECTORS));
	assert_int_equal(host_transfer(host, OUT, wrapper, 31, &actual), 0);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), 0);
	host_until(host, host->left);
	host->backend->ops->close(host->device);
	host_free(host);
}

static void test_medium_fails(void **state)
{
	struct host *host = open_disk();
	static uint8_t data[SIZE];
	struct result r;

	assert_int_equal(ftruncate(fd, 512 * 400), 0); /* somebody cut the file */
	r = run(host, 0x80, data, SIZE, READ_10(0, SECTORS));
	assert_int_equal(r.status, FAILED);
	assert_int_equal(r.moved, 128 << 10); /* the chunk that was whole */
	assert_int_equal(r.residue, SIZE - (128 << 10));
	expect_sense(host, 0x031100);
	host_free(host);
}

/* --- SCSI ------------------------------------------------------------------ */

static void test_max_lun(void **state)
{
	struct host *host = open_disk();
	uint8_t lun = 9;

	assert_int_equal(host_control(host, 0xa1, 0xfe, 0, 0, &lun, 1), 1);
	assert_int_equal(lun, 0);
	assert_int_equal(host_control(host, 0xa1, 0xfe, 0, 1, &lun, 1), -SUBURB_EPIPE);
	host_free(host);
}

static void test_inquiry(void **state)
{
	struct host *host = open_disk();
	uint8_t d[255];

	assert_int_equal(expect_data(host, d, 36, CDB(0x12, 0, 0, 0, 36, 0)), 36);
	assert_int_equal(d[0], 0);
	assert_int_equal(d[1], 0x80);
	assert_int_equal(d[3] & 0x0f, 2);
	assert_int_equal(d[4], 31);
	assert_memory_equal(d + 8, "Suburb  Emulated disk   0100", 28);
	assert_int_equal(expect_data(host, d, 5, CDB(0x12, 0, 0, 0, 5, 0)), 5);
	assert_int_equal(expect_data(host, d, 255, CDB(0x12, 1, 0, 0, 255, 0)), 7);
	assert_memory_equal(d, "\0\0\0\3\0\x80\x83", 7);
	assert_int_equal(expect_data(host, d, 255, CDB(0x12, 1, 0x80, 0, 255, 0)), 4 + 16);
	assert_memory_equal(d, "\0\x80\0\x10" "5355425552420001", 20);
	assert_string_equal(host->device->serial, "5355425552420001");
	assert_int_equal(expect_data(host, d, 255, CDB(0x12, 1, 0x83, 0, 255, 0)), 8 + 24 + 16);
	assert_memory_equal(d, "\0\x83\0\x2c\2\1\0\x28Suburb  Emulated disk   5355425552420001", 48);
	expect_fail(host, 0x052400, CDB(0x12, 1, 0xb9, 0, 255, 0));
	expect_fail(host, 0x052400, CDB(0x12, 0, 0x80, 0, 255, 0));
	host_free(host);
}

static void test_capacity(void **state)
{
	struct host *host = open_disk();
	uint8_t d[64];

	assert_int_equal(expect_data(host, d, 8, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0)), 8);
	assert_memory_equal(d, "\0\0\3\xe7\0\0\2\0", 8);
	assert_int_equal(expect_data(host, d, 32,
				     CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0)),
			 32);
	assert_memory_equal(d, "\0\0\0\0\0\0\3\xe7\0\0\2\0", 12);
	expect_fail(host, 0x052400, CDB(0x9e, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
	assert_int_equal(expect_data(host, d, 12, CDB(0x23, 0, 0, 0, 0, 0, 0, 0, 12, 0)), 12);
	assert_memory_equal(d, "\0\0\0\x08\0\0\3\xe8\2\0\2\0", 12);
	host_free(host);
}

static void test_mode_sense(void **state)
{
	struct host *host = open_disk();
	uint8_t d[255];

	assert_int_equal(expect_data(host, d, 192, CDB(0x1a, 0, 0x3f, 0, 192, 0)), 24);
	assert_int_equal(d[0], 23);
	assert_int_equal(d[2], 0);
	assert_int_equal(d[3], 0);
	assert_memory_equal(d + 4, "\x08\x12\x04", 3);
	assert_int_equal(expect_data(host, d, 192, CDB(0x5a, 0, 8, 0, 0, 0, 0, 0, 192, 0)), 28);
	assert_memory_equal(d, "\0\x1a\0\0\0\0\0\0\x08\x12\x04", 11);
	assert_int_equal(expect_data(host, d, 192, CDB(0x1a, 0, 0x48, 0, 192, 0)), 24);
	assert_memory_equal(d + 4, "\x08\x12\x00", 3);
	assert_int_equal(expect_data(host, d, 4, CDB(0x1a, 0, 0x3f, 0, 4, 0)), 4);
	expect_pass(host, CDB(0x1a, 0, 0x3f, 0, 0, 0));
	expect_fail(host, 0x053900, CDB(0x1a, 0, 0xc8, 0, 192, 0));
	expect_fail(host, 0x052400, CDB(0x1a, 0, 0x02, 0, 192, 0));
	expect_fail(host, 0x052400, CDB(0x1a, 0, 0x08, 1, 192, 0));
	host_free(host);
}

static void test_luns_and_unknown(void **state)
{
	struct host *host = open_disk();
	uint8_t d[64];

	assert_int_equal(expect_data(host, d, 16, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0)), 16);
	assert_memory_equal(d, "\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(expect_data(host, d, 16, CDB(0xa0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0)), 8);
	expect_fail(host, 0x052400, CDB(0xa0, 0, 3, 0, 0, 0, 0, 0, 0, 16, 0, 0));
	expect_fail(host, 0x052000, CDB(0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	expect_fail(host, 0x052000, CDB(0xff));
	host_free(host);
}

static void test_eject(void **state)
{
	struct host *host = open_disk();

	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x1b, 0, 0, 0, 0, 0)); /* stop: nothing happens */
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x1e, 0, 0, 0, 1, 0));
	expect_fail(host, 0x055302, CDB(0x1b, 0, 0, 0, 2, 0));
	expect_pass(host, CDB(0x1e, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x1b, 0, 0, 0, 2, 0));
	expect_fail(host, 0x023a00, CDB(0, 0, 0, 0, 0, 0));
	expect_fail(host, 0x023a00, READ_10(0, 1));
	expect_fail(host, 0x052000, CDB(0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x1b, 0, 0, 0, 3, 0));
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	expect_pass(host, CDB(0x1b, 0, 0, 0, 2, 0));
	assert_int_equal(run(host, 0, NULL, 0, CDB(0, 0, 0, 0, 0, 0)).status, FAILED);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
	expect_sense(host, 0);
	expect_pass(host, CDB(0, 0, 0, 0, 0, 0));
	host_free(host);
}

static void test_read_only(void **state)
{
	uint8_t data[512] = { 0 };
	struct host *host;
	struct result r;

	/* Root may write to any file: be somebody else while it is opened. */
	assert_int_equal(fchmod(fd, 0444), 0);
	if (!geteuid())
		assert_int_equal(seteuid(65534), 0);
	host = open_disk();
	if (!getuid())
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(expect_data(host, data, 4, CDB(0x1a, 0, 0x3f, 0, 4, 0)), 4);
	assert_int_equal(data[2], 0x80);
	r = run(host, 0x00, data, 512, WRITE_10(0, 1));
	assert_int_equal(r.status, FAILED);
	assert_int_equal(r.residue, 512);
	expect_sense(host, 0x072700);
	check_file();
	assert_int_equal(expect_data(host, data, 512, READ_10(0, 1)), 512);
	host_free(host);
}

static void test_files(void **state)
{
	struct backend *backend = emulated_backend_new();
	char error[256];

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(emulated_backend_add(backend, spec, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is empty"));
	assert_int_equal(ftruncate(fd, 1000), 0);
	assert_int_equal(emulated_backend_add(backend, spec, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "is 1000 bytes long: make it a multiple of 512"));
	assert_int_equal(ftruncate(fd, 512), 0);
	assert_int_equal(emulated_backend_add(backend, spec, error, sizeof(error)), 0);
	emulated_backend_free(backend);
}

static void test_large_medium(void **state)
{
	static const uint8_t mark[512] = { 0xab, 0xcd };
	const off64_t sectors = (5ll << 30) / 512; /* sparse; beyond 32 bits of bytes */
	struct host *host;
	uint8_t d[512];

	if (ftruncate64(fd, sectors * 512) || pwrite64(fd, mark, 512, (sectors - 1) * 512) != 512)
		skip();
	host = host_open(spec);
	assert_int_equal(expect_data(host, d, 8, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0)), 8);
	assert_memory_equal(d, "\0\x9f\xff\xff\0\0\2\0", 8);
	assert_int_equal(expect_data(host, d, 512, CDB(0x28, 0, 0, 0x9f, 0xff, 0xff, 0, 0, 1, 0)),
			 512);
	assert_memory_equal(d, mark, 512);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_all_sizes),
		cmocka_unit_test(test_write_all_sizes),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_thirteen_cases),
		cmocka_unit_test(test_short_answer_is_stalled_after),
		cmocka_unit_test(test_failed_command_stalls_data),
		cmocka_unit_test(test_host_sends_too_little),
		cmocka_unit_test(test_invalid_wrappers),
		cmocka_unit_test(test_reset_in_the_middle),
		cmocka_unit_test(test_gone_while_the_worker_is_busy),
		cmocka_unit_test(test_medium_fails),
		cmocka_unit_test(test_max_lun),
		cmocka_unit_test(test_inquiry),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_mode_sense),
		cmocka_unit_test(test_luns_and_unknown),
		cmocka_unit_test(test_eject),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_large_medium),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
