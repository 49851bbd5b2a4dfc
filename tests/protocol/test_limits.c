// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many connections, and none that keeps the others from being served: idle
 * ones, ones that never ask, ones that never go, more of them than there are
 * places, and faster than they may come.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
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
	return start_with("max-connections = 20\nhandshake-timeout-s = 600\n"
			  "idle-timeout-s = 600\n");
}

static int start_impatient(void **state)
{
	return start_with("idle-timeout-s = 1\nhandshake-timeout-s = 2\n");
}

static int start_with_few_per_address(void **state)
{
	return start_with("max-connections-per-address = 5\nhandshake-timeout-s = 600\n"
			  "idle-timeout-s = 600\n");
}

static int start_with_two_per_address(void **state)
{
	return start_with("max-connections-per-address = 2\n");
}

static int start_slow(void **state)
{
	return start_with("connection-rate = 2\nconnection-burst = 10\n");
}

static int start_with_any_rate(void **state)
{
	return start_with("connection-rate = 0\n");
}

static int stop(void **state)
{
	dial_from(NULL);
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

/* At any rate: a quick machine spends a burst of a thousand before it refills. */
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
	exporter_assert_logged(&exporter, "too many connections: the oldest idle ones are closed");
	client_close(&client);
}

/* --- one that asked for a list, and stays ---------------------------------- */

static const uint8_t devlist_request[8] = { 0x01, 0x11, 0x80, 0x05 };

static int dial_and_linger(void)
{
	uint8_t reply[8];
	int fd = dial(&exporter);

	send_bytes(fd, devlist_request, sizeof(devlist_request));
	receive_bytes(fd, reply, sizeof(reply));
	return fd;
}

/* It had all that it will get: it takes nobody's place. */
static void honest_one_among_too_many_that_stay(void **state)
{
	for (int i = 0; i < 40; i++)
		dial_and_linger();
	assert_alive(&exporter, "99-1");
	for (int i = 0; i < 40; i++)
		dial_and_linger();
	assert_alive(&exporter, "99-2");
}

/* --- one address ---------------------------------------------------------- */

static bool served(void)
{
	uint8_t reply[8];
	int fd = dial(&exporter);
	bool got = send(fd, devlist_request, sizeof(devlist_request), MSG_NOSIGNAL) > 0 &&
		   recv(fd, reply, sizeof(reply), MSG_WAITALL) == sizeof(reply);

	hang_up(fd);
	return got;
}

/* Tries again fifty times a second. */
static void wait_until_served(void)
{
	static const struct timespec moment = { 0, 20000000 };

	for (int n = 0; !served(); n++) {
		assert_in_range(n, 0, PATIENCE_S * 50);
		nanosleep(&moment, NULL);
	}
}

static void too_many_from_one_address(void **state)
{
	struct client client;
	int oldest, other;

	dial_from("127.0.0.2");
	other = dial(&exporter);
	dial_from(NULL);
	oldest = dial(&exporter);
	import(&client, &exporter, "99-1");
	for (int i = 0; i < 4; i++)
		dial(&exporter);
	assert_ends(oldest);
	exporter_assert_logged(&exporter, "too many connections from there: the oldest idle ones");
	/* Who has all his places taken by himself is served, and nobody else pays. */
	assert_alive(&exporter, "99-2");
	if (over_tcp())
		assert_silence(other, 100);
	assert_silence(client.fd, 0);
	client_close(&client);
}

static void an_address_with_imports_only(void **state)
{
	struct client clients[2];

	import(&clients[0], &exporter, "99-1");
	import(&clients[1], &exporter, "99-2");
	assert_ends(dial(&exporter));
	exporter_assert_logged(&exporter, "too many connections from there: refused");
	if (over_tcp()) {
		dial_from("127.0.0.2");
		hang_up(dial_and_linger());
		dial_from(NULL);
	}
	client_close(&clients[1]);
	wait_until_served();
	client_close(&clients[0]);
}

/* --- rate ----------------------------------------------------------------- */

static void faster_than_it_may(void **state)
{
	struct client client;
	int n;

	import(&client, &exporter, "99-1");
	for (n = 1; n < 1000 && served(); n++)
		;
	assert_in_range(n, 10, 999);
	exporter_assert_logged(&exporter, "refused: more than 2 new connections a second");
	assert_silence(client.fd, 0);
	if (over_tcp()) {
		dial_from("127.0.0.2");
		assert_alive(&exporter, "99-2");
		dial_from(NULL);
	}
	/* Who tries again too often is let in all the same, as often as he may. */
	wait_until_served();
	client_close(&client);
}

/* --- flood ---------------------------------------------------------------- */

static void flood(void)
{
	signal(SIGALRM, SIG_DFL);
	alarm(PATIENCE_S);
	for (;;) {
		int fd = socket(exporter.name.ss_family, SOCK_STREAM, 0);

		connect(fd, (const struct sockaddr *)&exporter.name, exporter.length);
		close(fd);
	}
}

/* However fast others connect, an importer is served. */
static void importer_during_a_flood(void **state)
{
	struct client client;
	uint8_t descriptor[18];
	int pids[2];

	import(&client, &exporter, "99-1");
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			flood();
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	client_close(&client);
	assert_alive(&exporter, "99-1");
}

/* --- time ----------------------------------------------------------------- */

/* To send into a connection that the other side has closed fails in the end. */
static void assert_closed(int fd)
{
	static const struct timespec moment = { 0, 20000000 };

	for (int i = 0; i < PATIENCE_S * 50; i++) {
		if (send(fd, "", 1, MSG_NOSIGNAL) < 0)
			return;
		nanosleep(&moment, NULL);
	}
	fail_msg("the connection is still open");
}

/* A byte now and then, until the connection is closed. */
static void dribble(int fd)
{
	static const struct timespec moment = { 0, 300000000 };

	send_bytes(fd, "\x01\x11\x80\x03\0\0\0\0", 8);
	for (int i = 0; i < PATIENCE_S * 3; i++) {
		nanosleep(&moment, NULL);
		if (send(fd, "9", 1, MSG_NOSIGNAL) < 0)
			return;
	}
	fail_msg("the connection is still open");
}

static void quirk_35_who_never_asks_is_sent_away(void **state)
{
	struct client client;
	int dribbling = dial(&exporter);
	int silent = dial(&exporter);
	int half = dial(&exporter);
	int answered = dial_and_linger();

	send_bytes(half, "\x01\x11\x80", 3);
	import(&client, &exporter, "99-1");
	dribble(dribbling);
	exporter_assert_logged(&exporter, "asked for nothing within 2 s, closed");
	exporter_assert_logged(&exporter, "silent for 1 s, closed");
	assert_ends(silent);
	assert_ends(half);
	assert_closed(answered);
	/* An importer may be silent for as long as it likes. */
	assert_silence(client.fd, 500);
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
		TEST(connect_and_go_a_thousand_times, start_with_any_rate),
		TEST(honest_one_among_too_many, start_with_few_places),
		TEST(honest_one_among_too_many_that_stay, start_with_few_places),
		TEST(too_many_from_one_address, start_with_few_per_address),
		TEST(an_address_with_imports_only, start_with_two_per_address),
		TEST(faster_than_it_may, start_slow),
		TEST(importer_during_a_flood, start_with_any_rate),
		TEST(quirk_35_who_never_asks_is_sent_away, start_impatient),
		TEST(ended_while_devices_are_used, start),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
