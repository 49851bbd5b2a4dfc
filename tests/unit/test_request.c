/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c exporter/device.c exporter/follow.c exporter/absent.c */
/* sources: exporter/descriptors.c exporter/rules.c exporter/escape.c exporter/log.c */
/*
 * What becomes of one request: the rules of unlinking, what is judged before
 * the device is asked, the requests that go through a call of their own, and
 * how an outcome becomes a reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- unlink --------------------------------------------------------------- */

static void quirk_12_cancelled(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, INT_IN, 8, NULL);
	rig_unlink(rig, 2, 1);
	assert_int_equal(rig->fake.cancels, 1);
	assert_no_reply(rig);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 2, -SUBURB_ECONNRESET);
	assert_no_reply(rig);
	rig_free(rig);
}

static void quirk_12_had_completed(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, INT_IN, 8, NULL);
	memcpy(rig->fake.transfers[0]->buffer, "report", 6);
	fake_complete(&rig->fake, 0, 0, 6);
	/* Its reply still waits to be written, or was written already. */
	rig_unlink(rig, 2, 1);
	assert_reply(rig, 1, 0, 6, "report");
	assert_unlinked(rig, 2, 0);
	rig_unlink(rig, 3, 1);
	assert_unlinked(rig, 3, 0);
	assert_int_equal(rig->fake.cancels, 0);
	rig_free(rig);
}

static void quirk_13_completes_while_being_unlinked(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, INT_IN, 8, NULL);
	rig_unlink(rig, 2, 1);
	memcpy(rig->fake.transfers[0]->buffer, "report", 6);
	fake_complete(&rig->fake, 0, 0, 6);
	assert_reply(rig, 1, 0, 6, "report");
	assert_unlinked(rig, 2, 0);
	assert_no_reply(rig);
	rig_free(rig);
}

static void quirk_13_fails_while_being_unlinked(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_OUT, 4, "data");
	rig_unlink(rig, 2, 1);
	fake_complete(&rig->fake, 0, -SUBURB_EPIPE, 0);
	assert_reply(rig, 1, -SUBURB_EPIPE, 0, "");
	assert_unlinked(rig, 2, 0);
	rig_free(rig);
}

/* Bytes that the device gave or took must not be lost (quirk 22). */
static void cancelled_after_some_bytes(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 8, NULL);
	rig_unlink(rig, 2, 1);
	memcpy(rig->fake.transfers[0]->buffer, "half", 4);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 4);
	assert_reply(rig, 1, -SUBURB_ECONNRESET, 4, "half");
	assert_unlinked(rig, 2, 0);
	rig_free(rig);
}

static void unlink_of_the_unknown(void **state)
{
	struct rig *rig = rig_new();

	rig_unlink(rig, 0xffffffff, 0);
	assert_unlinked(rig, 0xffffffff, 0);
	rig_submit(rig, 1, INT_IN, 8, NULL);
	rig_unlink(rig, 2, 2); /* itself */
	assert_unlinked(rig, 2, 0);
	assert_int_equal(rig->fake.cancels, 0);
	rig_free(rig);
}

static void unlinked_twice(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, INT_IN, 8, NULL);
	rig_unlink(rig, 2, 1);
	rig_unlink(rig, 3, 1);
	assert_int_equal(rig->fake.cancels, 1);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 2, -SUBURB_ECONNRESET);
	assert_unlinked(rig, 3, -SUBURB_ECONNRESET);
	assert_no_reply(rig);
	rig_free(rig);
}

static void unlink_of_a_parked_one(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 1, .parked = 8,
							  .bytes = 1000 });

	rig_submit(rig, 1, BULK_OUT, 4, "one ");
	rig_submit(rig, 2, BULK_OUT, 4, "two ");
	rig_submit(rig, 3, BULK_OUT, 4, "next");
	rig_unlink(rig, 4, 2);
	assert_unlinked(rig, 4, -SUBURB_ECONNRESET);
	fake_complete(&rig->fake, 0, 0, 4);
	assert_reply(rig, 1, 0, 4, "");
	assert_memory_equal(rig->fake.transfers[0]->buffer, "next", 4);
	assert_int_equal(rig->fake.cancels, 0);
	rig_free(rig);
}

static void unlink_of_one_among_many(void **state)
{
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < 1000; i += 4)
		rig_submit(rig, i, BULK_IN, 4, NULL);
	rig_unlink(rig, 1001, 500);
	assert_int_equal(rig->fake.cancels, 1);
	fake_complete(&rig->fake, 125, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 1001, -SUBURB_ECONNRESET);
	rig_free(rig);
}

static void seqnum_used_again(void **state)
{
	struct rig *rig = rig_new();

	/* Two with one number: the older is meant; both are answered. */
	rig_submit(rig, 1, BULK_IN, 4, NULL);
	rig_submit(rig, 1, BULK_IN, 4, NULL);
	rig_unlink(rig, 2, 1);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 2, -SUBURB_ECONNRESET);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	rig_free(rig);
}

static void quirk_12_unlink_of_a_change(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, SET_CONFIGURATION_1, 0);
	rig_unlink(rig, 2, 1);
	assert_no_reply(rig);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_unlinked(rig, 2, 0);
	rig_free(rig);
}

/* --- judged before the device is asked ------------------------------------ */

static void quirk_16_no_such_endpoint(void **state)
{
	struct rig *rig = rig_new();
	static const uint8_t looks_like_a_header[64] = { 0, 0, 0, 1, 0, 0, 0, 77 };

	rig_submit(rig, 1, NO_SUCH_OUT, sizeof(looks_like_a_header), looks_like_a_header);
	assert_reply(rig, 1, -SUBURB_ENOENT, 0, "");
	rig_submit(rig, 2, NO_SUCH_IN, 64, NULL);
	assert_reply(rig, 2, -SUBURB_ENOENT, 0, "");
	rig_submit_packets(rig, 3, ISO_IN, 64, 1); /* of the other altsetting */
	rig_input(rig, looks_like_a_header, sizeof(struct suburb_wire_iso));
	assert_reply(rig, 3, -SUBURB_ENOENT, 0, "");
	assert_no_reply(rig);
	assert_int_equal(rig->fake.submitted, 0);
	rig_free(rig);
}

static void values_that_no_endpoint_has(void **state)
{
	static const struct {
		uint32_t direction, ep;
	} wrong[] = {
		{ 2, 1 }, { 0x80000000, 1 }, { 0xffffffff, 1 }, { 1, 16 }, { 1, 0x81 },
		{ 1, 255 }, { 1, 0x7fffffff }, { 1, 0xffffffff }, { 2, 16 },
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct suburb_submit submit = {
			.seqnum = i,
			.devid = rig->devid,
			.direction = wrong[i].direction,
			.ep = wrong[i].ep,
			.length = 8,
		};
		struct suburb_wire_header header;

		suburb_put_submit(&header, &submit);
		rig_input(rig, &header, sizeof(header));
		assert_reply(rig, i, -SUBURB_EINVAL, 0, "");
	}
	assert_int_equal(rig->fake.submitted, 0);
	rig_free(rig);
}

static void wrong_devid(void **state)
{
	static const uint32_t wrong[] = { 0, 1, 0x70008, 0x80009, 0xffffffff };
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		rig->devid = wrong[i];
		rig_submit(rig, i, BULK_OUT, 4, "data");
		assert_reply(rig, i, -SUBURB_ENODEV, 0, "");
	}
	assert_int_equal(rig->fake.submitted, 0);
	rig_free(rig);
}

static void quirk_15_control_length_mismatch(void **state)
{
	struct rig *rig = rig_new();

	rig_control_raw(rig, 1, GET_DEVICE_DESCRIPTOR, 18, SUBURB_DIR_IN, 64);
	assert_reply(rig, 1, -SUBURB_EINVAL, 0, "");
	rig_control_raw(rig, 2, GET_DEVICE_DESCRIPTOR, 18, SUBURB_DIR_OUT, 18);
	rig_input(rig, "012345678901234567", 18);
	assert_reply(rig, 2, -SUBURB_EINVAL, 0, "");
	rig_control_raw(rig, 3, "\x21\x20\x00\x00\x00\x00", 7, SUBURB_DIR_IN, 7);
	assert_reply(rig, 3, -SUBURB_EINVAL, 0, "");
	assert_int_equal(rig->fake.submitted, 0);
	rig_free(rig);
}

static void quirk_30_control_without_data_in_either_direction(void **state)
{
	struct rig *rig = rig_new();

	rig_control_raw(rig, 1, "\x80\x00\x00\x00\x00\x00", 0, SUBURB_DIR_OUT, 0);
	rig_control_raw(rig, 2, "\x21\x0a\x00\x00\x00\x00", 0, SUBURB_DIR_IN, 0);
	assert_int_equal(rig->fake.count, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(rig->fake.transfers[i]->endpoint, 0x00);
	fake_complete(&rig->fake, 0, 0, 0);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_reply(rig, 2, 0, 0, "");
	rig_free(rig);
}

static void quirk_20_requests_are_forwarded_unchanged(void **state)
{
	static const char *const setups[] = {
		GET_DEVICE_DESCRIPTOR, "\xc3\x55\x34\x12\x78\x56", "\xa1\x21\x00\x00\x00\x00",
		"\xa3\x00\x00\x00\x01\x00",
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(setups); i++) {
		const struct backend_transfer *transfer;

		rig_control(rig, i, setups[i], 18);
		transfer = rig->fake.transfers[i];
		assert_int_equal(transfer->endpoint, 0x80);
		assert_int_equal(transfer->type, 0);
		assert_memory_equal(transfer->setup, setups[i], 6);
		assert_memory_equal(transfer->setup + 6, "\x12\x00", 2);
	}
	rig_free(rig);
}

static void quirk_20_set_address_stays_here(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, "\x00\x05\x07\x00\x00\x00", 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_int_equal(rig->fake.submitted + rig->fake.changes, 0);
	rig_free(rig);
}

/* --- through a call of their own ------------------------------------------ */

static void quirk_19_changes(void **state)
{
	static const struct {
		const char *setup;
		enum backend_change_kind kind;
		uint8_t endpoint, interface, value;
	} changes[] = {
		{ SET_CONFIGURATION_1, BACKEND_SET_CONFIGURATION, 0, 0, 1 },
		{ "\x00\x09\x00\x00\x00\x00", BACKEND_SET_CONFIGURATION, 0, 0, 0 },
		{ "\x01\x0b\x01\x00\x00\x00", BACKEND_SET_INTERFACE, 0, 0, 1 },
		{ CLEAR_HALT_81, BACKEND_CLEAR_HALT, 0x81, 0, 0 },
		{ "\x02\x01\x00\x00\x01\x00", BACKEND_CLEAR_HALT, 0x01, 0, 0 },
		{ "\x23\x03\x04\x00\x01\x00", BACKEND_RESET, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct rig *rig = rig_new();

		rig_control(rig, 1, changes[i].setup, 0);
		assert_non_null(rig->fake.change);
		assert_int_equal(rig->fake.change->kind, changes[i].kind);
		assert_int_equal(rig->fake.change->endpoint, changes[i].endpoint);
		assert_int_equal(rig->fake.change->interface, changes[i].interface);
		assert_int_equal(rig->fake.change->value, changes[i].value);
		assert_no_reply(rig);
		fake_changed(&rig->fake, 0);
		assert_reply(rig, 1, 0, 0, "");
		assert_int_equal(rig->fake.submitted, 0);
		rig_free(rig);
	}
}

/* They look like those above and are not. */
static void near_misses_are_transfers(void **state)
{
	static const char *const setups[] = {
		"\x02\x01\x00\x00\x00\x00", /* clear halt of endpoint 0 */
		"\x02\x01\x00\x00\x80\x00",
		"\x02\x01\x01\x00\x81\x00", /* another feature */
		"\x02\x03\x00\x00\x81\x00", /* set halt */
		"\x23\x03\x08\x00\x01\x00", /* another port feature */
		"\x23\x01\x04\x00\x01\x00", /* clear it */
		"\x21\x09\x01\x00\x00\x00", /* class request 9: SET_REPORT */
		"\x40\x0b\x01\x00\x00\x00", /* vendor request 11 */
		"\x00\x01\x01\x00\x00\x00", /* clear remote wake-up */
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(setups); i++)
		rig_control(rig, i, setups[i], 0);
	assert_int_equal(rig->fake.count, ARRAY_SIZE(setups));
	assert_int_equal(rig->fake.changes, 0);
	rig_free(rig);
}

static void changes_that_cannot_be(void **state)
{
	static const char *const setups[] = {
		"\x01\x0b\x02\x00\x00\x00", /* no altsetting 2 */
		"\x01\x0b\x00\x00\x01\x00", /* no interface 1 */
		"\x01\x0b\x01\x01\x00\x00", /* altsetting 257 */
		"\x01\x0b\x01\x00\x00\x01", /* interface 256 */
		"\x02\x01\x00\x00\x85\x00", /* no endpoint 0x85 */
		"\x02\x01\x00\x00\x91\x00", /* reserved bits */
		"\x02\x01\x00\x00\x81\x01",
		"\x00\x09\x01\x01\x00\x00", /* configuration 257 */
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(setups); i++) {
		rig_control(rig, i, setups[i], 0);
		assert_reply(rig, i, -SUBURB_EPIPE, 0, "");
	}
	assert_int_equal(rig->fake.submitted + rig->fake.changes, 0);
	rig_free(rig);
}

static void changes_have_no_data_stage(void **state)
{
	static const char *const setups[] = {
		"\x00\x09\x01\x00\x00\x00", "\x01\x0b\x00\x00\x00\x00", "\x00\x05\x01\x00\x00\x00",
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(setups); i++) {
		rig_control(rig, i, setups[i], 2);
		rig_input(rig, "xx", 2);
		assert_reply(rig, i, -SUBURB_EPIPE, 0, "");
	}
	assert_int_equal(rig->fake.submitted + rig->fake.changes, 0);
	rig_free(rig);
}

static void change_waits_for_endpoint_0_and_others_for_it(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, GET_DEVICE_DESCRIPTOR, 18);
	rig_control(rig, 2, SET_CONFIGURATION_1, 0);
	assert_null(rig->fake.change);
	fake_complete(&rig->fake, 0, 0, 18);
	assert_non_null(rig->fake.change);
	rig_control(rig, 3, GET_DEVICE_DESCRIPTOR, 18);
	rig_submit(rig, 4, BULK_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 0);
	fake_changed(&rig->fake, 0);
	assert_int_equal(rig->fake.count, 2);
	rig_free(rig);
}

static void set_interface_moves_the_endpoints(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, "\x01\x0b\x01\x00\x00\x00", 0);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 1, 0, 0, "");
	rig_submit(rig, 2, INT_IN, 8, NULL);
	assert_reply(rig, 2, -SUBURB_ENOENT, 0, "");
	rig_submit(rig, 3, BULK_OUT, 4, "data");
	assert_int_equal(rig->fake.count, 1);
	/* Configuring puts altsetting 0 back. */
	rig_control(rig, 4, SET_CONFIGURATION_1, 0);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 4, 0, 0, "");
	rig_submit(rig, 5, INT_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 2);
	rig_free(rig);
}

static void quirk_31_refused_change_changes_nothing(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, "\x01\x0b\x01\x00\x00\x00", 0);
	fake_changed(&rig->fake, -SUBURB_EPIPE);
	assert_reply(rig, 1, -SUBURB_EPIPE, 0, "");
	rig_submit(rig, 2, INT_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 1);
	rig->fake.fail_change = -SUBURB_EBUSY;
	rig_control(rig, 3, "\x01\x0b\x01\x00\x00\x00", 0);
	assert_reply(rig, 3, -SUBURB_EBUSY, 0, "");
	assert_int_equal(rig->fake.submitted, 1);
	rig_free(rig);
}

/* A device's altsettings are forgotten with the importer who made them. */
static void next_importer_begins_with_altsetting_0(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, "\x01\x0b\x01\x00\x00\x00", 0);
	fake_changed(&rig->fake, 0);
	rig_stop(rig);
	rig_open(rig);
	rig_submit(rig, 2, INT_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

/* --- outcome and reply ---------------------------------------------------- */

static void quirk_9_packets_are_echoed(void **state)
{
	static const uint32_t packets[] = { 0, 1, 77, 0x7fffffff, 0x80000000, 0xffffffff };
	struct rig *rig = rig_new();
	struct got got;

	for (uint32_t i = 0; i < ARRAY_SIZE(packets); i++) {
		rig_submit_packets(rig, i, BULK_IN, 4, packets[i]);
		fake_complete(&rig->fake, 0, 0, 4);
		assert_true(rig_next(rig, &got));
		assert_int_equal(got.status, 0);
		assert_int_equal(got.packets, packets[i]);
	}
	rig_free(rig);
}

static void quirk_9_iso_errors_carry_no_packets(void **state)
{
	static const uint8_t descriptors[32] = { 0xff };
	struct rig *rig = rig_new();
	struct got got;

	rig_control(rig, 1, "\x01\x0b\x01\x00\x00\x00", 0);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 1, 0, 0, "");
	rig_submit_packets(rig, 2, ISO_IN, 2048, 2);
	rig_input(rig, descriptors, 32);
	assert_true(rig_next(rig, &got));
	assert_int_equal(got.status, -SUBURB_EINVAL);
	assert_int_equal(got.packets, 0);
	rig_submit_packets(rig, 3, ISO_OUT, 8, 2);
	rig_input(rig, "12345678", 8);
	rig_input(rig, descriptors, 32);
	assert_true(rig_next(rig, &got));
	assert_int_equal(got.seqnum, 3);
	assert_int_equal(got.packets, 0);
	/* In step: */
	rig_submit(rig, 4, BULK_OUT, 4, "data");
	assert_memory_equal(rig->fake.transfers[0]->buffer, "data", 4);
	rig_free(rig);
}

static void quirk_21_flags_reach_the_backend(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 4, NULL);
	rig->flags = SUBURB_URB_SHORT_NOT_OK | SUBURB_URB_DIR_IN;
	rig_submit(rig, 2, BULK_IN, 4, NULL);
	rig->flags = SUBURB_URB_ZERO_PACKET;
	rig_submit(rig, 3, BULK_OUT, 4, "data");
	rig->flags = 0xffffffff;
	rig_submit(rig, 4, BULK_OUT, 4, "data");
	assert_false(rig->fake.transfers[0]->short_not_ok);
	assert_true(rig->fake.transfers[1]->short_not_ok);
	assert_false(rig->fake.transfers[1]->zero_packet);
	assert_true(rig->fake.transfers[2]->zero_packet);
	assert_true(rig->fake.transfers[3]->zero_packet);
	rig_free(rig);
}

static void quirk_22_errors_keep_their_data(void **state)
{
	static const int32_t errors[] = {
		-SUBURB_EREMOTEIO, -SUBURB_EOVERFLOW, -SUBURB_EPIPE, -SUBURB_EPROTO,
		-SUBURB_ETIMEDOUT, -SUBURB_EILSEQ, -SUBURB_ESHUTDOWN,
	};
	struct rig *rig = rig_new();

	for (uint32_t i = 0; i < ARRAY_SIZE(errors); i++) {
		rig_submit(rig, i, BULK_IN, 8, NULL);
		memcpy(rig->fake.transfers[0]->buffer, "half", 4);
		fake_complete(&rig->fake, 0, errors[i], 4);
		assert_reply(rig, i, errors[i], 4, "half");
	}
	rig_free(rig);
}

/* CVE-2016-3955 from the other side: never more than was asked for. */
static void backend_that_moves_too_much(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 4, NULL);
	memcpy(rig->fake.transfers[0]->buffer, "data", 4);
	fake_complete(&rig->fake, 0, 0, 1000);
	assert_reply(rig, 1, 0, 4, "data");
	assert_no_reply(rig);
	rig_free(rig);
}

static void zero_lengths(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_OUT, 0, NULL);
	rig_submit(rig, 2, BULK_IN, 0, NULL);
	assert_int_equal(rig->fake.count, 2);
	fake_complete(&rig->fake, 0, 0, 0);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_reply(rig, 2, 0, 0, "");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quirk_12_cancelled),
		cmocka_unit_test(quirk_12_had_completed),
		cmocka_unit_test(quirk_13_completes_while_being_unlinked),
		cmocka_unit_test(quirk_13_fails_while_being_unlinked),
		cmocka_unit_test(cancelled_after_some_bytes),
		cmocka_unit_test(unlink_of_the_unknown),
		cmocka_unit_test(unlinked_twice),
		cmocka_unit_test(unlink_of_a_parked_one),
		cmocka_unit_test(unlink_of_one_among_many),
		cmocka_unit_test(seqnum_used_again),
		cmocka_unit_test(quirk_12_unlink_of_a_change),
		cmocka_unit_test(quirk_16_no_such_endpoint),
		cmocka_unit_test(values_that_no_endpoint_has),
		cmocka_unit_test(wrong_devid),
		cmocka_unit_test(quirk_15_control_length_mismatch),
		cmocka_unit_test(quirk_30_control_without_data_in_either_direction),
		cmocka_unit_test(quirk_20_requests_are_forwarded_unchanged),
		cmocka_unit_test(quirk_20_set_address_stays_here),
		cmocka_unit_test(quirk_19_changes),
		cmocka_unit_test(near_misses_are_transfers),
		cmocka_unit_test(changes_that_cannot_be),
		cmocka_unit_test(changes_have_no_data_stage),
		cmocka_unit_test(change_waits_for_endpoint_0_and_others_for_it),
		cmocka_unit_test(set_interface_moves_the_endpoints),
		cmocka_unit_test(quirk_31_refused_change_changes_nothing),
		cmocka_unit_test(next_importer_begins_with_altsetting_0),
		cmocka_unit_test(quirk_9_packets_are_echoed),
		cmocka_unit_test(quirk_9_iso_errors_carry_no_packets),
		cmocka_unit_test(quirk_21_flags_reach_the_backend),
		cmocka_unit_test(quirk_22_errors_keep_their_data),
		cmocka_unit_test(backend_that_moves_too_much),
		cmocka_unit_test(zero_lengths),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
