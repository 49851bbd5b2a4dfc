// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/host.c tools/cookie.c tools/failure.c tools/text.c */
/*
 * HOST[:PORT] as people write it, sockets of other kinds, and the cookie that
 * remembers them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/cookie.h"
#include "tools/host.h"

static void assert_host(const char *in, const char *name, uint32_t port, const char *text)
{
	struct failure failure;
	struct host host;

	assert_int_equal(host_parse(in, &host, &failure), 0);
	assert_string_equal(host.name, name);
	assert_int_equal(host.port, port);
	assert_string_equal(host.text, text);
}

static void assert_refused(const char *in, const char *word)
{
	struct failure failure = { "" };
	struct host host;

	assert_int_equal(host_parse(in, &host, &failure), -EINVAL);
	if (!strstr(failure.text, word))
		fail_msg("'%s' lacks '%s'", failure.text, word);
}

static void names_and_addresses(void **state)
{
	assert_host("lab", "lab", 3240, "lab:3240");
	assert_host("lab.example:1", "lab.example", 1, "lab.example:1");
	assert_host("192.0.2.1", "192.0.2.1", 3240, "192.0.2.1:3240");
	assert_host("192.0.2.1:65535", "192.0.2.1", 65535, "192.0.2.1:65535");
}

static void ipv6_addresses(void **state)
{
	assert_host("::1", "::1", 3240, "[::1]:3240");
	assert_host("fe80::1%eth0", "fe80::1%eth0", 3240, "[fe80::1%eth0]:3240");
	assert_host("[::1]", "::1", 3240, "[::1]:3240");
	assert_host("[fe80::1%eth0]:3241", "fe80::1%eth0", 3241, "[fe80::1%eth0]:3241");
	assert_host("::ffff:192.0.2.1", "::ffff:192.0.2.1", 3240, "[::ffff:192.0.2.1]:3240");
}

/* Where Wireshark looks for it, and everybody listens. */
static void quirk_26_the_port_is_3240(void **state)
{
	struct failure failure;
	struct host host;

	assert_int_equal(host_parse("lab", &host, &failure), 0);
	assert_int_equal(host.port, 3240);
	assert_int_equal(host_parse("::1", &host, &failure), 0);
	assert_int_equal(host.port, 3240);
}

static void bad_ports(void **state)
{
	assert_refused("lab:0", "not a port");
	assert_refused("lab:", "not a port");
	assert_refused("lab:65536", "not a port");
	assert_refused("lab:4294967297", "not a port");
	assert_refused("lab:+5", "not a port");
	assert_refused("lab:5x", "not a port");
	assert_refused("lab: 5", "not a port");
	assert_refused("[::1]:", "not a port");
}

static void bad_hosts(void **state)
{
	char endless[600];

	assert_refused("", "no host");
	assert_refused(":3240", "no host");
	assert_refused("[]", "no host");
	assert_refused("a b", "not a host");
	assert_refused("user@lab", "not a host");
	assert_refused("tcp:/lab", "not a port");
	assert_refused("a:b:c", "[ADDRESS]:PORT");
	assert_refused("::1:x", "[ADDRESS]:PORT");
	assert_refused("[::1", "[ADDRESS]:PORT");
	assert_refused("[::1]x", "[ADDRESS]:PORT");
	assert_refused("[lab]:1", "not an IPv6 address");
	assert_refused("lab]", "not a host");
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_refused(endless, "longer");
	memset(endless, ':', sizeof(endless) - 1);
	assert_refused(endless, "[ADDRESS]:PORT");
}

static void sockets_of_this_machine(void **state)
{
	char longest[5 + 107 + 1] = "unix:/", longer[5 + 108 + 1] = "unix:/";
	struct failure failure;
	struct host host;

	assert_host("unix:/run/s", "unix:/run/s", 0, "unix:/run/s");
	assert_host("unix:/a:1@b c", "unix:/a:1@b c", 0, "unix:/a:1@b c");
	memset(longest + 6, 'p', 106);
	memset(longer + 6, 'p', 107);
	assert_host(longest, longest, 0, longest);
	assert_int_equal(host_parse(longest, &host, &failure), 0);
	assert_int_equal(host.kind, HOST_UNIX);
	assert_string_equal(host_path(&host), longest + 5);
	assert_refused(longer, "longer than 107 bytes");
	assert_refused("unix:", "begins with '/'");
	assert_refused("unix:s", "begins with '/'");
	assert_refused("unix:3240", "begins with '/'");
	assert_refused("unix:@s", "begins with '/'");
}

static void machines_on_a_vsock(void **state)
{
	static const char *const nobody[] = {
		"vsock:", "vsock::1", "vsock:0", "vsock:-1", "vsock:+1", "vsock:x",
		"vsock:4294967295", "vsock:4294967296", "vsock:99999999999", "vsock:any",
		"vsock:hos", "vsock:hosts", "vsock: 2",
	};
	struct failure failure;
	struct host host;

	assert_host("vsock:3", "vsock:3", 3240, "vsock:3:3240");
	assert_host("vsock:3:4294967294", "vsock:3", 4294967294, "vsock:3:4294967294");
	assert_host("vsock:local", "vsock:1", 3240, "vsock:1:3240");
	assert_host("vsock:host:1", "vsock:2", 1, "vsock:2:1");
	assert_host("vsock:4294967294", "vsock:4294967294", 3240, "vsock:4294967294:3240");
	assert_int_equal(host_parse("vsock:host", &host, &failure), 0);
	assert_int_equal(host.kind, HOST_VSOCK);
	assert_int_equal(host.cid, 2);
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		assert_refused(nobody[i], "names no machine");
	assert_refused("vsock:3:", "not a port");
	assert_refused("vsock:3:0", "not a port");
	assert_refused("vsock:3:4294967295", "not a port");
	assert_refused("vsock:3:1:1", "not a port");
	assert_refused("vsock:3:x", "not a port");
}

/* What is kept is a host that can be dialled again. */
static void a_cookie_keeps_other_links_too(void **state)
{
	struct failure failure;
	uint8_t cookie[512];
	struct host host;
	size_t size;

	assert_int_equal(host_parse("unix:/run/s", &host, &failure), 0);
	size = cookie_put(cookie, sizeof(cookie), &host, "1-1");
	assert_int_equal(size, sizeof("host=unix:/run/s\0busid=1-1"));
	assert_memory_equal(cookie, "host=unix:/run/s\0busid=1-1", size);
	assert_int_equal(host_parse("vsock:local:7", &host, &failure), 0);
	size = cookie_put(cookie, sizeof(cookie), &host, "1-1");
	assert_memory_equal(cookie, "host=vsock:1\0port=7\0busid=1-1", size);
}

static void a_cookie_keeps_what_dialling_needs(void **state)
{
	struct failure failure;
	uint8_t cookie[512];
	struct host host;
	size_t size;

	assert_int_equal(host_parse("[fe80::1%eth0]:3241", &host, &failure), 0);
	size = cookie_put(cookie, sizeof(cookie), &host, "1-1.2");
	assert_int_equal(size, sizeof("host=fe80::1%eth0\0port=3241\0busid=1-1.2"));
	assert_memory_equal(cookie, "host=fe80::1%eth0\0port=3241\0busid=1-1.2", size);
	assert_string_equal(cookie_get(cookie, size, "host"), "fe80::1%eth0");
	assert_string_equal(cookie_get(cookie, size, "port"), "3241");
	assert_string_equal(cookie_get(cookie, size, "busid"), "1-1.2");
	assert_null(cookie_get(cookie, size, "bus"));
	assert_null(cookie_get(cookie, size, "nothing"));
}

static void a_cookie_that_does_not_fit_is_none(void **state)
{
	struct failure failure;
	uint8_t cookie[64];
	struct host host;

	assert_int_equal(host_parse("lab", &host, &failure), 0);
	/* host=lab port=3240 busid=1-1.2, each with its NUL */
	assert_int_equal(cookie_put(cookie, 30, &host, "1-1.2"), 0);
	assert_int_equal(cookie_put(cookie, 31, &host, "1-1.2"), 31);
}

static void foreign_cookies_are_read_with_care(void **state)
{
	static const uint8_t no_end[] = { 'h', 'o', 's', 't', '=', 'a' };
	static const uint8_t others[] = "x=1\0\0host\0=\0hostage=2\0host=";

	assert_null(cookie_get(no_end, sizeof(no_end), "host"));
	assert_null(cookie_get(no_end, 0, "host"));
	assert_string_equal(cookie_get(others, sizeof(others), "host"), "");
	assert_null(cookie_get(others, sizeof(others) - 1, "host"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses),
		cmocka_unit_test(ipv6_addresses),
		cmocka_unit_test(quirk_26_the_port_is_3240),
		cmocka_unit_test(bad_ports),
		cmocka_unit_test(bad_hosts),
		cmocka_unit_test(sockets_of_this_machine),
		cmocka_unit_test(machines_on_a_vsock),
		cmocka_unit_test(a_cookie_keeps_other_links_too),
		cmocka_unit_test(a_cookie_keeps_what_dialling_needs),
		cmocka_unit_test(a_cookie_that_does_not_fit_is_none),
		cmocka_unit_test(foreign_cookies_are_read_with_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
