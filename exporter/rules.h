/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules: which devices are exported. suburbd exports nothing that no rule
 * names.
 *
 *   1-1.2              the device at that bus id
 *   vid:pid            hexadecimal, as lsusb prints them
 *   vid:pid:serial     and with exactly this serial number
 *   class:NAME         device class, or class of any interface
 *   all                everything but hubs and devices that are themselves
 *                      imported (or an exporter would export what it imports)
 */
#ifndef EXPORTER_RULES_H
#define EXPORTER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backend_device;

enum rule_kind {
	RULE_BUSID,
	RULE_ID,
	RULE_CLASS,
	RULE_ALL,
};

/**
 * struct rule - one rule
 * @text: as the user wrote it
 * @busid: RULE_BUSID: within @text
 * @serial: RULE_ID: within @text, NULL for any
 */
struct rule {
	enum rule_kind kind;
	char *text;
	const char *busid;
	const char *serial;
	uint16_t vendor;
	uint16_t product;
	uint8_t usb_class;
};

struct rules {
	struct rule *rule;
	size_t count;
};

void rules_init(struct rules *rules);
void rules_free(struct rules *rules);

/**
 * rules_add - one more
 * @error: receives one line if @text is no rule
 * @size: of @error
 *
 * Returns 0, -EINVAL for a text that is no rule, or -ENOMEM.
 */
int rules_add(struct rules *rules, const char *text, char *error, size_t size);

/* The first rule that exports @device, NULL if none does. */
const struct rule *rules_match(const struct rules *rules, const struct backend_device *device);

/* Does this one rule export @device? */
bool rules_one_matches(const struct rule *rule, const struct backend_device *device);

/* May @device be exported at all? Hubs may not. */
bool rules_exportable(const struct backend_device *device);

/* The name of a USB class, NULL if it has none here. */
const char *rules_class_name(uint8_t usb_class);

#endif
