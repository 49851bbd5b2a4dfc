// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The codec's extension, for fuzz_wire.c: an offer that was made is understood,
 * an answer never says more than the offer, and neither is seen where it is not.
 */
#include <suburb/extension.h>

#include "fuzz.h"

void fuzz_extension(struct input *input);

static void answer(struct input *input, const struct suburb_wire_busid *offered, uint32_t offer)
{
	struct suburb_violation violation = { NULL, 0 };
	struct suburb_wire_device device;
	uint32_t features = input_u32(input), agreed;
	int ret;

	input_bytes(input, &device, sizeof(device));
	ret = suburb_get_answer(&device, offered, &agreed, &violation);
	fuzz_assert(!(agreed & ~offer));
	fuzz_assert(ret == 0 || (ret == -SUBURB_EPROTO && violation.field));
	suburb_put_answer(&device, offered, features);
	ret = suburb_get_answer(&device, offered, &agreed, &violation);
	fuzz_assert(ret == (features & ~offer ? -SUBURB_EPROTO : 0));
	fuzz_assert(agreed == (ret ? 0 : features));
	if (input_once_in(input, 2)) {
		device.path[SUBURB_ANSWER_OFFSET + input_upto(input, 127)] ^= 1;
		fuzz_assert(!suburb_get_answer(&device, offered, &agreed, &violation) && !agreed);
	}
}

void fuzz_extension(struct input *input)
{
	struct suburb_wire_busid wire, before;
	uint32_t features = input_u32(input);
	char busid[SUBURB_WIRE_BUSID_SIZE];

	input_bytes(input, &wire, sizeof(wire));
	before = wire;
	if (!suburb_put_offer(&wire, features)) {
		fuzz_assert(!memcmp(&before, &wire, sizeof(wire)));
		suburb_get_offer(&wire);
		return;
	}
	fuzz_assert(suburb_get_offer(&wire) == features);
	fuzz_assert(suburb_get_busid(&wire, sizeof(wire), busid) == sizeof(wire));
	fuzz_assert(strlen(busid) < SUBURB_OFFER_OFFSET);
	answer(input, &wire, features);
}
