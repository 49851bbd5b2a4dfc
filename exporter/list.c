// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints devices. See list.h.
 *
 * Names come from devices, so they are escaped; descriptors too, so they are
 * walked within their bounds.
 */
#include "descriptors.h"
#include "escape.h"
#include "list.h"

#define TEXT_SIZE 512

static const char *speed_name(enum suburb_speed speed)
{
	switch (speed) {
	case SUBURB_SPEED_LOW:
		return "low speed, 1.5 Mbit/s";
	case SUBURB_SPEED_FULL:
		return "full speed, 12 Mbit/s";
	case SUBURB_SPEED_HIGH:
		return "high speed, 480 Mbit/s";
	case SUBURB_SPEED_SUPER:
		return "super speed, 5 Gbit/s";
	case SUBURB_SPEED_SUPER_PLUS:
		return "super speed plus, 10 Gbit/s";
	}
	return "unknown speed";
}

static void print_endpoint(FILE *out, const uint8_t *d)
{
	static const char *const types[] = { "control", "isochronous", "bulk", "interrupt" };

	fprintf(out, "      endpoint 0x%02x %s %s, %u bytes\n", d[2], d[2] & 0x80 ? "IN" : "OUT",
		types[d[3] & 3], (d[4] | d[5] << 8) & 0x7ff);
}

static void print_interface(FILE *out, const uint8_t *d)
{
	const char *name = rules_class_name(d[5]);

	fprintf(out, "    interface %u", d[2]);
	if (d[3])
		fprintf(out, " altsetting %u", d[3]);
	fprintf(out, ": class %s (%02x/%02x/%02x)\n", name ? name : "unknown", d[5], d[6], d[7]);
}

static void print_configuration(FILE *out, const struct backend_device *device)
{
	struct descriptor_walk walk = { device->configuration, device->configuration_length };
	const uint8_t *d;

	if (!device->configuration) {
		fprintf(out, "    not configured\n");
		return;
	}
	while ((d = descriptor_next(&walk))) {
		if (d[1] == DESCRIPTOR_INTERFACE)
			print_interface(out, d);
		else if (d[1] == DESCRIPTOR_ENDPOINT)
			print_endpoint(out, d);
	}
}

static void print_rule(FILE *out, const struct backend_device *device, const char *rule)
{
	char text[TEXT_SIZE];

	if (rule)
		fprintf(out, "    exported by %s\n", escape(text, sizeof(text), rule));
	else if (!rules_exportable(device))
		fprintf(out, "    not exported: a hub\n");
	else
		fprintf(out, "    not exported\n");
}

void list_device(FILE *out, const struct backend_device *device, const char *rule)
{
	const uint8_t *d = device->descriptor;
	char manufacturer[TEXT_SIZE], product[TEXT_SIZE], serial[TEXT_SIZE];

	escape(manufacturer, sizeof(manufacturer), device->manufacturer);
	escape(product, sizeof(product), device->product);
	escape(serial, sizeof(serial), device->serial);
	fprintf(out, "%s  %04x:%04x %s%s%s\n", device->busid, d[8] | d[9] << 8, d[10] | d[11] << 8,
		manufacturer, *manufacturer && *product ? " " : "", product);
	fprintf(out, "    serial %s; %s\n", *serial ? serial : "none", speed_name(device->speed));
	print_rule(out, device, rule);
	print_configuration(out, device);
}
