// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list of offered devices. It grows as records arrive, never by what a
 * record claims about others: 1024 devices of 255 interfaces are 1.5 MiB.
 */
#include <stdlib.h>

#include "offer.h"

struct offered *offer_add(struct offer *offer, const struct suburb_device *device)
{
	struct offered *devices;
	struct offered *offered;

	devices = realloc(offer->devices, (offer->count + 1) * sizeof(*devices));
	if (!devices)
		return NULL;
	offer->devices = devices;
	offered = &devices[offer->count];
	offered->device = *device;
	offered->interfaces = calloc(device->num_interfaces + 1U, sizeof(*offered->interfaces));
	if (!offered->interfaces)
		return NULL;
	offer->count++;
	return offered;
}

void offer_free(struct offer *offer)
{
	for (size_t i = 0; i < offer->count; i++)
		free(offer->devices[i].interfaces);
	free(offer->devices);
	*offer = (struct offer){ 0 };
}
