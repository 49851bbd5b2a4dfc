// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What other implementations do on the wire, where no other test has it: a
 * scripted peer speaks the bytes of usbip-win2, of Linux' vhci, of usbipd-win.
 * Numbers are those of docs/QUIRKS.md.
 */
#include <stdio.h>

#include "client.h"
#include "server.h"

#define BUSID "99-1"
#define PENDING (IN | 2)

static struct exporter exporter;

static int start(void **state)
{
	static const char *const args[] = { "--emulate", "loopback", NULL };

	exporter_start(&exporter, args);
	return 0;
}

static int stop(void **state)
{
	exporter_stop(&exporter);
	return 0;
}

static int alive(void **state)
{
	hang_up_all();
	assert_alive(&exporter, BUSID);
	return 0;
}

static void configure(struct client *client)
{
	import(client, &exporter, BUSID);
	control_out(client, SET_CONFIGURATION, NULL, 0);
}

/* --- clients -------------------------------------------------------------- */

/* usbip-win2: a counter in the upper bits, the direction in the lowest. */
static void quirk_11_direction_in_the_low_bit(void **state)
{
	static const uint32_t counters[] = { 1, 0x3ffffffe, 0x7ffffffe };
	struct client client;
	uint8_t data[64];

	configure(&client);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		for (uint32_t n = counters[i]; n < counters[i] + 4; n++) {
			struct suburb_submit s = to_endpoint(&client, 2, 4);

			s.seqnum = n << 1;
			submit(&client, &s, "data");
			assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), 4);
			s = to_endpoint(&client, PENDING, sizeof(data));
			s.seqnum = n << 1 | 1;
			submit(&client, &s, NULL);
			assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), 4);
		}
	}
	client_close(&client);
}

/* vhci counts per controller: numbers of one device have gaps, and wrap. */
static void quirk_11_numbers_with_gaps(void **state)
{
	struct client client;
	uint8_t data[64];

	configure(&client);
	client.seqnum = 0x7ffffff0;
	for (uint32_t i = 0; i < 200; i++) {
		client.seqnum += i * 0x01234567;
		write_to(&client, 2, "data", 4);
		client.seqnum += i;
		assert_int_equal(read_from(&client, PENDING, data, sizeof(data)), 4);
	}
	client_close(&client);
}

/* usbip-win2: bInterval as the descriptor has it, of endpoints of each speed. */
static void quirk_18_raw_interval(void **state)
{
	struct client client;

	configure(&client);
	for (uint32_t interval = 1; interval <= 255; interval += 127) {
		struct suburb_submit s = to_endpoint(&client, PENDING, 64);

		write_to(&client, 2, "x", 1);
		s.interval = interval;
		submit(&client, &s, NULL);
		assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), 1);
	}
	client_close(&client);
}

#define ROUNDS 600

/**
 * struct vhci - what Linux' client remembers
 * @first: seqnum of the first request
 * @waiting: of each, does its RET_SUBMIT have a place to go?
 * @unlinked: of each, is it being unlinked? That happens once
 * @unlinks: of each, which request it is of; 0: it is a submit
 */
struct vhci {
	struct client client;
	uint32_t first;
	bool waiting[2 * ROUNDS];
	bool unlinked[2 * ROUNDS];
	uint32_t unlinks[2 * ROUNDS];
	unsigned int open;
};

static void vhci_take(struct vhci *vhci)
{
	struct answer answer;
	uint32_t at;

	next_answer(&vhci->client, &answer);
	vhci->open--;
	if (answer.reply.command == SUBURB_RET_SUBMIT) {
		at = answer.reply.submit.seqnum - vhci->first;
		if (at >= 2 * ROUNDS || !vhci->waiting[at])
			fail_msg("vhci knows no request %u and ends the connection", at);
		vhci->waiting[at] = false;
		return;
	}
	at = vhci->unlinks[answer.reply.unlink.seqnum - vhci->first];
	assert_int_not_equal(at, 0);
	if (!answer.reply.unlink.status)
		return;
	/* This one will never be answered: one reply for two requests. */
	assert_true(vhci->waiting[at - vhci->first]);
	vhci->waiting[at - vhci->first] = false;
	vhci->open--;
}

static void vhci_unlink(struct vhci *vhci, uint32_t target)
{
	uint32_t seqnum;

	if (!vhci->waiting[target - vhci->first] || vhci->unlinked[target - vhci->first])
		return;
	vhci->unlinked[target - vhci->first] = true;
	seqnum = client_unlink(&vhci->client, target);
	vhci->unlinks[seqnum - vhci->first] = target;
	vhci->open++;
}

/* Unlinks, and data that arrives at the same time, in a fixed disorder. */
static void quirk_14_vhci_knows_every_reply(void **state)
{
	static struct vhci vhci;
	unsigned int random = 1;

	memset(&vhci, 0, sizeof(vhci));
	configure(&vhci.client);
	vhci.first = vhci.client.seqnum + 1;
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t seqnum = random & 0x100 ? submit_in(&vhci.client, PENDING, 64) :
						   submit_out(&vhci.client, 2, "x", 1);

		vhci.waiting[seqnum - vhci.first] = true;
		vhci.open++;
		random = random * 1103515245 + 12345;
		if (random & 0x3000)
			continue;
		vhci_unlink(&vhci, seqnum - (random >> 16) % (uint32_t)(i + 1) % 8);
		while (vhci.open > 64)
			vhci_take(&vhci);
	}
	for (uint32_t last = vhci.client.seqnum, at = vhci.first; at <= last; at++)
		vhci_unlink(&vhci, at);
	while (vhci.open)
		vhci_take(&vhci);
	assert_silence(vhci.client.fd, 100);
	client_close(&vhci.client);
}

/* Linux' server sends it with the next completion, perhaps never. */
static void quirk_29_unlink_of_completed_is_answered_at_once(void **state)
{
	struct client client;
	uint8_t data[64];
	uint32_t read;

	configure(&client);
	write_to(&client, 2, "report", 6);
	read = submit_in(&client, PENDING, sizeof(data));
	assert_int_equal(expect_submit(&client, read, 0, NULL), 6);
	/* One more waits, and will not complete. */
	submit_in(&client, PENDING, sizeof(data));
	expect_unlink(&client, client_unlink(&client, read), 0);
	client_close(&client);
}

/* Linux' client lets an unlink overtake what it is for, when a driver is quick. */
static void quirk_39_unlink_before_its_request(void **state)
{
	struct suburb_submit late;
	struct client client;
	uint32_t unlink;

	configure(&client);
	late = to_endpoint(&client, PENDING, 64);
	unlink = client_unlink(&client, late.seqnum);
	assert_silence(client.fd, 100);
	submit(&client, &late, NULL);
	expect_unlink(&client, unlink, -SUBURB_ECONNRESET);
	assert_silence(client.fd, 100);
	client_close(&client);
}

/* And if it never sends it, the unlink has its answer all the same. */
static void quirk_39_unlink_of_what_never_comes(void **state)
{
	struct suburb_submit never;
	struct client client;

	configure(&client);
	never = to_endpoint(&client, PENDING, 64);
	expect_unlink(&client, client_unlink(&client, never.seqnum), 0);
	client_close(&client);
}

/* --- servers -------------------------------------------------------------- */

/* usbipd-win ends the connection if one bit differs. */
static void serve_strictly(int fd, const void *data)
{
	static const uint8_t right[] = { 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0 };
	static const uint8_t none[] = { 0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t request[8];

	if (recv(fd, request, sizeof(request), MSG_WAITALL) == sizeof(request) &&
	    !memcmp(request, right, sizeof(request)))
		send(fd, none, sizeof(none), MSG_NOSIGNAL);
}

static void quirk_1_the_tools_request_pleases_the_strict(void **state)
{
	struct server server;
	struct tool_run run;

	server_start(&server, serve_strictly, NULL);
	tool_run(&run, &server, "list", NULL);
	server_stop(&server);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.err, "offers no device"));
}

/* A device that says absurd things about itself, between two that do not. */
static void serve_an_odd_one(int fd, const void *data)
{
	struct suburb_device devices[3] = {
		{ .busid = "1-1", .speed = SUBURB_SPEED_HIGH, .id_vendor = 1, .num_interfaces = 1 },
		{ .busid = "1-2", .speed = 77, .busnum = UINT32_MAX, .devnum = UINT32_MAX,
		  .num_configurations = 255, .configuration_value = 255, .num_interfaces = 0,
		  .device_class = 9 },
		{ .busid = "1-3", .speed = SUBURB_SPEED_LOW, .id_vendor = 3, .num_interfaces = 0 },
	};
	static const uint8_t head[] = { 0x01, 0x11, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 3 };
	uint8_t request[8];

	recv(fd, request, sizeof(request), MSG_WAITALL);
	send(fd, head, sizeof(head), MSG_NOSIGNAL);
	for (int i = 0; i < 3; i++) {
		struct suburb_wire_device wire;
		static const uint8_t interface[4] = { 3, 1, 1, 0 };

		suburb_put_device(&wire, &devices[i]);
		send(fd, &wire, sizeof(wire), MSG_NOSIGNAL);
		if (devices[i].num_interfaces)
			send(fd, interface, sizeof(interface), MSG_NOSIGNAL);
	}
}

static void quirk_36_an_odd_device_does_not_hide_the_others(void **state)
{
	struct server server;
	struct tool_run run;

	server_start(&server, serve_an_odd_one, NULL);
	tool_run(&run, &server, "list", NULL);
	server_stop(&server);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "1-1  0001:0000"));
	assert_non_null(strstr(run.out, "1-2  0000:0000"));
	assert_non_null(strstr(run.out, "1-3  0003:0000"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, alive)
	const struct CMUnitTest tests[] = {
		TEST(quirk_11_direction_in_the_low_bit),
		TEST(quirk_11_numbers_with_gaps),
		TEST(quirk_18_raw_interval),
		TEST(quirk_14_vhci_knows_every_reply),
		TEST(quirk_29_unlink_of_completed_is_answered_at_once),
		TEST(quirk_39_unlink_before_its_request),
		TEST(quirk_39_unlink_of_what_never_comes),
		TEST(quirk_1_the_tools_request_pleases_the_strict),
		TEST(quirk_36_an_odd_device_does_not_hide_the_others),
	};

	return cmocka_run_group_tests_name("quirks", tests, start, stop);
}
