// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The place of a device that is away. See absent.h.
 *
 * Nothing is ever in flight here, so there is nothing to start, to cancel or
 * to close.
 */
#include <stdlib.h>

#include "absent.h"

static int absent_submit(struct backend_device *device, struct backend_transfer *transfer)
{
	return -SUBURB_ENODEV;
}

static void absent_cancel(struct backend_device *device, struct backend_transfer *transfer)
{
}

static int absent_change(struct backend_device *device, struct backend_change *change)
{
	return -SUBURB_ENODEV;
}

static uint8_t *absent_alloc(struct backend_device *device, size_t size)
{
	return malloc(size);
}

static void absent_free(struct backend_device *device, uint8_t *buffer, size_t size)
{
	free(buffer);
}

static const struct backend_ops ops = {
	.name = "absent",
	.submit = absent_submit,
	.cancel = absent_cancel,
	.change = absent_change,
	.alloc = absent_alloc,
	.free = absent_free,
};

static struct backend backend = { .ops = &ops };

void absent_init(struct backend_device *device, const struct backend_device *away)
{
	*device = *away;
	device->backend = &backend;
	device->configuration = NULL;
	device->configuration_length = 0;
	device->manufacturer = NULL;
	device->product = NULL;
	device->serial = NULL;
}
