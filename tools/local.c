// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading sysfs. What a device says of itself is better than a database, which
 * is better than nothing; each of the two names is chosen for itself.
 *
 * The device may go away at any time: a file that is not there is empty.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local.h"
#include "text.h"

static bool read_attribute(const struct local *local, const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t got;
	int fd;

	value[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", local->sysfs, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, value, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	value[got] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return true;
}

static bool read_id(const struct local *local, const char *name, uint16_t *id)
{
	char value[16];

	if (!read_attribute(local, name, value, sizeof(value)))
		return false;
	*id = (uint16_t)strtoul(value, NULL, 16);
	return true;
}

static void name_sysfs(struct local *local, const struct suburb_status *status)
{
	snprintf(local->sysfs, sizeof(local->sysfs), "/sys/bus/usb/devices/%" PRIu32 "-%" PRIu32,
		 status->busnum, status->root_port);
}

void local_find(struct local *local, const struct suburb_status *status,
		const struct usbids *usbids)
{
	*local = (struct local){ .busnum = status->busnum, .devnum = status->devnum };
	if (status->devnum == 0)
		return;
	name_sysfs(local, status);
	snprintf(local->node, sizeof(local->node), "/dev/bus/usb/%03" PRIu32 "/%03" PRIu32,
		 status->busnum, status->devnum);
	if (!read_id(local, "idVendor", &local->id_vendor) ||
	    !read_id(local, "idProduct", &local->id_product))
		return;
	read_attribute(local, "manufacturer", local->manufacturer, sizeof(local->manufacturer));
	read_attribute(local, "product", local->product, sizeof(local->product));
	read_attribute(local, "serial", local->serial, sizeof(local->serial));
	usbids_lookup(usbids, local->id_vendor, local->id_product, &local->name);
	local->present = true;
}

bool local_lingers(const struct suburb_status *status)
{
	struct local local;
	char devnum[16];

	name_sysfs(&local, status);
	return read_attribute(&local, "devnum", devnum, sizeof(devnum)) &&
	       strtoul(devnum, NULL, 10) == status->devnum;
}

/* "QEMU" adds nothing to "QEMU USB Keyboard". */
static bool begins_with(const char *product, const char *vendor)
{
	size_t length = strlen(vendor);

	return strncmp(product, vendor, length) == 0 &&
	       (product[length] == ' ' || product[length] == '\0');
}

void local_describe(char *text, size_t size, const struct local *local)
{
	const char *vendor = local->manufacturer[0] ? local->manufacturer : local->name.vendor;
	const char *product = local->product[0] ? local->product : local->name.product;
	char raw[1024];

	if (product[0] && begins_with(product, vendor))
		vendor = "";
	snprintf(raw, sizeof(raw), "%04x:%04x %s%s%s%sat bus %" PRIu32 " device %" PRIu32 ", %s",
		 local->id_vendor, local->id_product, vendor, vendor[0] ? " " : "", product,
		 product[0] ? " " : "", local->busnum, local->devnum, local->node);
	text_escape(text, size, raw);
}

static void add_if_known(struct json_object *object, const char *key, const char *value)
{
	if (value[0])
		json_add_text(object, key, value);
}

void local_add_json(struct json_object *object, const struct local *local)
{
	if (!local->present)
		return;
	json_add_id(object, "vendor_id", local->id_vendor);
	json_add_id(object, "product_id", local->id_product);
	add_if_known(object, "manufacturer", local->manufacturer);
	add_if_known(object, "product", local->product);
	add_if_known(object, "serial", local->serial);
	json_add_number(object, "busnum", local->busnum);
	json_add_number(object, "devnum", local->devnum);
	json_add_text(object, "node", local->node);
	json_add_text(object, "sysfs", local->sysfs);
}
