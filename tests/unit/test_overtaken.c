/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c exporter/digest.c exporter/streams.c exporter/overtaken.c */
/* sources: tests/unit/fake_backend.c tests/unit/rig.c exporter/session.c */
/* sources: exporter/pipeline.c exporter/request.c exporter/packets.c exporter/reply.c */
/* sources: exporter/device.c exporter/follow.c exporter/absent.c */
/* sources: exporter/descriptors.c exporter/rules.c exporter/escape.c exporter/log.c */
/*
 * Unlinks that overtake their request, as those of Linux' vhci-hcd may, and
 * those that only look like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/overtaken.h"
#include "rig.h"

/* With request 1 before it: numbers have an order from then on. */
static struct rig *rig_begun(void)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 1, INT_IN, 64, NULL);
	assert_int_equal(rig->fake.count, 1);
	return rig;
}

static void retry(struct rig *rig, unsigned int times)
{
	while (times--)
		session_retry(rig->session);
}

/* --- the request comes ---------------------------------------------------- */

static void quirk_39_unlink_waits_for_its_request(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 3, 2);
	assert_no_reply(rig);
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	assert_unlinked(rig, 3, -SUBURB_ECONNRESET);
	assert_int_equal(rig->fake.count, 1);
	assert_no_reply(rig);
	/* All is as ever with the next one. */
	rig_submit(rig, 4, BULK_IN, 64, NULL);
	fake_complete(&rig->fake, 1, 0, 0);
	assert_reply(rig, 4, 0, 0, "");
	rig_free(rig);
}

/* Its payload is read past, however it comes, and the stream is still in step. */
static void quirk_39_with_a_payload(void **state)
{
	for (size_t piece = 0; piece < 60; piece += 7) {
		struct rig *rig = rig_begun();

		rig->piece = piece;
		rig_unlink(rig, 3, 2);
		rig_submit(rig, 2, BULK_OUT, 5, "hello");
		assert_unlinked(rig, 3, -SUBURB_ECONNRESET);
		rig_submit(rig, 4, BULK_OUT, 3, "abc");
		assert_int_equal(rig->fake.count, 2);
		assert_memory_equal(rig->fake.transfers[1]->buffer, "abc", 3);
		assert_no_reply(rig);
		rig_free(rig);
	}
}

/* Its buffer is the importer's until then. */
static void quirk_39_answered_once_all_is_read(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 4, 3);
	rig_unlink(rig, 5, 2);
	rig_submit(rig, 3, BULK_OUT, 5, NULL);
	rig_input(rig, "hell", 4);
	retry(rig, OVERTAKEN_TURNS);
	assert_no_reply(rig);
	rig_input(rig, "o", 1);
	assert_unlinked(rig, 4, -SUBURB_ECONNRESET);
	assert_unlinked(rig, 5, 0);
	rig_free(rig);
}

static void quirk_39_isochronous(void **state)
{
	const struct suburb_iso iso[2] = { { .length = 4 }, { .offset = 4, .length = 4 } };
	struct rig *rig = rig_new();

	rig_altsetting_1(rig);
	rig_unlink(rig, 0xa19, 0xa18);
	rig_submit_iso(rig, 0xa18, ISO_OUT, 8, "12345678", iso, 2);
	assert_unlinked(rig, 0xa19, -SUBURB_ECONNRESET);
	rig_submit(rig, 0xa1a, BULK_OUT, 3, "abc");
	assert_int_equal(rig->fake.count, 1);
	assert_no_reply(rig);
	rig_free(rig);
}

/* Two at once, of which the later one comes first, and one that was unlinked twice. */
static void quirk_39_several(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 5, 3);
	rig_unlink(rig, 6, 2);
	rig_unlink(rig, 7, 3);
	assert_no_reply(rig);
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	assert_unlinked(rig, 6, -SUBURB_ECONNRESET);
	assert_no_reply(rig);
	rig_submit(rig, 3, BULK_IN, 64, NULL);
	assert_unlinked(rig, 5, -SUBURB_ECONNRESET);
	assert_unlinked(rig, 7, -SUBURB_ECONNRESET);
	assert_int_equal(rig->fake.count, 1);
	assert_no_reply(rig);
	rig_free(rig);
}

static void quirk_39_numbers_go_round(void **state)
{
	struct rig *rig = rig_new();

	rig_submit(rig, 0xffffffff, INT_IN, 64, NULL);
	rig_unlink(rig, 1, 0);
	assert_no_reply(rig);
	rig_submit(rig, 0, BULK_IN, 64, NULL);
	assert_unlinked(rig, 1, -SUBURB_ECONNRESET);
	rig_free(rig);
}

/* --- it does not come ------------------------------------------------------ */

static void a_later_request_says_that_it_will_not(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 3, 2);
	rig_submit(rig, 4, BULK_IN, 64, NULL);
	assert_unlinked(rig, 3, 0);
	assert_int_equal(rig->fake.count, 2);
	rig_free(rig);
}

static void nor_does_it_after_a_while(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 3, 2);
	retry(rig, OVERTAKEN_TURNS - 1);
	assert_no_reply(rig);
	retry(rig, 1);
	assert_unlinked(rig, 3, 0);
	/* If it does after all, it is a request like any other. */
	rig_submit(rig, 2, BULK_IN, 64, NULL);
	assert_int_equal(rig->fake.count, 2);
	retry(rig, OVERTAKEN_TURNS);
	assert_no_reply(rig);
	rig_free(rig);
}

static void no_more_than_a_few_wait(void **state)
{
	struct rig *rig = rig_begun();

	for (uint32_t i = 0; i < OVERTAKEN_MAX; i++)
		rig_unlink(rig, 1000 + i, 500 + i);
	assert_no_reply(rig);
	rig_unlink(rig, 2000, 600);
	assert_unlinked(rig, 2000, 0);
	retry(rig, OVERTAKEN_TURNS);
	for (uint32_t i = 0; i < OVERTAKEN_MAX; i++)
		assert_unlinked(rig, 1000 + i, 0);
	rig_free(rig);
}

static void session_ends_while_one_waits(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 3, 2);
	rig_stop(rig);
	rig_free(rig);
}

/* --- those that came in order ---------------------------------------------- */

static void what_was_answered_is_known(void **state)
{
	struct rig *rig = rig_begun();

	rig_submit(rig, 2, BULK_IN, 64, NULL);
	fake_complete(&rig->fake, 1, 0, 0);
	assert_reply(rig, 2, 0, 0, "");
	rig_unlink(rig, 3, 2);
	assert_unlinked(rig, 3, 0);
	rig_unlink(rig, 4, 1);
	assert_no_reply(rig);
	fake_complete(&rig->fake, 0, -SUBURB_ECONNRESET, 0);
	assert_unlinked(rig, 4, -SUBURB_ECONNRESET);
	rig_free(rig);
}

/* An importer with few numbers, each used again: an unlink that met the answer. */
static void numbers_without_an_order(void **state)
{
	struct rig *rig = rig_begun();

	rig_submit(rig, 7, BULK_IN, 64, NULL);
	fake_complete(&rig->fake, 1, 0, 0);
	assert_reply(rig, 7, 0, 0, "");
	rig_submit(rig, 2, BULK_OUT, 1, "x");
	rig_unlink(rig, 8, 7);
	assert_unlinked(rig, 8, 0);
	rig_submit(rig, 7, BULK_IN, 64, NULL);
	assert_int_equal(rig->fake.count, 3);
	rig_free(rig);
}

/* What waits when the order breaks does so no longer. */
static void order_breaks(void **state)
{
	struct rig *rig = rig_begun();

	rig_unlink(rig, 9, 8);
	assert_no_reply(rig);
	rig_submit(rig, 0, BULK_IN, 64, NULL);
	assert_unlinked(rig, 9, 0);
	rig_submit(rig, 8, BULK_IN, 64, NULL);
	assert_int_equal(rig->fake.count, 3);
	rig_free(rig);
}

/* Nonsense: of nothing, of itself, of what cannot have been before it. */
static void nonsense_does_not_wait(void **state)
{
	struct rig *rig = rig_new();

	rig_unlink(rig, 3, 2);
	assert_unlinked(rig, 3, 0);
	rig_submit(rig, 4, INT_IN, 64, NULL);
	rig_unlink(rig, 6, 6);
	assert_unlinked(rig, 6, 0);
	rig_unlink(rig, 7, 9);
	assert_unlinked(rig, 7, 0);
	rig_unlink(rig, 8, 2);
	assert_unlinked(rig, 8, 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quirk_39_unlink_waits_for_its_request),
		cmocka_unit_test(quirk_39_with_a_payload),
		cmocka_unit_test(quirk_39_answered_once_all_is_read),
		cmocka_unit_test(quirk_39_isochronous),
		cmocka_unit_test(quirk_39_several),
		cmocka_unit_test(quirk_39_numbers_go_round),
		cmocka_unit_test(a_later_request_says_that_it_will_not),
		cmocka_unit_test(nor_does_it_after_a_while),
		cmocka_unit_test(no_more_than_a_few_wait),
		cmocka_unit_test(session_ends_while_one_waits),
		cmocka_unit_test(what_was_answered_is_known),
		cmocka_unit_test(numbers_without_an_order),
		cmocka_unit_test(order_breaks),
		cmocka_unit_test(nonsense_does_not_wait),
	};

	return cmocka_run_group_tests_name("overtaken", tests, NULL, NULL);
}
