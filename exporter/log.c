// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes log lines. See log.h.
 *
 * Each line leaves in one write, so that lines of suburbd and of its guardian
 * never mix. Any thread may log; the level and the target are set before there
 * are threads.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define QUIET_MS 10000

static const struct {
	const char *name;
	const char *prefix;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "error: ", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", "warning: ", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", "", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", "debug: ", LOG_DEBUG },
};

static enum log_level limit = LOG_LEVEL_INFO;
static bool to_syslog;

void log_set_level(enum log_level level)
{
	limit = level;
}

bool log_enabled(enum log_level level)
{
	return level <= limit;
}

bool log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(name, levels[i].name))
			continue;
		*level = (enum log_level)i;
		return true;
	}
	return false;
}

void log_use_syslog(void)
{
	openlog("suburbd", LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

bool log_now(uint64_t *last_ms)
{
	struct timespec now;
	uint64_t now_ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	/* Never 0, which stands for "not yet". */
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
	if (*last_ms && now_ms - *last_ms < QUIET_MS)
		return false;
	*last_ms = now_ms;
	return true;
}

__attribute__((format(printf, 2, 0))) static void log_line(enum log_level level, const char *format,
							   va_list args)
{
	char line[1024];
	size_t size = sizeof(line) - 1; /* one byte for the newline */
	int n;

	if (!log_enabled(level))
		return;
	if (to_syslog) {
		vsyslog(levels[level].priority, format, args);
		return;
	}
	n = snprintf(line, size, "suburbd: %s", levels[level].prefix);
	n += vsnprintf(line + n, size - (size_t)n, format, args);
	if ((size_t)n >= size)
		n = (int)size - 1;
	line[n++] = '\n';
	/* Nobody is left to be told that the log cannot be written. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
