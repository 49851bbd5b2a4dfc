// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/shelf.c tests/fuzz/quiet_log.c suburbd */
/*
 * suburbd's side of the handshake: what an importer may send first, in
 * whatever pieces; and the answers to it, of devices that may claim anything,
 * taken apart by the codec.
 */
#include "exporter/handshake.h"
#include "shelf.h"

#define LONGEST 64

/* --- requests ------------------------------------------------------------------ */

static size_t choose_request(struct input *input, uint8_t *bytes)
{
	static const char *const busids[] = { "1-1", "1-2", "1-1.2", "", "a name of thirty-one letters..",
					      "10-10.10.10.10.10.1" };
	uint8_t kind = input_u8(input);
	struct suburb_wire_busid *wire = (void *)(bytes + 8);

	memset(bytes, 0, LONGEST);
	suburb_put_op((struct suburb_wire_op *)bytes,
		      kind & 1 ? SUBURB_OP_REQ_DEVLIST : SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(wire, busids[kind / 2 % 6]);
	if (kind & 64)
		suburb_put_offer(wire, input_upto(input, 15));
	if (kind & 128)
		while (input_once_in(input, 2))
			bytes[input_upto(input, 39)] = input_u8(input);
	if (input_once_in(input, 8))
		input_bytes(input, bytes, LONGEST);
	return input_once_in(input, 4) ? input_upto(input, LONGEST) : LONGEST;
}

static int feed(struct handshake *handshake, const uint8_t *bytes, size_t size, size_t piece,
		size_t *used, struct suburb_violation *violation)
{
	size_t taken, n;
	int ret = 0;

	for (*used = 0; *used < size && !ret; *used += taken) {
		n = size - *used < piece ? size - *used : piece;
		ret = handshake_input(handshake, bytes + *used, n, &taken, violation);
		fuzz_assert(taken <= n && (ret || taken == n));
	}
	return ret;
}

/* Pieces make no difference, and what is behind the request is not taken. */
static int hear(struct input *input, struct handshake *handshake)
{
	struct suburb_violation violation = { NULL, 0 };
	struct handshake whole = { .size = 0 };
	uint8_t bytes[LONGEST];
	size_t size = choose_request(input, bytes), used, used_whole;
	size_t piece = 1 + input_upto(input, 40);
	int ret = feed(handshake, bytes, size, piece, &used, &violation);

	fuzz_assert(ret == feed(&whole, bytes, size, size, &used_whole, &violation));
	fuzz_assert(ret >= 0 || violation.field);
	if (ret <= 0)
		return ret;
	fuzz_assert(used == used_whole && whole.code == handshake->code);
	fuzz_assert(whole.offered == handshake->offered);
	fuzz_assert(!memcmp(whole.busid, handshake->busid, sizeof(whole.busid)));
	fuzz_assert(used == (handshake->code == SUBURB_OP_REQ_DEVLIST ? 8 : HANDSHAKE_REQUEST_SIZE));
	return ret;
}

/* --- answers --------------------------------------------------------------------- */

static void check_devlist(const struct devices *devices)
{
	struct suburb_device device;
	struct suburb_op op;
	size_t size, at = 12;
	uint8_t *bytes = handshake_devlist(devices, &size);
	unsigned int i;
	__be32 count;

	fuzz_assert(bytes && size >= at);
	fuzz_assert(suburb_get_op(bytes, size, &op) == 8 && op.code == SUBURB_OP_REP_DEVLIST);
	memcpy(&count, bytes + 8, sizeof(count));
	fuzz_assert(__be32_to_cpu(count) == devices_count(devices));
	for (i = 0; i < __be32_to_cpu(count); i++) {
		fuzz_assert(suburb_get_device(bytes + at, size - at, &device) > 0);
		at += sizeof(struct suburb_wire_device) +
		      device.num_interfaces * sizeof(struct suburb_wire_interface);
		fuzz_assert(at <= size);
		fuzz_assert(device.busnum == 1 && devices_find(devices, device.busid));
	}
	fuzz_assert(at == size);
	free(bytes);
}

static void check_import(struct input *input, const struct handshake *handshake,
			 const struct devices *devices)
{
	const struct device *device = devices_find(devices, handshake->busid);
	const struct suburb_wire_busid *offered = (const void *)(handshake->bytes + 8);
	uint32_t features = handshake->offered & input_u8(input), agreed;
	uint8_t *bytes = malloc(HANDSHAKE_IMPORT_SIZE);
	struct suburb_violation violation;
	struct suburb_device told;

	fuzz_assert(bytes);
	if (!device) {
		fuzz_assert(handshake_import(bytes, NULL, handshake->busid, SUBURB_OP_NODEV) == 8);
		free(bytes);
		return;
	}
	fuzz_assert(handshake_import(bytes, device, handshake->busid, SUBURB_OP_OK) ==
		    HANDSHAKE_IMPORT_SIZE);
	if (handshake->offered)
		handshake_agree(handshake, bytes, features);
	fuzz_assert(suburb_get_device(bytes + 8, HANDSHAKE_IMPORT_SIZE - 8, &told) > 0);
	fuzz_assert(!strcmp(told.busid, handshake->busid) && told.busnum == 1);
	fuzz_assert(!suburb_get_answer((const void *)(bytes + 8), offered, &agreed, &violation));
	if (handshake->offered)
		fuzz_assert(agreed == features);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct handshake handshake = { .size = 0 };
	struct backend *backend;
	struct devices devices;
	struct rules rules;

	if (hear(&input, &handshake) <= 0)
		return 0;
	backend = shelf_new(&input);
	rules_init(&rules);
	devices_init(&devices, &rules);
	fuzz_assert(devices_watch(&devices, backend, NULL, true) == 0);
	if (handshake.code == SUBURB_OP_REQ_DEVLIST)
		check_devlist(&devices);
	else
		check_import(&input, &handshake, &devices);
	devices_stop(&devices);
	shelf_free(backend);
	rules_free(&rules);
	return 0;
}
