// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Escaping of foreign text (QUIRKS 37: names and paths of a peer go to a
 * terminal). Pure; see escape.h.
 *
 * C1 controls (U+0080 to U+009F) are well-formed UTF-8 and still commands to
 * many terminals, so they are escaped as bytes like the others.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

/* Bytes of the well-formed sequence at @s, 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	uint32_t code;

	if (!n || s[0] > 0xf4)
		return 0;
	code = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

static bool is_c1(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] < 0xa0;
}

const char *escape(char *out, size_t size, const char *text)
{
	const unsigned char *s = (const unsigned char *)(text ? text : "");
	char piece[5];
	size_t used = 0;

	while (*s) {
		size_t bytes = utf8_length(s);
		size_t n = bytes;

		if (bytes && !is_c1(s)) {
			memcpy(piece, s, bytes);
		} else if (*s >= 0x20 && *s < 0x7f && *s != '\\') {
			piece[0] = (char)*s;
			n = 1;
			bytes = 1;
		} else if (*s == '\\') {
			memcpy(piece, "\\\\", 2);
			n = 2;
			bytes = 1;
		} else {
			snprintf(piece, sizeof(piece), "\\x%02x", *s);
			n = 4;
			bytes = 1;
		}
		if (used + n >= size)
			break;
		memcpy(out + used, piece, n);
		used += n;
		s += bytes;
	}
	out[used] = 0;
	return out;
}
