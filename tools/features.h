/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was agreed with an exporter beyond USB/IP, in words.
 */
#ifndef TOOLS_FEATURES_H
#define TOOLS_FEATURES_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/* ", streams, digest": each with a comma before it; "" for none. */
void features_text(char *text, size_t size, uint64_t features);

/* "features": an array of words. */
void features_add_json(struct json_object *object, uint64_t features);

#endif
