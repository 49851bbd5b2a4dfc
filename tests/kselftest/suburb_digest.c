// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_digest - a link on which every message carries its digests: URBs of
 * any size pass, in both directions (the peer checks what the kernel makes),
 * and a reply with one flipped bit, wherever it is, ends the link with
 * SUBURB_REASON_DIGEST and a counter; its URB never comes back with success.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "session.h"

#define MOST 150000

static unsigned long long digest_errors(int dev)
{
	struct suburb_info info = { .size = sizeof(info) };

	return remote_call(dev, SUBURB_IOC_INFO, &info) ? ~0ULL : info.digest_errors;
}

/* --- what passes ---------------------------------------------------------- */

/* Around what the kernel copies at a time, and what usbfs makes scatterlists of. */
static const int sizes[] = { 0, 1, 64, 512, 8191, 16384, 32660, 32708, 32712, 32713, 32716, 32717,
			     32768, 40000, 65536, MOST };

FIXTURE(passing)
{
	struct session s;
	__u8 *data;
	__u8 *expected;
};

FIXTURE_SETUP(passing)
{
	int i;

	self->data = malloc(MOST);
	self->expected = malloc(MOST);
	ASSERT_TRUE(self->data && self->expected);
	for (i = 0; i < MOST; i++)
		self->expected[i] = i * 7 + i / 256;
	ASSERT_EQ(0, session_start_features(&self->s, SUBURB_SPEED_HIGH, SUBURB_FEATURE_DIGEST));
}

FIXTURE_TEARDOWN(passing)
{
	EXPECT_STREQ("", session_stop(&self->s));
	free(self->data);
	free(self->expected);
}

TEST_F(passing, out)
{
	struct usbdevfs_urb urb;
	struct peer_command c;
	__u32 sum;
	size_t n;
	int i;

	for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT,
					  self->expected, sizes[n]));
		ASSERT_TRUE(session_next_submit(&self->s, &c));
		for (sum = 0, i = 0; i < sizes[n]; i++)
			sum += self->expected[i];
		EXPECT_EQ(sum, c.sum);
		peer_reply(&self->s.peer, c.c.submit.seqnum, 0, NULL, sizes[n]);
		ASSERT_EQ(&urb, usbfs_reap(self->s.usb, 3000));
		EXPECT_EQ(0, urb.status);
		EXPECT_EQ(sizes[n], urb.actual_length);
	}
}

TEST_F(passing, in)
{
	struct usbdevfs_urb urb;
	struct peer_command c;
	size_t n;

	for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		memset(self->data, 0, MOST);
		ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
					  self->data, sizes[n]));
		ASSERT_TRUE(session_next_submit(&self->s, &c));
		peer_reply(&self->s.peer, c.c.submit.seqnum, 0, self->expected, sizes[n]);
		ASSERT_EQ(&urb, usbfs_reap(self->s.usb, 3000));
		EXPECT_EQ(0, urb.status);
		EXPECT_EQ(sizes[n], urb.actual_length);
		EXPECT_EQ(0, memcmp(self->data, self->expected, sizes[n]));
	}
	ASSERT_EQ(0, session_status(&self->s));
	EXPECT_LT(2 * n - 1, self->s.st.digests);
	EXPECT_EQ(SUBURB_FEATURE_DIGEST, self->s.st.features);
}

/* A reply that arrives in single bytes, behind another. */
TEST_F(passing, in_pieces)
{
	struct usbdevfs_urb urb;
	struct peer_command c;
	char message[200];
	size_t size, i;

	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, 100));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	size = peer_put_reply(&self->s.peer, c.c.submit.seqnum, 0, self->expected, 100, message);
	ASSERT_EQ(156, size);
	for (i = 0; i < size; i++) {
		peer_send(&self->s.peer, message + i, 1);
		if (i % 8 == 0)
			usleep(1000);
	}
	ASSERT_EQ(&urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, urb.status);
	EXPECT_EQ(0, memcmp(self->data, self->expected, 100));
}

TEST_F(passing, unlink)
{
	struct usbfs_discard discard;
	struct usbdevfs_urb urb;
	struct peer_command c;

	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, 100));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	ASSERT_EQ(0, usbfs_discard_start(&discard, self->s.usb, &urb));
	ASSERT_TRUE(usbfs_discard_done(&discard, 3000));
	ASSERT_EQ(&urb, usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(-ENOENT, urb.status);
}

/* --- what does not -------------------------------------------------------- */

FIXTURE(damaged)
{
	struct session s;
	unsigned long long errors;
	__u8 data[64];
};

FIXTURE_VARIANT(damaged)
{
	size_t at; /* byte of a reply with 64 bytes: 48, 4, 64, 4 */
};

#define AT(name, offset) FIXTURE_VARIANT_ADD(damaged, name) { .at = offset }
AT(command, 3);
AT(seqnum, 7);
AT(status, 20);
AT(actual_length, 27);
AT(padding, 47);
AT(digest_of_header, 49);
AT(payload, 52);
AT(end_of_payload, 115);
AT(digest_of_payload, 119);

FIXTURE_SETUP(damaged)
{
	ASSERT_EQ(0, session_start_features(&self->s, SUBURB_SPEED_HIGH, SUBURB_FEATURE_DIGEST));
	self->errors = digest_errors(self->s.dev);
}

FIXTURE_TEARDOWN(damaged)
{
	session_stop(&self->s);
}

/* The URB before it is answered rightly in the same write. */
TEST_F(damaged, reply)
{
	static const __u8 reply[64] = "what the device said";
	struct usbdevfs_urb urbs[2];
	struct peer_command c[2];
	char messages[2 * 120];
	__u8 first[64];
	size_t size = 0;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, usbfs_submit(self->s.usb, &urbs[i], USBDEVFS_URB_TYPE_BULK,
					  PEER_BULK_IN, i ? self->data : first, 64));
		ASSERT_TRUE(session_next_submit(&self->s, &c[i]));
		size += peer_put_reply(&self->s.peer, c[i].c.submit.seqnum, 0, reply, 64,
				       messages + size);
	}
	ASSERT_EQ(sizeof(messages), size);
	messages[120 + variant->at] ^= 0x20;
	peer_send(&self->s.peer, messages, sizeof(messages));

	ASSERT_EQ(&urbs[0], usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, urbs[0].status);
	EXPECT_EQ(0, memcmp(first, reply, sizeof(reply)));
	ASSERT_EQ(&urbs[1], usbfs_reap(self->s.usb, 3000));
	EXPECT_NE(0, urbs[1].status);
	EXPECT_EQ(0, urbs[1].actual_length);
	ASSERT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_DIGEST, self->s.st.reason);
	EXPECT_EQ(0, self->s.st.pending);
	EXPECT_EQ(self->errors + 1, digest_errors(self->s.dev));
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
