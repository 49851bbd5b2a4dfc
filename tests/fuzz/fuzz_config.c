// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tests/fuzz/quiet_log.c suburbd */
/*
 * The configuration file, and with it rules, addresses and limits. The input
 * is the file. What was taken makes sense: limits are within their bounds, and
 * each rule and address is one.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "exporter/address.h"
#include "exporter/config.h"

#include "fuzz.h"

static int file = -1;
static char name[32];

static void write_file(const uint8_t *data, size_t size)
{
	fuzz_assert(ftruncate(file, 0) == 0);
	fuzz_assert(pwrite(file, data, size, 0) == (ssize_t)size);
}

static void check_rule(const struct rule *rule)
{
	char error[SETTINGS_ERROR_SIZE];
	struct rules again;

	rules_init(&again);
	fuzz_assert(rules_add(&again, rule->text, error, sizeof(error)) == 0);
	fuzz_assert(again.count == 1 && again.rule[0].kind == rule->kind);
	fuzz_assert(again.rule[0].vendor == rule->vendor);
	fuzz_assert(again.rule[0].usb_class == rule->usb_class);
	rules_free(&again);
}

static void check_limits(const struct limits *limits)
{
	fuzz_assert(limits->connections >= 1 && limits->connections <= 65536);
	fuzz_assert(limits->requests >= 1 && limits->requests <= 65536);
	fuzz_assert(limits->parked >= 1 && limits->parked <= 1048576);
	fuzz_assert(limits->handshake_s >= 1 && limits->handshake_s <= 3600);
	fuzz_assert(limits->link_s >= 5 && limits->link_s <= 1000000);
	fuzz_assert(limits->bytes >= 65536 && limits->bytes <= 1 << 30);
	fuzz_assert(limits->address_connections >= 1 && limits->address_connections <= 65536);
	fuzz_assert(limits->connection_rate <= 1000000 && limits->connection_burst <= 1000000);
	fuzz_assert(limits->idle_s >= 1 && limits->idle_s <= 3600);
	fuzz_assert(limits->all_requests >= 1 && limits->all_requests <= 1048576);
	fuzz_assert(limits->all_bytes >= 65536 && limits->all_bytes <= 1u << 31);
}

static void check_settings(const struct settings *settings)
{
	char error[SETTINGS_ERROR_SIZE];
	struct address address;

	for (size_t i = 0; i < settings->listen.count; i++) {
		fuzz_assert(address_parse(&address, settings->listen.item[i], error,
					  sizeof(error)) == 0);
		fuzz_assert(memchr(address.host, 0, sizeof(address.host)));
	}
	for (size_t i = 0; i < settings->rules.count; i++)
		check_rule(&settings->rules.rule[i]);
	check_limits(&settings->limits);
	fuzz_assert(!(settings->features & ~6u));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	file = memfd_create("config", 0);
	fuzz_assert(file >= 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings;

	if (size > 4096)
		return 0;
	write_file(data, size);
	settings_init(&settings);
	config_read(&settings, name);
	check_settings(&settings);
	settings_free(&settings);
	return 0;
}
