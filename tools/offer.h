/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an exporter offers: its answer to OP_REQ_DEVLIST, decoded and bounded.
 */
#ifndef TOOLS_OFFER_H
#define TOOLS_OFFER_H

#include <stddef.h>

#include <suburb/wire.h>

/* More than any machine has; a list that claims more is no list. */
#define OFFER_MOST_DEVICES 1024

/* One device; @interfaces holds device.num_interfaces records. */
struct offered {
	struct suburb_device device;
	struct suburb_wire_interface *interfaces; /* bytes only, same decoded */
};

struct offer {
	struct offered *devices;
	size_t count;
};

/* Appends a device with room for its interfaces; NULL if memory is out. */
struct offered *offer_add(struct offer *offer, const struct suburb_device *device);
void offer_free(struct offer *offer);

#endif
