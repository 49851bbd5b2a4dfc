// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated serial port: a CDC ACM modem without a modem, with a loopback
 * plug in its connector. What is sent comes back at once; carrier and data set
 * ready are always there, and said to be there once by a notification.
 *
 * Line coding is kept and told, and has no other effect. Breaks are not
 * supported and stalled. It keeps up to 64 packets, then writes wait.
 */
#include <stdio.h>
#include <string.h>
#include <linux/usb/cdc.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/echo.h"
#include "exporter/backend/emulated/kinds.h"

#define NOTIFY 0x81
#define DATA_IN 0x82
#define DATA_OUT 0x02

#define CONTROL_INTERFACE 0
#define DATA_INTERFACE 1
#define LINE_CODING_SIZE 7
#define PACKETS 64

#define STATE_CARRIER 0x01
#define STATE_READY 0x02

/* Types of requests */
#define OUT (USB_DIR_OUT | USB_TYPE_CLASS | USB_RECIP_INTERFACE)
#define IN (USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE)

struct serial {
	struct emulated_echo echo;
	struct emulated_request notification;
	uint8_t notice[10];
	uint8_t line_coding[LINE_CODING_SIZE];
};

static const char *const strings[] = { "Serial port", "Serial data", NULL };

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	static const uint8_t functional[] = {
		/* header: CDC 1.10 */
		5, USB_DT_CS_INTERFACE, USB_CDC_HEADER_TYPE, 0x10, 0x01,
		/* call management: none */
		5, USB_DT_CS_INTERFACE, USB_CDC_CALL_MANAGEMENT_TYPE, 0, DATA_INTERFACE,
		/* abstract control: line coding, control line state, serial state */
		4, USB_DT_CS_INTERFACE, USB_CDC_ACM_TYPE, USB_CDC_CAP_LINE,
		/* union: one control, one data interface */
		5, USB_DT_CS_INTERFACE, USB_CDC_UNION_TYPE, CONTROL_INTERFACE, DATA_INTERFACE,
	};

	emulated_describe_configuration(out, speed, 0);
	emulated_describe_interface(out, CONTROL_INTERFACE, 0, USB_CLASS_COMM,
				    USB_CDC_SUBCLASS_ACM, USB_CDC_ACM_PROTO_AT_V25TER,
				    EMULATED_STRINGS);
	emulated_describe_raws(out, functional, sizeof(functional));
	emulated_describe_interrupt(out, NOTIFY, 16, 16);
	emulated_describe_interface(out, DATA_INTERFACE, 0, USB_CLASS_CDC_DATA, 0, 0,
				    EMULATED_STRINGS + 1);
	emulated_describe_bulk(out, DATA_IN);
	emulated_describe_bulk(out, DATA_OUT);
}

static int create(struct emulated_device *d, const char *argument, char *error, size_t size)
{
	struct serial *serial = d->state;

	if (!emulated_echo_init(&serial->echo, d, DATA_IN, DATA_OUT, PACKETS))
		return 0;
	snprintf(error, size, "serial: out of memory");
	return -1;
}

static void destroy(struct emulated_device *d)
{
	struct serial *serial = d->state;

	emulated_echo_exit(&serial->echo);
}

static void reset(struct emulated_device *d)
{
	/* 9600 bit/s, 1 stop bit, no parity, 8 data bits */
	static const uint8_t line_coding[LINE_CODING_SIZE] = { 0x80, 0x25, 0, 0, 0, 0, 8 };
	struct serial *serial = d->state;

	memcpy(serial->line_coding, line_coding, sizeof(line_coding));
}

static void on_notified(struct emulated_request *request)
{
}

static void notify_state(struct emulated_device *d, struct serial *serial)
{
	static const uint8_t notice[sizeof(serial->notice)] = {
		USB_DIR_IN | USB_TYPE_CLASS | USB_RECIP_INTERFACE, USB_CDC_NOTIFY_SERIAL_STATE,
		0, 0, CONTROL_INTERFACE, 0, 2, 0, STATE_CARRIER | STATE_READY, 0,
	};

	memcpy(serial->notice, notice, sizeof(notice));
	serial->notification = (struct emulated_request){
		.buffer = serial->notice,
		.length = sizeof(serial->notice),
		.complete = on_notified,
	};
	emulated_device_queue(d, NOTIFY, &serial->notification);
}

static void start(struct emulated_device *d, uint8_t interface)
{
	struct serial *serial = d->state;

	if (interface == CONTROL_INTERFACE)
		notify_state(d, serial);
	else
		emulated_echo_start(&serial->echo);
}

static int control(struct emulated_device *d, struct emulated_control *c)
{
	struct serial *serial = d->state;

	if (c->index != CONTROL_INTERFACE || !d->configured)
		return -SUBURB_EPIPE;
	switch (c->type << 8 | c->request) {
	case OUT << 8 | USB_CDC_REQ_SET_LINE_CODING:
		if (c->length != LINE_CODING_SIZE)
			return -SUBURB_EPIPE;
		memcpy(serial->line_coding, c->data, LINE_CODING_SIZE);
		return 0;
	case IN << 8 | USB_CDC_REQ_GET_LINE_CODING:
		memcpy(c->data, serial->line_coding, LINE_CODING_SIZE);
		return LINE_CODING_SIZE;
	case OUT << 8 | USB_CDC_REQ_SET_CONTROL_LINE_STATE:
		return 0;
	default:
		return -SUBURB_EPIPE;
	}
}

const struct emulated_kind emulated_serial = {
	.name = "serial",
	.identity = { EMULATED_VENDOR, 0x0003, USB_CLASS_COMM, 0, 0 },
	.product = "Emulated serial port",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct serial),
	.create = create,
	.destroy = destroy,
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
};
