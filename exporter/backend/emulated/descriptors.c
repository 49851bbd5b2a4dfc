// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The descriptor writer of emulated devices.
 *
 * Sizes and fields: USB 2.0 section 9.6 (5.5 to 5.8 for packet sizes), USB 3.2
 * section 9.6 for the companions and the BOS.
 */
#include <assert.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/descriptors.h"

#define STRING_MANUFACTURER 1
#define STRING_PRODUCT 2
#define STRING_SERIAL 3

static uint8_t *append(struct emulated_descriptors *d, uint8_t length, uint8_t type)
{
	uint8_t *bytes = d->bytes + d->length;

	assert(d->length + length <= sizeof(d->bytes));
	memset(bytes, 0, length);
	bytes[0] = length;
	bytes[1] = type;
	d->length += length;
	emulated_put_le16(d->bytes + 2, (uint16_t)d->length); /* wTotalLength */
	return bytes;
}

void emulated_describe_configuration(struct emulated_descriptors *d, enum suburb_speed speed,
				     uint8_t attributes)
{
	uint8_t *bytes;

	d->length = 0;
	d->interface = 0;
	d->speed = speed;
	bytes = append(d, USB_DT_CONFIG_SIZE, USB_DT_CONFIG);
	bytes[5] = 1; /* bConfigurationValue */
	bytes[7] = USB_CONFIG_ATT_ONE | attributes;
	bytes[8] = speed >= SUBURB_SPEED_SUPER ? 100 / 8 : 100 / 2; /* 100 mA */
}

void emulated_describe_association(struct emulated_descriptors *d, uint8_t first, uint8_t count,
				   uint8_t class, uint8_t subclass, uint8_t protocol)
{
	uint8_t *bytes = append(d, 8, USB_DT_INTERFACE_ASSOCIATION);

	bytes[2] = first;
	bytes[3] = count;
	bytes[4] = class;
	bytes[5] = subclass;
	bytes[6] = protocol;
}

void emulated_describe_interface(struct emulated_descriptors *d, uint8_t number, uint8_t alternate,
				 uint8_t class, uint8_t subclass, uint8_t protocol, uint8_t string)
{
	uint8_t *bytes;

	d->interface = d->length;
	bytes = append(d, USB_DT_INTERFACE_SIZE, USB_DT_INTERFACE);
	bytes[2] = number;
	bytes[3] = alternate;
	bytes[5] = class;
	bytes[6] = subclass;
	bytes[7] = protocol;
	bytes[8] = string;
	if (!alternate)
		d->bytes[4]++; /* bNumInterfaces */
}

void emulated_describe_raw(struct emulated_descriptors *d, const uint8_t *bytes, size_t length)
{
	memcpy(append(d, (uint8_t)length, bytes[1]), bytes, length);
}

void emulated_describe_raws(struct emulated_descriptors *d, const uint8_t *bytes, size_t length)
{
	size_t at;

	for (at = 0; at < length; at += bytes[at])
		emulated_describe_raw(d, bytes + at, bytes[at]);
}

static void append_endpoint(struct emulated_descriptors *d, uint8_t address, uint8_t attributes,
			    uint16_t max_packet, uint8_t interval)
{
	uint8_t *bytes = append(d, USB_DT_ENDPOINT_SIZE, USB_DT_ENDPOINT);

	bytes[2] = address;
	bytes[3] = attributes;
	emulated_put_le16(bytes + 4, max_packet);
	bytes[6] = interval;
	d->bytes[d->interface + 4]++; /* bNumEndpoints */
	if (d->speed < SUBURB_SPEED_SUPER)
		return;
	bytes = append(d, USB_DT_SS_EP_COMP_SIZE, USB_DT_SS_ENDPOINT_COMP);
	if (attributes & USB_ENDPOINT_XFER_ISOC) /* interrupt has this bit, too */
		emulated_put_le16(bytes + 4, max_packet); /* wBytesPerInterval */
}

void emulated_describe_bulk(struct emulated_descriptors *d, uint8_t address)
{
	uint16_t max_packet = 64;

	if (d->speed == SUBURB_SPEED_HIGH)
		max_packet = 512;
	else if (d->speed >= SUBURB_SPEED_SUPER)
		max_packet = 1024;
	append_endpoint(d, address, USB_ENDPOINT_XFER_BULK, max_packet, 0);
}

void emulated_describe_streams(struct emulated_descriptors *d, uint8_t power)
{
	/* bmAttributes of the companion, which ends the set so far */
	if (d->speed >= SUBURB_SPEED_SUPER)
		d->bytes[d->length - 3] = power;
}

void emulated_describe_interrupt(struct emulated_descriptors *d, uint8_t address,
				 uint16_t max_packet, unsigned int interval_ms)
{
	uint8_t interval = (uint8_t)interval_ms;

	/* Above full speed it is 2^(bInterval - 1) units of 125 microseconds. */
	if (d->speed >= SUBURB_SPEED_HIGH)
		for (interval = 4; interval_ms > 1; interval_ms /= 2)
			interval++;
	append_endpoint(d, address, USB_ENDPOINT_XFER_INT, max_packet, interval);
}

void emulated_describe_iso(struct emulated_descriptors *d, uint8_t address, enum emulated_sync sync,
			   uint16_t max_packet, unsigned int interval_ms)
{
	/* 2^(bInterval - 1) units, of 1 ms, above full speed of 125 microseconds */
	uint8_t interval = d->speed >= SUBURB_SPEED_HIGH ? 4 : 1;

	for (; interval_ms > 1; interval_ms /= 2)
		interval++;
	if (d->speed < SUBURB_SPEED_HIGH && max_packet > 1023)
		max_packet = 1023;
	append_endpoint(d, address, USB_ENDPOINT_XFER_ISOC | sync, max_packet, interval);
}

static uint16_t usb_release(enum suburb_speed speed)
{
	switch (speed) {
	case SUBURB_SPEED_LOW:
		return 0x0110;
	case SUBURB_SPEED_SUPER:
		return 0x0300;
	case SUBURB_SPEED_SUPER_PLUS:
		return 0x0310;
	default:
		return 0x0200;
	}
}

/* bMaxPacketSize0: bytes, but an exponent above high speed. */
static uint8_t control_packet(enum suburb_speed speed)
{
	if (speed == SUBURB_SPEED_LOW)
		return 8;
	return speed >= SUBURB_SPEED_SUPER ? 9 : 64;
}

void emulated_describe_device(uint8_t device[18], const struct emulated_identity *identity,
			      enum suburb_speed speed)
{
	memset(device, 0, USB_DT_DEVICE_SIZE);
	device[0] = USB_DT_DEVICE_SIZE;
	device[1] = USB_DT_DEVICE;
	emulated_put_le16(device + 2, usb_release(speed));
	device[4] = identity->device_class;
	device[5] = identity->device_subclass;
	device[6] = identity->device_protocol;
	device[7] = control_packet(speed);
	emulated_put_le16(device + 8, identity->vendor);
	emulated_put_le16(device + 10, identity->product);
	emulated_put_le16(device + 12, 0x0100); /* bcdDevice */
	device[14] = STRING_MANUFACTURER;
	device[15] = STRING_PRODUCT;
	device[16] = STRING_SERIAL;
	device[17] = 1; /* bNumConfigurations */
}

void emulated_describe_qualifier(uint8_t qualifier[10], const uint8_t device[18],
				 enum suburb_speed other)
{
	memset(qualifier, 0, 10);
	qualifier[0] = 10;
	qualifier[1] = USB_DT_DEVICE_QUALIFIER;
	memcpy(qualifier + 2, device + 2, 5); /* bcdUSB to bDeviceProtocol */
	qualifier[7] = control_packet(other);
	qualifier[8] = 1; /* bNumConfigurations */
}

size_t emulated_describe_bos(uint8_t bos[64], enum suburb_speed speed)
{
	static const uint8_t usb2[] = { 7, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 2, 0, 0, 0 };
	/* Full, high and 5 Gbit/s; all functions from full speed up. */
	static const uint8_t super[] = { 10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE,
					 0, 0x0e, 0, 1, 0, 0, 0 };
	/* Two sublink speeds of id 0, receive and transmit: 10 Gbit/s, symmetric. */
	static const uint8_t super_plus[] = { 20, USB_DT_DEVICE_CAPABILITY, USB_SSP_CAP_TYPE, 0,
					      1, 0, 0, 0, 0x00, 0x11, 0, 0,
					      0x30, 0x40, 0x0a, 0, 0xb0, 0x40, 0x0a, 0 };
	size_t length = USB_DT_BOS_SIZE;

	memcpy(bos + length, usb2, sizeof(usb2));
	length += sizeof(usb2);
	memcpy(bos + length, super, sizeof(super));
	length += sizeof(super);
	bos[4] = 2; /* bNumDeviceCaps */
	if (speed == SUBURB_SPEED_SUPER_PLUS) {
		memcpy(bos + length, super_plus, sizeof(super_plus));
		length += sizeof(super_plus);
		bos[4]++;
	}
	bos[0] = USB_DT_BOS_SIZE;
	bos[1] = USB_DT_BOS;
	emulated_put_le16(bos + 2, (uint16_t)length);
	return length;
}

size_t emulated_describe_string(uint8_t bytes[255], const char *string)
{
	size_t length = 2;

	for (; *string && length + 2 <= 254; string++, length += 2)
		emulated_put_le16(bytes + length, (uint8_t)*string);
	bytes[0] = (uint8_t)length;
	bytes[1] = USB_DT_STRING;
	return length;
}
