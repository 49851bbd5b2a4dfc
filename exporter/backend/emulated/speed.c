// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of speeds. See speed.h.
 */
#include <stdio.h>
#include <string.h>

#include "exporter/backend/emulated/speed.h"

int emulated_speed_choose(struct emulated_device *d, const char *kind, const char *name,
			  char *error, size_t size)
{
	static const struct {
		const char *name;
		enum suburb_speed speed;
	} speeds[] = {
		{ "full", SUBURB_SPEED_FULL },
		{ "high", SUBURB_SPEED_HIGH },
		{ "super", SUBURB_SPEED_SUPER },
		{ "super-plus", SUBURB_SPEED_SUPER_PLUS },
	};
	size_t i;

	for (i = 0; i < sizeof(speeds) / sizeof(*speeds); i++) {
		if (!strcmp(name, speeds[i].name)) {
			d->backend.speed = speeds[i].speed;
			return 0;
		}
	}
	snprintf(error, size, "%s: no speed \"%s\": give one of full, high, super, super-plus",
		 kind, name);
	return -1;
}
