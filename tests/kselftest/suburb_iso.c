// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_iso - isochronous URBs of usbfs: what goes on the wire, what comes of
 * each answer, and what never goes there. usbfs lays packets out without gaps
 * and takes 128 of them at most; suburb_iso_urbs has the rest.
 *
 * That offsets, lengths and their sum fit in each CMD_SUBMIT is the peer's to
 * judge.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "session.h"

#define MAX_PACKETS 128

FIXTURE(iso)
{
	struct session s;
	struct peer_command c;
	struct usbdevfs_urb *urb;
	__u8 data[MAX_PACKETS * PEER_ISO_PACKET];
	__u8 answer[MAX_PACKETS * PEER_ISO_PACKET];
	struct suburb_iso iso[MAX_PACKETS];
};

FIXTURE_VARIANT(iso)
{
	__u32 speed;
};

FIXTURE_VARIANT_ADD(iso, full)
{
	.speed = SUBURB_SPEED_FULL,
};

FIXTURE_VARIANT_ADD(iso, high)
{
	.speed = SUBURB_SPEED_HIGH,
};

FIXTURE_VARIANT_ADD(iso, super)
{
	.speed = SUBURB_SPEED_SUPER,
};

FIXTURE_SETUP(iso)
{
	size_t i;

	for (i = 0; i < sizeof(self->data); i++)
		self->data[i] = i * 7 + (i >> 8);
	for (i = 0; i < sizeof(self->answer); i++)
		self->answer[i] = i * 11 + (i >> 7);
	self->urb = calloc(1, sizeof(*self->urb) + (MAX_PACKETS + 1) *
							   sizeof(self->urb->iso_frame_desc[0]));
	ASSERT_NE(NULL, self->urb);
	ASSERT_EQ(0, session_start(&self->s, variant->speed));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_ISO));
}

FIXTURE_TEARDOWN(iso)
{
	EXPECT_STREQ("", session_stop(&self->s));
	free(self->urb);
}

static void add_packet(FIXTURE_DATA(iso) *self, unsigned int length)
{
	self->urb->iso_frame_desc[self->urb->number_of_packets++].length = length;
}

static int submit(FIXTURE_DATA(iso) *self, __u8 endpoint)
{
	self->urb->flags = USBDEVFS_URB_ISO_ASAP;
	return usbfs_submit(self->s.usb, self->urb, USBDEVFS_URB_TYPE_ISO, endpoint, self->data,
			    0);
}

/* Submits, and prepares an answer in which every packet did what was asked. */
static bool send(FIXTURE_DATA(iso) *self, __u8 endpoint)
{
	int i;

	if (submit(self, endpoint) || !session_next_submit(&self->s, &self->c))
		return false;
	memcpy(self->iso, self->s.peer.iso, sizeof(self->iso));
	for (i = 0; i < self->urb->number_of_packets; i++)
		self->iso[i].actual_length = self->iso[i].length;
	return true;
}

/* Answers with what the packets say now. */
static bool finish(FIXTURE_DATA(iso) *self, int status)
{
	bool in = self->c.c.submit.direction == SUBURB_DIR_IN;
	__u32 sum = 0;
	int i;

	for (i = 0; i < self->urb->number_of_packets; i++)
		sum += self->iso[i].actual_length;
	return peer_reply_iso(&self->s.peer, self->c.c.submit.seqnum, status, self->iso,
			      self->urb->number_of_packets, in ? self->answer : NULL, sum) == 0 &&
	       usbfs_reap(self->s.usb, 3000) == self->urb;
}

static bool nothing_on_the_wire(FIXTURE_DATA(iso) *self)
{
	return !peer_next(&self->s.peer, &self->c, 200);
}

/* --- honest answers ------------------------------------------------------- */

TEST_F(iso, out)
{
	add_packet(self, 100);
	add_packet(self, 0);
	add_packet(self, 57);
	ASSERT_TRUE(send(self, PEER_ISO_OUT));
	EXPECT_EQ(SUBURB_DIR_OUT, self->c.c.submit.direction);
	EXPECT_EQ(6, self->c.c.submit.ep);
	EXPECT_EQ(157, self->c.c.submit.length);
	EXPECT_EQ(3, self->c.c.submit.packets);
	EXPECT_EQ(SUBURB_URB_ISO_ASAP, self->c.c.submit.transfer_flags);
	EXPECT_EQ(variant->speed == SUBURB_SPEED_FULL ? 1 : 8, self->c.c.submit.interval);
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data, self->data, 157));
	EXPECT_EQ(100, self->s.peer.iso[0].length);
	EXPECT_EQ(0, self->s.peer.iso[1].length);
	EXPECT_EQ(57, self->s.peer.iso[2].length);
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(0, self->urb->status);
	EXPECT_EQ(157, self->urb->actual_length);
	EXPECT_EQ(0, self->urb->error_count);
	EXPECT_EQ(57, self->urb->iso_frame_desc[2].actual_length);
	EXPECT_EQ(0, self->urb->iso_frame_desc[2].status);
}

TEST_F(iso, out_without_asap)
{
	add_packet(self, 64);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, self->urb, USBDEVFS_URB_TYPE_ISO, PEER_ISO_OUT,
				  self->data, 0));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
	EXPECT_EQ(0, self->c.c.submit.transfer_flags);
	self->iso[0] = self->s.peer.iso[0];
	ASSERT_TRUE(finish(self, 0));
}

/* Exporters differ in what they count as moved by an OUT; the packets say it. */
TEST_F(iso, out_counted_otherwise)
{
	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_OUT));
	ASSERT_EQ(0, peer_reply_iso(&self->s.peer, self->c.c.submit.seqnum, 0, self->iso, 2, NULL,
				    0));
	ASSERT_EQ(self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, self->urb->status);
	EXPECT_EQ(128, self->urb->actual_length);
}

/* Short packets leave gaps, which the wire does not have. */
TEST_F(iso, quirk_17_in_with_short_packets)
{
	__u8 zeros[128] = {};
	int i;

	for (i = 0; i < 5; i++)
		add_packet(self, 128);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	EXPECT_EQ(SUBURB_DIR_IN, self->c.c.submit.direction);
	EXPECT_EQ(SUBURB_URB_ISO_ASAP | SUBURB_URB_DIR_IN, self->c.c.submit.transfer_flags);
	EXPECT_EQ(640, self->c.c.submit.length);
	self->iso[1].actual_length = 0;
	self->iso[2].actual_length = 30;
	self->iso[3].actual_length = 127;
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(0, self->urb->status);
	EXPECT_EQ(128 + 30 + 127 + 128, self->urb->actual_length);
	EXPECT_EQ(0, memcmp(self->data, self->answer, 128));
	EXPECT_EQ(0, memcmp(self->data + 128, zeros, 128));
	EXPECT_EQ(0, memcmp(self->data + 256, self->answer + 128, 30));
	EXPECT_EQ(0, memcmp(self->data + 286, zeros, 98));
	EXPECT_EQ(0, memcmp(self->data + 384, self->answer + 158, 127));
	EXPECT_EQ(0, memcmp(self->data + 511, zeros, 1));
	EXPECT_EQ(0, memcmp(self->data + 512, self->answer + 285, 128));
	EXPECT_EQ(30, self->urb->iso_frame_desc[2].actual_length);
}

TEST_F(iso, in_of_nothing)
{
	add_packet(self, 100);
	add_packet(self, 0);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	self->iso[0].actual_length = 0;
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(0, self->urb->status);
	EXPECT_EQ(0, self->urb->actual_length);
}

/* Packets fail one by one; the URB does not. Their number is counted here. */
TEST_F(iso, in_with_failed_packets)
{
	int i;

	for (i = 0; i < 6; i++)
		add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	self->iso[1].status = -SUBURB_EXDEV;
	self->iso[1].actual_length = 0;
	self->iso[2].status = -SUBURB_EOVERFLOW;
	self->iso[4].status = -SUBURB_EILSEQ;
	self->iso[4].actual_length = 10;
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(0, self->urb->status);
	EXPECT_EQ(3, self->urb->error_count);
	EXPECT_EQ(-EXDEV, (int)self->urb->iso_frame_desc[1].status);
	EXPECT_EQ(-EOVERFLOW, (int)self->urb->iso_frame_desc[2].status);
	EXPECT_EQ(64, self->urb->iso_frame_desc[2].actual_length);
	EXPECT_EQ(-EILSEQ, (int)self->urb->iso_frame_desc[4].status);
	EXPECT_EQ(0, (int)self->urb->iso_frame_desc[5].status);
	EXPECT_EQ(0, memcmp(self->data + 128, self->answer + 64, 64));
	EXPECT_EQ(0, memcmp(self->data + 320, self->answer + 64 * 3 + 10, 64));
}

/* More than a socket buffer holds, and more than one batch of page pieces. */
TEST_F(iso, all_that_usbfs_takes)
{
	__u32 size = variant->speed == SUBURB_SPEED_FULL ? PEER_ISO_PACKET_FULL : PEER_ISO_PACKET;
	int i;

	for (i = 0; i < MAX_PACKETS; i++)
		add_packet(self, size);
	ASSERT_TRUE(send(self, PEER_ISO_OUT));
	EXPECT_EQ(MAX_PACKETS, self->c.c.submit.packets);
	EXPECT_EQ(0, memcmp(self->s.peer.iso_data, self->data, MAX_PACKETS * size));
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(MAX_PACKETS * size, self->urb->actual_length);

	ASSERT_TRUE(send(self, PEER_ISO_IN));
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(MAX_PACKETS * size, self->urb->actual_length);
	EXPECT_EQ(0, memcmp(self->data, self->answer, MAX_PACKETS * size));
}

/* Header, data and descriptors arrive byte by byte. */
TEST_F(iso, in_drop_by_drop)
{
	struct suburb_ret_submit r = { .actual_length = 70, .packets = 2 };
	struct suburb_wire_header header;
	struct suburb_wire_iso wire[2];
	__u8 message[48 + 70 + 32];
	size_t i;

	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	self->iso[1].actual_length = 6;
	r.seqnum = self->c.c.submit.seqnum;
	suburb_put_ret_submit(&header, &r);
	suburb_put_iso(&wire[0], &self->iso[0]);
	suburb_put_iso(&wire[1], &self->iso[1]);
	memcpy(message, &header, 48);
	memcpy(message + 48, self->answer, 70);
	memcpy(message + 118, wire, 32);
	for (i = 0; i < sizeof(message); i++) {
		ASSERT_EQ(0, peer_send(&self->s.peer, message + i, 1));
		usleep(200);
	}
	ASSERT_EQ(self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(70, self->urb->actual_length);
	EXPECT_EQ(0, memcmp(self->data, self->answer, 70));
}

/* A stream keeps several URBs on the wire; each gets its own bytes. */
TEST_F(iso, stream)
{
	struct usbdevfs_urb *urbs[8], *urb;
	__u32 seqnums[8];
	int i, round;

	for (i = 0; i < 8; i++) {
		urbs[i] = calloc(1, sizeof(*urb) + 2 * sizeof(urb->iso_frame_desc[0]));
		urbs[i]->number_of_packets = 2;
		urbs[i]->flags = USBDEVFS_URB_ISO_ASAP;
		urbs[i]->iso_frame_desc[0].length = 100;
		urbs[i]->iso_frame_desc[1].length = 100;
		ASSERT_EQ(0, usbfs_submit(self->s.usb, urbs[i], USBDEVFS_URB_TYPE_ISO, PEER_ISO_IN,
					  self->data + 200 * i, 0));
		ASSERT_TRUE(session_next_submit(&self->s, &self->c));
		seqnums[i] = self->c.c.submit.seqnum;
	}
	memcpy(self->iso, self->s.peer.iso, sizeof(self->iso));
	self->iso[0].actual_length = 100;
	for (round = 0; round < 40; round++) {
		i = round % 8;
		memset(self->answer, round, 101);
		self->iso[1].actual_length = 1;
		ASSERT_EQ(0, peer_reply_iso(&self->s.peer, seqnums[i], 0, self->iso, 2,
					    self->answer, 101));
		urb = usbfs_reap(self->s.usb, 3000);
		ASSERT_EQ(urbs[i], urb);
		EXPECT_EQ(101, urb->actual_length);
		EXPECT_EQ(round, self->data[200 * i]);
		EXPECT_EQ(round, self->data[200 * i + 100]);
		if (round >= 32)
			continue;
		ASSERT_EQ(0, usbfs_submit(self->s.usb, urb, USBDEVFS_URB_TYPE_ISO, PEER_ISO_IN,
					  self->data + 200 * i, 0));
		ASSERT_TRUE(session_next_submit(&self->s, &self->c));
		seqnums[i] = self->c.c.submit.seqnum;
	}
	for (i = 0; i < 8; i++)
		free(urbs[i]);
}

/* --- errors --------------------------------------------------------------- */

/* QUIRKS 9: an error may come without descriptors. */
TEST_F(iso, quirk_9_error_without_descriptors)
{
	static const __u8 endpoints[] = { PEER_ISO_IN, PEER_ISO_OUT };
	size_t i;

	add_packet(self, 64);
	add_packet(self, 64);
	for (i = 0; i < sizeof(endpoints); i++) {
		ASSERT_TRUE(send(self, endpoints[i]));
		ASSERT_EQ(0, peer_reply_iso(&self->s.peer, self->c.c.submit.seqnum,
					    -SUBURB_EPROTO, NULL, 0, NULL, 0));
		ASSERT_EQ(self->urb, usbfs_reap(self->s.usb, 3000));
		EXPECT_EQ(-EPROTO, self->urb->status);
		EXPECT_EQ(0, self->urb->actual_length);
		EXPECT_EQ(2, self->urb->error_count);
		EXPECT_EQ(-EXDEV, (int)self->urb->iso_frame_desc[1].status);
		EXPECT_EQ(0, self->urb->iso_frame_desc[1].actual_length);
	}
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(128, self->urb->actual_length);
}

TEST_F(iso, error_with_descriptors_and_data)
{
	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	self->iso[1].actual_length = 0;
	self->iso[1].status = -SUBURB_EXDEV;
	ASSERT_TRUE(finish(self, -SUBURB_ESHUTDOWN));
	EXPECT_EQ(-ESHUTDOWN, self->urb->status);
	EXPECT_EQ(64, self->urb->actual_length);
	EXPECT_EQ(1, self->urb->error_count);
	EXPECT_EQ(0, memcmp(self->data, self->answer, 64));
}

TEST_F(iso, counters)
{
	struct suburb_endpoint_status ep;

	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	self->iso[1].actual_length = 7;
	ASSERT_TRUE(finish(self, 0));
	ep = session_endpoint(&self->s, PEER_ISO_IN);
	EXPECT_EQ(1, ep.urbs);
	EXPECT_EQ(71, ep.bytes);
	EXPECT_EQ(0, ep.errors);
}

/* --- unlinking ------------------------------------------------------------ */

static bool unlink_it(FIXTURE_DATA(iso) *self, struct usbfs_discard *d)
{
	struct peer_command c;

	peer_queue_unlinks(&self->s.peer, true);
	if (usbfs_discard_start(d, self->s.usb, self->urb) || !session_next_unlink(&self->s, &c))
		return false;
	self->c.c.submit.seqnum = c.c.unlink.target;
	self->c.c.unlink.seqnum = c.c.unlink.seqnum;
	peer_queue_unlinks(&self->s.peer, false);
	return true;
}

TEST_F(iso, unlinked)
{
	struct usbfs_discard d;

	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	ASSERT_TRUE(unlink_it(self, &d));
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->c.c.unlink.seqnum,
				       -SUBURB_ECONNRESET));
	ASSERT_TRUE(usbfs_discard_done(&d, 3000));
	ASSERT_EQ(self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(-ENOENT, self->urb->status);
	EXPECT_EQ(0, self->urb->actual_length);
	EXPECT_EQ(-EXDEV, (int)self->urb->iso_frame_desc[0].status);
}

/* Some packets were moved before: RET_SUBMIT tells of them, RET_UNLINK follows. */
TEST_F(iso, unlinked_in_the_middle)
{
	struct usbfs_discard d;
	__u32 seqnum;

	add_packet(self, 64);
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	seqnum = self->c.c.submit.seqnum;
	ASSERT_TRUE(unlink_it(self, &d));
	self->iso[1].actual_length = 0;
	self->iso[1].status = -SUBURB_EXDEV;
	ASSERT_EQ(0, peer_reply_iso(&self->s.peer, seqnum, -SUBURB_ECONNRESET, self->iso, 2,
				    self->answer, 64));
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->c.c.unlink.seqnum, 0));
	ASSERT_TRUE(usbfs_discard_done(&d, 3000));
	ASSERT_EQ(self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(-ENOENT, self->urb->status);
	EXPECT_EQ(64, self->urb->actual_length);
	EXPECT_EQ(0, memcmp(self->data, self->answer, 64));
	EXPECT_EQ(0, (int)self->urb->iso_frame_desc[0].status);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

/* --- what never leaves ---------------------------------------------------- */

TEST_F(iso, packet_longer_than_the_endpoint_takes)
{
	add_packet(self, 64);
	add_packet(self, (variant->speed == SUBURB_SPEED_FULL ? PEER_ISO_PACKET_FULL :
								 PEER_ISO_PACKET) + 1);
	EXPECT_EQ(-EMSGSIZE, submit(self, PEER_ISO_OUT));
	EXPECT_EQ(-EMSGSIZE, submit(self, PEER_ISO_IN));
	EXPECT_TRUE(nothing_on_the_wire(self));
}

TEST_F(iso, packet_longer_than_any)
{
	add_packet(self, 0x80000000);
	EXPECT_EQ(-EINVAL, submit(self, PEER_ISO_IN));
	EXPECT_TRUE(nothing_on_the_wire(self));
}

TEST_F(iso, no_packets)
{
	EXPECT_EQ(-EINVAL, submit(self, PEER_ISO_IN));
	EXPECT_TRUE(nothing_on_the_wire(self));
}

TEST_F(iso, endpoint_outside_the_active_setting)
{
	add_packet(self, 64);
	EXPECT_EQ(-ENOENT, submit(self, PEER_ISO_IN_TOO));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_NONE));
	EXPECT_EQ(-ENOENT, submit(self, PEER_ISO_IN));
	EXPECT_TRUE(nothing_on_the_wire(self));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_ISO));
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	ASSERT_TRUE(finish(self, 0));
}

/* --- bandwidth ------------------------------------------------------------ */

TEST_F(iso, setting_for_which_the_bus_has_no_time)
{
	EXPECT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_LARGE));
	EXPECT_EQ(-ENOSPC, usbfs_set_interface(self->s.usb, 0, PEER_ALT_TOO_LARGE));
	EXPECT_EQ(PEER_ALT_LARGE, self->s.peer.alternate) {
		TH_LOG("the device was told of a setting that was refused");
	}
	EXPECT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_ISO));
	add_packet(self, 64);
	ASSERT_TRUE(send(self, PEER_ISO_IN));
	ASSERT_TRUE(finish(self, 0));
	EXPECT_EQ(64, self->urb->actual_length);
	EXPECT_EQ(-ENOSPC, usbfs_set_interface(self->s.usb, 0, PEER_ALT_TOO_LARGE));
	EXPECT_EQ(0, usbfs_set_interface(self->s.usb, 0, 0));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
