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
#include <sys/un.h>
#include <unistd.h>
#include <netinet/in.h>
#include <linux/vm_sockets.h>
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
				   "max-connections-per-address = 4\n"
				   "connection-rate = 0\n"
				   "connection-burst = 5\n"
				   "handshake-timeout-s = 3600\n"
				   "idle-timeout-s = 6\n"
				   "link-timeout-s = 86400\n"
				   "max-requests = 2\n"
				   "max-parked = 3\n"
				   "max-requests-total = 7\n"
				   "max-bytes-total = 2147483648\n"
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
	assert_int_equal(settings.limits.address_connections, 4);
	assert_int_equal(settings.limits.connection_rate, 0);
	assert_int_equal(settings.limits.connection_burst, 5);
	assert_int_equal(settings.limits.handshake_s, 3600);
	assert_int_equal(settings.limits.idle_s, 6);
	assert_int_equal(settings.limits.all_requests, 7);
	assert_int_equal(settings.limits.all_bytes, 1u << 31);
	assert_int_equal(settings.limits.link_s, 86400);
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
		"[limits]\nmax-requests = \n", "[limits]\nlink-timeout-s = 4\n", "[suburbd\n", "nothing\n",
		"[limits]\nmax-connections-per-address = 0\n", "[limits]\nconnection-burst = 0\n",
		"[limits]\nidle-timeout-s = 0\n", "[limits]\nmax-bytes-total = 2147483649\n",
		"[limits]\nmax-requests-total = 0\n", "[limits]\nconnection-rate = 1.5\n",
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
		"--backend", "usbfs", "--limit", "max-parked=8", "--limit=max-bytes=70000", NULL,
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
	assert_int_equal(read_text(&settings, "[suburbd]\nlog-level = debug\nbackend = libusb\nlisten = ::\n"
					      "[limits]\nmax-parked = 9\nmax-requests = 10\n"), 0);
	assert_int_equal(settings.log_level, LOG_LEVEL_WARNING);
	assert_string_equal(settings.backend, "usbfs");
	assert_int_equal(settings.listen.count, 3);
	assert_int_equal(settings.limits.parked, 8);
	assert_int_equal(settings.limits.bytes, 70000);
	assert_int_equal(settings.limits.requests, 10);
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
		{ "suburbd", "--limit", "", NULL }, { "suburbd", "--limit", "=1", NULL },
		{ "suburbd", "--limit", "max-parked=", NULL }, { "suburbd", "--limit", "max-parked=x", NULL },
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
		int port; /* -1: no address */
	} texts[] = {
		{ "127.0.0.1", "127.0.0.1", 3240 }, { "127.0.0.1:3241", "127.0.0.1", 3241 },
		{ "0.0.0.0:0", "0.0.0.0", 0 }, { "::1", "::1", 3240 }, { "[::1]", "::1", 3240 },
		{ "[::1]:65535", "::1", 65535 }, { "localhost", "localhost", 3240 },
		{ "localhost:1", "localhost", 1 }, { "fe80::1", "fe80::1", 3240 },
		{ "", NULL, -1 }, { ":", NULL, -1 }, { ":1", NULL, -1 }, { "a:", NULL, -1 },
		{ "a:65536", NULL, -1 }, { "a:-1", NULL, -1 }, { "a:1x", NULL, -1 },
		{ "a:99999999999999999999", NULL, -1 }, { "[::1", NULL, -1 },
		{ "[::1]1", NULL, -1 }, { "[]", NULL, -1 }, { "[]:1", NULL, -1 },
		{ "a: 1", NULL, -1 }, { "a:+1", NULL, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct address address;
		char error[256] = "";
		int ret = address_parse(&address, texts[i].text, error, sizeof(error));

		if (texts[i].port < 0) {
			if (ret != -EINVAL || !error[0])
				fail_msg("taken: %s", texts[i].text);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(address.kind, ADDRESS_INET);
		assert_string_equal(address.host, texts[i].host);
		assert_int_equal(address.port, texts[i].port);
	}
}

/* Where Wireshark looks for it, and everybody dials. */
static void quirk_26_the_port_is_3240(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "::", "[::1]", "localhost", "vsock:local" };
	struct address address;
	char error[256];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(address_parse(&address, texts[i], error, sizeof(error)), 0);
		assert_int_equal(address.port, 3240);
	}
}

static void addresses_that_are_too_long(void **state)
{
	struct address address;
	char text[1000], error[256];

	memset(text, 'a', sizeof(text));
	text[999] = '\0';
	assert_int_equal(address_parse(&address, text, error, sizeof(error)), -EINVAL);
	text[0] = '[';
	text[998] = ']';
	assert_int_equal(address_parse(&address, text, error, sizeof(error)), -EINVAL);
}

static void assert_no_address(const char *text, const char *word)
{
	struct address address;
	char error[256] = "";

	if (address_parse(&address, text, error, sizeof(error)) != -EINVAL)
		fail_msg("taken: %s", text);
	if (!strstr(error, word))
		fail_msg("'%s' lacks '%s'", error, word);
}

static void assert_unix(const char *text, const char *path, unsigned int mode)
{
	struct address address;
	char error[256];

	assert_int_equal(address_parse(&address, text, error, sizeof(error)), 0);
	assert_int_equal(address.kind, ADDRESS_UNIX);
	assert_string_equal(address.host, path);
	assert_int_equal(address.mode, mode);
}

static void unix_addresses(void **state)
{
	char longest[5 + 107 + 1] = "unix:/", longer[5 + 108 + 1] = "unix:/";

	memset(longest + 6, 'p', 106);
	memset(longer + 6, 'p', 107);
	assert_unix("unix:/run/s", "/run/s", 0600);
	assert_unix("unix:/run/s,mode=660", "/run/s", 0660);
	assert_unix("unix:/run/a,b", "/run/a,b", 0600);
	assert_unix("unix:/a:b", "/a:b", 0600);
	assert_unix(longest, longest + 5, 0600);
	assert_no_address(longer, "107 bytes");
	assert_no_address("unix:", "from the root");
	assert_no_address("unix:s", "from the root");
	assert_no_address("unix:./s", "from the root");
	assert_no_address("unix:@s", "from the root");
	assert_no_address("unix:/", "no socket");
	assert_no_address("unix:/run/", "no socket");
	assert_no_address("unix:/,mode=660", "no socket");
	assert_no_address("unix:/s,mode=", "no valid mode");
	assert_no_address("unix:/s,mode=rw", "no valid mode");
	assert_no_address("unix:/s,mode=668", "no valid mode");
	assert_no_address("unix:/s,mode=1777", "no valid mode");
	assert_no_address("unix:/s,mode=-1", "no valid mode");
	assert_no_address("unix:/s,mode=777777777777777777777777", "no valid mode");
	assert_no_address("unix:/s,mode=40000000600", "no valid mode");
}

static void assert_vsock(const char *text, uint32_t cid, uint32_t port)
{
	struct address address;
	char error[256];

	assert_int_equal(address_parse(&address, text, error, sizeof(error)), 0);
	assert_int_equal(address.kind, ADDRESS_VSOCK);
	assert_int_equal(address.cid, cid);
	assert_int_equal(address.port, port);
}

static void vsock_addresses(void **state)
{
	static const char *const wrong[] = {
		"vsock:", "vsock::", "vsock:x", "vsock:1:", "vsock::1", "vsock:1:2:3", "vsock:-1",
		"vsock:0:1", "vsock:x:1", "vsock:1:x", "vsock:4294967295", "vsock:4294967296",
		"vsock:4294967295:1", "vsock:99999999999999999999", "vsock: 1", "vsock:loca",
		"vsock:host", "vsock:+1",
	};

	assert_vsock("vsock:3240", UINT32_MAX, 3240);
	assert_vsock("vsock:0", UINT32_MAX, 0);
	assert_vsock("vsock:4294967294", UINT32_MAX, UINT32_MAX - 1);
	assert_vsock("vsock:1:7", 1, 7);
	assert_vsock("vsock:local:7", 1, 7);
	assert_vsock("vsock:local", 1, 3240);
	assert_vsock("vsock:4294967294:1", UINT32_MAX - 1, 1);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_no_address(wrong[i], "no valid ");
}

static void assert_text(const void *name, const char *want)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_text(name, text), want);
}

static void addresses_as_text(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(1) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(2) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 4 };
	char want[5 + 108 + 1] = "unix:";

	assert_text(&in, "0.0.0.0:1");
	assert_text(&in6, "[::]:2");
	assert_text(&un, "unix:");
	assert_text(&vm, "vsock:3:4");
	vm.svm_cid = VMADDR_CID_ANY;
	assert_text(&vm, "vsock:4");
	strcpy(un.sun_path, "/a\x1b[2J");
	assert_text(&un, "unix:/a\\x1b[2J");
	memset(un.sun_path, 'p', sizeof(un.sun_path)); /* no NUL: it is full */
	memset(want + 5, 'p', sizeof(un.sun_path));
	assert_text(&un, want);
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
		cmocka_unit_test(quirk_26_the_port_is_3240),
		cmocka_unit_test(addresses_that_are_too_long),
		cmocka_unit_test(unix_addresses),
		cmocka_unit_test(vsock_addresses),
		cmocka_unit_test(addresses_as_text),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
