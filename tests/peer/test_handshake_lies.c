// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile importer in the handshake: every field of OP_REQ_DEVLIST and of
 * OP_REQ_IMPORT with its offer at every value of lie.h, by itself and in pairs,
 * in one piece, byte by byte, and cut at every byte. Each is answered as what it
 * then is, or the connection ends, with a line in the log; nobody else notices.
 *
 * PEER_SEED and PEER_PAIRS: see lie.h.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "lie.h"
#include "talk.h"
#include "watch.h"

#define NEIGHBOUR "99-1"
#define VICTIM "99-2"
#define REQUEST_SIZE (sizeof(struct suburb_wire_op) + sizeof(struct suburb_wire_busid))

static struct exporter exporter;
static unsigned int cases;

static int start(void **state)
{
	static const char *const args[] = { "--limit", "connection-rate=0", "--emulate",
					    "loopback", "--emulate", "loopback", NULL };

	exporter_start(&exporter, args);
	watch_begin(&exporter, NEIGHBOUR);
	return 0;
}

static int stop(void **state)
{
	watch_end();
	exporter_stop(&exporter);
	printf("# hostile handshakes: %u cases, seed %u\n", cases, lies_seed());
	return 0;
}

static size_t put_request(uint8_t *request, uint16_t code)
{
	struct suburb_wire_busid *busid = (void *)(request + sizeof(struct suburb_wire_op));

	suburb_put_op((void *)request, code, 0);
	if (code == SUBURB_OP_REQ_DEVLIST)
		return sizeof(struct suburb_wire_op);
	suburb_put_busid(busid, VICTIM);
	suburb_put_offer(busid, SUBURB_WIRE_FEATURE_DIGEST);
	return REQUEST_SIZE;
}

/* --- what must follow ----------------------------------------------------- */

/* How long it is, if it is one; 0: the connection ends. */
static size_t understood(const uint8_t *request, size_t size)
{
	char busid[SUBURB_WIRE_BUSID_SIZE];
	struct suburb_op op;

	if (suburb_get_op(request, size, &op) <= 0 || op.status)
		return 0;
	if (op.code == SUBURB_OP_REQ_DEVLIST)
		return sizeof(struct suburb_wire_op);
	if (op.code != SUBURB_OP_REQ_IMPORT ||
	    suburb_get_busid(request + sizeof(struct suburb_wire_op), REQUEST_SIZE, busid) < 0)
		return 0;
	return REQUEST_SIZE;
}

static void expect_list(int fd)
{
	struct suburb_wire_device device;
	uint8_t interfaces[8];
	__be32 count;

	receive_bytes(fd, &count, sizeof(count));
	assert_int_equal(__be32_to_cpu(count), 2);
	for (int i = 0; i < 2; i++) {
		receive_bytes(fd, &device, sizeof(device));
		assert_int_equal(device.num_interfaces, 2);
		receive_bytes(fd, interfaces, sizeof(interfaces));
	}
	assert_ends(fd);
}

/* 0, or what the reply says in place of that: then it ends there. */
static uint32_t expect_import(int fd, const uint8_t *request)
{
	struct suburb_wire_device device;
	struct suburb_wire_op op;
	struct suburb_violation violation;
	uint32_t features;

	receive_bytes(fd, &op, sizeof(op));
	assert_int_equal(__be16_to_cpu(op.code), SUBURB_OP_REP_IMPORT);
	if (op.status) {
		assert_ends(fd);
		return __be32_to_cpu(op.status);
	}
	receive_bytes(fd, &device, sizeof(device));
	assert_int_equal(suburb_get_answer(&device, (const void *)(request + sizeof(op)),
					   &features, &violation),
			 0);
	/* Nothing is agreed to that was not offered: see suburb_get_answer(). */
	hang_up(fd);
	return SUBURB_OP_OK;
}

static int say(const uint8_t *request, size_t size, bool dribble)
{
	int fd = dial(&exporter);

	for (size_t at = 0; at < size; at += dribble ? 1 : size)
		if (send(fd, request + at, dribble ? 1 : size, MSG_NOSIGNAL) < 0)
			break; /* it has ended already */
	return fd;
}

static void run_import(const uint8_t *request, size_t size, bool dribble)
{
	static const struct timespec moment = { 0, 1000000 };
	const char *busid = (const char *)request + sizeof(struct suburb_wire_op);
	uint32_t wanted = !strcmp(busid, VICTIM) ? SUBURB_OP_OK :
			  !strcmp(busid, NEIGHBOUR) ? SUBURB_OP_DEV_BUSY : SUBURB_OP_NODEV;
	uint32_t status = SUBURB_OP_ERROR;

	/* Whoever had it before us is being forgotten. */
	for (int i = 0; i < PATIENCE_S * 1000 && status != wanted; i++) {
		if (i)
			nanosleep(&moment, NULL);
		status = expect_import(say(request, size, dribble), request);
		if (status != wanted)
			assert_int_equal(status, SUBURB_OP_DEV_BUSY);
	}
	assert_int_equal(status, wanted);
}

static void run(const uint8_t *request, size_t size, bool dribble)
{
	size_t meant = understood(request, size);
	struct suburb_wire_op op;
	int fd;

	cases++;
	if (!meant) {
		assert_ends(say(request, size, dribble));
	} else if (meant == REQUEST_SIZE && size == REQUEST_SIZE) {
		run_import(request, size, dribble);
	} else if (meant == REQUEST_SIZE) { /* the bus id does not come */
		fd = say(request, size, dribble);
		assert_silence(fd, 5);
		hang_up(fd);
	} else {
		fd = say(request, size, dribble);
		receive_bytes(fd, &op, sizeof(op));
		assert_int_equal(__be16_to_cpu(op.code), SUBURB_OP_REP_DEVLIST);
		expect_list(fd);
	}
	watch_neighbour();
}

/* --- tests ---------------------------------------------------------------- */

static const struct layout *layout_for(uint16_t code)
{
	static struct layout operation;

	if (code == SUBURB_OP_REQ_IMPORT)
		return &layout_import;
	operation = (struct layout){ layout_import.fields, 3 };
	return &operation;
}

static void all_of(uint16_t code)
{
	const struct layout *layout = layout_for(code);
	uint8_t request[REQUEST_SIZE];
	uint32_t seed = lies_seed();
	struct lies lies;
	size_t size;

	for (size_t n = 0; n < lies_singles(layout) + lies_pairs(200); n++) {
		size = put_request(request, code);
		if (n < lies_singles(layout))
			lies_single(&lies, layout, request, 32, n);
		else
			lies_pair(&lies, layout, request, 32, &seed);
		lies_tell(&lies, request);
		run(request, size, n % 5 == 2);
	}
}

static void every_field_of_both_requests(void **state)
{
	struct held before;

	all_of(SUBURB_OP_REQ_DEVLIST);
	before = held_by(&exporter);
	all_of(SUBURB_OP_REQ_DEVLIST);
	all_of(SUBURB_OP_REQ_IMPORT);
	assert_held(&exporter, &before, 256);
}

static void names_without_an_end(void **state)
{
	uint8_t request[REQUEST_SIZE];

	for (int byte = 1; byte < 256; byte++) {
		put_request(request, SUBURB_OP_REQ_IMPORT);
		memset(request + sizeof(struct suburb_wire_op), byte, SUBURB_WIRE_BUSID_SIZE);
		run(request, sizeof(request), false);
	}
}

/* A line that an enemy may not write into somebody's terminal. */
static void the_log_is_harmless(void **state)
{
	uint8_t request[REQUEST_SIZE];
	char line[2048];
	FILE *file;

	put_request(request, SUBURB_OP_REQ_IMPORT);
	suburb_put_busid((void *)(request + sizeof(struct suburb_wire_op)),
			 "\x1b]0;owned\x07\n\xc2\x9b\x7f\xff");
	run(request, sizeof(request), false);
	file = fopen(exporter.log, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		for (const char *c = line; *c; c++)
			assert_true((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && !c[1]));
	fclose(file);
}

static void ends_at_every_byte(void **state)
{
	static const uint16_t codes[] = { SUBURB_OP_REQ_DEVLIST, SUBURB_OP_REQ_IMPORT };
	uint8_t request[REQUEST_SIZE];

	for (size_t c = 0; c < ARRAY_SIZE(codes); c++) {
		size_t size = put_request(request, codes[c]);

		for (size_t cut = 0; cut < size; cut++) {
			struct client client = { .fd = say(request, cut, false) };

			cases++;
			if (cut % 2)
				client_reset(&client);
			else
				client_close(&client);
			watch_neighbour();
		}
	}
}

/* Gone before the answer, which is 320 bytes or a list. */
static void who_does_not_wait_for_the_answer(void **state)
{
	uint8_t request[REQUEST_SIZE];
	struct held before = held_by(&exporter);

	for (int i = 0; i < 400; i++) {
		size_t size = put_request(request, i & 1 ? SUBURB_OP_REQ_IMPORT :
							   SUBURB_OP_REQ_DEVLIST);
		struct client client = { .fd = say(request, size, false) };

		cases++;
		if (i & 2)
			client_reset(&client);
		else
			client_close(&client);
	}
	watch_neighbour();
	assert_held(&exporter, &before, 256);
	assert_alive(&exporter, VICTIM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_both_requests),
		cmocka_unit_test(names_without_an_end),
		cmocka_unit_test(the_log_is_harmless),
		cmocka_unit_test(ends_at_every_byte),
		cmocka_unit_test(who_does_not_wait_for_the_answer),
	};

	return cmocka_run_group_tests_name("handshake lies", tests, start, stop);
}
