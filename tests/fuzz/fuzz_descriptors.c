// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/shelf.c tests/fuzz/quiet_log.c suburbd */
/*
 * Descriptors and strings of devices, which may lie: walked, made a table of,
 * matched with rules, printed. Nothing beyond their last byte is looked at, and
 * nothing of theirs moves a terminal's cursor.
 */
#include "exporter/descriptors.h"
#include "exporter/list.h"
#include "exporter/rules.h"
#include "shelf.h"

static void check_walk(const uint8_t *set, size_t size)
{
	struct descriptor_walk walk = { set, size };
	const uint8_t *d, *last = NULL;

	while ((d = descriptor_next(&walk))) {
		fuzz_assert(d >= set && d < set + size && d[0] >= 2);
		fuzz_assert(d + d[0] <= set + size && (!last || d >= last + last[0]));
		last = d;
	}
}

static void check_table(const struct endpoint_table *table)
{
	for (int in = 0; in < 2; in++) {
		fuzz_assert(!(table->present[in] & 1));
		for (int n = 0; n < 16; n++) {
			fuzz_assert(table->type[in][n] <= 3);
			fuzz_assert(table->streams[in][n] <= 65533);
			if (!(table->present[in] >> n & 1))
				fuzz_assert(!table->streams[in][n] && !table->type[in][n]);
			if (table->streams[in][n])
				fuzz_assert(table->type[in][n] == ENDPOINT_BULK);
		}
	}
}

/* One setting's endpoints are among those of all. */
static void check_tables(struct input *input, const uint8_t *set, size_t size)
{
	struct endpoint_table all, some;
	uint8_t altsetting[256] = { 0 };

	altsetting[input_u8(input)] = input_u8(input);
	endpoint_table_build(&all, set, size, NULL);
	endpoint_table_build(&some, set, size, altsetting);
	check_table(&all);
	check_table(&some);
	for (int in = 0; in < 2; in++)
		fuzz_assert(!(some.present[in] & ~all.present[in]));
}

static void check_interfaces(const uint8_t *set, size_t size)
{
	const uint8_t *found[255];
	size_t n = descriptors_interfaces(set, size, found, 255), i;

	fuzz_assert(n <= 255);
	for (i = 0; i < n; i++) {
		fuzz_assert(found[i] >= set && found[i] + 9 <= set + size);
		fuzz_assert(descriptors_have_altsetting(set, size, found[i][2], found[i][3]));
	}
	descriptors_have_streams(set, size);
}

static void check_rules(struct input *input, const struct backend_device *device)
{
	static const char *const texts[] = { "all", "class:hid", "class:mass-storage", "1-1",
					     "1234:5678", "1234:5678:a" };
	struct rules rules;
	char error[256];

	rules_init(&rules);
	rules_add(&rules, texts[input_upto(input, 5)], error, sizeof(error));
	if (rules_match(&rules, device))
		fuzz_assert(rules_exportable(device));
	rules_free(&rules);
}

static void check_printed(const struct backend_device *device)
{
	static char text[1 << 16];
	FILE *out = fmemopen(text, sizeof(text), "w");

	fuzz_assert(out);
	list_device(out, device, NULL);
	fclose(out);
	for (const char *c = text; *c; c++)
		fuzz_assert((unsigned char)*c >= ' ' ? *c != 0x7f : *c == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct backend_device device;
	const uint8_t *set;

	shelf_fill(&input, &device, 0);
	set = device.configuration;
	if (set) {
		check_walk(set, device.configuration_length);
		check_interfaces(set, device.configuration_length);
	}
	check_tables(&input, set, device.configuration_length);
	check_rules(&input, &device);
	check_printed(&device);
	shelf_clear(&device);
	return 0;
}
