// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_sleep - this machine sleeps while a scripted exporter on it is frozen,
 * as everything in user space is: nothing waits for it, and what it says about
 * a URB that went back meanwhile is heard and dropped. And a port that sleeps
 * alone: autosuspend.
 *
 * The kernel's own test of suspending is used: all devices are suspended, and a
 * second later resumed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "session.h"

#define GUARD 0xa5
/* A second of sleep, a second for the first unlink, and the rest of the machine. */
#define SLEEP_MS 15000

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int go_to_sleep(void)
{
	int ret;

	if (write_file("/sys/module/suspend/parameters/pm_test_delay", "1") ||
	    write_file("/sys/power/pm_test", "devices"))
		return -ENOTSUP;
	ret = write_file("/sys/power/state", "freeze");
	write_file("/sys/power/pm_test", "none");
	return ret;
}

FIXTURE(sleep)
{
	struct session s;
	struct usbdevfs_urb urb;
	__u8 data[512];
	__u32 seqnum; /* of the URB */
	__u32 unlink;
};

/* Every test sleeps with a bulk IN on its way, which comes back unanswered. */
FIXTURE_SETUP(sleep)
{
	struct peer_command c;
	long long start;

	memset(self->data, GUARD, sizeof(self->data));
	ASSERT_EQ(0, session_start(&self->s, SUBURB_SPEED_HIGH));
	peer_queue_unlinks(&self->s.peer, true);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &self->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	self->seqnum = c.c.submit.seqnum;
	/* Not even endpoint 0 is answered: nothing may be asked there, asleep. */
	peer_set_mute(&self->s.peer, true);
	start = now_ms();
	ASSERT_EQ(0, go_to_sleep());
	EXPECT_GT(patient_ms(SLEEP_MS), now_ms() - start);
	/* The peer reads the unlink only now that it is thawed. */
	usleep(300000);
	peer_set_mute(&self->s.peer, false);
	EXPECT_EQ(&self->urb, usbfs_reap(self->s.usb, 1000));
	EXPECT_NE(0, self->urb.status);
	EXPECT_EQ(0, self->urb.actual_length);
}

FIXTURE_TEARDOWN(sleep)
{
	peer_queue_unlinks(&self->s.peer, false);
	EXPECT_STREQ("", session_stop(&self->s));
}

/* It is the same device, and works: another URB goes there and back. */
static void expect_works(struct __test_metadata *_metadata, struct session *s)
{
	struct usbdevfs_urb urb = {};
	struct peer_command c;
	__u8 data[64];

	EXPECT_EQ(0, session_status(s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, s->st.state);
	EXPECT_EQ(0, s->st.pending);
	ASSERT_EQ(0, usbfs_submit(s->usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data, 64));
	ASSERT_TRUE(session_next_submit(s, &c));
	ASSERT_EQ(0, peer_reply(&s->peer, c.c.submit.seqnum, 0, "abcd", 4));
	EXPECT_EQ(&urb, usbfs_reap(s->usb, 3000));
	EXPECT_EQ(0, urb.status);
	EXPECT_EQ(4, urb.actual_length);
	EXPECT_EQ(0, memcmp(data, "abcd", 4));
}

static int guarded(const __u8 *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != GUARD)
			return 0;
	return 1;
}

/* Its data comes after all, to nobody. */
TEST_F(sleep, answered_afterwards)
{
	char data[64];

	memset(data, 'x', sizeof(data));
	ASSERT_EQ(0, peer_reply(&self->s.peer, self->seqnum, 0, data, sizeof(data)));
	expect_works(_metadata, &self->s);
	EXPECT_TRUE(guarded(self->data, sizeof(self->data)));
}

/* More than was asked for is a violation, whoever waits. */
TEST_F(sleep, answered_with_too_much)
{
	char data[65];

	memset(data, 'x', sizeof(data));
	peer_reply(&self->s.peer, self->seqnum, 0, data, sizeof(data));
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_PROTOCOL, self->s.st.reason);
}

TEST_F(sleep, never_answered)
{
	expect_works(_metadata, &self->s);
}

TEST_F(sleep, link_cut_afterwards)
{
	peer_cut(&self->s.peer);
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

/* Twice in a row: what is left of the first sleep does not count in the second. */
TEST_F(sleep, again)
{
	peer_set_mute(&self->s.peer, true);
	ASSERT_EQ(0, go_to_sleep());
	usleep(300000);
	peer_set_mute(&self->s.peer, false);
	expect_works(_metadata, &self->s);
}

/* Awake, an unlink waits for the exporter's word as ever. */
TEST_F(sleep, no_hurry_afterwards)
{
	struct usbdevfs_urb urb = {};
	struct usbfs_discard discard;
	struct peer_command c;
	__u8 data[64];

	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data,
				  64));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	ASSERT_EQ(0, usbfs_discard_start(&discard, self->s.usb, &urb));
	ASSERT_TRUE(session_next_unlink(&self->s, &c));
	EXPECT_FALSE(usbfs_discard_done(&discard, 1500));
	ASSERT_EQ(0, peer_reply_unlink(&self->s.peer, c.c.unlink.seqnum, -SUBURB_ECONNRESET));
	EXPECT_TRUE(usbfs_discard_done(&discard, 3000));
	EXPECT_EQ(&urb, usbfs_reap(self->s.usb, 0));
}

/* --- autosuspend ------------------------------------------------------------- */

static int power_file(const struct session *s, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%u-%u/power/%s", s->st.busnum,
		 s->st.root_port, file);
	return write_file(path, text);
}

static bool runtime_status_becomes(const struct session *s, const char *status, int ms)
{
	long long end = now_ms() + patient_ms(ms);

	while (strcmp(remote_sysfs(&s->st, "power/runtime_status"), status)) {
		if (now_ms() > end)
			return false;
		usleep(20000);
	}
	return true;
}

static void autosuspend(struct __test_metadata *_metadata, __u32 speed)
{
	struct session s;

	ASSERT_EQ(0, session_start(&s, speed));
	/* Open, it is awake. */
	close(s.usb);
	s.usb = -1;
	ASSERT_EQ(0, power_file(&s, "autosuspend_delay_ms", "0"));
	ASSERT_EQ(0, power_file(&s, "control", "auto"));
	EXPECT_TRUE(runtime_status_becomes(&s, "suspended", 5000));
	/* The next use wakes it up, and it answers. */
	s.usb = usbfs_open(s.st.busnum, s.st.devnum);
	ASSERT_LE(0, s.usb);
	EXPECT_TRUE(runtime_status_becomes(&s, "active", 5000));
	ASSERT_EQ(0, usbfs_claim(s.usb, 0));
	expect_works(_metadata, &s);
	/* And so does the sleep of the machine find and leave it: asleep. */
	close(s.usb);
	s.usb = -1;
	EXPECT_TRUE(runtime_status_becomes(&s, "suspended", 5000));
	ASSERT_EQ(0, go_to_sleep());
	s.usb = usbfs_open(s.st.busnum, s.st.devnum);
	ASSERT_LE(0, s.usb);
	ASSERT_EQ(0, usbfs_claim(s.usb, 0));
	expect_works(_metadata, &s);
	EXPECT_STREQ("", session_stop(&s));
}

TEST(autosuspend_low)
{
	struct session s;

	/* No bulk endpoints there: only that it sleeps and wakes up. */
	ASSERT_EQ(0, session_start(&s, SUBURB_SPEED_LOW));
	close(s.usb);
	s.usb = -1;
	ASSERT_EQ(0, power_file(&s, "autosuspend_delay_ms", "0"));
	ASSERT_EQ(0, power_file(&s, "control", "auto"));
	EXPECT_TRUE(runtime_status_becomes(&s, "suspended", 5000));
	ASSERT_EQ(0, power_file(&s, "control", "on"));
	EXPECT_TRUE(runtime_status_becomes(&s, "active", 5000));
	EXPECT_STREQ("", session_stop(&s));
}

TEST(autosuspend_high)
{
	autosuspend(_metadata, SUBURB_SPEED_HIGH);
}

TEST(autosuspend_super)
{
	autosuspend(_metadata, SUBURB_SPEED_SUPER);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
