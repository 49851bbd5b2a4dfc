// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "suburb list" against exporters that mean no good: whatever they say, it ends
 * soon, with one line that names the trouble, and prints nothing that a terminal
 * would obey.
 */
#include <sys/socket.h>
#include <time.h>

#include "client.h"
#include "server.h"

static struct tool_run run;

/* --- scripts -------------------------------------------------------------- */

struct bytes {
	const void *bytes;
	size_t size;
};

static void read_request(int fd)
{
	uint8_t request[8];

	recv(fd, request, sizeof(request), MSG_WAITALL);
}

static void say(int fd, const void *data)
{
	const struct bytes *bytes = data;

	read_request(fd);
	send(fd, bytes->bytes, bytes->size, MSG_NOSIGNAL);
}

static void say_nothing(int fd, const void *data)
{
	uint8_t byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void dribble(int fd, const void *data)
{
	static const struct timespec pause = { 0, 300000000 };
	static const uint8_t zeros[4096];
	uint8_t head[12] = { 0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 9 };

	read_request(fd);
	send(fd, head, sizeof(head), MSG_NOSIGNAL);
	for (size_t i = 0; i < sizeof(zeros); i++) {
		if (send(fd, zeros + i, 1, MSG_NOSIGNAL) < 0)
			return;
		nanosleep(&pause, NULL);
	}
}

static void talk_for_ever(int fd, const void *data)
{
	static uint8_t records[12 + 312 * 200] = { 0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0,
						   0xff, 0xff, 0xff, 0xff };
	read_request(fd);
	for (size_t at = 0; send(fd, records + at, sizeof(records) - at, MSG_NOSIGNAL) > 0; at = 12)
		;
}

/* --- what must follow ----------------------------------------------------- */

static void list(server_script *script, const void *data, const char *more)
{
	struct server server;

	server_start(&server, script, data);
	tool_run(&run, &server, "list", more);
	server_stop(&server);
}

/* It promises 10 s; a busy machine, emulation and valgrind add their own. */
static double bound(void)
{
	const char *prefix = getenv("SUBURB_RUN");

	return prefix && *prefix ? 60 : 20;
}

/* Fails with one line on stderr, and within what it promises. */
static void assert_failed(const char *pattern)
{
	const char *end = strchr(run.err, '\n');

	if (run.status != 1 || run.out[0] || !end || end[1] || !strstr(run.err, pattern))
		fail_msg("status %d, stdout \"%s\", stderr \"%s\"", run.status, run.out, run.err);
	assert_true(run.seconds < bound());
	assert_int_equal(strncmp(run.err, "suburb: ", 8), 0);
}

static void assert_harmless(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 && *c != '\n')
			fail_msg("control character %#x in \"%s\"", *c, text);
}

static void fails(const void *bytes, size_t size, const char *pattern)
{
	struct bytes data = { bytes, size };

	list(say, &data, NULL);
	assert_failed(pattern);
	list(say, &data, "--json");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.out, "\"error\": "));
}

/* A reply of one device, whose strings are the caller's. */
static size_t one_device(uint8_t *bytes, const char *path, const char *busid, uint8_t interfaces)
{
	struct suburb_device device = {
		.busnum = 1,
		.devnum = 2,
		.speed = SUBURB_SPEED_HIGH,
		.id_vendor = 0x1234,
		.id_product = 0x5678,
		.num_interfaces = interfaces,
	};
	static const uint8_t head[12] = { 0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 1 };

	memcpy(bytes, head, sizeof(head));
	snprintf(device.path, sizeof(device.path), "%s", path);
	snprintf(device.busid, sizeof(device.busid), "%s", busid);
	suburb_put_device((struct suburb_wire_device *)(bytes + sizeof(head)), &device);
	memset(bytes + sizeof(head) + sizeof(struct suburb_wire_device), 3, interfaces * 4u);
	return sizeof(head) + sizeof(struct suburb_wire_device) + interfaces * 4u;
}

static void a_good_exporter(void **state)
{
	uint8_t bytes[512];
	struct bytes data = { bytes, one_device(bytes, "/sys/x", "3-1", 1) };

	list(say, &data, NULL);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.err, "");
	assert_non_null(strstr(run.out, "3-1"));
	assert_non_null(strstr(run.out, "1234:5678"));
	list(say, &data, "--json");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\"3-1\""));
}

static void no_devices(void **state)
{
	struct bytes data = { "\x01\x11\x00\x05\0\0\0\0\0\0\0\0", 12 };

	list(say, &data, NULL);
	assert_int_equal(run.status, 0);
}

static void garbage(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	uint8_t noise[5000];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 197 + 3);
	fails(http, sizeof(http) - 1, "");
	fails(noise, sizeof(noise), "");
	fails("\x01\x10\x00\x05\0\0\0\0\0\0\0\0", 12, "");
	fails("\x01\x11\x00\x03\0\0\0\0\0\0\0\0", 12, "");
	fails("\x01\x11\x80\x05\0\0\0\0\0\0\0\0", 12, "");
	fails("\x01\x11\x00\x05\0\0\0\1\0\0\0\0", 12, "");
}

static void ends_too_early(void **state)
{
	uint8_t bytes[512];
	size_t size = one_device(bytes, "/sys/x", "3-1", 2);

	for (size_t cut = 0; cut < size; cut += cut < 16 ? 1 : 37) {
		struct bytes data = { bytes, cut };

		list(say, &data, NULL);
		assert_failed("");
	}
}

static void strings_without_an_end(void **state)
{
	uint8_t bytes[512];
	size_t size = one_device(bytes, "/sys/x", "3-1", 0);

	memset(bytes + 12, 'p', 256);
	fails(bytes, size, "");
	size = one_device(bytes, "/sys/x", "3-1", 0);
	memset(bytes + 12 + 256, 'b', 32);
	fails(bytes, size, "");
}

static void huge_counts(void **state)
{
	static const uint32_t counts[] = { 0x7fffffff, 0x80000000, 0xffffffff };
	uint8_t bytes[512];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct bytes data = { bytes, one_device(bytes, "/sys/x", "3-1", 0) };

		for (int b = 0; b < 4; b++)
			bytes[8 + b] = (uint8_t)(counts[i] >> (24 - 8 * b));
		list(say, &data, NULL);
		assert_failed("");
	}
}

static void records_without_end(void **state)
{
	list(talk_for_ever, NULL, NULL);
	assert_failed("");
}

/* Both at once: each takes all the time that the tool has. */
static void quirk_35_silence_and_dribbling_are_bounded(void **state)
{
	static struct tool_run silent;
	struct server silence, dribbler;

	server_start(&silence, say_nothing, NULL);
	server_start(&dribbler, dribble, NULL);
	tool_start(&silent, &silence, "list", NULL);
	tool_run(&run, &dribbler, "list", NULL);
	assert_failed("");
	tool_finish(&silent);
	run = silent;
	assert_failed("");
	assert_true(run.seconds > 1);
	server_stop(&dribbler);
	server_stop(&silence);
}

static void quirk_37_control_characters_are_escaped(void **state)
{
	uint8_t bytes[512];
	struct bytes data = { bytes, 0 };

	data.size = one_device(bytes, "\x1b]0;title\a\r\n/sys", "3-1\x1b[2J\n\x9b\x7f", 1);
	list(say, &data, NULL);
	assert_harmless(run.out);
	assert_harmless(run.err);
	assert_null(strchr(run.out, 0x9b));
	assert_null(strchr(run.out, '\x7f'));
	/* One line for a device, not two. */
	assert_null(strstr(run.out, "\n/sys"));
	list(say, &data, "--json");
	assert_harmless(run.out);
}

static void nobody_listens(void **state)
{
	struct server server;

	server_start(&server, say_nothing, NULL);
	server_stop(&server);
	tool_run(&run, &server, "list", NULL);
	assert_failed("nothing listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_exporter),
		cmocka_unit_test(no_devices),
		cmocka_unit_test(garbage),
		cmocka_unit_test(ends_too_early),
		cmocka_unit_test(strings_without_an_end),
		cmocka_unit_test(huge_counts),
		cmocka_unit_test(records_without_end),
		cmocka_unit_test(quirk_35_silence_and_dribbling_are_bounded),
		cmocka_unit_test(quirk_37_control_characters_are_escaped),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
