/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that somebody else wrote: names, serial numbers and bus ids come from
 * devices and exporters, and may hold any bytes. Nothing of it reaches a
 * terminal or a JSON document but through here (QUIRKS 37).
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Copies @in for a terminal: what is not UTF-8, and characters that move the
 * cursor or turn the direction of writing, become \xNN byte by byte. Cuts
 * between characters, never within one. Returns strlen(@out).
 */
size_t text_escape(char *out, size_t size, const char *in);

/*
 * Copies @in as valid UTF-8, for JSON (which has its own escapes for ASCII's
 * control characters): each byte that is not UTF-8 becomes U+FFFD. Cuts like above.
 */
size_t text_utf8(char *out, size_t size, const char *in);

/*
 * Copies a JSON document for a terminal: characters above ASCII that it would
 * obey, and DEL, become \uNNNN, which is the same document. @size: 3 for each
 * byte of @json, and a NUL.
 */
void text_escape_json(char *out, size_t size, const char *json);

/* The string of a USB string descriptor (UTF-16LE, @units of it) as UTF-8. */
size_t text_from_utf16(char *out, size_t size, const uint8_t *in, size_t units);

/* Characters in @s, which came from one of the above: columns, nearly. */
size_t text_width(const char *s);

#endif
