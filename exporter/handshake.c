// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The handshake. See handshake.h.
 *
 * A request is judged as soon as its first 8 bytes are there: garbage is
 * recognised before anything waits for the rest of it.
 */
#include <stdlib.h>
#include <string.h>

#include "handshake.h"

static int check_op(struct handshake *handshake, struct suburb_violation *violation)
{
	const struct suburb_wire_op *wire = (const void *)handshake->bytes;
	struct suburb_op op;

	if (suburb_get_op(handshake->bytes, handshake->size, &op) < 0)
		return suburb_violates(violation, "version", __be16_to_cpu(wire->version));
	if (op.code != SUBURB_OP_REQ_DEVLIST && op.code != SUBURB_OP_REQ_IMPORT)
		return suburb_violates(violation, "code", op.code);
	if (op.status)
		return suburb_violates(violation, "status", op.status);
	handshake->code = op.code;
	return 0;
}

/* Bytes from @at until @handshake has @want of them. */
static size_t fill(struct handshake *handshake, const uint8_t *at, size_t size, size_t want)
{
	size_t n = want - handshake->size;

	if (n > size)
		n = size;
	memcpy(handshake->bytes + handshake->size, at, n);
	handshake->size += n;
	return n;
}

int handshake_input(struct handshake *handshake, const void *bytes, size_t size, size_t *taken,
		    struct suburb_violation *violation)
{
	const size_t op_size = sizeof(struct suburb_wire_op);
	const uint8_t *at = bytes;

	*taken = 0;
	if (handshake->size < op_size) {
		*taken = fill(handshake, at, size, op_size);
		if (handshake->size < op_size)
			return 0;
		if (check_op(handshake, violation) < 0)
			return -SUBURB_EPROTO;
	}
	if (handshake->code == SUBURB_OP_REQ_DEVLIST)
		return 1;
	*taken += fill(handshake, at + *taken, size - *taken, HANDSHAKE_REQUEST_SIZE);
	if (handshake->size < HANDSHAKE_REQUEST_SIZE)
		return 0;
	if (suburb_get_busid(handshake->bytes + op_size, sizeof(struct suburb_wire_busid),
			     handshake->busid) < 0)
		return suburb_violates(violation, "busid without a NUL, first byte",
				       handshake->bytes[op_size]);
	handshake->offered = suburb_get_offer((const void *)(handshake->bytes + op_size));
	return 1;
}

/* --- replies -------------------------------------------------------------- */

static size_t interfaces_of(const struct device *device, const uint8_t **interface)
{
	return descriptors_interfaces(device->backend->configuration,
				      device->backend->configuration_length, interface, 255);
}

/* The count announced is that of the records that follow, whatever the device claims. */
static uint8_t *put_listed(uint8_t *at, const struct device *device)
{
	const uint8_t *interface[255];
	struct suburb_device description;
	struct suburb_wire_interface *wire;
	size_t n = interfaces_of(device, interface);

	device_describe(device, &description);
	description.num_interfaces = (uint8_t)n;
	suburb_put_device((struct suburb_wire_device *)at, &description);
	at += sizeof(struct suburb_wire_device);
	for (size_t i = 0; i < n; i++) {
		wire = (struct suburb_wire_interface *)at;
		wire->interface_class = interface[i][5];
		wire->interface_subclass = interface[i][6];
		wire->interface_protocol = interface[i][7];
		wire->padding = 0;
		at += sizeof(*wire);
	}
	return at;
}

static size_t devlist_size(const struct devices *devices)
{
	size_t size = sizeof(struct suburb_wire_op) + sizeof(__be32);
	const uint8_t *interface[255];
	struct device *device;

	TAILQ_FOREACH(device, &devices->list, entry)
	size += sizeof(struct suburb_wire_device) +
		interfaces_of(device, interface) * sizeof(struct suburb_wire_interface);
	return size;
}

uint8_t *handshake_devlist(const struct devices *devices, size_t *size)
{
	__be32 count = __cpu_to_be32((uint32_t)devices_count(devices));
	struct device *device;
	uint8_t *bytes;
	uint8_t *at;

	*size = devlist_size(devices);
	bytes = calloc(1, *size);
	if (!bytes)
		return NULL;
	suburb_put_op((struct suburb_wire_op *)bytes, SUBURB_OP_REP_DEVLIST, SUBURB_OP_OK);
	at = bytes + sizeof(struct suburb_wire_op);
	memcpy(at, &count, sizeof(count));
	at += sizeof(count);
	TAILQ_FOREACH(device, &devices->list, entry)
	at = put_listed(at, device);
	return bytes;
}

size_t handshake_import(uint8_t *bytes, const struct device *device, const char *busid,
			uint32_t status)
{
	struct suburb_device description;

	suburb_put_op((struct suburb_wire_op *)bytes, SUBURB_OP_REP_IMPORT, status);
	if (status != SUBURB_OP_OK)
		return sizeof(struct suburb_wire_op);
	device_describe(device, &description);
	memset(description.busid, 0, sizeof(description.busid));
	strncpy(description.busid, busid, sizeof(description.busid) - 1);
	suburb_put_device((struct suburb_wire_device *)(bytes + sizeof(struct suburb_wire_op)),
			  &description);
	return HANDSHAKE_IMPORT_SIZE;
}

void handshake_agree(const struct handshake *handshake, uint8_t *bytes, uint32_t features)
{
	const size_t op_size = sizeof(struct suburb_wire_op);

	suburb_put_answer((struct suburb_wire_device *)(bytes + op_size),
			  (const struct suburb_wire_busid *)(handshake->bytes + op_size), features);
}

uint32_t handshake_status(int error)
{
	switch (error) {
	case 0:
		return SUBURB_OP_OK;
	case -SUBURB_EBUSY:
		return SUBURB_OP_DEV_BUSY;
	case -SUBURB_ENODEV:
		return SUBURB_OP_NODEV;
	default:
		return SUBURB_OP_DEV_ERR;
	}
}
