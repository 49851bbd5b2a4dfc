/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The place of a device that is away for a moment: a backend whose device is
 * refused everything with -SUBURB_ENODEV, and has ordinary memory for buffers.
 */
#ifndef EXPORTER_ABSENT_H
#define EXPORTER_ABSENT_H

#include "backend.h"

/* @device becomes the place of @away: its names, no configuration, no strings. */
void absent_init(struct backend_device *device, const struct backend_device *away);

#endif
