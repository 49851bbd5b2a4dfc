// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: exporter/udev.c exporter/rules.c exporter/descriptors.c exporter/escape.c */
/*
 * Rules in udev's words: what each kind gives to suburbd's group, and that no
 * text of a rule can say more than that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/udev.h"

#define GIVE "GROUP=\"suburbd\", MODE=\"0660\"\n"
#define HERE "DEVPATH!=\"*/suburb-hcd*\", DEVPATH!=\"*/vhci_hcd*\", "

/* What is printed behind the head, for free(). */
static char *rules_of(const char *text)
{
	struct rules rules;
	char error[256];
	size_t size;
	char *all, *own;
	FILE *out = open_memstream(&all, &size);

	assert_non_null(out);
	rules_init(&rules);
	if (text)
		assert_int_equal(rules_add(&rules, text, error, sizeof(error)), 0);
	udev_print(out, &rules);
	fclose(out);
	rules_free(&rules);
	own = strstr(all, "ATTR{bDeviceClass}==\"09\", GOTO=\"suburbd_end\"\n");
	assert_non_null(own);
	own = strdup(strchr(own, '\n') + 1);
	free(all);
	return own;
}

static void assert_rules(const char *text, const char *expected)
{
	char *own = rules_of(text);
	char wanted[1024];

	snprintf(wanted, sizeof(wanted), "# \"%s\"\n%sLABEL=\"suburbd_end\"\n", text, expected);
	assert_string_equal(own, wanted);
	free(own);
}

static void each_kind(void **state)
{
	assert_rules("1-1.2", "KERNEL==\"1-1.2\", " GIVE);
	assert_rules("46D:c31c", "ATTR{idVendor}==\"046d\", ATTR{idProduct}==\"c31c\", " GIVE);
	assert_rules("0403:6001:A9-X:1", "ATTR{idVendor}==\"0403\", ATTR{idProduct}==\"6001\", "
					 "ATTR{serial}==\"A9-X:1\", " GIVE);
	assert_rules("class:hid", HERE "ATTR{bDeviceClass}==\"03\", " GIVE HERE
				       "ENV{ID_USB_INTERFACES}==\"*:03????:*\", " GIVE);
	assert_rules("all", HERE GIVE);
}

static void nothing_is_given_without_a_rule(void **state)
{
	char *own = rules_of(NULL);

	assert_string_equal(own, "LABEL=\"suburbd_end\"\n");
	free(own);
}

/* A quote, a pattern, a substitution, a new line, what is not ASCII. */
static void a_serial_number_says_no_more(void **state)
{
	char *own = rules_of("1:2:a\", RUN+=\"b|*?[c]$%\n\xc3\xbc\\");

	assert_non_null(strstr(own, "ATTR{serial}==\"a***RUN+=*b****c*******\", " GIVE));
	/* The comment above it has all of it. */
	assert_null(strstr(strchr(own, '\n'), "RUN+=\""));
	free(own);
}

/* Of the lines that begin with '#' none ends with what would continue it. */
static void comments_stay_comments(void **state)
{
	char *own = rules_of("1:2:x\nRUN+=\"y\" \\");

	for (char *line = own; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_true(*line == '#' || !strncmp(line, "ATTR{", 5) || !strncmp(line, "LABEL", 5));
		assert_true(end[-1] == '"');
	}
	free(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind),
		cmocka_unit_test(nothing_is_given_without_a_rule),
		cmocka_unit_test(a_serial_number_says_no_more),
		cmocka_unit_test(comments_stay_comments),
	};

	return cmocka_run_group_tests_name("udev", tests, NULL, NULL);
}
