// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous URBs over a socket, with the emulated test device: in altsetting
 * 1 it has a source at 0x83, whose packets each count from 0 to 62 over and
 * over, and a sink at 0x03.
 */
#include "client.h"

#define BUSID "99-1"
#define SOURCE (IN | 3)
#define SINK 3
#define SET_ALTSETTING_1 "\x01\x0b\x01\x00\x00\x00"
#define MAX SUBURB_WIRE_MAX_PACKETS
#define PACKET 1024

static struct exporter exporter;

static int start(void **state)
{
	static const char *const args[] = { "--emulate", "usbtest:high,mod63", NULL };

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

static void begin(struct client *client)
{
	import(client, &exporter, BUSID);
	control_out(client, SET_CONFIGURATION, NULL, 0);
	control_out(client, SET_ALTSETTING_1, NULL, 0);
}

static uint32_t submit_iso(struct client *client, uint8_t endpoint, uint32_t length,
			   const struct suburb_iso *iso, uint32_t packets)
{
	static uint8_t zeros[MAX * 16];
	struct suburb_submit s = to_endpoint(client, endpoint, length);
	struct suburb_wire_iso wire[MAX * 4];
	uint32_t seqnum;

	s.packets = packets;
	s.transfer_flags |= SUBURB_URB_ISO_ASAP;
	for (uint32_t i = 0; i < packets; i++)
		suburb_put_iso(&wire[i], &iso[i]);
	seqnum = submit(client, &s, zeros);
	send_bytes(client->fd, wire, packets * sizeof(*wire));
	return seqnum;
}

/* Its RET_SUBMIT with all descriptors; what lies in them adds up. */
static uint32_t expect_iso(struct client *client, uint32_t seqnum, struct suburb_iso *iso,
			   uint32_t packets, struct answer *answer)
{
	uint32_t moved = expect_submit(client, seqnum, 0, answer), sum = 0;
	struct suburb_wire_iso wire[MAX];

	assert_int_equal(answer->reply.submit.packets, packets);
	receive_bytes(client->fd, wire, packets * sizeof(*wire));
	for (uint32_t i = 0; i < packets; i++) {
		suburb_get_iso(&wire[i], sizeof(wire[i]), &iso[i]);
		sum += iso[i].actual_length;
	}
	assert_int_equal(sum, moved);
	return moved;
}

static void expect_refused(struct client *client, uint32_t seqnum)
{
	struct answer answer;

	assert_int_equal(expect_submit(client, seqnum, -SUBURB_EINVAL, &answer), 0);
	assert_int_equal(answer.reply.submit.packets, 0);
}

static void assert_counts(const uint8_t *data, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		assert_int_equal(data[i], i % 63);
}

/* --- what is served ------------------------------------------------------- */

static void quirk_17_in_is_compacted(void **state)
{
	static const uint32_t lengths[] = { PACKET, 10, 0, 63, 100, 1 };
	struct suburb_iso asked[ARRAY_SIZE(lengths)], iso[ARRAY_SIZE(lengths)];
	struct client client;
	struct answer answer;
	uint32_t at = 0, moved;

	begin(&client);
	for (uint32_t i = 0; i < ARRAY_SIZE(lengths); i++)
		asked[i] = (struct suburb_iso){ i * 2000, lengths[i], 0, 0 };
	moved = expect_iso(&client,
			   submit_iso(&client, SOURCE, 12000, asked, ARRAY_SIZE(asked)), iso,
			   ARRAY_SIZE(asked), &answer);
	for (uint32_t i = 0; i < ARRAY_SIZE(iso); i++) {
		assert_int_equal(iso[i].offset, asked[i].offset);
		assert_true(iso[i].actual_length <= lengths[i]);
		assert_counts(answer.payload + at, iso[i].actual_length);
		at += iso[i].actual_length;
	}
	assert_int_equal(at, moved);
	assert_int_equal(iso[0].actual_length, PACKET);
	client_close(&client);
}

static void quirk_17_out_with_and_without_gaps(void **state)
{
	static const struct suburb_iso gaps[] = { { 8, 100, 0, 0 }, { 200, 7, 0, 0 },
						  { 300, 0, 0, 0 } };
	static const struct suburb_iso none[] = { { 0, 100, 0, 0 }, { 100, 7, 0, 0 } };
	struct suburb_iso iso[3];
	struct client client;
	struct answer answer;

	begin(&client);
	assert_int_equal(expect_iso(&client, submit_iso(&client, SINK, 300, gaps, 3), iso, 3,
				    &answer),
			 107);
	assert_int_equal(iso[1].offset, 200);
	assert_int_equal(iso[1].actual_length, 7);
	assert_int_equal(expect_iso(&client, submit_iso(&client, SINK, 107, none, 2), iso, 2,
				    &answer),
			 107);
	client_close(&client);
}

static void as_many_packets_as_there_can_be(void **state)
{
	static struct suburb_iso asked[MAX], iso[MAX];
	struct client client;
	struct answer answer;

	begin(&client);
	for (uint32_t i = 0; i < MAX; i++)
		asked[i] = (struct suburb_iso){ i * 8, 8, 0, 0 };
	expect_iso(&client, submit_iso(&client, SINK, MAX * 8, asked, MAX), iso, MAX, &answer);
	assert_int_equal(iso[MAX - 1].actual_length, 8);
	client_close(&client);
}

/* A stream of them, with others in between, in the order asked for. */
static void many_in_flight(void **state)
{
	static const struct suburb_iso asked[] = { { 0, 64, 0, 0 }, { 64, 64, 0, 0 } };
	uint32_t in[20], out[20], control;
	struct suburb_iso iso[2];
	struct client client;
	struct answer answer;
	uint32_t ins = 0, outs = 0;

	begin(&client);
	for (int i = 0; i < 20; i++) {
		in[i] = submit_iso(&client, SOURCE, 128, asked, 2);
		out[i] = submit_iso(&client, SINK, 128, asked, 2);
	}
	control = submit_control(&client, GET_DEVICE_DESCRIPTOR, 18, NULL);
	while (ins + outs < 40) {
		uint32_t seqnum;

		next_answer(&client, &answer);
		seqnum = answer.reply.submit.seqnum;
		assert_int_equal(answer.reply.submit.status, 0);
		if (seqnum == control)
			continue;
		assert_int_equal(answer.reply.submit.packets, 2);
		assert_int_equal(seqnum, client.direction[seqnum] ? in[ins++] : out[outs++]);
		receive_bytes(client.fd, iso, sizeof(iso));
	}
	client_close(&client);
}

/* --- what is not ---------------------------------------------------------- */

static void quirk_38_impossible_descriptors(void **state)
{
	static const struct suburb_iso wrong[][2] = {
		{ { 0, 100, 0, 0 }, { 100, 101, 0, 0 } },
		{ { 0, 100, 0, 0 }, { 0xffffffff, 2, 0, 0 } },
		{ { 0, 0xffffffff, 0, 0 }, { 0, 1, 0, 0 } },
		{ { 0, 200, 0, 0 }, { 0, 200, 0, 0 } },
	};
	static const struct suburb_iso overlap[] = { { 0, 100, 0, 0 }, { 99, 100, 0, 0 } };
	struct client client;

	begin(&client);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		expect_refused(&client, submit_iso(&client, SOURCE, 200, wrong[i], 2));
		expect_refused(&client, submit_iso(&client, SINK, 200, wrong[i], 2));
	}
	expect_refused(&client, submit_iso(&client, SINK, 200, overlap, 2));
	assert_int_equal(control_in(&client, GET_DEVICE_DESCRIPTOR, (uint8_t[18]){ 0 }, 18), 18);
	client_close(&client);
}

static void quirk_15_impossible_counts(void **state)
{
	static const uint32_t counts[] = { 0, MAX + 1, MAX * 4 };
	static struct suburb_iso iso[MAX * 4];
	struct client client;

	begin(&client);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		expect_refused(&client, submit_iso(&client, SOURCE, 200, iso, counts[i]));
		expect_refused(&client, submit_iso(&client, SINK, 200, iso, counts[i]));
	}
	client_close(&client);
}

static void leaves_in_the_middle_of_descriptors(void **state)
{
	struct client client;
	struct suburb_submit s;

	begin(&client);
	s = to_endpoint(&client, SINK, 8);
	s.packets = 4;
	submit(&client, &s, "12345678");
	send_bytes(client.fd, "0123456789012345678901234567890", 31);
	client_reset(&client);
}

#define TEST(f) cmocka_unit_test_teardown(f, alive)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(quirk_17_in_is_compacted),
		TEST(quirk_17_out_with_and_without_gaps),
		TEST(as_many_packets_as_there_can_be),
		TEST(many_in_flight),
		TEST(quirk_38_impossible_descriptors),
		TEST(quirk_15_impossible_counts),
		TEST(leaves_in_the_middle_of_descriptors),
	};

	return cmocka_run_group_tests_name("iso", tests, start, stop);
}
