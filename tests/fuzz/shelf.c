// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices to be looked at. See shelf.h.
 */
#include "shelf.h"

#define LONGEST_SET 300

struct shelf {
	struct backend backend;
	struct backend_device device[SHELF_DEVICES];
	unsigned int count;
};

/* Descriptors as they begin, mostly, with the rest and the lengths the input's. */
static void put_descriptor(struct input *input, uint8_t *set, size_t *size)
{
	static const uint8_t usual[][9] = {
		{ 9, 4, 0, 0, 1, 3, 1, 1 }, { 9, 4, 0, 1, 1, 8, 6, 80 }, { 9, 4, 1, 0, 0, 9 },
		{ 7, 5, 0x81, 3, 8, 0, 4 }, { 7, 5, 0x02, 2, 0, 2, 0 },	{ 7, 5, 0x83, 1, 0, 4, 1 },
		{ 6, 48, 0, 4, 0, 0 },	    { 6, 48, 0, 16, 0, 0 },	{ 9, 2, 30, 0, 1, 1 },
		{ 9, 0x21, 0x11, 1, 0 },
	};
	uint8_t n = input_u8(input);
	uint8_t bytes[9];

	memcpy(bytes, usual[n % 10], sizeof(bytes));
	while (input_once_in(input, 2))
		bytes[input_upto(input, 8)] = input_u8(input);
	n = input_once_in(input, 16) ? input_upto(input, 9) : usual[n % 10][0];
	memcpy(set + *size, bytes, n);
	*size += n;
}

static char *string(struct input *input)
{
	char text[40];

	if (input_once_in(input, 3))
		return NULL;
	input_bytes(input, text, input_upto(input, sizeof(text) - 1));
	text[sizeof(text) - 1] = '\0';
	return strdup(text);
}

static void fill_set(struct input *input, struct backend_device *device)
{
	uint8_t set[LONGEST_SET + 9];
	size_t size = 0;

	if (input_once_in(input, 8))
		return;
	while (size < LONGEST_SET && !input_once_in(input, 8) && input->left)
		put_descriptor(input, set, &size);
	device->configuration = malloc(size ? size : 1);
	fuzz_assert(device->configuration);
	memcpy(device->configuration, set, size);
	device->configuration_length = size;
}

void shelf_fill(struct input *input, struct backend_device *device, unsigned int number)
{
	*device = (struct backend_device){ .busnum = 1, .devnum = (uint16_t)(2 + number) };
	snprintf(device->busid, sizeof(device->busid), "1-%u", number + 1);
	input_bytes(input, device->path, input_upto(input, 255));
	device->speed = input_upto(input, 6);
	input_bytes(input, device->descriptor, sizeof(device->descriptor));
	device->manufacturer = string(input);
	device->product = string(input);
	device->serial = string(input);
	fill_set(input, device);
}

void shelf_clear(struct backend_device *device)
{
	free(device->manufacturer);
	free(device->product);
	free(device->serial);
	free(device->configuration);
}

static int shelf_start(struct backend *backend, uv_loop_t *loop,
		       const struct backend_events *events)
{
	struct shelf *shelf = (struct shelf *)backend;

	for (unsigned int i = 0; i < shelf->count; i++)
		events->arrived(events->owner, &shelf->device[i]);
	return 0;
}

static void shelf_stop(struct backend *backend)
{
}

static const struct backend_ops shelf_ops = {
	.name = "shelf",
	.start = shelf_start,
	.stop = shelf_stop,
};

struct backend *shelf_new(struct input *input)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));

	fuzz_assert(shelf);
	shelf->backend.ops = &shelf_ops;
	shelf->count = input_upto(input, SHELF_DEVICES);
	for (unsigned int i = 0; i < shelf->count; i++) {
		shelf_fill(input, &shelf->device[i], i);
		shelf->device[i].backend = &shelf->backend;
	}
	return &shelf->backend;
}

void shelf_free(struct backend *backend)
{
	struct shelf *shelf = (struct shelf *)backend;

	for (unsigned int i = 0; i < shelf->count; i++)
		shelf_clear(&shelf->device[i]);
	free(shelf);
}
