/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake: what an importer may say before a session exists, and the
 * answers to it. USB/IP 1.1.1, OP_REQ_DEVLIST and OP_REQ_IMPORT, with the offer
 * of an extension that may ride in the latter (docs/PROTOCOL.md, section 6).
 *
 * Bytes in, bytes out; no I/O.
 */
#ifndef EXPORTER_HANDSHAKE_H
#define EXPORTER_HANDSHAKE_H

#include <suburb/extension.h>

#include "device.h"

#define HANDSHAKE_REQUEST_SIZE (sizeof(struct suburb_wire_op) + sizeof(struct suburb_wire_busid))
#define HANDSHAKE_IMPORT_SIZE (sizeof(struct suburb_wire_op) + sizeof(struct suburb_wire_device))

/**
 * struct handshake - a request coming in
 * @bytes: what is here
 * @size: of it
 * @code: once it is whole: SUBURB_OP_REQ_*
 * @busid: for an import
 * @offered: likewise: SUBURB_WIRE_FEATURE_* that the importer wants; 0: a plain
 *	one, or of a version that is not known here
 */
struct handshake {
	uint8_t bytes[HANDSHAKE_REQUEST_SIZE];
	size_t size;
	uint16_t code;
	char busid[SUBURB_WIRE_BUSID_SIZE];
	uint32_t offered;
};

/**
 * handshake_input - more bytes
 * @taken: how many of them belong to the request
 * @violation: filled if this is no USB/IP 1.1.1 request
 *
 * Returns 1 if the request is whole, 0 if more bytes are needed, or
 * -SUBURB_EPROTO.
 */
int handshake_input(struct handshake *handshake, const void *bytes, size_t size, size_t *taken,
		    struct suburb_violation *violation);

/* The whole OP_REP_DEVLIST; NULL if memory is out. For free(). */
uint8_t *handshake_devlist(const struct devices *devices, size_t *size);

/**
 * handshake_import - the whole OP_REP_IMPORT
 * @bytes: HANDSHAKE_IMPORT_SIZE of them
 * @device: imported; NULL if it was refused
 * @busid: as the importer spelled it; he compares it (QUIRKS 4)
 * @status: enum suburb_op_status
 *
 * Returns its size.
 */
size_t handshake_import(uint8_t *bytes, const struct device *device, const char *busid,
			uint32_t status);

/**
 * handshake_agree - answer the offer
 * @handshake: an import with one
 * @bytes: from handshake_import(), which succeeded
 * @features: agreed to, all of them offered; may be 0
 */
void handshake_agree(const struct handshake *handshake, uint8_t *bytes, uint32_t features);

/* What an importer is told when a device could not be opened for him. */
uint32_t handshake_status(int error);

#endif
