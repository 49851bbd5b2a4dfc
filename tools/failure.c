// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Error messages: one form for all of them. See failure.h.
 *
 * Whole messages are escaped, not their parts: they hold no control characters
 * of their own, and so no part can be forgotten.
 */
#include <stdarg.h>
#include <stdio.h>

#include "failure.h"
#include "text.h"

int failure_set(struct failure *failure, int ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	return ret;
}

void failure_print(const char *format, ...)
{
	char raw[sizeof(struct failure)];
	char safe[2 * sizeof(raw)];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(safe, sizeof(safe), raw);
	fflush(stdout); /* keeps the order when both are the same file */
	fprintf(stderr, "suburb: %s\n", safe);
}
