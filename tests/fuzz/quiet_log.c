// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburbd's log in a fuzz target: nobody reads it, but what would stand there
 * is looked at. Each entry is a line, and nothing in it moves a cursor.
 */
#include <stdarg.h>

#include "exporter/log.h"
#include "fuzz.h"

static void look(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	for (const unsigned char *c = (unsigned char *)line; *c; c++) {
		fuzz_assert(*c >= ' ' && *c != 0x7f);
		fuzz_assert(c[0] != 0xc2 || c[1] < 0x80 || c[1] >= 0xa0);
	}
}

#define LOG(name)                             \
	void name(const char *format, ...)    \
	{                                     \
		va_list args;                 \
                                              \
		va_start(args, format);       \
		look(format, args);           \
		va_end(args);                 \
	}

LOG(log_error)
LOG(log_warning)
LOG(log_info)
LOG(log_debug)

void log_set_level(enum log_level level)
{
}

bool log_enabled(enum log_level level)
{
	return true;
}

bool log_now(uint64_t *last_ms)
{
	return true;
}

void log_use_syslog(void)
{
}

bool log_level_parse(const char *name, enum log_level *level)
{
	*level = LOG_LEVEL_INFO;
	return !strcmp(name, "info");
}
