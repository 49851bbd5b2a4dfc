/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One URB as messages tell of it. See transfer.c.
 */
#ifndef _SUBURB_TRANSFER_H
#define _SUBURB_TRANSFER_H

#include <linux/types.h>
#include <suburb/wire.h>

#include "buffer.h"

struct urb;

/* Most that one request moves while replies may be taken in softirq. */
#define SUBURB_CALM_BYTES 4096

/**
 * struct suburb_staging - memory for data that has no place yet
 * @data: from kvmalloc(), kept for the next one
 * @size: bytes there
 */
struct suburb_staging {
	u8 *data;
	u32 size;
};

int suburb_transfer_check(const struct urb *urb);
u32 suburb_transfer_bytes(const struct urb *urb);

void suburb_transfer_put(const struct urb *urb, struct suburb_wire_iso *iso, u32 devid, u32 seqnum,
			 struct suburb_wire_header *header, struct suburb_body *body);
int suburb_transfer_reply(const struct urb *urb, struct suburb_wire_iso *iso,
			  struct suburb_staging *staging, const struct suburb_ret_submit *ret,
			  struct suburb_body *body, struct suburb_violation *violation);
int suburb_transfer_discard(bool in, u32 bytes, struct suburb_wire_iso *iso, u32 packets,
			    struct suburb_staging *staging, const struct suburb_ret_submit *ret,
			    struct suburb_body *body, struct suburb_violation *violation);
int suburb_transfer_finish(struct urb *urb, const struct suburb_wire_iso *iso,
			   const struct suburb_staging *staging,
			   const struct suburb_ret_submit *ret,
			   struct suburb_violation *violation);

#endif
