/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DEVICE as written on a command line: a bus id, vid:pid, vid:pid:serial, or
 * "all"; and which devices of an offer it means.
 */
#ifndef TOOLS_SELECT_H
#define TOOLS_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "offer.h"

enum select_kind {
	SELECT_ALL,
	SELECT_BUSID,
	SELECT_ID,
	SELECT_SERIAL, /* the offer tells vid:pid only; the device must be asked */
};

struct select {
	enum select_kind kind;
	const char *text; /* as written; for SELECT_BUSID the bus id */
	uint16_t id_vendor;
	uint16_t id_product;
	const char *serial; /* points into @text */
};

/* 0 or -EINVAL. @text must outlive @select. */
int select_parse(const char *text, struct select *select, struct failure *failure);

/* Whether @select means, or for a serial number may mean, this device. */
bool select_matches(const struct select *select, const struct suburb_device *device);

/*
 * Finds what is meant in @offer: fills @found (room for offer->count) with
 * devices of distinct bus ids and returns how many. Negative errno: -ENODEV,
 * nothing is; -ENOTUNIQ, a plain vid:pid means several.
 */
int select_find(const struct select *select, const struct offer *offer,
		const struct offered **found, struct failure *failure);

#endif
