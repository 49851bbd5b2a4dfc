// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many connections, and none that keeps the others from being served: idle
 * ones, ones that never ask, and more of them than there are places.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "client.h"

static struct exporter exporter;
static char config_name[] = "/tmp/suburbd-conf.XXXXXX";

static int start_with(const char *limits)
{
	const char *const args[] = { "--emulate", "loopback", "--emulate", "keyboard",
				     "--config", config_name, NULL };
	int fd;

	strcpy(config_name, "/tmp/suburbd-conf.XXXXXX");
	fd = mkstemp(config_name);
	dprintf(fd, "[limits]\n%s", limits);
	close(fd);
	exporter_start(&exporter, args);
	unlink(config_name);
	return 0;
}

static int start(void **state)
{
	return start_with("");
}

static int start_with_few_places(void **state)
{
	return start_with("max-connections = 20\nhandshake-timeout-s = 600\n");
}

static int start_impatient(void **state)
{
	return start_with("handshake-timeout-s = 2\n");
}

static int stop(void **state)
{
	hang_up_all();
	exporter_stop(&exporter);
	return 0;
}

static void two_hundred_idle_connections(void **state)
{
	struct client client;
	uint8_t descriptor[18];
	int idle[200];

	for (int i = 0; i < 200; i++)
		idle[i] = dial(&exporter);
	import(&client, &exporter, "99-1");
	assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	assert_alive(&exporter, "99-2");
	for (int i = 0; i < 200; i++)
		hang_up(idle[i]);
	assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	client_close(&client);
}

static void hundreds_of_half_requests(void **state)
{
	for (int i = 0; i < 300; i++) {
		int fd = dial(&exporter);

		send_bytes(fd, "\x01\x11\x80\x03\0\0\0\0" "99-", 11);
		if (i % 3)
			hang_up(fd);
	}
	assert_alive(&exporter, "99-1");
}

static void connect_and_go_a_thousand_times(void **state)
{
	for (int i = 0; i < 1000; i++)
		hang_up(dial(&exporter));
	assert_alive(&exporter, "99-1");
}

/* With all places taken by idle ones the oldest of them goes. */
static void honest_one_among_too_many(void **state)
{
	struct client client;
	uint8_t descriptor[18];
	int oldest = dial(&exporter);

	import(&client, &exporter, "99-1");
	for (int i = 0; i < 40; i++)
		dial(&exporter);
	assert_ends(oldest);
	assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	assert_alive(&exporter, "99-2");
	client_close(&client);
}

static void quirk_35_who_never_asks_is_sent_away(void **state)
{
	struct client client;
	int silent = dial(&exporter);
	int half = dial(&exporter);

	send_bytes(half, "\x01\x11\x80", 3);
	import(&client, &exporter, "99-1");
	assert_ends(silent);
	assert_ends(half);
	/* An importer may be silent for as long as it likes. */
	assert_silence(client.fd, 2500);
	client_close(&client);
}

static void ended_while_devices_are_used(void **state)
{
	struct client client;

	import(&client, &exporter, "99-1");
	control_out(&client, SET_CONFIGURATION, NULL, 0);
	for (int i = 0; i < 100; i++)
		submit_in(&client, IN | 2, 64);
	dial(&exporter);
	/* stop() sends SIGTERM and wants a clean end. */
}

int main(void)
{
#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, stop)
	const struct CMUnitTest tests[] = {
		TEST(two_hundred_idle_connections, start),
		TEST(hundreds_of_half_requests, start),
		TEST(connect_and_go_a_thousand_times, start),
		TEST(honest_one_among_too_many, start_with_few_places),
		TEST(quirk_35_who_never_asks_is_sent_away, start_impatient),
		TEST(ended_while_devices_are_used, start),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
