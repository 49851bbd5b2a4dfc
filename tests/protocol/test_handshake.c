// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DEVLIST and IMPORT of a running suburbd, and everything that is not quite
 * one of them. After each, the exporter and its device serve the next one.
 */
#include "client.h"

static struct exporter exporter;

static const uint8_t devlist_request[8] = { 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0 };

static int start(void **state)
{
	static const char *const args[] = { "--emulate", "loopback", "--emulate", "keyboard", NULL };

	exporter_start(&exporter, args);
	return 0;
}

static int stop(void **state)
{
	exporter_stop(&exporter);
	return 0;
}

/* Each test ends with proof that nothing else was harmed. */
static int alive(void **state)
{
	hang_up_all();
	assert_alive(&exporter, "99-1");
	assert_alive(&exporter, "99-2");
	return 0;
}

static void devlist_names_every_device(void **state)
{
	struct listed listed[8];

	assert_int_equal(devlist(&exporter, listed, 8), 2);
	assert_string_equal(listed[0].device.busid, "99-1");
	assert_int_equal(listed[0].device.id_vendor, 0x1209);
	assert_int_equal(listed[0].device.num_interfaces, 2);
	assert_int_equal(listed[0].interface[0].interface_class, 0xff);
	assert_string_equal(listed[1].device.busid, "99-2");
	assert_int_equal(listed[1].device.speed, SUBURB_SPEED_LOW);
	assert_int_equal(listed[1].device.num_interfaces, 1);
	assert_int_equal(listed[1].interface[0].interface_class, 3);
	assert_int_equal(listed[1].interface[0].interface_subclass, 1);
	assert_int_equal(listed[1].interface[0].interface_protocol, 1);
}

static void quirk_3_import_repeats_the_record(void **state)
{
	struct client client;
	struct listed listed[8];

	assert_int_equal(devlist(&exporter, listed, 8), 2);
	for (int i = 0; i < 2; i++) {
		import(&client, &exporter, listed[i].device.busid);
		assert_memory_equal(&client.device, &listed[i].device, sizeof(client.device));
		/* No interface records: nothing comes until something is asked. */
		assert_silence(client.fd, 100);
		client_close(&client);
	}
}

static void devlist_in_single_bytes(void **state)
{
	uint8_t reply[12];
	int fd = dial(&exporter);

	for (size_t i = 0; i < sizeof(devlist_request); i++)
		send_bytes(fd, &devlist_request[i], 1);
	receive_bytes(fd, reply, sizeof(reply));
	assert_memory_equal(reply, "\x01\x11\x00\x05\0\0\0\0\0\0\0\2", 12);
	hang_up(fd);
}

/* Sends and expects the connection's end, with nothing said. */
static void refused(const void *bytes, size_t size)
{
	int fd = dial(&exporter);

	send_bytes(fd, bytes, size);
	assert_ends(fd);
}

static void quirk_1_other_versions(void **state)
{
	static const uint16_t versions[] = { 0, 0x0106, 0x0110, 0x0112, 0x1101, 0x0211, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		uint8_t request[8] = { versions[i] >> 8, versions[i] & 0xff, 0x80, 0x05 };

		refused(request, sizeof(request));
	}
	exporter_assert_logged(&exporter, "version 0x106");
}

static void quirk_1_status_in_a_request(void **state)
{
	uint8_t request[8] = { 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 1 };

	refused(request, sizeof(request));
	request[4] = 0xff;
	request[3] = 0x03;
	refused(request, sizeof(request));
	exporter_assert_logged(&exporter, "status");
}

static void quirk_6_unknown_operations(void **state)
{
	static const uint16_t codes[] = { 0, 0x0003, 0x0005, 0x8000, 0x8002, 0x8004, 0x8006, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		uint8_t request[8] = { 0x01, 0x11, codes[i] >> 8, codes[i] & 0xff };

		refused(request, sizeof(request));
	}
	exporter_assert_logged(&exporter, "code 0x8002");
}

static void other_protocols(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const uint8_t tls[] = { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03 };
	uint8_t noise[4096];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 211 + 17);
	refused(http, sizeof(http) - 1);
	refused(tls, sizeof(tls));
	refused(noise, sizeof(noise));
	memset(noise, 0, sizeof(noise));
	refused(noise, sizeof(noise));
}

/* Gone in the middle of a request, at every length. */
static void half_requests(void **state)
{
	uint8_t request[40] = { 0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '9', '9', '-', '1' };

	for (size_t size = 0; size < sizeof(request); size++) {
		int fd = dial(&exporter);

		send_bytes(fd, request, size);
		hang_up(fd);
	}
}

static void unknown_device(void **state)
{
	static const char *const busids[] = {
		"99-3", "99-", "", "99-11", "1-1", "../99-1", "99-1 ", "\x1b[2J\x07",
		"0123456789012345678901234567890",
	};
	struct client client;

	/* quirk 2: the reply ends after its 8 bytes, which try_import() checks */
	for (size_t i = 0; i < ARRAY_SIZE(busids); i++)
		assert_int_equal(try_import(&client, &exporter, busids[i]), SUBURB_OP_NODEV);
	exporter_assert_logged(&exporter, "cannot import \\x1b[2J\\x07");
}

static void busid_without_an_end(void **state)
{
	uint8_t request[40] = { 0x01, 0x11, 0x80, 0x03 };

	memset(request + 8, 'a', 32);
	refused(request, sizeof(request));
}

static void quirk_6_bytes_behind_the_busid(void **state)
{
	uint8_t request[40] = { 0x01, 0x11, 0x80, 0x03 };
	uint8_t reply[320];
	int fd = dial(&exporter);

	memset(request + 8, 0xa5, 32);
	memcpy(request + 8, "99-1", 5);
	send_bytes(fd, request, sizeof(request));
	receive_bytes(fd, reply, sizeof(reply));
	assert_memory_equal(reply, "\x01\x11\x00\x03\0\0\0\0", 8);
	hang_up(fd);
}

static void second_importer_is_told_busy(void **state)
{
	struct client first, second;
	uint8_t descriptor[18];

	import(&first, &exporter, "99-1");
	assert_int_equal(try_import(&second, &exporter, "99-1"), SUBURB_OP_DEV_BUSY);
	import(&second, &exporter, "99-2");
	assert_int_equal(control_in(&first, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	assert_int_equal(control_in(&second, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	client_close(&second);
	client_close(&first);
}

static void importer_that_vanishes_frees_the_device(void **state)
{
	struct client client;

	for (int i = 0; i < 20; i++) {
		import(&client, &exporter, "99-1");
		submit_in(&client, IN | 1, 512);
		submit_in(&client, IN | 2, 64);
		submit_control(&client, GET_DEVICE_DESCRIPTOR, 18, NULL);
		if (i % 2)
			client_reset(&client);
		else
			client_close(&client);
	}
}

/* A devlist request in the place of an import's busid, and so on. */
static void bytes_behind_a_devlist_request(void **state)
{
	uint8_t request[108] = { 0x01, 0x11, 0x80, 0x05 };
	uint8_t reply[12];
	int fd = dial(&exporter);

	send_bytes(fd, request, sizeof(request));
	receive_bytes(fd, reply, sizeof(reply));
	assert_memory_equal(reply, "\x01\x11\x00\x05", 4);
	hang_up(fd);
}

static void quirk_7_requests_sent_with_the_import(void **state)
{
	struct suburb_submit s;
	struct suburb_wire_header header;
	uint8_t request[40 + 48] = { 0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '9', '9', '-', '1' };
	uint8_t reply[320 + 48 + 18];
	struct listed listed[8];
	struct client client = { .fd = -1 };
	int fd;

	devlist(&exporter, listed, 8);
	client.devid = suburb_devid(listed[0].device.busnum, listed[0].device.devnum);
	s = to_endpoint(&client, IN, 18);
	memcpy(s.setup, GET_DEVICE_DESCRIPTOR "\x12\x00", 8);
	suburb_put_submit(&header, &s);
	memcpy(request + 40, &header, 48);
	fd = dial(&exporter);
	send_bytes(fd, request, sizeof(request));
	receive_bytes(fd, reply, sizeof(reply));
	assert_memory_equal(reply + 320, "\0\0\0\3\0\0\0\1", 8);
	assert_memory_equal(reply + 368, "\x12\x01", 2);
	hang_up(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, alive)
	const struct CMUnitTest tests[] = {
		TEST(devlist_names_every_device),
		TEST(quirk_3_import_repeats_the_record),
		TEST(devlist_in_single_bytes),
		TEST(quirk_1_other_versions),
		TEST(quirk_1_status_in_a_request),
		TEST(quirk_6_unknown_operations),
		TEST(other_protocols),
		TEST(half_requests),
		TEST(unknown_device),
		TEST(busid_without_an_end),
		TEST(quirk_6_bytes_behind_the_busid),
		TEST(second_importer_is_told_busy),
		TEST(importer_that_vanishes_frees_the_device),
		TEST(bytes_behind_a_devlist_request),
		TEST(quirk_7_requests_sent_with_the_import),
	};

	return cmocka_run_group_tests_name("handshake", tests, start, stop);
}
