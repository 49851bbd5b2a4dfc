// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The common part of emulated HID devices: Device Class Definition for HID
 * 1.11, section 7 (requests) and appendix B (boot protocol).
 *
 * One timer serves for three things, which exclude each other: the delay
 * before the script, the distance between its reports, and after it the
 * repetition that SET_IDLE asks for.
 */
#include <string.h>
#include <linux/hid.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/hid.h"

#define DELAY_MS 1000
#define HID_DESCRIPTOR_SIZE 9
#define IDLE_UNIT_MS 4

#define CLASS_IN (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define CLASS_OUT (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define REPORT_INPUT 1
#define REPORT_OUTPUT 2

static void write_hid_descriptor(const struct emulated_hid_kind *kind, uint8_t *bytes)
{
	static const uint8_t descriptor[HID_DESCRIPTOR_SIZE] = {
		HID_DESCRIPTOR_SIZE, HID_DT_HID, 0x11, 0x01, 0, 1, HID_DT_REPORT, 0, 0,
	};

	memcpy(bytes, descriptor, sizeof(descriptor));
	emulated_put_le16(bytes + 7, kind->report_descriptor_size);
}

void emulated_hid_describe(struct emulated_device *d, struct emulated_descriptors *out,
			   enum suburb_speed speed)
{
	const struct emulated_hid *hid = d->state;
	uint8_t descriptor[HID_DESCRIPTOR_SIZE];

	write_hid_descriptor(hid->kind, descriptor);
	emulated_describe_configuration(out, speed, USB_CONFIG_ATT_WAKEUP);
	emulated_describe_interface(out, 0, 0, USB_CLASS_HID, 1, hid->kind->protocol, 0);
	emulated_describe_raw(out, descriptor, sizeof(descriptor));
	emulated_describe_interrupt(out, EMULATED_HID_ENDPOINT, EMULATED_HID_REPORT,
				    hid->kind->interval_ms);
}

/* --- reports -------------------------------------------------------------- */

static void on_taken(struct emulated_request *request)
{
	struct emulated_device *d = request->owner;
	struct emulated_hid *hid = d->state;

	hid->queued = false;
	if (hid->playing)
		emulated_device_arm(d, hid->kind->interval_ms);
	else if (hid->idle)
		emulated_device_arm(d, hid->idle * IDLE_UNIT_MS);
}

static void give_report(struct emulated_device *d, struct emulated_hid *hid)
{
	hid->queued = true;
	hid->request = (struct emulated_request){
		.buffer = hid->report,
		.length = hid->kind->report_size,
		.complete = on_taken,
		.owner = d,
	};
	emulated_device_queue(d, EMULATED_HID_ENDPOINT, &hid->request);
}

void emulated_hid_expired(struct emulated_device *d)
{
	struct emulated_hid *hid = d->state;

	hid->state = HID_READY;
	if (hid->queued)
		return;
	if (hid->playing)
		hid->playing = hid->kind->next(d, hid->report);
	if (hid->playing || hid->idle)
		give_report(d, hid);
}

void emulated_hid_play(struct emulated_device *d)
{
	struct emulated_hid *hid = d->state;

	if (hid->playing)
		return;
	hid->kind->rewind(d);
	hid->playing = true;
	if (hid->state == HID_READY && !hid->queued)
		emulated_device_arm(d, hid->kind->interval_ms);
}

void emulated_hid_polled(struct emulated_device *d, uint8_t address, bool waiting)
{
	struct emulated_hid *hid = d->state;

	if (hid->state == HID_UNREAD && waiting) {
		hid->state = HID_DELAY;
		emulated_device_arm(d, DELAY_MS);
	} else if (hid->state == HID_DELAY && !waiting) {
		hid->state = HID_UNREAD;
		emulated_device_disarm(d);
	}
}

void emulated_hid_reset(struct emulated_device *d)
{
	struct emulated_hid *hid = d->state;

	memset(hid->report, 0, sizeof(hid->report));
	hid->playing = true;
	hid->idle = 0;
	hid->protocol = 1;
	hid->leds = 0;
	hid->kind->rewind(d);
}

/* Configured again: what was queued is lost, the script goes on where it was. */
void emulated_hid_start(struct emulated_device *d, uint8_t interface)
{
	struct emulated_hid *hid = d->state;

	hid->state = HID_UNREAD;
	hid->queued = false;
}

/* --- requests ------------------------------------------------------------- */

static int get_descriptor(struct emulated_hid *hid, struct emulated_control *c)
{
	switch (c->value) {
	case HID_DT_HID << 8:
		write_hid_descriptor(hid->kind, c->data);
		return HID_DESCRIPTOR_SIZE;
	case HID_DT_REPORT << 8:
		memcpy(c->data, hid->kind->report_descriptor, hid->kind->report_descriptor_size);
		return hid->kind->report_descriptor_size;
	default:
		return -SUBURB_EPIPE;
	}
}

static int get_report(struct emulated_hid *hid, struct emulated_control *c)
{
	switch (c->value) {
	case REPORT_INPUT << 8:
		memcpy(c->data, hid->report, hid->kind->report_size);
		return hid->kind->report_size;
	case REPORT_OUTPUT << 8:
		if (!hid->kind->leds)
			return -SUBURB_EPIPE;
		c->data[0] = hid->leds;
		return 1;
	default:
		return -SUBURB_EPIPE;
	}
}

static int set_report(struct emulated_device *d, struct emulated_control *c)
{
	struct emulated_hid *hid = d->state;

	if (!hid->kind->leds || c->value != REPORT_OUTPUT << 8 || c->length != 1)
		return -SUBURB_EPIPE;
	hid->kind->leds(d, c->data[0]);
	hid->leds = c->data[0];
	return 0;
}

static int set_idle(struct emulated_device *d, struct emulated_control *c)
{
	struct emulated_hid *hid = d->state;

	if (c->value & 0xff) /* there is no report of another id than 0 */
		return -SUBURB_EPIPE;
	hid->idle = (uint8_t)(c->value >> 8);
	if (hid->idle && hid->state == HID_READY && !hid->playing && !hid->queued)
		emulated_device_arm(d, hid->idle * IDLE_UNIT_MS);
	return 0;
}

static int set_protocol(struct emulated_hid *hid, struct emulated_control *c)
{
	if (c->value > 1)
		return -SUBURB_EPIPE;
	hid->protocol = (uint8_t)c->value;
	return 0;
}

static int give_byte(struct emulated_control *c, uint8_t byte)
{
	c->data[0] = byte;
	return 1;
}

int emulated_hid_control(struct emulated_device *d, struct emulated_control *c)
{
	struct emulated_hid *hid = d->state;

	if (c->index || !d->configured)
		return -SUBURB_EPIPE;
	switch (c->type << 8 | c->request) {
	case (USB_DIR_IN | USB_RECIP_INTERFACE) << 8 | USB_REQ_GET_DESCRIPTOR:
		return get_descriptor(hid, c);
	case CLASS_IN << 8 | HID_REQ_GET_REPORT:
		return get_report(hid, c);
	case CLASS_IN << 8 | HID_REQ_GET_IDLE:
		return c->value ? -SUBURB_EPIPE : give_byte(c, hid->idle);
	case CLASS_IN << 8 | HID_REQ_GET_PROTOCOL:
		return give_byte(c, hid->protocol);
	case CLASS_OUT << 8 | HID_REQ_SET_REPORT:
		return set_report(d, c);
	case CLASS_OUT << 8 | HID_REQ_SET_IDLE:
		return set_idle(d, c);
	case CLASS_OUT << 8 | HID_REQ_SET_PROTOCOL:
		return set_protocol(hid, c);
	default:
		return -SUBURB_EPIPE;
	}
}
