/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crc32c.c */
/*
 * The processor's CRC against the small one of the codec, which is held to
 * known values in test_extension.c: every length and alignment, in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <suburb/crc32c.h>

#include "exporter/crc32c.h"

static void fill(uint8_t *bytes, size_t size)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
}

static void test_agrees(void **state)
{
	uint8_t bytes[80];

	fill(bytes, sizeof(bytes));
	for (size_t from = 0; from < 8; from++)
		for (size_t size = 0; size <= sizeof(bytes) - from; size++)
			assert_int_equal(crc32c(0, bytes + from, size),
					 suburb_crc32c(0, bytes + from, size));
}

static void test_goes_on(void **state)
{
	uint8_t bytes[300];

	fill(bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
		assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, sizeof(bytes) - cut),
				 suburb_crc32c(0, bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
