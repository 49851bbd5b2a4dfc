// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each emulated device, used the way its driver would: all descriptors, then
 * what the device is for.
 */
#include <fcntl.h>
#include <stdio.h>

#include "client.h"

#define DISK_SIZE (1 << 20)
#define SECTOR 512

static struct exporter exporter;
static char disk_name[] = "/tmp/suburb-disk.XXXXXX";

static int start(void **state)
{
	char disk[64];
	const char *const args[] = {
		"--emulate", "keyboard:Ab1", "--emulate", "mouse", "--emulate", "serial",
		"--emulate", disk, "--emulate", "loopback", NULL,
	};
	int fd = mkstemp(disk_name);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, DISK_SIZE), 0);
	close(fd);
	snprintf(disk, sizeof(disk), "disk:%s", disk_name);
	exporter_start(&exporter, args);
	return 0;
}

static int stop(void **state)
{
	unlink(disk_name);
	exporter_stop(&exporter);
	return 0;
}

static int hang_up_left_over(void **state)
{
	hang_up_all();
	return 0;
}

#define KEYBOARD "99-1"
#define MOUSE "99-2"
#define SERIAL "99-3"
#define DISK "99-4"
#define LOOPBACK "99-5"

static void configure(struct client *client, const char *busid)
{
	import(client, &exporter, busid);
	control_out(client, SET_CONFIGURATION, NULL, 0);
}

/* --- descriptors ---------------------------------------------------------- */

static const char *descriptor_setup(uint8_t type, uint8_t index, uint8_t language)
{
	static char setup[6];

	memcpy(setup, "\x80\x06\x00\x00\x00\x00", 6);
	setup[2] = (char)index;
	setup[3] = (char)type;
	if (language) {
		setup[4] = 0x09;
		setup[5] = 0x04;
	}
	return setup;
}

/* A descriptor set is a chain of lengths that ends exactly at its end. */
static void assert_chain(const uint8_t *set, size_t size, unsigned int *interfaces)
{
	unsigned int seen[32] = { 0 };
	size_t at = 0;

	*interfaces = 0;
	while (at < size) {
		assert_true(set[at] >= 2);
		assert_true(at + set[at] <= size);
		if (set[at + 1] == 4 && !seen[set[at + 2]]++)
			++*interfaces;
		at += set[at];
	}
	assert_int_equal(at, size);
}

static void check_configuration(struct client *client, const struct listed *listed)
{
	uint8_t set[4096];
	unsigned int interfaces;
	uint32_t total;

	assert_int_equal(control_in(client, descriptor_setup(2, 0, 0), set, 9), 9);
	assert_int_equal(set[1], 2);
	total = set[2] | set[3] << 8;
	assert_int_equal(control_in(client, descriptor_setup(2, 0, 0), set, sizeof(set)), total);
	assert_chain(set, total, &interfaces);
	assert_int_equal(interfaces, set[4]);
	assert_int_equal(interfaces, listed->device.num_interfaces);
}

static void check_strings(struct client *client, const uint8_t *device)
{
	uint8_t string[255];

	assert_int_equal(control_in(client, descriptor_setup(3, 0, 0), string, 255), 4);
	assert_memory_equal(string, "\x04\x03\x09\x04", 4);
	for (int i = 14; i <= 16; i++) {
		uint32_t size;

		if (!device[i])
			continue;
		size = control_in(client, descriptor_setup(3, device[i], 1), string, 255);
		assert_true(size > 2);
		assert_int_equal(string[0], size);
		assert_int_equal(string[1], 3);
	}
}

static void all_descriptors_of_all_devices(void **state)
{
	struct listed listed[8];
	size_t n = devlist(&exporter, listed, 8);

	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		struct client client;
		uint8_t device[18];

		import(&client, &exporter, listed[i].device.busid);
		assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, device, 18), 18);
		assert_int_equal(device[8] | device[9] << 8, listed[i].device.id_vendor);
		assert_int_equal(device[10] | device[11] << 8, listed[i].device.id_product);
		assert_int_equal(device[12] | device[13] << 8, listed[i].device.bcd_device);
		assert_int_equal(device[17], listed[i].device.num_configurations);
		/* Short reads, as the first one of an enumeration is. */
		assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, device, 8), 8);
		check_configuration(&client, &listed[i]);
		check_strings(&client, device);
		client_close(&client);
	}
}

static void what_is_not_there_stalls(void **state)
{
	struct client client;

	import(&client, &exporter, LOOPBACK);
	expect_submit(&client, submit_control(&client, descriptor_setup(2, 9, 0), 9, NULL),
		      -SUBURB_EPIPE, NULL);
	expect_submit(&client, submit_control(&client, descriptor_setup(3, 99, 1), 9, NULL),
		      -SUBURB_EPIPE, NULL);
	expect_submit(&client, submit_control(&client, "\x00\x09\x07\x00\x00\x00", 0, NULL),
		      -SUBURB_EPIPE, NULL);
	expect_submit(&client, submit_control(&client, "\x01\x0b\x07\x00\x00\x00", 0, NULL),
		      -SUBURB_EPIPE, NULL);
	/* A stall of endpoint 0 ends with the next setup. */
	assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, (uint8_t[18]){ 0 }, 18), 18);
	client_close(&client);
}

/* --- serial --------------------------------------------------------------- */

static void serial_echoes(void **state)
{
	static const uint8_t coding[7] = { 0x00, 0xc2, 0x01, 0x00, 0, 0, 8 };
	struct client client;
	uint8_t data[512];

	configure(&client, SERIAL);
	control_out(&client, "\x21\x20\x00\x00\x00\x00", coding, 7);
	assert_int_equal(control_in(&client, "\xa1\x21\x00\x00\x00\x00", data, 7), 7);
	assert_memory_equal(data, coding, 7);
	control_out(&client, "\x21\x22\x03\x00\x00\x00", NULL, 0);
	write_to(&client, 2, "hello", 5);
	assert_int_equal(read_from(&client, IN | 2, data, 512), 5);
	assert_memory_equal(data, "hello", 5);
	client_close(&client);
}

static void serial_waits_for_data(void **state)
{
	struct client client;
	struct answer answer;
	uint32_t read;

	configure(&client, SERIAL);
	read = submit_in(&client, IN | 2, 512);
	assert_silence(client.fd, 100);
	submit_out(&client, 2, "later", 5);
	/* Which of the two replies is first is not promised. */
	for (int i = 0; i < 2; i++) {
		next_answer(&client, &answer);
		assert_int_equal(answer.reply.submit.status, 0);
		assert_int_equal(answer.reply.submit.actual_length, 5);
		if (answer.reply.submit.seqnum == read)
			assert_memory_equal(answer.payload, "later", 5);
	}
	client_close(&client);
}

/* --- keyboard and mouse --------------------------------------------------- */

static void keyboard_types(void **state)
{
	/* "Ab1": each key down, then up. */
	static const uint8_t reports[6][8] = {
		{ 2, 0, 0x04 }, { 0 }, { 0, 0, 0x05 }, { 0 }, { 0, 0, 0x1e }, { 0 },
	};
	struct client client;
	struct answer answer;
	uint8_t report[8];
	uint32_t read;

	configure(&client, KEYBOARD);
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		assert_int_equal(read_from(&client, IN | 1, report, 8), 8);
		assert_memory_equal(report, reports[i], 8);
	}
	/* Then it is still, until Scroll Lock has the text typed again. */
	read = submit_in(&client, IN | 1, 8);
	assert_silence(client.fd, 200);
	control_out(&client, "\x21\x09\x00\x02\x00\x00", "\x04", 1);
	assert_int_equal(expect_submit(&client, read, 0, &answer), 8);
	assert_memory_equal(answer.payload, reports[0], 8);
	client_close(&client);
}

static void mouse_moves(void **state)
{
	struct client client;
	uint8_t report[8];

	configure(&client, MOUSE);
	assert_in_range(read_from(&client, IN | 1, report, 8), 3, 8);
	client_close(&client);
}

/* --- disk ----------------------------------------------------------------- */

/* Bulk-Only Transport: a command, its data, its status; that status. */
static uint8_t scsi(struct client *client, const void *cdb, size_t cdb_size, bool in, void *data,
		    uint32_t length)
{
	static uint8_t tag;
	uint8_t cbw[31] = { 'U', 'S', 'B', 'C' };
	uint8_t csw[13];

	cbw[4] = ++tag;
	cbw[8] = (uint8_t)length;
	cbw[9] = (uint8_t)(length >> 8);
	cbw[10] = (uint8_t)(length >> 16);
	cbw[12] = in ? 0x80 : 0;
	cbw[14] = (uint8_t)cdb_size;
	memcpy(cbw + 15, cdb, cdb_size);
	write_to(client, 2, cbw, sizeof(cbw));
	if (length && in)
		assert_int_equal(read_from(client, IN | 1, data, length), length);
	else if (length)
		write_to(client, 2, data, length);
	assert_int_equal(read_from(client, IN | 1, csw, sizeof(csw)), 13);
	assert_memory_equal(csw, "USBS", 4);
	assert_int_equal(csw[4], tag);
	return csw[12];
}

static uint8_t move_sectors(struct client *client, uint8_t opcode, uint32_t sector, uint8_t *data,
			    uint16_t sectors)
{
	const uint8_t cdb[10] = {
		opcode, 0, (uint8_t)(sector >> 24), (uint8_t)(sector >> 16),
		(uint8_t)(sector >> 8), (uint8_t)sector, 0, (uint8_t)(sectors >> 8),
		(uint8_t)sectors,
	};

	return scsi(client, cdb, 10, opcode == 0x28, data, sectors * (uint32_t)SECTOR);
}

static void assert_on_disk(const uint8_t *data, size_t size, off_t offset)
{
	uint8_t *there = malloc(size);
	int fd = open(disk_name, O_RDONLY);

	assert_non_null(there);
	assert_int_equal(pread(fd, there, size, offset), size);
	assert_memory_equal(there, data, size);
	close(fd);
	free(there);
}

static void disk_writes_and_reads(void **state)
{
	static uint8_t data[128 * SECTOR], back[128 * SECTOR];
	struct client client;
	uint8_t capacity[8];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	configure(&client, DISK);
	assert_int_equal(scsi(&client, "\x25\0\0\0\0\0\0\0\0\0", 10, true, capacity, 8), 0);
	assert_memory_equal(capacity, "\x00\x00\x07\xff\x00\x00\x02\x00", 8);
	assert_int_equal(move_sectors(&client, 0x2a, 100, data, 128), 0);
	assert_int_equal(scsi(&client, "\x35\0\0\0\0\0\0\0\0\0", 10, false, NULL, 0), 0);
	assert_on_disk(data, sizeof(data), 100 * SECTOR);
	assert_int_equal(move_sectors(&client, 0x28, 100, back, 128), 0);
	assert_memory_equal(back, data, sizeof(data));
	client_close(&client);
}

static void disk_has_an_end(void **state)
{
	struct client client;
	uint8_t cbw[31] = { 'U', 'S', 'B', 'C', 9, 0, 0, 0, 0, 2, 0, 0, 0x80, 0, 10, 0x28, 0,
			    0, 0, 0x08, 0x00, 0, 0, 1 };
	uint8_t csw[13];

	configure(&client, DISK);
	write_to(&client, 2, cbw, sizeof(cbw));
	/* The data stage stalls; clearing that leads to the status (failed). */
	expect_submit(&client, submit_in(&client, IN | 1, 512), -SUBURB_EPIPE, NULL);
	control_out(&client, "\x02\x01\x00\x00\x81\x00", NULL, 0);
	assert_int_equal(read_from(&client, IN | 1, csw, 13), 13);
	assert_int_equal(csw[12], 1);
	client_close(&client);
}

/* --- loopback ------------------------------------------------------------- */

static void loopback_gives_back_every_byte(void **state)
{
	static uint8_t data[65536], back[65536];
	struct client client;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + i / 256);
	configure(&client, LOOPBACK);
	for (int round = 0; round < 4; round++) {
		write_to(&client, 1, data, sizeof(data));
		assert_int_equal(read_from(&client, IN | 1, back, sizeof(back)), sizeof(back));
		assert_memory_equal(back, data, sizeof(data));
		data[round * 1000] ^= 0xff;
	}
	client_close(&client);
}

static void quirk_21_short_not_ok(void **state)
{
	struct client client;
	struct answer answer;
	struct suburb_submit s;

	configure(&client, LOOPBACK);
	write_to(&client, 1, "short", 5);
	s = to_endpoint(&client, IN | 1, 512);
	s.transfer_flags = SUBURB_URB_SHORT_NOT_OK;
	submit(&client, &s, NULL);
	/* quirk 22: with its data */
	assert_int_equal(expect_submit(&client, s.seqnum, -SUBURB_EREMOTEIO, &answer), 5);
	assert_memory_equal(answer.payload, "short", 5);
	client_close(&client);
}

/* Without its empty packet at the end the loopback would not end the read. */
static void quirk_21_zero_packet(void **state)
{
	static uint8_t data[512], back[1024];
	struct client client;
	struct suburb_submit s;
	uint32_t read;

	configure(&client, LOOPBACK);
	s = to_endpoint(&client, 1, sizeof(data));
	s.transfer_flags = SUBURB_URB_ZERO_PACKET;
	submit(&client, &s, data);
	assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), sizeof(data));
	assert_int_equal(read_from(&client, IN | 1, back, sizeof(back)), sizeof(data));
	write_to(&client, 1, data, sizeof(data));
	read = submit_in(&client, IN | 1, sizeof(back));
	assert_silence(client.fd, 100);
	write_to(&client, 1, "end", 3);
	assert_int_equal(expect_submit(&client, read, 0, NULL), sizeof(data) + 3);
	client_close(&client);
}

static void quirk_19_set_interface_moves_endpoints(void **state)
{
	struct client client;
	uint8_t alt;

	configure(&client, LOOPBACK);
	control_out(&client, "\x01\x0b\x01\x00\x00\x00", NULL, 0);
	assert_int_equal(control_in(&client, "\x81\x0a\x00\x00\x00\x00", &alt, 1), 1);
	assert_int_equal(alt, 1);
	expect_submit(&client, submit_in(&client, IN | 2, 64), -SUBURB_ENOENT, NULL);
	control_out(&client, "\x01\x0b\x00\x00\x00\x00", NULL, 0);
	write_to(&client, 2, "again", 5);
	client_close(&client);
}

static void quirk_19_port_reset(void **state)
{
	struct client client;
	uint8_t configuration;

	configure(&client, LOOPBACK);
	control_out(&client, "\x23\x03\x04\x00\x01\x00", NULL, 0);
	/* The device is as after libusb's reset: there, with its configuration. */
	assert_int_equal(control_in(&client, "\x80\x08\x00\x00\x00\x00", &configuration, 1), 1);
	assert_int_equal(configuration, 1);
	client_close(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, hang_up_left_over)
	const struct CMUnitTest tests[] = {
		TEST(all_descriptors_of_all_devices),
		TEST(what_is_not_there_stalls),
		TEST(serial_echoes),
		TEST(serial_waits_for_data),
		TEST(keyboard_types),
		TEST(mouse_moves),
		TEST(disk_writes_and_reads),
		TEST(disk_has_an_end),
		TEST(loopback_gives_back_every_byte),
		TEST(quirk_21_short_not_ok),
		TEST(quirk_21_zero_packet),
		TEST(quirk_19_set_interface_moves_endpoints),
		TEST(quirk_19_port_reset),
	};

	return cmocka_run_group_tests_name("devices", tests, start, stop);
}
