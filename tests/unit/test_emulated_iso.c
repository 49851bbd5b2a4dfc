// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous endpoints of emulated devices, by a clock of the test's own:
 * when packets pass, what a late host gets, and what is refused.
 */
/* sources: exporter/backend/emulated/iso.c exporter/backend/emulated/endpoint.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/backend/emulated/iso.h"

#define PACKETS 4
#define SIZE 16
#define INTERVAL 8

struct rig {
	struct emulated_endpoint endpoint;
	struct emulated_transfers finished;
	uint8_t next; /* byte of the next packet */
	uint32_t length; /* of the packets that the device gives */
	unsigned int taken;
	uint8_t last[SIZE];
	uint32_t last_length;
};

static struct rig rig;

static uint32_t give(struct emulated_device *d, uint8_t address, uint8_t *packet, uint32_t size)
{
	assert_int_equal(address, 0x81);
	assert_int_equal(size, SIZE);
	memset(packet, rig.next++, rig.length);
	return rig.length;
}

static void take(struct emulated_device *d, uint8_t address, const uint8_t *packet,
		 uint32_t length)
{
	assert_int_equal(address, 0x01);
	if (length)
		memcpy(rig.last, packet, length);
	rig.last_length = length;
	rig.taken++;
}

static const struct emulated_iso_function function = { give, take };

struct parcel {
	struct backend_transfer transfer;
	struct suburb_iso iso[PACKETS];
	uint8_t bytes[2 * PACKETS * SIZE];
};

static void begin(uint8_t address)
{
	memset(&rig, 0, sizeof(rig));
	rig.length = SIZE;
	rig.endpoint.address = address;
	rig.endpoint.type = 1;
	rig.endpoint.max_packet = SIZE;
	rig.endpoint.interval = INTERVAL;
}

/* Packets with a gap of SIZE behind each. */
static struct parcel parcel(void)
{
	struct parcel p = { .transfer = { .endpoint = rig.endpoint.address, .type = 1 } };
	unsigned int i;

	memset(p.bytes, 0xee, sizeof(p.bytes));
	p.transfer.length = sizeof(p.bytes);
	p.transfer.packets = PACKETS;
	for (i = 0; i < PACKETS; i++)
		p.iso[i] = (struct suburb_iso){ .offset = 2 * SIZE * i, .length = SIZE };
	return p;
}

static int queue(struct parcel *p, uint32_t now)
{
	p->transfer.buffer = p->bytes;
	p->transfer.iso = p->iso;
	return emulated_iso_queue(&rig.endpoint, &p->transfer, now);
}

static void move(uint32_t now)
{
	emulated_iso_move(&rig.endpoint, now, NULL, &function, &rig.finished);
}

static bool is_done(const struct parcel *p)
{
	struct backend_transfer *first = emulated_transfers_take(&rig.finished);

	if (first)
		assert_ptr_equal(first, &p->transfer);
	return first;
}

static void test_packets_have_their_time(void **state)
{
	uint32_t now = 1003, wait, start, i;
	struct parcel p;

	begin(0x81);
	p = parcel();
	assert_int_equal(queue(&p, now), 0);
	start = p.transfer.start_frame;
	assert_in_range(start, now + 8, now + 8 + INTERVAL - 1);
	assert_int_equal(start % INTERVAL, 0);
	for (i = 0; i < PACKETS; i++) {
		assert_int_equal(p.iso[i].status, -SUBURB_EXDEV);
		move(start + i * INTERVAL - 1);
		assert_int_equal(rig.next, i);
		assert_false(is_done(&p));
		assert_true(emulated_iso_wait(&rig.endpoint, start + i * INTERVAL, &wait));
		assert_int_equal(wait, (PACKETS - 1 - i) * INTERVAL);
		move(start + i * INTERVAL);
		assert_int_equal(rig.next, i + 1);
	}
	assert_true(is_done(&p));
	assert_false(emulated_iso_wait(&rig.endpoint, now, &wait));
	assert_int_equal(p.transfer.status, 0);
	assert_int_equal(p.transfer.actual_length, PACKETS * SIZE);
	assert_int_equal(p.transfer.error_count, 0);
	for (i = 0; i < sizeof(p.bytes); i++)
		assert_int_equal(p.bytes[i], i / SIZE % 2 ? 0xee : i / SIZE / 2);
}

static void test_one_look_moves_all_that_is_due(void **state)
{
	struct parcel p[3];
	unsigned int i;

	begin(0x81);
	for (i = 0; i < 3; i++) {
		p[i] = parcel();
		assert_int_equal(queue(&p[i], 1000), 0);
		assert_int_equal(p[i].transfer.start_frame, 1008 + i * PACKETS * INTERVAL);
	}
	move(1008 + 9 * INTERVAL);
	assert_int_equal(rig.next, 10);
	assert_true(is_done(&p[0]));
	assert_true(is_done(&p[1]));
	assert_false(is_done(&p[2]));
	assert_int_equal(p[2].iso[1].status, 0);
	assert_int_equal(p[2].iso[2].status, -SUBURB_EXDEV);
}

static void test_out(void **state)
{
	struct parcel p;

	begin(0x01);
	p = parcel();
	p.iso[2].length = 3;
	p.iso[3].length = 0;
	p.bytes[4 * SIZE] = 0x77;
	assert_int_equal(queue(&p, 0), 0);
	move(8 + 2 * INTERVAL);
	assert_int_equal(rig.taken, 3);
	assert_int_equal(rig.last_length, 3);
	assert_int_equal(rig.last[0], 0x77);
	move(8 + 3 * INTERVAL);
	assert_int_equal(rig.taken, 4);
	assert_int_equal(rig.last_length, 0);
	assert_true(is_done(&p));
	assert_int_equal(p.transfer.actual_length, 2 * SIZE + 3);
	assert_int_equal(p.iso[2].actual_length, 3);
}

/* The stream goes on where it stopped, and catches up. */
static void test_late_loses_nothing(void **state)
{
	struct parcel a, b;
	uint32_t end;

	begin(0x81);
	a = parcel();
	b = parcel();
	assert_int_equal(queue(&a, 1000), 0);
	end = a.transfer.start_frame + PACKETS * INTERVAL;
	move(end);
	assert_true(is_done(&a));
	assert_int_equal(queue(&b, end + EMULATED_ISO_PATIENCE - 1), 0);
	assert_int_equal(b.transfer.start_frame, end);
	move(end + EMULATED_ISO_PATIENCE - 1);
	assert_true(is_done(&b));
	assert_int_equal(rig.next, 2 * PACKETS);
	assert_int_equal(b.transfer.error_count, 0);
}

static void test_too_late_begins_anew(void **state)
{
	struct parcel a, b;
	uint32_t end, now;

	begin(0x81);
	a = parcel();
	b = parcel();
	assert_int_equal(queue(&a, 1000), 0);
	end = a.transfer.start_frame + PACKETS * INTERVAL;
	now = end + EMULATED_ISO_PATIENCE;
	move(end);
	assert_true(is_done(&a));
	assert_int_equal(queue(&b, now), 0);
	assert_in_range(b.transfer.start_frame, now + 8, now + 8 + INTERVAL);
	move(now);
	assert_int_equal(rig.next, PACKETS);
}

static void test_cancel(void **state)
{
	struct parcel a, b, c;

	begin(0x81);
	a = parcel();
	b = parcel();
	c = parcel();
	assert_int_equal(queue(&a, 1000), 0);
	assert_int_equal(queue(&b, 1000), 0);
	move(a.transfer.start_frame + INTERVAL); /* two packets of the first */
	assert_true(emulated_iso_cancel(&rig.endpoint, &a.transfer));
	assert_false(emulated_iso_cancel(&rig.endpoint, &a.transfer));
	assert_int_equal(a.transfer.actual_length, 2 * SIZE);
	assert_int_equal(a.iso[1].status, 0);
	assert_int_equal(a.iso[2].status, -SUBURB_EXDEV);
	assert_int_equal(a.iso[2].actual_length, 0);
	move(b.transfer.start_frame - 1); /* the second keeps its time, and all its packets */
	assert_int_equal(rig.next, 2);
	move(b.transfer.start_frame + (PACKETS - 1) * INTERVAL);
	assert_true(is_done(&b));
	assert_int_equal(b.bytes[0], 2);
	/* Nothing waits for the time of what was cancelled. */
	assert_int_equal(queue(&a, 2000), 0);
	assert_int_equal(queue(&b, 2000), 0);
	assert_true(emulated_iso_cancel(&rig.endpoint, &b.transfer));
	assert_true(emulated_iso_cancel(&rig.endpoint, &a.transfer));
	assert_int_equal(queue(&c, 2000), 0);
	assert_int_equal(c.transfer.start_frame, 2008);
}

static void test_too_long_for_the_host(void **state)
{
	struct parcel p;

	begin(0x81);
	p = parcel();
	p.iso[1].length = SIZE - 1;
	p.iso[2].length = 0;
	p.transfer.short_not_ok = true; /* says nothing here */
	assert_int_equal(queue(&p, 0), 0);
	move(1000);
	assert_true(is_done(&p));
	assert_int_equal(p.transfer.status, 0);
	assert_int_equal(p.iso[1].status, -SUBURB_EOVERFLOW);
	assert_int_equal(p.iso[1].actual_length, SIZE - 1);
	assert_int_equal(p.bytes[2 * SIZE + SIZE - 1], 0xee);
	assert_int_equal(p.iso[2].status, -SUBURB_EOVERFLOW);
	assert_int_equal(p.iso[2].actual_length, 0);
	assert_int_equal(p.iso[3].status, 0);
	assert_int_equal(p.transfer.error_count, 2);
	assert_int_equal(p.transfer.actual_length, 3 * SIZE - 1);
}

static void test_short_packets(void **state)
{
	struct parcel p;

	begin(0x81);
	rig.length = 5;
	p = parcel();
	p.transfer.short_not_ok = true;
	assert_int_equal(queue(&p, 0), 0);
	move(1000);
	assert_true(is_done(&p));
	assert_int_equal(p.transfer.status, 0);
	assert_int_equal(p.iso[3].status, 0);
	assert_int_equal(p.iso[3].actual_length, 5);
	assert_int_equal(p.transfer.actual_length, 20);
}

static void test_bad_packets(void **state)
{
	struct parcel p;

	begin(0x81);
	p = parcel();
	p.iso[1].offset = sizeof(p.bytes) - SIZE + 1;
	assert_int_equal(queue(&p, 0), -SUBURB_EINVAL);
	p.iso[1].offset = 0xffffffff;
	assert_int_equal(queue(&p, 0), -SUBURB_EINVAL);
	p.iso[1] = (struct suburb_iso){ .offset = SIZE, .length = 0xffffffff };
	assert_int_equal(queue(&p, 0), -SUBURB_EINVAL);
	p.iso[1].length = SIZE + 1;
	assert_int_equal(queue(&p, 0), -SUBURB_EMSGSIZE);
	p.transfer.packets = 0;
	assert_int_equal(queue(&p, 0), -SUBURB_EINVAL);
	p.transfer.packets = PACKETS;
	p.transfer.iso = NULL;
	assert_int_equal(emulated_iso_queue(&rig.endpoint, &p.transfer, 0), -SUBURB_EINVAL);
	assert_null(rig.endpoint.transfers.first);
}

static void test_clock_wraps(void **state)
{
	struct parcel a, b;

	begin(0x81);
	a = parcel();
	b = parcel();
	assert_int_equal(queue(&a, 0xffffffe0), 0);
	assert_int_equal(queue(&b, 0xffffffe0), 0);
	move(0xfffffff8);
	assert_int_equal(rig.next, 3);
	move(0);
	assert_true(is_done(&a));
	assert_int_equal(rig.next, 4);
	move(8 + 3 * INTERVAL);
	assert_true(is_done(&b));
}

static void test_frame_numbers(void **state)
{
	assert_int_equal(emulated_iso_frame(SUBURB_SPEED_HIGH, 0x12345), 0x2345);
	assert_int_equal(emulated_iso_frame(SUBURB_SPEED_SUPER, 0xffffffff), 0x3fff);
	assert_int_equal(emulated_iso_frame(SUBURB_SPEED_FULL, 0x7ffff), 0x7ff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_have_their_time),
		cmocka_unit_test(test_one_look_moves_all_that_is_due),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_late_loses_nothing),
		cmocka_unit_test(test_too_late_begins_anew),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_too_long_for_the_host),
		cmocka_unit_test(test_short_packets),
		cmocka_unit_test(test_bad_packets),
		cmocka_unit_test(test_clock_wraps),
		cmocka_unit_test(test_frame_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
