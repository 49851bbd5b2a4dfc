// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32C. See crc32c.h.
 *
 * SSE 4.2 and the CRC extension of ARMv8 have it as an instruction that takes
 * eight bytes. Whether this processor is one of those is asked once.
 */
#include <stdbool.h>
#include <string.h>

#include <suburb/crc32c.h>

#include "crc32c.h"

#if defined(__x86_64__)

#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define crc_of_8(crc, word) ((uint32_t)__builtin_ia32_crc32di(crc, word))
#define crc_of_1(crc, byte) __builtin_ia32_crc32qi(crc, byte)

static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__) && defined(__linux__)

#include <arm_acle.h>
#include <sys/auxv.h>

#define WITH_INSTRUCTION __attribute__((target("+crc")))
#define crc_of_8(crc, word) __crc32cd(crc, word)
#define crc_of_1(crc, byte) __crc32cb(crc, byte)

static bool has_instruction(void)
{
	return getauxval(AT_HWCAP) & 1 << 7; /* HWCAP_CRC32 */
}

#endif

#ifdef WITH_INSTRUCTION

WITH_INSTRUCTION static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t word;

	crc = ~crc;
	for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		crc = crc_of_8(crc, word);
	}
	while (size--)
		crc = crc_of_1(crc, *at++);
	return ~crc;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
	static int known; /* 0: not asked yet */

	if (!known)
		known = has_instruction() ? 1 : -1;
	return known > 0 ? by_instruction(crc, bytes, size) : suburb_crc32c(crc, bytes, size);
}

#else

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
	return suburb_crc32c(crc, bytes, size);
}

#endif
