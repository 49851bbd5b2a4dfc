/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoint 0 of an emulated device: the standard requests of chapter 9, and
 * the way of all others to the device's function.
 *
 * A request is answered in one go; nothing here waits. What a device does not
 * support it stalls, and the next request finds it as if nothing had been.
 */
#ifndef EXPORTER_BACKEND_EMULATED_CONTROL_H
#define EXPORTER_BACKEND_EMULATED_CONTROL_H

#include "exporter/backend/emulated/device.h"

/* Bytes of the answer, not yet cut to wLength; or -SUBURB_EPIPE. */
int emulated_control(struct emulated_device *d, struct emulated_control *control);

/**
 * emulated_control_transfer - run a control transfer
 *
 * Return: the status for it; its actual_length is set.
 */
int32_t emulated_control_transfer(struct emulated_device *d, struct backend_transfer *transfer);

#endif
