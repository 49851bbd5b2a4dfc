// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules in udev's words. Pure; see udev.h.
 *
 * What udev cannot say exactly is said a little wider, never narrower: access
 * to a device that is not exported after all harms less than none to one that
 * is. That is so for the classes, where udev looks at all configurations of a
 * device, and for characters of a serial number that mean something to udev.
 *
 * Hubs are left out: their nodes are good for disturbing whatever else is
 * plugged into them.
 */
#include <ctype.h>
#include <string.h>

#include "escape.h"
#include "udev.h"

#define GIVE "GROUP=\"" UDEV_GROUP "\", MODE=\"0660\"\n"
#define PLAIN "-_.:+=/#@"
#define NOT_IMPORTED "DEVPATH!=\"*/suburb-hcd*\", DEVPATH!=\"*/vhci_hcd*\", "

static const char head[] =
	"# Made by \"suburbd --udev-rules\" of the rules that say what is exported.\n"
	"ACTION==\"remove\", GOTO=\"suburbd_end\"\n"
	"SUBSYSTEM!=\"usb\", GOTO=\"suburbd_end\"\n"
	"ENV{DEVTYPE}!=\"usb_device\", GOTO=\"suburbd_end\"\n"
	"ATTR{bDeviceClass}==\"09\", GOTO=\"suburbd_end\"\n";

/* A '*' stands for what would be a pattern, end the string, or not be ASCII. */
static void print_serial(FILE *out, const char *serial)
{
	fputs("ATTR{serial}==\"", out);
	for (const char *s = serial; *s; s++)
		putc(isalnum((unsigned char)*s) || strchr(PLAIN, *s) ? *s : '*', out);
	fputs("\", ", out);
}

static void print_rule(FILE *out, const struct rule *rule)
{
	switch (rule->kind) {
	case RULE_BUSID:
		fprintf(out, "KERNEL==\"%s\", " GIVE, rule->busid);
		break;
	case RULE_ID:
		fprintf(out, "ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", ", rule->vendor,
			rule->product);
		if (rule->serial)
			print_serial(out, rule->serial);
		fputs(GIVE, out);
		break;
	case RULE_CLASS:
		fprintf(out, NOT_IMPORTED "ATTR{bDeviceClass}==\"%02x\", " GIVE, rule->usb_class);
		fprintf(out, NOT_IMPORTED "ENV{ID_USB_INTERFACES}==\"*:%02x????:*\", " GIVE,
			rule->usb_class);
		break;
	case RULE_ALL:
		fputs(NOT_IMPORTED GIVE, out);
		break;
	}
}

void udev_print(FILE *out, const struct rules *rules)
{
	char shown[128];

	fputs(head, out);
	for (size_t i = 0; i < rules->count; i++) {
		fprintf(out, "# \"%s\"\n", escape(shown, sizeof(shown), rules->rule[i].text));
		print_rule(out, &rules->rule[i]);
	}
	fputs("LABEL=\"suburbd_end\"\n", out);
}
