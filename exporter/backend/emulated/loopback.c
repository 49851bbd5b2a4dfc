// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated loopback: a vendor-specific device for tests and measurements.
 *
 *   interface 0   what is written is read back, packet by packet, in order
 *     alt 0       bulk 0x01 -> 0x81, interrupt 0x02 -> 0x82
 *     alt 1       bulk only
 *   interface 1   bulk 0x83 gives a pattern without end, bulk 0x03 takes
 *                 anything at once
 *
 * It keeps up to 512 bulk and 16 interrupt packets; then writes wait for
 * reads. The pattern counts 0 to 62 over and over, anew in each packet, so
 * that a lost or doubled packet part shows. Vendor requests 0x5b (write) and
 * 0x5c (read back) do the same on endpoint 0; these and the pattern are known
 * to Linux' usbtest.
 */
#include <stdio.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/echo.h"
#include "exporter/backend/emulated/kinds.h"
#include "exporter/backend/emulated/speed.h"

#define BULK_OUT 0x01
#define BULK_IN 0x81
#define INTERRUPT_OUT 0x02
#define INTERRUPT_IN 0x82
#define SINK 0x03
#define SOURCE 0x83

#define BULK_PACKETS 512
#define INTERRUPT_PACKETS 16
#define INTERRUPT_SIZE 64
#define STREAM_SIZE 32768

#define REQUEST_WRITE 0x5b
#define REQUEST_READ 0x5c

struct loopback {
	struct emulated_echo bulk;
	struct emulated_echo interrupt;
	struct emulated_request source;
	struct emulated_request sink;
	uint8_t pattern[STREAM_SIZE];
	uint8_t sunk[STREAM_SIZE];
	uint8_t kept[EMULATED_CONTROL_SIZE];
};

static const char *const strings[] = { "Loopback", "Bulk loopback", "Source and sink", NULL };

static void on_source(struct emulated_request *request)
{
	emulated_device_queue(request->owner, SOURCE, request);
}

static void on_sink(struct emulated_request *request)
{
	emulated_device_queue(request->owner, SINK, request);
}

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct loopback *loopback = d->state;

	if (argument && emulated_speed_choose(d, "loopback", argument, error, size))
		return -1;
	if (emulated_echo_init(&loopback->bulk, d, BULK_IN, BULK_OUT, BULK_PACKETS) ||
	    emulated_echo_init(&loopback->interrupt, d, INTERRUPT_IN, INTERRUPT_OUT,
			       INTERRUPT_PACKETS)) {
		snprintf(error, size, "loopback: out of memory");
		return -1;
	}
	loopback->source = (struct emulated_request){
		.buffer = loopback->pattern,
		.length = STREAM_SIZE,
		.complete = on_source,
		.owner = d,
	};
	loopback->sink = (struct emulated_request){
		.buffer = loopback->sunk,
		.length = STREAM_SIZE,
		.complete = on_sink,
		.owner = d,
	};
	return 0;
}

static void destroy(struct emulated_device *d)
{
	struct loopback *loopback = d->state;

	emulated_echo_exit(&loopback->bulk);
	emulated_echo_exit(&loopback->interrupt);
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	emulated_describe_configuration(out, speed, 0);
	emulated_describe_interface(out, 0, 0, USB_CLASS_VENDOR_SPEC, 0, 0, EMULATED_STRINGS);
	emulated_describe_bulk(out, BULK_IN);
	emulated_describe_bulk(out, BULK_OUT);
	emulated_describe_interrupt(out, INTERRUPT_IN, INTERRUPT_SIZE, 1);
	emulated_describe_interrupt(out, INTERRUPT_OUT, INTERRUPT_SIZE, 1);
	emulated_describe_interface(out, 0, 1, USB_CLASS_VENDOR_SPEC, 0, 0, EMULATED_STRINGS + 1);
	emulated_describe_bulk(out, BULK_IN);
	emulated_describe_bulk(out, BULK_OUT);
	emulated_describe_interface(out, 1, 0, USB_CLASS_VENDOR_SPEC, 0, 0, EMULATED_STRINGS + 2);
	emulated_describe_bulk(out, SOURCE);
	emulated_describe_bulk(out, SINK);
}

static void reset(struct emulated_device *d)
{
	struct loopback *loopback = d->state;

	memset(loopback->kept, 0, sizeof(loopback->kept));
}

static void start_streams(struct emulated_device *d, struct loopback *loopback)
{
	uint32_t packet = emulated_device_endpoint(d, SOURCE)->max_packet;
	uint32_t i;

	for (i = 0; i < STREAM_SIZE; i++)
		loopback->pattern[i] = (uint8_t)(i % packet % 63);
	emulated_device_queue(d, SOURCE, &loopback->source);
	emulated_device_queue(d, SINK, &loopback->sink);
}

static void start(struct emulated_device *d, uint8_t interface)
{
	struct loopback *loopback = d->state;

	if (interface == 0) {
		emulated_echo_start(&loopback->bulk);
		emulated_echo_start(&loopback->interrupt);
	} else {
		start_streams(d, loopback);
	}
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	struct loopback *loopback = d->state;

	if (c->length > sizeof(loopback->kept))
		return -SUBURB_EPIPE;
	switch (c->type << 8 | c->request) {
	case (USB_DIR_OUT | USB_TYPE_VENDOR) << 8 | REQUEST_WRITE:
		if (c->length)
			memcpy(loopback->kept, c->data, c->length);
		return 0;
	case (USB_DIR_IN | USB_TYPE_VENDOR) << 8 | REQUEST_READ:
		memcpy(c->data, loopback->kept, c->length);
		return c->length;
	default:
		return -SUBURB_EPIPE;
	}
}

const struct emulated_kind emulated_loopback = {
	.name = "loopback",
	.argument = "SPEED",
	.identity = { EMULATED_VENDOR, 0x0005, USB_CLASS_PER_INTERFACE, 0, 0 },
	.product = "Emulated loopback",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct loopback),
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
};
