// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: exporter/descriptors.c exporter/handshake.c exporter/device.c exporter/follow.c */
/* sources: exporter/absent.c exporter/rules.c exporter/escape.c exporter/list.c exporter/log.c */
/*
 * A hostile device for suburbd: descriptors in which every byte takes values
 * that hurt, which end anywhere, and which are noise. All that suburbd makes of
 * them (its tables, the list for importers, the list for people) stays within
 * what is there: they lie in memory that ends where they do, so that the
 * sanitizers see the first byte behind. And what is for people is harmless.
 */
#include <stdio.h>

#include "exporter/device.h"
#include "exporter/handshake.h"
#include "exporter/list.h"
#include "lie.h"
#include "tests/protocol/client.h"

/* Two interfaces, one with two settings; companions, an association, class bytes. */
static const uint8_t truth[] = {
	9, 2, 97, 0, 2, 1, 0, 0x80, 50,
	8, 11, 0, 2, 0xff, 0, 0, 0,
	9, 4, 0, 0, 2, 0xff, 0, 0, 0,
	7, 5, 0x81, 2, 0, 4, 0, 6, 48, 0, 4, 0, 0,
	7, 5, 0x02, 2, 0, 4, 0, 6, 48, 0, 4, 0, 0,
	9, 4, 0, 1, 1, 0xff, 0, 0, 0,
	7, 5, 0x83, 1, 0, 4, 1, 6, 48, 0, 0, 0, 4,
	9, 4, 1, 0, 1, 3, 1, 1, 0,
	9, 33, 0x11, 1, 0, 1, 0x22, 0x41, 0,
};

static const uint8_t device_truth[18] = {
	18, 1, 0, 3, 0xef, 2, 1, 9, 9, 0x12, 5, 0, 0, 1, 1, 2, 3, 1,
};

static struct backend_device backend;
static struct device device;
static struct devices devices;
static FILE *nowhere;
static unsigned int cases;

static int start(void **state)
{
	devices_init(&devices, NULL);
	TAILQ_INSERT_TAIL(&devices.list, &device, entry);
	device.backend = &backend;
	strcpy(backend.busid, "1-1");
	strcpy(backend.path, "/sys/devices/1-1");
	backend.speed = SUBURB_SPEED_SUPER;
	memcpy(backend.descriptor, device_truth, sizeof(device_truth));
	nowhere = fopen("/dev/null", "w");
	return nowhere ? 0 : -1;
}

static int stop(void **state)
{
	fclose(nowhere);
	printf("# hostile device for suburbd: %u cases, seed %u\n", cases, lies_seed());
	return 0;
}

/* All that reads descriptors. */
static void look(void)
{
	uint8_t altsetting[256] = { 0 };
	const uint8_t *set = backend.configuration;
	size_t size = backend.configuration_length;
	const uint8_t *found[255];
	struct endpoint_table table;
	struct suburb_device description;
	uint8_t *bytes;

	endpoint_table_build(&table, set, size, altsetting);
	endpoint_table_build(&table, set, size, NULL);
	assert_false((table.present[0] | table.present[1]) & 1);
	descriptors_have_streams(set, size);
	for (unsigned int n = 0; n < 4; n++)
		descriptors_have_altsetting(set, size, (uint8_t)n, (uint8_t)(n / 2));
	assert_true(descriptors_interfaces(set, size, found, ARRAY_SIZE(found)) <= 255);
	device_describe(&device, &description);
	bytes = handshake_devlist(&devices, &size);
	assert_non_null(bytes);
	/* The records that are counted are there. */
	assert_int_equal(size, 12 + 312 + 4 * bytes[12 + 311]);
	free(bytes);
	list_device(nowhere, &backend, NULL);
}

/* In memory of just this size. */
static void look_at(const uint8_t *set, size_t size)
{
	cases++;
	backend.configuration = malloc(size ? size : 1);
	backend.configuration_length = size;
	assert_non_null(backend.configuration);
	memcpy(backend.configuration, set, size);
	look();
	free(backend.configuration);
	backend.configuration = NULL;
	backend.configuration_length = 0;
}

static void every_byte_at_values_that_hurt(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 5, 9, 48, 0x7f, 0x80, 0x81, 0xfe, 0xff };
	uint8_t set[sizeof(truth)];

	for (size_t at = 0; at < sizeof(set); at++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			memcpy(set, truth, sizeof(set));
			set[at] = values[v];
			look_at(set, sizeof(set));
			set[at] = (uint8_t)(truth[at] + (v & 1 ? 1 : -1));
			look_at(set, sizeof(set));
		}
	}
}

static void ends_anywhere(void **state)
{
	for (size_t size = 0; size <= sizeof(truth); size++)
		look_at(truth, size);
	look();
}

static void noise(void **state)
{
	uint32_t seed = lies_seed();
	uint8_t set[4 * sizeof(truth)];

	for (int i = 0; i < 20000; i++) {
		size_t size = lies_random(&seed) % sizeof(set);

		for (size_t at = 0; at < size; at++)
			set[at] = at < sizeof(truth) && i & 1 ? truth[at] :
								(uint8_t)lies_random(&seed) % 64;
		for (int k = 0; k < 4 && size; k++)
			set[lies_random(&seed) % size] = (uint8_t)lies_random(&seed);
		look_at(set, size);
	}
}

/* As many as fit into what sysfs tells of a device, each with every number. */
static void sixty_thousand_bytes_of_interfaces(void **state)
{
	const size_t size = 65535;
	uint8_t *set = malloc(size);

	assert_non_null(set);
	for (size_t at = 0; at + 9 <= size; at += 9) {
		const uint8_t interface[9] = { 9, 4, (uint8_t)(at / 9), (uint8_t)(at / 2304), 255, 255 };

		memcpy(set + at, interface, 9);
	}
	look_at(set, size - size % 9);
	memset(set, 2, size);
	look_at(set, size);
	free(set);
}

/* A name that would command a terminal, or a reader of lines. */
static void names(void **state)
{
	char name[2] = { 0 };
	char *text;
	size_t size;

	for (int byte = 1; byte < 256; byte++) {
		FILE *out = open_memstream(&text, &size);

		name[0] = (char)byte;
		backend.product = backend.manufacturer = backend.serial = name;
		list_device(out, &backend, NULL);
		fclose(out);
		for (size_t i = 0; i < size; i++)
			assert_true((text[i] >= 0x20 && text[i] < 0x7f) || text[i] == '\n');
		free(text);
		cases++;
	}
	backend.product = backend.manufacturer = backend.serial = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_at_values_that_hurt),
		cmocka_unit_test(ends_anywhere),
		cmocka_unit_test(noise),
		cmocka_unit_test(sixty_thousand_bytes_of_interfaces),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("hostile device", tests, start, stop);
}
