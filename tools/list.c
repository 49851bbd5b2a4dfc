// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburb list: what an exporter offers. Needs no module and no privilege.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "json.h"
#include "text.h"
#include "usbids.h"
#include "verb.h"

#define COLUMNS 5

/* A device in words; columns are separated by two blanks. */
struct row {
	char column[COLUMNS][640];
};

static void add_class(char *list, size_t size, uint8_t class_code)
{
	const char *name = usbids_class(class_code);
	size_t used = strlen(list);
	char number[16];

	snprintf(number, sizeof(number), "class %02x", class_code);
	snprintf(list + used, size - used, "%s%s", used ? ", " : "", name ? name : number);
}

/* Each class once, in the order of the interfaces. */
static void describe_classes(char *out, size_t size, const struct offered *offered)
{
	bool seen[256] = { false };

	out[0] = '\0';
	for (int i = 0; i < offered->device.num_interfaces; i++) {
		uint8_t class_code = offered->interfaces[i].interface_class;

		if (!seen[class_code])
			add_class(out, size, class_code);
		seen[class_code] = true;
	}
	if (!out[0] && offered->device.device_class)
		add_class(out, size, offered->device.device_class);
}

static void describe_name(char *out, size_t size, const struct usbids_name *name)
{
	char raw[2 * USBIDS_NAME_SIZE + 2];

	snprintf(raw, sizeof(raw), "%s%s%s", name->vendor, name->product[0] ? " " : "",
		 name->product);
	text_escape(out, size, raw[0] ? raw : "(not in the database)");
}

static void describe(struct row *row, const struct offered *offered, const struct usbids *usbids)
{
	const struct suburb_device *device = &offered->device;
	struct usbids_name name;

	usbids_lookup(usbids, device->id_vendor, device->id_product, &name);
	text_escape(row->column[0], sizeof(row->column[0]), device->busid);
	snprintf(row->column[1], sizeof(row->column[1]), "%04x:%04x", device->id_vendor,
		 device->id_product);
	describe_name(row->column[2], sizeof(row->column[2]), &name);
	snprintf(row->column[3], sizeof(row->column[3]), "%s speed", usbids_speed(device->speed));
	describe_classes(row->column[4], sizeof(row->column[4]), offered);
}

/* No blanks behind the last word, should classes be unknown. */
static void print_row(const struct row *row, const size_t *widths)
{
	int last = row->column[COLUMNS - 1][0] ? COLUMNS - 1 : COLUMNS - 2;

	for (int c = 0; c < last; c++)
		printf("%s%*s", row->column[c], (int)(widths[c] - text_width(row->column[c])) + 2,
		       "");
	printf("%s\n", row->column[last]);
}

static void print_rows(const struct offer *offer, const struct usbids *usbids)
{
	size_t widths[COLUMNS] = { 0 };
	struct row row;

	for (size_t i = 0; i < offer->count; i++) {
		describe(&row, &offer->devices[i], usbids);
		for (int c = 0; c < COLUMNS; c++) {
			size_t width = text_width(row.column[c]);

			if (width > widths[c])
				widths[c] = width;
		}
	}
	for (size_t i = 0; i < offer->count; i++) {
		describe(&row, &offer->devices[i], usbids);
		print_row(&row, widths);
	}
}

static void add_interfaces(struct json_object *object, const struct offered *offered)
{
	struct json_object *interfaces = json_add_array(object, "interfaces");

	for (int i = 0; i < offered->device.num_interfaces; i++) {
		const struct suburb_wire_interface *interface = &offered->interfaces[i];
		struct json_object *entry = json_append_object(interfaces);
		const char *name = usbids_class(interface->interface_class);

		json_add_number(entry, "class", interface->interface_class);
		json_add_number(entry, "subclass", interface->interface_subclass);
		json_add_number(entry, "protocol", interface->interface_protocol);
		if (name)
			json_add_text(entry, "name", name);
	}
}

static void add_device(struct json_object *object, const struct offered *offered,
		       const struct usbids *usbids)
{
	const struct suburb_device *device = &offered->device;
	struct usbids_name name;

	usbids_lookup(usbids, device->id_vendor, device->id_product, &name);
	json_add_text(object, "busid", device->busid);
	json_add_id(object, "vendor_id", device->id_vendor);
	json_add_id(object, "product_id", device->id_product);
	json_add_id(object, "release", device->bcd_device);
	if (name.vendor[0])
		json_add_text(object, "vendor", name.vendor);
	if (name.product[0])
		json_add_text(object, "product", name.product);
	json_add_text(object, "speed", usbids_speed(device->speed));
	json_add_text(object, "path", device->path);
	json_add_number(object, "busnum", device->busnum);
	json_add_number(object, "devnum", device->devnum);
	json_add_number(object, "class", device->device_class);
	json_add_number(object, "subclass", device->device_subclass);
	json_add_number(object, "protocol", device->device_protocol);
	json_add_number(object, "configuration", device->configuration_value);
	json_add_number(object, "configurations", device->num_configurations);
	add_interfaces(object, offered);
}

static void print_json(const struct host *host, const struct offer *offer,
		       const struct usbids *usbids)
{
	struct json_object *document = json_object_new_object();
	struct json_object *devices;

	json_add_text(document, "host", host->name);
	if (host->port)
		json_add_number(document, "port", host->port);
	devices = json_add_array(document, "devices");
	for (size_t i = 0; i < offer->count; i++)
		add_device(json_append_object(devices), &offer->devices[i], usbids);
	json_print(document, false);
}

static void print(const struct verb_options *options, const struct host *host,
		  const struct offer *offer)
{
	struct usbids usbids;

	usbids_open(&usbids);
	if (options->json)
		print_json(host, offer, &usbids);
	else if (offer->count)
		print_rows(offer, &usbids);
	else
		failure_print("%s offers no device, or each of them is in use", host->text);
	usbids_close(&usbids);
}

static int run(const struct verb_options *options, int argc, char **argv)
{
	struct deadline deadline = deadline_in(CLIENT_HANDSHAKE_MS);
	struct failure failure;
	struct offer offer;
	struct host host;
	struct dial dial;
	int ret;

	if (host_parse(argv[0], &host, &failure)) {
		failure_print("%s", failure.text);
		return VERB_USAGE;
	}
	ret = dial_resolve(&dial, &host, deadline, &failure);
	if (!ret)
		ret = client_list(&dial, deadline, &offer, &failure);
	dial_free(&dial);
	if (ret) {
		failure_print("%s", failure.text);
		if (options->json)
			json_print_error(failure.text);
		return VERB_FAILED;
	}
	print(options, &host, &offer);
	offer_free(&offer);
	return VERB_OK;
}

const struct verb verb_list = {
	.name = "list",
	.operands = "HOST[:PORT]",
	.options = "j",
	.least = 1,
	.most = 1,
	.missing = "which host? Give a name or an address, perhaps with :PORT",
	.summary = "show the devices that an exporter offers",
	.help = "One line per device: bus id, vendor and product id, name, speed, classes.\n"
		"HOST is a name, 192.0.2.1 or 2001:db8::1; with a port [2001:db8::1]:3240.\n",
	.run = run,
};
