// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_wire - what the module sends for a URB, and what it makes of an honest
 * answer: payload, flags, errors that come with data, counters, the window.
 *
 * The rules that hold for every command (devid, fresh seqnums, number_of_packets
 * 0, wLength 0 as OUT, no endpoint that is not there) are the peer's to judge;
 * session_stop() hands over its complaint.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "session.h"

#define VENDOR_OUT 0x40
#define VENDOR_IN 0xc0

FIXTURE(wire)
{
	struct session s;
	struct peer_command c;
	__u8 data[4096];
};

FIXTURE_VARIANT(wire)
{
	__u32 speed;
};

FIXTURE_VARIANT_ADD(wire, high)
{
	.speed = SUBURB_SPEED_HIGH,
};

FIXTURE_VARIANT_ADD(wire, super)
{
	.speed = SUBURB_SPEED_SUPER,
};

FIXTURE_SETUP(wire)
{
	size_t i;

	for (i = 0; i < sizeof(self->data); i++)
		self->data[i] = i * 7 + (i >> 8);
	ASSERT_EQ(0, session_start(&self->s, variant->speed));
}

FIXTURE_TEARDOWN(wire)
{
	EXPECT_STREQ("", session_stop(&self->s));
}

/* Submits, and gets what came of it on the wire. */
static bool submit(FIXTURE_DATA(wire) *self, struct usbdevfs_urb *urb, __u8 type, __u8 endpoint,
		   int length)
{
	return usbfs_submit(self->s.usb, urb, type, endpoint, self->data, length) == 0 &&
	       session_next_submit(&self->s, &self->c);
}

static bool finish(FIXTURE_DATA(wire) *self, struct usbdevfs_urb *urb, int status,
		   const void *data, __u32 length)
{
	return peer_reply(&self->s.peer, self->c.c.submit.seqnum, status, data, length) == 0 &&
	       usbfs_reap(self->s.usb, 3000) == urb;
}

/* --- bulk and interrupt --------------------------------------------------- */

TEST_F(wire, quirk_10_bulk_out)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 1000));
	EXPECT_EQ(SUBURB_DIR_OUT, self->c.c.submit.direction);
	EXPECT_EQ(2, self->c.c.submit.ep);
	EXPECT_EQ(1000, self->c.c.submit.length);
	EXPECT_EQ(0, memcmp(self->c.data, self->data, PEER_KEEP));
	EXPECT_EQ(0, self->c.c.submit.transfer_flags & SUBURB_URB_ZERO_PACKET);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 1000));
	EXPECT_EQ(0, urb.status);
	EXPECT_EQ(1000, urb.actual_length);
}

TEST_F(wire, bulk_out_of_nothing)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 0));
	EXPECT_EQ(0, self->c.c.submit.length);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 0));
	EXPECT_EQ(0, urb.status);
}

TEST_F(wire, bulk_out_cut_short)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 1000));
	ASSERT_TRUE(finish(self, &urb, -SUBURB_EPIPE, NULL, 512));
	EXPECT_EQ(-EPIPE, urb.status);
	EXPECT_EQ(512, urb.actual_length);
}

TEST_F(wire, bulk_in)
{
	struct usbdevfs_urb urb = {};
	__u8 answer[700];

	memset(answer, 0x5a, sizeof(answer));
	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, 2048));
	EXPECT_EQ(SUBURB_DIR_IN, self->c.c.submit.direction);
	EXPECT_EQ(1, self->c.c.submit.ep);
	EXPECT_EQ(2048, self->c.c.submit.length);
	ASSERT_TRUE(finish(self, &urb, 0, answer, sizeof(answer)));
	EXPECT_EQ(0, urb.status);
	EXPECT_EQ(700, urb.actual_length);
	EXPECT_EQ(0, memcmp(answer, self->data, sizeof(answer)));
	EXPECT_EQ((__u8)(700 * 7 + 2), self->data[700]);
}

TEST_F(wire, interrupt_in_and_out)
{
	struct usbdevfs_urb in = {}, out = {};

	ASSERT_TRUE(submit(self, &in, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_IN, 64));
	EXPECT_EQ(3, self->c.c.submit.ep);
	EXPECT_LT(0, self->c.c.submit.interval);
	ASSERT_TRUE(finish(self, &in, 0, "12345678", 8));
	EXPECT_EQ(8, in.actual_length);
	EXPECT_EQ(0, memcmp("12345678", self->data, 8));

	ASSERT_TRUE(submit(self, &out, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_OUT, 8));
	EXPECT_EQ(0, memcmp("12345678", self->c.data, 8));
	ASSERT_TRUE(finish(self, &out, 0, NULL, 8));
	EXPECT_EQ(8, out.actual_length);
}

TEST_F(wire, quirk_21_zero_packet_flag)
{
	struct usbdevfs_urb urb = { .flags = USBDEVFS_URB_ZERO_PACKET };

	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 1024));
	EXPECT_NE(0, self->c.c.submit.transfer_flags & SUBURB_URB_ZERO_PACKET);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 1024));
}

TEST_F(wire, quirk_21_short_not_ok_flag)
{
	struct usbdevfs_urb urb = { .flags = USBDEVFS_URB_SHORT_NOT_OK };

	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, 1024));
	EXPECT_NE(0, self->c.c.submit.transfer_flags & SUBURB_URB_SHORT_NOT_OK);
	ASSERT_TRUE(finish(self, &urb, -SUBURB_EREMOTEIO, "abc", 3));
	EXPECT_EQ(-EREMOTEIO, urb.status);
	EXPECT_EQ(3, urb.actual_length);
	EXPECT_EQ(0, memcmp("abc", self->data, 3));
}

/* The errno of the far side arrives as it is, and data that comes along counts. */
TEST_F(wire, quirk_22_errors)
{
	static const int errors[] = { -SUBURB_EPIPE, -SUBURB_EOVERFLOW, -SUBURB_ETIME,
				      -SUBURB_EPROTO, -SUBURB_EILSEQ };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		struct usbdevfs_urb urb = {};

		ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, 512));
		ASSERT_TRUE(finish(self, &urb, errors[i], "data", 4));
		EXPECT_EQ(errors[i], urb.status);
		EXPECT_EQ(4, urb.actual_length);
	}
}

/* Replies of two endpoints may come in any order. */
TEST_F(wire, quirk_23_endpoints_do_not_wait_for_each_other)
{
	struct usbdevfs_urb in = {}, out = {};
	__u32 seqnum;

	ASSERT_TRUE(submit(self, &in, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, 512));
	seqnum = self->c.c.submit.seqnum;
	ASSERT_TRUE(submit(self, &out, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 512));
	ASSERT_TRUE(finish(self, &out, 0, NULL, 512));
	self->c.c.submit.seqnum = seqnum;
	ASSERT_TRUE(finish(self, &in, 0, "x", 1));
	EXPECT_EQ(0, in.status);
}

static __u32 sum_of(const __u8 *data, size_t len)
{
	__u32 sum = 0;

	while (len--)
		sum += *data++;
	return sum;
}

/* Large enough that usbfs makes it a scatter-gather URB. */
TEST_F(wire, one_megabyte_each_way)
{
	size_t size = 1 << 20, i;
	__u8 *out = malloc(size), *in = calloc(1, size);
	struct usbdevfs_urb urb = {};

	for (i = 0; i < size; i++)
		out[i] = i * 13 + (i >> 9);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, out,
				  size));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
	EXPECT_EQ(size, self->c.c.submit.length);
	EXPECT_EQ(sum_of(out, size), self->c.sum);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, size));
	EXPECT_EQ(size, urb.actual_length);

	memset(&urb, 0, sizeof(urb));
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, in,
				  size));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
	ASSERT_TRUE(finish(self, &urb, 0, out, size));
	EXPECT_EQ(size, urb.actual_length);
	EXPECT_EQ(0, memcmp(out, in, size));
	free(out);
	free(in);
}

/* Many URBs at once, answered in order, each with its own bytes. */
TEST_F(wire, pipeline)
{
	struct usbdevfs_urb urbs[32] = {}, *urb;
	__u8 in[32][64];
	__u32 seqnums[32];
	int i;

	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, usbfs_submit(self->s.usb, &urbs[i], USBDEVFS_URB_TYPE_BULK,
					  PEER_BULK_IN, in[i], 64));
	for (i = 0; i < 32; i++) {
		ASSERT_TRUE(session_next_submit(&self->s, &self->c));
		seqnums[i] = self->c.c.submit.seqnum;
	}
	for (i = 0; i < 32; i++) {
		memset(self->data, i, 64);
		ASSERT_EQ(0, peer_reply(&self->s.peer, seqnums[i], 0, self->data, 64));
	}
	for (i = 0; i < 32; i++) {
		urb = usbfs_reap(self->s.usb, 3000);
		ASSERT_EQ(&urbs[i], urb);
		EXPECT_EQ(64, urb->actual_length);
		EXPECT_EQ(i, in[i][0]);
		EXPECT_EQ(i, in[i][63]);
	}
}

/* --- control -------------------------------------------------------------- */

static int control_urb(FIXTURE_DATA(wire) *self, struct usbdevfs_urb *urb, __u8 type, __u8 request,
		       __u16 length)
{
	__u8 setup[8] = { type, request, 0x34, 0x12, 0, 0, length & 0xff, length >> 8 };

	memcpy(self->data, setup, sizeof(setup));
	return submit(self, urb, USBDEVFS_URB_TYPE_CONTROL, 0, 8 + length);
}

TEST_F(wire, control_in)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(control_urb(self, &urb, VENDOR_IN, 0x51, 16));
	EXPECT_EQ(0, self->c.c.submit.ep);
	EXPECT_EQ(SUBURB_DIR_IN, self->c.c.submit.direction);
	EXPECT_EQ(16, self->c.c.submit.length);
	EXPECT_EQ(0, memcmp("\xc0\x51\x34\x12\x00\x00\x10\x00", self->c.c.submit.setup, 8));
	ASSERT_TRUE(finish(self, &urb, 0, "0123456789", 10));
	EXPECT_EQ(0, urb.status);
	EXPECT_EQ(10, urb.actual_length);
	EXPECT_EQ(0, memcmp("0123456789", self->data + 8, 10));
}

TEST_F(wire, control_out)
{
	struct usbdevfs_urb urb = {};

	memcpy(self->data + 8, "payload!", 8);
	ASSERT_TRUE(control_urb(self, &urb, VENDOR_OUT, 0x52, 8));
	EXPECT_EQ(SUBURB_DIR_OUT, self->c.c.submit.direction);
	EXPECT_EQ(0, memcmp("payload!", self->c.data, 8));
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 8));
	EXPECT_EQ(0, urb.status);
}

/* QUIRKS 30: whatever bmRequestType says */
TEST_F(wire, quirk_30_control_without_data_is_out)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(control_urb(self, &urb, VENDOR_OUT, 0x53, 0));
	EXPECT_EQ(SUBURB_DIR_OUT, self->c.c.submit.direction);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 0));

	memset(&urb, 0, sizeof(urb));
	ASSERT_TRUE(control_urb(self, &urb, VENDOR_IN, 0x54, 0));
	EXPECT_EQ(SUBURB_DIR_OUT, self->c.c.submit.direction);
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 0));
	EXPECT_EQ(0, urb.status);
}

TEST_F(wire, control_stall)
{
	struct usbdevfs_urb urb = {};

	ASSERT_TRUE(control_urb(self, &urb, VENDOR_IN, 0x55, 16));
	ASSERT_TRUE(finish(self, &urb, -SUBURB_EPIPE, NULL, 0));
	EXPECT_EQ(-EPIPE, urb.status);
}

/* usbcore and the module both know which setting is active. */
TEST_F(wire, quirk_16_nothing_for_an_endpoint_that_left)
{
	struct usbdevfs_urb urb = {};

	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, 1));
	EXPECT_GT(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT,
				  self->data, 8));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, 0));
	ASSERT_TRUE(submit(self, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 8));
	ASSERT_TRUE(finish(self, &urb, 0, NULL, 8));
}

/* --- counters and window -------------------------------------------------- */

TEST_F(wire, counters)
{
	struct usbdevfs_urb a = {}, b = {};
	struct suburb_endpoint_status ep;

	ASSERT_TRUE(submit(self, &a, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 100));
	ASSERT_EQ(0, session_status(&self->s));
	EXPECT_EQ(1, self->s.st.pending);
	ASSERT_TRUE(finish(self, &a, 0, NULL, 100));
	ASSERT_TRUE(submit(self, &b, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 100));
	ASSERT_TRUE(finish(self, &b, -SUBURB_EPIPE, NULL, 60));

	ep = session_endpoint(&self->s, PEER_BULK_OUT);
	EXPECT_EQ(2, ep.urbs);
	EXPECT_EQ(160, ep.bytes);
	EXPECT_EQ(1, ep.errors);
	EXPECT_EQ(0, ep.unlinks);
	ASSERT_EQ(0, session_status(&self->s));
	EXPECT_EQ(0, self->s.st.pending);
	EXPECT_LE(160, self->s.st.bytes);
	EXPECT_LE(1, self->s.st.errors);
	EXPECT_LE(2 * (48 + 100), self->s.st.wire_sent);
}

/* Of a window of two requests the third waits, unless its endpoint has none. */
TEST(window_of_two_requests)
{
	struct usbdevfs_urb in[4] = {}, out = {};
	__u8 data[4][64];
	struct peer_command c, first;
	struct session s;
	int i;

	ASSERT_EQ(0, session_start_window(&s, SUBURB_SPEED_HIGH, 2, 0));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, usbfs_submit(s.usb, &in[i], USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
					  data[i], 64));
	EXPECT_TRUE(session_next_submit(&s, &first));
	EXPECT_TRUE(session_next_submit(&s, &c));
	EXPECT_FALSE(peer_next(&s.peer, &c, 300));

	EXPECT_EQ(0, usbfs_submit(s.usb, &out, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, data[0], 8));
	ASSERT_TRUE(session_next_submit(&s, &c));
	EXPECT_EQ(2, c.c.submit.ep);
	EXPECT_EQ(0, peer_reply(&s.peer, c.c.submit.seqnum, 0, NULL, 8));
	EXPECT_EQ(&out, usbfs_reap(s.usb, 3000));

	EXPECT_EQ(0, peer_reply(&s.peer, first.c.submit.seqnum, 0, "x", 1));
	EXPECT_EQ(&in[0], usbfs_reap(s.usb, 3000));
	EXPECT_TRUE(session_next_submit(&s, &c));
	EXPECT_EQ(1, c.c.submit.ep);
	EXPECT_STREQ("", session_stop(&s));
}

TEST(window_of_few_bytes)
{
	struct usbdevfs_urb out[2] = {};
	static __u8 data[2][4096];
	struct peer_command c;
	struct session s;

	ASSERT_EQ(0, session_start_window(&s, SUBURB_SPEED_HIGH, 0, 4096));
	ASSERT_EQ(0, usbfs_submit(s.usb, &out[0], USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, data[0],
				  4096));
	ASSERT_EQ(0, usbfs_submit(s.usb, &out[1], USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, data[1],
				  4096));
	ASSERT_TRUE(session_next_submit(&s, &c));
	EXPECT_FALSE(peer_next(&s.peer, &c, 300)) {
		TH_LOG("a second request of 4096 bytes in a window of 4096");
	}
	EXPECT_EQ(0, peer_reply(&s.peer, c.c.submit.seqnum, 0, NULL, 4096));
	EXPECT_EQ(&out[0], usbfs_reap(s.usb, 3000));
	ASSERT_TRUE(session_next_submit(&s, &c));
	EXPECT_EQ(0, peer_reply(&s.peer, c.c.submit.seqnum, 0, NULL, 4096));
	EXPECT_EQ(&out[1], usbfs_reap(s.usb, 3000));
	EXPECT_STREQ("", session_stop(&s));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
