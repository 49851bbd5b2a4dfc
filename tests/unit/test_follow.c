// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that leaves at a reset and comes back as another one, while somebody
 * has it: exporter/follow.c and what device.c and pipeline.c make of it.
 */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c exporter/reply.c exporter/device.c */
/* sources: exporter/follow.c exporter/absent.c exporter/descriptors.c exporter/rules.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c exporter/overtaken.c exporter/pipeline.c */
/* sources: exporter/request.c exporter/packets.c exporter/escape.c exporter/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

#define PORT_RESET "\x23\x03\x04\x00\x00\x00"
#define LIMIT_MS 200
/* For those that come back: whatever slows this program down. */
#define PATIENT_MS 60000

/* What comes back: interface 0 with bulk IN 0x81 and no more. */
static uint8_t other_configuration[] = {
	9, 2, 25, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 1, 0xff, 0, 0, 0, 7, 5, 0x81, 2, 0, 2, 0,
};

static struct {
	struct rig *rig;
	uv_loop_t loop;
	struct fake other;
} t;

static void begin(bool slow)
{
	memset(&t, 0, sizeof(t));
	assert_int_equal(uv_loop_init(&t.loop), 0);
	t.rig = rig_prepare(slow);
	t.rig->devices.loop = &t.loop;
	t.rig->devices.follow_ms = PATIENT_MS;
	fake_init(&t.other, slow);
	t.other.device.backend = &t.rig->fake.backend;
	t.other.device.devnum = FAKE_DEVNUM + 1;
	t.other.device.configuration = other_configuration;
	t.other.device.configuration_length = sizeof(other_configuration);
	if (slow) {
		rig_open_later(t.rig);
		fake_changed(&t.rig->fake, 0);
	} else {
		rig_open(t.rig);
	}
}

static void run_once(void)
{
	uv_run(&t.loop, UV_RUN_NOWAIT);
}

/* Both ends of what is slow, and what the loop has to do, until all is still. */
static void settle(void)
{
	for (int i = 0; i < 8; i++) {
		run_once();
		if (t.rig->fake.change && t.rig->fake.change->kind == BACKEND_CLOSE)
			fake_changed(&t.rig->fake, 0);
		if (t.other.change && t.other.change->kind == BACKEND_OPEN)
			fake_changed(&t.other, t.other.fail_open);
	}
}

static void arrives(void)
{
	t.rig->fake.events.arrived(t.rig->fake.events.owner, &t.other.device);
}

static void leaves(struct fake *fake)
{
	t.rig->fake.events.left(t.rig->fake.events.owner, &fake->device);
}

static void send_reset(uint32_t seqnum)
{
	rig_control(t.rig, seqnum, PORT_RESET, 0);
	assert_int_equal(t.rig->fake.change->kind, BACKEND_RESET);
}

/* Resets, and is away. */
static void goes_away(uint32_t seqnum)
{
	send_reset(seqnum);
	fake_changed(&t.rig->fake, -SUBURB_ENODEV);
	leaves(&t.rig->fake);
}

static void wait_limit(void)
{
	uint64_t end = uv_hrtime() + (LIMIT_MS + 100) * 1000000ull;

	while (uv_hrtime() < end)
		uv_run(&t.loop, UV_RUN_ONCE);
}

/* Everything that was opened was closed, and every handle of the loop, too. */
static void end(void)
{
	if (t.rig->session) {
		int ret = session_stop(t.rig->session);

		if (t.other.change)
			fake_changed(&t.other, 0);
		for (int i = 0; ret == SESSION_LATER && !t.rig->ended && i < 8; i++) {
			settle();
			if (t.other.change)
				fake_changed(&t.other, 0);
			if (t.rig->fake.change)
				fake_changed(&t.rig->fake, 0);
		}
		t.rig->session = NULL;
	}
	run_once();
	assert_false(t.other.is_open);
	assert_int_equal(t.other.opens, t.other.closes);
	assert_int_equal(t.other.allocated, 0);
	rig_free(t.rig);
	run_once();
	assert_int_equal(uv_loop_close(&t.loop), 0);
}

/* It serves by its own descriptors, under the number of the old one. */
static void assert_is_other(void)
{
	rig_submit(t.rig, 0x71, BULK_IN, 16, NULL);
	assert_int_equal(t.other.count, 1);
	rig_submit(t.rig, 0x72, INT_IN, 8, NULL);
	assert_reply(t.rig, 0x72, -SUBURB_ENOENT, 0, "");
	fake_complete(&t.other, 0, 0, 0);
	assert_reply(t.rig, 0x71, 0, 0, "");
	assert_int_equal(t.rig->fake.opens, t.rig->fake.closes);
}

static void comes_back(bool slow)
{
	begin(slow);
	goes_away(1);
	settle();
	assert_no_reply(t.rig);
	assert_false(t.rig->fake.is_open);
	arrives();
	settle();
	assert_reply(t.rig, 1, 0, 0, "");
	assert_int_equal(t.rig->left, 0);
	assert_is_other();
	end();
}

static void comes_back_fast(void **state)
{
	comes_back(false);
}

static void comes_back_slow(void **state)
{
	comes_back(true);
}

/* The loop may hear of both before the reset's thread is done. */
static void back_before_reset_ends(void **state)
{
	begin(true);
	send_reset(1);
	leaves(&t.rig->fake);
	arrives();
	assert_int_equal(devices_count(&t.rig->devices), 1);
	fake_changed(&t.rig->fake, -SUBURB_ENODEV);
	settle();
	assert_reply(t.rig, 1, 0, 0, "");
	assert_is_other();
	end();
}

/* The old one's left() comes last of all. */
static void left_is_told_late(void **state)
{
	begin(true);
	send_reset(1);
	fake_changed(&t.rig->fake, -SUBURB_ENODEV);
	arrives();
	settle();
	leaves(&t.rig->fake);
	assert_reply(t.rig, 1, 0, 0, "");
	assert_is_other();
	assert_int_equal(t.rig->left, 0);
	end();
}

/* Twice: the second time it is the new one that goes, and the old comes back. */
static void comes_back_again(void **state)
{
	begin(false);
	goes_away(1);
	arrives();
	settle();
	assert_reply(t.rig, 1, 0, 0, "");
	rig_control(t.rig, 2, PORT_RESET, 0);
	fake_changed(&t.other, -SUBURB_ENODEV);
	leaves(&t.other);
	settle();
	assert_false(t.other.is_open);
	t.rig->fake.events.arrived(t.rig->fake.events.owner, &t.rig->fake.device);
	settle();
	assert_reply(t.rig, 2, 0, 0, "");
	rig_submit(t.rig, 3, INT_IN, 8, NULL);
	assert_int_equal(t.rig->fake.count, 1);
	fake_complete(&t.rig->fake, 0, 0, 0);
	assert_reply(t.rig, 3, 0, 0, "");
	end();
}

/* What is in flight ends first; what waits behind the reset is refused. */
static void others_are_refused(void **state)
{
	begin(false);
	rig_submit(t.rig, 1, BULK_IN, 64, NULL);
	rig_submit(t.rig, 2, BULK_OUT, 4, "abcd");
	send_reset(3);
	rig_submit(t.rig, 4, BULK_OUT, 4, "efgh");
	rig_control(t.rig, 5, GET_DEVICE_DESCRIPTOR, 18);
	fake_changed(&t.rig->fake, -SUBURB_ENODEV);
	leaves(&t.rig->fake);
	arrives();
	settle();
	assert_true(t.rig->fake.is_open);
	fake_complete(&t.rig->fake, 0, -SUBURB_ENODEV, 0);
	fake_complete(&t.rig->fake, 0, -SUBURB_ENODEV, 0);
	assert_reply(t.rig, 1, -SUBURB_ENODEV, 0, "");
	assert_reply(t.rig, 2, -SUBURB_ENODEV, 0, "");
	assert_reply(t.rig, 4, -SUBURB_ENODEV, 0, "");
	settle();
	assert_reply(t.rig, 3, 0, 0, "");
	assert_reply(t.rig, 5, -SUBURB_ENODEV, 0, "");
	assert_is_other();
	end();
}

/* What comes while it is away has a buffer of nobody's, and is refused. */
static void refused_while_away(void **state)
{
	begin(false);
	goes_away(1);
	settle();
	rig_submit(t.rig, 2, BULK_OUT, 4, "abcd");
	rig_control(t.rig, 3, GET_DEVICE_DESCRIPTOR, 18);
	assert_reply(t.rig, 2, -SUBURB_ENOENT, 0, "");
	arrives();
	settle();
	assert_reply(t.rig, 1, 0, 0, "");
	assert_reply(t.rig, 3, -SUBURB_ENODEV, 0, "");
	assert_is_other();
	end();
}

static void stays_away(void **state)
{
	begin(true);
	t.rig->devices.follow_ms = LIMIT_MS;
	goes_away(1);
	settle();
	assert_no_reply(t.rig);
	wait_limit();
	assert_reply(t.rig, 1, -SUBURB_ENODEV, 0, "");
	assert_int_equal(t.rig->left, 1);
	assert_int_equal(devices_count(&t.rig->devices), 0);
	end();
}

/* Nobody waits for what no rule exports. */
static void comes_back_unexported(void **state)
{
	begin(false);
	rules_free(&t.rig->rules);
	rules_init(&t.rig->rules);
	goes_away(1);
	settle();
	arrives();
	settle();
	assert_reply(t.rig, 1, -SUBURB_ENODEV, 0, "");
	assert_int_equal(t.rig->left, 1);
	assert_int_equal(devices_count(&t.rig->devices), 0);
	end();
}

/* It cannot be opened: the session ends, and it is there for the next. */
static void cannot_be_opened(void **state)
{
	begin(true);
	t.other.fail_open = -SUBURB_EIO;
	goes_away(1);
	settle();
	arrives();
	settle();
	assert_reply(t.rig, 1, -SUBURB_ENODEV, 0, "");
	assert_int_equal(t.rig->left, 1);
	assert_ptr_equal(devices_find(&t.rig->devices, FAKE_BUSID)->backend, &t.other.device);
	end();
}

static void bounces(void **state)
{
	begin(true);
	goes_away(1);
	settle();
	arrives();
	leaves(&t.other);
	settle();
	assert_no_reply(t.rig);
	/* once more, and this time it goes while it is being opened */
	arrives();
	run_once();
	assert_int_equal(t.other.change->kind, BACKEND_OPEN);
	leaves(&t.other);
	fake_changed(&t.other, 0);
	assert_int_equal(t.other.change->kind, BACKEND_CLOSE);
	fake_changed(&t.other, 0);
	settle();
	assert_no_reply(t.rig);
	arrives();
	settle();
	assert_reply(t.rig, 1, 0, 0, "");
	assert_is_other();
	end();
}

static void busy_while_away(void **state)
{
	struct session *session;

	begin(false);
	goes_away(1);
	settle();
	assert_int_equal(session_new(&session, devices_find(&t.rig->devices, FAKE_BUSID),
				     &t.rig->limits, &rig_ops, t.rig),
			 -SUBURB_EBUSY);
	end();
}

/* A device that refuses, or only fails, is still there. */
static void other_errors_end_nothing(void **state)
{
	begin(false);
	send_reset(1);
	fake_changed(&t.rig->fake, -SUBURB_EPROTO);
	assert_reply(t.rig, 1, -SUBURB_EPROTO, 0, "");
	rig_submit(t.rig, 2, BULK_IN, 16, NULL);
	assert_int_equal(t.rig->fake.count, 1);
	fake_complete(&t.rig->fake, 0, 0, 0);
	assert_reply(t.rig, 2, 0, 0, "");
	end();
}

/* --- the importer goes while the device is away ----------------------------- */

enum moment { RESETTING, LEFT, DRAINING, CLOSING, WAITING, ARRIVED, OPENING, MOMENTS };

static void until(enum moment moment)
{
	if (moment == DRAINING)
		rig_submit(t.rig, 9, BULK_IN, 16, NULL);
	send_reset(1);
	if (moment == RESETTING)
		return;
	leaves(&t.rig->fake);
	if (moment == LEFT)
		return;
	fake_changed(&t.rig->fake, -SUBURB_ENODEV);
	if (moment == DRAINING || moment == CLOSING)
		return;
	settle();
	if (moment == WAITING)
		return;
	arrives();
	if (moment == OPENING)
		run_once();
}

static void importer_goes(void **state)
{
	for (enum moment moment = RESETTING; moment < MOMENTS; moment++) {
		begin(true);
		until(moment);
		assert_int_equal(session_stop(t.rig->session), SESSION_LATER);
		for (int i = 0; !t.rig->ended && i < 8; i++) {
			run_once();
			if (t.rig->fake.count)
				fake_complete(&t.rig->fake, 0, -SUBURB_ENODEV, 0);
			if (t.rig->fake.change)
				fake_changed(&t.rig->fake, moment < DRAINING &&
						       t.rig->fake.change->kind == BACKEND_RESET ?
							 -SUBURB_ENODEV : 0);
			if (t.other.change)
				fake_changed(&t.other, 0);
		}
		assert_int_equal(t.rig->ended, 1);
		t.rig->session = NULL;
		if (moment == RESETTING)
			leaves(&t.rig->fake);
		/* What came is there for the next. */
		assert_int_equal(devices_count(&t.rig->devices), moment >= ARRIVED);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_fast),
		cmocka_unit_test(comes_back_slow),
		cmocka_unit_test(back_before_reset_ends),
		cmocka_unit_test(left_is_told_late),
		cmocka_unit_test(comes_back_again),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(refused_while_away),
		cmocka_unit_test(stays_away),
		cmocka_unit_test(comes_back_unexported),
		cmocka_unit_test(cannot_be_opened),
		cmocka_unit_test(bounces),
		cmocka_unit_test(busy_while_away),
		cmocka_unit_test(other_errors_end_nothing),
		cmocka_unit_test(importer_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
