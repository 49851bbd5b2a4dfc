// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session on the fake backend. See rig.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/log.h"
#include "rig.h"

static void on_opened(void *owner, int status)
{
	struct rig *rig = owner;

	rig->opened++;
	rig->open_status = status;
}

static void on_output(void *owner)
{
	struct rig *rig = owner;

	rig->outputs++;
}

static void on_left(void *owner)
{
	struct rig *rig = owner;

	rig->left++;
}

static void on_ended(void *owner)
{
	struct rig *rig = owner;

	rig->ended++;
}

const struct session_ops rig_ops = {
	.opened = on_opened,
	.output = on_output,
	.left = on_left,
	.ended = on_ended,
};

/* --- beginning and end ---------------------------------------------------- */

struct rig *rig_prepare(bool slow)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char error[128];

	assert_non_null(rig);
	log_set_level(LOG_LEVEL_ERROR);
	fake_init(&rig->fake, slow);
	rules_init(&rig->rules);
	assert_int_equal(rules_add(&rig->rules, FAKE_BUSID, error, sizeof(error)), 0);
	devices_init(&rig->devices, &rig->rules);
	assert_int_equal(devices_watch(&rig->devices, &rig->fake.backend, NULL, false), 0);
	rig->device = devices_find(&rig->devices, FAKE_BUSID);
	assert_non_null(rig->device);
	rig->devid = suburb_devid(FAKE_BUSNUM, FAKE_DEVNUM);
	rig->limits = (struct limits)LIMITS_DEFAULT;
	return rig;
}

void rig_open(struct rig *rig)
{
	assert_int_equal(session_new(&rig->session, rig->device, &rig->limits, &rig_ops, rig), 0);
}

void rig_open_later(struct rig *rig)
{
	rig->opened = 0;
	assert_int_equal(session_new(&rig->session, rig->device, &rig->limits, &rig_ops, rig),
			 SESSION_LATER);
	assert_int_equal(rig->fake.change->kind, BACKEND_OPEN);
}

struct rig *rig_new(void)
{
	return rig_new_limits((struct limits)LIMITS_DEFAULT);
}

struct rig *rig_new_limits(struct limits limits)
{
	struct rig *rig = rig_prepare(false);

	rig->limits = limits;
	rig_open(rig);
	return rig;
}

void rig_stop(struct rig *rig)
{
	unsigned int ended = rig->ended;
	int ret = session_stop(rig->session);

	while (rig->fake.count || rig->fake.change) {
		if (rig->fake.change)
			fake_changed(&rig->fake, 0);
		else
			fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	}
	assert_int_equal(rig->ended - ended, ret == SESSION_LATER);
	rig->session = NULL;
}

void rig_free(struct rig *rig)
{
	if (rig->session)
		rig_stop(rig);
	assert_false(rig->fake.is_open);
	assert_int_equal(rig->fake.opens, rig->fake.closes);
	assert_int_equal(rig->fake.allocated, 0);
	assert_int_equal(rig->devices.load.requests, 0);
	assert_int_equal(rig->devices.load.bytes, 0);
	devices_stop(&rig->devices);
	rules_free(&rig->rules);
	free(rig);
}

/* --- input ---------------------------------------------------------------- */

void rig_input(struct rig *rig, const void *bytes, size_t size)
{
	struct suburb_violation violation;
	const uint8_t *at = bytes;

	if (rig->held) {
		assert_true(rig->input_size + size <= sizeof(rig->input));
		memcpy(rig->input + rig->input_size, bytes, size);
		rig->input_size += size;
		return;
	}
	while (size) {
		size_t n = rig->piece && rig->piece < size ? rig->piece : size;

		assert_int_equal(session_input(rig->session, at, n, &violation), 0);
		at += n;
		size -= n;
	}
}

void rig_begin(struct rig *rig)
{
	rig->held = true;
	rig->input_size = 0;
}

void rig_end(struct rig *rig)
{
	rig->held = false;
	rig_input(rig, rig->input, rig->input_size);
}

static void send_submit(struct rig *rig, const struct suburb_submit *submit, const void *payload)
{
	struct suburb_wire_header header;

	rig->direction[submit->seqnum % RIG_SEQNUMS] = submit->direction;
	suburb_put_submit(&header, submit);
	rig_input(rig, &header, sizeof(header));
	if (submit->direction == SUBURB_DIR_OUT && payload)
		rig_input(rig, payload, submit->length);
}

static struct suburb_submit submit_to(struct rig *rig, uint32_t seqnum, enum where where,
				      uint32_t length)
{
	static const struct {
		uint32_t ep, direction;
	} places[] = {
		[BULK_OUT] = { 1, SUBURB_DIR_OUT }, [BULK_IN] = { 1, SUBURB_DIR_IN },
		[INT_IN] = { 2, SUBURB_DIR_IN },    [NO_SUCH_OUT] = { 9, SUBURB_DIR_OUT },
		[NO_SUCH_IN] = { 9, SUBURB_DIR_IN }, [ISO_OUT] = { 3, SUBURB_DIR_OUT },
		[ISO_IN] = { 3, SUBURB_DIR_IN },
	};
	struct suburb_submit submit = {
		.seqnum = seqnum,
		.devid = rig->devid,
		.direction = places[where].direction,
		.ep = places[where].ep,
		.transfer_flags = rig->flags,
		.length = length,
		.packets = 0xffffffff,
	};

	return submit;
}

void rig_submit(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
		const void *payload)
{
	struct suburb_submit submit = submit_to(rig, seqnum, where, length);

	send_submit(rig, &submit, payload);
}

void rig_submit_packets(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
			uint32_t packets)
{
	struct suburb_submit submit = submit_to(rig, seqnum, where, length);

	submit.packets = packets;
	send_submit(rig, &submit, NULL);
}

void rig_submit_iso(struct rig *rig, uint32_t seqnum, enum where where, uint32_t length,
		    const void *payload, const struct suburb_iso *iso, uint32_t packets)
{
	struct suburb_submit submit = submit_to(rig, seqnum, where, length);

	submit.packets = packets;
	submit.start_frame = 4711;
	rig->iso[seqnum % RIG_SEQNUMS] = true;
	send_submit(rig, &submit, iso ? payload : NULL);
	for (uint32_t i = 0; iso && i < packets; i++) {
		struct suburb_wire_iso wire;

		suburb_put_iso(&wire, &iso[i]);
		rig_input(rig, &wire, sizeof(wire));
	}
}

void rig_altsetting_1(struct rig *rig)
{
	rig_control(rig, 0xa17, "\x01\x0b\x01\x00\x00\x00", 0);
	fake_changed(&rig->fake, 0);
	assert_reply(rig, 0xa17, 0, 0, "");
}

void rig_control_raw(struct rig *rig, uint32_t seqnum, const char *setup, uint16_t wlength,
		     uint32_t direction, uint32_t length)
{
	struct suburb_submit submit = {
		.seqnum = seqnum,
		.devid = rig->devid,
		.direction = direction,
		.length = length,
	};

	memcpy(submit.setup, setup, 6);
	submit.setup[6] = (uint8_t)wlength;
	submit.setup[7] = (uint8_t)(wlength >> 8);
	send_submit(rig, &submit, NULL);
}

void rig_control(struct rig *rig, uint32_t seqnum, const char *setup, uint16_t length)
{
	uint32_t direction = setup[0] & 0x80 && length ? SUBURB_DIR_IN : SUBURB_DIR_OUT;

	rig_control_raw(rig, seqnum, setup, length, direction, length);
}

void rig_unlink(struct rig *rig, uint32_t seqnum, uint32_t target)
{
	struct suburb_unlink unlink = { .seqnum = seqnum, .devid = rig->devid, .target = target };
	struct suburb_wire_header header;

	rig->target[seqnum % RIG_SEQNUMS] = target;
	suburb_put_unlink(&header, &unlink);
	rig_input(rig, &header, sizeof(header));
}

/* --- output --------------------------------------------------------------- */

/* Everything is written, as by a socket with much room. */
static void collect(struct rig *rig)
{
	struct iovec iov[8];
	int n;

	while (rig->session && (n = session_output(rig->session, iov, 8))) {
		size_t size = 0;

		for (int i = 0; i < n; i++) {
			assert_true(rig->output_size + iov[i].iov_len <= sizeof(rig->output));
			memcpy(rig->output + rig->output_size, iov[i].iov_base, iov[i].iov_len);
			rig->output_size += iov[i].iov_len;
			size += iov[i].iov_len;
		}
		session_written(rig->session, size);
	}
}

static void consume(struct rig *rig, size_t size)
{
	assert_true(size <= rig->output_size);
	rig->output_size -= size;
	memmove(rig->output, rig->output + size, rig->output_size);
}

static void take_packets(struct rig *rig, struct got *got)
{
	const size_t size = sizeof(struct suburb_wire_iso);

	assert_true(got->packets <= SUBURB_WIRE_MAX_PACKETS);
	for (uint32_t i = 0; i < got->packets; i++)
		assert_int_equal(suburb_get_iso(rig->output + i * size,
						rig->output_size - i * size, &got->iso[i]),
				 size);
	consume(rig, got->packets * size);
}

bool rig_next(struct rig *rig, struct got *got)
{
	struct suburb_reply reply = { 0 };

	collect(rig);
	if (!rig->output_size)
		return false;
	assert_int_equal(suburb_get_reply(rig->output, rig->output_size, &reply), 48);
	/* Replies carry 0 in devid, direction and ep. */
	for (int i = 8; i < 20; i++)
		assert_int_equal(rig->output[i], 0);
	consume(rig, 48);
	memset(got, 0, sizeof(*got));
	got->command = reply.command;
	if (reply.command == SUBURB_RET_UNLINK) {
		got->seqnum = reply.unlink.seqnum;
		got->status = reply.unlink.status;
		return true;
	}
	got->seqnum = reply.submit.seqnum;
	got->status = reply.submit.status;
	got->actual_length = reply.submit.actual_length;
	got->packets = reply.submit.packets;
	got->start_frame = reply.submit.start_frame;
	got->error_count = reply.submit.error_count;
	if (rig->direction[got->seqnum % RIG_SEQNUMS] == SUBURB_DIR_IN) {
		assert_true(got->actual_length <= sizeof(got->payload));
		memcpy(got->payload, rig->output, got->actual_length);
		consume(rig, got->actual_length);
	}
	if (rig->iso[got->seqnum % RIG_SEQNUMS])
		take_packets(rig, got);
	return true;
}

unsigned int rig_replies_with(struct rig *rig, int32_t status)
{
	unsigned int n = 0;
	struct got got;

	while (rig_next(rig, &got)) {
		if (got.command == SUBURB_RET_UNLINK)
			continue;
		assert_int_equal(got.status, status);
		n++;
	}
	return n;
}

void assert_reply(struct rig *rig, uint32_t seqnum, int32_t status, uint32_t actual_length,
		  const char *payload)
{
	struct got got;

	assert_true(rig_next(rig, &got));
	assert_int_equal(got.command, SUBURB_RET_SUBMIT);
	assert_int_equal(got.seqnum, seqnum);
	assert_int_equal(got.status, status);
	assert_int_equal(got.actual_length, actual_length);
	assert_memory_equal(got.payload, payload, strlen(payload));
}

void assert_unlinked(struct rig *rig, uint32_t seqnum, int32_t status)
{
	struct got got;

	assert_true(rig_next(rig, &got));
	assert_int_equal(got.command, SUBURB_RET_UNLINK);
	assert_int_equal(got.seqnum, seqnum);
	assert_int_equal(got.status, status);
}

void assert_no_reply(struct rig *rig)
{
	collect(rig);
	assert_int_equal(rig->output_size, 0);
}
