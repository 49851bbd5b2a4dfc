// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making foreign text harmless: see text.h. Pure functions.
 *
 * An escape sequence needs a control character to begin: ESC, or CSI (U+009B)
 * on terminals that know the C1 set. Without those and without direction marks
 * a device can lie about its name, but not repaint the line around it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define REPLACEMENT 0xfffd

/* Reads one character; 0 if @s does not begin with valid UTF-8. */
static size_t decode(const unsigned char *s, uint32_t *c)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length;

	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (s[0] >= 0xc0 && s[0] < 0xe0)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] < 0xf8)
		length = 4;
	else
		return 0;
	*c = s[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80) /* the final NUL, too */
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < smallest[length] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return length;
}

static size_t encode(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0)) /* C0, DEL, C1 */
		return false;
	if (c == 0x61c || c == 0x200e || c == 0x200f) /* direction marks */
		return false;
	if (c >= 0x2028 && c <= 0x202e) /* line ends, embeddings, overrides */
		return false;
	return c < 0x2066 || c > 0x2069; /* isolates */
}

/* Appends @length bytes if they and a NUL fit. */
static bool append(char *out, size_t size, size_t *used, const char *bytes, size_t length)
{
	if (size - *used <= length)
		return false;
	memcpy(out + *used, bytes, length);
	*used += length;
	return true;
}

#define PIECE_SIZE 8

/*
 * Puts into @piece what stands for the first character of @s, and its length
 * into @length. Returns how many bytes of @s that was.
 */
typedef size_t show_function(const unsigned char *s, char *piece, size_t *length);

/* Character by character, as many as fit whole. */
static size_t show_all(char *out, size_t size, const char *in, show_function *show)
{
	const unsigned char *s = (const unsigned char *)in;
	char piece[PIECE_SIZE];
	size_t used = 0, length, taken;

	while (*s) {
		taken = show(s, piece, &length);
		if (!append(out, size, &used, piece, length))
			break;
		s += taken;
	}
	out[used] = '\0';
	return used;
}

/* Of a refused character byte by byte: the rest of it is no UTF-8, and follows. */
static size_t show_escaped(const unsigned char *s, char *piece, size_t *length)
{
	uint32_t c;

	*length = decode(s, &c);
	if (*length && harmless(c)) {
		memcpy(piece, s, *length);
		return *length;
	}
	*length = (size_t)snprintf(piece, PIECE_SIZE, "\\x%02x", *s);
	return 1;
}

size_t text_escape(char *out, size_t size, const char *in)
{
	return show_all(out, size, in, show_escaped);
}

static size_t show_utf8(const unsigned char *s, char *piece, size_t *length)
{
	uint32_t c;
	size_t taken = decode(s, &c);

	*length = encode(piece, taken ? c : REPLACEMENT);
	return taken ? taken : 1;
}

size_t text_utf8(char *out, size_t size, const char *in)
{
	return show_all(out, size, in, show_utf8);
}

/* JSON has escaped what is below U+0020; what is no UTF-8 stays as it is. */
static size_t show_in_json(const unsigned char *s, char *piece, size_t *length)
{
	uint32_t c;
	size_t taken = decode(s, &c);

	if (taken && c >= 0x7f && !harmless(c)) {
		*length = (size_t)snprintf(piece, PIECE_SIZE, "\\u%04x", c);
		return taken;
	}
	*length = taken ? taken : 1;
	memcpy(piece, s, *length);
	return *length;
}

void text_escape_json(char *out, size_t size, const char *json)
{
	show_all(out, size, json, show_in_json);
}

size_t text_from_utf16(char *out, size_t size, const uint8_t *in, size_t units)
{
	size_t used = 0;
	char utf8[4];

	for (size_t i = 0; i < units; i++) {
		uint32_t c = (uint32_t)(in[2 * i] | in[2 * i + 1] << 8);

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < units && (in[2 * i + 3] & 0xfc) == 0xdc) {
			uint32_t low = (uint32_t)(in[2 * i + 2] | in[2 * i + 3] << 8);

			c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = REPLACEMENT;
		}
		if (!append(out, size, &used, utf8, encode(utf8, c)))
			break;
	}
	out[used] = '\0';
	return used;
}

size_t text_width(const char *s)
{
	size_t width = 0;

	for (; *s; s++)
		width += ((unsigned char)*s & 0xc0) != 0x80;
	return width;
}
