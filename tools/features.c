// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Features in words; these are in suburb(1), and stay as they are.
 */
#include <stdio.h>
#include <string.h>

#include <uapi/linux/suburb.h>

#include "features.h"
#include "json.h"

static const struct {
	uint64_t bit;
	const char *name;
} names[] = {
	{ SUBURB_FEATURE_STREAMS, "streams" },
	{ SUBURB_FEATURE_DIGEST, "digest" },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

void features_text(char *text, size_t size, uint64_t features)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < NAMES; i++)
		if (features & names[i].bit && used < size)
			used += (size_t)snprintf(text + used, size - used, ", %s", names[i].name);
}

void features_add_json(struct json_object *object, uint64_t features)
{
	struct json_object *array = json_add_array(object, "features");

	for (size_t i = 0; i < NAMES; i++)
		if (features & names[i].bit)
			json_object_array_add(array, json_object_new_string(names[i].name));
}
