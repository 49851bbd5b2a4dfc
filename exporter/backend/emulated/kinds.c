// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which kinds of emulated devices there are, and how they are named on the
 * command line: "kind" or "kind:argument". What the argument means is for the
 * kind to say, when a device is made.
 */
#include <stdio.h>
#include <string.h>

#include "exporter/backend/emulated/kinds.h"

static const struct emulated_kind *const kinds[] = {
	&emulated_keyboard, &emulated_mouse,  &emulated_serial,	    &emulated_disk,
	&emulated_loopback, &emulated_sound,  &emulated_camera,	    &emulated_modeswitch,
	&emulated_usbtest,  &emulated_uas,
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* "disk:FILE", "loopback[:SPEED]", "mouse" */
static int usage(const struct emulated_kind *kind, char *to, size_t size)
{
	if (!kind->argument)
		return snprintf(to, size, "%s", kind->name);
	return snprintf(to, size, kind->argument_needed ? "%s:%s" : "%s[:%s]", kind->name,
			kind->argument);
}

static void list_kinds(const char *spec, char *error, size_t size)
{
	char each[64];
	size_t i, at;

	at = (size_t)snprintf(error, size, "no emulated device \"%.64s\": give one of", spec);
	for (i = 0; i < KINDS && at < size; i++) {
		usage(kinds[i], each, sizeof(each));
		at += (size_t)snprintf(error + at, size - at, "%s %s", i ? "," : "", each);
	}
}

static const struct emulated_kind *find_kind(const char *spec, size_t length)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (strlen(kinds[i]->name) == length && !memcmp(kinds[i]->name, spec, length))
			return kinds[i];
	return NULL;
}

const struct emulated_kind *emulated_kind_parse(const char *spec, const char **argument,
						char *error, size_t size)
{
	size_t length = strcspn(spec, ":");
	const struct emulated_kind *kind = find_kind(spec, length);

	*argument = spec[length] ? spec + length + 1 : NULL;
	if (!kind) {
		list_kinds(spec, error, size);
		return NULL;
	}
	if (*argument && !kind->argument) {
		snprintf(error, size, "%s takes nothing behind a colon", kind->name);
		return NULL;
	}
	if (kind->argument_needed && (!*argument || !**argument)) {
		snprintf(error, size, "%s needs a %s: give %s:%s", kind->name, kind->argument,
			 kind->name, kind->argument);
		return NULL;
	}
	return kind;
}
