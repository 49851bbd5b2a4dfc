/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c */
/* sources: exporter/device.c exporter/follow.c exporter/absent.c exporter/descriptors.c exporter/rules.c exporter/escape.c */
/* sources: exporter/log.c */
/*
 * What a session does once streams or digests were agreed on, and that it does
 * nothing of it when they were not.
 *
 * The device: interface 0 with altsetting 0 (bulk 0x01, 0x81) and altsetting 1
 * as UAS has it (0x01 without streams, 0x81 with 16, 0x82 and 0x02 with 32),
 * interface 1 with bulk 0x83, 8 streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define STREAMS SUBURB_WIRE_FEATURE_STREAMS
#define DIGEST SUBURB_WIRE_FEATURE_DIGEST

#define ALLOC(n) "\x7f\x01" n "\x00\x00\x00"
#define FREE "\x7f\x02\x00\x00\x00\x00"

static uint8_t configuration[] = {
	9,    2,    0, 0,    2,	   1,  0, 0x80, 50, 9, 4,  0,  0, 2,  8,    6,
	0x50, 0,    7, 5,    0x01, 2,  0, 4,	0,  6, 48, 15, 0, 0,  0,    7,
	5,    0x81, 2, 0,    4,	   0,  6, 48,	15, 0, 0,  0,  9, 4,  0,    1,
	4,    8,    6, 0x62, 0,	   7,  5, 0x01, 2,  0, 4,  0,  6, 48, 15,   0,
	0,    0,    7, 5,    0x81, 2,  0, 4,	0,  6, 48, 15, 4, 0,  0,    7,
	5,    0x82, 2, 0,    4,	   0,  6, 48,	15, 5, 0,  0,  7, 5,  0x02, 2,
	0,    4,    0, 6,    48,   15, 5, 0,	0,  9, 4,  1,  0, 1,  0xff, 0,
	0,    0,    7, 5,    0x83, 2,  0, 4,	0,  6, 48, 15, 3, 0,  0,
};

static struct rig *new_rig(uint32_t features)
{
	struct rig *rig = rig_prepare(false);

	rig->fake.device.configuration = configuration;
	rig->fake.device.configuration_length = sizeof(configuration);
	rig_open(rig);
	session_agree(rig->session, features);
	return rig;
}

static struct rig *new_uas(uint32_t features)
{
	struct rig *rig = new_rig(features);

	rig_altsetting_1(rig);
	return rig;
}

/* --- streams -------------------------------------------------------------- */

static struct suburb_submit bulk(const struct rig *rig, uint32_t seqnum, uint32_t ep, bool in,
				 uint32_t stream)
{
	struct suburb_submit submit = {
		.seqnum = seqnum,
		.devid = rig->devid,
		.direction = in,
		.ep = ep,
		.length = in ? 16 : 0,
		.start_frame = stream,
	};

	return submit;
}

static void submit_stream(struct rig *rig, uint32_t seqnum, uint32_t ep, bool in, uint32_t stream)
{
	struct suburb_submit submit = bulk(rig, seqnum, ep, in, stream);
	struct suburb_wire_header header;

	rig->direction[seqnum] = in;
	suburb_put_submit(&header, &submit);
	rig_input(rig, &header, sizeof(header));
}

/* A request with @size bytes, as a whole or byte by byte (rig->piece). */
static void ask(struct rig *rig, uint32_t seqnum, const char *setup, const void *data,
		uint16_t size)
{
	struct suburb_submit submit = { .seqnum = seqnum, .devid = rig->devid, .length = size };
	struct suburb_wire_header header;

	rig->direction[seqnum] = SUBURB_DIR_OUT;
	memcpy(submit.setup, setup, 6);
	submit.setup[6] = (uint8_t)size;
	submit.setup[7] = (uint8_t)(size >> 8);
	suburb_put_submit(&header, &submit);
	rig_input(rig, &header, sizeof(header));
	rig_input(rig, data, size);
}

static void assert_streams(struct rig *rig, uint32_t seqnum, uint8_t address, uint8_t count)
{
	char setup[6] = { '\xff', 1, 0, 0, (char)address, 0 };
	struct got got;

	rig_control(rig, seqnum, setup, 2);
	assert_true(rig_next(rig, &got));
	assert_int_equal(got.status, 0);
	assert_int_equal(got.actual_length, 2);
	assert_int_equal(got.payload[0] | got.payload[1] << 8, count);
}

static void alloc_all(struct rig *rig)
{
	ask(rig, 1, ALLOC("\x0c\x00"), "\x81\x82\x02", 3);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 1, 0, 0, "");
}

static void allocation_reaches_the_backend(void **state)
{
	struct rig *rig = new_uas(STREAMS);

	for (rig->piece = 0; rig->piece < 5; rig->piece++) {
		ask(rig, 1, ALLOC("\x00\x01"), "\x81\x82\x02", 3);
		assert_non_null(rig->fake.change);
		assert_int_equal(rig->fake.change->kind, BACKEND_ALLOC_STREAMS);
		assert_int_equal(rig->fake.change->endpoint_count, 3);
		assert_memory_equal(rig->fake.change->endpoints, "\x81\x82\x02", 3);
		/* 256 were asked for: the least that all of them can. */
		assert_int_equal(rig->fake.change->streams, 16);
		rig->fake.change->streams = 12; /* the controller grants fewer */
		fake_changed(&rig->fake, 0);
		assert_reply(rig, 1, 0, 0, "");
		assert_streams(rig, 2, 0x81, 12);
		assert_streams(rig, 3, 0x02, 12);
		assert_streams(rig, 4, 0x01, 0);
		ask(rig, 5, FREE, "\x81\x82\x02", 3);
		assert_int_equal(rig->fake.change->kind, BACKEND_FREE_STREAMS);
		fake_changed(&rig->fake, 0);
		assert_reply(rig, 5, 0, 0, "");
		assert_streams(rig, 6, 0x81, 0);
	}
	rig_free(rig);
}

static void a_refused_allocation_leaves_none(void **state)
{
	struct rig *rig = new_uas(STREAMS);

	ask(rig, 1, ALLOC("\x0c\x00"), "\x81\x82\x02", 3);
	fake_changed(&rig->fake, -SUBURB_ENOMEM);
	assert_reply(rig, 1, -SUBURB_ENOMEM, 0, "");
	assert_streams(rig, 2, 0x81, 0);
	rig_free(rig);
}

static void impossible_allocations(void **state)
{
	static const struct {
		const char *setup, *data;
		uint16_t size;
		int32_t status;
	} cases[] = {
		{ ALLOC("\x10\x00"), "\x01", 1, -SUBURB_EINVAL },     /* cannot have streams */
		{ ALLOC("\x10\x00"), "\x81\x01", 2, -SUBURB_EINVAL }, /* likewise, behind one */
		{ ALLOC("\x10\x00"), "\x81\x83", 2, -SUBURB_EINVAL }, /* two interfaces */
		{ ALLOC("\x10\x00"), "\x81\x81", 2, -SUBURB_EINVAL }, /* twice */
		{ ALLOC("\x10\x00"), "\x8f", 1, -SUBURB_ENOENT },
		{ ALLOC("\x10\x00"), "\xf1", 1, -SUBURB_ENOENT }, /* reserved bits */
		{ ALLOC("\x10\x00"), "\x00", 1, -SUBURB_ENOENT },
		{ ALLOC("\x00\x00"), "\x81", 1, -SUBURB_EINVAL },	   /* none */
		{ ALLOC("\xfe\xff"), "\x81", 1, -SUBURB_EINVAL },	   /* 65534 */
		{ "\x7f\x01\x10\x00\x01\x00", "\x81", 1, -SUBURB_EINVAL }, /* wIndex */
		{ FREE, "\x81", 1, -SUBURB_EINVAL },			   /* has none */
		{ "\x7f\x02\x01\x00\x00\x00", "\x81", 1, -SUBURB_EINVAL }, /* wValue */
		{ "\x7f\x03\x00\x00\x00\x00", "\x81", 1, -SUBURB_EPIPE },
		{ "\x7f\x01\x10\x00\x00\x00", "", 0, -SUBURB_EINVAL },
		{ "\xff\x02\x00\x00\x81\x00", "", 0, -SUBURB_EPIPE },
		{ "\xff\x01\x00\x00\x81\x00", "", 0, -SUBURB_EINVAL },
	};
	static const char many[31] = "\x81";
	struct rig *rig = new_uas(STREAMS);
	size_t changes = rig->fake.changes;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(rig, 1, cases[i].setup, cases[i].data, cases[i].size);
		assert_reply(rig, 1, cases[i].status, 0, "");
	}
	ask(rig, 2, ALLOC("\x10\x00"), many, 31);
	assert_reply(rig, 2, -SUBURB_EINVAL, 0, "");
	assert_int_equal(rig->fake.changes, changes);
	assert_int_equal(rig->fake.submitted, 0);
	alloc_all(rig);
	ask(rig, 3, ALLOC("\x10\x00"), "\x81", 1); /* has some already */
	assert_reply(rig, 3, -SUBURB_EINVAL, 0, "");
	rig_free(rig);
}

static void stream_ids_are_checked(void **state)
{
	static const uint32_t wrong[] = { 0, 13, 16, 0x10001, 0x80000000, 0xffffffff };
	struct rig *rig = new_uas(STREAMS);

	submit_stream(rig, 10, 1, true, 1); /* before there are any */
	assert_reply(rig, 10, -SUBURB_EINVAL, 0, "");
	alloc_all(rig);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		submit_stream(rig, 11, 1, true, wrong[i]);
		assert_reply(rig, 11, -SUBURB_EINVAL, 0, "");
	}
	submit_stream(rig, 12, 1, false, 1); /* this endpoint has none */
	assert_reply(rig, 12, -SUBURB_EINVAL, 0, "");
	assert_int_equal(rig->fake.submitted, 0);
	submit_stream(rig, 13, 1, true, 12);
	submit_stream(rig, 14, 2, true, 1);
	submit_stream(rig, 15, 1, false, 0);
	assert_int_equal(rig->fake.count, 3);
	assert_int_equal(rig->fake.transfers[0]->stream_id, 12);
	assert_int_equal(rig->fake.transfers[1]->stream_id, 1);
	assert_int_equal(rig->fake.transfers[2]->stream_id, 0);
	/* They complete in any order. */
	fake_complete(&rig->fake, 1, 0, 0);
	assert_reply(rig, 14, 0, 0, "");
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 13, 0, 0, "");
	rig_free(rig);
}

static void streams_end_with_what_they_are_of(void **state)
{
	static const struct {
		const char *setup;
		uint8_t other; /* what 0x83 has afterwards */
	} ends[] = {
		{ "\x01\x0b\x01\x00\x00\x00", 8 }, /* interface 0 is set */
		{ "\x00\x09\x01\x00\x00\x00", 0 }, /* configuration */
		{ "\x23\x03\x04\x00\x01\x00", 0 }, /* port reset */
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct rig *rig = new_uas(STREAMS);

		alloc_all(rig);
		ask(rig, 2, ALLOC("\x08\x00"), "\x83", 1);
		fake_changed(&rig->fake, 0);
		assert_reply(rig, 2, 0, 0, "");
		rig_control(rig, 3, ends[i].setup, 0);
		fake_changed(&rig->fake, 0);
		assert_reply(rig, 3, 0, 0, "");
		assert_int_equal(device_endpoint_streams(rig->device, 1, 1), 0);
		assert_int_equal(device_endpoint_streams(rig->device, 0, 2), 0);
		assert_int_equal(device_endpoint_streams(rig->device, 1, 3), ends[i].other);
		rig_free(rig);
	}
}

static void streams_end_with_the_session(void **state)
{
	struct rig *rig = new_uas(STREAMS);

	alloc_all(rig);
	rig_stop(rig);
	rig_open(rig);
	assert_int_equal(device_endpoint_streams(rig->device, 1, 1), 0);
	/* And this importer has agreed on nothing: plain USB/IP. */
	submit_stream(rig, 1, 1, true, 77);
	assert_int_equal(rig->fake.count, 1);
	assert_int_equal(rig->fake.transfers[0]->stream_id, 0);
	rig_free(rig);
}

/* The device may have a meaning for it, however unlikely: it is forwarded. */
static void unasked_it_is_a_control_request(void **state)
{
	struct rig *rig = new_uas(DIGEST & 0);

	ask(rig, 1, ALLOC("\x0c\x00"), "\x81\x82\x02", 3);
	assert_null(rig->fake.change);
	assert_int_equal(rig->fake.count, 1);
	assert_memory_equal(rig->fake.transfers[0]->setup, "\x7f\x01\x0c\x00\x00\x00\x03\x00", 8);
	fake_complete(&rig->fake, 0, -SUBURB_EPIPE, 0);
	assert_reply(rig, 1, -SUBURB_EPIPE, 0, "");
	assert_true(device_can_streams(rig->device));
	rig_free(rig);
}

/* --- digests -------------------------------------------------------------- */

/* A CMD_SUBMIT with digests; its size. */
static size_t put_digested(const struct rig *rig, uint8_t *bytes, uint32_t ep, bool in,
			   const char *payload)
{
	struct suburb_wire_digested *wire = (void *)bytes;
	struct suburb_submit submit = bulk(rig, 7, ep, in, 0);
	size_t size = in ? 0 : strlen(payload);
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, payload, size));

	submit.length = in ? 16 : (uint32_t)size;
	suburb_put_submit(&wire->header, &submit);
	wire->digest = __cpu_to_be32(suburb_crc32c(0, &wire->header, sizeof(wire->header)));
	if (!size)
		return sizeof(*wire);
	memcpy(bytes + sizeof(*wire), payload, size);
	memcpy(bytes + sizeof(*wire) + size, &digest, sizeof(digest));
	return sizeof(*wire) + size + sizeof(digest);
}

static void digested_out(void **state)
{
	struct rig *rig = new_rig(DIGEST);
	uint8_t bytes[100];

	for (rig->piece = 0; rig->piece < 70; rig->piece++) {
		rig_input(rig, bytes, put_digested(rig, bytes, 1, false, "twelve bytes"));
		assert_int_equal(rig->fake.count, 1);
		assert_memory_equal(rig->fake.transfers[0]->buffer, "twelve bytes", 12);
		fake_complete(&rig->fake, 0, 0, 12);
		assert_true(session_wants_input(rig->session));
		session_written(rig->session, 52);
	}
	rig_free(rig);
}

/* One that is refused is read past, digest and all. */
static void digested_refused(void **state)
{
	struct rig *rig = new_rig(DIGEST);
	uint8_t bytes[100];
	struct iovec iov[4];

	for (rig->piece = 0; rig->piece < 70; rig->piece++) {
		rig_input(rig, bytes, put_digested(rig, bytes, 9, false, "to nobody"));
		assert_int_equal(session_output(rig->session, iov, 4), 1);
		assert_int_equal(iov[0].iov_len, 52);
		session_written(rig->session, 52);
	}
	rig_input(rig, bytes, put_digested(rig, bytes, 1, false, "to the device"));
	assert_int_equal(rig->fake.count, 1);
	rig_free(rig);
}

static void digested_in(void **state)
{
	const struct suburb_wire_digested *wire;
	struct rig *rig = new_rig(DIGEST);
	struct iovec iov[4];
	uint8_t bytes[100];
	__be32 digest;

	rig_input(rig, bytes, put_digested(rig, bytes, 1, true, ""));
	memcpy(rig->fake.transfers[0]->buffer, "read", 4);
	fake_complete(&rig->fake, 0, 0, 4);
	assert_int_equal(session_output(rig->session, iov, 4), 3);
	wire = iov[0].iov_base;
	assert_int_equal(iov[0].iov_len, 52);
	assert_int_equal(__be32_to_cpu(wire->digest), suburb_crc32c(0, &wire->header, 48));
	assert_int_equal(iov[1].iov_len, 4);
	assert_int_equal(iov[2].iov_len, 4);
	memcpy(&digest, iov[2].iov_base, sizeof(digest));
	assert_int_equal(__be32_to_cpu(digest), suburb_crc32c(0, "read", 4));
	/* It leaves when its last byte did. */
	session_written(rig->session, 59);
	assert_int_equal(session_output(rig->session, iov, 4), 1);
	session_written(rig->session, 1);
	assert_int_equal(session_output(rig->session, iov, 4), 0);
	rig_free(rig);
}

/* Every single bit of a message, in pieces or not: none of it gets through. */
static void damaged_never_reaches_the_device(void **state)
{
	struct suburb_violation violation;
	uint8_t bytes[100];

	for (unsigned int bit = 0; bit < 8 * (52 + 12 + 4); bit++) {
		struct rig *rig = new_rig(DIGEST);
		size_t size = put_digested(rig, bytes, 1, false, "twelve bytes");

		assert_int_equal(size, 52 + 12 + 4);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(session_input(rig->session, bytes, size, &violation),
				 -SUBURB_EILSEQ);
		assert_string_equal(violation.field,
				    bit < 8 * 52 ? "digest of a header" : "digest of a payload");
		assert_int_equal(rig->fake.submitted, 0);
		rig_free(rig);
	}
}

/* A header whose length was damaged is found wrong before anything waits for more. */
static void damaged_length_is_not_waited_for(void **state)
{
	struct rig *rig = new_rig(DIGEST);
	struct suburb_violation violation;
	uint8_t bytes[100];

	put_digested(rig, bytes, 1, false, "twelve bytes");
	bytes[26] ^= 1; /* 65,548 bytes */
	assert_int_equal(session_input(rig->session, bytes, 52, &violation), -SUBURB_EILSEQ);
	rig_free(rig);
}

static void damaged_unlink(void **state)
{
	struct suburb_unlink unlink = { .seqnum = 8, .target = 7 };
	struct rig *rig = new_rig(DIGEST);
	struct suburb_violation violation;
	struct suburb_wire_digested wire;
	uint8_t bytes[100];

	rig_input(rig, bytes, put_digested(rig, bytes, 1, true, ""));
	suburb_put_unlink(&wire.header, &unlink);
	wire.digest = __cpu_to_be32(suburb_crc32c(0, &wire.header, 48) ^ 1);
	assert_int_equal(session_input(rig->session, &wire, 52, &violation), -SUBURB_EILSEQ);
	assert_int_equal(rig->fake.cancels, 0);
	wire.digest ^= __cpu_to_be32(1);
	assert_int_equal(session_input(rig->session, &wire, 52, &violation), 0);
	assert_int_equal(rig->fake.cancels, 1);
	rig_free(rig);
}

/* A payload large enough to be read right into its buffer. */
static void digested_direct(void **state)
{
	struct rig *rig = new_rig(DIGEST);
	struct suburb_violation violation;
	static char payload[20001];
	static uint8_t bytes[20100];
	struct iovec space;

	for (int wrong = 0; wrong < 2; wrong++) {
		memset(payload, 'a', 20000);
		put_digested(rig, bytes, 1, false, payload);
		assert_int_equal(session_input(rig->session, bytes, 1052, &violation), 0);
		space = session_space(rig->session);
		assert_int_equal(space.iov_len, 19000);
		memset(space.iov_base, 'a', 19000);
		((uint8_t *)space.iov_base)[18999] ^= (uint8_t)wrong;
		session_filled(rig->session, 19000);
		assert_int_equal(session_space(rig->session).iov_len, 0);
		assert_int_equal(rig->fake.count, 0); /* not before its digest */
		assert_int_equal(session_input(rig->session, bytes + 20052, 4, &violation),
				 wrong ? -SUBURB_EILSEQ : 0);
		assert_int_equal(rig->fake.count, !wrong);
		if (!wrong)
			fake_complete(&rig->fake, 0, 0, 20000);
	}
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocation_reaches_the_backend),
		cmocka_unit_test(a_refused_allocation_leaves_none),
		cmocka_unit_test(impossible_allocations),
		cmocka_unit_test(stream_ids_are_checked),
		cmocka_unit_test(streams_end_with_what_they_are_of),
		cmocka_unit_test(streams_end_with_the_session),
		cmocka_unit_test(unasked_it_is_a_control_request),
		cmocka_unit_test(digested_out),
		cmocka_unit_test(digested_refused),
		cmocka_unit_test(digested_in),
		cmocka_unit_test(damaged_never_reaches_the_device),
		cmocka_unit_test(damaged_length_is_not_waited_for),
		cmocka_unit_test(damaged_unlink),
		cmocka_unit_test(digested_direct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
