// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated test device: what Linux' driver usbtest wants at the other end
 * of a cable, a source and a sink of every type.
 *
 *   alternate 0   bulk 0x81 and 0x01, interrupt 0x82 and 0x02
 *   alternate 1   the same, and isochronous 0x83 and 0x03
 *
 * Sources give zeros, or with "mod63" numbers that count 0 to 62 over and
 * over, anew in each packet; sinks take anything. Vendor requests 0x5b (write)
 * and 0x5c (read back) do a loopback on endpoint 0.
 *
 * usbtest takes no ids at run time and knows what a device can do by its id,
 * so this one has the id of Linux' "Gadget Zero", which is such a device:
 * modprobe usbtest alt=1 [pattern=1].
 */
#include <stdio.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/kinds.h"
#include "exporter/backend/emulated/speed.h"

#define BULK_OUT 0x01
#define BULK_IN 0x81
#define INTERRUPT_OUT 0x02
#define INTERRUPT_IN 0x82
#define ISO_OUT 0x03
#define ISO_IN 0x83

#define INTERRUPT_SIZE 64
#define ISO_SIZE 1024
#define STREAM_SIZE 32768
#define INTERRUPT_STREAM 1024

#define REQUEST_WRITE 0x5b
#define REQUEST_READ 0x5c

/* A request that goes round for ever. */
struct stream {
	struct emulated_request request;
	struct emulated_device *device;
	uint8_t address;
	uint8_t bytes[STREAM_SIZE];
};

struct usbtest {
	bool mod63;
	struct stream bulk_in;
	struct stream bulk_out;
	struct stream interrupt_in;
	struct stream interrupt_out;
	uint8_t kept[EMULATED_CONTROL_SIZE];
};

static const char *const strings[] = { "Source and sink", NULL };

/* "SPEED", "mod63" or "SPEED,mod63" */
static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct usbtest *usbtest = d->state;
	char speed[16];
	const char *comma;

	if (!argument)
		return 0;
	comma = strchr(argument, ',');
	if (!strcmp(comma ? comma + 1 : argument, "mod63")) {
		usbtest->mod63 = true;
		if (!comma)
			return 0;
	} else if (comma) {
		snprintf(error, size, "usbtest: no pattern \"%s\": give mod63 or none", comma + 1);
		return -1;
	}
	snprintf(speed, sizeof(speed), "%.*s",
		 comma ? (int)(comma - argument) : (int)sizeof(speed), argument);
	return emulated_speed_choose(d, "usbtest", speed, error, size);
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	uint8_t alternate;

	emulated_describe_configuration(out, speed, 0);
	for (alternate = 0; alternate < 2; alternate++) {
		emulated_describe_interface(out, 0, alternate, USB_CLASS_VENDOR_SPEC, 0, 0,
					    EMULATED_STRINGS);
		emulated_describe_bulk(out, BULK_IN);
		emulated_describe_bulk(out, BULK_OUT);
		emulated_describe_interrupt(out, INTERRUPT_IN, INTERRUPT_SIZE, 1);
		emulated_describe_interrupt(out, INTERRUPT_OUT, INTERRUPT_SIZE, 1);
		if (!alternate)
			continue;
		emulated_describe_iso(out, ISO_IN, EMULATED_SYNC_ASYNC, ISO_SIZE, 1);
		emulated_describe_iso(out, ISO_OUT, EMULATED_SYNC_ASYNC, ISO_SIZE, 1);
	}
}

static void reset(struct emulated_device *d)
{
	struct usbtest *usbtest = d->state;

	memset(usbtest->kept, 0, sizeof(usbtest->kept));
}

static void fill(const struct usbtest *usbtest, uint8_t *bytes, uint32_t length, uint32_t packet)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		bytes[i] = usbtest->mod63 ? (uint8_t)(i % packet % 63) : 0;
}

static void again(struct emulated_request *request)
{
	struct stream *stream = request->owner;

	emulated_device_queue(stream->device, stream->address, request);
}

static void start_stream(struct emulated_device *d, struct stream *stream, uint8_t address,
			 uint32_t length)
{
	stream->device = d;
	stream->address = address;
	stream->request = (struct emulated_request){
		.buffer = stream->bytes,
		.length = length,
		.complete = again,
		.owner = stream,
	};
	if (address & 0x80)
		fill(d->state, stream->bytes, length,
		     emulated_device_endpoint(d, address)->max_packet);
	again(&stream->request);
}

static void start(struct emulated_device *d, uint8_t interface)
{
	struct usbtest *usbtest = d->state;

	start_stream(d, &usbtest->bulk_in, BULK_IN, STREAM_SIZE);
	start_stream(d, &usbtest->bulk_out, BULK_OUT, STREAM_SIZE);
	start_stream(d, &usbtest->interrupt_in, INTERRUPT_IN, INTERRUPT_STREAM);
	start_stream(d, &usbtest->interrupt_out, INTERRUPT_OUT, INTERRUPT_STREAM);
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	struct usbtest *usbtest = d->state;

	if (c->length > sizeof(usbtest->kept))
		return -SUBURB_EPIPE;
	switch (c->type << 8 | c->request) {
	case (USB_DIR_OUT | USB_TYPE_VENDOR) << 8 | REQUEST_WRITE:
		if (c->length)
			memcpy(usbtest->kept, c->data, c->length);
		return 0;
	case (USB_DIR_IN | USB_TYPE_VENDOR) << 8 | REQUEST_READ:
		memcpy(c->data, usbtest->kept, c->length);
		return c->length;
	default:
		return -SUBURB_EPIPE;
	}
}

static uint32_t give(struct emulated_device *d, uint8_t address, uint8_t *packet, uint32_t size)
{
	fill(d->state, packet, size, size);
	return size;
}

static void take(struct emulated_device *d, uint8_t address, const uint8_t *packet,
		 uint32_t length)
{
}

static const struct emulated_iso_function iso = { .give = give, .take = take };

const struct emulated_kind emulated_usbtest = {
	.name = "usbtest",
	.argument = "SPEED,mod63",
	.identity = { 0x0525, 0xa4a0, USB_CLASS_VENDOR_SPEC, 0, 0 },
	.product = "Emulated test device",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct usbtest),
	.create = create,
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
	.iso = &iso,
};
