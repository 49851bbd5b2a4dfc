// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/virtual.c tests/fuzz/quiet_log.c tests/fuzz/conversation.c suburbd */
/*
 * Sessions with a device of moods: what it does with a transfer or a change,
 * when, and whether at all, is the input's choice, and so is where memory ends,
 * and when it leaves and comes back. Its backend keeps to backend.h, and sees
 * to it that its user does.
 */
#include "exporter/backend.h"

#include "conversation.h"
#include "virtual.h"

#define MOST 64

static uint8_t configuration[] = {
	9, 2, 83, 0, 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0xff, 0, 0, 0,
	7, 5, 0x01, 2, 0, 2, 0,
	7, 5, 0x81, 2, 0, 2, 0, 6, 48, 0, 4, 0, 0,
	7, 5, 0x82, 3, 8, 0, 4,
	9, 4, 0, 1, 4, 0xff, 0, 0, 0,
	7, 5, 0x01, 2, 0, 2, 0, 6, 48, 0, 3, 0, 0,
	7, 5, 0x83, 1, 0, 4, 1,
	7, 5, 0x03, 1, 0, 4, 1,
};

/**
 * struct moods - the backend and its one device, in two copies: one may come back
 *	in the place of the other
 * @present: which of them is plugged in, NULL: none
 * @transfers, @count: in flight
 * @change: in flight
 * @cancelled: asked to end
 * @allocated: buffers
 * @no_memory, @refuse: for the next that comes
 */
static struct moods {
	struct backend backend;
	struct backend_device device[2];
	struct backend_device *present;
	struct backend_events events;
	struct backend_transfer *transfers[MOST];
	bool cancelled[MOST];
	unsigned int count;
	struct backend_change *change;
	struct backend_device *open;
	unsigned int allocated;
	bool no_memory;
	int refuse;
} moods;

static struct devices devices;
static struct rules rules;
static unsigned int others;

/* --- the backend ------------------------------------------------------------- */

static int take_refusal(void)
{
	int ret = moods.refuse;

	moods.refuse = 0;
	return ret;
}

static int moods_start(struct backend *backend, uv_loop_t *loop,
		       const struct backend_events *events)
{
	moods.events = *events;
	events->arrived(events->owner, moods.present);
	return 0;
}

static void moods_stop(struct backend *backend)
{
}

static int moods_open(struct backend_device *device)
{
	fuzz_assert(!moods.open);
	if (device != moods.present)
		return -SUBURB_ENODEV;
	if (moods.refuse)
		return take_refusal();
	moods.open = device;
	return 0;
}

static void moods_close(struct backend_device *device)
{
	fuzz_assert(moods.open == device && !moods.count && !moods.change && !moods.allocated);
	moods.open = NULL;
}

static void check_packets(const struct backend_transfer *transfer)
{
	uint32_t at = 0;

	fuzz_assert(transfer->packets <= SUBURB_WIRE_MAX_PACKETS);
	fuzz_assert(!transfer->packets == (transfer->type != ENDPOINT_ISO));
	for (uint32_t i = 0; i < transfer->packets; i++) {
		fuzz_assert(transfer->iso[i].offset == at);
		fuzz_assert(!transfer->iso[i].actual_length && !transfer->iso[i].status);
		at += transfer->iso[i].length;
	}
	if (transfer->packets)
		fuzz_assert(at == transfer->length);
}

static int moods_submit(struct backend_device *device, struct backend_transfer *transfer)
{
	fuzz_assert(moods.open == device && !moods.change);
	fuzz_assert(!transfer->length || transfer->buffer);
	fuzz_assert(transfer->length <= conversation.limits.bytes);
	check_packets(transfer);
	if (device != moods.present)
		return -SUBURB_ENODEV;
	if (moods.refuse)
		return take_refusal();
	fuzz_assert(moods.count < MOST);
	moods.cancelled[moods.count] = false;
	moods.transfers[moods.count++] = transfer;
	return 0;
}

static void moods_cancel(struct backend_device *device, struct backend_transfer *transfer)
{
	unsigned int i;

	fuzz_assert(moods.open == device);
	for (i = 0; i < moods.count && moods.transfers[i] != transfer; i++)
		;
	fuzz_assert(i < moods.count);
	moods.cancelled[i] = true;
}

static int moods_change(struct backend_device *device, struct backend_change *change)
{
	fuzz_assert(moods.open == device && !moods.change);
	for (unsigned int i = 0; i < moods.count; i++)
		fuzz_assert(moods.transfers[i]->endpoint & 0x0f);
	if (device != moods.present)
		return -SUBURB_ENODEV;
	if (moods.refuse)
		return take_refusal();
	moods.change = change;
	return 0;
}

static uint8_t *moods_alloc(struct backend_device *device, size_t size)
{
	fuzz_assert(moods.open == device && size);
	if (moods.no_memory) {
		moods.no_memory = false;
		return NULL;
	}
	moods.allocated++;
	return malloc(size);
}

static void moods_free(struct backend_device *device, uint8_t *buffer, size_t size)
{
	fuzz_assert(moods.open == device && moods.allocated);
	moods.allocated--;
	free(buffer);
}

static const struct backend_ops moods_ops = {
	.name = "moods",
	.start = moods_start,
	.stop = moods_stop,
	.open = moods_open,
	.close = moods_close,
	.submit = moods_submit,
	.cancel = moods_cancel,
	.change = moods_change,
	.alloc = moods_alloc,
	.free = moods_free,
};

static void moods_init(void)
{
	static const uint8_t descriptor[18] = { 18, 1, 0, 3, 0, 0, 0, 9, 0x34, 0x12, 0x78, 0x56 };

	moods = (struct moods){ .backend = { &moods_ops } };
	for (int i = 0; i < 2; i++) {
		struct backend_device *device = &moods.device[i];

		device->backend = &moods.backend;
		strcpy(device->busid, "7-1");
		device->busnum = 7;
		device->devnum = (uint16_t)(9 + i);
		device->speed = SUBURB_SPEED_SUPER;
		memcpy(device->descriptor, descriptor, sizeof(descriptor));
		device->configuration = configuration;
		device->configuration_length = sizeof(configuration);
	}
	moods.present = &moods.device[0];
}

/* --- moods ------------------------------------------------------------------- */

static void take_out(unsigned int index)
{
	moods.count--;
	memmove(&moods.transfers[index], &moods.transfers[index + 1],
		(moods.count - index) * sizeof(moods.transfers[0]));
	memmove(&moods.cancelled[index], &moods.cancelled[index + 1],
		(moods.count - index) * sizeof(moods.cancelled[0]));
}

/* No more than was asked for; that is the backend's to see to. */
static void move_packets(struct input *input, struct backend_transfer *transfer)
{
	transfer->actual_length = 0;
	for (uint32_t i = 0; i < transfer->packets; i++) {
		struct suburb_iso *iso = &transfer->iso[i];

		iso->actual_length = input ? input_upto(input, iso->length) : 0;
		iso->status = input && input_once_in(input, 4) ? -SUBURB_EXDEV : 0;
		transfer->error_count += iso->status != 0;
		transfer->actual_length += iso->actual_length;
	}
}

static void done(struct input *input, unsigned int index, int32_t status)
{
	struct backend_transfer *transfer = moods.transfers[index];

	take_out(index);
	transfer->status = status;
	transfer->actual_length = input ? input_upto(input, transfer->length) : 0;
	if (transfer->packets)
		move_packets(input, transfer);
	transfer->done(transfer);
}

static void complete(struct input *input)
{
	unsigned int index;
	int32_t status = 0;

	if (!moods.count)
		return;
	index = input_upto(input, moods.count - 1);
	if (moods.cancelled[index])
		status = -SUBURB_ECONNRESET;
	else if (input_once_in(input, 4))
		status = -(int32_t)input_u8(input);
	done(input, index, status);
}

static void end_change(struct input *input)
{
	struct backend_change *change = moods.change;

	if (!change)
		return;
	moods.change = NULL;
	change->status = moods.present != moods.open ? -SUBURB_ENODEV :
			 input && input_once_in(input, 4) ? -(int32_t)input_u8(input) : 0;
	if (change->kind == BACKEND_ALLOC_STREAMS && change->streams && input)
		change->streams = 1 + input_u8(input) % change->streams;
	change->done(change);
}

/* What was in flight ends with the device. */
static void leave(void)
{
	struct backend_device *gone = moods.present;

	moods.present = NULL;
	moods.events.left(moods.events.owner, gone);
	while (moods.count)
		done(NULL, 0, -SUBURB_ENODEV);
	end_change(NULL);
}

static void arrive(void)
{
	moods.present = moods.open == &moods.device[0] ? &moods.device[1] : &moods.device[0];
	moods.events.arrived(moods.events.owner, moods.present);
}

/* --- what is said ------------------------------------------------------------- */

static const uint8_t setups[][6] = {
	{ 0x80, 6, 0, 1 }, { 0x00, 9, 1 }, { 0x00, 9, 0 }, { 0x01, 11, 1 }, { 0x01, 11, 0 },
	{ 0x02, 1, 0, 0, 0x81 }, { 0x23, 3, 4, 0, 1 }, { 0x00, 5, 9 }, { 0x7f, 1, 4 },
	{ 0x7f, 2 }, { 0xff, 1, 0, 0, 0x81 }, { 0xff, 1, 0, 0, 0x01 },
};

static void control(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid };
	uint8_t n = input_u8(input);
	uint8_t endpoints[2] = { 0x81, 0x01 };

	if (n % 16 < 12)
		memcpy(submit.setup, setups[n % 16], 6);
	else
		input_bytes(input, submit.setup, 6);
	submit.length = input_u8(input) % 65;
	if (submit.setup[0] == 0x7f)
		submit.length %= 3;
	submit.setup[6] = (uint8_t)submit.length;
	if (submit.setup[0] & 0x80 && submit.length)
		submit.direction = SUBURB_DIR_IN;
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, submit.setup[0] == 0x7f ? endpoints : NULL, 2);
}

static void data(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid, .packets = 0xffffffff };

	submit.ep = input_upto(input, 4);
	submit.direction = input_u8(input) & 1;
	submit.length = input_once_in(input, 4) ? input_u16(input) : input_u8(input);
	submit.start_frame = input_once_in(input, 4) ? input_upto(input, 17) : 0;
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, NULL, 0);
}

static void packets(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid, .ep = 3 };
	uint32_t n = 1 + input_upto(input, 7), each = input_u8(input), i;
	uint8_t bytes[8 * 256 + 8 * sizeof(struct suburb_wire_iso)] = { 0 };
	size_t head;

	submit.direction = input_u8(input) & 1;
	submit.packets = n;
	submit.length = n * each;
	head = submit.direction == SUBURB_DIR_OUT ? submit.length : 0;
	for (i = 0; i < n; i++) {
		struct suburb_iso iso = { .offset = i * each, .length = each };

		if (input_once_in(input, 4))
			iso.length = input_number(input, iso.length);
		if (input_once_in(input, 4))
			iso.offset = input_number(input, iso.offset);
		suburb_put_iso((struct suburb_wire_iso *)(bytes + head) + i, &iso);
	}
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, bytes, head + n * sizeof(struct suburb_wire_iso));
}

/* --- what happens --------------------------------------------------------------- */

/* Other sessions have something on its way, too. */
static void set_others(unsigned int requests)
{
	devices.load.requests += requests - others;
	others = requests;
}

static void rare(struct input *input)
{
	switch (input_upto(input, 5)) {
	case 0:
		moods.no_memory = true;
		break;
	case 1:
		moods.refuse = input_once_in(input, 2) ? -SUBURB_ENOMEM : -1 - input_u8(input);
		break;
	case 2:
		if (moods.present)
			leave();
		break;
	case 3:
		if (!moods.present)
			arrive();
		break;
	case 4:
		session_retry(conversation.session);
		break;
	case 5:
		set_others(others ? 0 : input_u8(input));
		break;
	}
}

static void step(struct input *input)
{
	switch (input_u8(input) % 14) {
	case 0:
	case 1:
		control(input);
		break;
	case 2:
	case 3:
	case 4:
		data(input);
		break;
	case 5:
		packets(input);
		break;
	case 6:
	case 7:
		conversation_unlink(input);
		break;
	case 8:
	case 9:
		complete(input);
		break;
	case 10:
		end_change(input);
		break;
	case 11:
		conversation_listen(input_upto(input, 300));
		break;
	case 12:
		virtual_turns(1 + input_upto(input, 3));
		break;
	case 13:
		rare(input);
		break;
	}
}

/* All that is in flight ends now. */
static void turn(void)
{
	moods.refuse = 0;
	moods.no_memory = false;
	if (moods.count)
		done(NULL, 0, moods.cancelled[0] ? -SUBURB_ECONNRESET : 0);
	else
		end_change(NULL);
	virtual_turns(1);
}

static void settle(void)
{
	for (unsigned int i = 0; i < 2 * CONVERSATION_MESSAGES && !conversation_all_answered(); i++) {
		turn();
		conversation_listen(SIZE_MAX);
		session_retry(conversation.session);
	}
}

static void finish(void)
{
	set_others(0);
	if (!conversation.over) {
		settle();
		fuzz_assert(conversation.left || conversation.opened);
		conversation_check_answered();
	}
	conversation_end(turn);
	fuzz_assert(!moods.open && !moods.allocated);
	if (moods.present)
		leave();
	fuzz_assert(!devices_count(&devices) && !devices.load.requests && !devices.load.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data_, size_t size)
{
	struct input input = { data_, size };
	uv_loop_t *loop = virtual_loop();

	others = 0;
	moods_init();
	rules_init(&rules);
	devices_init(&devices, &rules);
	devices.loop = loop;
	fuzz_assert(devices_watch(&devices, &moods.backend, loop, true) == 0);
	conversation_begin(&input, devices_find(&devices, "7-1"));
	while (input.left && !conversation.over && conversation.count < CONVERSATION_MESSAGES / 2 &&
	       moods.count < MOST - 8)
		step(&input);
	finish();
	devices_stop(&devices);
	virtual_end();
	rules_free(&rules);
	return 0;
}
