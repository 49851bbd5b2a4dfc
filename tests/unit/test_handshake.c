/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/handshake.c */
/* sources: exporter/session.c exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c */
/* sources: exporter/device.c exporter/follow.c exporter/absent.c exporter/descriptors.c exporter/rules.c exporter/escape.c */
/* sources: exporter/log.c exporter/reply.c */
/*
 * The handshake without a socket: requests in any pieces, what is refused and
 * why, and the bytes of both replies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/handshake.h"
#include "rig.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Feeds @bytes in pieces of @piece; the last result, and bytes taken in all. */
static int feed(struct handshake *handshake, const void *bytes, size_t size, size_t piece,
		size_t *total, struct suburb_violation *violation)
{
	const uint8_t *at = bytes;
	int ret = 0;

	memset(handshake, 0, sizeof(*handshake));
	*total = 0;
	while (size && ret == 0) {
		size_t n = piece < size ? piece : size, taken;

		ret = handshake_input(handshake, at, n, &taken, violation);
		assert_true(taken <= n);
		*total += taken;
		at += n;
		size -= n;
	}
	return ret;
}

static void requests_in_any_pieces(void **state)
{
	static const uint8_t devlist[12] = { 0x01, 0x11, 0x80, 0x05 };
	static const uint8_t import[44] = { 0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '7', '-', '1' };

	for (size_t piece = 1; piece <= 44; piece++) {
		struct suburb_violation violation;
		struct handshake handshake;
		size_t taken;

		assert_int_equal(feed(&handshake, devlist, 12, piece, &taken, &violation), 1);
		assert_int_equal(handshake.code, SUBURB_OP_REQ_DEVLIST);
		assert_int_equal(taken, 8);
		assert_int_equal(feed(&handshake, import, 44, piece, &taken, &violation), 1);
		assert_int_equal(handshake.code, SUBURB_OP_REQ_IMPORT);
		assert_string_equal(handshake.busid, "7-1");
		assert_int_equal(taken, 40);
	}
}

static void short_requests_wait(void **state)
{
	static const uint8_t import[40] = { 0x01, 0x11, 0x80, 0x03 };

	for (size_t size = 0; size < 40; size++) {
		struct suburb_violation violation;
		struct handshake handshake;
		size_t taken;

		assert_int_equal(feed(&handshake, import, size, 7, &taken, &violation), 0);
		assert_int_equal(taken, size);
	}
}

static void violations_are_named(void **state)
{
	static const struct {
		uint8_t bytes[8];
		const char *field;
		uint32_t value;
	} wrong[] = {
		{ { 0x01, 0x06, 0x80, 0x05 }, "version", 0x0106 },
		{ { 0x16, 0x03, 0x01, 0x00 }, "version", 0x1603 },
		{ { 0x01, 0x11, 0x80, 0x04 }, "code", 0x8004 },
		{ { 0x01, 0x11, 0x00, 0x05 }, "code", 0x0005 },
		{ { 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 1 }, "status", 1 },
		{ { 0x01, 0x11, 0x80, 0x03, 0xff, 0xff, 0xff, 0xff }, "status", 0xffffffff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct suburb_violation violation = { NULL, 0 };
		struct handshake handshake;
		size_t taken;

		assert_int_equal(feed(&handshake, wrong[i].bytes, 8, 3, &taken, &violation),
				 -SUBURB_EPROTO);
		assert_string_equal(violation.field, wrong[i].field);
		assert_int_equal(violation.value, wrong[i].value);
	}
}

static void busid_without_an_end(void **state)
{
	uint8_t import[40] = { 0x01, 0x11, 0x80, 0x03 };
	struct suburb_violation violation;
	struct handshake handshake;
	size_t taken;

	memset(import + 8, 'x', 32);
	assert_int_equal(feed(&handshake, import, 40, 40, &taken, &violation), -SUBURB_EPROTO);
}

static void devlist_of_one(void **state)
{
	static const uint8_t tail[24 + 4] = {
		0, 0, 0, FAKE_BUSNUM, 0, 0, 0, FAKE_DEVNUM, 0, 0, 0, 3, /* high speed */
		0x12, 0x34, 0x56, 0x78, 0x02, 0x01, 0xef, 2, 1, 1, 1, 1, /* one interface */
		0xff, 0, 0, 0,
	};
	struct rig *rig = rig_prepare(false);
	size_t size;
	uint8_t *bytes = handshake_devlist(&rig->devices, &size);

	assert_int_equal(size, 12 + 312 + 4);
	assert_memory_equal(bytes, "\x01\x11\x00\x05\0\0\0\0\0\0\0\1", 12);
	assert_string_equal((char *)bytes + 12, "/fake/device");
	assert_string_equal((char *)bytes + 12 + 256, FAKE_BUSID);
	assert_memory_equal(bytes + 12 + 288, tail, sizeof(tail));
	free(bytes);
	rig_free(rig);
}

static void devlist_of_none(void **state)
{
	struct rig *rig = rig_prepare(false);
	uint8_t *bytes;
	size_t size;

	fake_unplug(&rig->fake);
	bytes = handshake_devlist(&rig->devices, &size);
	assert_int_equal(size, 12);
	assert_memory_equal(bytes, "\x01\x11\x00\x05\0\0\0\0\0\0\0\0", 12);
	free(bytes);
	rig_free(rig);
}

/* What an unconfigured device has no say in is 0, and nothing follows. */
static void devlist_of_an_unconfigured_device(void **state)
{
	struct rig *rig = rig_prepare(false);
	uint8_t *bytes;
	size_t size;

	rig->fake.device.configuration = NULL;
	bytes = handshake_devlist(&rig->devices, &size);
	assert_int_equal(size, 12 + 312);
	assert_memory_equal(bytes + 12 + 312 - 3, "\0\1\0", 3);
	free(bytes);
	rig_free(rig);
}

static void quirk_5_super_speed_plus_is_told_as_super(void **state)
{
	struct rig *rig = rig_prepare(false);
	struct suburb_device description;

	rig->fake.device.speed = SUBURB_SPEED_SUPER_PLUS;
	device_describe(rig->device, &description);
	assert_int_equal(description.speed, SUBURB_SPEED_SUPER);
	rig_free(rig);
}

static void quirk_4_import_echoes_the_busid(void **state)
{
	struct rig *rig = rig_prepare(false);
	uint8_t bytes[HANDSHAKE_IMPORT_SIZE];

	memset(bytes, 0xee, sizeof(bytes));
	assert_int_equal(handshake_import(bytes, rig->device, "an alias", SUBURB_OP_OK), 320);
	assert_memory_equal(bytes, "\x01\x11\x00\x03\0\0\0\0", 8);
	assert_string_equal((char *)bytes + 8 + 256, "an alias");
	/* quirk 6: the room behind both strings is zero */
	for (int i = 12; i < 256; i++)
		assert_int_equal(bytes[8 + i], 0);
	for (int i = 8; i < 32; i++)
		assert_int_equal(bytes[8 + 256 + i], 0);
	rig_free(rig);
}

static void quirk_2_errors_end_after_8_bytes(void **state)
{
	uint8_t bytes[HANDSHAKE_IMPORT_SIZE];

	assert_int_equal(handshake_import(bytes, NULL, "7-1", SUBURB_OP_DEV_BUSY), 8);
	assert_memory_equal(bytes, "\x01\x11\x00\x03\0\0\0\2", 8);
	assert_int_equal(handshake_status(0), SUBURB_OP_OK);
	assert_int_equal(handshake_status(-SUBURB_EBUSY), SUBURB_OP_DEV_BUSY);
	assert_int_equal(handshake_status(-SUBURB_ENODEV), SUBURB_OP_NODEV);
	assert_int_equal(handshake_status(-SUBURB_EIO), SUBURB_OP_DEV_ERR);
	assert_int_equal(handshake_status(-SUBURB_ENOMEM), SUBURB_OP_DEV_ERR);
}

/* Section 6.1 of docs/PROTOCOL.md; the layout is test_extension.c's. */
static void an_offer_is_answered(void **state)
{
	struct suburb_wire_busid *busid;
	struct rig *rig = rig_prepare(false);
	uint8_t bytes[HANDSHAKE_IMPORT_SIZE], request[40];
	struct suburb_violation violation;
	struct handshake handshake;
	uint32_t features;
	size_t taken;

	busid = (struct suburb_wire_busid *)(request + 8);
	suburb_put_op((struct suburb_wire_op *)request, SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(busid, FAKE_BUSID);
	assert_int_equal(feed(&handshake, request, 40, 7, &taken, &violation), 1);
	assert_int_equal(handshake.offered, 0);

	assert_true(suburb_put_offer(busid, 0x80000006));
	assert_int_equal(feed(&handshake, request, 40, 7, &taken, &violation), 1);
	assert_int_equal(handshake.offered, 0x80000006);
	assert_string_equal(handshake.busid, FAKE_BUSID);
	handshake_import(bytes, rig->device, handshake.busid, SUBURB_OP_OK);
	handshake_agree(&handshake, bytes, SUBURB_WIRE_FEATURE_DIGEST);
	assert_int_equal(suburb_get_answer((struct suburb_wire_device *)(bytes + 8), busid,
					   &features, &violation), 0);
	assert_int_equal(features, SUBURB_WIRE_FEATURE_DIGEST);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_in_any_pieces),
		cmocka_unit_test(short_requests_wait),
		cmocka_unit_test(violations_are_named),
		cmocka_unit_test(busid_without_an_end),
		cmocka_unit_test(devlist_of_one),
		cmocka_unit_test(devlist_of_none),
		cmocka_unit_test(devlist_of_an_unconfigured_device),
		cmocka_unit_test(quirk_5_super_speed_plus_is_told_as_super),
		cmocka_unit_test(quirk_4_import_echoes_the_busid),
		cmocka_unit_test(quirk_2_errors_end_after_8_bytes),
		cmocka_unit_test(an_offer_is_answered),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
