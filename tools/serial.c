// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A very small USB host: three control transfers, one at a time.
 *
 * Seqnums begin at 1 and are free again for the kernel, as each request has
 * had its one reply. A device that refuses a descriptor (STALL) is a device
 * without a serial number, not an error.
 */
#include <errno.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include <suburb/extension.h>

#include "serial.h"
#include "text.h"

#define ENGLISH 0x0409
#define STRING_SIZE 255

struct control {
	const struct stream *stream;
	const struct suburb_device *device;
	uint32_t seqnum;
};

static int violation(const struct stream *stream, const char *field, uint32_t value,
		     struct failure *failure)
{
	return failure_set(failure, -EPROTO,
			   "%s broke the protocol: %s is 0x%x in a reply to GET_DESCRIPTOR",
			   stream->peer, field, value);
}

static int send_request(struct control *control, uint16_t value, uint16_t index, uint16_t size,
			struct failure *failure)
{
	struct suburb_submit submit = {
		.seqnum = ++control->seqnum,
		.devid = suburb_devid(control->device->busnum, control->device->devnum),
		.direction = SUBURB_DIR_IN,
		.transfer_flags = SUBURB_URB_DIR_IN,
		.length = size,
		.setup = { USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, value & 0xff, value >> 8,
			   index & 0xff, index >> 8, size & 0xff, size >> 8 },
	};
	struct suburb_wire_digested wire;

	suburb_put_submit(&wire.header, &submit);
	wire.digest = __cpu_to_be32(suburb_crc32c(0, &wire.header, sizeof(wire.header)));
	return stream_send(control->stream, &wire,
			   control->stream->digest ? sizeof(wire) : sizeof(wire.header), failure);
}

/* Bytes of a message, and their digest if there are any bytes and digests. */
static int receive_digested(const struct stream *stream, void *data, size_t size,
			    struct failure *failure)
{
	__be32 digest;
	int ret = stream_receive(stream, data, size, failure);

	if (ret || !size || !stream->digest)
		return ret;
	ret = stream_receive(stream, &digest, sizeof(digest), failure);
	if (ret)
		return ret;
	if (__be32_to_cpu(digest) != suburb_crc32c(0, data, size))
		return failure_set(failure, -EBADMSG,
				   "a message from %s was damaged on the way: its digest is wrong",
				   stream->peer);
	return 0;
}

/* Returns bytes in @data, 0 if the device refused, or a negative errno. */
static int receive_reply(struct control *control, uint8_t *data, uint16_t size,
			 struct failure *failure)
{
	const struct stream *stream = control->stream;
	struct suburb_violation v;
	struct suburb_wire_header wire;
	struct suburb_reply reply;
	int ret = receive_digested(stream, &wire, sizeof(wire), failure);

	if (ret)
		return ret;
	if (suburb_get_reply(&wire, sizeof(wire), &reply) < 0 || reply.command != SUBURB_RET_SUBMIT)
		return violation(stream, "command", __be32_to_cpu(wire.command), failure);
	if (reply.submit.seqnum != control->seqnum)
		return violation(stream, "seqnum", reply.submit.seqnum, failure);
	if (suburb_check_ret_submit(&reply.submit, size, 0, &v))
		return violation(stream, v.field, v.value, failure);
	ret = receive_digested(stream, data, reply.submit.actual_length, failure);
	if (ret)
		return ret;
	return reply.submit.status ? 0 : (int)reply.submit.actual_length;
}

/* Returns bytes of the descriptor that are really there, else like above. */
static int get_descriptor(struct control *control, uint8_t type, uint8_t number, uint16_t index,
			  uint8_t *data, uint16_t size, struct failure *failure)
{
	int ret = send_request(control, (uint16_t)(type << 8 | number), index, size, failure);

	memset(data, 0, size);
	if (!ret)
		ret = receive_reply(control, data, size, failure);
	if (ret < 0)
		return ret;
	if (ret < 2 || data[1] != type)
		return 0;
	return data[0] < ret ? data[0] : ret;
}

static int get_language(struct control *control, uint16_t *language, struct failure *failure)
{
	uint8_t data[STRING_SIZE];
	int ret = get_descriptor(control, USB_DT_STRING, 0, 0, data, sizeof(data), failure);

	if (ret < 0)
		return ret;
	*language = ret >= 4 ? (uint16_t)(data[2] | data[3] << 8) : ENGLISH;
	return 0;
}

int serial_read(const struct stream *stream, const struct suburb_device *device, char *serial,
		struct failure *failure)
{
	struct control control = { .stream = stream, .device = device };
	struct usb_device_descriptor descriptor;
	uint8_t data[STRING_SIZE];
	uint16_t language;
	int ret;

	serial[0] = '\0';
	ret = get_descriptor(&control, USB_DT_DEVICE, 0, 0, (uint8_t *)&descriptor,
			     sizeof(descriptor), failure);
	if (ret < 0)
		return ret;
	if (ret < (int)sizeof(descriptor) || descriptor.iSerialNumber == 0)
		return 0;
	ret = get_language(&control, &language, failure);
	if (ret)
		return ret;
	ret = get_descriptor(&control, USB_DT_STRING, descriptor.iSerialNumber, language, data,
			     sizeof(data), failure);
	if (ret > 2)
		text_from_utf16(serial, SERIAL_SIZE, data + 2, (size_t)(ret - 2) / 2);
	return ret < 0 ? ret : 0;
}
