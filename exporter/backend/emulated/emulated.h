/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend "emulated": USB devices made of software, on bus 99, which no
 * machine has. They need no hardware and no privilege.
 *
 *   keyboard[:TEXT]   types TEXT (else "suburb") once, when somebody has read
 *                     it for a second, and again when Scroll Lock goes on
 *   mouse             moves its pointer round a small square, likewise once
 *   serial            gives back what is sent to it
 *   disk:FILE         a disk whose sectors are FILE's; read-only if FILE is
 *   uas:FILE          the same at super speed, with UAS: 64 commands at a time
 *   loopback[:SPEED]  endpoints that echo, swallow and give data; SPEED is
 *                     full, high, super or super-plus
 *   sound             a sound card: what is played is recorded, bit for bit
 *   camera            a camera that shows a moving test picture
 *   usbtest[:SPEED,mod63]  what Linux' driver usbtest tests with
 *   modeswitch        becomes another device with each reset of its port
 */
#ifndef EXPORTER_BACKEND_EMULATED_EMULATED_H
#define EXPORTER_BACKEND_EMULATED_EMULATED_H

#include "exporter/backend.h"

/* Without devices; NULL if memory is out. */
struct backend *emulated_backend_new(void);

/**
 * emulated_backend_add - plug a new device in: 99-1, 99-2, ... in turn
 * @spec: as above
 * @error: gets one line, without a newline, saying what is wrong
 *
 * Before start() or after it. Return: 0, or -1 and nothing was plugged in.
 */
int emulated_backend_add(struct backend *backend, const char *spec, char *error, size_t size);

/**
 * emulated_backend_unplug - pull a device out, as a hand would
 *
 * Return: 0, or -SUBURB_ENODEV if nothing of that name is plugged in.
 */
int emulated_backend_unplug(struct backend *backend, const char *busid);

/**
 * emulated_backend_plug - plug it in again: same name, fresh device
 *
 * Return: 0, -SUBURB_EBUSY if it is plugged in, -SUBURB_ENODEV if nothing ever
 * had that name, -SUBURB_EIO if it could not be made again (a file is gone).
 */
int emulated_backend_plug(struct backend *backend, const char *busid);

/* After stop(), once the loop has let go; or without start(). */
void emulated_backend_free(struct backend *backend);

#endif
