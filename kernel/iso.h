/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of isochronous URBs. See iso.c.
 */
#ifndef _SUBURB_ISO_H
#define _SUBURB_ISO_H

#include <linux/types.h>
#include <suburb/wire.h>

struct urb;

int suburb_iso_check_urb(const struct urb *urb);
u32 suburb_iso_bytes(const struct urb *urb);
u32 suburb_iso_now(void);
void suburb_iso_begin(struct urb *urb, u32 *next, bool idle);

void suburb_iso_put(struct suburb_wire_iso *wire, const struct urb *urb);
int suburb_iso_check(const struct suburb_wire_iso *wire, const struct urb *urb, u32 actual_length,
		     struct suburb_violation *violation);
int suburb_iso_finish(struct urb *urb, const struct suburb_wire_iso *wire, const u8 *data);

#endif
