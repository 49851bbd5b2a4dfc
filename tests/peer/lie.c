// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lies. See lie.h; offsets are those of docs/PROTOCOL.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lie.h"

#define HEADER                                                                            \
	{ "command", 0, 4 }, { "seqnum", 4, 4 }, { "devid", 8, 4 }, { "direction", 12, 4 }, \
		{ "ep", 16, 4 }

#define LAYOUT(name_, ...) \
	static const struct field name_##_fields[] = { __VA_ARGS__ }; \
	const struct layout name_ = { name_##_fields, \
				       sizeof(name_##_fields) / sizeof(name_##_fields[0]) }

LAYOUT(layout_submit, HEADER, { "transfer_flags", 20, 4 }, { "length", 24, 4 },
       { "start_frame", 28, 4 }, { "number_of_packets", 32, 4 }, { "interval", 36, 4 },
       { "bmRequestType", 40, 1 }, { "bRequest", 41, 1 }, { "wValue", 42, 2 },
       { "wIndex", 44, 2 }, { "wLength", 46, 2 });
LAYOUT(layout_unlink, HEADER, { "target", 20, 4 }, { "padding", 24, 4 });
LAYOUT(layout_ret_submit, HEADER, { "status", 20, 4 }, { "actual_length", 24, 4 },
       { "start_frame", 28, 4 }, { "number_of_packets", 32, 4 }, { "error_count", 36, 4 },
       { "padding", 40, 4 });
LAYOUT(layout_ret_unlink, HEADER, { "status", 20, 4 }, { "padding", 24, 4 });
LAYOUT(layout_iso, { "offset", 0, 4 }, { "length", 4, 4 }, { "actual_length", 8, 4 },
       { "status", 12, 4 });
LAYOUT(layout_endpoints, { "first", 0, 1 }, { "second", 1, 1 });
LAYOUT(layout_digest, { "digest", 48, 4 });

#define OPERATION { "version", 0, 2 }, { "code", 2, 2 }, { "status", 4, 4 }
#define BUSID_AT 8
LAYOUT(layout_import, OPERATION, { "busid", BUSID_AT, 4 }, { "busid_end", BUSID_AT + 4, 1 },
       { "magic", BUSID_AT + 20, 2 }, { "extension", BUSID_AT + 23, 1 },
       { "features", BUSID_AT + 24, 4 }, { "check", BUSID_AT + 28, 4 });

/* A device record that begins there. */
#define RECORD(at)                                                                               \
	{ "path", at, 4 }, { "busid", (at) + 256, 4 }, { "busnum", (at) + 288, 4 },              \
		{ "devnum", (at) + 292, 4 }, { "speed", (at) + 296, 4 },                         \
		{ "idVendor", (at) + 300, 2 }, { "idProduct", (at) + 302, 2 },                   \
		{ "bcdDevice", (at) + 304, 2 }, { "bDeviceClass", (at) + 306, 1 },               \
		{ "bDeviceSubClass", (at) + 307, 1 }, { "bDeviceProtocol", (at) + 308, 1 },      \
		{ "bConfigurationValue", (at) + 309, 1 },                                        \
		{ "bNumConfigurations", (at) + 310, 1 }, { "bNumInterfaces", (at) + 311, 1 }
LAYOUT(layout_imported, OPERATION, RECORD(8), { "magic", 8 + 128, 2 }, { "extension", 8 + 131, 1 },
       { "features", 8 + 132, 4 }, { "session", 8 + 136, 4 }, { "check", 8 + 252, 4 });
LAYOUT(layout_listed, OPERATION, { "count", 8, 4 }, RECORD(12));

/* --- values --------------------------------------------------------------- */

#define VALUES 9

static uint32_t all_ones(const struct field *field)
{
	return field->size == 4 ? 0xffffffff : (1u << 8 * field->size) - 1;
}

static uint32_t value_of(const struct field *field, uint32_t honest, uint32_t length, size_t n)
{
	const uint32_t ones = all_ones(field);
	const uint32_t values[VALUES] = {
		0, 1, ones, ones >> 1, (ones >> 1) + 1, honest + 1, honest - 1, length + 1, length - 1,
	};

	return values[n] & ones;
}

size_t lies_singles(const struct layout *layout)
{
	return layout->count * VALUES;
}

static struct lie nth(const struct layout *layout, const void *message, uint32_t length, size_t n)
{
	const struct field *field = &layout->fields[n / VALUES];

	return (struct lie){
		field,
		value_of(field, lies_get(message, field), length, n % VALUES),
	};
}

void lies_single(struct lies *lies, const struct layout *layout, const void *message,
		 uint32_t length, size_t n)
{
	lies->count = 1;
	lies->lie[0] = nth(layout, message, length, n);
}

uint32_t lies_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

void lies_pair(struct lies *lies, const struct layout *layout, const void *message,
	       uint32_t length, uint32_t *seed)
{
	const size_t singles = lies_singles(layout);

	lies->count = 2;
	for (int i = 0; i < 2; i++)
		lies->lie[i] = nth(layout, message, length, lies_random(seed) % singles);
}

/* --- messages ------------------------------------------------------------- */

uint32_t lies_get(const void *message, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)message + field->at;
	uint32_t value = 0;

	for (unsigned int i = 0; i < field->size; i++)
		value = value << 8 | at[i];
	return value;
}

void lies_tell(const struct lies *lies, void *message)
{
	for (unsigned int i = 0; i < lies->count; i++) {
		const struct field *field = lies->lie[i].field;
		uint8_t *at = (uint8_t *)message + field->at;

		for (unsigned int k = 0; k < field->size; k++)
			at[k] = (uint8_t)(lies->lie[i].value >> 8 * (field->size - 1 - k));
	}
}

/* --- text ----------------------------------------------------------------- */

const char *lies_text(const struct lies *lies)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < lies->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=0x%x",
					 i ? " " : "", lies->lie[i].field->name,
					 lies->lie[i].value);
	return text;
}

bool lies_parse(struct lies *lies, const struct layout *layout, const char *word)
{
	const char *equals = strchr(word, '=');

	for (size_t i = 0; equals && lies->count < LIES_MOST && i < layout->count; i++) {
		const struct field *field = &layout->fields[i];
		size_t length = strlen(field->name);

		if (length != (size_t)(equals - word) || memcmp(word, field->name, length))
			continue;
		lies->lie[lies->count++] =
			(struct lie){ field, (uint32_t)strtoul(equals + 1, NULL, 0) };
		return true;
	}
	return false;
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

uint32_t lies_seed(void)
{
	uint32_t seed = number("PEER_SEED", 1);

	return seed ? seed : 1;
}

unsigned int lies_pairs(unsigned int pairs)
{
	return number("PEER_PAIRS", pairs);
}
