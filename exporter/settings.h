/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user asked for, wherever he said it: the command line (options.h)
 * and the configuration file (config.h) both write here.
 *
 * Every value is judged as far as that can be done without opening anything.
 */
#ifndef EXPORTER_SETTINGS_H
#define EXPORTER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "log.h"
#include "rules.h"

#define SETTINGS_ERROR_SIZE 512

struct string_list {
	char **item;
	size_t count;
};

/**
 * struct settings - see above
 * @features: SUBURB_WIRE_FEATURE_*, what importers may be granted
 * @features_given: by the command line, which wins
 * @backend: how this machine's devices are reached, "usbfs" or "libusb"; NULL:
 *	the best way there is
 * @backend_given: likewise
 * @log_level_given: likewise
 * @limits_given: likewise, a bit for each
 */
struct settings {
	struct string_list listen;
	struct string_list emulate;
	struct rules rules;
	struct limits limits;
	uint32_t limits_given;
	uint32_t features;
	bool features_given;
	const char *backend;
	bool backend_given;
	enum log_level log_level;
	bool log_level_given;
	bool foreground;
	bool list;
	bool udev_rules;
	char *config;
};

void settings_init(struct settings *settings);
void settings_free(struct settings *settings);

/*
 * Each takes a value as written. 0, or -EINVAL or -ENOMEM and one line in
 * @error (SETTINGS_ERROR_SIZE bytes).
 */
int settings_add_listen(struct settings *settings, const char *text, char *error);
int settings_add_export(struct settings *settings, const char *text, char *error);
int settings_add_emulate(struct settings *settings, const char *text, char *error);
int settings_set_log_level(struct settings *settings, const char *text, char *error);
int settings_set_features(struct settings *settings, const char *text, char *error);
int settings_set_backend(struct settings *settings, const char *text, char *error);
int settings_set_config(struct settings *settings, const char *text, char *error);

/* One of [limits]: "max-connections" and so on; or both in one, with a "=" between them. */
int settings_set_limit(struct settings *settings, const char *name, const char *text, char *error);
int settings_give_limit(struct settings *settings, const char *text, char *error);

#endif
