// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CMD_SUBMIT and CMD_UNLINK over a socket: unlinking, order, bounds, and URBs
 * that no device could have. The loopback device does the work: its interrupt
 * IN (0x82) stays pending until something is written to 0x02.
 */
#include <limits.h>

#include "client.h"

#define BUSID "99-1"
#define PENDING (IN | 2)

static struct exporter exporter;

static int start(void **state)
{
	static const char *const args[] = { "--emulate", "loopback", "--emulate", "loopback",
					    "--emulate", "serial", NULL };

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

static void configure(struct client *client, const char *busid)
{
	import(client, &exporter, busid);
	control_out(client, SET_CONFIGURATION, NULL, 0);
}

/* What is still in its loop must not reach the next test. */
static void done(struct client *client)
{
	uint8_t descriptor[18];

	assert_int_equal(control_in(client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	client_close(client);
}

/* --- unlink --------------------------------------------------------------- */

static void quirk_12_unlink_of_pending(void **state)
{
	struct client client;
	uint32_t read, unlink;

	configure(&client, BUSID);
	read = submit_in(&client, PENDING, 64);
	unlink = client_unlink(&client, read);
	expect_unlink(&client, unlink, -SUBURB_ECONNRESET);
	/* and never a RET_SUBMIT */
	assert_silence(client.fd, 100);
	/* Nothing of it is left in the device either. */
	write_to(&client, 2, "fresh", 5);
	assert_int_equal(read_from(&client, PENDING, (uint8_t[64]){ 0 }, 64), 5);
	done(&client);
}

static void quirk_12_unlink_of_completed(void **state)
{
	struct client client;
	uint32_t read;

	configure(&client, BUSID);
	write_to(&client, 2, "report", 6);
	read = submit_in(&client, PENDING, 64);
	assert_int_equal(expect_submit(&client, read, 0, NULL), 6);
	expect_unlink(&client, client_unlink(&client, read), 0);
	done(&client);
}

/* Submit and unlink in one segment: whichever came first, one of two answers. */
static void quirk_13_unlink_racing_with_completion(void **state)
{
	struct client client;
	struct answer answer;
	int cancelled = 0;

	configure(&client, BUSID);
	for (int i = 0; i < 300; i++) {
		uint32_t read, write, unlink;
		bool answered = false;

		read = submit_in(&client, PENDING, 64);
		write = submit_out(&client, 2, "x", 1);
		unlink = client_unlink(&client, read);
		for (int replies = 0;; replies++) {
			assert_true(replies < 3);
			next_answer(&client, &answer);
			if (answer.reply.command == SUBURB_RET_UNLINK)
				break;
			if (answer.reply.submit.seqnum == read)
				answered = true;
			else
				write = 0;
		}
		assert_int_equal(answer.reply.unlink.seqnum, unlink);
		assert_int_equal(answer.reply.unlink.status, answered ? 0 : -SUBURB_ECONNRESET);
		if (write)
			expect_submit(&client, write, 0, NULL);
		if (answered)
			continue;
		cancelled++;
		/* The byte was not lost with the request. */
		assert_int_equal(read_from(&client, PENDING, (uint8_t[64]){ 0 }, 64), 1);
	}
	done(&client);
}

static void quirk_38_unlink_of_the_unknown(void **state)
{
	static const uint32_t targets[] = { 0, 1, 77, INT_MAX, 0x80000000, 0xffffffff };
	struct client client;

	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		expect_unlink(&client, client_unlink(&client, targets[i]), 0);
	done(&client);
}

static void unlinked_three_times(void **state)
{
	struct client client;
	uint32_t read, unlinks[3];

	configure(&client, BUSID);
	read = submit_in(&client, PENDING, 64);
	for (int i = 0; i < 3; i++)
		unlinks[i] = client_unlink(&client, read);
	expect_unlink(&client, unlinks[0], -SUBURB_ECONNRESET);
	/* The others are late or were in time: either is one answer each. */
	for (int i = 1; i < 3; i++) {
		struct answer answer;

		next_answer(&client, &answer);
		assert_int_equal(answer.reply.command, SUBURB_RET_UNLINK);
		assert_int_equal(answer.reply.unlink.seqnum, unlinks[i]);
	}
	done(&client);
}

static void quirk_24_every_request_of_an_endpoint_unlinked(void **state)
{
	struct client client;
	uint32_t reads[50], unlinks[50];

	configure(&client, BUSID);
	for (int i = 0; i < 50; i++)
		reads[i] = submit_in(&client, PENDING, 64);
	for (int i = 0; i < 50; i++)
		unlinks[i] = client_unlink(&client, reads[49 - i]);
	for (int i = 0; i < 50; i++) {
		struct answer answer;

		next_answer(&client, &answer);
		assert_int_equal(answer.reply.command, SUBURB_RET_UNLINK);
		assert_int_equal(answer.reply.unlink.status, -SUBURB_ECONNRESET);
		assert_in_range(answer.reply.unlink.seqnum, unlinks[0], unlinks[49]);
	}
	done(&client);
}

/* DESIGN: a server that stops reading at a bound would never see the unlink. */
static void unlink_behind_more_than_fits(void **state)
{
	struct client client;
	uint32_t first, unlink;

	configure(&client, BUSID);
	first = submit_in(&client, PENDING, 64);
	for (int i = 0; i < 2000; i++)
		submit_in(&client, PENDING, 64);
	unlink = client_unlink(&client, first);
	expect_unlink(&client, unlink, -SUBURB_ECONNRESET);
	done(&client);
}

/* --- order and numbers ---------------------------------------------------- */

static void quirk_11_seqnums_wrap(void **state)
{
	static const uint32_t begins[] = { 0x7ffffff0, 0xfffffff0 };
	struct client client;

	configure(&client, BUSID);
	for (size_t b = 0; b < ARRAY_SIZE(begins); b++) {
		client.seqnum = begins[b];
		for (int i = 0; i < 32; i++) {
			uint32_t read = submit_in(&client, PENDING, 64);

			if (i % 2) {
				expect_unlink(&client, client_unlink(&client, read),
					      -SUBURB_ECONNRESET);
				continue;
			}
			write_to(&client, 2, "x", 1);
			assert_int_equal(expect_submit(&client, read, 0, NULL), 1);
		}
	}
	done(&client);
}

static void quirk_23_order_per_endpoint(void **state)
{
	struct client client;
	uint8_t data[64];
	uint32_t reads[16];

	configure(&client, BUSID);
	for (int i = 0; i < 16; i++)
		reads[i] = submit_in(&client, IN | 1, 512);
	for (int i = 0; i < 16; i++) {
		memset(data, i, sizeof(data));
		submit_out(&client, 1, data, sizeof(data));
	}
	for (int i = 0, next = 0; i < 32; i++) {
		struct answer answer;

		next_answer(&client, &answer);
		assert_int_equal(answer.reply.submit.status, 0);
		assert_int_equal(answer.reply.submit.actual_length, 64);
		if (client.direction[answer.reply.submit.seqnum & 0xffff] != SUBURB_DIR_IN)
			continue;
		assert_int_equal(answer.reply.submit.seqnum, reads[next]);
		assert_int_equal(answer.payload[0], next);
		assert_int_equal(answer.payload[63], next);
		next++;
	}
	done(&client);
}

static void quirk_9_packets(void **state)
{
	static const uint32_t packets[] = { 0, 1, 32, INT_MAX, 0x80000000, 0xffffffff };
	struct client client;
	struct answer answer;

	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		struct suburb_submit s = to_endpoint(&client, 1, 3);

		s.packets = packets[i];
		submit(&client, &s, "abc");
		assert_int_equal(expect_submit(&client, s.seqnum, 0, &answer), 3);
		assert_int_equal(answer.reply.submit.packets, packets[i]);
		s = to_endpoint(&client, IN | 1, 512);
		s.packets = packets[i];
		submit(&client, &s, NULL);
		assert_int_equal(expect_submit(&client, s.seqnum, 0, &answer), 3);
		assert_int_equal(answer.reply.submit.packets, packets[i]);
		assert_memory_equal(answer.payload, "abc", 3);
	}
	done(&client);
}

static void quirk_18_interval_is_not_used(void **state)
{
	static const uint32_t intervals[] = { 0, 1, INT_MAX, 0x80000000, 0xffffffff };
	struct client client;

	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		struct suburb_submit s = to_endpoint(&client, PENDING, 64);

		write_to(&client, 2, "x", 1);
		s.interval = intervals[i];
		submit(&client, &s, NULL);
		assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), 1);
	}
	done(&client);
}

static void quirk_30_control_without_data(void **state)
{
	struct client client;
	struct suburb_submit s;

	configure(&client, BUSID);
	/* IN by its setup, OUT by its header; and the reverse. */
	s = to_endpoint(&client, 0, 0);
	memcpy(s.setup, GET_DEVICE_DESCRIPTOR "\x00\x00", 8);
	submit(&client, &s, NULL);
	expect_submit(&client, s.seqnum, 0, NULL);
	s = to_endpoint(&client, IN, 0);
	memcpy(s.setup, "\x00\x09\x01\x00\x00\x00\x00\x00", 8);
	submit(&client, &s, NULL);
	expect_submit(&client, s.seqnum, 0, NULL);
	done(&client);
}

static void zero_lengths(void **state)
{
	struct client client;
	uint8_t byte;

	configure(&client, BUSID);
	write_to(&client, 1, NULL, 0);
	assert_int_equal(read_from(&client, IN | 1, &byte, 0), 0);
	done(&client);
}

/* --- what cannot be ------------------------------------------------------- */

static void quirk_16_endpoint_that_does_not_exist(void **state)
{
	uint8_t payload[500];
	struct client client;
	uint32_t seqnum;

	/* If it were not read past it would be taken for headers. */
	memset(payload, 0, sizeof(payload));
	payload[3] = 1;
	configure(&client, BUSID);
	seqnum = submit_out(&client, 9, payload, sizeof(payload));
	expect_submit(&client, seqnum, -SUBURB_ENOENT, NULL);
	expect_submit(&client, submit_in(&client, IN | 9, 64), -SUBURB_ENOENT, NULL);
	done(&client);
}

static void quirk_38_wrong_direction(void **state)
{
	struct client client;

	/* The serial port's 0x81 has no OUT. */
	configure(&client, "99-3");
	expect_submit(&client, submit_out(&client, 1, "data", 4), -SUBURB_ENOENT, NULL);
	done(&client);
}

static void quirk_38_wrong_endpoints_and_directions(void **state)
{
	static const uint32_t wrong[] = { 16, 17, 0x81, 255, 256, INT_MAX, 0x80000000, 0xffffffff };
	struct client client;
	struct suburb_submit s;

	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		s = to_endpoint(&client, IN, 8);
		s.ep = wrong[i];
		submit(&client, &s, NULL);
		expect_submit(&client, s.seqnum, -SUBURB_EINVAL, NULL);
		s = to_endpoint(&client, IN | 1, 8);
		s.direction = wrong[i];
		submit(&client, &s, NULL);
		expect_submit(&client, s.seqnum, -SUBURB_EINVAL, NULL);
	}
	done(&client);
}

static void wrong_devids(void **state)
{
	struct client client;
	uint32_t right;

	configure(&client, BUSID);
	right = client.devid;
	for (int i = 0; i < 4; i++) {
		client.devid = (const uint32_t[]){ 0, right + 1, right ^ 0x10000, 0xffffffff }[i];
		expect_submit(&client, submit_out(&client, 1, "data", 4), -SUBURB_ENODEV, NULL);
	}
	client.devid = right;
	done(&client);
}

static void quirk_15_control_lengths_that_differ(void **state)
{
	static const uint8_t payload[100] = { 0, 0, 0, 1 };
	struct client client;
	struct suburb_submit s;

	configure(&client, BUSID);
	s = to_endpoint(&client, IN, 64);
	memcpy(s.setup, GET_DEVICE_DESCRIPTOR "\x12\x00", 8);
	submit(&client, &s, NULL);
	expect_submit(&client, s.seqnum, -SUBURB_EINVAL, NULL);
	s = to_endpoint(&client, 0, 100);
	memcpy(s.setup, "\x40\x5b\x00\x00\x00\x00\x02\x00", 8);
	submit(&client, &s, payload);
	expect_submit(&client, s.seqnum, -SUBURB_EINVAL, NULL);
	done(&client);
}

static void quirk_38_huge_reads_are_refused(void **state)
{
	static const uint32_t lengths[] = { 0x10000000, INT_MAX, 0x80000000, 0xffffffff };
	struct client client;
	struct answer answer;

	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		submit_in(&client, IN | 3, lengths[i]);
		next_answer(&client, &answer);
		assert_true(answer.reply.submit.status < 0);
		assert_int_equal(answer.reply.submit.actual_length, 0);
	}
	done(&client);
}

/* More than fits in flight is refused, and its payload read past. */
static void quirk_38_too_large_a_write(void **state)
{
	const size_t size = 20 << 20;
	uint8_t *data = calloc(1, size);
	struct client client;
	uint32_t seqnum;

	assert_non_null(data);
	configure(&client, BUSID);
	seqnum = submit_out(&client, 3, data, (uint32_t)size);
	expect_submit(&client, seqnum, -SUBURB_ENOMEM, NULL);
	free(data);
	write_to(&client, 3, "ok", 2);
	done(&client);
}

/* Who still sends a request does not know a reply to it: suburb-hcd ends the link. */
static void refusal_waits_for_the_payload(void **state)
{
	static const uint32_t endpoints[] = { 9, 16, 3 };
	const size_t size = 20 << 20;
	uint8_t *data = calloc(1, size);
	struct client client;

	assert_non_null(data);
	configure(&client, BUSID);
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		struct suburb_submit s = to_endpoint(&client, 0, i == 2 ? (uint32_t)size : 100);

		s.ep = endpoints[i];
		submit(&client, &s, NULL);
		send_bytes(client.fd, data, s.length - 1);
		assert_silence(client.fd, 20);
		send_bytes(client.fd, data, 1);
		expect_submit(&client, s.seqnum,
			      (const int[]){ -SUBURB_ENOENT, -SUBURB_EINVAL, -SUBURB_ENOMEM }[i], NULL);
	}
	free(data);
	done(&client);
}

/* --- many ----------------------------------------------------------------- */

static void two_clients_on_two_devices(void **state)
{
	static uint8_t data[2][30000], back[30000];
	struct client clients[2];

	configure(&clients[0], BUSID);
	configure(&clients[1], "99-2");
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 2; i++) {
			memset(data[i], round * 2 + i, sizeof(data[i]));
			write_to(&clients[i], 1, data[i], sizeof(data[i]));
		}
		for (int i = 0; i < 2; i++) {
			assert_int_equal(read_from(&clients[i], IN | 1, back, sizeof(back)),
					 sizeof(back));
			assert_memory_equal(back, data[i], sizeof(back));
		}
	}
	client_close(&clients[1]);
	done(&clients[0]);
}

static void dribbled_stream(void **state)
{
	struct suburb_wire_header header;
	struct client client;
	struct suburb_submit s;
	uint8_t bytes[48 + 40];

	configure(&client, BUSID);
	for (int round = 0; round < 5; round++) {
		s = to_endpoint(&client, 1, 40);
		suburb_put_submit(&header, &s);
		memcpy(bytes, &header, 48);
		memset(bytes + 48, 'a' + round, 40);
		for (size_t i = 0; i < sizeof(bytes); i++)
			send_bytes(client.fd, bytes + i, 1);
		assert_int_equal(expect_submit(&client, s.seqnum, 0, NULL), 40);
		assert_int_equal(read_from(&client, IN | 1, bytes, 40), 40);
		assert_int_equal(bytes[39], 'a' + round);
	}
	done(&client);
}

/* It asks for megabytes and reads nothing; then it goes, or reads it all. */
static void never_reading_client(void **state)
{
	struct client lazy, other;
	uint8_t data[64];

	configure(&lazy, BUSID);
	for (int i = 0; i < 1000; i++)
		submit_in(&lazy, IN | 3, 65536);
	configure(&other, "99-2");
	for (int i = 0; i < 50; i++) {
		write_to(&other, 1, "hello", 5);
		assert_int_equal(read_from(&other, IN | 1, data, 64), 5);
	}
	client_close(&other);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(expect_submit(&lazy, (uint32_t)i + 2, 0, NULL), 65536);
	for (int i = 0; i < 1000; i++)
		submit_in(&lazy, IN | 3, 65536);
	client_close(&lazy);
}

static void garbage_in_a_session(void **state)
{
	static const uint32_t commands[] = { 0, 3, 4, 5, 0x01000000, 0x01118005, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		__be32 header[12] = { __cpu_to_be32(commands[i]) };
		struct client client, other;

		configure(&other, "99-2");
		configure(&client, BUSID);
		submit_in(&client, PENDING, 64);
		send_bytes(client.fd, header, sizeof(header));
		assert_ends(client.fd);
		write_to(&other, 1, "x", 1);
		done(&other);
	}
	exporter_assert_logged(&exporter, "command 0x1118005");
}

/* Gone in the middle of a header, and of a payload, at many lengths. */
static void half_messages(void **state)
{
	uint8_t bytes[48 + 200];

	for (size_t size = 0; size < sizeof(bytes); size += 13) {
		struct suburb_wire_header header;
		struct client client;
		struct suburb_submit s;

		import(&client, &exporter, BUSID);
		s = to_endpoint(&client, 1, 200);
		memset(bytes, 0, sizeof(bytes));
		suburb_put_submit(&header, &s);
		memcpy(bytes, &header, 48);
		send_bytes(client.fd, bytes, size);
		client_close(&client);
	}
}

/* An OUT longer than any URB ends its connection, and nobody else notices. */
static void header_that_claims_4_gib(void **state)
{
	static const uint32_t lengths[] = { 0x80000000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct client client, other;

		configure(&other, "99-2");
		configure(&client, BUSID);
		submit_out(&client, 1, NULL, lengths[i]);
		assert_ends(client.fd);
		write_to(&other, 1, "x", 1);
		done(&other);
		assert_alive(&exporter, BUSID);
	}
	exporter_assert_logged(&exporter, "transfer_buffer_length 0xffffffff");
}

/* The longest one is an URB like others: read past to the end, and then refused. */
static void header_that_claims_2_gib(void **state)
{
	struct client client;

	configure(&client, BUSID);
	submit_out(&client, 1, NULL, INT_MAX);
	submit_in(&client, PENDING, 64); /* swallowed as payload */
	assert_silence(client.fd, 100);
	client_close(&client);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, alive)
	const struct CMUnitTest tests[] = {
		TEST(quirk_12_unlink_of_pending),
		TEST(quirk_12_unlink_of_completed),
		TEST(quirk_13_unlink_racing_with_completion),
		TEST(quirk_38_unlink_of_the_unknown),
		TEST(unlinked_three_times),
		TEST(quirk_24_every_request_of_an_endpoint_unlinked),
		TEST(unlink_behind_more_than_fits),
		TEST(quirk_11_seqnums_wrap),
		TEST(quirk_23_order_per_endpoint),
		TEST(quirk_9_packets),
		TEST(quirk_18_interval_is_not_used),
		TEST(quirk_30_control_without_data),
		TEST(zero_lengths),
		TEST(quirk_16_endpoint_that_does_not_exist),
		TEST(quirk_38_wrong_direction),
		TEST(quirk_38_wrong_endpoints_and_directions),
		TEST(wrong_devids),
		TEST(quirk_15_control_lengths_that_differ),
		TEST(quirk_38_huge_reads_are_refused),
		TEST(quirk_38_too_large_a_write),
		TEST(refusal_waits_for_the_payload),
		TEST(two_clients_on_two_devices),
		TEST(dribbled_stream),
		TEST(never_reading_client),
		TEST(garbage_in_a_session),
		TEST(half_messages),
		TEST(header_that_claims_4_gib),
		TEST(header_that_claims_2_gib),
	};

	return cmocka_run_group_tests_name("urbs", tests, start, stop);
}
