// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated camera: USB Video 1.0, uncompressed YUY2, a moving test picture
 * with a number in it (picture.h).
 *
 *   interface 0   control: a camera and the way to the host, nothing to set
 *   interface 1   stream, isochronous 0x81: alternate 1 for 160x120 at 15 or 5
 *                 pictures a second, alternate 2 for 320x240 at 5
 *
 * Time is counted in packets, one in each frame of the bus: a host that is
 * late finds all pictures, and each as it should be. Between two pictures
 * packets are empty. Sections named below are of the USB Device Class
 * Definition for Video Devices, revision 1.0.
 */
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/kinds.h"
#include "exporter/backend/emulated/picture.h"

#define CONTROL_INTERFACE 0
#define STREAM_INTERFACE 1
#define STREAM 0x81
#define SMALL_PACKET 640
#define LARGE_PACKET 1024

/* Classes, subtypes, requests: its appendix A. */
#define VIDEO_CONTROL 1
#define VIDEO_STREAMING 2
#define VIDEO_COLLECTION 3
#define CS_INTERFACE 0x24
#define CAMERA 1
#define USB_STREAMING 2
#define SET_CUR 0x01
#define GET_CUR 0x81
#define GET_MIN 0x82
#define GET_MAX 0x83
#define GET_LEN 0x85
#define GET_INFO 0x86
#define GET_DEF 0x87
#define PROBE 1
#define COMMIT 2
#define ERROR_CODE 2
#define INVALID_REQUEST 7

/* Payload header: 2.4.3.3 */
#define HEADER_SIZE 2
#define HEADER_PICTURE 0x01 /* toggles */
#define HEADER_END 0x02
#define HEADER_VALID 0x80

#define UNITS_PER_PACKET 10000 /* of 100 ns */
#define INTERVAL_15 666666
#define INTERVAL_5 2000000
#define FORMATS 2
#define LARGEST (2 * 320 * 240)
#define PROBE_SIZE 26

struct format {
	uint16_t width;
	uint16_t height;
	uint32_t fastest; /* 100 ns; the slowest is INTERVAL_5 */
	uint16_t packet;
};

static const struct format formats[FORMATS] = {
	{ 160, 120, INTERVAL_15, SMALL_PACKET },
	{ 320, 240, INTERVAL_5, LARGE_PACKET },
};

/**
 * struct camera
 * @probe, @commit: 4.3.1.1, as they would be read
 * @time: of the stream, 100 ns
 * @next: when the next picture begins
 * @number: of the next picture
 * @toggle: HEADER_PICTURE or 0
 * @at: bytes of the picture that were given
 * @size: of the picture, 0 between two
 */
struct camera {
	uint8_t probe[PROBE_SIZE];
	uint8_t commit[PROBE_SIZE];
	uint8_t error;
	uint64_t time;
	uint64_t next;
	uint32_t number;
	uint8_t toggle;
	uint32_t at;
	uint32_t size;
	uint8_t picture[LARGEST];
};

static const char *const strings[] = { "Camera", "Test picture", NULL };

/* --- descriptors ---------------------------------------------------------- */

static const uint8_t control_descriptors[] = {
	/* 3.7.2: revision 1.0; the clock of time stamps, which there are none of: 1 MHz */
	13, CS_INTERFACE, 1 /* header */, 0x00, 0x01, 40, 0, 0x40, 0x42, 0x0f, 0, 1,
	STREAM_INTERFACE,
	18, CS_INTERFACE, 2 /* input */, CAMERA, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,
	9, CS_INTERFACE, 3 /* output */, USB_STREAMING, 0x01, 0x01, 0, CAMERA, 0,
};

/* 3.9.2.1; USB_Video_Payload_Uncompressed 3.1.1. wTotalLength is put in. */
static const uint8_t stream_descriptors[] = {
	14, CS_INTERFACE, 1 /* input header */, 1, 0, 0, STREAM, 0, USB_STREAMING, 0, 0, 0, 1, 0,
	27, CS_INTERFACE, 4 /* uncompressed */, 1, FORMATS,
	'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
	16, 1, 0, 0, 0, 0,
};

#define FRAME_SIZE(intervals) (26 + 4 * (intervals))

static uint32_t bits_per_second(uint32_t size, uint32_t interval)
{
	return (uint32_t)(8ull * size * 10000000 / interval);
}

/* 3.1.2 of the same */
static void describe_frame(struct emulated_descriptors *out, uint8_t index)
{
	const struct format *format = &formats[index - 1];
	uint32_t size = emulated_picture_size(format->width, format->height);
	uint8_t intervals = format->fastest == INTERVAL_5 ? 1 : 2;
	uint8_t bytes[FRAME_SIZE(2)] = { FRAME_SIZE(intervals), CS_INTERFACE, 5, index };

	emulated_put_le16(bytes + 5, format->width);
	emulated_put_le16(bytes + 7, format->height);
	emulated_put_le32(bytes + 9, bits_per_second(size, INTERVAL_5));
	emulated_put_le32(bytes + 13, bits_per_second(size, format->fastest));
	emulated_put_le32(bytes + 17, size);
	emulated_put_le32(bytes + 21, format->fastest);
	bytes[25] = intervals;
	emulated_put_le32(bytes + 26, format->fastest);
	emulated_put_le32(bytes + 30, INTERVAL_5);
	emulated_describe_raw(out, bytes, bytes[0]);
}

static void describe_stream(struct emulated_descriptors *out)
{
	static const uint8_t colours[] = { 6, CS_INTERFACE, 13, 1, 1, 4 }; /* BT.709, BT.601 */
	size_t begin = out->length;
	uint8_t index;

	emulated_describe_raws(out, stream_descriptors, sizeof(stream_descriptors));
	for (index = 1; index <= FORMATS; index++)
		describe_frame(out, index);
	emulated_describe_raw(out, colours, sizeof(colours));
	emulated_put_le16(out->bytes + begin + 4, (uint16_t)(out->length - begin));
}

static void describe(struct emulated_device *d, struct emulated_descriptors *out,
		     enum suburb_speed speed)
{
	uint8_t alternate;

	emulated_describe_configuration(out, speed, 0);
	emulated_describe_association(out, CONTROL_INTERFACE, 2, USB_CLASS_VIDEO, VIDEO_COLLECTION,
				      0);
	emulated_describe_interface(out, CONTROL_INTERFACE, 0, USB_CLASS_VIDEO, VIDEO_CONTROL, 0,
				    EMULATED_STRINGS);
	emulated_describe_raws(out, control_descriptors, sizeof(control_descriptors));
	emulated_describe_interface(out, STREAM_INTERFACE, 0, USB_CLASS_VIDEO, VIDEO_STREAMING, 0,
				    EMULATED_STRINGS + 1);
	describe_stream(out);
	for (alternate = 1; alternate <= FORMATS; alternate++) {
		emulated_describe_interface(out, STREAM_INTERFACE, alternate, USB_CLASS_VIDEO,
					    VIDEO_STREAMING, 0, EMULATED_STRINGS + 1);
		emulated_describe_iso(out, STREAM, EMULATED_SYNC_ASYNC,
				      formats[alternate - 1].packet, 1);
	}
}

/* --- negotiation ---------------------------------------------------------- */

/* What was asked for, made possible: 4.3.1.1 */
static void settle(uint8_t *probe, const uint8_t *asked)
{
	uint8_t index = asked[3] == 2 ? 2 : 1;
	const struct format *format = &formats[index - 1];
	uint32_t interval = emulated_get_le32(asked + 4);
	bool slow = interval > (format->fastest + INTERVAL_5) / 2;

	memset(probe, 0, PROBE_SIZE);
	probe[0] = asked[0];
	probe[1] = asked[1];
	probe[2] = 1; /* bFormatIndex */
	probe[3] = index;
	emulated_put_le32(probe + 4, slow ? INTERVAL_5 : format->fastest);
	emulated_put_le32(probe + 18, emulated_picture_size(format->width, format->height));
	emulated_put_le32(probe + 22, format->packet);
}

static void reset(struct emulated_device *d)
{
	static const uint8_t nothing[PROBE_SIZE];
	struct camera *camera = d->state;

	settle(camera->probe, nothing);
	settle(camera->commit, nothing);
	camera->error = 0;
}

static int negotiate(struct camera *camera, struct emulated_control *c, uint8_t *current)
{
	static const uint8_t nothing[PROBE_SIZE];

	switch (c->request) {
	case SET_CUR:
		if (c->length != PROBE_SIZE)
			return -SUBURB_EPIPE;
		settle(current, c->data);
		return 0;
	case GET_CUR:
		memcpy(c->data, current, PROBE_SIZE);
		return PROBE_SIZE;
	case GET_MIN:
	case GET_MAX:
	case GET_DEF:
		if (current != camera->probe)
			return -SUBURB_EPIPE;
		settle(c->data, nothing);
		return PROBE_SIZE;
	case GET_LEN:
		emulated_put_le16(c->data, PROBE_SIZE);
		return 2;
	case GET_INFO:
		c->data[0] = 3; /* may be read and set */
		return 1;
	default:
		return -SUBURB_EPIPE;
	}
}

static int answer(struct emulated_device *d, struct emulated_control *c)
{
	struct camera *camera = d->state;

	/* The direction is in the request number, too. */
	if ((c->type ^ c->request) & USB_DIR_IN ||
	    (c->type & ~USB_DIR_IN) != (USB_TYPE_CLASS | USB_RECIP_INTERFACE) || !d->configured)
		return -SUBURB_EPIPE;
	switch ((uint32_t)c->index << 16 | c->value) {
	case STREAM_INTERFACE << 16 | PROBE << 8:
		return negotiate(camera, c, camera->probe);
	case STREAM_INTERFACE << 16 | COMMIT << 8:
		return negotiate(camera, c, camera->commit);
	case CONTROL_INTERFACE << 16 | ERROR_CODE << 8:
		if (c->request != GET_CUR && c->request != GET_INFO)
			return -SUBURB_EPIPE;
		c->data[0] = c->request == GET_INFO ? 1 : camera->error;
		return 1;
	default:
		return -SUBURB_EPIPE;
	}
}

/* 4.2.1.2: why the last request was stalled */
static int control(struct emulated_device *d, struct emulated_control *c)
{
	struct camera *camera = d->state;
	int ret = answer(d, c);

	camera->error = ret < 0 ? INVALID_REQUEST : 0;
	return ret;
}

/* --- pictures ------------------------------------------------------------- */

static void start(struct emulated_device *d, uint8_t interface)
{
	struct camera *camera = d->state;

	if (interface != STREAM_INTERFACE)
		return;
	camera->time = 0;
	camera->next = 0;
	camera->number = 0;
	camera->toggle = 0;
	camera->size = 0;
}

static void begin_picture(struct camera *camera)
{
	const struct format *format = &formats[camera->commit[3] - 1];

	emulated_picture_paint(camera->picture, format->width, format->height, camera->number++);
	camera->size = emulated_picture_size(format->width, format->height);
	camera->at = 0;
	camera->next += emulated_get_le32(camera->commit + 4);
	/* In an alternate setting too small for it, one follows the other. */
	if (camera->next < camera->time)
		camera->next = camera->time;
}

static uint32_t give(struct emulated_device *d, uint8_t address, uint8_t *packet, uint32_t size)
{
	struct camera *camera = d->state;
	uint32_t left;

	if (!camera->size && camera->time >= camera->next)
		begin_picture(camera);
	camera->time += UNITS_PER_PACKET;
	if (!camera->size)
		return 0;
	left = camera->size - camera->at;
	if (left < size - HEADER_SIZE)
		size = left + HEADER_SIZE;
	packet[0] = HEADER_SIZE;
	packet[1] = HEADER_VALID | camera->toggle;
	memcpy(packet + HEADER_SIZE, camera->picture + camera->at, size - HEADER_SIZE);
	camera->at += size - HEADER_SIZE;
	if (camera->at == camera->size) {
		packet[1] |= HEADER_END;
		camera->toggle ^= HEADER_PICTURE;
		camera->size = 0;
	}
	return size;
}

static const struct emulated_iso_function iso = { .give = give };

const struct emulated_kind emulated_camera = {
	.name = "camera",
	/* "has interface associations" */
	.identity = { EMULATED_VENDOR, 0x0007, USB_CLASS_MISC, 2, 1 },
	.product = "Emulated camera",
	.strings = strings,
	.speed = SUBURB_SPEED_HIGH,
	.state_size = sizeof(struct camera),
	.describe = describe,
	.reset = reset,
	.start = start,
	.control = control,
	.iso = &iso,
};
