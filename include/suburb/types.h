/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The few names that the codec and the port state machine need from their
 * surroundings: fixed-width types, byte order, __packed.
 *
 * The kernel and Linux userspace have them under the same spelling. Anything
 * else (a BSD, a bare board with nothing but a compiler) gets them from the
 * compiler's own macros here, so that the files above include one header and
 * hold no #ifdef.
 */
#ifndef _SUBURB_TYPES_H
#define _SUBURB_TYPES_H

#if defined(__KERNEL__)

#include <linux/build_bug.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#else /* userspace or bare board */

#include <stdbool.h>
#include <stddef.h>
#if __STDC_HOSTED__
#include <string.h>
#else /* a freestanding compiler asks for these two anyway */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
#endif

#if defined(__linux__)
#include <asm/byteorder.h>
#include <linux/types.h>
#else
typedef __UINT8_TYPE__ __u8;
typedef __UINT16_TYPE__ __u16;
typedef __UINT32_TYPE__ __u32;
typedef __UINT64_TYPE__ __u64;
typedef __INT32_TYPE__ __s32;
typedef __u16 __be16;
typedef __u32 __be32;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define __cpu_to_be16(x) ((__be16)(x))
#define __cpu_to_be32(x) ((__be32)(x))
#define __be16_to_cpu(x) ((__u16)(x))
#define __be32_to_cpu(x) ((__u32)(x))
#else
#define __cpu_to_be16(x) ((__be16)__builtin_bswap16(x))
#define __cpu_to_be32(x) ((__be32)__builtin_bswap32(x))
#define __be16_to_cpu(x) __builtin_bswap16(x)
#define __be32_to_cpu(x) __builtin_bswap32(x)
#endif
#endif /* __linux__ */

#ifndef __packed
#define __packed __attribute__((__packed__))
#endif
#ifndef static_assert
#define static_assert _Static_assert
#endif

#endif /* __KERNEL__ */

#endif
