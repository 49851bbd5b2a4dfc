// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated mouse: full speed, boot protocol, three buttons and a wheel.
 *
 * When the host has polled it for a second it moves its pointer once round a
 * small square, clockwise and back to where it was, and then is still. It
 * never presses a button and never turns the wheel.
 */
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/hid.h"
#include "exporter/backend/emulated/kinds.h"

#define STEPS 8 /* of each side */
#define STEP 5 /* counts */

struct mouse {
	struct emulated_hid hid;
	unsigned int step;
};

static const uint8_t report_descriptor[] = {
	0x05, 0x01, /* usage page: generic desktop */
	0x09, 0x02, /* usage: mouse */
	0xa1, 0x01, /* collection: application */
	0x09, 0x01, /*   usage: pointer */
	0xa1, 0x00, /*   collection: physical */
	0x05, 0x09, /*     usage page: buttons */
	0x19, 0x01, /*     usage minimum: 1 */
	0x29, 0x03, /*     usage maximum: 3 */
	0x15, 0x00, /*     logical minimum: 0 */
	0x25, 0x01, /*     logical maximum: 1 */
	0x75, 0x01, /*     report size: 1 */
	0x95, 0x03, /*     report count: 3 */
	0x81, 0x02, /*     input: data, variable, absolute */
	0x75, 0x05, /*     report size: 5 */
	0x95, 0x01, /*     report count: 1 */
	0x81, 0x01, /*     input: constant */
	0x05, 0x01, /*     usage page: generic desktop */
	0x09, 0x30, /*     usage: X */
	0x09, 0x31, /*     usage: Y */
	0x09, 0x38, /*     usage: wheel */
	0x15, 0x81, /*     logical minimum: -127 */
	0x25, 0x7f, /*     logical maximum: 127 */
	0x75, 0x08, /*     report size: 8 */
	0x95, 0x03, /*     report count: 3 */
	0x81, 0x06, /*     input: data, variable, relative */
	0xc0, /*   end collection */
	0xc0, /* end collection */
};

static bool next(struct emulated_device *d, uint8_t *report)
{
	/* right, down, left, up */
	static const int8_t sides[4][2] = { { STEP, 0 }, { 0, STEP }, { -STEP, 0 }, { 0, -STEP } };
	struct mouse *mouse = d->state;
	const int8_t *side;

	memset(report, 0, EMULATED_HID_REPORT);
	if (mouse->step == 4 * STEPS)
		return false;
	side = sides[mouse->step++ / STEPS];
	report[1] = (uint8_t)side[0];
	report[2] = (uint8_t)side[1];
	return true;
}

static void rewind_path(struct emulated_device *d)
{
	struct mouse *mouse = d->state;

	mouse->step = 0;
}

static const struct emulated_hid_kind hid_kind = {
	.report_descriptor = report_descriptor,
	.report_descriptor_size = sizeof(report_descriptor),
	.protocol = 2,
	.report_size = 4,
	.interval_ms = 8,
	.next = next,
	.rewind = rewind_path,
};

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct mouse *mouse = d->state;

	mouse->hid.kind = &hid_kind;
	return 0;
}

const struct emulated_kind emulated_mouse = {
	.name = "mouse",
	.identity = { EMULATED_VENDOR, 0x0002, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated mouse",
	.speed = SUBURB_SPEED_FULL,
	.state_size = sizeof(struct mouse),
	.create = create,
	.describe = emulated_hid_describe,
	.reset = emulated_hid_reset,
	.start = emulated_hid_start,
	.control = emulated_hid_control,
	.polled = emulated_hid_polled,
	.expired = emulated_hid_expired,
};
