// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The negotiated extension on the wire of a running suburbd, byte by byte.
 *
 * First that nothing of it is to be seen: who offers nothing, or something that
 * is not understood, or offers to an exporter that grants nothing, gets the
 * same bytes, and they are those of USB/IP 1.1.1. Then digests: the messages
 * that carry them, and what becomes of a damaged one.
 */
#include <suburb/extension.h>

#include "client.h"

static struct exporter exporter; /* grants what is asked for */
static struct exporter plain;	 /* grants nothing */

static int start(void **state)
{
	static const char *const args[] = { "--emulate", "loopback", NULL };
	static const char *const none[] = { "--emulate", "loopback", "--features", "none", NULL };

	exporter_start(&exporter, args);
	exporter_start(&plain, none);
	return 0;
}

static int stop(void **state)
{
	exporter_stop(&exporter);
	exporter_stop(&plain);
	return 0;
}

static int alive(void **state)
{
	hang_up_all();
	assert_alive(&exporter, "99-1");
	assert_alive(&plain, "99-1");
	return 0;
}

#define REQUEST_SIZE 40
#define REPLY_SIZE 320
#define ANSWER_AT (8 + SUBURB_ANSWER_OFFSET)

static struct suburb_wire_busid *busid_of(uint8_t *request)
{
	return (void *)(request + 8);
}

static void put_request(uint8_t *request, uint32_t features)
{
	suburb_put_op((void *)request, SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(busid_of(request), "99-1");
	if (features)
		assert_true(suburb_put_offer(busid_of(request), features));
}

/* Sends the request and returns the connection, with the whole reply. */
static int import_raw(const struct exporter *from, const uint8_t *request, uint8_t *reply)
{
	for (int tries = 0;; tries++) {
		int fd = dial(from);

		send_bytes(fd, request, REQUEST_SIZE);
		receive_bytes(fd, reply, 8);
		if (!reply[7]) {
			receive_bytes(fd, reply + 8, REPLY_SIZE - 8);
			return fd;
		}
		/* Giving the device back after the last test takes a moment. */
		assert_int_equal(reply[7], SUBURB_OP_DEV_BUSY);
		assert_true(tries < 100);
		hang_up(fd);
		usleep(20000);
	}
}

/* --- plain peers ---------------------------------------------------------- */

static const uint8_t get_descriptor[48] = {
	0, 0, 0, 1, 0, 0, 0, 9, 0, 99, 0, 2, 0, 0, 0, 1, 0,    0, 0, 0, 0, 0, 2, 0,
	0, 0, 0, 8, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0x80, 6, 0, 1, 0, 0, 8, 0,
};
static const uint8_t descriptor_reply[48 + 8] = {
	0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,	0, 0, 0, 0,    0, 0, 8,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18, 1, 0, 2, 0xff, 0, 0, 64,
};
static const uint8_t unlink_nobody[48] = {
	0, 0, 0, 2, 0, 0, 0, 10, 0, 99, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8,
};
static const uint8_t unlink_reply[48] = { 0, 0, 0, 4, 0, 0, 0, 10 };

/* An import and three messages; the import's reply is the one of a plain pair. */
static void assert_plain(const struct exporter *from, const uint8_t *request,
			 const uint8_t *expected)
{
	uint8_t reply[REPLY_SIZE], messages[sizeof(descriptor_reply) + sizeof(unlink_reply)];
	int fd = import_raw(from, request, reply);

	assert_memory_equal(reply, expected, REPLY_SIZE);
	send_bytes(fd, get_descriptor, sizeof(get_descriptor));
	receive_bytes(fd, messages, sizeof(descriptor_reply));
	assert_memory_equal(messages, descriptor_reply, sizeof(descriptor_reply) - 4);
	send_bytes(fd, unlink_nobody, sizeof(unlink_nobody));
	receive_bytes(fd, messages, sizeof(unlink_reply));
	assert_memory_equal(messages, unlink_reply, sizeof(unlink_reply));
	assert_silence(fd, 50);
	hang_up(fd);
}

static void quirk_6_plain_peers_see_plain_usbip(void **state)
{
	uint8_t expected[REPLY_SIZE], request[REQUEST_SIZE], whole[REQUEST_SIZE];
	struct suburb_wire_offer *offer = (void *)(whole + 8 + SUBURB_OFFER_OFFSET);

	put_request(request, 0);
	hang_up(import_raw(&plain, request, expected));
	/* The room behind both names is zero. */
	for (size_t i = 8 + strlen((char *)expected + 8); i < 8 + 256; i++)
		assert_int_equal(expected[i], 0);
	for (size_t i = 8 + 256 + 4; i < 8 + 256 + 32; i++)
		assert_int_equal(expected[i], 0);

	assert_plain(&plain, request, expected);
	assert_plain(&exporter, request, expected);
	/* An offer to who grants nothing. */
	put_request(whole, SUBURB_WIRE_FEATURE_DIGEST | SUBURB_WIRE_FEATURE_STREAMS);
	assert_plain(&plain, whole, expected);
	/* What is not an offer: of another version, damaged, or just dirt. */
	offer->version = 2;
	offer->check = __cpu_to_be32(suburb_crc32c(0, whole + 8, 28));
	assert_plain(&exporter, whole, expected);
	put_request(whole, SUBURB_WIRE_FEATURE_DIGEST);
	whole[8 + 31] ^= 1;
	assert_plain(&exporter, whole, expected);
	put_request(whole, 0);
	memset(whole + 8 + 5, 0xee, 27);
	assert_plain(&exporter, whole, expected);
}

/* --- what is agreed ------------------------------------------------------- */

static void quirk_6_the_answer_says_what_is_granted(void **state)
{
	static const struct {
		uint32_t offered, agreed;
	} cases[] = {
		{ SUBURB_WIRE_FEATURE_DIGEST, SUBURB_WIRE_FEATURE_DIGEST },
		/* The loopback device has no streams. */
		{ SUBURB_WIRE_FEATURE_STREAMS, 0 },
		{ 0xffffffff, SUBURB_WIRE_FEATURE_DIGEST },
	};
	uint8_t request[REQUEST_SIZE], reply[REPLY_SIZE], expected[REPLY_SIZE];

	put_request(request, 0);
	hang_up(import_raw(&plain, request, expected));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suburb_violation violation;
		uint32_t features;

		put_request(request, cases[i].offered);
		hang_up(import_raw(&exporter, request, reply));
		assert_int_equal(suburb_get_answer((void *)(reply + 8), busid_of(request),
						   &features, &violation),
				 0);
		assert_int_equal(features, cases[i].agreed);
		assert_memory_equal(reply + ANSWER_AT, "bus\x01", 4);
		/* Nothing else differs. */
		memset(reply + ANSWER_AT, 0, 128);
		assert_memory_equal(reply, expected, REPLY_SIZE);
	}
}

/* --- digests -------------------------------------------------------------- */

static int import_digested(void)
{
	uint8_t request[REQUEST_SIZE], reply[REPLY_SIZE];

	put_request(request, SUBURB_WIRE_FEATURE_DIGEST);
	return import_raw(&exporter, request, reply);
}

static void put_digest(uint8_t *at, const void *bytes, size_t size)
{
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, bytes, size));

	memcpy(at, &digest, sizeof(digest));
}

static void every_message_has_its_digests(void **state)
{
	uint8_t message[52], reply[52 + 8 + 4], expected[4];
	int fd = import_digested();

	memcpy(message, get_descriptor, 48);
	put_digest(message + 48, message, 48);
	send_bytes(fd, message, 52);
	receive_bytes(fd, reply, sizeof(reply));
	assert_memory_equal(reply, descriptor_reply, 48);
	put_digest(expected, reply, 48);
	assert_memory_equal(reply + 48, expected, 4);
	assert_memory_equal(reply + 52, descriptor_reply + 48, 4);
	put_digest(expected, reply + 52, 8);
	assert_memory_equal(reply + 60, expected, 4);

	memcpy(message, unlink_nobody, 48);
	put_digest(message + 48, message, 48);
	send_bytes(fd, message, 52);
	receive_bytes(fd, reply, 52);
	assert_memory_equal(reply, unlink_reply, 48);
	put_digest(expected, reply, 48);
	assert_memory_equal(reply + 48, expected, 4);
	assert_silence(fd, 50);
	hang_up(fd);
}

/* A bulk OUT of 64 bytes to the loopback device, digests right. */
static size_t put_out(uint8_t *message)
{
	struct suburb_submit submit = {
		.seqnum = 11,
		.devid = suburb_devid(99, 2),
		.direction = SUBURB_DIR_OUT,
		.ep = 1,
		.length = 64,
	};

	suburb_put_submit((void *)message, &submit);
	put_digest(message + 48, message, 48);
	memset(message + 52, 'x', 64);
	put_digest(message + 116, message + 52, 64);
	return 120;
}

static void a_damaged_message_ends_the_connection(void **state)
{
	uint8_t message[120];

	for (size_t at = 0; at < sizeof(message); at += 3) {
		int fd = import_digested();

		put_out(message);
		message[at] ^= 0x20;
		send_bytes(fd, message, sizeof(message));
		assert_ends(fd);
	}
	exporter_assert_logged(&exporter, "damaged on the way: digest of a header 0x");
	exporter_assert_logged(&exporter, "damaged on the way: digest of a payload 0x");
	exporter_assert_logged(&exporter, "(40 since the start)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(quirk_6_plain_peers_see_plain_usbip, alive),
		cmocka_unit_test_teardown(quirk_6_the_answer_says_what_is_granted, alive),
		cmocka_unit_test_teardown(every_message_has_its_digests, alive),
		cmocka_unit_test_teardown(a_damaged_message_ends_the_connection, alive),
	};

	return cmocka_run_group_tests_name("extension", tests, start, stop);
}
