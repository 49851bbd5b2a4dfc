// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_reset - usb_reset_device() reaches the far device, once each time, and
 * nothing else does; and each thing that an exporter may do at the request:
 * follow it, stall, say that the device is gone, be silent, hang up.
 *
 * USBDEVFS_RESET is usb_reset_device(). It returns only when the exporter has
 * answered, so a thread makes it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/usb/ch11.h>
#include <linux/usb/ch9.h>

#include "kselftest_harness.h"
#include "session.h"

/* What suburb-hcd allows an exporter for it, and for the unlink after that. */
#define RESET_MS 8000
#define UNLINK_MS 5000

struct reset {
	int usb;
	int ret;
	pthread_t thread;
};

static void *reset_thread(void *arg)
{
	struct reset *r = arg;

	r->ret = usbfs_reset(r->usb);
	return NULL;
}

static int reset_start(struct reset *r, int usb)
{
	r->usb = usb;
	return -pthread_create(&r->thread, NULL, reset_thread, r);
}

static bool reset_returns(struct reset *r, int ms)
{
	return join_within(r->thread, ms);
}

static bool is_port_reset(const struct peer_command *c)
{
	const __u8 *setup = c->c.submit.setup;

	return c->c.command == SUBURB_CMD_SUBMIT && c->c.submit.ep == 0 &&
	       c->c.submit.length == 0 && setup[0] == USB_RT_PORT &&
	       setup[1] == USB_REQ_SET_FEATURE && setup[2] == USB_PORT_FEAT_RESET && setup[3] == 0;
}

FIXTURE(reset)
{
	struct session s;
	struct reset reset;
	__u32 seqnum; /* of the request */
};

FIXTURE_VARIANT(reset)
{
	__u32 speed;
};

/* usbcore enumerates each of these in its own way. */
FIXTURE_VARIANT_ADD(reset, low)
{
	.speed = SUBURB_SPEED_LOW,
};

FIXTURE_VARIANT_ADD(reset, full)
{
	.speed = SUBURB_SPEED_FULL,
};

FIXTURE_VARIANT_ADD(reset, high)
{
	.speed = SUBURB_SPEED_HIGH,
};

FIXTURE_VARIANT_ADD(reset, super)
{
	.speed = SUBURB_SPEED_SUPER,
};

FIXTURE_SETUP(reset)
{
	struct peer_command c;

	ASSERT_EQ(0, session_start(&self->s, variant->speed));
	EXPECT_FALSE(peer_next(&self->s.peer, &c, 100)) {
		TH_LOG("the enumeration reached the exporter as a reset");
	}
	ASSERT_EQ(0, reset_start(&self->reset, self->s.usb));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	ASSERT_TRUE(is_port_reset(&c));
	self->seqnum = c.c.submit.seqnum;
}

FIXTURE_TEARDOWN(reset)
{
	EXPECT_STREQ("", session_stop(&self->s));
}

TEST_F(reset, quirk_19_once_and_waited_for)
{
	struct peer_command c;

	EXPECT_FALSE(reset_returns(&self->reset, 500)) {
		TH_LOG("usb_reset_device() did not wait for the exporter");
	}
	ASSERT_EQ(0, peer_reply(&self->s.peer, self->seqnum, 0, NULL, 0));
	ASSERT_TRUE(reset_returns(&self->reset, 3000));
	EXPECT_EQ(0, self->reset.ret);
	EXPECT_FALSE(peer_next(&self->s.peer, &c, 200)) {
		TH_LOG("more than one request for one reset");
	}
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

/* One after the other, each is a reset of its own. */
TEST_F(reset, again)
{
	struct peer_command c;

	ASSERT_EQ(0, peer_reply(&self->s.peer, self->seqnum, 0, NULL, 0));
	ASSERT_TRUE(reset_returns(&self->reset, 3000));
	ASSERT_EQ(0, reset_start(&self->reset, self->s.usb));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	EXPECT_TRUE(is_port_reset(&c));
	EXPECT_NE(self->seqnum, c.c.submit.seqnum);
	ASSERT_EQ(0, peer_reply(&self->s.peer, c.c.submit.seqnum, 0, NULL, 0));
	ASSERT_TRUE(reset_returns(&self->reset, 3000));
	EXPECT_EQ(0, self->reset.ret);
}

/* A peer that does not know it: the reset is ours alone. */
TEST_F(reset, stalled)
{
	ASSERT_EQ(0, peer_reply(&self->s.peer, self->seqnum, -SUBURB_EPIPE, NULL, 0));
	ASSERT_TRUE(reset_returns(&self->reset, 3000));
	EXPECT_EQ(0, self->reset.ret);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

TEST_F(reset, device_gone)
{
	ASSERT_EQ(0, peer_reply(&self->s.peer, self->seqnum, -SUBURB_ENODEV, NULL, 0));
	ASSERT_TRUE(reset_returns(&self->reset, 5000));
	EXPECT_EQ(-ENODEV, self->reset.ret);
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->s.st.reason);
	EXPECT_EQ(0, self->s.st.pending);
}

TEST_F(reset, link_cut)
{
	peer_cut(&self->s.peer);
	ASSERT_TRUE(reset_returns(&self->reset, 5000));
	EXPECT_EQ(-ENODEV, self->reset.ret);
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

TEST_F(reset, detached)
{
	EXPECT_EQ(0, remote_detach(self->s.dev, self->s.a.port, self->s.a.id));
	ASSERT_TRUE(reset_returns(&self->reset, 5000));
	EXPECT_EQ(-ENODEV, self->reset.ret);
}

/* --- what takes its time, and so with one speed only ----------------------- */

static void begin_reset(struct __test_metadata *_metadata, struct session *s, struct reset *r,
			struct peer_command *c)
{
	ASSERT_EQ(0, session_start(s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&s->peer, true);
	ASSERT_EQ(0, reset_start(r, s->usb));
	ASSERT_TRUE(session_next_submit(s, c));
	ASSERT_TRUE(is_port_reset(c));
}

/* It lets the request lie, but answers the rest: as with a stall. */
TEST(never_answered)
{
	struct peer_command c;
	struct session s;
	struct reset r;
	__u32 seqnum;

	begin_reset(_metadata, &s, &r, &c);
	seqnum = c.c.submit.seqnum;
	ASSERT_TRUE(peer_next(&s.peer, &c, RESET_MS + 2000));
	ASSERT_EQ(SUBURB_CMD_UNLINK, c.c.command);
	EXPECT_EQ(seqnum, c.c.unlink.target);
	ASSERT_EQ(0, peer_reply_unlink(&s.peer, c.c.unlink.seqnum, -SUBURB_ECONNRESET));
	ASSERT_TRUE(reset_returns(&r, 3000));
	EXPECT_EQ(0, r.ret);
	EXPECT_EQ(0, session_status(&s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, s.st.state);
	peer_queue_unlinks(&s.peer, false);
	EXPECT_STREQ("", session_stop(&s));
}

/* Its socket stands, and that is all. */
TEST(never_answered_nor_unlinked)
{
	struct peer_command c;
	struct session s;
	struct reset r;

	begin_reset(_metadata, &s, &r, &c);
	ASSERT_TRUE(peer_next(&s.peer, &c, RESET_MS + 2000));
	EXPECT_EQ(SUBURB_CMD_UNLINK, c.c.command);
	ASSERT_TRUE(reset_returns(&r, UNLINK_MS + 5000));
	EXPECT_EQ(-ENODEV, r.ret);
	EXPECT_EQ(0, remote_wait_state(s.dev, s.a.id, SUBURB_STATE_GONE, &s.st));
	EXPECT_EQ(SUBURB_REASON_LINK, s.st.reason);
	EXPECT_EQ(ETIMEDOUT, s.st.link_error);
	EXPECT_STREQ("", session_stop(&s));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
