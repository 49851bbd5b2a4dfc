/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: */
/*
 * The negotiated extension against bytes written down by hand from
 * docs/PROTOCOL.md, section 6; their CRCs were made by another implementation
 * (bit by bit, below), which is itself held to the values of RFC 3720.
 *
 * Then every single bit of an offer and of an answer is flipped: none of the
 * two survives it, and a peer that knows nothing of them sees plain USB/IP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <suburb/extension.h>

static uint32_t slow_crc32c(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* --- the CRC -------------------------------------------------------------- */

/* RFC 3720, B.4, and the check value of the catalogue of CRCs. */
static void test_crc_known(void **state)
{
	uint8_t bytes[32];

	assert_int_equal(suburb_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(suburb_crc32c(0, "", 0), 0);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(suburb_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(suburb_crc32c(0, bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(suburb_crc32c(0, bytes, 32), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = 31 - i;
	assert_int_equal(suburb_crc32c(0, bytes, 32), 0x113fdb5c);
}

static void test_crc_in_parts(void **state)
{
	uint8_t bytes[257];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
		uint32_t crc = suburb_crc32c(0, bytes, cut);

		crc = suburb_crc32c(crc, bytes + cut, sizeof(bytes) - cut);
		assert_int_equal(crc, slow_crc32c(bytes, sizeof(bytes)));
	}
}

/* --- offer and answer ----------------------------------------------------- */

static const uint8_t offer_bytes[32] = {
	'1',  '-',  '1',  '.',	'2', 0, 0, 0, 0,   0,	0,   0,
	0,    0,    0,	  0,	0,   0, 0, 0, 'S', 'u', 'b', 0x01, /* magic, version */
	0x00, 0x00, 0x00, 0x06,					   /* STREAMS, DIGEST */
	0x9c, 0x96, 0xaf, 0x66,					   /* CRC of the 28 bytes above */
};

static void put_offer(struct suburb_wire_busid *w, const char *busid, uint32_t features)
{
	suburb_put_busid(w, busid);
	assert_true(suburb_put_offer(w, features));
}

static void test_offer_bytes(void **state)
{
	struct suburb_wire_busid w;
	char busid[SUBURB_WIRE_BUSID_SIZE];

	put_offer(&w, "1-1.2", SUBURB_WIRE_FEATURE_STREAMS | SUBURB_WIRE_FEATURE_DIGEST);
	assert_memory_equal(&w, offer_bytes, sizeof(w));
	assert_int_equal(suburb_get_offer(&w), 6);
	/* A plain exporter reads the bus id that is meant. */
	assert_int_equal(suburb_get_busid(&w, sizeof(w), busid), 32);
	assert_string_equal(busid, "1-1.2");
}

/* No offer: the bytes are those of plain USB/IP, and read as none. */
static void test_no_offer(void **state)
{
	static const uint8_t plain[32] = "1-1.2";
	struct suburb_wire_busid w;

	suburb_put_busid(&w, "1-1.2");
	assert_memory_equal(&w, plain, sizeof(w));
	assert_int_equal(suburb_get_offer(&w), 0);
}

static void test_offer_needs_room(void **state)
{
	char busid[SUBURB_WIRE_BUSID_SIZE] = { 0 };
	struct suburb_wire_busid w, before;

	for (size_t length = 0; length < sizeof(busid); length++) {
		memset(busid, 'x', length);
		suburb_put_busid(&w, busid);
		before = w;
		assert_int_equal(suburb_put_offer(&w, 2), length <= 19);
		assert_int_equal(suburb_get_offer(&w), length <= 19 ? 2 : 0);
		if (length > 19)
			assert_memory_equal(&w, &before, sizeof(w));
	}
}

static void test_offer_bit_flips(void **state)
{
	struct suburb_wire_busid w;

	for (unsigned int bit = 0; bit < 8 * sizeof(w); bit++) {
		memcpy(&w, offer_bytes, sizeof(w));
		w.busid[bit / 8] ^= (char)(1u << bit % 8);
		assert_int_equal(suburb_get_offer(&w), 0);
	}
}

/* With a right check value: a newer version, and dirt behind the bus id. */
static void test_offer_not_meant_for_us(void **state)
{
	struct suburb_wire_busid w;
	struct suburb_wire_offer *offer = (void *)(w.busid + SUBURB_OFFER_OFFSET);

	put_offer(&w, "1-1", 2);
	offer->version = 2;
	offer->check = __cpu_to_be32(slow_crc32c((uint8_t *)&w, 28));
	assert_int_equal(suburb_get_offer(&w), 0);
	put_offer(&w, "1-1", 2);
	w.busid[10] = 1;
	offer->check = __cpu_to_be32(slow_crc32c((uint8_t *)&w, 28));
	assert_int_equal(suburb_get_offer(&w), 0);
}

static struct suburb_device described(size_t path_length)
{
	struct suburb_device d = { .busid = "1-1.2", .busnum = 1, .devnum = 2, .speed = 5 };

	memset(d.path, 'p', path_length);
	return d;
}

static void put_answered(struct suburb_wire_device *w, const struct suburb_wire_busid *offered,
			 size_t path_length, uint32_t features)
{
	struct suburb_device d = described(path_length);

	suburb_put_device(w, &d);
	suburb_put_answer(w, offered, features);
}

static void test_answer_bytes(void **state)
{
	const struct suburb_wire_busid *offered = (const void *)offer_bytes;
	struct suburb_violation violation;
	struct suburb_wire_device w, plain;
	struct suburb_device d = described(30);
	uint8_t covered[32 + 124];
	__be32 check;
	uint32_t features;

	put_answered(&w, offered, 30, SUBURB_WIRE_FEATURE_DIGEST);
	assert_memory_equal(w.path + 128, "bus\x01\0\0\0\x04", 8);
	memcpy(covered, offer_bytes, 32);
	memcpy(covered + 32, w.path + 128, 124);
	for (int i = 8; i < 124; i++)
		assert_int_equal(w.path[128 + i], 0);
	check = __cpu_to_be32(slow_crc32c(covered, sizeof(covered)));
	assert_memory_equal(w.path + 252, &check, sizeof(check));
	assert_int_equal(suburb_get_answer(&w, offered, &features, &violation), 0);
	assert_int_equal(features, SUBURB_WIRE_FEATURE_DIGEST);
	/* Everything else is as in a plain reply. */
	suburb_put_device(&plain, &d);
	memset(w.path + 128, 0, 128);
	assert_memory_equal(&w, &plain, sizeof(w));
}

static void test_answer_cuts_path(void **state)
{
	const struct suburb_wire_busid *offered = (const void *)offer_bytes;
	struct suburb_violation violation;
	struct suburb_wire_device w;
	struct suburb_device d;
	uint32_t features;

	for (size_t length = 126; length <= 255; length++) {
		put_answered(&w, offered, length, 2);
		assert_int_equal(suburb_get_device(&w, sizeof(w), &d), sizeof(w));
		assert_int_equal(strlen(d.path), length < 127 ? length : 127);
		assert_int_equal(suburb_get_answer(&w, offered, &features, &violation), 0);
		assert_int_equal(features, 2);
	}
}

static void test_plain_reply_is_no_answer(void **state)
{
	const struct suburb_wire_busid *offered = (const void *)offer_bytes;
	struct suburb_violation violation;
	struct suburb_wire_device w;
	uint32_t features = 0xee;

	for (size_t length = 0; length <= 255; length++) {
		struct suburb_device d = described(length);

		suburb_put_device(&w, &d);
		assert_int_equal(suburb_get_answer(&w, offered, &features, &violation), 0);
		assert_int_equal(features, 0);
	}
}

static void test_answer_bit_flips(void **state)
{
	struct suburb_wire_busid offered;
	struct suburb_violation violation;
	struct suburb_wire_device w;
	uint32_t features;

	memcpy(&offered, offer_bytes, sizeof(offered));
	for (unsigned int bit = 8 * 128; bit < 8 * 256; bit++) {
		put_answered(&w, &offered, 30, 6);
		w.path[bit / 8] ^= (char)(1u << bit % 8);
		assert_int_equal(suburb_get_answer(&w, &offered, &features, &violation), 0);
		assert_int_equal(features, 0);
	}
	/* An answer to another offer is none. */
	put_answered(&w, &offered, 30, 6);
	put_offer(&offered, "1-1.3", 6);
	assert_int_equal(suburb_get_answer(&w, &offered, &features, &violation), 0);
	assert_int_equal(features, 0);
}

static void test_answer_beyond_offer(void **state)
{
	struct suburb_wire_busid offered;
	struct suburb_violation violation;
	struct suburb_wire_device w;
	uint32_t features;

	put_offer(&offered, "1-1.2", SUBURB_WIRE_FEATURE_STREAMS);
	put_answered(&w, &offered, 30, 6);
	assert_int_equal(suburb_get_answer(&w, &offered, &features, &violation), -SUBURB_EPROTO);
	assert_int_equal(violation.value, 6);
	assert_int_equal(features, 0);
	/* And to a peer that was offered nothing. */
	suburb_put_busid(&offered, "1-1.2");
	put_answered(&w, &offered, 30, 2);
	assert_int_equal(suburb_get_answer(&w, &offered, &features, &violation), -SUBURB_EPROTO);
}

/* --- streams -------------------------------------------------------------- */

static void test_stream_ids(void **state)
{
	static const struct {
		uint32_t stream, streams;
		bool good;
	} cases[] = {
		{ 0, 0, true },	   { 1, 0, false },	      { 0xffffffff, 0, false },
		{ 0, 16, false },  { 1, 16, true },	      { 16, 16, true },
		{ 17, 16, false }, { 0x80000001, 16, false }, { 0xffffffff, 16, false },
		{ 1, 1, true },	   { 65533, 65533, true },    { 65534, 65533, false },
	};
	struct suburb_violation violation;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(suburb_check_stream(cases[i].stream, cases[i].streams, &violation),
				 cases[i].good ? 0 : -SUBURB_EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_known),
		cmocka_unit_test(test_crc_in_parts),
		cmocka_unit_test(test_offer_bytes),
		cmocka_unit_test(test_no_offer),
		cmocka_unit_test(test_offer_needs_room),
		cmocka_unit_test(test_offer_bit_flips),
		cmocka_unit_test(test_offer_not_meant_for_us),
		cmocka_unit_test(test_answer_bytes),
		cmocka_unit_test(test_answer_cuts_path),
		cmocka_unit_test(test_plain_reply_is_no_answer),
		cmocka_unit_test(test_answer_bit_flips),
		cmocka_unit_test(test_answer_beyond_offer),
		cmocka_unit_test(test_stream_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
