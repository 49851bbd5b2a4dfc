// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/host.c tools/cookie.c tools/failure.c tools/text.c */
/*
 * HOST[:PORT] as people write it, and the cookie that remembers it.
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

static void assert_host(const char *in, const char *name, int port, const char *text)
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
		cmocka_unit_test(bad_ports),
		cmocka_unit_test(bad_hosts),
		cmocka_unit_test(a_cookie_keeps_what_dialling_needs),
		cmocka_unit_test(a_cookie_that_does_not_fit_is_none),
		cmocka_unit_test(foreign_cookies_are_read_with_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
