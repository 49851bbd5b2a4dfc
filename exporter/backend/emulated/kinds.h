/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of emulated devices, and their names. Vendor 0x1209 is pid.codes; its products
 * 0x0001 to 0x0010 are set aside for tests, and no product may be sold with
 * them.
 */
#ifndef EXPORTER_BACKEND_EMULATED_KINDS_H
#define EXPORTER_BACKEND_EMULATED_KINDS_H

#include "exporter/backend/emulated/device.h"

#define EMULATED_VENDOR 0x1209

extern const struct emulated_kind emulated_keyboard; /* product 0x0001 */
extern const struct emulated_kind emulated_mouse; /* product 0x0002 */
extern const struct emulated_kind emulated_serial; /* product 0x0003 */
extern const struct emulated_kind emulated_disk; /* product 0x0004 */
extern const struct emulated_kind emulated_loopback; /* product 0x0005 */
extern const struct emulated_kind emulated_sound; /* product 0x0006 */
extern const struct emulated_kind emulated_camera; /* product 0x0007 */
extern const struct emulated_kind emulated_modeswitch; /* products 0x0008 and 0x0009 */
extern const struct emulated_kind emulated_uas; /* product 0x000a */
extern const struct emulated_kind emulated_usbtest; /* 0525:a4a0, see there */

/**
 * emulated_kind_parse - the kind that a specification names
 * @spec: "kind" or "kind:argument"
 * @argument: gets the place behind the colon, or NULL
 * @error: gets one line when NULL is returned
 */
const struct emulated_kind *emulated_kind_parse(const char *spec, const char **argument,
						char *error, size_t size);

#endif
