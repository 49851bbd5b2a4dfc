// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated keyboard: low speed, boot protocol, with the five LEDs.
 *
 * It types its text once, when the host has polled it for a second, and then
 * is still: nobody wants a keyboard that types on its own. Whoever wants the
 * text again switches the Scroll Lock LED on (which also shows that LEDs
 * arrive). Characters are those of a US layout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/hid.h"
#include "exporter/backend/emulated/kinds.h"

#define TEXT "suburb"
#define LED_SCROLL_LOCK 0x04
#define MODIFIER_LEFT_SHIFT 0x02
#define FIRST_USAGE 0x04 /* the first key of the tables, A */

struct keyboard {
	struct emulated_hid hid;
	char *text;
	const char *at;
	bool pressed;
};

/* By usage, HID Usage Tables, page 7, from 0x04; NUL where no character is. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz1234567890\n\0\0\t -=[]\\\0;'`,./";
static const char shifted[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\0\0\0\0\0_+{}|\0:\"~<>?";

static const uint8_t report_descriptor[] = {
	0x05, 0x01, /* usage page: generic desktop */
	0x09, 0x06, /* usage: keyboard */
	0xa1, 0x01, /* collection: application */
	0x05, 0x07, /*   usage page: keys */
	0x19, 0xe0, /*   usage minimum: left control */
	0x29, 0xe7, /*   usage maximum: right GUI */
	0x15, 0x00, /*   logical minimum: 0 */
	0x25, 0x01, /*   logical maximum: 1 */
	0x75, 0x01, /*   report size: 1 */
	0x95, 0x08, /*   report count: 8 */
	0x81, 0x02, /*   input: data, variable, absolute */
	0x75, 0x08, /*   report size: 8 */
	0x95, 0x01, /*   report count: 1 */
	0x81, 0x01, /*   input: constant */
	0x05, 0x08, /*   usage page: LEDs */
	0x19, 0x01, /*   usage minimum: num lock */
	0x29, 0x05, /*   usage maximum: kana */
	0x75, 0x01, /*   report size: 1 */
	0x95, 0x05, /*   report count: 5 */
	0x91, 0x02, /*   output: data, variable, absolute */
	0x75, 0x03, /*   report size: 3 */
	0x95, 0x01, /*   report count: 1 */
	0x91, 0x01, /*   output: constant */
	0x05, 0x07, /*   usage page: keys */
	0x19, 0x00, /*   usage minimum: 0 */
	0x29, 0x65, /*   usage maximum: application */
	0x15, 0x00, /*   logical minimum: 0 */
	0x25, 0x65, /*   logical maximum: 101 */
	0x75, 0x08, /*   report size: 8 */
	0x95, 0x06, /*   report count: 6 */
	0x81, 0x00, /*   input: data, array */
	0xc0, /* end collection */
};

static bool find_key(char c, uint8_t *usage, uint8_t *modifiers)
{
	const char *at = memchr(plain, c, sizeof(plain) - 1);

	*modifiers = 0;
	if (at) {
		*usage = (uint8_t)(at - plain + FIRST_USAGE);
		return true;
	}
	at = memchr(shifted, c, sizeof(shifted) - 1);
	if (!at)
		return false;
	*usage = (uint8_t)(at - shifted + FIRST_USAGE);
	*modifiers = MODIFIER_LEFT_SHIFT;
	return true;
}

/* A key goes down in one report and up in the next. */
static bool next(struct emulated_device *d, uint8_t *report)
{
	struct keyboard *keyboard = d->state;

	memset(report, 0, EMULATED_HID_REPORT);
	if (keyboard->pressed) {
		keyboard->pressed = false;
		keyboard->at++;
		return true;
	}
	if (!*keyboard->at)
		return false;
	find_key(*keyboard->at, &report[2], &report[0]);
	keyboard->pressed = true;
	return true;
}

static void rewind_text(struct emulated_device *d)
{
	struct keyboard *keyboard = d->state;

	keyboard->at = keyboard->text;
	keyboard->pressed = false;
}

static void leds(struct emulated_device *d, uint8_t on)
{
	struct keyboard *keyboard = d->state;

	if (on & ~keyboard->hid.leds & LED_SCROLL_LOCK)
		emulated_hid_play(d);
}

static const struct emulated_hid_kind hid_kind = {
	.report_descriptor = report_descriptor,
	.report_descriptor_size = sizeof(report_descriptor),
	.protocol = 1,
	.report_size = 8,
	.interval_ms = 10,
	.next = next,
	.rewind = rewind_text,
	.leds = leds,
};

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct keyboard *keyboard = d->state;
	uint8_t usage, modifiers;
	const char *at;

	keyboard->hid.kind = &hid_kind;
	keyboard->text = strdup(argument ? argument : TEXT);
	if (!keyboard->text) {
		snprintf(error, size, "keyboard: out of memory");
		return -1;
	}
	for (at = keyboard->text; *at; at++) {
		if (find_key(*at, &usage, &modifiers))
			continue;
		snprintf(error, size,
			 "keyboard: no key for byte 0x%02x: the text must be printable ASCII, "
			 "tabs and newlines",
			 (unsigned char)*at);
		return -1;
	}
	return 0;
}

static void destroy(struct emulated_device *d)
{
	struct keyboard *keyboard = d->state;

	free(keyboard->text);
}

const struct emulated_kind emulated_keyboard = {
	.name = "keyboard",
	.argument = "TEXT",
	.identity = { EMULATED_VENDOR, 0x0001, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated keyboard",
	.speed = SUBURB_SPEED_LOW,
	.state_size = sizeof(struct keyboard),
	.create = create,
	.destroy = destroy,
	.describe = emulated_hid_describe,
	.reset = emulated_hid_reset,
	.start = emulated_hid_start,
	.control = emulated_hid_control,
	.polled = emulated_hid_polled,
	.expired = emulated_hid_expired,
};
