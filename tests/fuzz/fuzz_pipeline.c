// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/virtual.c tests/fuzz/quiet_log.c tests/fuzz/conversation.c suburbd */
/* sources: tests/unit/fake_backend.c */
/*
 * Sessions with a device of moods: what it does with a transfer or a change,
 * when, and whether at all, is the input's choice, and so is where memory ends,
 * and when it leaves and comes back. It is the unit tests' fake backend, which
 * sees to it that its user keeps to backend.h; here it is compared with what was
 * said, too.
 */
#include <suburb/extension.h>

#include "tests/unit/fake_backend.h"

#include "conversation.h"
#include "virtual.h"

/* With streams in both settings, and isochronous endpoints in the second. */
static const uint8_t configuration[] = {
	9, 2, 94, 0, 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0xff, 0, 0, 0,
	7, 5, 0x01, 2, 0, 2, 0,
	7, 5, 0x81, 2, 0, 2, 0, 6, 48, 0, 4, 0, 0,
	7, 5, 0x82, 3, 8, 0, 4,
	9, 4, 0, 1, 4, 0xff, 0, 0, 0,
	7, 5, 0x01, 2, 0, 2, 0, 6, 48, 0, 3, 0, 0,
	7, 5, 0x81, 2, 0, 2, 0, 6, 48, 0, 16, 0, 0,
	7, 5, 0x83, 1, 0, 4, 1,
	7, 5, 0x03, 1, 0, 4, 1,
};

/* Where their bAlternateSetting is. */
#define FIRST_SETTING (9 + 3)
#define SECOND_SETTING (45 + 3)
#define SHARE_AND_MORE (LIMITS_SHARE * 3 / 4)
#define MOODY 4 /* steps */

/**
 * struct moods - the device in two copies: one may come back in place of the other
 * @present: which of them is plugged in, NULL: none
 * @set: what they say of themselves
 * @seen: of what was submitted to them, how much was looked at
 * @order: of the last message that each endpoint got
 * @moody: for so many steps something is refused
 */
static struct moods {
	struct fake fake[2];
	struct fake *present;
	uint8_t set[2][sizeof(configuration)];
	size_t seen[2];
	unsigned int order[2][16];
	unsigned int moody;
} moods;

static struct devices devices;
static struct rules rules;
static unsigned int others;

/* Whatever is away refuses. */
static void calm(void)
{
	for (int i = 0; i < 2; i++) {
		struct fake *fake = &moods.fake[i];
		int refusal = fake == moods.present ? 0 : -SUBURB_ENODEV;

		fake->fail_open = fake->fail_submit = fake->fail_change = refusal;
		fake->fail_alloc = false;
	}
	moods.moody = 0;
}

static void moods_init(struct input *input)
{
	uint8_t flags = input_u8(input);

	memset(&moods, 0, sizeof(moods));
	for (int i = 0; i < 2; i++) {
		struct backend_device *device = &moods.fake[i].device;
		uint8_t first = flags >> i & 1;

		fake_init(&moods.fake[i], flags & 4);
		memcpy(moods.set[i], configuration, sizeof(configuration));
		moods.set[i][FIRST_SETTING] = !first;
		moods.set[i][SECOND_SETTING] = first;
		device->configuration = moods.set[i];
		device->configuration_length = sizeof(configuration);
		device->devnum = (uint16_t)(device->devnum + i);
		device->speed = SUBURB_SPEED_SUPER;
	}
	moods.present = &moods.fake[0];
	calm();
}

/* --- what reaches it --------------------------------------------------------- */

/* In the order in which it was said, for each endpoint. */
static void check_order(const struct said *said)
{
	unsigned int in = said->submit.ep ? said->submit.direction : 0;
	unsigned int *last = &moods.order[in][said->submit.ep];

	fuzz_assert(said->order > *last);
	*last = said->order;
}

static void check_bytes(const struct said *said, const uint8_t *bytes, uint32_t size, uint32_t from)
{
	for (uint32_t i = 0; i < size; i++)
		fuzz_assert(bytes[i] == conversation_byte(said, from + i));
}

/* Each as long as was said, and filled with what was said to be its own. */
static void check_packets(const struct backend_transfer *transfer, const struct said *said)
{
	uint32_t length = said->submit.length, end = 0;
	struct suburb_iso iso;

	fuzz_assert(transfer->packets && transfer->packets == said->submit.packets);
	fuzz_assert(transfer->packets <= SUBURB_WIRE_MAX_PACKETS);
	fuzz_assert(transfer->length <= length);
	for (uint32_t i = 0; i < transfer->packets; i++) {
		suburb_get_iso(&said->packets[i], sizeof(said->packets[i]), &iso);
		fuzz_assert(iso.length == transfer->iso[i].length);
		fuzz_assert(iso.offset <= length && iso.length <= length - iso.offset);
		if (transfer->endpoint & 0x80)
			continue;
		fuzz_assert(iso.offset >= end);
		end = iso.offset + iso.length;
		if (said->plain && iso.length)
			check_bytes(said, transfer->buffer + transfer->iso[i].offset, iso.length,
				    iso.offset);
	}
}

static void check_transfer(const struct backend_transfer *transfer)
{
	const struct request *request = transfer->owner;
	const struct said *said = conversation_said(request->submit.seqnum);
	bool in = transfer->endpoint & 0x80;

	check_order(said);
	fuzz_assert((transfer->endpoint & 0x7f) == said->submit.ep);
	fuzz_assert(!transfer->length || in == (said->submit.direction == SUBURB_DIR_IN));
	fuzz_assert(transfer->length <= conversation.limits.bytes);
	fuzz_assert(transfer->stream_id == (conversation.streams && transfer->type == ENDPOINT_BULK
						    ? said->submit.start_frame
						    : 0));
	if (transfer->type == ENDPOINT_ISO) {
		check_packets(transfer, said);
		return;
	}
	fuzz_assert(transfer->length == said->submit.length && !transfer->packets);
	if (!in && said->plain)
		check_bytes(said, transfer->buffer, transfer->length, 0);
}

/* Who is unlinked is cancelled, and who is counted has its memory. */
static void check_fake(int index)
{
	struct fake *fake = &moods.fake[index];
	size_t fresh = fake->submitted - moods.seen[index];

	moods.seen[index] = fake->submitted;
	for (size_t i = 0; i < fake->count; i++) {
		const struct backend_transfer *transfer = fake->transfers[i];
		const struct request *request = transfer->owner;

		if (fresh >= fake->count - i)
			check_transfer(transfer);
		fuzz_assert(transfer->priv || TAILQ_EMPTY(&request->unlinks));
	}
	fuzz_assert(devices.load.bytes >= fake->allocated);
}

static void check(void)
{
	check_fake(0);
	check_fake(1);
}

/* --- moods ------------------------------------------------------------------- */

/* The one that has something to do. */
static struct fake *busy(void)
{
	for (int i = 0; i < 2; i++)
		if (moods.fake[i].count)
			return &moods.fake[i];
	return NULL;
}

/* How much of @length is moved: as @mood says, by the packet. */
static uint32_t share(uint32_t length, uint8_t mood, uint32_t packet)
{
	switch (mood % 4) {
	case 0:
		return length;
	case 1:
		return 0;
	case 2: /* a device that babbles */
		return length + 1;
	default:
		return mood * (packet + 1) % (length + 1);
	}
}

static uint32_t move_packets(struct backend_transfer *transfer, uint8_t mood)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < transfer->packets; i++) {
		struct suburb_iso *iso = &transfer->iso[i];

		iso->actual_length = share(iso->length, mood, i);
		iso->status = mood & 0x40 && i % 3 == 1 ? -SUBURB_EXDEV : 0;
		transfer->error_count += iso->status != 0;
		moved += iso->actual_length;
	}
	return moved;
}

static void done(struct fake *fake, size_t index, int32_t status, uint8_t mood)
{
	struct backend_transfer *transfer = fake->transfers[index];
	const struct request *request = transfer->owner;
	const struct said *said = conversation_said(request->submit.seqnum);
	uint32_t moved;

	for (uint32_t i = 0; transfer->endpoint & 0x80 && i < transfer->length; i++)
		transfer->buffer[i] = conversation_byte(said, i);
	moved = transfer->packets ? move_packets(transfer, mood) : share(transfer->length, mood, 0);
	fake_complete(fake, index, status, moved);
	check();
}

static void complete(struct input *input)
{
	struct fake *fake = busy();
	int32_t status = 0;
	uint8_t how, mood;
	size_t index;

	if (!fake)
		return;
	index = input_upto(input, (uint32_t)fake->count - 1);
	how = input_u8(input);
	mood = input_u8(input);
	if (fake->transfers[index]->priv && how % 4)
		status = -SUBURB_ECONNRESET;
	else if (how % 4 == 3)
		status = -(int32_t)(how / 2);
	done(fake, index, status, mood);
}

/* One of a device that is away cannot succeed. */
static void end_change(struct input *input)
{
	struct fake *fake = moods.fake[0].change ? &moods.fake[0] : &moods.fake[1];
	struct backend_change *change = fake->change;
	int32_t status = 0;

	if (!change)
		return;
	if (input && input_once_in(input, 4))
		status = input_once_in(input, 2) ? -SUBURB_ENODEV : -(int32_t)input_u8(input);
	if (change->kind == BACKEND_ALLOC_STREAMS && change->streams && input)
		change->streams = 1 + input_u8(input) % change->streams;
	fake_changed(fake, moods.present == fake ? status : -SUBURB_ENODEV);
}

static void leave(void)
{
	struct fake *gone = moods.present;

	moods.present = NULL;
	calm();
	fake_unplug(gone);
}

/* The one that nobody has. */
static void arrive(void)
{
	struct fake *fake = &moods.fake[1];

	if (fake->is_open || fake->change)
		fake = &moods.fake[0];
	if (fake->is_open || fake->change)
		return;
	moods.present = fake;
	calm();
	fake->events.arrived(fake->events.owner, &fake->device);
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
	if (input_once_in(input, 8))
		submit.setup[input_upto(input, 5)] = input_u8(input);
	submit.length = input_once_in(input, 2) ? input_u8(input) : 0;
	if (submit.setup[0] == SUBURB_REQUEST_OUT)
		submit.length = 1 + submit.length % 2;
	if (submit.setup[0] == SUBURB_REQUEST_IN)
		submit.length = 2;
	submit.setup[6] = (uint8_t)submit.length;
	if (submit.setup[0] & 0x80 && submit.length)
		submit.direction = SUBURB_DIR_IN;
	conversation_spoil(input, &submit);
	conversation_submit(input, submit,
			    submit.setup[0] == SUBURB_REQUEST_OUT ? endpoints : NULL, 2);
}

static void data(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid, .packets = 0xffffffff };

	conversation_aim(input, &submit, -1);
	submit.length = input_once_in(input, 4) ? input_u16(input) : input_u8(input);
	if (submit.direction == SUBURB_DIR_IN && submit.length > 65000)
		submit.length = SHARE_AND_MORE;
	submit.start_frame = conversation.streams ? input_upto(input, 17) : 0;
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, NULL, 0);
}

/* --- what happens --------------------------------------------------------------- */

/* Other sessions have something on its way, too. */
static void set_others(unsigned int requests)
{
	devices.load.requests += requests - others;
	devices.load.bytes += ((size_t)requests - others) * 8192;
	others = requests;
}

static void retry(unsigned int times)
{
	while (times--)
		conversation_retry();
}

/* A reset, by which it leaves and comes back as the other one. */
static void go_round(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid, .setup = { 0x23, 3, 4 } };

	conversation_submit(input, submit, NULL, 0);
	conversation_exchange();
	if (moods.present && input_once_in(input, 2))
		leave();
	else
		end_change(input);
	check();
	conversation_exchange();
	if (!moods.present)
		arrive();
	virtual_turns(input_upto(input, 3));
}

static void rare(struct input *input)
{
	switch (input_upto(input, 6)) {
	case 0:
		moods.moody = MOODY;
		moods.fake[0].fail_alloc = moods.fake[1].fail_alloc = true;
		break;
	case 1:
		moods.moody = MOODY;
		if (moods.present)
			moods.present->fail_open = moods.present->fail_submit =
				moods.present->fail_change = input_once_in(input, 2)
								     ? -1 - input_u8(input)
								     : -SUBURB_ENOMEM;
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
		retry(input_once_in(input, 4) ? 101 : input_upto(input, 11));
		break;
	case 6:
		go_round(input);
		break;
	case 5:
		set_others(others ? 0 : input_u8(input));
		break;
	}
}

static void act(struct input *input)
{
	switch (input_u8(input) % 18) {
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
	case 6:
		conversation_packets(input, input_u8(input) & 0x43);
		break;
	case 7:
	case 8:
		conversation_unlink(input);
		break;
	case 9:
	case 10:
		complete(input);
		break;
	case 11:
	case 12:
		end_change(input);
		break;
	case 13:
		conversation_listen(input_upto(input, 300));
		break;
	case 14:
		virtual_turns(1 + input_upto(input, 3));
		break;
	case 15:
		rare(input);
		break;
	case 16:
		conversation_overtake(input);
		break;
	case 17:
		conversation_dribble(input_upto(input, 120));
		break;
	}
}

static void step(struct input *input)
{
	act(input);
	check();
	if (moods.moody && !--moods.moody)
		calm();
}

/* All that is in flight ends now. */
static void turn(void)
{
	struct fake *fake = busy();

	calm();
	if (fake)
		done(fake, 0, fake->transfers[0]->priv ? -SUBURB_ECONNRESET : 0, 0);
	else
		end_change(NULL);
	virtual_turns(1);
	check();
}

static void settle(void)
{
	for (unsigned int i = 0; i < 2 * CONVERSATION_MESSAGES && !conversation_all_answered(); i++) {
		conversation_exchange();
		turn();
		conversation_retry();
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
	for (int i = 0; i < 2; i++)
		fuzz_assert(!moods.fake[i].is_open && !moods.fake[i].allocated);
	if (moods.present)
		leave();
	fuzz_assert(!devices_count(&devices) && !devices.load.requests && !devices.load.bytes);
}

/* A slow one takes until it is open; it, or we, may leave before. */
static void await_open(struct input *input)
{
	while (!conversation.opened && !conversation.over) {
		if (input_once_in(input, 16) && moods.present)
			leave();
		if (input_once_in(input, 16))
			conversation.over = true;
		if (!conversation.over)
			end_change(input);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* What the fake backend forbids is no test that goes on with the next. */
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data_, size_t size)
{
	struct input input = { data_, size };
	uv_loop_t *loop = virtual_loop();

	others = 0;
	moods_init(&input);
	rules_init(&rules);
	devices_init(&devices, &rules);
	devices.loop = loop;
	fuzz_assert(devices_watch(&devices, &moods.fake[0].backend, loop, true) == 0);
	moods.fake[1].events = moods.fake[0].events;
	conversation_begin(&input, devices_find(&devices, FAKE_BUSID));
	conversation.echoes = true;
	await_open(&input);
	while (input.left && !conversation.over && conversation.count < CONVERSATION_ENOUGH)
		step(&input);
	finish();
	devices_stop(&devices);
	virtual_end();
	rules_free(&rules);
	return 0;
}
