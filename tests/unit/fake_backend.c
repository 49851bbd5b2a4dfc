// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A backend for unit tests. See fake_backend.h.
 *
 * What the backend's contract forbids to its user fails the test here: use of
 * a closed device, a change while endpoint 0 is busy, closing with transfers
 * in flight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_backend.h"

static uint8_t configuration[] = {
	9, 2, 62, 0, 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0xff, 0, 0, 0, /* interface 0, altsetting 0 */
	7, 5, 0x01, 2, 0, 2, 0,
	7, 5, 0x81, 2, 0, 2, 0,
	7, 5, 0x82, 3, 8, 0, 4,
	9, 4, 0, 1, 3, 0xff, 0, 0, 0, /* altsetting 1 */
	7, 5, 0x01, 2, 0, 2, 0,
	7, 5, 0x83, 1, 0, 4, 1,
	7, 5, 0x03, 1, 0, 4, 1,
};

static const uint8_t descriptor[18] = {
	18, 1, 0x00, 0x02, 0xef, 2, 1, 64, 0x34, 0x12, 0x78, 0x56, 0x01, 0x02, 1, 2, 3, 1,
};

static struct fake *fake_of(struct backend_device *device)
{
	return (struct fake *)((char *)device - offsetof(struct fake, device));
}

static int fake_start(struct backend *backend, uv_loop_t *loop, const struct backend_events *events)
{
	struct fake *fake = (struct fake *)((char *)backend - offsetof(struct fake, backend));

	fake->events = *events;
	events->arrived(events->owner, &fake->device);
	return 0;
}

static void fake_stop(struct backend *backend)
{
}

static int fake_open(struct backend_device *device)
{
	struct fake *fake = fake_of(device);

	assert_false(fake->is_open);
	if (fake->fail_open)
		return fake->fail_open;
	fake->opens++;
	fake->is_open = true;
	return 0;
}

static void fake_close(struct backend_device *device)
{
	struct fake *fake = fake_of(device);

	assert_true(fake->is_open);
	assert_int_equal(fake->count, 0);
	assert_null(fake->change);
	assert_int_equal(fake->allocated, 0);
	fake->closes++;
	fake->is_open = false;
}

/* Back to back, and no more than the buffer. */
static void check_packets(const struct backend_transfer *transfer)
{
	uint32_t at = 0;

	assert_true(!transfer->packets == !transfer->iso);
	assert_int_equal(!transfer->packets, transfer->type != 1);
	for (uint32_t i = 0; i < transfer->packets; i++) {
		assert_int_equal(transfer->iso[i].offset, at);
		assert_int_equal(transfer->iso[i].actual_length, 0);
		assert_int_equal(transfer->iso[i].status, 0);
		at += transfer->iso[i].length;
	}
	if (transfer->packets)
		assert_int_equal(at, transfer->length);
}

static int fake_submit(struct backend_device *device, struct backend_transfer *transfer)
{
	struct fake *fake = fake_of(device);

	assert_true(fake->is_open);
	assert_null(fake->change);
	assert_true(transfer->buffer || !transfer->length);
	check_packets(transfer);
	if (fake->fail_submit)
		return fake->fail_submit;
	assert_true(fake->count < FAKE_MAX);
	transfer->priv = NULL;
	fake->transfers[fake->count++] = transfer;
	fake->submitted++;
	return 0;
}

static void fake_cancel(struct backend_device *device, struct backend_transfer *transfer)
{
	struct fake *fake = fake_of(device);

	for (size_t i = 0; i < fake->count; i++) {
		if (fake->transfers[i] == transfer) {
			fake->cancels++;
			transfer->priv = fake;
			return;
		}
	}
	fail_msg("cancelled what is not in flight");
}

static int fake_change(struct backend_device *device, struct backend_change *change)
{
	struct fake *fake = fake_of(device);

	assert_null(fake->change);
	for (size_t i = 0; i < fake->count; i++)
		assert_true(fake->transfers[i]->endpoint & 0x0f);
	if (change->kind == BACKEND_OPEN && fake->fail_open)
		return fake->fail_open;
	if (change->kind != BACKEND_OPEN)
		assert_true(fake->is_open);
	if (fake->fail_change && change->kind != BACKEND_CLOSE)
		return fake->fail_change;
	fake->change = change;
	fake->changes++;
	return 0;
}

static uint8_t *fake_alloc(struct backend_device *device, size_t size)
{
	struct fake *fake = fake_of(device);

	assert_true(fake->is_open);
	assert_true(size > 0);
	if (fake->fail_alloc)
		return NULL;
	fake->allocated += size;
	return malloc(size);
}

static void fake_free(struct backend_device *device, uint8_t *buffer, size_t size)
{
	struct fake *fake = fake_of(device);

	assert_true(fake->is_open);
	assert_true(fake->allocated >= size);
	fake->allocated -= size;
	free(buffer);
}

static const struct backend_ops fast_ops = {
	.name = "fake",
	.start = fake_start,
	.stop = fake_stop,
	.open = fake_open,
	.close = fake_close,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.change = fake_change,
	.alloc = fake_alloc,
	.free = fake_free,
};

static const struct backend_ops slow_ops = {
	.name = "slow fake",
	.start = fake_start,
	.stop = fake_stop,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.change = fake_change,
	.alloc = fake_alloc,
	.free = fake_free,
};

void fake_init(struct fake *fake, bool slow)
{
	struct backend_device *device = &fake->device;

	memset(fake, 0, sizeof(*fake));
	fake->backend.ops = slow ? &slow_ops : &fast_ops;
	device->backend = &fake->backend;
	strcpy(device->busid, FAKE_BUSID);
	strcpy(device->path, "/fake/device");
	device->busnum = FAKE_BUSNUM;
	device->devnum = FAKE_DEVNUM;
	device->speed = SUBURB_SPEED_HIGH;
	memcpy(device->descriptor, descriptor, sizeof(descriptor));
	device->configuration = configuration;
	device->configuration_length = sizeof(configuration);
}

void fake_complete(struct fake *fake, size_t index, int32_t status, uint32_t actual_length)
{
	struct backend_transfer *transfer;

	assert_true(index < fake->count);
	transfer = fake->transfers[index];
	fake->count--;
	memmove(&fake->transfers[index], &fake->transfers[index + 1],
		(fake->count - index) * sizeof(transfer));
	transfer->status = status;
	transfer->actual_length = actual_length;
	transfer->done(transfer);
}

void fake_changed(struct fake *fake, int32_t status)
{
	struct backend_change *change = fake->change;

	assert_non_null(change);
	if (change->kind == BACKEND_OPEN && status == 0) {
		fake->opens++;
		fake->is_open = true;
	}
	if (change->kind == BACKEND_CLOSE) {
		assert_int_equal(fake->count, 0);
		assert_int_equal(fake->allocated, 0);
		fake->closes++;
		fake->is_open = false;
	}
	fake->change = NULL;
	change->status = status;
	change->done(change);
}

void fake_unplug(struct fake *fake)
{
	fake->events.left(fake->events.owner, &fake->device);
	if (fake->change)
		fake_changed(fake, -SUBURB_ENODEV);
	while (fake->count)
		fake_complete(fake, 0, -SUBURB_ENODEV, 0);
}
