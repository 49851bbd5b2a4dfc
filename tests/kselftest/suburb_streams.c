// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_streams - bulk streams: what the kernel asks an exporter for, that
 * each URB says its stream, and that an id out of range gets the errno of a
 * host controller and never reaches the wire. Then exporters that refuse,
 * grant what nobody wanted, or do not answer; and remotes without the feature.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "session.h"

#define ALLOC SUBURB_REQUEST_ALLOC_STREAMS
#define FREE SUBURB_REQUEST_FREE_STREAMS
#define MOST 16 /* by the endpoints' descriptors */
#define GRANTED 12

static const __u8 both[] = { PEER_BULK_IN, PEER_BULK_OUT };

/* USBDEVFS_ALLOC_STREAMS returns when the exporter has answered, so a thread calls it. */
struct request {
	int usb;
	unsigned long number;
	unsigned int streams;
	int ret;
	pthread_t thread;
};

static void *run_request(void *arg)
{
	struct request *r = arg;
	struct usbdevfs_streams *s = calloc(1, sizeof(*s) + sizeof(both));

	s->num_streams = r->streams;
	s->num_eps = sizeof(both);
	memcpy(s->eps, both, sizeof(both));
	r->ret = ioctl(r->usb, r->number, s);
	if (r->ret < 0)
		r->ret = -errno;
	free(s);
	return NULL;
}

static int start_request(struct request *r, int usb, unsigned long number, unsigned int streams)
{
	r->usb = usb;
	r->number = number;
	r->streams = streams;
	return -pthread_create(&r->thread, NULL, run_request, r);
}

FIXTURE(streams)
{
	struct session s;
	struct request r;
	struct usbdevfs_urb urb;
	__u8 data[64];
};

FIXTURE_SETUP(streams)
{
	ASSERT_EQ(0, session_start_features(&self->s, SUBURB_SPEED_SUPER, SUBURB_FEATURE_STREAMS));
}

FIXTURE_TEARDOWN(streams)
{
	EXPECT_STREQ("", session_stop(&self->s));
}

/* The next command is this request about both endpoints. Its seqnum. */
static __u32 expect_asked(struct __test_metadata *_metadata, FIXTURE_DATA(streams) *self,
			  __u8 request, __u16 value)
{
	struct peer_command c;
	const __u8 *setup = c.c.submit.setup;

	ASSERT_TRUE(session_next_submit(&self->s, &c));
	EXPECT_EQ(0, c.c.submit.ep);
	EXPECT_EQ(SUBURB_REQUEST_OUT, setup[0]);
	EXPECT_EQ(request, setup[1]);
	EXPECT_EQ(value, setup[2] | setup[3] << 8);
	EXPECT_EQ(0, setup[4] | setup[5] << 8);
	EXPECT_EQ(sizeof(both), c.c.submit.length);
	EXPECT_EQ(0, memcmp(c.data, both, sizeof(both)));
	return c.c.submit.seqnum;
}

/* Answers how many streams there are. */
static void tell_count(struct __test_metadata *_metadata, FIXTURE_DATA(streams) *self, __u16 count)
{
	__u8 bytes[2] = { count & 0xff, count >> 8 };
	struct peer_command c;

	ASSERT_TRUE(session_next_submit(&self->s, &c));
	EXPECT_EQ(SUBURB_REQUEST_IN, c.c.submit.setup[0]);
	EXPECT_EQ(ALLOC, c.c.submit.setup[1]);
	EXPECT_EQ(PEER_BULK_IN, c.c.submit.setup[4]);
	EXPECT_EQ(2, c.c.submit.length);
	peer_reply(&self->s.peer, c.c.submit.seqnum, 0, bytes, 2);
}

static void alloc(struct __test_metadata *_metadata, FIXTURE_DATA(streams) *self)
{
	__u32 seqnum;

	ASSERT_EQ(0, start_request(&self->r, self->s.usb, USBDEVFS_ALLOC_STREAMS, 256));
	seqnum = expect_asked(_metadata, self, ALLOC, MOST);
	peer_reply(&self->s.peer, seqnum, 0, NULL, sizeof(both));
	tell_count(_metadata, self, GRANTED);
	ASSERT_TRUE(join_within(self->r.thread, 3000));
	ASSERT_EQ(GRANTED, self->r.ret);
}

static int submit(FIXTURE_DATA(streams) *self, unsigned int stream)
{
	memset(&self->urb, 0, sizeof(self->urb));
	self->urb.stream_id = stream;
	return usbfs_submit(self->s.usb, &self->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
			    self->data, sizeof(self->data));
}

static void expect_carried(struct __test_metadata *_metadata, FIXTURE_DATA(streams) *self,
			   __u32 stream)
{
	struct peer_command c;

	ASSERT_TRUE(session_next_submit(&self->s, &c));
	EXPECT_EQ(1, c.c.submit.ep);
	EXPECT_EQ(stream, c.c.submit.start_frame);
	peer_reply(&self->s.peer, c.c.submit.seqnum, 0, self->data, 0);
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, self->urb.status);
}

TEST_F(streams, are_allocated_used_and_freed)
{
	static const unsigned int good[] = { 1, 7, GRANTED };
	static const unsigned int bad[] = { 0, GRANTED + 1, MOST, 0x10001, 0x80000000, 0xffffffff };
	struct peer_command c;
	unsigned int i;
	__u32 seqnum;

	alloc(_metadata, self);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, submit(self, bad[i]));
	EXPECT_FALSE(peer_next(&self->s.peer, &c, 200));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ASSERT_EQ(0, submit(self, good[i]));
		expect_carried(_metadata, self, good[i]);
	}
	ASSERT_EQ(0, start_request(&self->r, self->s.usb, USBDEVFS_FREE_STREAMS, 0));
	seqnum = expect_asked(_metadata, self, FREE, 0);
	peer_reply(&self->s.peer, seqnum, 0, NULL, sizeof(both));
	ASSERT_TRUE(join_within(self->r.thread, 3000));
	EXPECT_EQ(0, self->r.ret);
	/* usbfs names no stream where there are none. */
	ASSERT_EQ(0, submit(self, 5));
	expect_carried(_metadata, self, 0);
}

/* Each setting of the interface begins without: nobody has to be told. */
TEST_F(streams, end_with_the_setting)
{
	alloc(_metadata, self);
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, 1));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, 0));
	ASSERT_EQ(0, submit(self, 5));
	expect_carried(_metadata, self, 0);
}

TEST_F(streams, may_be_refused)
{
	__u32 seqnum;

	ASSERT_EQ(0, start_request(&self->r, self->s.usb, USBDEVFS_ALLOC_STREAMS, 4));
	seqnum = expect_asked(_metadata, self, ALLOC, 4);
	peer_reply(&self->s.peer, seqnum, -SUBURB_ENOMEM, NULL, 0);
	ASSERT_TRUE(join_within(self->r.thread, 3000));
	EXPECT_EQ(-ENOMEM, self->r.ret);
	ASSERT_EQ(0, submit(self, 0));
	expect_carried(_metadata, self, 0);
}

/* More than was asked for, and none: an exporter that makes no sense. */
TEST_F(streams, absurd_counts)
{
	static const __u16 counts[] = { 0, 5, 0xffff };
	unsigned int i;
	__u32 seqnum;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		ASSERT_EQ(0, start_request(&self->r, self->s.usb, USBDEVFS_ALLOC_STREAMS, 4));
		seqnum = expect_asked(_metadata, self, ALLOC, 4);
		peer_reply(&self->s.peer, seqnum, 0, NULL, sizeof(both));
		tell_count(_metadata, self, counts[i]);
		seqnum = expect_asked(_metadata, self, FREE, 0);
		peer_reply(&self->s.peer, seqnum, 0, NULL, sizeof(both));
		ASSERT_TRUE(join_within(self->r.thread, 3000));
		EXPECT_EQ(-EPROTO, self->r.ret);
	}
}

TEST_F(streams, no_answer)
{
	struct peer_command c;

	ASSERT_EQ(0, start_request(&self->r, self->s.usb, USBDEVFS_ALLOC_STREAMS, 4));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	ASSERT_TRUE(join_within(self->r.thread, 8000));
	EXPECT_EQ(-ETIMEDOUT, self->r.ret);
}

/* What the exporter would take for the kernel's own: a stall, as from any device. */
TEST_F(streams, requests_of_others_stall_here)
{
	__u8 bytes[2] = { PEER_BULK_IN };
	struct peer_command c;

	EXPECT_EQ(-EPIPE, usbfs_control(self->s.usb, SUBURB_REQUEST_OUT, ALLOC, 4, 0, bytes, 1,
					1000));
	EXPECT_EQ(-EPIPE, usbfs_control(self->s.usb, SUBURB_REQUEST_IN, ALLOC, 0, PEER_BULK_IN,
					bytes, 2, 1000));
	EXPECT_FALSE(peer_next(&self->s.peer, &c, 200));
}

/* --- remotes that agreed on nothing --------------------------------------- */

static int controllers(int dev)
{
	struct suburb_info info = { .size = sizeof(info) };

	return remote_call(dev, SUBURB_IOC_INFO, &info) ? -1 : (int)info.controllers;
}

TEST(plain_remote_has_none)
{
	struct peer_command c;
	struct session s;
	struct request r;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_SUPER));
	ASSERT_EQ(0, start_request(&r, s.usb, USBDEVFS_ALLOC_STREAMS, 4));
	ASSERT_TRUE(join_within(r.thread, 3000));
	EXPECT_EQ(-EINVAL, r.ret);
	EXPECT_FALSE(peer_next(&s.peer, &c, 200));
	EXPECT_STREQ("", session_stop(&s));
}

/* A driver asks the controller what it can: the two kinds of remotes share none. */
TEST(kinds_of_controllers)
{
	struct session plain, other;

	ASSERT_EQ(0, session_start(&plain, SUBURB_SPEED_SUPER));
	ASSERT_EQ(0, session_start_features(&other, SUBURB_SPEED_SUPER, SUBURB_FEATURE_STREAMS));
	EXPECT_NE(plain.st.busnum, other.st.busnum);
	EXPECT_LE(2, controllers(plain.dev));
	EXPECT_STREQ("", session_stop(&other));
	/* At high speed there are no streams, so any controller will do. */
	ASSERT_EQ(0, session_start_features(&other, SUBURB_SPEED_HIGH, SUBURB_FEATURE_STREAMS));
	EXPECT_EQ(SUBURB_FEATURE_STREAMS, other.st.features);
	EXPECT_STREQ("", session_stop(&other));
	EXPECT_STREQ("", session_stop(&plain));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
