// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated device of two faces, as those are that wait for new firmware
 * (DFU) and modems that are a disk first: each reset of its port turns it into
 * the other. It leaves, and comes back under the same bus id.
 *
 *   1209:0008   "mode one": bulk 0x81 and 0x01, an echo
 *   1209:0009   "mode two": interrupt 0x82, which says "two" over and over
 *
 * Plugged in anew it is in mode one. To be opened or closed is no reset.
 */
#include <stdio.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/echo.h"
#include "exporter/backend/emulated/kinds.h"

#define BULK_OUT 0x01
#define BULK_IN 0x81
#define PACKETS 16
#define INTERRUPT_IN 0x82

static const char *const strings[] = { "Two modes", NULL };

/* --- mode one ------------------------------------------------------------- */

static int create_one(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct emulated_echo *echo = d->state;

	if (!emulated_echo_init(echo, d, BULK_IN, BULK_OUT, PACKETS))
		return 0;
	snprintf(error, size, "modeswitch: out of memory");
	return -1;
}

static void destroy_one(struct emulated_device *d)
{
	emulated_echo_exit(d->state);
}

static void describe_one(struct emulated_device *d, struct emulated_descriptors *out,
			 enum suburb_speed speed)
{
	emulated_describe_configuration(out, speed, 0);
	emulated_describe_interface(out, 0, 0, USB_CLASS_VENDOR_SPEC, 0, 0, EMULATED_STRINGS);
	emulated_describe_bulk(out, BULK_IN);
	emulated_describe_bulk(out, BULK_OUT);
}

static void start_one(struct emulated_device *d, uint8_t interface)
{
	emulated_echo_start(d->state);
}

/* --- mode two ------------------------------------------------------------- */

static void say_two(struct emulated_request *request)
{
	emulated_device_queue(request->owner, INTERRUPT_IN, request);
}

static void describe_two(struct emulated_device *d, struct emulated_descriptors *out,
			 enum suburb_speed speed)
{
	emulated_describe_configuration(out, speed, 0);
	emulated_describe_interface(out, 0, 0, USB_CLASS_VENDOR_SPEC, 0, 0, EMULATED_STRINGS);
	emulated_describe_interrupt(out, INTERRUPT_IN, 8, 16);
}

static void start_two(struct emulated_device *d, uint8_t interface)
{
	static uint8_t two[] = { 't', 'w', 'o' };
	struct emulated_request *request = d->state;

	*request = (struct emulated_request){
		.buffer = two,
		.length = sizeof(two),
		.complete = say_two,
		.owner = d,
	};
	say_two(request);
}

static const struct emulated_kind modeswitch_two = {
	.name = "modeswitch",
	.identity = { EMULATED_VENDOR, 0x0009, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated mode switch, mode two",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct emulated_request),
	.describe = describe_two,
	.start = start_two,
	.after_reset = &emulated_modeswitch,
};

const struct emulated_kind emulated_modeswitch = {
	.name = "modeswitch",
	.identity = { EMULATED_VENDOR, 0x0008, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated mode switch, mode one",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct emulated_echo),
	.create = create_one,
	.destroy = destroy_one,
	.describe = describe_one,
	.start = start_one,
	.after_reset = &modeswitch_two,
};
