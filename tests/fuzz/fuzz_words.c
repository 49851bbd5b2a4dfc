// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: suburb */
/*
 * Words of the tool's command line, and foreign text that it prints: hosts,
 * devices, strings of any bytes in any encoding, the database of names.
 */
#include "tools/host.h"
#include "tools/select.h"
#include "tools/text.h"
#include "tools/usbids.h"

#include "fuzz.h"

/* Bytes until the first NUL, in memory of that size. */
static char *word(struct input *input)
{
	char *text = malloc(input->left + 1);

	fuzz_assert(text);
	memcpy(text, input->at, input->left);
	text[input->left] = '\0';
	return text;
}

/* A host says of itself how it is written. */
static void host(const char *text)
{
	struct host host, again;
	struct failure failure;

	if (host_parse(text, &host, &failure))
		return;
	fuzz_assert(memchr(host.name, 0, sizeof(host.name)));
	fuzz_assert(host_parse(host.text, &again, &failure) == 0);
	fuzz_assert(host.kind == again.kind && host.port == again.port && host.cid == again.cid);
	fuzz_assert(!strcmp(host.name, again.name) && !strcmp(host.text, again.text));
}

static void device(const char *text)
{
	struct suburb_device device = { .busid = "1-1", .id_vendor = 0x1234 };
	struct failure failure;
	struct select select;

	if (select_parse(text, &select, &failure))
		return;
	select_matches(&select, &device);
	if (select.kind == SELECT_SERIAL)
		fuzz_assert(select.serial >= text && *select.serial);
}

static bool is_utf8(const char *text)
{
	char again[4096];

	text_utf8(again, sizeof(again), text);
	return !strncmp(text, again, strlen(again));
}

static void escaped(struct input *input, const char *text)
{
	size_t size = 1 + input_upto(input, 200), length;
	char *out = malloc(size), again[1024];

	fuzz_assert(out);
	length = text_escape(out, size, text);
	fuzz_assert(length < size && strlen(out) == length && is_utf8(out));
	fuzz_assert(text_escape(again, sizeof(again), out) == length && !strcmp(out, again));
	length = text_utf8(out, size, text);
	fuzz_assert(length < size && strlen(out) == length && is_utf8(out));
	fuzz_assert(text_width(out) <= length);
	free(out);
}

static void utf16(struct input *input, const uint8_t *bytes, size_t size)
{
	size_t room = 1 + input_upto(input, 200), length;
	uint8_t *in = malloc(size + 1);
	char *out = malloc(room);

	fuzz_assert(in && out);
	memcpy(in, bytes, size);
	length = text_from_utf16(out, room, in, size / 2);
	fuzz_assert(length < room && strlen(out) == length && is_utf8(out));
	free(in);
	free(out);
}

static void names(struct input *input, char *text)
{
	struct usbids usbids = { .text = text };
	struct usbids_name name;

	usbids_lookup(&usbids, 0x1234, input_u8(input), &name);
	fuzz_assert(memchr(name.vendor, 0, sizeof(name.vendor)));
	fuzz_assert(memchr(name.product, 0, sizeof(name.product)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size > 600 ? 600 : size };
	uint8_t kind = input_u8(&input) % 5;
	uint8_t bytes[2];
	struct input numbers = { bytes, sizeof(bytes) };
	char *text;

	bytes[0] = bytes[1] = kind >= 2 ? input_u8(&input) : 0;
	text = word(&input);
	switch (kind) {
	case 0:
		host(text);
		break;
	case 1:
		device(text);
		break;
	case 2:
		escaped(&numbers, text);
		break;
	case 3:
		utf16(&numbers, input.at, input.left);
		break;
	case 4:
		names(&numbers, text);
		break;
	}
	free(text);
	return 0;
}
