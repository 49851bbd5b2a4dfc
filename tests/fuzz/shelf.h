/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shelf of devices that can only be looked at: a backend of which every
 * descriptor and string is the input's.
 */
#ifndef TESTS_FUZZ_SHELF_H
#define TESTS_FUZZ_SHELF_H

#include "exporter/device.h"
#include "fuzz.h"

#define SHELF_DEVICES 4

/* One device of the input's; its memory is its own, byte for byte. */
void shelf_fill(struct input *input, struct backend_device *device, unsigned int number);
void shelf_clear(struct backend_device *device);

/* A backend with up to SHELF_DEVICES of them. */
struct backend *shelf_new(struct input *input);
void shelf_free(struct backend *backend);

#endif
