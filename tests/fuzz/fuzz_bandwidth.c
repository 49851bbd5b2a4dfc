// SPDX-License-Identifier: GPL-2.0-only
/* sources: kernel/bandwidth.c */
/*
 * Bus time, asked for by descriptors that may say anything. What was granted
 * stays granted, a refusal changes nothing once it is taken back, and who asks
 * for less is not refused.
 */
#include "kernel/bandwidth.h"

#include "fuzz.h"

static struct suburb_periodic choose(struct input *input)
{
	struct suburb_periodic periodic = {
		.interval = (uint16_t)(1U << input_upto(input, 15)),
		.packet = input_u16(input),
		.bytes = input_number(input, input_u16(input)),
		.iso = input_u8(input) & 1,
	};

	if (input_once_in(input, 8))
		periodic.interval = 0;
	return periodic;
}

static void change(struct input *input, struct suburb_bandwidth *bandwidth)
{
	struct suburb_periodic periodic;

	if (input_once_in(input, 4)) {
		suburb_bandwidth_drop(bandwidth, input_u8(input));
		return;
	}
	periodic = choose(input);
	suburb_bandwidth_add(bandwidth, input_u8(input), &periodic);
}

static void decide(struct suburb_bandwidth *bandwidth, unsigned int which)
{
	struct suburb_bandwidth less;

	if (!suburb_bandwidth_check(bandwidth)) {
		suburb_bandwidth_reset(bandwidth);
		fuzz_assert(suburb_bandwidth_check(bandwidth));
		return;
	}
	less = *bandwidth;
	suburb_bandwidth_drop(&less, (uint8_t)((which & 0x0f) | (which & 0x10) << 3));
	fuzz_assert(!memcmp(less.now, bandwidth->now, sizeof(less.now)));
	fuzz_assert(suburb_bandwidth_check(&less));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t speeds[] = { 1, 2, 3, 5, 6 };
	struct input input = { data, size };
	struct suburb_bandwidth bandwidth;

	suburb_bandwidth_init(&bandwidth, speeds[input_upto(&input, 4)]);
	while (input.left) {
		change(&input, &bandwidth);
		if (input_once_in(&input, 2))
			decide(&bandwidth, input_u8(&input));
	}
	return 0;
}
