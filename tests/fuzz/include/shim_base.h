/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types, numbers, errors, the log, tracepoints. See shim.h.
 */
#ifndef TESTS_FUZZ_SHIM_BASE_H
#define TESTS_FUZZ_SHIM_BASE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <asm/byteorder.h>
#include <linux/types.h>

#define u8 __u8
#define u16 __u16
#define u32 __u32
#define u64 __u64
#define s32 __s32
#define s64 __s64

typedef unsigned int gfp_t;
typedef unsigned int __poll_t;
typedef u64 ktime_t;

#define __user
#define __packed __attribute__((__packed__))
#define __maybe_unused __attribute__((__unused__))
#define static_assert(condition, ...) _Static_assert(condition, "" __VA_ARGS__)

#define ENOTSUPP 524

#define KERNEL_VERSION(a, b, c) ((a) << 16 | (b) << 8 | (c))
#define LINUX_VERSION_CODE KERNEL_VERSION(6, 1, 0)

/* What must hold, or the target crashes. */
#define shim_assert(condition) \
	((condition) ? (void)0 : shim_fail(__FILE__, __LINE__, #condition))
__attribute__((noreturn)) void shim_fail(const char *file, int line, const char *condition);

/* --- the module ----------------------------------------------------------- */

#define __init
#define __exit
#define MODULE_DESCRIPTION(text) _Static_assert(sizeof(text), "")
#define MODULE_AUTHOR MODULE_DESCRIPTION
#define MODULE_LICENSE MODULE_DESCRIPTION
#define MODULE_VERSION MODULE_DESCRIPTION

int suburb_module_init(void);
void suburb_module_exit(void);

#define module_init(function)          \
	int suburb_module_init(void)   \
	{                              \
		return function();     \
	}                              \
	_Static_assert(1, "")
#define module_exit(function)          \
	void suburb_module_exit(void)  \
	{                              \
		function();            \
	}                              \
	_Static_assert(1, "")

/* --- numbers -------------------------------------------------------------- */

#define BIT(n) (1UL << (n))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN(x, a) (((x) + ((a) - 1)) & ~((__typeof__(x))(a) - 1))

#define min(a, b)                         \
	({                                \
		__typeof__(a) a_ = (a);   \
		__typeof__(b) b_ = (b);   \
		a_ < b_ ? a_ : b_;        \
	})
#define max(a, b)                         \
	({                                \
		__typeof__(a) a_ = (a);   \
		__typeof__(b) b_ = (b);   \
		a_ > b_ ? a_ : b_;        \
	})
#define min3(a, b, c) min(min(a, b), c)
#define max3(a, b, c) max(max(a, b), c)
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp_t(type, x, low, high) min_t(type, max_t(type, x, low), high)

#define U32_MAX (~(u32)0)
#define U64_MAX (~(u64)0)
#define rounddown(x, step) ((x) - (x) % (step))

#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

#define cpu_to_be32(x) __cpu_to_be32(x)
#define be32_to_cpu(x) __be32_to_cpu(x)
#define cpu_to_le16(x) __cpu_to_le16(x)
#define le16_to_cpu(x) __le16_to_cpu(x)
#define le32_to_cpu(x) __le32_to_cpu(x)

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (63 - __builtin_clzl(n));
}

static inline void put_unaligned_le16(u16 value, void *to)
{
	__le16 wire = cpu_to_le16(value);

	memcpy(to, &wire, sizeof(wire));
}

static inline void put_unaligned_le32(u32 value, void *to)
{
	__le32 wire = __cpu_to_le32(value);

	memcpy(to, &wire, sizeof(wire));
}

u32 crc32c(u32 crc, const void *data, unsigned int bytes);

/* The first byte that is not @byte. */
static inline void *memchr_inv(const void *bytes, int byte, size_t size)
{
	const u8 *at = bytes;

	for (; size; size--, at++)
		if (*at != (u8)byte)
			return (void *)at;
	return NULL;
}

/* --- errors --------------------------------------------------------------- */

#define ERR_PTR(error) ((void *)(long)(error))
#define PTR_ERR(pointer) ((long)(pointer))
#define IS_ERR(pointer) ((unsigned long)(pointer) >= (unsigned long)-4095)
#define ERR_CAST(pointer) ((void *)(pointer))

/* --- the log and tracepoints ---------------------------------------------- */

__attribute__((format(printf, 1, 2))) void shim_log(const char *format, ...);

#define pr_info shim_log
#define pr_warn_ratelimited shim_log

#define TP_PROTO(...) __VA_ARGS__
#define TRACE_EVENT(name, proto, ...) \
	static inline void trace_##name(proto) \
	{ \
	}

#endif
