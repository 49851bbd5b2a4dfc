// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the configuration file. See config.h.
 *
 * inih knows the line of an error only after it has read the whole file; so
 * the lines are counted here, where they are handed to it. Of several errors
 * the first is told.
 */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "escape.h"

/**
 * struct reading - a file being read
 * @line: number of the line that was handed out last
 * @error_line: where the first error is, 0 if there is none
 */
struct reading {
	struct settings *settings;
	FILE *file;
	int line;
	int error_line;
	char error[SETTINGS_ERROR_SIZE];
};

static void set_error(struct reading *reading, const char *error)
{
	if (reading->error_line)
		return;
	reading->error_line = reading->line;
	snprintf(reading->error, sizeof(reading->error), "%s", error);
}

/* Reads past the rest of a line that does not fit. */
static void skip_line(FILE *file)
{
	int c;

	do
		c = getc(file);
	while (c != EOF && c != '\n');
}

static char *read_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	size_t length;

	if (!fgets(line, size, reading->file))
		return NULL;
	reading->line++;
	length = strlen(line);
	if (length + 1 == (size_t)size && line[length - 1] != '\n') {
		skip_line(reading->file);
		set_error(reading, "this line is too long");
	}
	return line;
}

static int take_suburbd(struct settings *settings, const char *name, const char *value, char *error)
{
	char shown[64];

	if (!strcmp(name, "listen"))
		return settings_add_listen(settings, value, error);
	if (!strcmp(name, "export"))
		return settings_add_export(settings, value, error);
	if (!strcmp(name, "emulate"))
		return settings_add_emulate(settings, value, error);
	if (!strcmp(name, "backend")) {
		const char *given = settings->backend;
		int ret = settings_set_backend(settings, value, error);

		if (settings->backend_given)
			settings->backend = given;
		return ret;
	}
	if (!strcmp(name, "log-level")) {
		enum log_level given = settings->log_level;
		int ret = settings_set_log_level(settings, value, error);

		if (settings->log_level_given)
			settings->log_level = given;
		return ret;
	}
	if (!strcmp(name, "features")) {
		uint32_t given = settings->features;
		int ret = settings_set_features(settings, value, error);

		if (settings->features_given)
			settings->features = given;
		return ret;
	}
	snprintf(error, SETTINGS_ERROR_SIZE, "unknown key '%s' in [suburbd]",
		 escape(shown, sizeof(shown), name));
	return -EINVAL;
}

static int take_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	char error[SETTINGS_ERROR_SIZE];
	char shown[64];
	int ret = -EINVAL;

	if (!strcmp(section, "suburbd"))
		ret = take_suburbd(reading->settings, name, value, error);
	else if (!strcmp(section, "limits"))
		ret = settings_set_limit(reading->settings, name, value, error);
	else if (!*section)
		snprintf(error, sizeof(error), "a key before any section; start with [suburbd]");
	else
		snprintf(error, sizeof(error),
			 "unknown section '%s'; there are [suburbd] and [limits]",
			 escape(shown, sizeof(shown), section));
	if (ret < 0)
		set_error(reading, error);
	return ret == 0;
}

int config_read(struct settings *settings, const char *file)
{
	struct reading reading = { .settings = settings };
	char shown[256];
	bool unreadable;
	int ret;

	escape(shown, sizeof(shown), file);
	reading.file = fopen(file, "re");
	if (!reading.file) {
		log_error("%s: %s", shown, strerror(errno));
		return -EIO;
	}
	ret = ini_parse_stream(read_line, &reading, take_value, &reading);
	unreadable = ferror(reading.file);
	fclose(reading.file);
	if (unreadable) { /* a directory, for one */
		log_error("%s: cannot be read", shown);
		return -EIO;
	}
	/* An error of inih's own stands in an earlier line, or no other is there. */
	if (ret > 0 && (!reading.error_line || ret < reading.error_line)) {
		reading.line = ret;
		reading.error_line = 0;
		set_error(&reading, "neither [section] nor key = value");
	}
	if (!reading.error_line)
		return 0;
	log_error("%s:%d: %s", shown, reading.error_line, reading.error);
	return -EIO;
}
