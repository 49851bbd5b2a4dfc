// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_census - the module's count of its objects is true: what lives is counted
 * while it lives, and everything is freed that was created, however it ended.
 * tests/vm relies on it at the end of every suite.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "session.h"

#define OBJECTS "/sys/kernel/debug/suburb/objects"

struct census {
	unsigned long long created, freed;
};

/* 0, or a negative errno if the file does not tell of @kind. */
static int count(const char *kind, struct census *c)
{
	FILE *file = fopen(OBJECTS, "re");
	char name[32];
	int ret = -ENOENT;

	if (!file)
		return -errno;
	while (fscanf(file, "%31s %llu %llu", name, &c->created, &c->freed) == 3) {
		if (strcmp(name, kind))
			continue;
		ret = 0;
		break;
	}
	fclose(file);
	return ret;
}

static long long living(const char *kind)
{
	struct census c;

	return count(kind, &c) ? -1 : (long long)(c.created - c.freed);
}

static bool becomes(const char *kind, long long want)
{
	long long end = now_ms() + patient_ms(5000);

	while (living(kind) != want) {
		if (now_ms() > end)
			return false;
		usleep(20000);
	}
	return true;
}

FIXTURE(census)
{
	struct session s;
	struct usbdevfs_urb urb;
	struct peer_command c;
	__u8 data[64];
};

/* A device with a bulk IN on its way. */
FIXTURE_SETUP(census)
{
	ASSERT_TRUE(becomes("remotes", 0));
	ASSERT_EQ(0, session_start(&self->s, SUBURB_SPEED_HIGH));
	ASSERT_TRUE(becomes("requests", 0));
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &self->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, sizeof(self->data)));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
}

FIXTURE_TEARDOWN(census)
{
	EXPECT_TRUE(becomes("remotes", 0));
	EXPECT_TRUE(becomes("connections", 0));
	EXPECT_TRUE(becomes("requests", 0));
}

TEST_F(census, counts_what_lives)
{
	EXPECT_EQ(1, living("remotes"));
	EXPECT_EQ(1, living("connections"));
	EXPECT_EQ(1, living("requests"));
	ASSERT_EQ(0, peer_reply(&self->s.peer, self->c.c.submit.seqnum, 0, self->data, 64));
	ASSERT_EQ(&self->urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_TRUE(becomes("requests", 0));
	EXPECT_EQ(1, living("remotes"));
	session_stop(&self->s);
}

TEST_F(census, link_cut_with_a_request_on_its_way)
{
	peer_cut(&self->s.peer);
	EXPECT_TRUE(becomes("remotes", 0));
	session_stop(&self->s);
}

/* A socket that is in use already: a remote that never began. */
TEST_F(census, refused)
{
	struct suburb_attach a;
	struct census before, after;
	struct peer other;

	ASSERT_EQ(0, peer_start(&other, SUBURB_SPEED_HIGH));
	remote_attach_init(&a, other.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->s.dev, SUBURB_IOC_ATTACH, &a));
	ASSERT_EQ(0, count("remotes", &before));
	remote_attach_init(&a, other.far, SUBURB_SPEED_HIGH, PEER_DEVID);
	EXPECT_EQ(-EBUSY, remote_call(self->s.dev, SUBURB_IOC_ATTACH, &a));
	ASSERT_EQ(0, count("remotes", &after));
	EXPECT_EQ(before.created + 1, after.created);
	EXPECT_EQ(before.freed + 1, after.freed);
	peer_cut(&other);
	close(other.far);
	peer_stop(&other);
	session_stop(&self->s);
}

int main(int argc, char **argv)
{
	remote_require();
	if (access(OBJECTS, R_OK)) {
		printf("TAP version 13\n1..0 # SKIP there is no %s\n", OBJECTS);
		return 4;
	}
	return test_harness_run(argc, argv);
}
