/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c exporter/device.c exporter/follow.c exporter/absent.c */
/* sources: exporter/descriptors.c exporter/rules.c exporter/escape.c exporter/log.c */
/*
 * The stream of a session: headers and payload in whatever pieces they come,
 * the beginning and the end, bounds, and replies on their way out. The rules of
 * unlinking and of requests that change the device are in test_request.c.
 *
 * No socket and no loop: bytes go in and out, a fake backend does as told.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

/* --- bytes in ------------------------------------------------------------- */

static void out_payload_arrives_whole(void **state)
{
	struct rig *rig = rig_new();
	uint8_t data[512];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	rig_submit(rig, 1, BULK_OUT, sizeof(data), data);
	assert_int_equal(rig->fake.count, 1);
	assert_int_equal(rig->fake.transfers[0]->endpoint, 0x01);
	assert_int_equal(rig->fake.transfers[0]->type, 2);
	assert_int_equal(rig->fake.transfers[0]->length, sizeof(data));
	assert_memory_equal(rig->fake.transfers[0]->buffer, data, sizeof(data));
	fake_complete(&rig->fake, 0, 0, sizeof(data));
	/* quirk 10: no payload comes back */
	assert_reply(rig, 1, 0, sizeof(data), "");
	assert_no_reply(rig);
	rig_free(rig);
}

static void dribbled_stream(void **state)
{
	struct rig *rig = rig_new();

	rig->piece = 1;
	rig_submit(rig, 1, BULK_OUT, 5, "hello");
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	rig_unlink(rig, 3, 2);
	assert_int_equal(rig->fake.count, 2);
	assert_memory_equal(rig->fake.transfers[0]->buffer, "hello", 5);
	assert_int_equal(rig->fake.cancels, 1);
	rig_free(rig);
}

static void pieces_of_every_size(void **state)
{
	for (size_t piece = 1; piece < 150; piece++) {
		struct rig *rig = rig_new();

		rig->piece = piece;
		rig_begin(rig);
		rig_submit(rig, 1, BULK_OUT, 70, "0123456789012345678901234567890123456789"
			   "012345678901234567890123456789");
		rig_submit(rig, 2, NO_SUCH_OUT, 33, "012345678901234567890123456789012");
		rig_submit(rig, 3, BULK_IN, 64, NULL);
		rig_end(rig);
		assert_int_equal(rig->fake.count, 2);
		assert_memory_equal(rig->fake.transfers[0]->buffer + 60, "0123456789", 10);
		rig_free(rig);
	}
}

static void payload_may_be_read_in_place(void **state)
{
	struct rig *rig = rig_new();
	struct iovec space;

	assert_null(session_space(rig->session).iov_base);
	rig_submit(rig, 1, BULK_OUT, 20000, NULL);
	rig_input(rig, "abcd", 4);
	space = session_space(rig->session);
	assert_int_equal(space.iov_len, 19996);
	memset(space.iov_base, 'x', 15000);
	session_filled(rig->session, 15000);
	assert_int_equal(rig->fake.count, 0);
	/* What is left is small: copied again. */
	assert_null(session_space(rig->session).iov_base);
	for (int i = 0; i < 4996; i++)
		rig_input(rig, "y", 1);
	assert_int_equal(rig->fake.count, 1);
	assert_memory_equal(rig->fake.transfers[0]->buffer, "abcdxxx", 7);
	assert_memory_equal(rig->fake.transfers[0]->buffer + 15003, "xyy", 3);
	rig_free(rig);
}

static void unknown_command_ends_it(void **state)
{
	static const uint32_t commands[] = { 0, 3, 4, 5, 0x01110005, 0xffffffff };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct rig *rig = rig_new();
		struct suburb_wire_header header = { .command = __cpu_to_be32(commands[i]) };
		struct suburb_violation violation = { NULL, 0 };

		rig_submit(rig, 1, BULK_IN, 64, NULL);
		assert_int_equal(session_input(rig->session, &header, sizeof(header), &violation),
				 -SUBURB_EPROTO);
		assert_string_equal(violation.field, "command");
		assert_int_equal(violation.value, commands[i]);
		rig_free(rig);
	}
}

static void half_a_header_waits(void **state)
{
	struct rig *rig = rig_new();
	uint8_t bytes[47] = { 0, 0, 0, 1 };

	rig_input(rig, bytes, sizeof(bytes));
	assert_int_equal(rig->fake.submitted, 0);
	assert_no_reply(rig);
	rig_free(rig);
}

/* --- replies out ---------------------------------------------------------- */

static void replies_are_written_in_pieces(void **state)
{
	struct rig *rig = rig_new();
	struct iovec iov[4];
	int n;

	rig_submit(rig, 1, BULK_IN, 64, NULL);
	rig_submit(rig, 2, BULK_IN, 8, NULL);
	memcpy(rig->fake.transfers[0]->buffer, "0123456789", 10);
	memcpy(rig->fake.transfers[1]->buffer, "AB", 2);
	fake_complete(&rig->fake, 0, 0, 10);
	fake_complete(&rig->fake, 0, 0, 2);
	assert_int_equal(session_output(rig->session, iov, 4), 4);
	assert_int_equal(iov[0].iov_len + iov[1].iov_len + iov[2].iov_len + iov[3].iov_len,
			 48 + 10 + 48 + 2);
	session_written(rig->session, 50);
	n = session_output(rig->session, iov, 4);
	assert_int_equal(n, 3);
	assert_int_equal(iov[0].iov_len, 8);
	assert_memory_equal(iov[0].iov_base, "23456789", 8);
	session_written(rig->session, 8 + 47);
	n = session_output(rig->session, iov, 4);
	assert_int_equal(n, 2);
	assert_int_equal(iov[0].iov_len, 1);
	assert_memory_equal(iov[1].iov_base, "AB", 2);
	session_written(rig->session, 3);
	assert_int_equal(session_output(rig->session, iov, 4), 0);
	rig_free(rig);
}

static uint32_t seqnum_of(const struct iovec *piece)
{
	const struct suburb_wire_header *header = piece->iov_base;

	return __be32_to_cpu(header->seqnum);
}

static void an_interrupt_overtakes_bulk(void **state)
{
	struct rig *rig = rig_new();
	struct iovec iov[6];

	rig_submit(rig, 1, BULK_IN, 64, NULL);
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	rig_submit(rig, 3, INT_IN, 8, NULL);
	for (int i = 0; i < 3; i++)
		fake_complete(&rig->fake, 0, 0, 8);
	assert_int_equal(session_output(rig->session, iov, 6), 6);
	assert_int_equal(seqnum_of(&iov[0]), 3);
	assert_int_equal(seqnum_of(&iov[2]), 1);
	assert_int_equal(seqnum_of(&iov[4]), 2);
	session_written(rig->session, 3 * (48 + 8));
	rig_free(rig);
}

/* Else the importer would get a reply to what it has forgotten. */
static void an_unlink_overtakes_bulk_but_not_its_own(void **state)
{
	struct rig *rig = rig_new();
	struct iovec iov[6];

	rig_submit(rig, 1, BULK_IN, 64, NULL);
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	fake_complete(&rig->fake, 0, 0, 8);
	rig_unlink(rig, 3, 1);
	rig_unlink(rig, 4, 2);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_int_equal(session_output(rig->session, iov, 6), 4);
	assert_int_equal(seqnum_of(&iov[0]), 4);
	assert_int_equal(seqnum_of(&iov[1]), 1);
	assert_int_equal(seqnum_of(&iov[3]), 3);
	session_written(rig->session, 3 * 48 + 8);
	rig_free(rig);
}

static void output_is_told_once_per_silence(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 64, NULL);
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	assert_int_equal(rig->outputs, 0);
	fake_complete(&rig->fake, 0, 0, 0);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_int_equal(rig->outputs, 1);
	assert_reply(rig, 1, 0, 0, "");
	assert_reply(rig, 2, 0, 0, "");
	rig_submit(rig, 3, NO_SUCH_IN, 64, NULL);
	assert_int_equal(rig->outputs, 2);
	rig_free(rig);
}

static void quirk_11_seqnums_are_opaque(void **state)
{
	static const uint32_t seqnums[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0, 1, 0x55555555,
	};
	struct rig *rig = rig_new();

	for (size_t i = 0; i < sizeof(seqnums) / sizeof(*seqnums); i++) {
		rig_submit(rig, seqnums[i], BULK_IN, 4, NULL);
		memcpy(rig->fake.transfers[0]->buffer, "data", 4);
		fake_complete(&rig->fake, 0, 0, 4);
		assert_reply(rig, seqnums[i], 0, 4, "data");
	}
	rig_free(rig);
}

static void quirk_23_order_per_endpoint(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 4, NULL);
	rig_submit(rig, 2, BULK_IN, 4, NULL);
	/* Refused, but behind two that run on the same endpoint. */
	rig->devid++;
	rig_submit(rig, 3, BULK_IN, 4, NULL);
	rig->devid--;
	rig_submit(rig, 4, INT_IN, 4, NULL);
	assert_no_reply(rig);
	/* Another endpoint overtakes. */
	fake_complete(&rig->fake, 2, 0, 0);
	assert_reply(rig, 4, 0, 0, "");
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_no_reply(rig);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 2, 0, 0, "");
	assert_reply(rig, 3, -SUBURB_ENODEV, 0, "");
	rig_free(rig);
}

/* --- bounds --------------------------------------------------------------- */

static void parked_at_the_bound_and_sent_later(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 3, .parked = 4,
							  .bytes = 1 << 20 });

	for (uint32_t i = 1; i <= 5; i++)
		rig_submit(rig, i, BULK_IN, 16, NULL);
	assert_int_equal(rig->fake.count, 3);
	fake_complete(&rig->fake, 0, 0, 0);
	/* Its place is free when its reply was written, not before. */
	assert_int_equal(rig->fake.count, 2);
	assert_reply(rig, 1, 0, 0, "");
	assert_int_equal(rig->fake.count, 3);
	rig_free(rig);
}

static void beyond_parking_one_error_each(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 1, .parked = 2,
							  .bytes = 1 << 20 });
	uint8_t payload[300] = { 0, 0, 0, 9 }; /* to be read past, not as a header */

	for (uint32_t i = 1; i <= 3; i++)
		rig_submit(rig, i, BULK_OUT, 16, payload);
	assert_int_equal(rig->fake.count, 1);
	rig_submit(rig, 4, BULK_OUT, sizeof(payload), payload);
	assert_reply(rig, 4, -SUBURB_ENOMEM, 0, "");
	/* In step, and an unlink is still seen. */
	rig_unlink(rig, 5, 1);
	assert_int_equal(rig->fake.cancels, 1);
	rig_free(rig);
}

/* An idle IN must not keep the others from working, nor from being unlinked. */
static void every_endpoint_may_have_one(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 1, .parked = 1,
							  .bytes = 32 });

	rig_submit(rig, 1, INT_IN, 32, NULL);
	rig_submit(rig, 2, INT_IN, 32, NULL);
	rig_submit(rig, 3, BULK_IN, 32, NULL);
	rig_submit(rig, 4, BULK_OUT, 32, "01234567890123456789012345678901");
	rig_control(rig, 5, GET_DEVICE_DESCRIPTOR, 18);
	assert_int_equal(rig->fake.count, 4);
	rig_unlink(rig, 6, 2);
	assert_unlinked(rig, 6, -SUBURB_ECONNRESET);
	rig_free(rig);
}

static void transfers_larger_than_the_bound_are_refused(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 8, .parked = 8,
							  .bytes = 100 });
	uint8_t payload[101] = { 0 };

	rig_submit(rig, 1, BULK_IN, 101, NULL);
	assert_reply(rig, 1, -SUBURB_ENOMEM, 0, "");
	rig_submit(rig, 2, BULK_OUT, 101, payload);
	assert_reply(rig, 2, -SUBURB_ENOMEM, 0, "");
	rig_submit(rig, 3, BULK_OUT, 100, payload);
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

static void bytes_in_flight_are_bounded(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 100, .parked = 100,
							  .bytes = 100 });

	for (uint32_t i = 1; i <= 10; i++)
		rig_submit(rig, i, BULK_IN, 40, NULL);
	assert_int_equal(rig->fake.count, 2);
	assert_true(rig->fake.allocated <= 100);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_int_equal(rig->fake.count, 2);
	rig_free(rig);
}

/* A length that no URB can have: an error, and no memory is asked for. */
static void impossible_lengths(void **state)
{
	static const uint32_t lengths[] = { 0x80000000, 0xffffffff };

	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_new();
		struct suburb_submit submit = { .devid = rig->devid, .ep = 1 };
		struct suburb_violation violation = { NULL, 0 };
		struct suburb_wire_header header;

		rig_submit(rig, 1, BULK_IN, lengths[i], NULL);
		assert_reply(rig, 1, -SUBURB_EINVAL, 0, "");
		rig_submit(rig, 2, BULK_IN, INT_MAX, NULL);
		assert_reply(rig, 2, -SUBURB_ENOMEM, 0, "");
		assert_int_equal(rig->fake.submitted, 0);
		assert_int_equal(rig->fake.allocated, 0);
		/* With that much payload to come it is no message at all. */
		submit.length = lengths[i];
		suburb_put_submit(&header, &submit);
		assert_int_equal(session_input(rig->session, &header, 48, &violation),
				 -SUBURB_EPROTO);
		assert_string_equal(violation.field, "transfer_buffer_length");
		assert_int_equal(violation.value, lengths[i]);
		rig_free(rig);
	}
}

static void nobody_reads_the_replies(void **state)
{
	struct rig *rig = rig_new();
	uint32_t i = 0;

	while (session_wants_input(rig->session) && i < 100000)
		rig_submit(rig, i++, NO_SUCH_IN, 8, NULL);
	assert_in_range(i, 100, 99999);
	for (uint32_t seqnum = 0; seqnum < i; seqnum++)
		assert_reply(rig, seqnum, -SUBURB_ENOENT, 0, "");
	assert_true(session_wants_input(rig->session));
	rig_free(rig);
}

static void no_memory_for_a_buffer(void **state)
{
	struct rig *rig = rig_new();

	rig->fake.fail_alloc = true;
	rig_submit(rig, 1, BULK_OUT, 5, "hello");
	assert_reply(rig, 1, -SUBURB_ENOMEM, 0, "");
	rig_submit(rig, 2, BULK_IN, 5, NULL);
	assert_reply(rig, 2, -SUBURB_ENOMEM, 0, "");
	rig->fake.fail_alloc = false;
	rig_submit(rig, 3, BULK_OUT, 5, "hello");
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

static void quirk_28_backend_out_of_memory_is_tried_again(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 16, NULL);
	rig_submit(rig, 2, BULK_IN, 16, NULL);
	rig->fake.fail_submit = -SUBURB_ENOMEM;
	rig_submit(rig, 3, BULK_IN, 16, NULL);
	assert_no_reply(rig);
	/* Not before something came back, and then at once. */
	rig->fake.fail_submit = 0;
	rig_submit(rig, 4, BULK_IN, 16, NULL);
	assert_int_equal(rig->fake.count, 2);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_int_equal(rig->fake.count, 3);
	assert_reply(rig, 1, 0, 0, "");
	rig_free(rig);
}

static void backend_refuses(void **state)
{
	struct rig *rig = rig_new();

	rig->fake.fail_submit = -SUBURB_EIO;
	rig_submit(rig, 1, BULK_OUT, 5, "hello");
	assert_reply(rig, 1, -SUBURB_EIO, 0, "");
	rig->fake.fail_submit = -SUBURB_ENOMEM; /* and nothing in flight to wait for */
	rig_submit(rig, 2, BULK_IN, 5, NULL);
	assert_reply(rig, 2, -SUBURB_ENOMEM, 0, "");
	rig_free(rig);
}

/* --- beginning and end ---------------------------------------------------- */

static void one_importer_per_device(void **state)
{
	struct rig *rig = rig_new();
	struct session *second;

	assert_int_equal(session_new(&second, rig->device, &rig->limits, &rig_ops, rig),
			 -SUBURB_EBUSY);
	rig_stop(rig);
	assert_int_equal(rig->fake.closes, 1);
	rig_open(rig);
	assert_int_equal(rig->fake.opens, 2);
	rig_free(rig);
}

static void device_that_cannot_be_opened(void **state)
{
	struct rig *rig = rig_prepare(false);

	rig->fake.fail_open = -SUBURB_EIO;
	assert_int_equal(session_new(&rig->session, rig->device, &rig->limits, &rig_ops, rig),
			 -SUBURB_EIO);
	rig->fake.fail_open = 0;
	rig_open(rig);
	rig_free(rig);
}

static void open_that_takes_its_time(void **state)
{
	struct rig *rig = rig_prepare(true);

	rig_open_later(rig);
	fake_changed(&rig->fake, 0);
	assert_int_equal(rig->opened, 1);
	assert_int_equal(rig->open_status, 0);
	rig_submit(rig, 1, BULK_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

static void open_that_fails_after_a_while(void **state)
{
	struct rig *rig = rig_prepare(true);

	rig_open_later(rig);
	fake_changed(&rig->fake, -SUBURB_EIO);
	assert_int_equal(rig->opened, 1);
	assert_int_equal(rig->open_status, -SUBURB_EIO);
	assert_int_equal(session_stop(rig->session), 0);
	rig->session = NULL;
	rig_open_later(rig);
	fake_changed(&rig->fake, 0);
	rig_free(rig);
}

static void stopped_while_it_opens(void **state)
{
	struct rig *rig = rig_prepare(true);

	rig_open_later(rig);
	assert_int_equal(session_stop(rig->session), SESSION_LATER);
	fake_changed(&rig->fake, 0);
	assert_int_equal(rig->opened, 0);
	assert_int_equal(rig->fake.change->kind, BACKEND_CLOSE);
	fake_changed(&rig->fake, 0);
	assert_int_equal(rig->ended, 1);
	rig->session = NULL;
	rig_free(rig);
}

static void unplugged_while_it_opens(void **state)
{
	struct rig *rig = rig_prepare(true);

	rig_open_later(rig);
	fake_unplug(&rig->fake);
	assert_int_equal(rig->opened, 1);
	assert_int_equal(rig->open_status, -SUBURB_ENODEV);
	rig_free(rig);
}

static void stop_cancels_and_closes_last(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_IN, 8, NULL);
	rig_submit(rig, 2, INT_IN, 8, NULL);
	rig_input(rig, "\0\0\0", 3);
	assert_int_equal(session_stop(rig->session), SESSION_LATER);
	assert_int_equal(rig->fake.cancels, 2);
	fake_complete(&rig->fake, 1, -SUBURB_ECONNRESET, 0);
	assert_int_equal(rig->fake.closes, 0);
	assert_int_equal(rig->ended, 0);
	fake_complete(&rig->fake, 0, 0, 8);
	assert_int_equal(rig->fake.closes, 1);
	assert_int_equal(rig->ended, 1);
	rig->session = NULL;
	rig_free(rig);
}

static void stop_in_the_middle_of_a_payload(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, BULK_OUT, 1000, NULL);
	rig_input(rig, "half", 4);
	assert_int_equal(session_stop(rig->session), 0);
	rig->session = NULL;
	assert_int_equal(rig->fake.closes, 1);
	assert_int_equal(rig->fake.allocated, 0);
	rig_free(rig);
}

static void stop_with_replies_unread_and_requests_parked(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 2, .parked = 8,
							  .bytes = 1 << 20 });

	for (uint32_t i = 1; i <= 6; i++)
		rig_submit(rig, i, BULK_OUT, 4, "data");
	fake_complete(&rig->fake, 0, 0, 4);
	rig_unlink(rig, 7, 2);
	session_stop(rig->session);
	assert_int_equal(rig->fake.count, 1);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_int_equal(rig->ended, 1);
	rig->session = NULL;
	rig_free(rig);
}

static void stop_while_a_change_runs(void **state)
{
	struct rig *rig = rig_new();

	rig_control(rig, 1, SET_CONFIGURATION_1, 0);
	assert_int_equal(session_stop(rig->session), SESSION_LATER);
	fake_changed(&rig->fake, 0);
	assert_int_equal(rig->ended, 1);
	rig->session = NULL;
	rig_free(rig);
}

static void unplugged_everything_is_answered(void **state)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 2, .parked = 8,
							  .bytes = 1 << 20 });

	for (uint32_t i = 1; i <= 4; i++)
		rig_submit(rig, i, BULK_OUT, 4, "data");
	rig_submit(rig, 5, INT_IN, 8, NULL);
	rig_unlink(rig, 6, 5);
	assert_int_equal(rig->left, 0);
	fake_unplug(&rig->fake);
	assert_int_equal(rig->left, 1);
	assert_int_equal(rig_replies_with(rig, -SUBURB_ENODEV), 5);
	/* What still comes is answered too. */
	rig_submit(rig, 7, BULK_OUT, 4, "data");
	assert_reply(rig, 7, -SUBURB_ENODEV, 0, "");
	assert_int_equal(rig->left, 1);
	assert_int_equal(session_stop(rig->session), 0);
	rig->session = NULL;
	assert_int_equal(rig->fake.closes, 1);
	rig_free(rig);
}

static void unplugged_idle(void **state)
{
	struct rig *rig = rig_new();

	fake_unplug(&rig->fake);
	assert_int_equal(rig->left, 1);
	assert_no_reply(rig);
	assert_null(devices_find(&rig->devices, FAKE_BUSID));
	rig_free(rig);
}

/* --- all at once ---------------------------------------------------------- */

static uint32_t random_state;

static uint32_t below(uint32_t bound)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % bound;
}

/* How a request was answered; seqnums are indices here. */
struct answered {
	unsigned int submits, unlinks;
	bool is_unlink, cancelled;
};

static void account(struct rig *rig, struct answered *answered)
{
	struct got got;

	while (rig_next(rig, &got)) {
		struct answered *a = &answered[got.seqnum];

		if (got.command == SUBURB_RET_SUBMIT)
			a->submits++;
		else
			a->unlinks++;
		if (got.command == SUBURB_RET_UNLINK && got.status == -SUBURB_ECONNRESET)
			answered[rig->target[got.seqnum]].cancelled = true;
	}
}

static void storm_step(struct rig *rig, uint32_t *seqnum, struct answered *answered)
{
	static const enum where where[] = { BULK_IN, BULK_OUT, INT_IN, NO_SUCH_IN, NO_SUCH_OUT };
	uint8_t data[64] = { 0 };
	size_t index;

	switch (below(8)) {
	case 0:
	case 1:
	case 2:
		rig_submit(rig, *seqnum, where[below(5)], below(64), data);
		(*seqnum)++;
		break;
	case 3:
		rig_control(rig, *seqnum, below(2) ? SET_CONFIGURATION_1 : CLEAR_HALT_81, 0);
		(*seqnum)++;
		break;
	case 4:
		answered[*seqnum].is_unlink = true;
		rig_unlink(rig, *seqnum, below(*seqnum));
		(*seqnum)++;
		break;
	case 5:
		if (rig->fake.change)
			fake_changed(&rig->fake, below(2) ? 0 : -SUBURB_EPIPE);
		break;
	case 6:
		if (!rig->fake.count)
			break;
		index = below((uint32_t)rig->fake.count);
		fake_complete(&rig->fake, index, below(2) ? 0 : -SUBURB_ECONNRESET, 0);
		break;
	case 7:
		if (below(4) == 0)
			account(rig, answered);
	}
}

/*
 * Every CMD_SUBMIT has one RET_SUBMIT, or none and was unlinked in time; every
 * CMD_UNLINK has one RET_UNLINK; and nothing is left over.
 */
static void storm_of(uint32_t seed)
{
	struct rig *rig = rig_new_limits((struct limits){ .requests = 5, .parked = 10,
							  .bytes = 300 });
	static struct answered answered[RIG_SEQNUMS];
	uint32_t seqnum = 1;

	memset(answered, 0, sizeof(answered));
	random_state = seed;
	rig->piece = 1 + below(100);
	while (seqnum < 400)
		storm_step(rig, &seqnum, answered);
	account(rig, answered);
	while (rig->fake.change || rig->fake.count) {
		if (rig->fake.change)
			fake_changed(&rig->fake, 0);
		else
			fake_complete(&rig->fake, below((uint32_t)rig->fake.count), 0, 0);
		account(rig, answered);
	}
	for (uint32_t i = 1; i < seqnum; i++) {
		const struct answered *a = &answered[i];

		if (a->is_unlink ? a->unlinks != 1 || a->submits :
				   a->submits != !a->cancelled || a->unlinks)
			fail_msg("seed %u, seqnum %u: %u RET_SUBMIT, %u RET_UNLINK%s", seed, i,
				 a->submits, a->unlinks, a->cancelled ? ", cancelled" : "");
	}
	assert_int_equal(rig->fake.allocated, 0);
	rig_free(rig);
}

static void storm(void **state)
{
	for (uint32_t seed = 1; seed <= 200; seed++)
		storm_of(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(out_payload_arrives_whole),
		cmocka_unit_test(dribbled_stream),
		cmocka_unit_test(pieces_of_every_size),
		cmocka_unit_test(payload_may_be_read_in_place),
		cmocka_unit_test(unknown_command_ends_it),
		cmocka_unit_test(half_a_header_waits),
		cmocka_unit_test(replies_are_written_in_pieces),
		cmocka_unit_test(an_interrupt_overtakes_bulk),
		cmocka_unit_test(an_unlink_overtakes_bulk_but_not_its_own),
		cmocka_unit_test(output_is_told_once_per_silence),
		cmocka_unit_test(quirk_11_seqnums_are_opaque),
		cmocka_unit_test(quirk_23_order_per_endpoint),
		cmocka_unit_test(parked_at_the_bound_and_sent_later),
		cmocka_unit_test(beyond_parking_one_error_each),
		cmocka_unit_test(every_endpoint_may_have_one),
		cmocka_unit_test(transfers_larger_than_the_bound_are_refused),
		cmocka_unit_test(bytes_in_flight_are_bounded),
		cmocka_unit_test(impossible_lengths),
		cmocka_unit_test(nobody_reads_the_replies),
		cmocka_unit_test(no_memory_for_a_buffer),
		cmocka_unit_test(quirk_28_backend_out_of_memory_is_tried_again),
		cmocka_unit_test(backend_refuses),
		cmocka_unit_test(one_importer_per_device),
		cmocka_unit_test(device_that_cannot_be_opened),
		cmocka_unit_test(open_that_takes_its_time),
		cmocka_unit_test(open_that_fails_after_a_while),
		cmocka_unit_test(stopped_while_it_opens),
		cmocka_unit_test(unplugged_while_it_opens),
		cmocka_unit_test(stop_cancels_and_closes_last),
		cmocka_unit_test(stop_in_the_middle_of_a_payload),
		cmocka_unit_test(stop_with_replies_unread_and_requests_parked),
		cmocka_unit_test(stop_while_a_change_runs),
		cmocka_unit_test(unplugged_everything_is_answered),
		cmocka_unit_test(unplugged_idle),
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
