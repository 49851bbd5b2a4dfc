/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes text from a peer or a device fit for a terminal and a log.
 */
#ifndef EXPORTER_ESCAPE_H
#define EXPORTER_ESCAPE_H

#include <stddef.h>

/**
 * escape - text without anything that a terminal would obey
 * @out: receives the result, always terminated; what does not fit is cut
 * @size: of @out, at least 1
 * @text: any bytes up to a NUL; NULL gives an empty result
 *
 * Well-formed UTF-8 passes. Control characters (C0, DEL, C1) and bytes that
 * are not UTF-8 become \xNN, a backslash becomes two. Returns @out.
 */
const char *escape(char *out, size_t size, const char *text);

#endif
