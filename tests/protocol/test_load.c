// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * More in flight than there may be: of one session, and of all together. The
 * others go on, and whoever caused it goes on, too, once there is less of it.
 */
#include <errno.h>
#include <time.h>

#include "client.h"

#define PENDING (IN | 2) /* of the loopback device: never ends by itself */
#define SOURCE (IN | 3)

static struct exporter exporter;

static void start_with(const char *const limits[])
{
	const char *args[16] = { "--emulate", "loopback", "--emulate", "loopback",
				 "--emulate", "loopback" };
	size_t n = 6;

	while (*limits) {
		args[n++] = "--limit";
		args[n++] = *limits++;
	}
	args[n] = NULL;
	exporter_start(&exporter, args);
}

static int stop(void **state)
{
	hang_up_all();
	exporter_stop(&exporter);
	return 0;
}

static void configure(struct client *client, const char *busid)
{
	import(client, &exporter, busid);
	control_out(client, SET_CONFIGURATION, NULL, 0);
}

static void assert_echoes(struct client *client)
{
	uint8_t data[64];

	write_to(client, 1, "hello", 5);
	assert_int_equal(read_from(client, IN | 1, data, sizeof(data)), 5);
	assert_memory_equal(data, "hello", 5);
}

/* --- one session ---------------------------------------------------------- */

static int start_small(void **state)
{
	start_with((const char *const[]){ "max-requests=16", "max-parked=16", NULL });
	return 0;
}

/* False if nothing of it can be sent any more, and nothing changes for a second. */
static bool send_some(int fd, const uint8_t *bytes, size_t *sent, size_t size)
{
	static const struct timespec moment = { 0, 20000000 };
	ssize_t n;

	for (int i = 0; i < 50; i++) {
		n = send(fd, bytes + *sent, size - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			*sent += (size_t)n;
			return true;
		}
		assert_true(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
		nanosleep(&moment, NULL);
	}
	return false;
}

#define MANY 200000
#define SIZE (1 << 20)

/*
 * It asks for megabytes and more, and reads nothing: at some point it is not
 * read either. That is all that happens to it: once it reads, every request
 * has its answer.
 */
static void who_does_not_read_is_not_read(void **state)
{
	struct suburb_wire_header *headers = calloc(MANY, sizeof(*headers));
	const size_t all = MANY * sizeof(*headers);
	struct client *lazy = malloc(sizeof(*lazy));
	struct client other;
	struct answer answer;
	size_t sent = 0;
	uint32_t count;

	assert_non_null(headers);
	assert_non_null(lazy);
	configure(lazy, "99-1");
	configure(&other, "99-2");
	for (size_t i = 0; i < MANY; i++) {
		struct suburb_submit s = to_endpoint(lazy, SOURCE, SIZE);

		lazy->direction[s.seqnum & 0xffff] = SUBURB_DIR_IN;
		suburb_put_submit(&headers[i], &s);
	}
	while (sent < all && send_some(lazy->fd, (const uint8_t *)headers, &sent, all))
		;
	assert_in_range(sent, sizeof(*headers), all - 1);
	exporter_assert_logged(&exporter, "does not read its replies: is not read either");
	exporter_assert_logged(&exporter, "99-1: a request for 1048576 bytes is refused");
	assert_echoes(&other);
	count = (uint32_t)(sent / sizeof(*headers));
	for (uint32_t i = 0; i < count; i++) {
		next_answer(lazy, &answer);
		assert_int_equal(answer.reply.command, SUBURB_RET_SUBMIT);
		if (answer.reply.submit.status)
			assert_int_equal(answer.reply.submit.status, -SUBURB_ENOMEM);
	}
	client_close(lazy);
	assert_echoes(&other);
	assert_alive(&exporter, "99-1");
	client_close(&other);
	free(lazy);
	free(headers);
}

/* --- all sessions --------------------------------------------------------- */

static int start_with_few_in_all(void **state)
{
	start_with((const char *const[]){ "max-requests-total=8", "max-bytes-total=4194304", NULL });
	return 0;
}

static void requests_of_all_sessions(void **state)
{
	struct client greedy, other;
	uint32_t seqnum[20], unlinks[20];

	configure(&greedy, "99-1");
	configure(&other, "99-2");
	for (int i = 0; i < 20; i++)
		seqnum[i] = submit_in(&greedy, PENDING, 64);
	exporter_assert_logged(&exporter, "importers have 8 requests");
	/* One per endpoint nobody can take away. */
	assert_echoes(&other);
	submit_in(&other, PENDING, 64);
	submit_in(&other, PENDING, 64);
	assert_echoes(&other);
	for (int i = 19; i >= 0; i--)
		unlinks[i] = client_unlink(&greedy, seqnum[i]);
	for (int i = 19; i >= 0; i--)
		expect_unlink(&greedy, unlinks[i], -SUBURB_ECONNRESET);
	assert_echoes(&greedy);
	client_close(&greedy);
	client_close(&other);
	assert_alive(&exporter, "99-1");
}

/* What had to wait goes when another session has less. */
static void bytes_of_all_sessions(void **state)
{
	static uint8_t data[1 << 20];
	struct client greedy[2], other;
	uint32_t seqnum;

	configure(&greedy[0], "99-1");
	configure(&greedy[1], "99-3");
	configure(&other, "99-2");
	submit_in(&greedy[0], PENDING, 3 << 20);
	submit_in(&greedy[1], PENDING, 1 << 20);
	/* A megabyte of its own, by and by. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(read_from(&other, SOURCE, data, sizeof(data)), sizeof(data));
	submit_in(&other, PENDING, 1 << 20);
	seqnum = submit_in(&other, SOURCE, 1024);
	exporter_assert_logged(&exporter, "bytes on their way: more has to wait");
	assert_silence(other.fd, 200);
	client_close(&greedy[0]);
	assert_int_equal(expect_submit(&other, seqnum, 0, NULL), 1024);
	client_close(&greedy[1]);
	client_close(&other);
	assert_alive(&exporter, "99-1");
}

int main(void)
{
#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, stop)
	const struct CMUnitTest tests[] = {
		TEST(who_does_not_read_is_not_read, start_small),
		TEST(requests_of_all_sessions, start_with_few_in_all),
		TEST(bytes_of_all_sessions, start_with_few_in_all),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
