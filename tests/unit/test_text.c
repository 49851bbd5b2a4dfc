// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/text.c */
/*
 * Foreign text on its way to a terminal and to JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/text.h"

static void assert_escaped(const char *in, const char *expected)
{
	char out[256];

	assert_int_equal(text_escape(out, sizeof(out), in), strlen(expected));
	assert_string_equal(out, expected);
}

static void plain_text_is_left_alone(void **state)
{
	assert_escaped("", "");
	assert_escaped("Logitech, Inc. Keyboard K120 ~ \\x", "Logitech, Inc. Keyboard K120 ~ \\x");
	assert_escaped("Kühn µ € 日本 😀", "Kühn µ € 日本 😀");
}

static void control_characters_are_shown(void **state)
{
	assert_escaped("a\x1b[2Jb", "a\\x1b[2Jb");
	assert_escaped("\r\n\t\b\x7f\x01", "\\x0d\\x0a\\x09\\x08\\x7f\\x01");
	/* CSI as one C1 character, which some terminals obey. */
	assert_escaped("a\xc2\x9b"
		       "2J",
		       "a\\xc2\\x9b2J");
	/* U+202E turns the line around; U+2028 ends it; U+2066 isolates. */
	assert_escaped("a\xe2\x80\xae"
		       "b\xe2\x80\xa8"
		       "c\xe2\x81\xa6",
		       "a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8c\\xe2\\x81\\xa6");
}

static void what_is_not_utf8_is_shown(void **state)
{
	assert_escaped("\xff\xfe", "\\xff\\xfe");
	assert_escaped("\x80", "\\x80");
	assert_escaped("a\xc3", "a\\xc3"); /* ends in the middle */
	assert_escaped("\xe2\x82", "\\xe2\\x82");
	assert_escaped("\xc3(", "\\xc3(");
	assert_escaped("\xc0\xaf", "\\xc0\\xaf"); /* '/', too long */
	assert_escaped("\xe0\x80\x9b", "\\xe0\\x80\\x9b");
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");	    /* surrogate */
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	assert_escaped("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

static void a_full_buffer_cuts_between_characters(void **state)
{
	char out[6];

	assert_int_equal(text_escape(out, 6, "abcdefgh"), 5);
	assert_string_equal(out, "abcde");
	assert_int_equal(text_escape(out, 6, "abcd€"), 4);
	assert_string_equal(out, "abcd");
	assert_int_equal(text_escape(out, 6, "ab\x1b"), 2);
	assert_string_equal(out, "ab");
	assert_int_equal(text_escape(out, 1, "a"), 0);
	assert_string_equal(out, "");
}

static void json_gets_valid_utf8(void **state)
{
	char out[64];

	text_utf8(out, sizeof(out),
		  "a\x1b\xff"
		  "b€\xc3");
	assert_string_equal(out, "a\x1b\xef\xbf\xbd"
				 "b€\xef\xbf\xbd");
}

static void json_is_harmless_and_the_same(void **state)
{
	char out[128];

	text_escape_json(out, sizeof(out),
			 "{ \"a\": \"\\u001bb\x7f\xc2\x9b"
			 "2J\xe2\x80\xae€ü\"\n}");
	assert_string_equal(out, "{ \"a\": \"\\u001bb\\u007f\\u009b2J\\u202e€ü\"\n}");
}

static void utf16_becomes_utf8(void **state)
{
	static const uint8_t word[] = { 'A', 0, 0xfc, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde };
	static const uint8_t alone[] = { 0x3d, 0xd8, 'x', 0, 0x00, 0xde };
	static const uint8_t ends[] = { 'A', 0, 0, 0, 'B', 0 };
	char out[64];

	text_from_utf16(out, sizeof(out), word, 5);
	assert_string_equal(out, "Aü€😀");
	text_from_utf16(out, sizeof(out), word, 4); /* half a pair at the end */
	assert_string_equal(out, "Aü€\xef\xbf\xbd");
	text_from_utf16(out, sizeof(out), alone, 3);
	assert_string_equal(out, "\xef\xbf\xbdx\xef\xbf\xbd");
	text_from_utf16(out, sizeof(out), ends, 3);
	assert_string_equal(out, "A");
	text_from_utf16(out, sizeof(out), word, 0);
	assert_string_equal(out, "");
}

static void width_counts_characters(void **state)
{
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("Kü€😀"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_left_alone),
		cmocka_unit_test(control_characters_are_shown),
		cmocka_unit_test(what_is_not_utf8_is_shown),
		cmocka_unit_test(a_full_buffer_cuts_between_characters),
		cmocka_unit_test(json_gets_valid_utf8),
		cmocka_unit_test(json_is_harmless_and_the_same),
		cmocka_unit_test(utf16_becomes_utf8),
		cmocka_unit_test(width_counts_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
