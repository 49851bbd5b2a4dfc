/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/overtaken.c exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c */
/* sources: exporter/device.c exporter/follow.c exporter/absent.c exporter/descriptors.c exporter/rules.c exporter/escape.c */
/* sources: exporter/log.c */
/*
 * What all sessions together may have on its way: one of them, while the others
 * have all of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rig.h"

#define ALL_REQUESTS 10
#define ALL_BYTES (4 * LIMITS_SHARE)

static unsigned int starved;

static void on_starved(void *owner)
{
	starved++;
}

/* A session that tells when it is starved. */
static struct rig *begin(void)
{
	static struct session_ops ops;
	struct rig *rig = rig_prepare(false);

	ops = rig_ops;
	ops.starved = on_starved;
	starved = 0;
	rig->limits.all_requests = ALL_REQUESTS;
	rig->limits.all_bytes = ALL_BYTES;
	assert_int_equal(session_new(&rig->session, rig->device, &rig->limits, &ops, rig), 0);
	return rig;
}

static void one_request_per_endpoint_goes(void **state)
{
	struct rig *rig = begin();

	rig->devices.load.requests = ALL_REQUESTS;
	rig_submit(rig, 1, BULK_IN, 16, NULL);
	rig_submit(rig, 2, INT_IN, 16, NULL);
	rig_submit(rig, 3, BULK_OUT, 5, "hello");
	assert_int_equal(rig->fake.count, 3);
	assert_int_equal(starved, 0);
	rig_submit(rig, 4, BULK_IN, 16, NULL);
	rig_submit(rig, 5, BULK_IN, 16, NULL);
	assert_int_equal(rig->fake.count, 3);
	assert_int_equal(starved, 1);
	/* The others still have it all. */
	session_retry(rig->session);
	assert_int_equal(rig->fake.count, 3);
	assert_int_equal(starved, 2);
	rig->devices.load.requests -= ALL_REQUESTS;
	session_retry(rig->session);
	assert_int_equal(rig->fake.count, 5);
	session_retry(rig->session);
	assert_int_equal(starved, 2);
	rig_free(rig);
}

static void ones_own_end_is_enough(void **state)
{
	struct rig *rig = begin();

	rig->devices.load.requests = ALL_REQUESTS;
	rig_submit(rig, 1, BULK_IN, 16, NULL);
	rig_submit(rig, 2, BULK_IN, 16, NULL);
	fake_complete(&rig->fake, 0, 0, 0);
	assert_reply(rig, 1, 0, 0, "");
	assert_int_equal(rig->fake.count, 1);
	/* What waits can be unlinked. */
	rig_submit(rig, 3, BULK_IN, 16, NULL);
	rig_unlink(rig, 4, 3);
	assert_unlinked(rig, 4, -SUBURB_ECONNRESET);
	rig->devices.load.requests -= ALL_REQUESTS;
	rig_free(rig);
}

static void ones_share_of_bytes_is_ones_own(void **state)
{
	struct rig *rig = begin();
	uint8_t payload[64] = { 0 };

	rig->devices.load.bytes = ALL_BYTES;
	rig_submit(rig, 1, BULK_IN, LIMITS_SHARE - 64, NULL);
	rig_submit(rig, 2, BULK_OUT, 64, payload);
	assert_int_equal(rig->fake.count, 2);
	assert_int_equal(starved, 0);
	/* Beyond it an IN waits, and for an OUT there is no place to wait in. */
	rig_submit(rig, 3, INT_IN, 8, NULL);
	assert_int_equal(rig->fake.count, 2);
	assert_int_equal(starved, 1);
	rig_submit(rig, 4, BULK_OUT, 8, payload);
	assert_reply(rig, 4, -SUBURB_ENOMEM, 0, "");
	rig->devices.load.bytes -= ALL_BYTES;
	session_retry(rig->session);
	assert_int_equal(rig->fake.count, 3);
	rig_free(rig);
}

static void larger_than_all_is_refused(void **state)
{
	struct rig *rig = begin();

	rig->limits.bytes = 2 * ALL_BYTES;
	rig_submit(rig, 1, BULK_IN, ALL_BYTES + 1, NULL);
	assert_reply(rig, 1, -SUBURB_ENOMEM, 0, "");
	rig_submit(rig, 2, BULK_IN, ALL_BYTES, NULL);
	assert_int_equal(rig->fake.count, 1);
	/* All that there may be is no less than the share. */
	rig->limits.all_bytes = 65536;
	rig_submit(rig, 3, INT_IN, LIMITS_SHARE + 1, NULL);
	assert_reply(rig, 3, -SUBURB_ENOMEM, 0, "");
	rig_free(rig);
}

static void without_bounds(void **state)
{
	struct rig *rig = begin();

	rig->limits.all_requests = 0;
	rig->limits.all_bytes = 0;
	rig->devices.load = (struct load){ .requests = 1 << 30, .bytes = 1 << 30 };
	rig_submit(rig, 1, BULK_IN, LIMITS_SHARE, NULL);
	rig_submit(rig, 2, BULK_IN, LIMITS_SHARE, NULL);
	assert_int_equal(rig->fake.count, 2);
	rig->devices.load.requests -= 1 << 30;
	rig->devices.load.bytes -= 1 << 30;
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request_per_endpoint_goes),
		cmocka_unit_test(ones_own_end_is_enough),
		cmocka_unit_test(ones_share_of_bytes_is_ones_own),
		cmocka_unit_test(larger_than_all_is_refused),
		cmocka_unit_test(without_bounds),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
