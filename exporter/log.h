/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of suburbd: one line per event, to stderr while it is in the
 * foreground, to syslog afterwards.
 *
 * A line says what happened and, if somebody has to act, what to do. Text that
 * came from a peer or a device goes through escape() first.
 */
#ifndef EXPORTER_LOG_H
#define EXPORTER_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* False if there is no level of that name: error, warning, info, debug. */
bool log_level_parse(const char *name, enum log_level *level);

/* From now on lines go to syslog (facility daemon). */
void log_use_syslog(void);

/*
 * For lines that a peer can cause as often as he likes: true at first, and then
 * once in 10 s. @last_ms is 0 at first, one for each kind of line.
 */
bool log_now(uint64_t *last_ms);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
