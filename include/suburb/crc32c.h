/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * CRC-32C (Castagnoli; RFC 3720, 12.1) in 64 bytes of table: for the few bytes
 * of a handshake anywhere, and for whole messages where neither the kernel nor
 * the processor has a routine of its own.
 *
 * To begin give 0 as @crc; to go on give what the last call returned.
 */
#ifndef _SUBURB_CRC32C_H
#define _SUBURB_CRC32C_H

#include "types.h"

static inline __u32 suburb_crc32c(__u32 crc, const void *bytes, size_t size)
{
	/* The remainders of the 16 values of half a byte, bits reflected. */
	static const __u32 half[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const __u8 *at = bytes;

	crc = ~crc;
	while (size--) {
		crc ^= *at++;
		crc = crc >> 4 ^ half[crc & 0x0f];
		crc = crc >> 4 ^ half[crc & 0x0f];
	}
	return ~crc;
}

#endif
