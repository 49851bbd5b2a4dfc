// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON output. See json.h; the keys are in suburb(1), and stay as they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

void json_add_text(struct json_object *object, const char *key, const char *value)
{
	size_t size = 3 * strlen(value) + 1; /* each byte may become U+FFFD */
	char *utf8 = malloc(size);

	if (!utf8)
		return;
	text_utf8(utf8, size, value);
	json_object_object_add(object, key, json_object_new_string(utf8));
	free(utf8);
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_id(struct json_object *object, const char *key, uint16_t id)
{
	char text[8];

	snprintf(text, sizeof(text), "%04x", id);
	json_object_object_add(object, key, json_object_new_string(text));
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, key, array);
	return array;
}

struct json_object *json_append_object(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(array, object);
	return object;
}

static void puts_harmless(const char *json)
{
	size_t size = 3 * strlen(json) + 1;
	char *text = malloc(size);

	if (!text)
		return;
	text_escape_json(text, size, json);
	puts(text);
	free(text);
}

void json_print(struct json_object *object, bool one_line)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (!one_line)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts_harmless(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

void json_print_error(const char *message)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "error", message);
	json_print(object, false);
}
