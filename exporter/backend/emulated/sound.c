// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated sound card: USB Audio 2.0, 48 kHz, 16 bit, two channels, line
 * out and line in, joined by a cable: what is played can be recorded, bit for
 * bit, a tenth of a second later.
 *
 *   interface 0   control: one clock, and two paths with nothing in between
 *   interface 1   play, alternate 1: isochronous 0x01
 *   interface 2   record, alternate 1: isochronous 0x82
 *
 * The one clock is that of the bus (its source says "synchronous to start of
 * frame", and so do both endpoints), so a host sends 48 samples in each frame
 * and gets as many, and no feedback endpoint is needed to tell it how many.
 * Sections named below are of the USB Device Class Definition for Audio
 * Devices, release 2.0.
 */
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/kinds.h"
#include "exporter/backend/emulated/tape.h"

#define CONTROL_INTERFACE 0
#define PLAY_INTERFACE 1
#define RECORD_INTERFACE 2
#define PLAY 0x01
#define RECORD 0x82
#define FRAME_SIZE (EMULATED_RATE / 1000 * EMULATED_SAMPLE)
/* A host that keeps step otherwise may send a sample more. */
#define MAX_PACKET (FRAME_SIZE + EMULATED_SAMPLE)

/* Classes, subtypes and terminals of its appendix A, and of "Terminal Types". */
#define AUDIO_CONTROL 1
#define AUDIO_STREAMING 2
#define RELEASE_2 0x20
#define USB_STREAMING 0x01, 0x01
#define LINE_CONNECTOR 0x03, 0x06
#define CS_INTERFACE 0x24
#define CS_ENDPOINT 0x25

/* Entities */
#define CLOCK 1
#define PLAY_USB 2
#define PLAY_LINE 3
#define RECORD_LINE 4
#define RECORD_USB 5

/* Requests, and controls of a clock source: 5.2.5.1 */
#define CUR 1
#define RANGE 2
#define SAMPLING_FREQUENCY 1
#define CLOCK_VALID 2

struct sound {
	struct emulated_tape tape;
};

static const char *const strings[] = { "Sound card", "Play", "Record", NULL };

/* 4.7.2. The two channels are front left and right. */
static const uint8_t control_descriptors[] = {
	9, CS_INTERFACE, 1 /* header */, 0x00, 0x02, 8 /* I/O box */, 75, 0, 0,
	/* clock source: internal, fixed, synchronous to frames; both controls can be read */
	8, CS_INTERFACE, 10, CLOCK, 0x05, 0x05, 0, 0,
	17, CS_INTERFACE, 2 /* input */, PLAY_USB, USB_STREAMING, 0, CLOCK, 2, 3, 0, 0, 0, 0, 0, 0,
	0,
	12, CS_INTERFACE, 3 /* output */, PLAY_LINE, LINE_CONNECTOR, 0, PLAY_USB, CLOCK, 0, 0, 0,
	17, CS_INTERFACE, 2, RECORD_LINE, LINE_CONNECTOR, 0, CLOCK, 2, 3, 0, 0, 0, 0, 0, 0, 0,
	12, CS_INTERFACE, 3, RECORD_USB, USB_STREAMING, 0, RECORD_LINE, CLOCK, 0, 0, 0,
};

static void describe_stream(struct emulated_descriptors *out, uint8_t interface, uint8_t terminal,
			    uint8_t endpoint)
{
	/* 4.9.2 and 4.10.1.2; Frmts20 2.3.1.6: PCM, 2 bytes, 16 bits */
	const uint8_t format[] = {
		16, CS_INTERFACE, 1, terminal, 0, 1, 1, 0, 0, 0, 2, 3, 0, 0, 0, 0,
		6, CS_INTERFACE, 2, 1, EMULATED_SAMPLE / 2, 16,
	};
	static const uint8_t data_endpoint[] = { 8, CS_ENDPOINT, 1, 0, 0, 0, 0, 0 };
	uint8_t string = (uint8_t)(EMULATED_STRINGS + interface);

	emulated_describe_interface(out, interface, 0, USB_CLASS_AUDIO, AUDIO_STREAMING, RELEASE_2,
				    string);
	emulated_describe_interface(out, interface, 1, USB_CLASS_AUDIO, AUDIO_STREAMING, RELEASE_2,
				    string);
	emulated_describe_raws(out, format, sizeof(format));
	emulated_describe_iso(out, endpoint, EMULATED_SYNC_FRAMES, MAX_PACKET, 1);
	emulated_describe_raw(out, data_endpoint, sizeof(data_endpoint));
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	emulated_describe_configuration(out, speed, 0);
	emulated_describe_association(out, CONTROL_INTERFACE, 3, USB_CLASS_AUDIO, 0, RELEASE_2);
	emulated_describe_interface(out, CONTROL_INTERFACE, 0, USB_CLASS_AUDIO, AUDIO_CONTROL,
				    RELEASE_2, EMULATED_STRINGS);
	emulated_describe_raws(out, control_descriptors, sizeof(control_descriptors));
	describe_stream(out, PLAY_INTERFACE, PLAY_USB, PLAY);
	describe_stream(out, RECORD_INTERFACE, RECORD_USB, RECORD);
}

static void reset(struct emulated_device *d)
{
	struct sound *sound = d->state;

	emulated_tape_clear(&sound->tape);
}

static void start(struct emulated_device *d, uint8_t interface)
{
	struct sound *sound = d->state;

	if (interface != PLAY_INTERFACE)
		return;
	if (!d->alternates[PLAY_INTERFACE]) {
		emulated_tape_end(&sound->tape);
		return;
	}
	/* What nobody recorded is old. */
	if (!d->alternates[RECORD_INTERFACE])
		emulated_tape_clear(&sound->tape);
	emulated_tape_play(&sound->tape);
}

static uint32_t give(struct emulated_device *d, uint8_t address, uint8_t *packet, uint32_t size)
{
	struct sound *sound = d->state;

	return emulated_tape_read(&sound->tape, packet, FRAME_SIZE);
}

static void take(struct emulated_device *d, uint8_t address, const uint8_t *packet,
		 uint32_t length)
{
	struct sound *sound = d->state;

	emulated_tape_write(&sound->tape, packet, length);
}

static const struct emulated_iso_function iso = { .give = give, .take = take };

static int read_frequency(struct emulated_control *c)
{
	if (c->request == CUR) {
		emulated_put_le32(c->data, EMULATED_RATE);
		return 4;
	}
	emulated_put_le16(c->data, 1); /* one range: */
	emulated_put_le32(c->data + 2, EMULATED_RATE);
	emulated_put_le32(c->data + 6, EMULATED_RATE);
	emulated_put_le32(c->data + 10, 0);
	return 14;
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	if (c->type != (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE) ||
	    c->index != (CLOCK << 8 | CONTROL_INTERFACE) || !d->configured)
		return -SUBURB_EPIPE;
	if (c->value == SAMPLING_FREQUENCY << 8 && (c->request == CUR || c->request == RANGE))
		return read_frequency(c);
	if (c->value != CLOCK_VALID << 8 || c->request != CUR)
		return -SUBURB_EPIPE;
	c->data[0] = 1;
	return 1;
}

const struct emulated_kind emulated_sound = {
	.name = "sound",
	/* "has interface associations" */
	.identity = { EMULATED_VENDOR, 0x0006, USB_CLASS_MISC, 2, 1 },
	.product = "Emulated sound card",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct sound),
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
	.iso = &iso,
};
