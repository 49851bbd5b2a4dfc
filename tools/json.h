/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small additions to json-c: foreign text as valid UTF-8, ids as the four hex
 * digits that people know, and one way to print a document.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void json_add_text(struct json_object *object, const char *key, const char *value);
void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_id(struct json_object *object, const char *key, uint16_t id);

/* A new, empty array as the value of @key. */
struct json_object *json_add_array(struct json_object *object, const char *key);

/* A new, empty object at the end of @array. */
struct json_object *json_append_object(struct json_object *array);

/* Prints to stdout and frees: in full, or on one line. */
void json_print(struct json_object *object, bool one_line);

/* {"error": message}, for a run that ends before it has anything else to say. */
void json_print_error(const char *message);

#endif
