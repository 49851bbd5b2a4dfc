/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Digests of messages (docs/PROTOCOL.md, 6.3): CRC-32C by the kernel's own
 * routine, which takes the processor's.
 */
#ifndef _SUBURB_DIGEST_H
#define _SUBURB_DIGEST_H

#include <linux/crc32c.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* What suburb_digest_add() begins with. */
#define SUBURB_DIGEST_SEED (~(u32)0)

static inline u32 suburb_digest_add(u32 crc, const void *data, unsigned int bytes)
{
	return crc32c(crc, data, bytes);
}

/* As on the wire. */
static inline __be32 suburb_digest_of(u32 crc)
{
	return cpu_to_be32(~crc);
}

#endif
