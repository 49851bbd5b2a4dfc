// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parsing and matching of rules. Pure; see rules.h.
 *
 * What a rule looks at comes from the device's descriptors as they were when
 * it arrived; nothing is asked from the device here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "descriptors.h"
#include "escape.h"
#include "rules.h"

#define CLASS_HUB 0x09

/* usb.org defined class codes; the first name of a code is the one printed. */
static const struct {
	const char *name;
	uint8_t usb_class;
} classes[] = {
	{ "audio", 0x01 },     { "cdc", 0x02 },		{ "serial", 0x02 },
	{ "hid", 0x03 },       { "physical", 0x05 },	{ "image", 0x06 },
	{ "printer", 0x07 },   { "storage", 0x08 },	{ "mass-storage", 0x08 },
	{ "cdc-data", 0x0a },  { "smartcard", 0x0b },	{ "security", 0x0d },
	{ "video", 0x0e },     { "healthcare", 0x0f },	{ "av", 0x10 },
	{ "billboard", 0x11 }, { "diagnostic", 0xdc },	{ "wireless", 0xe0 },
	{ "misc", 0xef },      { "application", 0xfe }, { "vendor", 0xff },
};

#define CLASS_COUNT (sizeof(classes) / sizeof(classes[0]))

const char *rules_class_name(uint8_t usb_class)
{
	if (usb_class == CLASS_HUB)
		return "hub";
	for (size_t i = 0; i < CLASS_COUNT; i++)
		if (classes[i].usb_class == usb_class)
			return classes[i].name;
	return NULL;
}

void rules_init(struct rules *rules)
{
	rules->rule = NULL;
	rules->count = 0;
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->rule[i].text);
	free(rules->rule);
	rules_init(rules);
}

/* --- parsing -------------------------------------------------------------- */

/* Up to four hexadecimal digits; the number of characters, 0 if there is none. */
static size_t parse_hex16(const char *text, uint16_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < 4 && isxdigit((unsigned char)text[n])) {
		int c = tolower((unsigned char)text[n]);

		*value = (uint16_t)(*value << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
		n++;
	}
	return n;
}

static bool parse_id(struct rule *rule)
{
	const char *s = rule->text;
	size_t n = parse_hex16(s, &rule->vendor);

	if (!n || s[n] != ':')
		return false;
	s += n + 1;
	n = parse_hex16(s, &rule->product);
	if (!n || (s[n] && s[n] != ':'))
		return false;
	rule->kind = RULE_ID;
	if (!s[n])
		return true;
	rule->serial = s + n + 1;
	return *rule->serial;
}

/* Letters and digits, one '-', then numbers with dots between: "1-1.2". */
static bool parse_busid(struct rule *rule)
{
	const char *s = rule->text;

	if (strlen(s) >= SUBURB_WIRE_BUSID_SIZE || !isalnum((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s))
		s++;
	if (*s++ != '-')
		return false;
	for (;;) {
		if (!isdigit((unsigned char)*s))
			return false;
		while (isdigit((unsigned char)*s))
			s++;
		if (!*s)
			break;
		if (*s != '.' && *s != '-')
			return false;
		s++;
	}
	rule->kind = RULE_BUSID;
	rule->busid = rule->text;
	return true;
}

static void list_classes(char *error, size_t size, const char *name)
{
	char shown[64];
	size_t n;

	n = (size_t)snprintf(error, size, "unknown class '%s'; classes are:",
			     escape(shown, sizeof(shown), name));
	for (size_t i = 0; i < CLASS_COUNT && n < size; i++)
		n += (size_t)snprintf(error + n, size - n, " %s", classes[i].name);
}

static int parse_class(struct rule *rule, const char *name, char *error, size_t size)
{
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		if (strcasecmp(name, classes[i].name))
			continue;
		rule->kind = RULE_CLASS;
		rule->usb_class = classes[i].usb_class;
		return 0;
	}
	if (!strcasecmp(name, "hub"))
		snprintf(error, size, "hubs are never exported; export the devices behind them");
	else
		list_classes(error, size, name);
	return -EINVAL;
}

static int parse_rule(struct rule *rule, char *error, size_t size)
{
	char shown[64];

	if (!strcmp(rule->text, "all")) {
		rule->kind = RULE_ALL;
		return 0;
	}
	if (!strncmp(rule->text, "class:", 6))
		return parse_class(rule, rule->text + 6, error, size);
	if (parse_busid(rule) || parse_id(rule))
		return 0;
	snprintf(
		error, size,
		"'%s' is no rule; use a bus id (1-1.2), vid:pid, vid:pid:serial, class:NAME or all",
		escape(shown, sizeof(shown), rule->text));
	return -EINVAL;
}

int rules_add(struct rules *rules, const char *text, char *error, size_t size)
{
	struct rule *list = realloc(rules->rule, (rules->count + 1) * sizeof(*list));
	struct rule *rule;
	int ret;

	snprintf(error, size, "out of memory");
	if (!list)
		return -ENOMEM;
	rules->rule = list;
	rule = &list[rules->count];
	*rule = (struct rule){ .text = strdup(text) };
	if (!rule->text)
		return -ENOMEM;
	ret = parse_rule(rule, error, size);
	if (ret) {
		free(rule->text);
		return ret;
	}
	rules->count++;
	return 0;
}

/* --- matching ------------------------------------------------------------- */

static bool has_class(const struct backend_device *device, uint8_t usb_class)
{
	const uint8_t *interface[256];
	size_t n;

	if (device->descriptor[4] == usb_class)
		return true;
	n = descriptors_interfaces(device->configuration, device->configuration_length, interface,
				   256);
	for (size_t i = 0; i < n; i++)
		if (interface[i][5] == usb_class)
			return true;
	return false;
}

static bool has_id(const struct backend_device *device, const struct rule *rule)
{
	const uint8_t *d = device->descriptor;

	if ((d[8] | d[9] << 8) != rule->vendor || (d[10] | d[11] << 8) != rule->product)
		return false;
	return !rule->serial || (device->serial && !strcmp(device->serial, rule->serial));
}

static bool rule_matches(const struct rule *rule, const struct backend_device *device)
{
	switch (rule->kind) {
	case RULE_BUSID:
		return !strcmp(rule->busid, device->busid);
	case RULE_ID:
		return has_id(device, rule);
	case RULE_CLASS:
		return !device->imported && has_class(device, rule->usb_class);
	case RULE_ALL:
		return !device->imported;
	}
	return false;
}

bool rules_exportable(const struct backend_device *device)
{
	return device->descriptor[4] != CLASS_HUB;
}

bool rules_one_matches(const struct rule *rule, const struct backend_device *device)
{
	return rules_exportable(device) && rule_matches(rule, device);
}

const struct rule *rules_match(const struct rules *rules, const struct backend_device *device)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules_one_matches(&rules->rule[i], device))
			return &rules->rule[i];
	return NULL;
}
