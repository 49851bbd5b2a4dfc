// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile importer that says nothing wrong, but says it badly: it stops at
 * any byte, speaks byte by byte, is silent, floods, never reads, uses a number
 * for many requests, changes the device under its own transfers. suburbd owes
 * one reply for each message and pays it, keeps nothing for who has gone, and
 * serves the honest importer beside all the while.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "lie.h"
#include "talk.h"
#include "watch.h"

#define NEIGHBOUR "99-1"
#define LOOPBACK "99-2"
#define SOURCE_SINK "99-3"
#define FLOOD 6000

static struct exporter exporter;
static char config_name[] = "/tmp/suburbd-conf.XXXXXX";
static struct talk talk;
static const uint8_t source_sink_iso[] = { 0x83, 0x03, 0 };

static void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* --- the frame ------------------------------------------------------------ */

static int start(void **state)
{
	const char *const args[] = { "--limit", "connection-rate=0", "--emulate", "loopback",
				     "--emulate", "loopback", "--emulate", "usbtest", "--config",
				     config_name, NULL };
	int fd = mkstemp(config_name);

	assert_true(fd >= 0);
	dprintf(fd, "[limits]\nhandshake-timeout-s = 1\n");
	close(fd);
	exporter_start(&exporter, args);
	unlink(config_name);
	watch_begin(&exporter, NEIGHBOUR);
	return 0;
}

static int stop(void **state)
{
	watch_end();
	exporter_stop(&exporter);
	return 0;
}

/* The device is free, and as good as ever. */
static int alive(void **state)
{
	if (talk.fd > 0)
		hang_up(talk.fd); /* of a test that failed */
	watch_neighbour();
	assert_alive(&exporter, LOOPBACK);
	return 0;
}

static void hear(uint32_t seqnum, int32_t status)
{
	struct suburb_reply reply;

	if (talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000) != HEARD_REPLY)
		fail_msg("0x%x has no answer: %s", seqnum, talk.nonsense);
	assert_int_equal(reply.submit.seqnum, seqnum);
	assert_int_equal(reply.submit.status, status);
}

static void control(uint32_t seqnum, const char *setup)
{
	struct suburb_submit submit = { .seqnum = seqnum, .devid = talk.devid };

	memcpy(submit.setup, setup, 8);
	talk_submit(&talk, &submit);
	hear(seqnum, 0);
}

static void open_device(const char *busid, uint32_t features)
{
	talk.iso = strcmp(busid, SOURCE_SINK) ? NULL : source_sink_iso;
	assert_true(talk_open(&talk, &exporter, busid, features));
	control(1, "\x00\x09\x01\x00\x00\x00\x00\x00");
	if (talk.iso)
		control(2, "\x01\x0b\x01\x00\x00\x00\x00\x00");
}

static struct suburb_submit request(uint32_t seqnum, uint32_t direction, uint32_t ep,
				    uint32_t length)
{
	return (struct suburb_submit){
		.seqnum = seqnum, .devid = talk.devid, .direction = direction, .ep = ep,
		.length = length,
	};
}

/* What is owed comes, whatever it is. */
static void hear_all(void)
{
	struct suburb_reply reply;

	while (talk.count)
		if (talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000) != HEARD_REPLY)
			fail_msg("%u replies are missing: %s", talk.count, talk.nonsense);
}

/* --- ends in the middle --------------------------------------------------- */

static void reset_link(void)
{
	struct client client = { .fd = talk.fd };

	client_reset(&client);
	talk.fd = -1;
}

enum end { END_CLOSE, END_RESET, END_HALF };

static void end_link(enum end how)
{
	if (how == END_RESET) {
		reset_link();
	} else if (how == END_HALF) {
		shutdown(talk.fd, SHUT_WR);
		assert_ends(talk.fd);
		talk.fd = -1;
	} else {
		talk_close(&talk);
	}
}

static size_t put_message(uint8_t *bytes, bool iso)
{
	struct suburb_submit submit = request(9, SUBURB_DIR_OUT, 3, 64);
	struct suburb_wire_header header;
	uint8_t body[64 + 16] = { 0 };
	const struct suburb_iso packet = { .length = 64 };

	submit.packets = iso;
	suburb_put_submit(&header, &submit);
	suburb_put_iso((struct suburb_wire_iso *)(body + 64), &packet);
	return talk_put(&talk, bytes, &header, body, iso ? 80 : 64);
}

static void cut_message(bool iso, uint32_t features)
{
	uint8_t bytes[256];
	size_t whole = 1;

	for (size_t cut = 0; cut < whole; cut++) {
		for (int how = 0; how < 3; how++) {
			open_device(iso ? SOURCE_SINK : LOOPBACK, features);
			whole = put_message(bytes, iso);
			if (cut % 2) /* with requests pending */
				for (uint32_t i = 0; i < 3; i++) {
					struct suburb_submit in =
						request(100 + i, SUBURB_DIR_IN, 2, 64);

					talk_submit(&talk, &in);
				}
			talk_send(&talk, bytes, cut, TALK_WHOLE);
			if (iso && cut % 2) /* these have data at once */
				hear_all();
			end_link(how);
		}
		watch_neighbour();
	}
}

static void cut_at_every_byte(void **state)
{
	struct held before;

	cut_message(false, SUBURB_WIRE_FEATURE_DIGEST);
	before = held_by(&exporter);
	cut_message(false, 0);
	cut_message(true, 0);
	cut_message(true, SUBURB_WIRE_FEATURE_DIGEST);
	assert_held(&exporter, &before, 256);
}

/* --- slowly, or not at all ------------------------------------------------ */

static void byte_by_byte(void **state)
{
	static const uint32_t features[] = { 0, SUBURB_WIRE_FEATURE_DIGEST };
	uint8_t bytes[256];

	for (size_t f = 0; f < ARRAY_SIZE(features); f++) {
		for (int iso = 0; iso < 2; iso++) {
			open_device(iso ? SOURCE_SINK : LOOPBACK, features[f]);
			for (int i = 0; i < 20; i++) {
				size_t size = put_message(bytes, iso);

				talk_owe(&talk, bytes);
				talk_send(&talk, bytes, size, TALK_DRIBBLE);
				hear(9, 0);
			}
			talk_close(&talk);
		}
	}
}

/* Before an import there is a bound on it; an importer may be silent as long as it likes. */
static void silence(void **state)
{
	uint8_t bytes[256];
	int silent[20];

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		silent[i] = dial(&exporter);
		send_bytes(silent[i], "\x01\x11\x80\x03\0\0\0\0" "99-2\0\0\0\0\0\0\0", i);
	}
	open_device(LOOPBACK, 0);
	put_message(bytes, false);
	talk_owe(&talk, bytes);
	talk_send(&talk, bytes, 70, TALK_WHOLE);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		assert_ends(silent[i]);
	watch_neighbour();
	talk_send(&talk, bytes + 70, 112 - 70, TALK_WHOLE);
	hear(9, 0);
	talk_close(&talk);
}

/* --- before its time ------------------------------------------------------ */

/*
 * An importer that is still sending a request does not understand the reply to
 * it: a refusal, too, waits until what is refused has been read past.
 */
static void refusal_waits_for_the_payload(void **state)
{
	static const struct {
		uint32_t ep, length;
		int32_t status;
	} refused[] = {
		{ 9, 500, -SUBURB_ENOENT },
		{ 16, 500, -SUBURB_EINVAL },
		{ 3, 20 << 20, -SUBURB_ENOMEM },
		{ 9, 0, -SUBURB_ENOENT },
	};
	static const uint32_t features[] = { 0, SUBURB_WIRE_FEATURE_DIGEST };
	struct suburb_wire_header header;
	uint8_t *body = calloc(1, 20 << 20);
	uint8_t *bytes = malloc((20 << 20) + 64);

	for (size_t i = 0; i < 2 * ARRAY_SIZE(refused); i++) {
		uint32_t length = refused[i / 2].length;
		struct suburb_submit submit;
		size_t size;

		open_device(LOOPBACK, features[i % 2]);
		submit = request(9, SUBURB_DIR_OUT, refused[i / 2].ep, length);
		suburb_put_submit(&header, &submit);
		size = talk_put(&talk, bytes, &header, body, length);
		talk_owe(&talk, &header);
		talk_send(&talk, bytes, size - 1, TALK_WHOLE);
		assert_silence(talk.fd, 20);
		talk_send(&talk, bytes + size - 1, 1, TALK_WHOLE);
		hear(9, refused[i / 2].status);
		talk_close(&talk);
	}
	free(bytes);
	free(body);
}

/* --- floods --------------------------------------------------------------- */

/* Sends all there is to send, and hears what is said meanwhile. */
static void pour(const uint8_t *bytes, size_t size)
{
	struct suburb_reply reply;

	while (size) {
		struct pollfd pollfd = { .fd = talk.fd, .events = POLLIN | POLLOUT };
		ssize_t n;

		assert_true(poll(&pollfd, 1, PATIENCE_S * 1000) > 0);
		if (pollfd.revents & POLLIN &&
		    talk_hear(&talk, &reply, NULL, 0) != HEARD_REPLY)
			fail_msg("in a flood: %s", talk.nonsense);
		if (!(pollfd.revents & POLLOUT))
			continue;
		n = send(talk.fd, bytes, size < 4800 ? size : 4800, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			fail_msg("in a flood: %s", strerror(errno));
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

/* The same message over and over, with numbers from 1000 on. */
static void flood(const struct suburb_wire_header *header, unsigned int count)
{
	struct suburb_wire_header *headers = calloc(count, sizeof(*headers));

	assert_non_null(headers);
	for (unsigned int i = 0; i < count; i++) {
		headers[i] = *header;
		headers[i].seqnum = __cpu_to_be32(1000 + i);
		talk_owe(&talk, &headers[i]);
	}
	pour((const uint8_t *)headers, count * sizeof(*headers));
	free(headers);
}

static void flood_of_unlinks(void **state)
{
	struct suburb_unlink unlink = { .target = 77 };
	struct suburb_wire_header header;

	open_device(LOOPBACK, 0);
	suburb_put_unlink(&header, &unlink);
	flood(&header, FLOOD);
	hear_all();
	watch_neighbour();
	talk_close(&talk);
}

static void flood_of_refused_requests(void **state)
{
	struct suburb_submit submit;
	struct suburb_wire_header header;

	open_device(LOOPBACK, 0);
	submit = request(0, SUBURB_DIR_IN, 9, 64);
	suburb_put_submit(&header, &submit);
	flood(&header, FLOOD);
	hear_all();
	talk_close(&talk);
}

/* More than may wait; then all of them are unlinked, those that were refused, too. */
static void flood_of_requests_that_wait(void **state)
{
	struct suburb_submit submit;
	struct suburb_wire_header header;

	open_device(LOOPBACK, 0);
	submit = request(0, SUBURB_DIR_IN, 2, 64);
	suburb_put_submit(&header, &submit);
	flood(&header, FLOOD);
	while (talk.count) {
		uint32_t target = talk.owed[0].seqnum;
		struct suburb_reply reply;

		talk_unlink(&talk, 1000000 + target, target);
		do
			assert_int_equal(talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000),
					 HEARD_REPLY);
		while (reply.command != SUBURB_RET_UNLINK);
	}
	watch_neighbour();
	talk_close(&talk);
}

/* Asks for as much as it can, and reads nothing, until it is heard no more. */
static void ask_and_never_read(const struct suburb_wire_header *header)
{
	struct suburb_wire_header asked = *header;
	unsigned int stuck = 0;

	for (uint32_t i = 0; stuck < 10 && i < 400000; i++) {
		ssize_t n;

		asked.seqnum = __cpu_to_be32(1000 + i);
		n = send(talk.fd, &asked, sizeof(asked), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == sizeof(asked)) {
			stuck = 0;
			continue;
		}
		if (n > 0) /* the socket is full in the middle of it: that will do */
			break;
		stuck++;
		sleep_ms(10);
	}
}

static void never_reading(void **state)
{
	struct suburb_wire_header headers[3];
	struct suburb_unlink unlink = { .target = 77 };
	struct suburb_submit submit;
	struct held before;

	for (int round = 0; round < 2; round++) {
		if (round)
			before = held_by(&exporter);
		for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
			open_device(LOOPBACK, 0);
			suburb_put_unlink(&headers[0], &unlink);
			submit = request(0, SUBURB_DIR_IN, 3, 65536);
			suburb_put_submit(&headers[1], &submit);
			submit = request(0, SUBURB_DIR_IN, 9, 64);
			suburb_put_submit(&headers[2], &submit);
			ask_and_never_read(&headers[i]);
			watch_neighbour();
			if (round)
				reset_link();
			else
				talk_close(&talk);
			assert_alive(&exporter, LOOPBACK);
		}
	}
	assert_held(&exporter, &before, 512);
}

/* Each with a line of its own in the log would be a way to fill a disk. */
static void flood_of_bad_connections(void **state)
{
	struct held before = held_by(&exporter);
	unsigned int lines = logged(&exporter, "");

	for (int i = 0; i < 2000; i++) {
		int fd = dial(&exporter);

		send_bytes(fd, "\x01\x11\x80\x04\0\0\0\0", 8);
		assert_ends(fd);
	}
	watch_neighbour();
	lines = logged(&exporter, "") - lines;
	printf("# 2000 bad connections: %u lines in the log\n", lines);
	assert_true(lines < 100);
	assert_held(&exporter, &before, 256);
}

/* --- numbers and changes -------------------------------------------------- */

static void one_number_for_many(void **state)
{
	open_device(LOOPBACK, 0);
	for (int i = 0; i < 50; i++) {
		struct suburb_submit submit = request(5, SUBURB_DIR_IN, 2, 512);

		talk_submit(&talk, &submit);
		submit = request(5, SUBURB_DIR_IN, 3, 512);
		talk_submit(&talk, &submit);
	}
	/* Those of endpoint 3 have data; of the others one goes at a time. */
	for (int i = 0; i < 50; i++)
		hear(5, 0);
	while (talk.count) {
		struct suburb_reply reply;

		talk_unlink(&talk, 5, 5);
		assert_int_equal(talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000), HEARD_REPLY);
		assert_int_equal(reply.command, SUBURB_RET_UNLINK);
	}
	talk_unlink(&talk, 6, 6);
	hear(6, 0);
	talk_close(&talk);
}

static void storm_step(uint32_t *seed, uint32_t seqnum)
{
	static const char *const setups[] = {
		"\x00\x09\x01\x00\x00\x00\x00\x00", "\x00\x09\x00\x00\x00\x00\x00\x00",
		"\x01\x0b\x01\x00\x00\x00\x00\x00", "\x01\x0b\x00\x00\x00\x00\x00\x00",
		"\x02\x01\x00\x00\x82\x00\x00\x00", "\x23\x03\x04\x00\x00\x00\x00\x00",
		"\x00\x05\x33\x00\x00\x00\x00\x00", "\x00\x09\x07\x00\x00\x00\x00\x00",
	};
	uint32_t random = lies_random(seed);
	struct suburb_submit submit = request(seqnum, random >> 4 & 1, 1 + (random >> 5) % 3, 0);

	if (random % 8 == 0) {
		submit.direction = SUBURB_DIR_OUT;
		submit.ep = 0;
		memcpy(submit.setup, setups[random >> 8 & 7], 8);
	} else if (random % 8 < 3) {
		talk_unlink(&talk, seqnum, seqnum - (random >> 8) % 16);
		return;
	} else if (submit.direction == SUBURB_DIR_IN) {
		submit.length = random >> 8 & 0x3ff;
	}
	talk_submit(&talk, &submit);
}

/* Configurations, settings, halts and resets under its own transfers. */
static void changes_under_way(void **state)
{
	uint32_t seed = lies_seed();
	struct suburb_reply reply;

	printf("# seed %u\n", seed);
	for (int round = 0; round < 40; round++) {
		open_device(LOOPBACK, round % 2 ? SUBURB_WIRE_FEATURE_DIGEST : 0);
		for (uint32_t i = 0; i < 200; i++) {
			enum heard heard;

			storm_step(&seed, 100 + i);
			while ((heard = talk_hear(&talk, &reply, NULL, 0)) == HEARD_REPLY)
				;
			if (heard != HEARD_NOTHING)
				fail_msg("round %d: %s", round, talk.nonsense);
		}
		if (lies_random(&seed) & 1)
			reset_link();
		else
			talk_close(&talk);
		watch_neighbour();
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, alive)
	const struct CMUnitTest tests[] = {
		TEST(cut_at_every_byte),
		TEST(byte_by_byte),
		TEST(silence),
		TEST(refusal_waits_for_the_payload),
		TEST(flood_of_unlinks),
		TEST(flood_of_refused_requests),
		TEST(flood_of_requests_that_wait),
		TEST(never_reading),
		TEST(flood_of_bad_connections),
		TEST(one_number_for_many),
		TEST(changes_under_way),
	};

	return cmocka_run_group_tests_name("manners", tests, start, stop);
}
