/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: kernel/bandwidth.c */
/*
 * Which sets of periodic endpoints fit on a bus. The bounds are worked out by
 * hand from USB 2.0, section 5.11.3 and the shares of 5.5.4, and from the bit
 * rates of USB 3.2: each is tried with the last byte that fits and with one
 * more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/bandwidth.h"

enum { LOW = 1, FULL = 2, HIGH = 3, SUPER = 5, SUPER_PLUS = 6 };

static struct suburb_bandwidth bandwidth;

static void add(uint8_t address, bool iso, uint16_t interval, uint16_t packet, uint32_t bytes)
{
	struct suburb_periodic p = {
		.interval = interval, .packet = packet, .bytes = bytes, .iso = iso,
	};

	suburb_bandwidth_add(&bandwidth, address, &p);
}

static bool fits(void)
{
	bool ok = suburb_bandwidth_check(&bandwidth);

	if (!ok)
		suburb_bandwidth_reset(&bandwidth);
	return ok;
}

/* --- each speed up to its bound ------------------------------------------- */

static void nothing_fits_everywhere(void **state)
{
	static const uint8_t speeds[] = { LOW, FULL, HIGH, SUPER, SUPER_PLUS };
	size_t i;

	for (i = 0; i < sizeof(speeds); i++) {
		suburb_bandwidth_init(&bandwidth, speeds[i]);
		assert_true(fits());
	}
}

/* 8 bytes take 117.9 us of a frame's 900. */
static void low_speed(void **state)
{
	int i;

	suburb_bandwidth_init(&bandwidth, LOW);
	for (i = 1; i <= 7; i++) {
		add(0x80 | i, false, 1, 8, 8);
		assert_true(fits());
	}
	add(0x88, false, 1, 8, 8);
	assert_false(fits());
	/* OUT takes a little less: 117.2 us */
	add(0x01, false, 1, 8, 8);
	assert_false(fits());
	add(0x01, false, 2, 8, 8);
	assert_false(fits());
}

/* 1023 bytes IN take 806.2 us; 110 bytes OUT 93.2, 111 bytes 94.1 */
static void full_speed(void **state)
{
	suburb_bandwidth_init(&bandwidth, FULL);
	add(0x81, true, 1, 1023, 1023);
	assert_true(fits());
	add(0x02, true, 1, 111, 111);
	assert_false(fits());
	add(0x02, true, 1, 110, 110);
	assert_true(fits());
	add(0x83, false, 32, 1, 1);
	assert_false(fits());
}

static void full_speed_interrupt_costs_more(void **state)
{
	suburb_bandwidth_init(&bandwidth, FULL);
	add(0x81, true, 1, 1023, 1023);
	add(0x02, false, 1, 64, 64);
	assert_true(fits());
	add(0x02, false, 1, 108, 108);
	assert_false(fits());
	add(0x02, false, 1, 107, 107);
	assert_true(fits());
}

/* 1024 bytes take 20.551 us of a microframe's 100. */
static void high_speed(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 1, 1024, 3 * 1024);
	assert_true(fits());
	add(0x82, true, 1, 1024, 3 * 1024);
	assert_false(fits());
	add(0x82, true, 1, 1024, 1024);
	assert_true(fits());
	add(0x03, true, 1, 1024, 1024);
	assert_false(fits());
	/* 17.796 us are left: 882 bytes take 17.791, 883 take 17.810. */
	add(0x03, true, 1, 883, 883);
	assert_false(fits());
	add(0x03, true, 1, 882, 882);
	assert_true(fits());
}

static void high_speed_interrupt(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, false, 1, 1024, 3 * 1024);
	assert_true(fits());
	add(0x82, false, 1, 1024, 1024);
	assert_true(fits());
	add(0x83, false, 1, 1024, 1024);
	assert_false(fits());
}

/* 48 packets of 1024 take 101.376 us of 112.5, and each direction has its own. */
static void super_speed(void **state)
{
	suburb_bandwidth_init(&bandwidth, SUPER);
	add(0x81, true, 1, 1024, 48 * 1024);
	add(0x01, true, 1, 1024, 48 * 1024);
	assert_true(fits());
	add(0x82, true, 1, 1024, 5 * 1024 + 251);
	assert_false(fits());
	add(0x82, true, 1, 1024, 5 * 1024 + 250);
	assert_true(fits());
	add(0x02, true, 1, 1024, 5 * 1024 + 251);
	assert_false(fits());
}

static void super_speed_plus(void **state)
{
	suburb_bandwidth_init(&bandwidth, SUPER_PLUS);
	add(0x81, true, 1, 1024, 96 * 1024);
	assert_true(fits());
	add(0x82, true, 1, 1024, 48 * 1024);
	assert_false(fits());
	add(0x82, true, 1, 1024, 32 * 1024);
	assert_true(fits());
}

/* --- intervals ------------------------------------------------------------ */

static void endpoints_take_turns(void **state)
{
	int i;

	suburb_bandwidth_init(&bandwidth, HIGH);
	for (i = 1; i <= 4; i++) {
		add(0x80 | i, true, 4, 1024, 3 * 1024);
		assert_true(fits());
	}
	add(0x85, true, 4, 1024, 3 * 1024);
	assert_false(fits());
	add(0x8f, true, 1, 1024, 1024);
	assert_true(fits());
}

/* In the order of their numbers the last would find no place. */
static void shortest_interval_is_placed_first(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 4, 1024, 3 * 1024);
	add(0x82, true, 4, 1024, 3 * 1024);
	add(0x83, true, 2, 1024, 3 * 1024);
	assert_true(fits());
}

static void short_interval_meets_all_turns(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 2, 1024, 3 * 1024);
	add(0x82, true, 2, 1024, 3 * 1024);
	assert_true(fits());
	add(0x83, true, 1, 1024, 2 * 1024);
	assert_false(fits());
	add(0x83, true, 8, 1024, 2 * 1024);
	assert_false(fits());
	add(0x83, true, 8, 1024, 1024);
	assert_true(fits());
}

static void long_intervals_count_as_the_table(void **state)
{
	int i;

	suburb_bandwidth_init(&bandwidth, HIGH);
	for (i = 1; i <= 15; i++) {
		add(0x80 | i, true, 32768, 1024, 3 * 1024);
		add(i, true, 32768, 1024, 3 * 1024);
	}
	assert_true(fits());
	add(0x81, true, 1, 1024, 2 * 1024);
	assert_false(fits());
}

/* --- asking --------------------------------------------------------------- */

static void a_refusal_changes_nothing(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 1, 1024, 3 * 1024);
	assert_true(fits());
	suburb_bandwidth_drop(&bandwidth, 0x81);
	add(0x81, true, 1, 1024, 5 * 1024);
	assert_false(fits());
	/* What it had before is still its own. */
	add(0x82, true, 1, 1024, 2 * 1024);
	assert_false(fits());
	add(0x82, true, 1, 1024, 1024);
	assert_true(fits());
}

static void dropped_is_free(void **state)
{
	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 1, 1024, 3 * 1024);
	assert_true(fits());
	suburb_bandwidth_drop(&bandwidth, 0x81);
	add(0x01, true, 1, 1024, 3 * 1024);
	assert_true(fits());
	suburb_bandwidth_drop(&bandwidth, 0x0e);
	suburb_bandwidth_drop(&bandwidth, 0x01);
	assert_true(fits());
	add(0x82, true, 1, 1024, 4 * 1024);
	assert_true(fits());
}

static void not_periodic_is_free(void **state)
{
	int i;

	suburb_bandwidth_init(&bandwidth, HIGH);
	add(0x81, true, 1, 1024, 4 * 1024);
	for (i = 2; i < 16; i++)
		add(i, false, 0, 512, 512);
	assert_true(fits());
}

/* Descriptors that no bus has room for, some of them beyond what 32 bits hold in picoseconds. */
static void absurd_descriptors(void **state)
{
	static const uint8_t speeds[] = { LOW, FULL, HIGH, SUPER, SUPER_PLUS };
	static const uint32_t bytes[] = { 100000, 1 << 24, 0x7fffffff, 0x80000000, 0xffffffff };
	static const uint16_t packets[] = { 0, 1, 8, 1023, 0x7ff, 0xffff };
	size_t s, b, p;

	for (s = 0; s < sizeof(speeds); s++)
		for (b = 0; b < sizeof(bytes) / sizeof(bytes[0]); b++)
			for (p = 0; p < sizeof(packets) / sizeof(packets[0]); p++) {
				suburb_bandwidth_init(&bandwidth, speeds[s]);
				add(0x81, true, 1, packets[p], bytes[b]);
				assert_false(fits());
			}
	suburb_bandwidth_init(&bandwidth, LOW);
	add(0x81, false, 1, 0x7ff, 0x7ff);
	assert_false(fits());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_fits_everywhere),
		cmocka_unit_test(low_speed),
		cmocka_unit_test(full_speed),
		cmocka_unit_test(full_speed_interrupt_costs_more),
		cmocka_unit_test(high_speed),
		cmocka_unit_test(high_speed_interrupt),
		cmocka_unit_test(super_speed),
		cmocka_unit_test(super_speed_plus),
		cmocka_unit_test(endpoints_take_turns),
		cmocka_unit_test(shortest_interval_is_placed_first),
		cmocka_unit_test(short_interval_meets_all_turns),
		cmocka_unit_test(long_intervals_count_as_the_table),
		cmocka_unit_test(a_refusal_changes_nothing),
		cmocka_unit_test(dropped_is_free),
		cmocka_unit_test(not_periodic_is_free),
		cmocka_unit_test(absurd_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
