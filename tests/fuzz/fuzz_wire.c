// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/wire_extension.c */
/*
 * The codec: what is taken apart and put together again is what it was, and
 * what a check lets pass keeps the bounds that its comment promises.
 */
#include <suburb/wire.h>

#include "fuzz.h"

/* tests/fuzz/wire_extension.c */
void fuzz_extension(struct input *input);

/* As many bytes as there are, in memory that ends with them. */
static uint8_t *bytes_of(struct input *input, size_t *size, size_t most)
{
	uint8_t *bytes;

	*size = input->left < most ? input->left : most;
	bytes = malloc(*size + 1);
	fuzz_assert(bytes);
	input_bytes(input, bytes, *size);
	return bytes;
}

/* A header is a command or a reply, more often than by chance. */
static uint8_t *header_of(struct input *input, size_t *size, uint8_t command)
{
	bool honest = !input_once_in(input, 8);
	uint8_t *bytes = bytes_of(input, size, sizeof(struct suburb_wire_header));

	if (*size >= 4 && honest) {
		memset(bytes, 0, 3);
		bytes[3] = command;
	}
	return bytes;
}

static void op(struct input *input)
{
	struct suburb_wire_op wire;
	struct suburb_op op;
	size_t size;
	uint8_t *bytes = bytes_of(input, &size, sizeof(wire));
	int ret = suburb_get_op(bytes, size, &op);

	fuzz_assert(ret == -SUBURB_EPROTO || ret == (size < sizeof(wire) ? 0 : (int)sizeof(wire)));
	if (ret > 0) {
		suburb_put_op(&wire, op.code, op.status);
		fuzz_assert(!memcmp(&wire, bytes, sizeof(wire)));
	}
	free(bytes);
}

static void device(struct input *input)
{
	struct suburb_wire_device wire;
	struct suburb_device device, again;
	size_t size;
	uint8_t *bytes = bytes_of(input, &size, sizeof(wire));
	int ret = suburb_get_device(bytes, size, &device);

	if (ret > 0) {
		fuzz_assert(memchr(device.path, 0, sizeof(device.path)));
		fuzz_assert(memchr(device.busid, 0, sizeof(device.busid)));
		suburb_put_device(&wire, &device);
		fuzz_assert(suburb_get_device(&wire, sizeof(wire), &again) == ret);
		fuzz_assert(!memcmp(device.path, again.path, sizeof(device.path)));
		fuzz_assert(!memcmp(device.busid, again.busid, sizeof(device.busid)));
		/* All numbers: they stand behind the strings. */
		fuzz_assert(!memcmp(bytes + 288, (uint8_t *)&wire + 288, sizeof(wire) - 288));
	}
	free(bytes);
}

static void command(struct input *input)
{
	struct suburb_wire_header wire;
	struct suburb_command command, again;
	struct suburb_violation violation = { NULL, 0 };
	size_t size;
	uint8_t *bytes = header_of(input, &size, 1 + (input_u8(input) & 1));
	int ret = suburb_get_command(bytes, size, &command);
	const struct suburb_submit *s = &command.submit;

	if (ret > 0 && command.command == SUBURB_CMD_SUBMIT) {
		suburb_put_submit(&wire, s);
		fuzz_assert(!memcmp(&wire, bytes, sizeof(wire)));
		for (int iso = 0; iso < 2; iso++) {
			if (suburb_check_submit(s, iso, &violation)) {
				fuzz_assert(violation.field);
				continue;
			}
			fuzz_assert(s->ep <= 15 && s->direction <= 1 && (int32_t)s->length >= 0);
			fuzz_assert(!iso || (s->packets && s->packets <= SUBURB_WIRE_MAX_PACKETS));
		}
	} else if (ret > 0) {
		suburb_put_unlink(&wire, &command.unlink);
		fuzz_assert(suburb_get_command(&wire, sizeof(wire), &again) == ret);
		fuzz_assert(!memcmp(&command.unlink, &again.unlink, sizeof(again.unlink)));
	}
	free(bytes);
}

static void check_ret_submit(struct input *input, const struct suburb_ret_submit *r)
{
	uint32_t length = input_number(input, r->actual_length);
	uint32_t packets = input_number(input, r->packets);
	struct suburb_violation violation = { NULL, 0 };

	if (suburb_check_ret_submit(r, length, packets, &violation)) {
		fuzz_assert(violation.field);
		return;
	}
	fuzz_assert(r->actual_length <= length);
	fuzz_assert(r->status <= 0 && r->status >= -4095);
	fuzz_assert(!packets || r->packets == packets || (r->status && !r->packets));
}

static void reply(struct input *input)
{
	struct suburb_wire_header wire;
	struct suburb_reply reply, again;
	struct suburb_violation violation;
	size_t size;
	uint8_t *bytes = header_of(input, &size, 3 + (input_u8(input) & 1));
	int ret = suburb_get_reply(bytes, size, &reply);

	if (ret > 0 && reply.command == SUBURB_RET_SUBMIT) {
		suburb_put_ret_submit(&wire, &reply.submit);
		fuzz_assert(suburb_get_reply(&wire, sizeof(wire), &again) == ret);
		fuzz_assert(!memcmp(&reply.submit, &again.submit, sizeof(again.submit)));
		check_ret_submit(input, &reply.submit);
	} else if (ret > 0) {
		suburb_put_ret_unlink(&wire, &reply.unlink);
		fuzz_assert(suburb_get_reply(&wire, sizeof(wire), &again) == ret);
		fuzz_assert(!memcmp(&reply.unlink, &again.unlink, sizeof(again.unlink)));
		if (!suburb_check_ret_unlink(&reply.unlink, &violation))
			fuzz_assert(reply.unlink.status <= 0 && reply.unlink.status >= -4095);
	}
	free(bytes);
}

static void iso(struct input *input)
{
	struct suburb_wire_iso wire;
	struct suburb_violation violation = { NULL, 0 };
	struct suburb_iso iso;
	size_t size;
	uint8_t *bytes = bytes_of(input, &size, sizeof(wire));
	uint32_t offset, length;

	if (suburb_get_iso(bytes, size, &iso) > 0) {
		suburb_put_iso(&wire, &iso);
		fuzz_assert(!memcmp(&wire, bytes, sizeof(wire)));
		offset = input_number(input, iso.offset);
		length = input_number(input, iso.actual_length);
		if (suburb_check_iso(&iso, offset, length, &violation))
			fuzz_assert(violation.field);
		else
			fuzz_assert(iso.offset == offset && iso.actual_length <= length &&
				    iso.status <= 0 && iso.status >= -4095);
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct input *) = { op, device, command, reply, iso,
							 fuzz_extension };
	struct input input = { data, size };

	parts[input_u8(&input) % 6](&input);
	return 0;
}
