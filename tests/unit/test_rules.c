/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/rules.c exporter/descriptors.c exporter/escape.c */
/*
 * Rules: what is one and what is not, and which devices each exports; and the
 * reading of descriptors below them, on sets that lie about their lengths.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/backend.h"
#include "exporter/descriptors.h"
#include "exporter/rules.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Interface 0 is HID, interface 1 (two altsettings) audio. */
static uint8_t composite[] = {
	9, 2, 43, 0, 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0x03, 1, 1, 0,
	7, 5, 0x81, 3, 8, 0, 10,
	9, 4, 1, 0, 0, 0x01, 2, 0, 0,
	9, 4, 1, 1, 0, 0x01, 2, 0, 0,
};

static struct backend_device a_device(void)
{
	struct backend_device device = {
		.busid = "1-1.2",
		.descriptor = { 18, 1, 0, 2, 0, 0, 0, 64, 0x6d, 0x04, 0x2b, 0xc5 },
		.configuration = composite,
		.configuration_length = sizeof(composite),
		.serial = "A1:b2",
	};

	return device;
}

static int add(struct rules *rules, const char *text, char *error)
{
	memset(error, 0, 256);
	return rules_add(rules, text, error, 256);
}

static bool exports(const char *text, const struct backend_device *device)
{
	struct rules rules;
	char error[256];
	bool result;

	rules_init(&rules);
	if (add(&rules, text, error))
		fail_msg("%s", error);
	result = rules_match(&rules, device);
	rules_free(&rules);
	return result;
}

static void rules_that_match(void **state)
{
	static const char *const texts[] = {
		"1-1.2", "046d:c52b", "046D:C52B", "46d:c52b", "046d:c52b:A1:b2", "class:hid",
		"class:audio", "class:HID", "all",
	};
	struct backend_device device = a_device();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!exports(texts[i], &device))
			fail_msg("%s does not match", texts[i]);
}

static void rules_that_do_not(void **state)
{
	static const char *const texts[] = {
		"1-1", "1-1.2.1", "1-1.20", "11-1.2", "046d:c52c", "046e:c52b", "c52b:046d",
		"046d:c52b:A1", "046d:c52b:a1:B2", "046d:c52b:A1:b2 ", "class:storage",
		"class:vendor", "0:0",
	};
	struct backend_device device = a_device();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (exports(texts[i], &device))
			fail_msg("%s matches", texts[i]);
}

static void device_without_serial_or_configuration(void **state)
{
	struct backend_device device = a_device();

	device.serial = NULL;
	device.configuration = NULL;
	assert_false(exports("046d:c52b:A1:b2", &device));
	assert_true(exports("046d:c52b", &device));
	assert_false(exports("class:hid", &device));
	device.descriptor[4] = 0x03;
	assert_true(exports("class:hid", &device));
}

static void hubs_never(void **state)
{
	static const char *const texts[] = { "all", "1-1.2", "046d:c52b" };
	struct backend_device device = a_device();

	device.descriptor[4] = 0x09;
	assert_false(rules_exportable(&device));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(exports(texts[i], &device));
}

/* An exporter must not export what it imports, unless told so by name. */
static void imported_devices_only_by_name(void **state)
{
	struct backend_device device = a_device();

	device.imported = true;
	assert_false(exports("all", &device));
	assert_false(exports("class:hid", &device));
	assert_true(exports("1-1.2", &device));
	assert_true(exports("046d:c52b", &device));
}

static void first_rule_is_told(void **state)
{
	struct backend_device device = a_device();
	struct rules rules;
	char error[256];

	rules_init(&rules);
	assert_null(rules_match(&rules, &device));
	assert_int_equal(add(&rules, "2-1", error), 0);
	assert_null(rules_match(&rules, &device));
	assert_int_equal(add(&rules, "class:hid", error), 0);
	assert_int_equal(add(&rules, "all", error), 0);
	assert_string_equal(rules_match(&rules, &device)->text, "class:hid");
	rules_free(&rules);
}

static void what_is_no_rule(void **state)
{
	static const char *const texts[] = {
		"", " ", "ALL", "all ", "1", "1-", "-1", "1-1.", "1-.1", "1-1..2", "1-1a", "1 -1",
		"046d", "046d:", ":c52b", "046d:c52b:", "10000:1", "1:10000", "g:1", "1:g",
		"046d:c52b ", "1-1:1", "class:", "class", "class:nothing", "class:hub",
		"1-1.2.3.4.5.6.7.8.9.10.11.12.13.14", "\x1b[2J", "0x046d:0xc52b", "*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct rules rules;
		char error[256];

		rules_init(&rules);
		if (add(&rules, texts[i], error) != -EINVAL)
			fail_msg("'%s' is a rule", texts[i]);
		/* One line, and nothing that a terminal would obey. */
		assert_true(strlen(error) > 10);
		for (const char *c = error; *c; c++)
			assert_true((unsigned char)*c >= 0x20);
		assert_int_equal(rules.count, 0);
		rules_free(&rules);
	}
}

static void errors_fit_their_buffer(void **state)
{
	struct rules rules;
	char *error = malloc(5);

	rules_init(&rules);
	assert_int_equal(rules_add(&rules, "class:nothing", error, 5), -EINVAL);
	assert_true(memchr(error, 0, 5));
	assert_int_equal(rules_add(&rules, "nothing", error, 5), -EINVAL);
	assert_true(memchr(error, 0, 5));
	rules_free(&rules);
	free(error);
}

static void class_names(void **state)
{
	assert_string_equal(rules_class_name(0x03), "hid");
	assert_string_equal(rules_class_name(0x08), "storage");
	assert_string_equal(rules_class_name(0x09), "hub");
	assert_string_equal(rules_class_name(0xff), "vendor");
	assert_null(rules_class_name(0x42));
	assert_null(rules_class_name(0));
}

/* --- descriptors ---------------------------------------------------------- */

static void altsettings_choose_the_endpoints(void **state)
{
	static const uint8_t set[] = {
		9, 2, 39, 0, 1, 1, 0, 0x80, 50,
		9, 4, 0, 0, 1, 0xff, 0, 0, 0,
		7, 5, 0x81, 2, 0, 2, 0,
		9, 4, 0, 1, 1, 0xff, 0, 0, 0,
		7, 5, 0x02, 1, 0, 2, 0,
	};
	uint8_t altsetting[256] = { 0 };
	struct endpoint_table table;

	endpoint_table_build(&table, set, sizeof(set), altsetting);
	assert_int_equal(table.present[1], 1 << 1);
	assert_int_equal(table.present[0], 0);
	assert_int_equal(table.type[1][1], ENDPOINT_BULK);
	altsetting[0] = 1;
	endpoint_table_build(&table, set, sizeof(set), altsetting);
	assert_int_equal(table.present[1], 0);
	assert_int_equal(table.present[0], 1 << 2);
	assert_int_equal(table.type[0][2], ENDPOINT_ISO);
	altsetting[0] = 2;
	endpoint_table_build(&table, set, sizeof(set), altsetting);
	assert_int_equal(table.present[0] | table.present[1], 0);
	endpoint_table_build(&table, set, sizeof(set), NULL);
	assert_int_equal(table.present[0], 1 << 2);
	assert_int_equal(table.present[1], 1 << 1);
	endpoint_table_build(&table, NULL, 0, altsetting);
	assert_int_equal(table.present[0] | table.present[1], 0);
	assert_true(descriptors_have_altsetting(set, sizeof(set), 0, 1));
	assert_false(descriptors_have_altsetting(set, sizeof(set), 0, 2));
	assert_false(descriptors_have_altsetting(set, sizeof(set), 1, 0));
}

/* Copied to its exact size, so that a sanitizer sees a byte read too many. */
static size_t interfaces_of(const void *set, size_t size)
{
	uint8_t *copy = malloc(size + !size);
	const uint8_t *found[256];
	struct endpoint_table table;
	size_t n;

	memcpy(copy, set, size);
	n = descriptors_interfaces(copy, size, found, 256);
	endpoint_table_build(&table, copy, size, NULL);
	free(copy);
	return n;
}

static void lying_lengths(void **state)
{
	uint8_t set[sizeof(composite)];

	for (size_t size = 0; size <= sizeof(composite); size++)
		assert_true(interfaces_of(composite, size) <= 2);
	assert_int_equal(interfaces_of(composite, sizeof(composite)), 2);
	/* Every byte of a bLength, and then some, with every value. */
	for (size_t at = 0; at < sizeof(composite); at++) {
		for (int value = 0; value < 256; value++) {
			memcpy(set, composite, sizeof(set));
			set[at] = (uint8_t)value;
			assert_true(interfaces_of(set, sizeof(set)) <= 4);
		}
	}
}

static void no_more_than_asked_for(void **state)
{
	const uint8_t *found[1];

	assert_int_equal(descriptors_interfaces(composite, sizeof(composite), found, 1), 1);
	assert_int_equal(found[0][2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_that_match),
		cmocka_unit_test(rules_that_do_not),
		cmocka_unit_test(device_without_serial_or_configuration),
		cmocka_unit_test(hubs_never),
		cmocka_unit_test(imported_devices_only_by_name),
		cmocka_unit_test(first_rule_is_told),
		cmocka_unit_test(what_is_no_rule),
		cmocka_unit_test(errors_fit_their_buffer),
		cmocka_unit_test(class_names),
		cmocka_unit_test(altsettings_choose_the_endpoints),
		cmocka_unit_test(lying_lengths),
		cmocka_unit_test(no_more_than_asked_for),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
