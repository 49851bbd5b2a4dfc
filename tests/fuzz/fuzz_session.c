// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/virtual.c tests/fuzz/quiet_log.c tests/fuzz/conversation.c suburbd */
/*
 * Whole sessions with emulated devices of every kind: requests of all types,
 * right and wrong, unlinks, devices that are pulled out and plugged in again,
 * an importer that reads slowly. See conversation.h for what must hold.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <suburb/extension.h>

#include "exporter/backend/emulated/emulated.h"

#include "conversation.h"
#include "virtual.h"

#define BUSID "99-1"
#define SECTORS 64

static struct backend *backend;
static struct devices devices;
static struct rules rules;
static int medium;

/* --- what is said ----------------------------------------------------------- */

/* Setup packets; the last byte is what wLength usually is. */
static const uint8_t setups[][7] = {
	{ 0x23, 3, 4, 0, 1 }, { 0x00, 9, 1 }, { 0x01, 11, 1, 0, 1 }, { 0x02, 1, 0, 0, 0x81 },
	{ 0x80, 6, 0, 1, 0, 0, 18 }, { 0x80, 6, 0, 2, 0, 0, 255 }, { 0x80, 6, 1, 3, 9, 4, 255 },
	{ 0x80, 6, 0, 15, 0, 0, 64 }, { 0x80, 6, 0, 7, 0, 0, 255 }, { 0x80, 0, 0, 0, 0, 0, 2 },
	{ 0x82, 0, 0, 0, 0x81, 0, 2 }, { 0x80, 8, 0, 0, 0, 0, 1 }, { 0x81, 10, 0, 0, 0, 0, 1 },
	{ 0x00, 9, 0 }, { 0x01, 11, 0, 0, 0 }, { 0x01, 11, 1, 0, 0 }, { 0x01, 11, 1, 0, 2 },
	{ 0x01, 11, 2, 0, 1 }, { 0x02, 3, 0, 0, 0x81 }, { 0x00, 5, 9 },
	{ 0x81, 6, 0, 0x22, 0, 0, 128 }, { 0x21, 9, 0, 2, 0, 0, 1 }, { 0x21, 0x0a },
	{ 0xa1, 1, 0, 1, 0, 0, 8 }, { 0x21, 0x20, 0, 0, 0, 0, 7 }, { 0xa1, 0x21, 0, 0, 0, 0, 7 },
	{ 0x21, 0x22, 3 }, { 0xa1, 0xfe, 0, 0, 0, 0, 1 }, { 0x21, 0xff },
	{ 0x7f, 1, 4, 0, 0, 0, 2 }, { 0x7f, 2, 0, 0, 0, 0, 2 }, { 0xff, 1, 0, 0, 0x81, 0, 2 },
	{ 0x21, 1, 0, 1, 1, 0, 26 }, { 0x21, 1, 0, 2, 1, 0, 26 }, { 0xa1, 0x81, 0, 1, 1, 0, 26 },
	{ 0xa1, 0x82, 0, 1, 1, 0, 26 }, { 0xa1, 1, 0, 1, 0, 1, 4 }, { 0xa1, 2, 0, 1, 0, 1, 14 },
	{ 0x40, 0x5b, 0, 0, 0, 0, 40 }, { 0xc0, 0x5c, 0, 0, 0, 0, 40 },
	{ 0x22, 1, 0, 1, 0x81, 0, 3 }, { 0xa2, 0x81, 0, 1, 0x81, 0, 3 },
};

static struct suburb_submit begin_submit(struct input *input)
{
	return (struct suburb_submit){
		.devid = conversation.devid,
		.transfer_flags = input_u8(input) & 0x43,
		.packets = 0xffffffff,
	};
}

static void control(struct input *input)
{
	/* Addresses of endpoints for the requests for streams. */
	static const uint8_t endpoints[] = { 0x81, 0x02, 0x83, 0x04 };
	struct suburb_submit submit = begin_submit(input);
	uint8_t n = input_u8(input);
	uint8_t data[64] = { 0 };
	size_t size;

	if (n < 240)
		memcpy(submit.setup, setups[n % (sizeof(setups) / sizeof(setups[0]))], 7);
	else
		input_bytes(input, submit.setup, 7);
	submit.length = submit.setup[6];
	if (input_once_in(input, 8))
		submit.length = input_upto(input, 600);
	submit.setup[6] = (uint8_t)submit.length;
	submit.setup[7] = (uint8_t)(submit.length >> 8);
	if (submit.setup[0] & 0x80 && submit.length)
		submit.direction = SUBURB_DIR_IN;
	size = submit.length < sizeof(data) ? submit.length : sizeof(data);
	if (submit.setup[0] == SUBURB_REQUEST_OUT && !input_once_in(input, 4))
		memcpy(data, endpoints + input_upto(input, 2), 2);
	else if (submit.direction == SUBURB_DIR_OUT)
		input_bytes(input, data, size);
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, data, submit.direction ? 0 : size);
}

static uint32_t choose_length(struct input *input)
{
	static const uint32_t usual[] = { 0, 8, 13, 31, 64, 512, 4096, 20000 };
	uint8_t n = input_u8(input);

	return n < 200 ? usual[n % 8] : n < 220 ? input_u16(input) : n;
}

static void data(struct input *input)
{
	struct suburb_submit submit = begin_submit(input);

	conversation_aim(input, &submit, -1);
	submit.length = choose_length(input);
	if (conversation.streams || input_once_in(input, 8))
		submit.start_frame = input_upto(input, 70);
	conversation_spoil(input, &submit);
	conversation_submit(input, submit, NULL, 0);
}

/* A command for a disk, in the wrapper of bulk-only transport or of UAS. */
static void command(struct input *input)
{
	static const uint8_t operations[] = {
		0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2a, 0x2f, 0x35,
		0x5a, 0x88, 0x8a, 0x9e, 0xa0, 0xa8, 0xaa, 0x08, 0x0a, 0x41, 0x42, 0x93,
	};
	struct suburb_submit submit = begin_submit(input);
	bool uas = input_u8(input) & 1;
	uint8_t wrapper[32] = { 0x55, 0x53, 0x42, 0x43 };
	uint8_t *cdb = wrapper + (uas ? 16 : 15);

	if (uas) {
		memset(wrapper, 0, 4);
		wrapper[0] = input_once_in(input, 8) ? 5 : 1;
		wrapper[3] = input_u8(input);
	} else {
		wrapper[8] = input_u8(input);
		wrapper[9] = input_u8(input);
		wrapper[12] = input_u8(input) & 0x80;
		wrapper[14] = 6 + input_upto(input, 10);
	}
	input_bytes(input, cdb, 10);
	cdb[0] = operations[cdb[0] % sizeof(operations)];
	submit.ep = uas ? 4 - input_upto(input, 3) : 1 + input_upto(input, 1);
	submit.length = uas ? 32 : 31;
	conversation_submit(input, submit, wrapper, submit.length);
}

/* --- what happens ------------------------------------------------------------ */

static void plug(void)
{
	if (emulated_backend_unplug(backend, BUSID) < 0)
		emulated_backend_plug(backend, BUSID);
}

static void step(struct input *input)
{
	switch (input_u8(input) % 19) {
	case 0:
	case 1:
	case 2:
		control(input);
		break;
	case 3:
	case 4:
	case 5:
		data(input);
		break;
	case 6:
	case 7:
		conversation_packets(input, input_u8(input) & 0x43);
		break;
	case 8:
	case 9:
		command(input);
		break;
	case 10:
	case 11:
		conversation_unlink(input);
		break;
	case 12:
		conversation_listen(input_upto(input, 400));
		break;
	case 13:
		virtual_turns(input_upto(input, 60));
		break;
	case 14:
		for (unsigned int i = input_upto(input, 11); i; i--)
			conversation_retry();
		break;
	case 15:
		if (input_once_in(input, 8))
			plug();
		break;
	case 16:
		conversation_overtake(input);
		break;
	case 17:
		conversation_dribble(input_upto(input, 120));
		break;
	case 18: /* as after a tenth of a second */
		virtual_turns(20);
		conversation_exchange();
		break;
	}
	if (input_once_in(input, 2))
		virtual_turns(1);
}

static void turn(void)
{
	virtual_turns(1);
}

/* Things take their time: a device that comes back, a disk, a reader that waits. */
static void settle(void)
{
	for (int i = 0; i < 40 && !conversation_all_answered(); i++) {
		virtual_turns(10);
		conversation_exchange();
		conversation_retry();
	}
}

static void finish(void)
{
	settle();
	if (!conversation.over) {
		conversation_unlink_all();
		settle();
		if (!conversation.over)
			conversation_check_answered();
	}
	conversation_end(turn);
	fuzz_assert(!devices.load.requests && !devices.load.bytes);
}

/* --- beginning and end ------------------------------------------------------- */

/* Whose endpoints are in an alternate setting has most of them there. */
static void choose_settings(struct input *input)
{
	struct suburb_submit submit = { .devid = conversation.devid };
	struct input nothing = { NULL, 0 };
	uint8_t flags = input_u8(input);

	for (uint8_t interface = 0; interface < 3; interface++) {
		const uint8_t setup[] = { 1, 11, 1, 0, interface };

		memcpy(submit.setup, setup, sizeof(setup));
		if (!(flags & 1 << interface))
			conversation_submit(&nothing, submit, NULL, 0);
		conversation_exchange();
		virtual_turns(1);
	}
}

static void plug_in(struct input *input)
{
	static const char *const kinds[] = {
		"keyboard:ab", "mouse", "serial", "disk", "uas", "loopback", "loopback:full",
		"loopback:super", "sound", "camera", "usbtest", "usbtest:super", "modeswitch",
		"usbtest:full,mod63",
	};
	const char *kind = kinds[input_upto(input, 13)];
	char spec[64], error[256];

	snprintf(spec, sizeof(spec), "%s", kind);
	if (!strcmp(kind, "disk") || !strcmp(kind, "uas"))
		snprintf(spec, sizeof(spec), "%s:/proc/self/fd/%d", kind, medium);
	backend = emulated_backend_new();
	fuzz_assert(backend);
	fuzz_assert(emulated_backend_add(backend, spec, error, sizeof(error)) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	medium = memfd_create("disk", 0);
	fuzz_assert(medium >= 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data_, size_t size)
{
	struct input input = { data_, size };
	uv_loop_t *loop = virtual_loop();

	fuzz_assert(ftruncate(medium, 0) == 0 && ftruncate(medium, SECTORS * 512) == 0);
	plug_in(&input);
	rules_init(&rules);
	devices_init(&devices, &rules);
	devices.loop = loop;
	fuzz_assert(devices_watch(&devices, backend, loop, true) == 0);
	conversation_begin(&input, devices_find(&devices, BUSID));
	choose_settings(&input);
	while (input.left && !conversation.over && conversation.count < CONVERSATION_ENOUGH)
		step(&input);
	finish();
	devices_stop(&devices);
	virtual_end();
	emulated_backend_free(backend);
	rules_free(&rules);
	return 0;
}
