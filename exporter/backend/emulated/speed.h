/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The speed of an emulated device, where it may be chosen: by its name, in the
 * argument of --emulate.
 */
#ifndef EXPORTER_BACKEND_EMULATED_SPEED_H
#define EXPORTER_BACKEND_EMULATED_SPEED_H

#include "exporter/backend/emulated/device.h"

/**
 * emulated_speed_choose - for a kind's create()
 * @kind: its name, for the error
 * @name: full, high, super or super-plus
 *
 * Return: 0, or -1 with a line in @error.
 */
int emulated_speed_choose(struct emulated_device *d, const char *kind, const char *name,
			  char *error, size_t size);

#endif
