/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/config.c exporter/settings.c exporter/options.c exporter/address.c */
/* sources: exporter/rules.c exporter/descriptors.c exporter/escape.c exporter/log.c */
/*
 * Settings: from the configuration file, from the command line, and both; and
 * addresses to listen on. What a wrong file or command line says to the user is
 * in tests/protocol/cmdline.sh.
 */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "exporter/address.h"
#include <suburb/extension.h>

#include "exporter/config.h"
#include "exporter/options.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int read_text(struct settings *settings, const char *text)
{
	char name[] = "/tmp/suburb-config.XXXXXX";
	int fd = mkstemp(name);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ret = config_read(settings, name);
	unlink(name);
	return ret;
}

static void everything_a_file_can_say(void **state)
{
	struct settings settings;

	settings_init(&settings);
	assert_int_equal(read_text(&settings,
				   "# comment\n"
				   "[suburbd]\n"
				   "listen = 0.0.0.0\n"
				   "listen = [::]:1234\n"
				   "export = 1-1\n"
				   "export = class:hid   ; the keyboard\n"
				   "emulate = keyboard:hello world\n"
				   "features = digest\n"
				   "backend = libusb\n"
				   "log-level = debug\n"
				   "\n"
				   "[limits]\n"
				   "max-connections = 1\n"
				   "handshake-timeout-s = 3600\n"
				   "max-requests = 2\n"
				   "max-parked = 3\n"
				   "max-bytes = 65536"), 0);
	assert_int_equal(settings.listen.count, 2);
	assert_string_equal(settings.listen.item[0], "0.0.0.0");
	assert_string_equal(settings.listen.item[1], "[::]:1234");
	assert_int_equal(settings.rules.count, 2);
	assert_string_equal(settings.rules.rule[1].text, "class:hid");
	assert_int_equal(settings.emulate.count, 1);
	assert_string_equal(settings.emulate.item[0], "keyboard:hello world");
	assert_int_equal(settings.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(settings.features, SUBURB_WIRE_FEATURE_DIGEST);
	assert_string_equal(settings.backend, "libusb");
	assert_int_equal(settings.limits.connections, 1);
	assert_int_equal(settings.limits.handshake_s, 3600);
	assert_int_equal(settings.limits.requests, 2);
	assert_int_equal(settings.limits.parked, 3);
	assert_int_equal(settings.limits.bytes, 65536);
	settings_free(&settings);
}

static void empty_files_change_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "# only a comment", "[suburbd]\n[limits]\n" };
	const struct limits defaults = LIMITS_DEFAULT;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct settings settings;

		settings_init(&settings);
		assert_int_equal(read_text(&settings, texts[i]), 0);
		assert_int_equal(settings.listen.count + settings.rules.count, 0);
		assert_memory_equal(&settings.limits, &defaults, sizeof(defaults));
		settings_free(&settings);
	}
}

static void wrong_files(void **state)
{
	static const char *const texts[] = {
		"x = y\n", "[x]\ny = z\n", "[suburbd]\nx = y\n", "[limits]\nx = y\n",
		"[suburbd]\nexport = \n", "[suburbd]\nlog-level = 7\n", "[limits]\nmax-bytes = 65535\n",
		"[limits]\nmax-bytes = 1e6\n", "[limits]\nmax-parked = 0x10\n",
		"[limits]\nmax-connections = 65537\n", "[limits]\nmax-requests = 18446744073709551617\n",
		"[limits]\nmax-requests = \n", "[suburbd\n", "nothing\n",
		"[suburbd]\nlisten = 1.2.3.4:99999\n", "[suburbd]\nfeatures = \n",
		"[suburbd]\nfeatures = streams,\n", "[suburbd]\nfeatures = none,digest\n",
	};

	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct settings settings;

		settings_init(&settings);
		if (read_text(&settings, texts[i]) != -EIO)
			fail_msg("taken: %s", texts[i]);
		settings_free(&settings);
	}
}

static int parse(struct settings *settings, const char *const words[])
{
	char *argv[32] = { NULL };
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	optind = 0; /* getopt begins anew */
	return options_parse(settings, argc, argv);
}

static void everything_a_command_line_can_say(void **state)
{
	static const char *const words[] = {
		"suburbd", "--listen", "::1", "--listen=127.0.0.1:1", "--export", "all", "--emulate",
		"mouse", "--foreground", "--log-level", "warning", "--list", "--config", "f",
		"--backend", "usbfs", NULL,
	};
	struct settings settings;

	settings_init(&settings);
	assert_int_equal(parse(&settings, words), OPTIONS_RUN);
	assert_int_equal(settings.listen.count, 2);
	assert_string_equal(settings.listen.item[1], "127.0.0.1:1");
	assert_int_equal(settings.rules.count, 1);
	assert_int_equal(settings.emulate.count, 1);
	assert_true(settings.foreground && settings.list);
	assert_string_equal(settings.config, "f");
	/* The command line wins over the file; lists grow. */
	assert_int_equal(read_text(&settings, "[suburbd]\nlog-level = debug\nbackend = libusb\nlisten = ::\n"), 0);
	assert_int_equal(settings.log_level, LOG_LEVEL_WARNING);
	assert_string_equal(settings.backend, "usbfs");
	assert_int_equal(settings.listen.count, 3);
	settings_free(&settings);
}

static void wrong_command_lines(void **state)
{
	static const char *const lines[][4] = {
		{ "suburbd", "--nothing", NULL }, { "suburbd", "-x", NULL },
		{ "suburbd", "--listen", NULL }, { "suburbd", "--listen", ":1", NULL },
		{ "suburbd", "--export", "x", NULL }, { "suburbd", "word", NULL },
		{ "suburbd", "--", "word", NULL }, { "suburbd", "--log-level", "", NULL },
		{ "suburbd", "--list=1", NULL }, { "suburbd", "--e", "all", NULL },
		{ "suburbd", "--config=a", "--config=b", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct settings settings;

		settings_init(&settings);
		if (parse(&settings, lines[i]) != -EINVAL)
			fail_msg("taken: line %zu", i);
		settings_free(&settings);
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *text, *host;
		int port; /* -1: no address; 7: none was given */
	} texts[] = {
		{ "127.0.0.1", "127.0.0.1", 7 }, { "127.0.0.1:3240", "127.0.0.1", 3240 },
		{ "0.0.0.0:0", "0.0.0.0", 0 }, { "::1", "::1", 7 }, { "[::1]", "::1", 7 },
		{ "[::1]:65535", "::1", 65535 }, { "localhost", "localhost", 7 },
		{ "localhost:1", "localhost", 1 }, { "fe80::1", "fe80::1", 7 },
		{ "", NULL, -1 }, { ":", NULL, -1 }, { ":1", NULL, -1 }, { "a:", NULL, -1 },
		{ "a:65536", NULL, -1 }, { "a:-1", NULL, -1 }, { "a:1x", NULL, -1 },
		{ "a:99999999999999999999", NULL, -1 }, { "[::1", NULL, -1 },
		{ "[::1]1", NULL, -1 }, { "[]", NULL, -1 }, { "[]:1", NULL, -1 },
		{ "a: 1", NULL, -1 }, { "a:+1", NULL, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char host[ADDRESS_HOST_SIZE], error[256] = "";
		uint16_t port = 7;
		int ret = address_split(texts[i].text, host, &port, error, sizeof(error));

		if (texts[i].port < 0) {
			if (ret != -EINVAL || !error[0])
				fail_msg("taken: %s", texts[i].text);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_string_equal(host, texts[i].host);
		assert_int_equal(port, texts[i].port);
	}
}

static void addresses_that_are_too_long(void **state)
{
	char text[1000], host[ADDRESS_HOST_SIZE], error[256];
	uint16_t port;

	memset(text, 'a', sizeof(text));
	text[999] = '\0';
	assert_int_equal(address_split(text, host, &port, error, sizeof(error)), -EINVAL);
	text[0] = '[';
	text[998] = ']';
	assert_int_equal(address_split(text, host, &port, error, sizeof(error)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_a_file_can_say),
		cmocka_unit_test(empty_files_change_nothing),
		cmocka_unit_test(wrong_files),
		cmocka_unit_test(everything_a_command_line_can_say),
		cmocka_unit_test(wrong_command_lines),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_that_are_too_long),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
