// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chapter 9 of the USB specification, for every emulated device.
 *
 * USB 2.0 section 9.4, and USB 3.2 section 9.4 for what SuperSpeed adds. A
 * request that names an interface or endpoint which is not there now, or
 * comes in a state for which the specification promises nothing, is stalled.
 * SET_ADDRESS is stalled too: addresses belong to the bus of the importer.
 */
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/control.h"

#define LANGUAGE_US 0x0409
#define STALL (-SUBURB_EPIPE)

static bool is_super(const struct emulated_device *d)
{
	return d->backend.speed >= SUBURB_SPEED_SUPER;
}

static bool has_interface(const struct emulated_device *d, uint16_t index)
{
	return d->configured && index < d->configuration.bytes[4];
}

static bool can_wake(const struct emulated_device *d)
{
	return d->configuration.bytes[7] & USB_CONFIG_ATT_WAKEUP;
}

/* --- descriptors ---------------------------------------------------------- */

static const char *string_of(const struct emulated_device *d, uint8_t index)
{
	const char *const *own = d->kind->strings;

	switch (index) {
	case 1:
		return d->backend.manufacturer;
	case 2:
		return d->backend.product;
	case 3:
		return d->backend.serial;
	}
	for (index -= EMULATED_STRINGS; own && *own && index; index--)
		own++;
	return own ? *own : NULL;
}

static int get_string(struct emulated_device *d, struct emulated_control *c)
{
	static const uint8_t languages[] = { 4, USB_DT_STRING, LANGUAGE_US & 0xff,
					     LANGUAGE_US >> 8 };
	uint8_t index = (uint8_t)c->value;
	const char *string;

	if (!index) {
		memcpy(c->data, languages, sizeof(languages));
		return sizeof(languages);
	}
	string = string_of(d, index);
	if (!string || c->index != LANGUAGE_US)
		return STALL;
	return (int)emulated_describe_string(c->data, string);
}

static int get_configuration_descriptor(const struct emulated_descriptors *from,
					struct emulated_control *c)
{
	if ((uint8_t)c->value || !from->length)
		return STALL;
	memcpy(c->data, from->bytes, from->length);
	return (int)from->length;
}

static int get_descriptor(struct emulated_device *d, struct emulated_control *c)
{
	switch (c->value >> 8) {
	case USB_DT_DEVICE:
		memcpy(c->data, d->backend.descriptor, USB_DT_DEVICE_SIZE);
		return USB_DT_DEVICE_SIZE;
	case USB_DT_CONFIG:
		return get_configuration_descriptor(&d->configuration, c);
	case USB_DT_OTHER_SPEED_CONFIG:
		return get_configuration_descriptor(&d->other, c);
	case USB_DT_STRING:
		return get_string(d, c);
	case USB_DT_DEVICE_QUALIFIER:
		if (!d->other.length)
			return STALL;
		emulated_describe_qualifier(c->data, d->backend.descriptor, d->other.speed);
		return 10;
	case USB_DT_BOS:
		return is_super(d) ? (int)emulated_describe_bos(c->data, d->backend.speed) : STALL;
	default:
		return STALL;
	}
}

/* --- features and status -------------------------------------------------- */

static int device_feature(struct emulated_device *d, uint16_t feature, bool on)
{
	switch (feature) {
	case USB_DEVICE_REMOTE_WAKEUP:
		if (!can_wake(d))
			return STALL;
		d->remote_wakeup = on;
		return 0;
	case USB_DEVICE_U1_ENABLE:
	case USB_DEVICE_U2_ENABLE:
		/* There is no link that could go to sleep. */
		return is_super(d) && d->configured ? 0 : STALL;
	default:
		return STALL;
	}
}

static int endpoint_feature(struct emulated_device *d, struct emulated_control *c, bool on)
{
	if (c->value != USB_ENDPOINT_HALT)
		return STALL;
	if (!(c->index & 0xff7f)) /* endpoint 0 does not stay halted */
		return 0;
	if (c->index > 0xff || !emulated_device_endpoint(d, (uint8_t)c->index))
		return STALL;
	if (!on)
		return emulated_device_clear_halt(d, (uint8_t)c->index);
	emulated_device_halt(d, (uint8_t)c->index);
	return 0;
}

static int feature(struct emulated_device *d, struct emulated_control *c)
{
	bool on = c->request == USB_REQ_SET_FEATURE;

	switch (c->type) {
	case USB_RECIP_DEVICE:
		return device_feature(d, c->value, on);
	case USB_RECIP_INTERFACE:
		/* Function suspend is the only one; the low byte is the interface. */
		return is_super(d) && !c->value && has_interface(d, c->index & 0xff) ? 0 : STALL;
	default:
		return endpoint_feature(d, c, on);
	}
}

static int get_status(struct emulated_device *d, struct emulated_control *c)
{
	const struct emulated_endpoint *e;
	uint16_t status = 0;

	if (c->value || c->length != 2)
		return STALL;
	switch (c->type & USB_RECIP_MASK) {
	case USB_RECIP_DEVICE:
		if (c->index)
			return STALL;
		status = d->remote_wakeup ? 1 << USB_DEVICE_REMOTE_WAKEUP : 0;
		break;
	case USB_RECIP_INTERFACE:
		if (!has_interface(d, c->index))
			return STALL;
		break;
	default:
		if (!(c->index & 0xff7f))
			break;
		e = c->index > 0xff ? NULL : emulated_device_endpoint(d, (uint8_t)c->index);
		if (!e)
			return STALL;
		status = e->halted ? 1 << USB_ENDPOINT_HALT : 0;
	}
	emulated_put_le16(c->data, status);
	return 2;
}

/* --- dispatch ------------------------------------------------------------- */

static int get_interface(struct emulated_device *d, struct emulated_control *c)
{
	if (!has_interface(d, c->index) || c->value)
		return STALL;
	c->data[0] = d->alternates[c->index];
	return 1;
}

static int set_interface(struct emulated_device *d, struct emulated_control *c)
{
	if (c->index > 0xff || c->value > 0xff)
		return STALL;
	return emulated_device_set_interface(d, (uint8_t)c->index, (uint8_t)c->value);
}

static int to_function(struct emulated_device *d, struct emulated_control *c)
{
	return d->kind->control ? d->kind->control(d, c) : STALL;
}

static int in_request(struct emulated_device *d, struct emulated_control *c)
{
	switch (c->type << 8 | c->request) {
	case (USB_DIR_IN | USB_RECIP_DEVICE) << 8 | USB_REQ_GET_DESCRIPTOR:
		return get_descriptor(d, c);
	case (USB_DIR_IN | USB_RECIP_DEVICE) << 8 | USB_REQ_GET_CONFIGURATION:
		c->data[0] = d->configured;
		return 1;
	case (USB_DIR_IN | USB_RECIP_INTERFACE) << 8 | USB_REQ_GET_INTERFACE:
		return get_interface(d, c);
	case (USB_DIR_IN | USB_RECIP_DEVICE) << 8 | USB_REQ_GET_STATUS:
	case (USB_DIR_IN | USB_RECIP_INTERFACE) << 8 | USB_REQ_GET_STATUS:
	case (USB_DIR_IN | USB_RECIP_ENDPOINT) << 8 | USB_REQ_GET_STATUS:
		return get_status(d, c);
	default:
		return to_function(d, c);
	}
}

static int out_request(struct emulated_device *d, struct emulated_control *c)
{
	switch (c->type << 8 | c->request) {
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_CONFIGURATION:
		return c->value > 0xff ? STALL : emulated_device_configure(d, (uint8_t)c->value);
	case USB_RECIP_INTERFACE << 8 | USB_REQ_SET_INTERFACE:
		return set_interface(d, c);
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_FEATURE:
	case USB_RECIP_INTERFACE << 8 | USB_REQ_SET_FEATURE:
	case USB_RECIP_ENDPOINT << 8 | USB_REQ_SET_FEATURE:
	case USB_RECIP_DEVICE << 8 | USB_REQ_CLEAR_FEATURE:
	case USB_RECIP_INTERFACE << 8 | USB_REQ_CLEAR_FEATURE:
	case USB_RECIP_ENDPOINT << 8 | USB_REQ_CLEAR_FEATURE:
		return feature(d, c);
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_SEL:
		return is_super(d) && c->length == 6 ? 0 : STALL;
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_ISOCH_DELAY:
		return is_super(d) ? 0 : STALL;
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_ADDRESS:
		return STALL;
	default:
		return to_function(d, c);
	}
}

int emulated_control(struct emulated_device *d, struct emulated_control *c)
{
	return c->type & USB_DIR_IN ? in_request(d, c) : out_request(d, c);
}

int32_t emulated_control_transfer(struct emulated_device *d, struct backend_transfer *transfer)
{
	uint8_t answer[EMULATED_CONTROL_SIZE];
	const uint8_t *setup = transfer->setup;
	struct emulated_control c = {
		.type = setup[0],
		.request = setup[1],
		.value = emulated_get_le16(setup + 2),
		.index = emulated_get_le16(setup + 4),
		.length = emulated_get_le16(setup + 6),
	};
	bool in = c.type & USB_DIR_IN;
	int ret;

	c.data = in ? answer : transfer->buffer;
	ret = emulated_control(d, &c);
	if (ret < 0)
		return ret;
	if (!in) {
		transfer->actual_length = c.length;
		return 0;
	}
	transfer->actual_length = ret < c.length ? (uint32_t)ret : c.length;
	if (transfer->actual_length)
		memcpy(transfer->buffer, answer, transfer->actual_length);
	return 0;
}
