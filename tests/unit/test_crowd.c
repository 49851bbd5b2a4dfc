/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: exporter/crowd.c exporter/origin.c */
/*
 * Limits per address: what an address is, how many connections it has, how
 * fast it may make new ones, and that the table of them is bounded.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/vm_sockets.h>
#include <cmocka.h>

#include "exporter/crowd.h"

/* --- addresses ------------------------------------------------------------ */

static struct origin inet(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(1) };

	assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
	return origin_of((struct sockaddr *)&in, 7);
}

static struct origin inet6(const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(2) };

	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return origin_of((struct sockaddr *)&in6, 8);
}

static bool same(struct origin one, struct origin other)
{
	return origin_same(&one, &other);
}

static void ipv4_is_the_address(void **state)
{
	assert_true(same(inet("192.0.2.1"), inet("192.0.2.1")));
	assert_false(same(inet("192.0.2.1"), inet("192.0.2.2")));
	assert_true(same(inet("192.0.2.1"), inet6("::ffff:192.0.2.1")));
	assert_false(same(inet("192.0.2.1"), inet6("::ffff:192.0.2.2")));
}

static void ipv6_is_its_first_half(void **state)
{
	assert_true(same(inet6("2001:db8:0:1::1"), inet6("2001:db8:0:1:ffff::2")));
	assert_false(same(inet6("2001:db8:0:1::1"), inet6("2001:db8:0:2::1")));
	assert_false(same(inet6("::1"), inet6("fe80::1")));
}

static void the_others(void **state)
{
	struct sockaddr_vm vm[2] = { { .svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 1 },
				     { .svm_family = AF_VSOCK, .svm_cid = 4, .svm_port = 1 } };
	struct sockaddr un = { .sa_family = AF_UNIX };
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	assert_false(same(origin_of((struct sockaddr *)&vm[0], 0),
			  origin_of((struct sockaddr *)&vm[1], 0)));
	vm[1] = vm[0];
	vm[1].svm_port = 2;
	assert_true(same(origin_of((struct sockaddr *)&vm[0], 0),
			 origin_of((struct sockaddr *)&vm[1], 0)));
	assert_true(same(origin_of(&un, 1000), origin_of(&un, 1000)));
	assert_false(same(origin_of(&un, 1000), origin_of(&un, 1001)));
	assert_true(same(origin_of(&none, 1), origin_of(&none, 2)));
	assert_false(same(origin_of(&none, 0), origin_of(&un, 0)));
}

/* --- rate ----------------------------------------------------------------- */

static struct crowd crowd;
static struct limits limits;

static int begin(void **state)
{
	limits = (struct limits){ .connection_rate = 2, .connection_burst = 4 };
	crowd_init(&crowd, &limits);
	return 0;
}

static int end(void **state)
{
	crowd_free(&crowd);
	return 0;
}

/* A connection that comes and goes; is it admitted? */
static bool knock(const char *address, uint64_t now_ms)
{
	struct origin origin = inet(address);
	struct guest *guest = crowd_enter(&crowd, &origin, now_ms);
	bool admitted;

	assert_non_null(guest);
	admitted = crowd_admit(&crowd, guest, now_ms);
	crowd_leave(&crowd, guest);
	return admitted;
}

static unsigned int admitted_of(unsigned int times, const char *address, uint64_t now_ms)
{
	unsigned int admitted = 0;

	while (times--)
		admitted += knock(address, now_ms);
	return admitted;
}

static void so_many_at_once_then_so_many_a_second(void **state)
{
	assert_int_equal(admitted_of(10, "192.0.2.1", 5000), 4);
	assert_int_equal(admitted_of(10, "192.0.2.1", 5499), 0);
	assert_int_equal(admitted_of(10, "192.0.2.1", 5500), 1);
	assert_int_equal(admitted_of(10, "192.0.2.1", 7000), 3);
	/* Never more than that at once. */
	assert_int_equal(admitted_of(10, "192.0.2.1", 100000), 4);
	assert_int_equal(admitted_of(10, "192.0.2.1", UINT64_C(1) << 62), 4);
}

static void another_address_is_not_concerned(void **state)
{
	assert_int_equal(admitted_of(10, "192.0.2.1", 5000), 4);
	assert_int_equal(admitted_of(10, "192.0.2.2", 5000), 4);
}

/* Whoever tries ten times as often as he may is let in as often as he may. */
static void trying_again_is_no_fault(void **state)
{
	unsigned int admitted = 0;

	assert_int_equal(admitted_of(4, "192.0.2.1", 0), 4);
	for (uint64_t now = 1; now <= 10000; now++)
		admitted += knock("192.0.2.1", now);
	assert_int_equal(admitted, 20);
}

static void no_rate_no_bound(void **state)
{
	limits.connection_rate = 0;
	assert_int_equal(admitted_of(1000, "192.0.2.1", 5000), 1000);
}

/* --- table ---------------------------------------------------------------- */

static void connections_are_counted(void **state)
{
	struct origin origin = inet("192.0.2.1");
	struct guest *one = crowd_enter(&crowd, &origin, 0);
	struct guest *same_one = crowd_enter(&crowd, &origin, 0);

	assert_ptr_equal(one, same_one);
	assert_int_equal(one->connections, 2);
	crowd_leave(&crowd, one);
	assert_int_equal(one->connections, 1);
	assert_int_equal(crowd.absent_count, 0);
	crowd_leave(&crowd, one);
	assert_int_equal(crowd.absent_count, 1);
	assert_ptr_equal(crowd_enter(&crowd, &origin, 0), one);
	assert_int_equal(crowd.absent_count, 0);
	crowd_leave(&crowd, one);
}

/* Those that are here are kept; of the others the longest gone are forgotten. */
static void the_table_is_bounded(void **state)
{
	struct origin origin = inet("192.0.2.1");
	struct guest *here = crowd_enter(&crowd, &origin, 0);
	char text[32];

	assert_int_equal(admitted_of(10, "192.0.2.2", 0), 4);
	for (unsigned int i = 0; i < 20 * CROWD_ABSENT; i++) {
		struct in_addr address = { .s_addr = htonl(0x0a000000 + i) };

		assert_non_null(inet_ntop(AF_INET, &address, text, sizeof(text)));
		assert_true(knock(text, 0));
		assert_true(crowd.absent_count <= CROWD_ABSENT);
	}
	assert_ptr_equal(crowd_enter(&crowd, &origin, 0), here);
	crowd_leave(&crowd, here);
	crowd_leave(&crowd, here);
	assert_int_equal(admitted_of(10, "192.0.2.2", 0), 4);
	/* The last ones are remembered. */
	assert_int_equal(admitted_of(10, text, 0), 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_the_address),
		cmocka_unit_test(ipv6_is_its_first_half),
		cmocka_unit_test(the_others),
		TEST(so_many_at_once_then_so_many_a_second),
		TEST(another_address_is_not_concerned),
		TEST(trying_again_is_no_fault),
		TEST(no_rate_no_bound),
		TEST(connections_are_counted),
		TEST(the_table_is_bounded),
	};

	return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
