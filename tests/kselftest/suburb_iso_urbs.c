// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_iso_urbs - isochronous URBs that only a kernel driver can make: packets
 * with gaps between them and in any order, in a scatterlist, a thousand of them,
 * outside of their buffer; and what a driver reads in start_frame and interval.
 *
 * That the wire has no gaps is the peer's to judge.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "urbs.h"

FIXTURE(urbs)
{
	struct session s;
	struct peer_command c;
	struct urbs_call *call;
	__u8 expected[URBS_LENGTH]; /* of the buffer, after an IN */
	__u8 wire[URBS_LENGTH]; /* data on the wire */
	struct suburb_iso iso[URBS_PACKETS];
};

FIXTURE_VARIANT(urbs)
{
	__u32 speed;
	__u32 chunk; /* bytes of each entry of a scatterlist, 0: linear */
};

FIXTURE_VARIANT_ADD(urbs, linear)
{
	.speed = SUBURB_SPEED_HIGH,
};

FIXTURE_VARIANT_ADD(urbs, linear_full_speed)
{
	.speed = SUBURB_SPEED_FULL,
};

FIXTURE_VARIANT_ADD(urbs, sg_of_pages)
{
	.speed = SUBURB_SPEED_HIGH,
	.chunk = 4000,
};

FIXTURE_VARIANT_ADD(urbs, sg_of_crumbs)
{
	.speed = SUBURB_SPEED_SUPER,
	.chunk = 7,
};

FIXTURE_SETUP(urbs)
{
	size_t i;

	for (i = 0; i < sizeof(self->wire); i++)
		self->wire[i] = i * 13 + (i >> 8);
	memset(self->expected, URBS_GUARD, sizeof(self->expected));
	self->call = malloc(sizeof(*self->call));
	ASSERT_NE(NULL, self->call);
	ASSERT_EQ(0, session_start(&self->s, variant->speed));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_ISO));
}

FIXTURE_TEARDOWN(urbs)
{
	EXPECT_STREQ("", session_stop(&self->s));
	free(self->call);
}

static void begin(FIXTURE_DATA(urbs) *self, const FIXTURE_VARIANT(urbs) *variant, __u8 endpoint,
		  __u32 length)
{
	urbs_init(self->call, &self->s, endpoint, length);
	self->call->arg.chunk = variant->chunk;
}

/* Starts the call; its request is on the wire. */
static bool send(FIXTURE_DATA(urbs) *self)
{
	__u32 i;

	if (urbs_start(self->call) || !session_next_submit(&self->s, &self->c))
		return false;
	memcpy(self->iso, self->s.peer.iso, sizeof(self->s.peer.iso));
	for (i = 0; i < self->c.c.submit.packets; i++)
		self->iso[i].actual_length = self->iso[i].length;
	return true;
}

static bool reply(FIXTURE_DATA(urbs) *self)
{
	bool in = self->c.c.submit.direction == SUBURB_DIR_IN;
	__u32 sum = 0, i;

	for (i = 0; i < self->c.c.submit.packets; i++)
		sum += self->iso[i].actual_length;
	return peer_reply_iso(&self->s.peer, self->c.c.submit.seqnum, 0, self->iso,
			      self->c.c.submit.packets, in ? self->wire : NULL, sum) == 0 &&
	       urbs_done(self->call, 3000) && self->call->ret == 0;
}

static void refuses(struct __test_metadata *_metadata, FIXTURE_DATA(urbs) *self, int error)
{
	ASSERT_EQ(0, urbs_start(self->call));
	ASSERT_TRUE(urbs_done(self->call, 3000));
	ASSERT_EQ(0, self->call->ret);
	EXPECT_EQ(error, self->call->arg.submitted);
	EXPECT_FALSE(peer_next(&self->s.peer, &self->c, 200)) {
		TH_LOG("a request that was refused is on the wire");
	}
}

/* --- layouts -------------------------------------------------------------- */

/* With gaps, adjacent, empty, backwards, at the very end. */
static const struct {
	__u32 offset;
	__u32 length;
} layout[] = {
	{ 10, 100 }, { 200, 50 }, { 250, 30 }, { 280, 0 }, { 1000, 150 }, { 700, 60 },
	{ 760, 40 }, { 0, 9 }, { 4999, 1 }, { 5000, 0 }, { 3990, 20 },
};

#define NLAYOUT (sizeof(layout) / sizeof(layout[0]))
#define LAYOUT_BYTES (100 + 50 + 30 + 150 + 60 + 40 + 9 + 1 + 20)

static void lay_out(FIXTURE_DATA(urbs) *self, const FIXTURE_VARIANT(urbs) *variant, __u8 endpoint)
{
	size_t i;

	begin(self, variant, endpoint, 5000);
	for (i = 0; i < NLAYOUT; i++)
		urbs_add(self->call, layout[i].offset, layout[i].length);
}

TEST_F(urbs, quirk_17_out_with_gaps)
{
	__u8 expected[LAYOUT_BYTES], *at = expected;
	size_t i;

	lay_out(self, variant, PEER_ISO_OUT);
	for (i = 0; i < 5000; i++)
		self->call->data[i] = i * 5 + (i >> 8);
	for (i = 0; i < NLAYOUT; i++) {
		memcpy(at, self->call->data + layout[i].offset, layout[i].length);
		at += layout[i].length;
	}
	ASSERT_TRUE(send(self));
	EXPECT_EQ(LAYOUT_BYTES, self->c.c.submit.length);
	EXPECT_EQ(NLAYOUT, self->c.c.submit.packets);
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data, expected, LAYOUT_BYTES));
	for (i = 0; i < NLAYOUT; i++)
		EXPECT_EQ(layout[i].length, self->s.peer.iso[i].length);
	ASSERT_TRUE(reply(self));
	EXPECT_EQ(0, self->call->arg.status);
	EXPECT_EQ(LAYOUT_BYTES, self->call->arg.actual_length);
	EXPECT_EQ(0, self->call->arg.error_count);
	for (i = 0; i < NLAYOUT; i++)
		EXPECT_EQ(layout[i].length, self->call->packets[i].actual_length);
}

/* Every packet a few bytes short; not one byte of the gaps is touched. */
TEST_F(urbs, in_with_gaps)
{
	const __u8 *at = self->wire;
	__u32 sum = 0;
	size_t i;

	lay_out(self, variant, PEER_ISO_IN);
	ASSERT_TRUE(send(self));
	EXPECT_EQ(LAYOUT_BYTES, self->c.c.submit.length);
	for (i = 0; i < NLAYOUT; i++) {
		self->iso[i].actual_length -= self->iso[i].length > i ? i : 0;
		memcpy(self->expected + layout[i].offset, at, self->iso[i].actual_length);
		at += self->iso[i].actual_length;
		sum += self->iso[i].actual_length;
	}
	ASSERT_TRUE(reply(self));
	EXPECT_EQ(0, self->call->arg.status);
	EXPECT_EQ(sum, self->call->arg.actual_length);
	EXPECT_EQ(0, memcmp(self->call->data, self->expected, 5000));
	for (i = 0; i < NLAYOUT; i++) {
		EXPECT_EQ(self->iso[i].actual_length, self->call->packets[i].actual_length);
		EXPECT_EQ(0, self->call->packets[i].status);
	}
}

/* A controller would move them one after the other; so does the wire. */
TEST_F(urbs, packets_upon_each_other)
{
	begin(self, variant, PEER_ISO_IN, 100);
	urbs_add(self->call, 0, 60);
	urbs_add(self->call, 30, 60);
	ASSERT_TRUE(send(self));
	ASSERT_TRUE(reply(self));
	memcpy(self->expected, self->wire, 60);
	memcpy(self->expected + 30, self->wire + 60, 60);
	EXPECT_EQ(0, memcmp(self->call->data, self->expected, 100));
	EXPECT_EQ(120, self->call->arg.actual_length);

	begin(self, variant, PEER_ISO_OUT, 100);
	memcpy(self->call->data, self->wire, 100);
	urbs_add(self->call, 0, 60);
	urbs_add(self->call, 30, 60);
	ASSERT_TRUE(send(self));
	EXPECT_EQ(120, self->c.c.submit.length);
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data, self->wire, 60));
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data + 60, self->wire + 30, 60));
	ASSERT_TRUE(reply(self));
}

/* --- how many ------------------------------------------------------------- */

static void many(FIXTURE_DATA(urbs) *self, const FIXTURE_VARIANT(urbs) *variant, __u8 endpoint,
		 int count)
{
	int i;

	begin(self, variant, endpoint, count * 50);
	for (i = 0; i < count; i++)
		urbs_add(self->call, i * 50, 30 + i % 20);
}

TEST_F(urbs, in_of_1024_packets)
{
	const __u8 *at = self->wire;
	int i;

	many(self, variant, PEER_ISO_IN, 1024);
	ASSERT_TRUE(send(self));
	EXPECT_EQ(1024, self->c.c.submit.packets);
	for (i = 0; i < 1024; i++) {
		self->iso[i].actual_length = i % 31;
		memcpy(self->expected + i * 50, at, i % 31);
		at += i % 31;
	}
	ASSERT_TRUE(reply(self));
	EXPECT_EQ(0, self->call->arg.status);
	EXPECT_EQ(0, memcmp(self->call->data, self->expected, 1024 * 50));
	EXPECT_EQ(1023 % 31, self->call->packets[1023].actual_length);
}

TEST_F(urbs, out_of_1024_packets)
{
	__u8 *at = self->expected;
	int i;

	many(self, variant, PEER_ISO_OUT, 1024);
	memcpy(self->call->data, self->wire, 1024 * 50);
	for (i = 0; i < 1024; i++) {
		memcpy(at, self->wire + i * 50, 30 + i % 20);
		at += 30 + i % 20;
	}
	ASSERT_TRUE(send(self));
	EXPECT_EQ(at - self->expected, self->c.c.submit.length);
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data, self->expected, at - self->expected));
	ASSERT_TRUE(reply(self));
	EXPECT_EQ(at - self->expected, self->call->arg.actual_length);
}

TEST_F(urbs, more_packets_than_can_be)
{
	many(self, variant, PEER_ISO_IN, 1025);
	refuses(_metadata, self, -EFBIG);
}

TEST_F(urbs, no_packets)
{
	begin(self, variant, PEER_ISO_OUT, 100);
	refuses(_metadata, self, -EINVAL);
}

/* --- packets outside of the buffer ---------------------------------------- */

TEST_F(urbs, packet_outside_of_the_buffer)
{
	static const struct {
		__u32 offset;
		__u32 length;
	} bad[] = {
		{ 100, 1 }, { 60, 41 }, { 0, 101 }, { 101, 0 }, { 0xffffffff, 1 },
		{ 0xfffffff0, 0x20 }, { 0x80000000, 8 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(self, variant, i & 1 ? PEER_ISO_OUT : PEER_ISO_IN, 100);
		urbs_add(self->call, 0, 10);
		urbs_add(self->call, bad[i].offset, bad[i].length);
		refuses(_metadata, self, -EINVAL);
	}
}

TEST_F(urbs, packet_longer_than_the_endpoint_takes)
{
	begin(self, variant, PEER_ISO_OUT, 5000);
	urbs_add(self->call, 0, 1025);
	refuses(_metadata, self, -EMSGSIZE);
	begin(self, variant, PEER_ISO_OUT, 5000);
	urbs_add(self->call, 0, 0x80000000);
	refuses(_metadata, self, -EMSGSIZE);
}

/* --- time ----------------------------------------------------------------- */

static bool is_full(const FIXTURE_VARIANT(urbs) *variant)
{
	return variant->speed == SUBURB_SPEED_FULL;
}

/* The first URB begins a moment after now, the next where that one ends. */
TEST_F(urbs, frames_follow_each_other)
{
	struct urbs_call *first = self->call, *second = malloc(sizeof(*second));
	int mask = is_full(variant) ? 0x7ff : 0x3fff;
	int unit = is_full(variant) ? 1 : 8;
	struct peer_command c;
	int i;

	ASSERT_NE(NULL, second);
	begin(self, variant, PEER_ISO_OUT, 100);
	for (i = 0; i < 5; i++)
		urbs_add(first, 0, 10);
	ASSERT_TRUE(send(self));
	c = self->c;
	*second = *first;
	self->call = second;
	ASSERT_TRUE(send(self));
	ASSERT_TRUE(reply(self));
	self->call = first;
	self->c = c;
	ASSERT_TRUE(reply(self));

	EXPECT_EQ(first->arg.start_frame_early, first->arg.start_frame);
	EXPECT_GT(0x800, first->arg.frame);
	EXPECT_LE(1, (first->arg.start_frame / unit - first->arg.frame) & 0x7ff);
	EXPECT_GT(200, (first->arg.start_frame / unit - first->arg.frame) & 0x7ff);
	EXPECT_EQ((first->arg.start_frame + 5 * unit) & mask, second->arg.start_frame);
	free(second);
}

TEST_F(urbs, frames_are_milliseconds)
{
	int frames;

	begin(self, variant, PEER_ISO_OUT, 100);
	urbs_add(self->call, 0, 10);
	ASSERT_TRUE(send(self));
	ASSERT_TRUE(reply(self));
	frames = self->call->arg.frame;
	usleep(300000);
	begin(self, variant, PEER_ISO_OUT, 100);
	urbs_add(self->call, 0, 10);
	ASSERT_TRUE(send(self));
	ASSERT_TRUE(reply(self));
	frames = (self->call->arg.frame - frames) & 0x7ff;
	EXPECT_LE(300, frames);
	EXPECT_GT(1500, frames);
}

/* The endpoint's, whatever a driver says: 8 microframes, or a frame. */
TEST_F(urbs, quirk_18_interval_is_that_of_the_endpoint)
{
	begin(self, variant, PEER_ISO_OUT, 100);
	urbs_add(self->call, 0, 10);
	self->call->arg.interval = 64;
	ASSERT_TRUE(send(self));
	EXPECT_EQ(is_full(variant) ? 1 : 8, self->c.c.submit.interval);
	ASSERT_TRUE(reply(self));
	EXPECT_EQ(is_full(variant) ? 1 : 8, self->call->arg.interval_used);
}

TEST_F(urbs, killed)
{
	lay_out(self, variant, PEER_ISO_IN);
	self->call->arg.timeout_ms = 100;
	ASSERT_TRUE(send(self));
	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(-ENOENT, self->call->arg.status);
	EXPECT_EQ(0, self->call->arg.actual_length);
	EXPECT_EQ(NLAYOUT, self->call->arg.error_count);
	EXPECT_EQ(-EXDEV, self->call->packets[0].status);
	EXPECT_EQ(0, memcmp(self->call->data, self->expected, 5000));
}

int main(int argc, char **argv)
{
	remote_require();
	urbs_require();
	return test_harness_run(argc, argv);
}
