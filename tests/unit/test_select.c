// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/select.c tools/offer.c tools/failure.c tools/text.c */
/*
 * DEVICE on the command line, and the devices of an offer that it means.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/select.h"

static struct select parse(const char *text)
{
	struct failure failure;
	struct select select;

	if (select_parse(text, &select, &failure))
		fail_msg("%s", failure.text);
	return select;
}

static void assert_refused(const char *text)
{
	struct failure failure = { "" };
	struct select select;

	assert_int_equal(select_parse(text, &select, &failure), -EINVAL);
	assert_non_null(strstr(failure.text, "is not a device"));
}

static void words_without_a_colon_are_bus_ids(void **state)
{
	assert_int_equal(parse("1-1.2").kind, SELECT_BUSID);
	assert_int_equal(parse("emulated-1").kind, SELECT_BUSID);
	assert_int_equal(parse("046d").kind, SELECT_BUSID);
	assert_int_equal(parse("ALL").kind, SELECT_BUSID);
	assert_string_equal(parse("1-1.2").text, "1-1.2");
	assert_int_equal(parse("all").kind, SELECT_ALL);
}

static void ids_are_four_hex_digits_twice(void **state)
{
	struct select select = parse("046d:C31c");

	assert_int_equal(select.kind, SELECT_ID);
	assert_int_equal(select.id_vendor, 0x046d);
	assert_int_equal(select.id_product, 0xc31c);
	assert_refused("46d:c31c");
	assert_refused("046d:c31");
	assert_refused("046d:c31cc");
	assert_refused("046d:");
	assert_refused(":c31c");
	assert_refused("046g:c31c");
	assert_refused("0x46:c31c");
	assert_refused(":");
}

static void what_follows_is_a_serial_number(void **state)
{
	struct select select = parse("046d:c31c:AB:c d");

	assert_int_equal(select.kind, SELECT_SERIAL);
	assert_string_equal(select.serial, "AB:c d");
	assert_refused("046d:c31c:");
}

static void bad_bus_ids(void **state)
{
	assert_refused("");
	assert_refused("1 1");
	assert_refused("1-1\n");
	assert_refused("1-1\xc3\xbc");
	assert_refused("1-1\x7f");
	assert_int_equal(parse("1234567890123456789012345678901").kind, SELECT_BUSID);
	assert_refused("12345678901234567890123456789012"); /* no room for its NUL */
}

static void add(struct offer *offer, const char *busid, uint16_t vendor, uint16_t product)
{
	struct suburb_device device = { .id_vendor = vendor, .id_product = product };

	snprintf(device.busid, sizeof(device.busid), "%s", busid);
	assert_non_null(offer_add(offer, &device));
}

/* How many @text means in @offer; their bus ids go to @busids, with blanks. */
static int find(const struct offer *offer, const char *text, char *busids, struct failure *failure)
{
	const struct offered *found[16];
	struct select select = parse(text);
	int count = select_find(&select, offer, found, failure);

	busids[0] = '\0';
	for (int i = 0; i < count; i++) {
		strcat(busids, found[i]->device.busid);
		strcat(busids, " ");
	}
	return count;
}

static void finds_what_is_meant(void **state)
{
	struct offer offer = { 0 };
	struct failure failure;
	char busids[256];

	add(&offer, "1-1", 0x046d, 0xc31c);
	add(&offer, "1-2", 0x0951, 0x1666);
	add(&offer, "1-3", 0x0951, 0x1666);
	add(&offer, "1-3", 0x0951, 0x1666); /* said twice */
	add(&offer, "1-4", 0x0951, 0x1667);
	assert_int_equal(find(&offer, "1-4", busids, &failure), 1);
	assert_string_equal(busids, "1-4 ");
	assert_int_equal(find(&offer, "046d:c31c", busids, &failure), 1);
	assert_string_equal(busids, "1-1 ");
	assert_int_equal(find(&offer, "all", busids, &failure), 4);
	assert_string_equal(busids, "1-1 1-2 1-3 1-4 ");
	assert_int_equal(find(&offer, "0951:1666:X", busids, &failure), 2);
	assert_string_equal(busids, "1-2 1-3 ");
	assert_int_equal(find(&offer, "1-9", busids, &failure), -ENODEV);
	assert_int_equal(find(&offer, "046d:c31d", busids, &failure), -ENODEV);
	assert_int_equal(find(&offer, "0951:1666", busids, &failure), -ENOTUNIQ);
	assert_non_null(strstr(failure.text, "1-2, 1-3"));
	assert_null(strstr(failure.text, "1-3, 1-3"));
	offer_free(&offer);
	assert_int_equal(find(&offer, "all", busids, &failure), -ENODEV);
}

static void many_candidates_fit_the_message(void **state)
{
	static const struct offered *found[OFFER_MOST_DEVICES];
	struct select select = parse("0951:1666");
	struct offer offer = { 0 };
	struct failure failure;
	char busid[32];

	for (int i = 0; i < OFFER_MOST_DEVICES; i++) {
		snprintf(busid, sizeof(busid), "1-1.2.3.4.5.6.7.8.9.%d", i);
		add(&offer, busid, 0x0951, 0x1666);
	}
	assert_int_equal(select_find(&select, &offer, found, &failure), -ENOTUNIQ);
	assert_non_null(strstr(failure.text, "1-1.2.3.4.5.6.7.8.9.0, 1-1.2.3.4.5.6.7.8.9.1"));
	offer_free(&offer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_without_a_colon_are_bus_ids),
		cmocka_unit_test(ids_are_four_hex_digits_twice),
		cmocka_unit_test(what_follows_is_a_serial_number),
		cmocka_unit_test(bad_bus_ids),
		cmocka_unit_test(finds_what_is_meant),
		cmocka_unit_test(many_candidates_fit_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
