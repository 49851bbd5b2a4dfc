// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that change what a device is, over the wire: resets that bring
 * another device, configurations, remote wakeup.
 */
#include <stdio.h>

#include "client.h"

#define MODE_SWITCH "99-1"
#define LOOPBACK "99-2"
#define KEYBOARD "99-3"

#define PORT_RESET "\x23\x03\x04\x00\x00\x00"
#define SET_CONFIGURATION_0 "\x00\x09\x00\x00\x00\x00"
#define SET_CONFIGURATION_9 "\x00\x09\x09\x00\x00\x00"
#define GET_CONFIGURATION "\x80\x08\x00\x00\x00\x00"
#define GET_STATUS "\x80\x00\x00\x00\x00\x00"
#define SET_REMOTE_WAKEUP "\x00\x03\x01\x00\x00\x00"

static struct exporter exporter;

static int start(void **state)
{
	const char *const args[] = { "--emulate", "modeswitch", "--emulate", "loopback",
				     "--emulate", "keyboard", NULL };

	exporter_start(&exporter, args);
	return 0;
}

static int stop(void **state)
{
	exporter_stop(&exporter);
	return 0;
}

static int hang_up_left_over(void **state)
{
	hang_up_all();
	return 0;
}

static unsigned int product(struct client *client)
{
	uint8_t d[18];

	assert_int_equal(control_in(client, GET_DEVICE_DESCRIPTOR, d, sizeof(d)), sizeof(d));
	return d[10] | d[11] << 8;
}

/* Both faces by one session, under the number of the import; each is used. */
static void reset_brings_another_device(void **state)
{
	struct client client;
	uint8_t data[64];

	import(&client, &exporter, MODE_SWITCH);
	assert_int_equal(product(&client), 8);
	for (int i = 0; i < 3; i++) {
		control_out(&client, SET_CONFIGURATION, NULL, 0);
		write_to(&client, 1, "first face", 10);
		assert_int_equal(read_from(&client, IN | 1, data, 64), 10);
		control_out(&client, PORT_RESET, NULL, 0);
		assert_int_equal(product(&client), 9);
		control_out(&client, SET_CONFIGURATION, NULL, 0);
		assert_true(read_from(&client, IN | 2, data, 64) > 0);
		expect_submit(&client, submit_in(&client, IN | 1, 64), -SUBURB_ENOENT, NULL);
		control_out(&client, PORT_RESET, NULL, 0);
		assert_int_equal(product(&client), 8);
	}
	client_close(&client);
	assert_alive(&exporter, MODE_SWITCH);
}

/* What waits at the old device ends; what is sent behind the reset is refused. */
static void reset_ends_what_was(void **state)
{
	struct client client;
	struct answer answer;
	uint32_t in, reset, behind;
	bool seen[3] = { false };

	import(&client, &exporter, MODE_SWITCH);
	control_out(&client, SET_CONFIGURATION, NULL, 0);
	in = submit_in(&client, IN | 1, 64);
	reset = submit_control(&client, PORT_RESET, 0, NULL);
	behind = submit_in(&client, IN | 1, 64);
	for (int i = 0; i < 3; i++) {
		const struct suburb_ret_submit *ret = &answer.reply.submit;

		next_answer(&client, &answer);
		assert_int_equal(answer.reply.command, SUBURB_RET_SUBMIT);
		if (ret->seqnum == reset) {
			seen[0] = true;
			assert_int_equal(ret->status, 0);
		} else {
			seen[ret->seqnum == in ? 1 : 2] = true;
			assert_true(ret->seqnum == in || ret->seqnum == behind);
			assert_true(ret->status == -SUBURB_ENODEV ||
				    ret->status == -SUBURB_ENOENT);
			assert_int_equal(ret->actual_length, 0);
		}
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	assert_int_equal(product(&client), 9);
	control_out(&client, PORT_RESET, NULL, 0);
	client_close(&client);
}

/* Between leaving and coming back there is no such device. */
static void import_when_back(struct client *client)
{
	int tries = 0;

	while (try_import(client, &exporter, MODE_SWITCH)) {
		assert_true(tries++ < PATIENCE_S * 10);
		usleep(100000);
	}
}

/* Nothing is held for it: the device is let go of while it is leaving. */
static void reset_ends_an_empty_read(void **state)
{
	struct client client;
	struct answer answer;
	uint32_t reset;

	do { /* mode one has an endpoint that waits */
		import_when_back(&client);
		control_out(&client, SET_CONFIGURATION, NULL, 0);
		if (product(&client) == 8)
			break;
		control_out(&client, PORT_RESET, NULL, 0);
		client_close(&client);
	} while (true);
	submit_in(&client, IN | 1, 0);
	reset = submit_control(&client, PORT_RESET, 0, NULL);
	do
		next_answer(&client, &answer);
	while (answer.reply.submit.seqnum != reset);
	assert_int_equal(answer.reply.submit.status, 0);
	assert_int_equal(product(&client), 9);
	client_close(&client);
	assert_alive(&exporter, LOOPBACK);
}

/* The importer leaves in the middle of it. */
static void reset_and_gone(void **state)
{
	struct client client;

	for (int i = 0; i < 4; i++) {
		import_when_back(&client);
		submit_control(&client, PORT_RESET, 0, NULL);
		if (i & 1)
			client_reset(&client);
		else
			client_close(&client);
	}
	import_when_back(&client);
	assert_true(product(&client) >= 8);
	client_close(&client);
}

static unsigned int configuration(struct client *client)
{
	uint8_t value;

	assert_int_equal(control_in(client, GET_CONFIGURATION, &value, 1), 1);
	return value;
}

static void configurations(void **state)
{
	struct client client;

	import(&client, &exporter, LOOPBACK);
	control_out(&client, SET_CONFIGURATION_0, NULL, 0);
	assert_int_equal(configuration(&client), 0);
	expect_submit(&client, submit_in(&client, IN | 1, 64), -SUBURB_ENOENT, NULL);
	expect_submit(&client, submit_control(&client, SET_CONFIGURATION_9, 0, NULL),
		      -SUBURB_EPIPE, NULL);
	assert_int_equal(configuration(&client), 0);
	control_out(&client, SET_CONFIGURATION, NULL, 0);
	assert_int_equal(configuration(&client), 1);
	write_to(&client, 1, "again", 5);
	client_close(&client);
}

/* Asked for it goes to the device, which says so, and a reset ends it. */
static void remote_wakeup(void **state)
{
	struct client client;
	uint8_t status[2];

	import(&client, &exporter, KEYBOARD);
	control_in(&client, GET_STATUS, status, 2);
	assert_int_equal(status[0] & 2, 0);
	control_out(&client, SET_REMOTE_WAKEUP, NULL, 0);
	control_in(&client, GET_STATUS, status, 2);
	assert_int_equal(status[0] & 2, 2);
	control_out(&client, PORT_RESET, NULL, 0);
	control_in(&client, GET_STATUS, status, 2);
	assert_int_equal(status[0] & 2, 0);
	client_close(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, hang_up_left_over)
	const struct CMUnitTest tests[] = {
		TEST(reset_brings_another_device),
		TEST(reset_ends_what_was),
		TEST(reset_ends_an_empty_read),
		TEST(reset_and_gone),
		TEST(configurations),
		TEST(remote_wakeup),
	};

	return cmocka_run_group_tests_name("state", tests, start, stop);
}
