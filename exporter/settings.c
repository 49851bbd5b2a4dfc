// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings and what makes sense as one. Pure; see settings.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <suburb/extension.h>

#include "address.h"
#include "escape.h"
#include "settings.h"

void settings_init(struct settings *settings)
{
	*settings = (struct settings){
		.limits = LIMITS_DEFAULT,
		.features = SUBURB_WIRE_FEATURE_STREAMS | SUBURB_WIRE_FEATURE_DIGEST,
		.log_level = LOG_LEVEL_INFO,
	};
	rules_init(&settings->rules);
}

static void string_list_free(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
}

void settings_free(struct settings *settings)
{
	string_list_free(&settings->listen);
	string_list_free(&settings->emulate);
	rules_free(&settings->rules);
	free(settings->config);
}

__attribute__((format(printf, 2, 3))) static int wrong(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, SETTINGS_ERROR_SIZE, format, args);
	va_end(args);
	return -EINVAL;
}

static int out_of_memory(char *error)
{
	wrong(error, "out of memory");
	return -ENOMEM;
}

static int string_list_add(struct string_list *list, const char *text, char *error)
{
	char **item = realloc(list->item, (list->count + 1) * sizeof(*item));

	if (!item)
		return out_of_memory(error);
	list->item = item;
	item[list->count] = strdup(text);
	if (!item[list->count])
		return out_of_memory(error);
	list->count++;
	return 0;
}

int settings_add_listen(struct settings *settings, const char *text, char *error)
{
	struct address address;
	int ret = address_parse(&address, text, error, SETTINGS_ERROR_SIZE);

	return ret < 0 ? ret : string_list_add(&settings->listen, text, error);
}

int settings_add_export(struct settings *settings, const char *text, char *error)
{
	return rules_add(&settings->rules, text, error, SETTINGS_ERROR_SIZE);
}

/* What kinds there are is for the backend to say. */
int settings_add_emulate(struct settings *settings, const char *text, char *error)
{
	return string_list_add(&settings->emulate, text, error);
}

int settings_set_log_level(struct settings *settings, const char *text, char *error)
{
	char shown[64];

	if (log_level_parse(text, &settings->log_level))
		return 0;
	return wrong(error, "'%s' is no log level; use error, warning, info or debug",
		     escape(shown, sizeof(shown), text));
}

/* "streams,digest", one of them, or "none". */
int settings_set_features(struct settings *settings, const char *text, char *error)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} known[] = {
		{ "streams", SUBURB_WIRE_FEATURE_STREAMS },
		{ "digest", SUBURB_WIRE_FEATURE_DIGEST },
	};
	const char *at = text;
	uint32_t features = 0;
	char shown[64];

	while (strcmp(text, "none")) {
		size_t length = strcspn(at, ",");
		uint32_t bit = 0;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strlen(known[i].name) == length && !strncmp(at, known[i].name, length))
				bit = known[i].bit;
		if (!bit)
			return wrong(error,
				     "'%s' is no list of features; use streams,digest or none",
				     escape(shown, sizeof(shown), text));
		features |= bit;
		if (!at[length])
			break;
		at += length + 1;
	}
	settings->features = features;
	return 0;
}

/* Whether this machine has it is for the backend to say. */
int settings_set_backend(struct settings *settings, const char *text, char *error)
{
	static const char *const names[] = { "usbfs", "libusb" };
	char shown[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		settings->backend = names[i];
		return 0;
	}
	return wrong(error, "'%s' is no backend; use usbfs or libusb",
		     escape(shown, sizeof(shown), text));
}

int settings_set_config(struct settings *settings, const char *text, char *error)
{
	if (settings->config)
		return wrong(error, "only one configuration file can be read");
	settings->config = strdup(text);
	return settings->config ? 0 : out_of_memory(error);
}

/* --- limits --------------------------------------------------------------- */

static int parse_number(const char *text, unsigned long least, unsigned long most,
			unsigned long *value, char *error)
{
	char shown[64];
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && *value >= least && *value <= most)
		return 0;
	return wrong(error, "'%s' is out of range; use %lu to %lu",
		     escape(shown, sizeof(shown), text), least, most);
}

/**
 * struct limit_key - one of [limits]
 * @offset: in struct limits
 * @is_size: of type size_t there
 */
static const struct limit_key {
	const char *name;
	unsigned long least, most;
	size_t offset;
	bool is_size;
} limit_keys[] = {
#define LIMIT(name, least, most, member)                                                 \
	{ name, least, most, offsetof(struct limits, member),                            \
	  sizeof(((struct limits *)NULL)->member) > sizeof(unsigned int) }
	LIMIT("max-connections", 1, 65536, connections),
	LIMIT("max-connections-per-address", 1, 65536, address_connections),
	LIMIT("connection-rate", 0, 1000000, connection_rate),
	LIMIT("connection-burst", 1, 1000000, connection_burst),
	LIMIT("handshake-timeout-s", 1, 3600, handshake_s),
	LIMIT("idle-timeout-s", 1, 3600, idle_s),
	LIMIT("link-timeout-s", 5, 1000000, link_s),
	LIMIT("max-requests", 1, 65536, requests),
	LIMIT("max-parked", 1, 1048576, parked),
	LIMIT("max-bytes", 65536, 1 << 30, bytes),
	LIMIT("max-requests-total", 1, 1048576, all_requests),
	LIMIT("max-bytes-total", 65536, 1ul << 31, all_bytes),
#undef LIMIT
};

#define LIMIT_KEYS (sizeof(limit_keys) / sizeof(limit_keys[0]))

static void store_limit(struct limits *limits, const struct limit_key *key, unsigned long value)
{
	void *at = (char *)limits + key->offset;

	if (key->is_size)
		*(size_t *)at = value;
	else
		*(unsigned int *)at = (unsigned int)value;
}

/* @length: of @name, which may go on behind that. */
static const struct limit_key *find_limit(const char *name, size_t length)
{
	for (size_t i = 0; i < LIMIT_KEYS; i++)
		if (strlen(limit_keys[i].name) == length &&
		    !strncmp(name, limit_keys[i].name, length))
			return &limit_keys[i];
	return NULL;
}

int settings_set_limit(struct settings *settings, const char *name, const char *text, char *error)
{
	const struct limit_key *key = find_limit(name, strlen(name));
	char shown[64];
	unsigned long value;
	int ret;

	if (!key)
		return wrong(error, "unknown key '%s' in [limits]",
			     escape(shown, sizeof(shown), name));
	ret = parse_number(text, key->least, key->most, &value, error);
	if (ret == 0 && !(settings->limits_given & 1u << (key - limit_keys)))
		store_limit(&settings->limits, key, value);
	return ret;
}

int settings_give_limit(struct settings *settings, const char *text, char *error)
{
	size_t length = strcspn(text, "=");
	const struct limit_key *key = find_limit(text, length);
	char shown[64];
	unsigned long value;
	int ret;

	if (!key || !text[length])
		return wrong(error, "'%s' is no limit; use KEY=NUMBER, with a key of [limits]",
			     escape(shown, sizeof(shown), text));
	ret = parse_number(text + length + 1, key->least, key->most, &value, error);
	if (ret == 0) {
		store_limit(&settings->limits, key, value);
		settings->limits_given |= 1u << (key - limit_keys);
	}
	return ret;
}
