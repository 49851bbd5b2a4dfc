// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which device is meant. Bus ids differ between exporters (1-1.2, 2-1, 1-4-2),
 * so any word without a colon is taken for one; with a colon it must be the
 * four hex digits, colon, four hex digits that lsusb prints.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "select.h"

#define NOT_A_DEVICE \
	"'%s' is not a device: give a bus id (1-1.2), vid:pid (046d:c31c), vid:pid:serial or all"

/* Exactly four hex digits. */
static bool parse_hex4(const char *text, uint16_t *value)
{
	unsigned int result = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return false;
		result = result << 4 | ((unsigned int)(digit - digits) & 15);
	}
	*value = (uint16_t)result;
	return true;
}

static bool parse_id(const char *text, struct select *select)
{
	if (!parse_hex4(text, &select->id_vendor) || text[4] != ':' ||
	    !parse_hex4(text + 5, &select->id_product))
		return false;
	if (text[9] == '\0') {
		select->kind = SELECT_ID;
		return true;
	}
	select->kind = SELECT_SERIAL;
	select->serial = text + 10;
	return text[9] == ':' && text[10];
}

static bool is_busid(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= SUBURB_WIRE_BUSID_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f) /* plain char may be signed: both are out */
			return false;
	return true;
}

int select_parse(const char *text, struct select *select, struct failure *failure)
{
	*select = (struct select){ .kind = SELECT_BUSID, .text = text };
	if (strcmp(text, "all") == 0) {
		select->kind = SELECT_ALL;
		return 0;
	}
	if (strchr(text, ':') ? parse_id(text, select) : is_busid(text))
		return 0;
	return failure_set(failure, -EINVAL, NOT_A_DEVICE, text);
}

bool select_matches(const struct select *select, const struct suburb_device *device)
{
	switch (select->kind) {
	case SELECT_ALL:
		return true;
	case SELECT_BUSID:
		return strcmp(select->text, device->busid) == 0;
	case SELECT_ID:
	case SELECT_SERIAL:
		return select->id_vendor == device->id_vendor &&
		       select->id_product == device->id_product;
	}
	return false;
}

static bool known(const char *busid, const struct offered **found, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(found[i]->device.busid, busid) == 0)
			return true;
	return false;
}

static int ambiguous(const struct select *select, const struct offered **found, int count,
		     struct failure *failure)
{
	char list[512];
	size_t used = 0;

	for (int i = 0; i < count && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 found[i]->device.busid);
	return failure_set(failure, -ENOTUNIQ, "%s means several devices, name one of: %s",
			   select->text, list);
}

int select_find(const struct select *select, const struct offer *offer,
		const struct offered **found, struct failure *failure)
{
	int count = 0;

	for (size_t i = 0; i < offer->count; i++) {
		const struct suburb_device *device = &offer->devices[i].device;

		if (select_matches(select, device) && !known(device->busid, found, count))
			found[count++] = &offer->devices[i];
	}
	if (count == 0 && select->kind == SELECT_ALL)
		return failure_set(failure, -ENODEV,
				   "no device is offered, or each of them is in use");
	if (count == 0)
		return failure_set(failure, -ENODEV,
				   "no device %s is offered; one that is in use may not be shown",
				   select->text);
	if (count > 1 && select->kind == SELECT_ID)
		return ambiguous(select, found, count, failure);
	return count;
}
