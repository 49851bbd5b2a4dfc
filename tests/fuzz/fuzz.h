/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all fuzz targets share: how an input is read, and what must hold.
 *
 * An input is a program: bytes are taken from it one after the other, and when
 * there are none left every further one is 0. So each change that a fuzzer
 * makes has a meaning, and no input is malformed.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called for each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once, before the first, by those that have it. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

#define fuzz_assert(condition)                                                         \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,        \
				__LINE__, #condition);                                 \
			abort();                                                       \
		}                                                                      \
	} while (0)

/**
 * struct input - what is left of an input
 */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t input_u8(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

static inline uint16_t input_u16(struct input *input)
{
	uint16_t low = input_u8(input);

	return (uint16_t)(low | input_u8(input) << 8);
}

static inline uint32_t input_u32(struct input *input)
{
	uint32_t low = input_u16(input);

	return low | (uint32_t)input_u16(input) << 16;
}

static inline uint64_t input_u64(struct input *input)
{
	uint64_t low = input_u32(input);

	return low | (uint64_t)input_u32(input) << 32;
}

/* 0 to @most. */
static inline uint32_t input_upto(struct input *input, uint32_t most)
{
	uint32_t value = most < 256 ? input_u8(input) : input_u16(input);

	return value % (most + 1);
}

/* True once in @n, if bytes are what they often are. */
static inline bool input_once_in(struct input *input, unsigned int n)
{
	return input_u8(input) % n == n - 1;
}

/* Copies up to @size bytes, with zeros behind them if there are not as many. */
static inline void input_bytes(struct input *input, void *to, size_t size)
{
	size_t n = size < input->left ? size : input->left;

	if (n)
		memcpy(to, input->at, n);
	memset((uint8_t *)to + n, 0, size - n);
	input->at += n;
	input->left -= n;
}

/* A number as somebody who means harm would choose it, near @honest. */
static inline uint32_t input_number(struct input *input, uint32_t honest)
{
	switch (input_u8(input) % 16) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return honest + 1;
	case 3:
		return honest - 1;
	case 4:
		return 0x7fffffff;
	case 5:
		return 0x80000000;
	case 6:
		return 0xffffffff;
	case 7:
		return input_u32(input);
	case 8:
		return input_u8(input);
	case 9:
		return input_u16(input);
	default:
		return honest;
	}
}

#endif
