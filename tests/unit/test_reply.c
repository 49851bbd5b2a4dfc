// SPDX-License-Identifier: GPL-2.0-or-later
/* The queue of replies: what is written when, and what is freed. */
/* sources: exporter/reply.c exporter/crc32c.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/reply.h"

#define HEADER sizeof(struct suburb_wire_header)
#define MANY 64

static struct reply_queue queue;
static uint8_t payload[256 * 1024];
static unsigned int freed;

static void count_and_free(struct reply *reply)
{
	freed++;
	free(reply);
}

/* @seqnum tells them apart. */
static struct reply *push(bool prompt, uint32_t seqnum, size_t length)
{
	struct reply *reply = calloc(1, sizeof(*reply));

	assert_non_null(reply);
	reply->release = count_and_free;
	reply->prompt = prompt;
	reply->header.seqnum = __cpu_to_be32(seqnum);
	reply->payload = payload;
	reply->length = length;
	reply_queue_push(&queue, reply);
	return reply;
}

/* Of the reply that a piece is the header of. */
static uint32_t seqnum(const struct iovec *piece)
{
	const struct suburb_wire_header *header = piece->iov_base;

	assert_int_equal(piece->iov_len, HEADER);
	return __be32_to_cpu(header->seqnum);
}

static size_t total(const struct iovec *iov, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += iov[i].iov_len;
	return size;
}

static int set_up(void **state)
{
	reply_queue_init(&queue);
	freed = 0;
	return 0;
}

static int tear_down(void **state)
{
	unsigned int left = (unsigned int)queue.count + freed;

	reply_queue_clear(&queue);
	return freed == left && !queue.count ? 0 : -1;
}

static void a_prompt_one_overtakes(void **state)
{
	struct iovec iov[MANY];

	push(false, 1, 100);
	push(false, 2, 100);
	push(true, 3, 8);
	push(true, 4, 8);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 8);
	assert_int_equal(seqnum(&iov[0]), 3);
	assert_int_equal(seqnum(&iov[2]), 4);
	assert_int_equal(seqnum(&iov[4]), 1);
	assert_int_equal(seqnum(&iov[6]), 2);
}

/* It may be half out, or on its way through somebody who has its address. */
static void what_was_told_of_is_not_overtaken(void **state)
{
	struct iovec iov[MANY];
	int n;

	push(false, 1, 100);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 2);
	push(true, 2, 8);
	n = reply_queue_gather(&queue, iov, MANY);
	assert_int_equal(n, 4);
	assert_int_equal(seqnum(&iov[0]), 1);
	assert_int_equal(seqnum(&iov[2]), 2);
	reply_queue_written(&queue, HEADER + 99);
	assert_int_equal(freed, 0);
	n = reply_queue_gather(&queue, iov, MANY);
	assert_int_equal(n, 3);
	assert_int_equal(iov[0].iov_len, 1);
	assert_int_equal(seqnum(&iov[1]), 2);
	reply_queue_written(&queue, 1);
	assert_int_equal(freed, 1);
	reply_queue_written(&queue, HEADER + 8);
	assert_int_equal(freed, 2);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 0);
}

static void little_is_promised(void **state)
{
	struct iovec iov[MANY];
	size_t told;
	int n;

	for (uint32_t i = 0; i < 16; i++)
		push(false, i, 64 * 1024);
	n = reply_queue_gather(&queue, iov, MANY);
	told = total(iov, n);
	assert_in_range(told, 64 * 1024, 256 * 1024);
	push(true, 100, 8);
	reply_queue_written(&queue, told);
	n = reply_queue_gather(&queue, iov, MANY);
	assert_int_equal(seqnum(&iov[0]), 100);
	assert_true(n > 2);
}

/* However large it is, one goes. */
static void a_large_one_goes(void **state)
{
	struct iovec iov[MANY];

	push(false, 1, sizeof(payload));
	push(false, 2, 8);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 2);
	assert_int_equal(total(iov, 2), HEADER + sizeof(payload));
	reply_queue_written(&queue, HEADER + sizeof(payload));
	assert_int_equal(freed, 1);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 2);
	assert_int_equal(seqnum(&iov[0]), 2);
}

/* A piece that does not fit comes next time, once. */
static void few_pieces_at_a_time(void **state)
{
	struct iovec iov[3];

	push(false, 1, 100);
	push(false, 2, 100);
	assert_int_equal(reply_queue_gather(&queue, iov, 3), 3);
	assert_int_equal(seqnum(&iov[2]), 2);
	reply_queue_written(&queue, total(iov, 3));
	assert_int_equal(freed, 1);
	assert_int_equal(reply_queue_gather(&queue, iov, 3), 1);
	assert_ptr_equal(iov[0].iov_base, payload);
	reply_queue_written(&queue, 100);
	assert_int_equal(queue.count, 0);
}

static void all_are_dropped(void **state)
{
	struct iovec iov[MANY];

	push(false, 1, 100);
	reply_queue_gather(&queue, iov, MANY);
	reply_queue_written(&queue, 10);
	push(false, 2, 100);
	push(true, 3, 100);
	reply_queue_clear(&queue);
	assert_int_equal(freed, 3);
	assert_int_equal(queue.count, 0);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 0);
	push(false, 4, 0);
	assert_int_equal(reply_queue_gather(&queue, iov, MANY), 1);
	assert_int_equal(iov[0].iov_len, HEADER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_prompt_one_overtakes), TEST(what_was_told_of_is_not_overtaken),
		TEST(little_is_promised),     TEST(a_large_one_goes),
		TEST(few_pieces_at_a_time),   TEST(all_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
