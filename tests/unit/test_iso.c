/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c */
/* sources: exporter/device.c exporter/follow.c exporter/absent.c exporter/descriptors.c exporter/rules.c exporter/escape.c */
/* sources: exporter/log.c */
/*
 * Isochronous requests on their way through a session: descriptors read and
 * judged, data placed and compacted, what the packets came to in the reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct rig *iso_rig(void)
{
	struct rig *rig = rig_new();

	rig_altsetting_1(rig);
	return rig;
}

static void assert_got(struct rig *rig, struct got *got, uint32_t seqnum, int32_t status)
{
	assert_true(rig_next(rig, got));
	assert_int_equal(got->command, SUBURB_RET_SUBMIT);
	assert_int_equal(got->seqnum, seqnum);
	assert_int_equal(got->status, status);
}

static void set_packet(struct backend_transfer *transfer, uint32_t index, const char *data,
		       int32_t status)
{
	struct suburb_iso *iso = &transfer->iso[index];

	iso->actual_length = (uint32_t)strlen(data);
	iso->status = status;
	memcpy(transfer->buffer + iso->offset, data, iso->actual_length);
	transfer->actual_length += iso->actual_length;
	transfer->error_count += status != 0;
}

/* --- to the backend ------------------------------------------------------- */

static void out_reaches_the_backend(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 }, { 4, 0, 0, 0 }, { 4, 6, 0, 0 } };
	struct rig *rig = iso_rig();
	const struct backend_transfer *transfer;

	rig->flags = SUBURB_URB_ISO_ASAP;
	rig_submit_iso(rig, 1, ISO_OUT, 10, "aaaabbbbbb", iso, 3);
	assert_int_equal(rig->fake.count, 1);
	transfer = rig->fake.transfers[0];
	assert_int_equal(transfer->endpoint, 0x03);
	assert_int_equal(transfer->type, 1);
	assert_true(transfer->iso_asap);
	assert_int_equal(transfer->packets, 3);
	assert_int_equal(transfer->length, 10);
	assert_memory_equal(transfer->buffer, "aaaabbbbbb", 10);
	assert_int_equal(transfer->iso[1].length, 0);
	assert_int_equal(transfer->iso[2].length, 6);
	rig_free(rig);
}

static void start_frame_reaches_the_backend(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 } };
	struct rig *rig = iso_rig();

	rig_submit_iso(rig, 1, ISO_IN, 4, NULL, iso, 1);
	assert_false(rig->fake.transfers[0]->iso_asap);
	assert_int_equal(rig->fake.transfers[0]->start_frame, 4711);
	rig_free(rig);
}

static void gaps_of_an_out_are_closed(void **state)
{
	static const struct suburb_iso iso[] = {
		{ 2, 4, 0, 0 }, { 8, 3, 0, 0 }, { 11, 1, 0, 0 }, { 16, 0, 0, 0 }, { 14, 0, 0, 0 },
	};
	struct rig *rig = iso_rig();
	const struct backend_transfer *transfer;

	rig_submit_iso(rig, 1, ISO_OUT, 16, "..aaaa..bbbc....", iso, 4);
	transfer = rig->fake.transfers[0];
	assert_int_equal(transfer->length, 8);
	assert_memory_equal(transfer->buffer, "aaaabbbc", 8);
	/* The fifth goes back: what lies before it was moved already. */
	rig_submit_iso(rig, 2, ISO_OUT, 16, "..aaaa..bbbc....", iso, 5);
	assert_int_equal(rig->fake.count, 1);
	fake_complete(&rig->fake, 0, 0, 8);
	assert_reply(rig, 1, 0, 0, "");
	assert_reply(rig, 2, -SUBURB_EINVAL, 0, "");
	rig_free(rig);
}

/* No more memory than can be moved, whatever the buffer over there is. */
static void gaps_of_an_in_take_no_memory(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 8, 0, 0 }, { 100000, 8, 0, 0 } };
	struct rig *rig = iso_rig();

	rig_submit_iso(rig, 1, ISO_IN, 200000, NULL, iso, 2);
	assert_int_equal(rig->fake.transfers[0]->length, 16);
	assert_int_equal(rig->fake.allocated, 16);
	rig_free(rig);
}

static void as_many_packets_as_there_can_be(void **state)
{
	struct suburb_iso iso[SUBURB_WIRE_MAX_PACKETS];
	struct rig *rig = iso_rig();
	struct got got;

	for (uint32_t i = 0; i < ARRAY_SIZE(iso); i++)
		iso[i] = (struct suburb_iso){ i, 1, 0, 0 };
	rig_submit_iso(rig, 1, ISO_IN, ARRAY_SIZE(iso), NULL, iso, ARRAY_SIZE(iso));
	assert_int_equal(rig->fake.transfers[0]->packets, ARRAY_SIZE(iso));
	set_packet(rig->fake.transfers[0], 1023, "z", 0);
	fake_complete(&rig->fake, 0, 0, 1);
	assert_got(rig, &got, 1, 0);
	assert_int_equal(got.packets, ARRAY_SIZE(iso));
	assert_int_equal(got.payload[0], 'z');
	assert_int_equal(got.iso[1023].offset, 1023);
	assert_int_equal(got.iso[1023].actual_length, 1);
	rig_free(rig);
}

static void packets_without_a_byte(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 0, 0, 0 }, { 0, 0, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_OUT, 0, "", iso, 2);
	rig_submit_iso(rig, 2, ISO_IN, 0, NULL, iso, 2);
	assert_int_equal(rig->fake.count, 2);
	assert_null(rig->fake.transfers[0]->buffer);
	fake_complete(&rig->fake, 0, 0, 0);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_got(rig, &got, 1, 0);
	assert_int_equal(got.packets, 2);
	assert_got(rig, &got, 2, 0);
	assert_int_equal(got.packets, 2);
	rig_free(rig);
}

/* --- and back ------------------------------------------------------------- */

static void quirk_17_in_is_compacted(void **state)
{
	static const struct suburb_iso iso[] = {
		{ 0, 4, 0, 0 },
		{ 10, 4, 0, 0 },
		{ 20, 4, 0, 0 },
		{ 30, 4, 0, 0 },
	};
	struct rig *rig = iso_rig();
	struct backend_transfer *transfer;
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 40, NULL, iso, 4);
	transfer = rig->fake.transfers[0];
	set_packet(transfer, 0, "aa", 0);
	set_packet(transfer, 1, "", -SUBURB_EXDEV);
	set_packet(transfer, 2, "cccc", 0);
	set_packet(transfer, 3, "d", -SUBURB_EPROTO);
	transfer->start_frame = 815;
	fake_complete(&rig->fake, 0, 0, transfer->actual_length);
	assert_got(rig, &got, 1, 0);
	assert_int_equal(got.actual_length, 7);
	assert_memory_equal(got.payload, "aaccccd", 7);
	assert_int_equal(got.packets, 4);
	assert_int_equal(got.start_frame, 815);
	assert_int_equal(got.error_count, 2);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(got.iso[i].offset, iso[i].offset);
		assert_int_equal(got.iso[i].length, iso[i].length);
	}
	assert_int_equal(got.iso[0].actual_length, 2);
	assert_int_equal(got.iso[1].status, -SUBURB_EXDEV);
	assert_int_equal(got.iso[2].actual_length, 4);
	assert_int_equal(got.iso[3].status, -SUBURB_EPROTO);
	assert_no_reply(rig);
	rig_free(rig);
}

static void quirk_10_out_answers_without_payload(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 77, 77 }, { 8, 2, 77, 77 } };
	struct rig *rig = iso_rig();
	struct backend_transfer *transfer;
	struct got got;

	/* What a request says of the outcome is nobody's business. */
	rig_submit_iso(rig, 1, ISO_OUT, 10, "aaaa....bb", iso, 2);
	transfer = rig->fake.transfers[0];
	transfer->iso[0].actual_length = 4;
	transfer->iso[1].actual_length = 1;
	fake_complete(&rig->fake, 0, 0, 5);
	assert_got(rig, &got, 1, 0);
	assert_int_equal(got.actual_length, 5);
	assert_int_equal(got.iso[0].actual_length, 4);
	assert_int_equal(got.iso[1].offset, 8);
	assert_int_equal(got.iso[1].actual_length, 1);
	assert_int_equal(got.iso[1].status, 0);
	assert_no_reply(rig);
	rig_free(rig);
}

/* Importers check that the packets' lengths come to the header's. */
static void backend_that_moves_too_much(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 }, { 4, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 8, NULL, iso, 2);
	rig->fake.transfers[0]->iso[0].actual_length = 5;
	rig->fake.transfers[0]->iso[1].actual_length = 0xffffffff;
	fake_complete(&rig->fake, 0, 0, 0xffffffff);
	assert_got(rig, &got, 1, 0);
	assert_int_equal(got.actual_length, 8);
	assert_int_equal(got.iso[0].actual_length, 4);
	assert_int_equal(got.iso[1].actual_length, 4);
	rig_free(rig);
}

static void quirk_22_errors_keep_their_packets(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 }, { 4, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 8, NULL, iso, 2);
	set_packet(rig->fake.transfers[0], 0, "aaa", 0);
	set_packet(rig->fake.transfers[0], 1, "", -SUBURB_EXDEV);
	fake_complete(&rig->fake, 0, -SUBURB_ESHUTDOWN, 3);
	assert_got(rig, &got, 1, -SUBURB_ESHUTDOWN);
	assert_int_equal(got.actual_length, 3);
	assert_int_equal(got.packets, 2);
	assert_memory_equal(got.payload, "aaa", 3);
	rig_free(rig);
}

static void quirk_9_refused_by_the_backend(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig->fake.fail_submit = -28; /* ENOSPC: no bandwidth on that bus */
	rig_submit_iso(rig, 1, ISO_OUT, 4, "data", iso, 1);
	assert_got(rig, &got, 1, -28);
	assert_int_equal(got.packets, 0);
	assert_int_equal(rig->fake.allocated, 0);
	rig_free(rig);
}

static void quirk_12_cancelled(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 4, NULL, iso, 1);
	rig_submit_iso(rig, 2, ISO_IN, 4, NULL, iso, 1);
	rig_unlink(rig, 3, 1);
	rig_unlink(rig, 4, 2);
	assert_int_equal(rig->fake.cancels, 2);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 3, -SUBURB_ECONNRESET);
	/* Packets that came before the unlink did count. */
	set_packet(rig->fake.transfers[0], 0, "dd", 0);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 2);
	assert_got(rig, &got, 2, -SUBURB_ECONNRESET);
	assert_int_equal(got.packets, 1);
	assert_int_equal(got.iso[0].actual_length, 2);
	assert_unlinked(rig, 4, 0);
	rig_free(rig);
}

/* --- what cannot be right ------------------------------------------------- */

static void quirk_38_impossible_descriptors(void **state)
{
	static const struct {
		enum where where;
		struct suburb_iso iso[2];
	} wrong[] = {
		{ ISO_IN, { { 0, 4, 0, 0 }, { 8, 1, 0, 0 } } }, /* behind the end */
		{ ISO_IN, { { 0, 4, 0, 0 }, { 4, 5, 0, 0 } } },
		{ ISO_IN, { { 9, 0, 0, 0 }, { 0, 4, 0, 0 } } },
		{ ISO_IN, { { 0xffffffff, 1, 0, 0 }, { 0, 4, 0, 0 } } },
		{ ISO_IN, { { 1, 0xffffffff, 0, 0 }, { 0, 4, 0, 0 } } }, /* sum wraps */
		{ ISO_IN, { { 0x80000000, 0x80000000, 0, 0 }, { 0, 4, 0, 0 } } },
		{ ISO_IN, { { 0, 8, 0, 0 }, { 0, 1, 0, 0 } } },	 /* more than the buffer */
		{ ISO_OUT, { { 0, 4, 0, 0 }, { 3, 4, 0, 0 } } }, /* share a byte */
		{ ISO_OUT, { { 4, 4, 0, 0 }, { 0, 4, 0, 0 } } }, /* backwards */
		{ ISO_OUT, { { 0, 8, 0, 0 }, { 8, 1, 0, 0 } } },
	};
	struct rig *rig = iso_rig();
	struct got got;

	for (uint32_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		rig_submit_iso(rig, i, wrong[i].where, 8, "12345678", wrong[i].iso, 2);
		assert_got(rig, &got, i, -SUBURB_EINVAL);
		assert_int_equal(got.packets, 0);
		assert_int_equal(got.actual_length, 0);
		assert_no_reply(rig);
	}
	assert_int_equal(rig->fake.submitted, 0);
	assert_int_equal(rig->fake.allocated, 0);
	/* In step: */
	rig_submit(rig, 77, BULK_OUT, 4, "data");
	assert_memory_equal(rig->fake.transfers[0]->buffer, "data", 4);
	rig_free(rig);
}

/* Where packets of an IN may lie is the importer's affair, if they fit. */
static void odd_descriptors_of_an_in(void **state)
{
	static const struct suburb_iso iso[] = { { 4, 2, 0, 0 }, { 0, 2, 0, 0 }, { 1, 2, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 8, NULL, iso, 3);
	set_packet(rig->fake.transfers[0], 0, "aa", 0);
	set_packet(rig->fake.transfers[0], 1, "b", 0);
	set_packet(rig->fake.transfers[0], 2, "cc", 0);
	fake_complete(&rig->fake, 0, 0, 5);
	assert_got(rig, &got, 1, 0);
	assert_memory_equal(got.payload, "aabcc", 5);
	assert_int_equal(got.iso[0].offset, 4);
	assert_int_equal(got.iso[2].offset, 1);
	rig_free(rig);
}

static void quirk_15_impossible_counts(void **state)
{
	static const uint32_t counts[] = { 0, 1025, 4096 };
	static const uint8_t descriptors[4096 * 16];
	struct rig *rig = iso_rig();
	struct got got;

	for (uint32_t i = 0; i < ARRAY_SIZE(counts); i++) {
		rig_submit_iso(rig, i, ISO_OUT, 4, NULL, NULL, counts[i]);
		rig_input(rig, "data", 4);
		rig_input(rig, descriptors, counts[i] * 16);
		assert_got(rig, &got, i, -SUBURB_EINVAL);
		assert_int_equal(got.packets, 0);
	}
	/* "Not isochronous" means that no descriptors follow. */
	rig_submit_iso(rig, 8, ISO_IN, 4, NULL, NULL, 0xffffffff);
	assert_got(rig, &got, 8, -SUBURB_EINVAL);
	rig_submit(rig, 9, BULK_OUT, 4, "data");
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

/* --- bounds and pieces ---------------------------------------------------- */

static void pieces_of_every_size(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 3, 0, 0 }, { 5, 2, 0, 0 } };

	for (size_t piece = 1; piece < 100; piece++) {
		struct rig *rig = iso_rig();

		rig->piece = piece;
		rig_begin(rig);
		rig_submit_iso(rig, 1, ISO_OUT, 7, "abc--de", iso, 2);
		rig_submit_iso(rig, 2, ISO_IN, 7, NULL, iso, 2);
		rig_submit(rig, 3, BULK_OUT, 4, "data");
		rig_end(rig);
		assert_int_equal(rig->fake.count, 3);
		assert_memory_equal(rig->fake.transfers[0]->buffer, "abcde", 5);
		assert_int_equal(rig->fake.transfers[1]->iso[1].length, 2);
		rig_free(rig);
	}
}

static void large_payload_is_read_in_place(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 10000, 0, 0 }, { 10000, 10000, 0, 0 } };
	struct suburb_wire_iso wire;
	struct rig *rig = iso_rig();
	struct iovec space;

	rig_submit_iso(rig, 1, ISO_OUT, 20000, NULL, NULL, 2);
	space = session_space(rig->session);
	assert_int_equal(space.iov_len, 20000);
	memset(space.iov_base, 'x', 20000);
	session_filled(rig->session, 20000);
	assert_null(session_space(rig->session).iov_base);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rig->fake.count, 0);
		suburb_put_iso(&wire, &iso[i]);
		rig_input(rig, &wire, sizeof(wire));
	}
	assert_int_equal(rig->fake.count, 1);
	assert_int_equal(rig->fake.transfers[0]->buffer[19999], 'x');
	rig_free(rig);
}

static void descriptors_count_as_bytes(void **state)
{
	struct suburb_iso iso[100] = { { 0, 0, 0, 0 } };
	struct rig *rig =
		rig_new_limits((struct limits){ .requests = 100, .parked = 100, .bytes = 10000 });
	struct got got;

	rig_altsetting_1(rig);
	/* 3200 bytes of descriptors each, wire and decoded. */
	for (uint32_t i = 0; i < 4; i++)
		rig_submit_iso(rig, i, ISO_IN, 0, NULL, iso, 100);
	assert_int_equal(rig->fake.count, 3);
	assert_got(rig, &got, 3, -SUBURB_ENOMEM);
	assert_int_equal(got.packets, 0);
	rig_submit_iso(rig, 5, ISO_OUT, 0, "", iso, 100);
	assert_int_equal(rig->fake.count, 4); /* one per endpoint may always go */
	for (uint32_t i = 0; i < 3; i++) {
		fake_complete(&rig->fake, 0, 0, 0);
		assert_got(rig, &got, i, 0);
	}
	rig_submit_iso(rig, 6, ISO_IN, 0, NULL, iso, 100);
	assert_int_equal(rig->fake.count, 2);
	/* No request may be larger than all of it. */
	rig_submit_iso(rig, 7, ISO_IN, 7000, NULL, iso, 100);
	assert_got(rig, &got, 7, -SUBURB_ENOMEM);
	rig_free(rig);
}

static void no_memory_for_the_buffer(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct got got;

	rig->fake.fail_alloc = true;
	rig_submit_iso(rig, 1, ISO_OUT, 4, "data", iso, 1);
	assert_got(rig, &got, 1, -SUBURB_ENOMEM);
	rig_submit_iso(rig, 2, ISO_IN, 4, NULL, iso, 1);
	assert_got(rig, &got, 2, -SUBURB_ENOMEM);
	assert_int_equal(got.packets, 0);
	rig->fake.fail_alloc = false;
	rig_submit_iso(rig, 3, ISO_OUT, 4, "data", iso, 1);
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

static void replies_are_written_in_pieces(void **state)
{
	static const struct suburb_iso iso[] = { { 0, 4, 0, 0 } };
	struct rig *rig = iso_rig();
	struct iovec iov[4];

	rig_submit_iso(rig, 1, ISO_IN, 4, NULL, iso, 1);
	rig_submit_iso(rig, 2, ISO_IN, 4, NULL, iso, 1);
	for (int i = 0; i < 2; i++) {
		set_packet(rig->fake.transfers[0], 0, "data", 0);
		fake_complete(&rig->fake, 0, 0, 4);
	}
	assert_int_equal(session_output(rig->session, iov, 4), 4);
	assert_int_equal(iov[1].iov_len, 4);
	assert_int_equal(iov[2].iov_len, 16);
	assert_int_equal(iov[3].iov_len, 48);
	session_written(rig->session, 48 + 4 + 10);
	assert_int_equal(session_output(rig->session, iov, 4), 4);
	assert_int_equal(iov[0].iov_len, 6);
	session_written(rig->session, 6 + 48 + 4 + 15);
	assert_int_equal(session_output(rig->session, iov, 1), 1);
	assert_int_equal(iov[0].iov_len, 1);
	session_written(rig->session, 1);
	assert_int_equal(session_output(rig->session, iov, 4), 0);
	rig_free(rig);
}

static void ends_in_the_middle_of_descriptors(void **state)
{
	struct rig *rig = iso_rig();

	rig_submit_iso(rig, 1, ISO_OUT, 4, NULL, NULL, 4);
	rig_input(rig, "data012345678901234567890", 25);
	rig_free(rig); /* and sees that nothing is left over */
}

static void device_leaves_in_the_middle_of_descriptors(void **state)
{
	static const uint8_t rest[16];
	struct rig *rig = iso_rig();
	struct got got;

	rig_submit_iso(rig, 1, ISO_IN, 4, NULL, NULL, 1);
	fake_unplug(&rig->fake);
	rig_input(rig, rest, sizeof(rest));
	assert_got(rig, &got, 1, -SUBURB_ENODEV);
	assert_int_equal(got.packets, 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_reaches_the_backend),
		cmocka_unit_test(start_frame_reaches_the_backend),
		cmocka_unit_test(gaps_of_an_out_are_closed),
		cmocka_unit_test(gaps_of_an_in_take_no_memory),
		cmocka_unit_test(as_many_packets_as_there_can_be),
		cmocka_unit_test(packets_without_a_byte),
		cmocka_unit_test(quirk_17_in_is_compacted),
		cmocka_unit_test(quirk_10_out_answers_without_payload),
		cmocka_unit_test(backend_that_moves_too_much),
		cmocka_unit_test(quirk_22_errors_keep_their_packets),
		cmocka_unit_test(quirk_9_refused_by_the_backend),
		cmocka_unit_test(quirk_12_cancelled),
		cmocka_unit_test(quirk_38_impossible_descriptors),
		cmocka_unit_test(odd_descriptors_of_an_in),
		cmocka_unit_test(quirk_15_impossible_counts),
		cmocka_unit_test(pieces_of_every_size),
		cmocka_unit_test(large_payload_is_read_in_place),
		cmocka_unit_test(descriptors_count_as_bytes),
		cmocka_unit_test(no_memory_for_the_buffer),
		cmocka_unit_test(replies_are_written_in_pieces),
		cmocka_unit_test(ends_in_the_middle_of_descriptors),
		cmocka_unit_test(device_leaves_in_the_middle_of_descriptors),
	};

	return cmocka_run_group_tests_name("iso", tests, NULL, NULL);
}
