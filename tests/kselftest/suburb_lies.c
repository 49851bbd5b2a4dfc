// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_lies - an exporter that breaks the protocol: the link ends with
 * SUBURB_REASON_PROTOCOL, one line in the kernel log names the field, every URB
 * comes back with an error, and no byte is written where it does not belong.
 *
 * Each lie is told as the answer to a bulk IN of 64 bytes that lies in the
 * middle of a larger buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "session.h"

#define GUARD 0xa5

FIXTURE(lies)
{
	struct session s;
	struct usbdevfs_urb urb;
	__u8 data[512];
	__u32 seqnum;
	int log;
};

FIXTURE_SETUP(lies)
{
	struct peer_command c;

	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	lseek(self->log, 0, SEEK_END);
	memset(self->data, GUARD, sizeof(self->data));
	ASSERT_EQ(0, session_start(&self->s, SUBURB_SPEED_HIGH));
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &self->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data + 128, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	self->seqnum = c.c.submit.seqnum;
}

FIXTURE_TEARDOWN(lies)
{
	session_stop(&self->s);
	close(self->log);
}

/* How many lines since the setup name Suburb and @field. */
static int lines_naming(int log, const char *field)
{
	char line[2048];
	int count = 0;
	ssize_t n;

	while ((n = read(log, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		line[n] = '\0';
		if (strstr(line, "suburb") && strstr(line, field))
			count++;
	}
	return count;
}

static bool untouched(const __u8 *data, size_t len)
{
	while (len--)
		if (*data++ != GUARD)
			return false;
	return true;
}

static void expect_ended(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self, int reason)
{
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_NE(0, self->urb.status);
	EXPECT_TRUE(untouched(self->data, 128));
	EXPECT_TRUE(untouched(self->data + 192, sizeof(self->data) - 192));
	ASSERT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(reason, self->s.st.reason);
	EXPECT_EQ(0, self->s.st.pending);
	EXPECT_TRUE(peer_ended(&self->s.peer, 1000));
}

static void expect_caught(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self,
			  const char *field)
{
	expect_ended(_metadata, self, SUBURB_REASON_PROTOCOL);
	EXPECT_EQ(1, lines_naming(self->log, field)) {
		TH_LOG("lines in the kernel log that name \"%s\"", field);
	}
}

TEST_F(lies, more_data_than_asked_for)
{
	__u8 data[65] = {};

	peer_reply(&self->s.peer, self->seqnum, 0, data, sizeof(data));
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, length_near_2_31)
{
	peer_reply(&self->s.peer, self->seqnum, 0, NULL, 0x7fffffff);
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, negative_length)
{
	peer_reply(&self->s.peer, self->seqnum, 0, NULL, 0xffffffff);
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, more_data_with_an_error)
{
	__u8 data[80] = {};

	peer_reply(&self->s.peer, self->seqnum, -SUBURB_EPIPE, data, sizeof(data));
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, quirk_14_unknown_seqnum)
{
	peer_reply(&self->s.peer, self->seqnum + 1000, 0, NULL, 0);
	expect_caught(_metadata, self, "seqnum");
}

/* The number that the next request will have, before it was sent. */
TEST_F(lies, answer_before_the_question)
{
	peer_reply(&self->s.peer, self->seqnum + 1, 0, NULL, 0);
	expect_caught(_metadata, self, "seqnum");
}

TEST_F(lies, unknown_command)
{
	struct suburb_wire_header w = { .command = __cpu_to_be32(5) };

	peer_send(&self->s.peer, &w, sizeof(w));
	expect_caught(_metadata, self, "command");
}

TEST_F(lies, command_of_an_importer)
{
	struct suburb_wire_header w;
	struct suburb_submit s = { .seqnum = self->seqnum };

	suburb_put_submit(&w, &s);
	peer_send(&self->s.peer, &w, sizeof(w));
	expect_caught(_metadata, self, "command");
}

TEST_F(lies, positive_status)
{
	peer_reply(&self->s.peer, self->seqnum, 7, NULL, 0);
	expect_caught(_metadata, self, "status");
}

TEST_F(lies, status_that_is_no_errno)
{
	peer_reply(&self->s.peer, self->seqnum, -5000, NULL, 0);
	expect_caught(_metadata, self, "status");
}

/* In one write, so that both are there when the first is read. */
TEST_F(lies, answered_twice)
{
	struct suburb_ret_submit r = { .seqnum = self->seqnum };
	struct suburb_wire_header w[2];

	suburb_put_ret_submit(&w[0], &r);
	suburb_put_ret_submit(&w[1], &r);
	peer_send(&self->s.peer, w, sizeof(w));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, self->urb.status);
	ASSERT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_PROTOCOL, self->s.st.reason);
	EXPECT_EQ(1, lines_naming(self->log, "seqnum"));
}

/* --- an end in the middle ------------------------------------------------- */

static void expect_cut(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self)
{
	peer_cut(&self->s.peer);
	expect_ended(_metadata, self, SUBURB_REASON_CLOSED);
}

TEST_F(lies, end_in_a_header)
{
	struct suburb_ret_submit r = { .seqnum = self->seqnum, .actual_length = 64 };
	struct suburb_wire_header w;

	suburb_put_ret_submit(&w, &r);
	peer_send(&self->s.peer, &w, 20);
	usleep(50000);
	expect_cut(_metadata, self);
}

TEST_F(lies, end_in_a_payload)
{
	peer_reply(&self->s.peer, self->seqnum, 0, NULL, 64);
	peer_send(&self->s.peer, "half of it", 10);
	usleep(50000);
	expect_cut(_metadata, self);
}

/* Silence in a payload: the driver's own unlink cannot be answered either. */
TEST_F(lies, quirk_35_silence_in_a_payload)
{
	long long start;

	peer_reply(&self->s.peer, self->seqnum, 0, NULL, 64);
	peer_send(&self->s.peer, "half of it", 10);
	usleep(50000);
	peer_set_mute(&self->s.peer, true);
	start = now_ms();
	EXPECT_EQ(0, remote_detach(self->s.dev, self->s.a.port, self->s.a.id));
	EXPECT_GT(patient_ms(2000), now_ms() - start);
	expect_ended(_metadata, self, SUBURB_REASON_DETACHED);
}

/* --- a lie while the kernel enumerates ------------------------------------ */

TEST(lie_in_the_first_descriptor)
{
	struct suburb_status st;
	struct suburb_attach a;
	struct peer peer;
	int dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);

	ASSERT_EQ(0, peer_start(&peer, SUBURB_SPEED_HIGH));
	peer_set_mute(&peer, true);
	remote_attach_init(&a, peer.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(dev, SUBURB_IOC_ATTACH, &a));
	usleep(500000);
	peer_reply(&peer, 0xdeadbeef, 0, NULL, 0);
	ASSERT_EQ(0, remote_wait_state(dev, a.id, SUBURB_STATE_GONE, &st));
	EXPECT_EQ(SUBURB_REASON_PROTOCOL, st.reason);
	EXPECT_STREQ("", peer_stop(&peer));
	close(dev);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
