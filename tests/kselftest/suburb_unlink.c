// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_unlink - a URB that its driver wants back (QUIRKS 12, 13): each
 * answer that an exporter may give to CMD_UNLINK, and none at all.
 *
 * usbfs unlinks with usb_kill_urb(), so a URB that was cancelled ends with
 * -ENOENT, and USBDEVFS_DISCARDURB returns only when the URB is back.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "session.h"

FIXTURE(unlink)
{
	struct session s;
	struct usbdevfs_urb urb;
	struct usbfs_discard discard;
	__u8 data[512];
	__u32 submit; /* seqnum of the URB */
	__u32 unlink; /* seqnum of its CMD_UNLINK */
};

FIXTURE_VARIANT(unlink)
{
	__u8 type;
	__u8 endpoint;
};

FIXTURE_VARIANT_ADD(unlink, bulk_in)
{
	.type = USBDEVFS_URB_TYPE_BULK,
	.endpoint = PEER_BULK_IN,
};

FIXTURE_VARIANT_ADD(unlink, bulk_out)
{
	.type = USBDEVFS_URB_TYPE_BULK,
	.endpoint = PEER_BULK_OUT,
};

FIXTURE_VARIANT_ADD(unlink, interrupt_in)
{
	.type = USBDEVFS_URB_TYPE_INTERRUPT,
	.endpoint = PEER_INT_IN,
};

/* Every test begins with a URB on the wire and the unlink of it behind. */
FIXTURE_SETUP(unlink)
{
	struct peer_command c;

	ASSERT_EQ(0, session_start(&self->s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&self->s.peer, true);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &self->urb, variant->type, variant->endpoint,
				  self->data, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	self->submit = c.c.submit.seqnum;
	ASSERT_EQ(0, usbfs_discard_start(&self->discard, self->s.usb, &self->urb));
	ASSERT_TRUE(session_next_unlink(&self->s, &c));
	EXPECT_EQ(self->submit, c.c.unlink.target);
	self->unlink = c.c.unlink.seqnum;
}

FIXTURE_TEARDOWN(unlink)
{
	peer_queue_unlinks(&self->s.peer, false);
	EXPECT_STREQ("", session_stop(&self->s));
}

static bool is_in(__u8 endpoint)
{
	return endpoint & 0x80;
}

TEST_F(unlink, quirk_12_cancelled)
{
	struct suburb_endpoint_status ep;

	EXPECT_FALSE(usbfs_discard_done(&self->discard, 200)) {
		TH_LOG("given back without the exporter's word");
	}
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->unlink, -SUBURB_ECONNRESET));
	ASSERT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 0));
	EXPECT_TRUE(self->urb.status == -ENOENT || self->urb.status == -ECONNRESET);
	EXPECT_EQ(0, self->urb.actual_length);
	ep = session_endpoint(&self->s, variant->endpoint);
	EXPECT_EQ(1, ep.unlinks);
	EXPECT_EQ(0, ep.errors);
}

/* It had completed: the data arrives, and RET_UNLINK(0) after it changes nothing. */
TEST_F(unlink, quirk_12_completed_before)
{
	const char *data = is_in(variant->endpoint) ? "0123456789" : NULL;

	ASSERT_EQ(0, peer_reply(&self->s.peer, self->submit, 0, data, 10));
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->unlink, 0));
	ASSERT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 0));
	EXPECT_EQ(10, self->urb.actual_length);
	if (data) {
		EXPECT_EQ(0, memcmp(data, self->data, 10));
	}
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

/* QUIRKS 29: the RET_UNLINK(0) may come much later */
TEST_F(unlink, quirk_29_completed_before_and_answer_late)
{
	const char *data = is_in(variant->endpoint) ? "0123456789" : NULL;

	ASSERT_EQ(0, peer_reply(&self->s.peer, self->submit, 0, data, 10));
	ASSERT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 0));
	usleep(300000);
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->unlink, 0));
	usleep(100000);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
	EXPECT_EQ(0, self->s.st.pending);
}

/* QUIRKS 13: the Linux server does this; its data never came */
TEST_F(unlink, quirk_13_completed_without_its_reply)
{
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->unlink, 0));
	ASSERT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 0));
	EXPECT_NE(0, self->urb.status);
	EXPECT_EQ(0, self->urb.actual_length);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

TEST_F(unlink, device_goes_on_afterwards)
{
	struct usbdevfs_urb again = {};
	struct peer_command c;

	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, self->unlink, -SUBURB_ECONNRESET));
	ASSERT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 0));
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &again, variant->type, variant->endpoint,
				  self->data, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	ASSERT_EQ(0, peer_reply(&self->s.peer, c.c.submit.seqnum, 0,
				is_in(variant->endpoint) ? "abcd" : NULL, 4));
	EXPECT_EQ(&again, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, again.status);
	EXPECT_EQ(4, again.actual_length);
}

/* Nobody answers the unlink; the link ends, and all comes back. */
TEST_F(unlink, link_cut)
{
	peer_cut(&self->s.peer);
	EXPECT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 1000));
	EXPECT_NE(0, self->urb.status);
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

TEST_F(unlink, detached)
{
	EXPECT_EQ(0, remote_detach(self->s.dev, self->s.a.port, self->s.a.id));
	EXPECT_TRUE(usbfs_discard_done(&self->discard, 3000));
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

/* --- without that beginning ----------------------------------------------- */

#define MANY 64

static void submit_many(struct __test_metadata *_metadata, struct session *s,
			struct usbdevfs_urb *urbs, __u8 *data)
{
	struct peer_command c;
	int i;

	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, usbfs_submit(s->usb, &urbs[i], USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
					  data, 64));
	for (i = 0; i < MANY; i++)
		ASSERT_TRUE(session_next_submit(s, &c));
}

/*
 * The last close() in a child, which may hang without taking the test along.
 * The child waits until the test's own descriptor is closed.
 */
static pid_t close_in_child(struct session *s)
{
	int closed[2];
	pid_t pid;
	char c;

	if (pipe(closed))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(closed[1]);
		if (read(closed[0], &c, 1) == 0)
			close(s->usb);
		_exit(0);
	}
	close(s->usb);
	s->usb = -1;
	close(closed[0]);
	close(closed[1]);
	return pid;
}

static bool exits_within(pid_t pid, int ms)
{
	long long end = now_ms() + patient_ms(ms);
	int status;

	while (now_ms() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return true;
		usleep(10000);
	}
	return false;
}

/* Every URB of a closed descriptor is unlinked; the exporter answers each. */
TEST(close_with_many_pending)
{
	struct usbdevfs_urb urbs[MANY] = {};
	static __u8 data[64];
	struct session s;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_HIGH));
	submit_many(_metadata, &s, urbs, data);
	close(s.usb);
	s.usb = -1;
	EXPECT_EQ(0, session_status(&s));
	EXPECT_EQ(0, s.st.pending);
	EXPECT_EQ(MANY, session_endpoint(&s, PEER_BULK_IN).unlinks);
	EXPECT_STREQ("", session_stop(&s));
}

/*
 * The silent exporter gets the unlinks and answers none: close() waits, and
 * returns as soon as the link is cut.
 */
TEST(close_then_cut)
{
	struct usbdevfs_urb urbs[MANY] = {};
	static __u8 data[64];
	struct peer_command c;
	struct session s;
	pid_t pid;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&s.peer, true);
	submit_many(_metadata, &s, urbs, data);
	pid = close_in_child(&s);
	EXPECT_TRUE(session_next_unlink(&s, &c));
	peer_cut(&s.peer);
	EXPECT_TRUE(exits_within(pid, 5000));
	EXPECT_EQ(0, remote_wait_state(s.dev, s.a.id, SUBURB_STATE_GONE, &s.st));
	EXPECT_EQ(0, s.st.pending);
	EXPECT_STREQ("", session_stop(&s));
}

TEST(quirk_35_close_then_detach)
{
	struct usbdevfs_urb urbs[MANY] = {};
	static __u8 data[64];
	struct peer_command c;
	struct session s;
	pid_t pid;
	long long start;

	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&s.peer, true);
	submit_many(_metadata, &s, urbs, data);
	pid = close_in_child(&s);
	EXPECT_TRUE(session_next_unlink(&s, &c));
	start = now_ms();
	EXPECT_EQ(0, remote_detach(s.dev, s.a.port, s.a.id));
	EXPECT_TRUE(exits_within(pid, 5000));
	EXPECT_GT(patient_ms(2000), now_ms() - start);
	EXPECT_STREQ("", session_stop(&s));
}

/* --- how long nobody answers ----------------------------------------------- */

#define PATIENCE_MS 500
#define MOST_TIMES 8

static void expect_timed_out(struct __test_metadata *_metadata, struct session *s)
{
	EXPECT_EQ(0, remote_wait_state(s->dev, s->a.id, SUBURB_STATE_GONE, &s->st));
	EXPECT_EQ(SUBURB_REASON_LINK, s->st.reason);
	EXPECT_EQ(ETIMEDOUT, s->st.link_error);
	EXPECT_EQ(0, s->st.pending);
}

/* The link lives, and nothing comes: nobody has to detach for close() to end. */
TEST(quirk_35_close_and_silence)
{
	struct usbdevfs_urb urbs[MANY] = {};
	static __u8 data[64];
	struct peer_command c;
	struct session s;
	long long start;
	pid_t pid;

	ASSERT_EQ(0, session_start_unlink_ms(&s, SUBURB_SPEED_HIGH, PATIENCE_MS));
	peer_queue_unlinks(&s.peer, true);
	submit_many(_metadata, &s, urbs, data);
	start = now_ms();
	pid = close_in_child(&s);
	EXPECT_TRUE(session_next_unlink(&s, &c));
	EXPECT_TRUE(exits_within(pid, 10 * PATIENCE_MS));
	EXPECT_LE(PATIENCE_MS, now_ms() - start);
	expect_timed_out(_metadata, &s);
	EXPECT_STREQ("", session_stop(&s));
}

/*
 * A URB and its unlink, which is left to be answered, and before them some of
 * another endpoint, for other answers: usbfs takes none while it waits.
 */
struct unanswered {
	struct session s;
	struct usbdevfs_urb urb, others[MANY];
	struct usbfs_discard discard;
	__u8 data[64];
	__u32 seqnums[MANY]; /* of the others */
	__u32 submit, unlink;
};

static void unanswered_start(struct __test_metadata *_metadata, struct unanswered *u,
			     __u32 unlink_ms)
{
	struct peer_command c;
	int i;

	memset(u, 0, sizeof(*u));
	ASSERT_EQ(0, session_start_unlink_ms(&u->s, SUBURB_SPEED_HIGH, unlink_ms));
	peer_queue_unlinks(&u->s.peer, true);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, usbfs_submit(u->s.usb, &u->others[i], USBDEVFS_URB_TYPE_INTERRUPT,
					  PEER_INT_IN, u->data, 8));
		ASSERT_TRUE(session_next_submit(&u->s, &c));
		u->seqnums[i] = c.c.submit.seqnum;
	}
	ASSERT_EQ(0, usbfs_submit(u->s.usb, &u->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  u->data, 64));
	ASSERT_TRUE(session_next_submit(&u->s, &c));
	u->submit = c.c.submit.seqnum;
	ASSERT_EQ(0, usbfs_discard_start(&u->discard, u->s.usb, &u->urb));
	ASSERT_TRUE(session_next_unlink(&u->s, &c));
	u->unlink = c.c.unlink.seqnum;
}

/* Answers the others one by one, that long or until the URB is back. */
static void answer_others(struct unanswered *u, int ms)
{
	long long end = now_ms() + ms;
	int i;

	for (i = 0; i < MANY && now_ms() < end; i++) {
		if (peer_reply(&u->s.peer, u->seqnums[i], 0, "12345678", 8) ||
		    usbfs_discard_done(&u->discard, ms / MANY + 1))
			break;
	}
}

static void expect_online(struct __test_metadata *_metadata, struct session *s)
{
	EXPECT_EQ(0, session_status(s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, s->st.state);
}

/* Other answers come, so this one may: longer than its time it does not. */
TEST(answer_late_on_a_busy_link)
{
	static struct unanswered u;

	unanswered_start(_metadata, &u, 3 * PATIENCE_MS);
	answer_others(&u, 5 * PATIENCE_MS);
	ASSERT_EQ(0, peer_reply_unlink(&u.s.peer, u.unlink, -SUBURB_ECONNRESET));
	EXPECT_TRUE(usbfs_discard_done(&u.discard, 3000));
	expect_online(_metadata, &u.s);
	peer_queue_unlinks(&u.s.peer, false);
	EXPECT_STREQ("", session_stop(&u.s));
}

TEST(answer_never_on_a_busy_link)
{
	static struct unanswered u;
	long long start;

	unanswered_start(_metadata, &u, PATIENCE_MS);
	start = now_ms();
	answer_others(&u, 3 * MOST_TIMES * PATIENCE_MS);
	EXPECT_LE(2 * PATIENCE_MS, now_ms() - start);
	EXPECT_GT(2 * MOST_TIMES * PATIENCE_MS, now_ms() - start);
	expect_timed_out(_metadata, &u.s);
	EXPECT_STREQ("", session_stop(&u.s));
}

/* QUIRKS 29: the URB is back, so nobody waits for its RET_UNLINK. */
TEST(quirk_29_answer_never_to_a_completed_one)
{
	static struct unanswered u;

	unanswered_start(_metadata, &u, PATIENCE_MS);
	ASSERT_EQ(0, peer_reply(&u.s.peer, u.submit, 0, "0123456789", 10));
	EXPECT_TRUE(usbfs_discard_done(&u.discard, 3000));
	poll(NULL, 0, 3 * PATIENCE_MS);
	expect_online(_metadata, &u.s);
	peer_queue_unlinks(&u.s.peer, false);
	EXPECT_STREQ("", session_stop(&u.s));
}

/* A URB that still waits for its turn in the window is back at once. */
TEST(unlink_of_unsent)
{
	struct usbdevfs_urb urbs[2] = {};
	struct usbfs_discard d;
	struct peer_command c;
	static __u8 data[64];
	struct session s;

	ASSERT_EQ(0, session_start_window(&s, SUBURB_SPEED_HIGH, 1, 0));
	peer_queue_unlinks(&s.peer, true);
	ASSERT_EQ(0, usbfs_submit(s.usb, &urbs[0], USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data, 64));
	ASSERT_EQ(0, usbfs_submit(s.usb, &urbs[1], USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data, 64));
	ASSERT_TRUE(session_next_submit(&s, &c));
	ASSERT_EQ(0, usbfs_discard_start(&d, s.usb, &urbs[1]));
	EXPECT_TRUE(usbfs_discard_done(&d, 1000));
	EXPECT_EQ(&urbs[1], usbfs_reap(s.usb, 0));
	EXPECT_EQ(-ENOENT, urbs[1].status);
	EXPECT_FALSE(peer_next(&s.peer, &c, 200));
	peer_queue_unlinks(&s.peer, false);
	EXPECT_STREQ("", session_stop(&s));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
