// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptors of the peer's device: vendor class, one configuration, one
 * interface, whose settings are told in peer.h. Sizes and companions follow the
 * speed (USB 2.0 chapter 9.6, USB 3.2 chapter 9.6).
 */
#include <string.h>
#include <linux/usb/ch9.h>

#include "peer.h"

struct writer {
	__u8 *buf;
	size_t len, size;
};

static void put(struct writer *w, const void *d, size_t len)
{
	if (w->len + len <= w->size)
		memcpy(w->buf + w->len, d, len);
	w->len += len;
}

#define put_bytes(w, ...)                                            \
	do {                                                         \
		const __u8 bytes_[] = { __VA_ARGS__ };               \
		put(w, bytes_, sizeof(bytes_));                      \
	} while (0)

static const struct endpoint {
	__u8 alternate;
	__u8 address;
	__u8 type;
	bool large; /* as much as an endpoint of this speed can be */
} endpoints[] = {
	{ 0, PEER_BULK_IN, USB_ENDPOINT_XFER_BULK },
	{ 0, PEER_BULK_OUT, USB_ENDPOINT_XFER_BULK },
	{ 0, PEER_INT_IN, USB_ENDPOINT_XFER_INT },
	{ 0, PEER_INT_OUT, USB_ENDPOINT_XFER_INT },
	{ PEER_ALT_ISO, PEER_ISO_IN, USB_ENDPOINT_XFER_ISOC },
	{ PEER_ALT_ISO, PEER_ISO_OUT, USB_ENDPOINT_XFER_ISOC },
	{ PEER_ALT_LARGE, PEER_ISO_IN, USB_ENDPOINT_XFER_ISOC, true },
	{ PEER_ALT_TOO_LARGE, PEER_ISO_IN, USB_ENDPOINT_XFER_ISOC, true },
	{ PEER_ALT_TOO_LARGE, PEER_ISO_IN_TOO, USB_ENDPOINT_XFER_ISOC, true },
};

#define MAX_STREAMS 4 /* of a bulk endpoint: 2 to the power of it */
#define NENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

static bool is_super(__u32 speed)
{
	return speed >= SUBURB_SPEED_SUPER;
}

static bool has(__u32 speed, const struct endpoint *e)
{
	return speed != SUBURB_SPEED_LOW || e->type == USB_ENDPOINT_XFER_INT;
}

static __u16 iso_max_packet(__u32 speed, const struct endpoint *e)
{
	if (speed == SUBURB_SPEED_FULL)
		return e->large ? 1023 : PEER_ISO_PACKET_FULL;
	if (speed == SUBURB_SPEED_HIGH && e->large)
		return 1024 | 2 << 11;
	return PEER_ISO_PACKET;
}

static __u16 max_packet(__u32 speed, const struct endpoint *e)
{
	if (e->type == USB_ENDPOINT_XFER_ISOC)
		return iso_max_packet(speed, e);
	if (speed == SUBURB_SPEED_LOW)
		return 8;
	if (speed == SUBURB_SPEED_FULL || e->type == USB_ENDPOINT_XFER_INT)
		return 64;
	return is_super(speed) ? 1024 : 512;
}

static __u8 interval_of(__u32 speed, const struct endpoint *e)
{
	if (e->type == USB_ENDPOINT_XFER_BULK)
		return 0;
	if (e->large || (e->type == USB_ENDPOINT_XFER_ISOC && speed < SUBURB_SPEED_HIGH))
		return 1;
	/* 8 microframes, or 10 frames */
	return speed >= SUBURB_SPEED_HIGH ? 4 : 10;
}

static void put_companion(struct writer *w, const struct endpoint *e, __u16 size)
{
	bool bulk = e->type == USB_ENDPOINT_XFER_BULK;
	__u16 bytes = bulk ? 0 : size;

	if (e->large)
		bytes = 48 * 1024;
	put_bytes(w, USB_DT_SS_EP_COMP_SIZE, USB_DT_SS_ENDPOINT_COMP, e->large ? 15 : 0,
		  bulk ? MAX_STREAMS : e->large ? 2 : 0, bytes & 0xff, bytes >> 8);
}

static void put_endpoint(struct writer *w, __u32 speed, const struct endpoint *e)
{
	__u16 size = max_packet(speed, e);

	put_bytes(w, USB_DT_ENDPOINT_SIZE, USB_DT_ENDPOINT, e->address, e->type, size & 0xff,
		  size >> 8, interval_of(speed, e));
	if (is_super(speed))
		put_companion(w, e, size);
}

static void put_interface(struct writer *w, __u32 speed, __u8 alternate)
{
	unsigned int i, count = 0;

	for (i = 0; i < NENDPOINTS; i++)
		count += endpoints[i].alternate == alternate && has(speed, &endpoints[i]);
	put_bytes(w, USB_DT_INTERFACE_SIZE, USB_DT_INTERFACE, 0, alternate, count,
		  USB_CLASS_VENDOR_SPEC, 0xff, 0xff, 0);
	for (i = 0; i < NENDPOINTS; i++)
		if (endpoints[i].alternate == alternate && has(speed, &endpoints[i]))
			put_endpoint(w, speed, &endpoints[i]);
}

static void put_configuration(struct writer *w, __u32 speed)
{
	size_t start = w->len;
	__u8 alternate;

	put_bytes(w, USB_DT_CONFIG_SIZE, USB_DT_CONFIG, 0, 0, 1, 1, 0,
		  USB_CONFIG_ATT_ONE | USB_CONFIG_ATT_SELFPOWER, 1);
	for (alternate = 0; alternate <= PEER_LAST_ALT; alternate++)
		put_interface(w, speed, alternate);
	w->buf[start + 2] = (w->len - start) & 0xff;
	w->buf[start + 3] = (w->len - start) >> 8;
}

static void put_device(struct writer *w, __u32 speed)
{
	__u8 ep0 = speed == SUBURB_SPEED_LOW ? 8 : is_super(speed) ? 9 : 64;
	__u8 major = is_super(speed) ? 3 : speed == SUBURB_SPEED_HIGH ? 2 : 1;

	put_bytes(w, USB_DT_DEVICE_SIZE, USB_DT_DEVICE, major == 1 ? 0x10 : 0, major,
		  USB_CLASS_PER_INTERFACE, 0, 0, ep0, PEER_VENDOR & 0xff, PEER_VENDOR >> 8,
		  PEER_PRODUCT & 0xff, PEER_PRODUCT >> 8, 0x00, 0x01, 1, 2, 3, 1);
}

static void put_bos(struct writer *w)
{
	put_bytes(w, USB_DT_BOS_SIZE, USB_DT_BOS, 22, 0, 2);
	put_bytes(w, USB_DT_USB_EXT_CAP_SIZE, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 0, 0, 0,
		  0);
	put_bytes(w, USB_DT_USB_SS_CAP_SIZE, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0,
		  USB_5GBPS_OPERATION, 0, 3, 0, 0, 0);
}

static void put_string(struct writer *w, __u8 index)
{
	static const char *const strings[] = { NULL, "Suburb", "test device", PEER_SERIAL };
	const char *s;

	if (index == 0) {
		put_bytes(w, 4, USB_DT_STRING, 0x09, 0x04);
		return;
	}
	if (index >= sizeof(strings) / sizeof(strings[0]))
		return;
	put_bytes(w, 2 + 2 * strlen(strings[index]), USB_DT_STRING);
	for (s = strings[index]; *s; s++)
		put_bytes(w, *s, 0);
}

size_t peer_descriptor(__u32 speed, __u8 type, __u8 index, __u8 *buf, size_t size)
{
	struct writer w = { .buf = buf, .size = size };

	switch (type) {
	case USB_DT_DEVICE:
		put_device(&w, speed);
		break;
	case USB_DT_CONFIG:
		put_configuration(&w, speed);
		break;
	case USB_DT_STRING:
		put_string(&w, index);
		break;
	case USB_DT_BOS:
		if (is_super(speed))
			put_bos(&w);
		break;
	}
	return w.len;
}

bool peer_has_endpoint(__u32 speed, __u8 alternate, __u8 address)
{
	unsigned int i;

	for (i = 0; i < NENDPOINTS; i++)
		if (endpoints[i].alternate == alternate && has(speed, &endpoints[i]) &&
		    endpoints[i].address == address)
			return true;
	return false;
}

bool peer_is_iso(__u8 address)
{
	return address == PEER_ISO_IN || address == PEER_ISO_OUT || address == PEER_ISO_IN_TOO;
}
