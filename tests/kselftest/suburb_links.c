// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_links - every kind of stream socket as a link: it carries much and
 * little, waits for a peer that reads slowly, puts together what comes in
 * crumbs, and is seen to end, whoever ends it.
 *
 * The kinds differ in who is woken by what: TCP tells of room, of an end and of
 * errors otherwise than a unix socket, a vsock, or a socket with kTLS does. (All
 * other tests use a socketpair.)
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/tls.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "patience.h"
#include "session.h"

#define URB_SIZE (128 * 1024)
#define URBS 32
#define MUCH (URBS * URB_SIZE)

FIXTURE(link)
{
	struct session s;
	struct peer_command c;
	struct usbdevfs_urb urbs[URBS];
	__u8 *data;
};

FIXTURE_VARIANT(link)
{
	enum pair_kind kind;
};

FIXTURE_VARIANT_ADD(link, tcp)
{
	.kind = PAIR_TCP4,
};

FIXTURE_VARIANT_ADD(link, unix)
{
	.kind = PAIR_UNIX,
};

FIXTURE_VARIANT_ADD(link, vsock)
{
	.kind = PAIR_VSOCK,
};

FIXTURE_SETUP(link)
{
	int sv[2] = { -1, -1 }, small = 65536;
	size_t i;

	self->data = malloc(MUCH);
	for (i = 0; i < MUCH; i++)
		self->data[i] = i * 7 + (i >> 9);
	ASSERT_EQ(0, pair_open(variant->kind, sv));
	setsockopt(sv[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	ASSERT_EQ(0, session_start_on(&self->s, SUBURB_SPEED_HIGH, sv[0], sv[1]));
}

FIXTURE_TEARDOWN(link)
{
	EXPECT_STREQ("", session_stop(&self->s));
	free(self->data);
}

static bool gone(struct session *s)
{
	return remote_wait_state(s->dev, s->a.id, SUBURB_STATE_GONE, &s->st) == 0;
}

static bool submit_all(FIXTURE_DATA(link) *self, __u8 endpoint)
{
	int i;

	for (i = 0; i < URBS; i++)
		if (usbfs_submit(self->s.usb, &self->urbs[i], USBDEVFS_URB_TYPE_BULK, endpoint,
				 self->data + i * URB_SIZE, URB_SIZE))
			return false;
	return true;
}

static bool reap_all(FIXTURE_DATA(link) *self)
{
	int i;

	for (i = 0; i < URBS; i++) {
		if (usbfs_reap(self->s.usb, 10000) != &self->urbs[i])
			return false;
		if (self->urbs[i].status || self->urbs[i].actual_length != URB_SIZE)
			return false;
	}
	return true;
}

static __u32 sum(const __u8 *bytes, size_t size)
{
	__u32 total = 0;

	while (size--)
		total += *bytes++;
	return total;
}

/* The peer gets every byte of every URB, and says so. */
static bool take_all(FIXTURE_DATA(link) *self)
{
	int i;

	for (i = 0; i < URBS; i++) {
		if (!peer_next(&self->s.peer, &self->c, 10000) ||
		    self->c.sum != sum(self->data + i * URB_SIZE, URB_SIZE))
			return false;
		peer_reply(&self->s.peer, self->c.c.submit.seqnum, 0, NULL, URB_SIZE);
	}
	return true;
}

TEST_F(link, quirk_25_online_and_closed_by_detach)
{
	EXPECT_STREQ("480", remote_sysfs(&self->s.st, "speed"));
	EXPECT_EQ(0, remote_detach(self->s.dev, self->s.a.port, self->s.a.id));
	EXPECT_TRUE(peer_ended(&self->s.peer, 1000));
}

TEST_F(link, quirk_25_half_closed)
{
	shutdown(self->s.peer.fd, SHUT_WR);
	ASSERT_TRUE(gone(&self->s));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->s.st.reason);
}

/* Far more than these sockets hold waits here, and goes on by itself. */
TEST_F(link, quirk_25_much_out_to_a_slow_reader)
{
	int size = 32768;

	setsockopt(self->s.peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	peer_hold(&self->s.peer, true);
	ASSERT_TRUE(submit_all(self, PEER_BULK_OUT));
	usleep(300000);
	peer_hold(&self->s.peer, false);
	ASSERT_TRUE(take_all(self));
	EXPECT_TRUE(reap_all(self));
}

/* Bulk that was not told to the socket yet lets others go first. */
TEST_F(link, interrupt_overtakes_bulk)
{
	int size = 32768, i, place = -1;
	struct usbdevfs_urb urb = {};
	__u8 report[8] = { 1 };

	setsockopt(self->s.peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	peer_hold(&self->s.peer, true);
	ASSERT_TRUE(submit_all(self, PEER_BULK_OUT));
	usleep(300000);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_OUT,
				  report, sizeof(report)));
	usleep(100000);
	peer_hold(&self->s.peer, false);
	for (i = 0; i <= URBS; i++) {
		ASSERT_TRUE(peer_next(&self->s.peer, &self->c, 10000));
		if (self->c.c.submit.ep == (PEER_INT_OUT & 0x0f))
			place = i;
		ASSERT_EQ(0, peer_reply(&self->s.peer, self->c.c.submit.seqnum, 0, NULL,
					self->c.c.submit.length));
	}
	EXPECT_LE(0, place);
	EXPECT_GT(URBS, place);
	for (i = 0; i <= URBS; i++)
		EXPECT_NE(NULL, usbfs_reap(self->s.usb, 10000));
}

TEST_F(link, quirk_25_much_in)
{
	__u8 *sent = malloc(MUCH);
	int i;

	memcpy(sent, self->data, MUCH);
	memset(self->data, 0, MUCH);
	ASSERT_TRUE(submit_all(self, PEER_BULK_IN));
	for (i = 0; i < URBS; i++) {
		ASSERT_TRUE(session_next_submit(&self->s, &self->c));
		ASSERT_EQ(0, peer_reply(&self->s.peer, self->c.c.submit.seqnum, 0,
					sent + i * URB_SIZE, URB_SIZE));
	}
	EXPECT_TRUE(reap_all(self));
	EXPECT_EQ(0, memcmp(sent, self->data, MUCH));
	free(sent);
}

TEST_F(link, quirk_25_answer_in_crumbs)
{
	struct suburb_ret_submit r = { .actual_length = 32 };
	__u8 message[sizeof(struct suburb_wire_header) + 32];
	size_t i;

	ASSERT_EQ(0, usbfs_submit(self->s.usb, self->urbs, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
	r.seqnum = self->c.c.submit.seqnum;
	suburb_put_ret_submit((void *)message, &r);
	memset(message + sizeof(struct suburb_wire_header), 0x5a, 32);
	for (i = 0; i < sizeof(message); i++)
		ASSERT_EQ(0, peer_send(&self->s.peer, message + i, 1));
	EXPECT_EQ(&self->urbs[0], usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(32, self->urbs[0].actual_length);
	EXPECT_EQ(0x5a, self->data[31]);
}

/*
 * The last answer, and the end right behind it: whoever reads the answer may
 * get no second wake-up for the end.
 */
TEST_F(link, quirk_25_answer_and_end)
{
	int one = 1;

	ASSERT_EQ(0, usbfs_submit(self->s.usb, self->urbs, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
				  self->data, 64));
	ASSERT_TRUE(session_next_submit(&self->s, &self->c));
	/* TCP's can even be in one segment. */
	setsockopt(self->s.peer.fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one));
	peer_reply(&self->s.peer, self->c.c.submit.seqnum, 0, self->data, 64);
	EXPECT_EQ(0, shutdown(self->s.peer.fd, SHUT_WR));
	EXPECT_EQ(&self->urbs[0], usbfs_reap(self->s.usb, 3000));
	EXPECT_EQ(0, self->urbs[0].status);
	ASSERT_TRUE(gone(&self->s));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->s.st.reason);
}

/* Whoever has something on its way gets it back when the link ends. */
TEST_F(link, quirk_25_end_of_a_full_link)
{
	int i;

	peer_hold(&self->s.peer, true);
	ASSERT_TRUE(submit_all(self, PEER_BULK_OUT));
	usleep(100000);
	peer_cut(&self->s.peer);
	ASSERT_TRUE(gone(&self->s));
	for (i = 0; i < URBS; i++)
		EXPECT_TRUE(usbfs_reap(self->s.usb, 3000) != NULL);
	peer_hold(&self->s.peer, false);
}

/* --- of one kind only ----------------------------------------------------- */

FIXTURE(one)
{
	struct session s;
	int sv[2];
};

FIXTURE_SETUP(one)
{
	self->sv[0] = self->sv[1] = -1;
}

FIXTURE_TEARDOWN(one)
{
	EXPECT_STREQ("", session_stop(&self->s));
}

TEST_F(one, tcp6)
{
	ASSERT_EQ(0, pair_open(PAIR_TCP6, self->sv));
	ASSERT_EQ(0, session_start_on(&self->s, SUBURB_SPEED_HIGH, self->sv[0], self->sv[1]));
	peer_cut(&self->s.peer);
	ASSERT_TRUE(gone(&self->s));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->s.st.reason);
}

/* A reset is a failure of the link, told with its errno. */
TEST_F(one, tcp_reset_by_exporter)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, pair_open(PAIR_TCP4, self->sv));
	ASSERT_EQ(0, session_start_on(&self->s, SUBURB_SPEED_HIGH, self->sv[0], self->sv[1]));
	EXPECT_EQ(0, connect(self->s.peer.fd, &none, sizeof(none)));
	ASSERT_TRUE(gone(&self->s));
	EXPECT_EQ(SUBURB_REASON_LINK, self->s.st.reason);
	EXPECT_EQ(ECONNRESET, self->s.st.link_error);
}

/* A descriptor, for nobody: recvmsg() stops behind it though there is more. */
static int send_with_descriptor(int fd, const void *bytes, size_t size)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -errno;
}

TEST_F(one, unix_read_stops_at_a_descriptor)
{
	struct suburb_ret_submit r = { .actual_length = 8 };
	struct usbdevfs_urb urb = {};
	struct suburb_wire_header w;
	struct peer_command c;
	__u8 data[64];
	int i;

	ASSERT_EQ(0, pair_open(PAIR_UNIX, self->sv));
	ASSERT_EQ(0, session_start_on(&self->s, SUBURB_SPEED_HIGH, self->sv[0], self->sv[1]));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN,
					  data, sizeof(data)));
		ASSERT_TRUE(session_next_submit(&self->s, &c));
		r.seqnum = c.c.submit.seqnum;
		suburb_put_ret_submit(&w, &r);
		ASSERT_EQ(0, send_with_descriptor(self->s.peer.fd, &w, sizeof(w)));
		ASSERT_EQ(0, peer_send(&self->s.peer, "12345678", 8));
		ASSERT_EQ(&urb, usbfs_reap(self->s.usb, 3000));
	}
}

/* What was not read goes with the one who did not read it: ECONNRESET here. */
TEST_F(one, unix_peer_dies_with_unread_bytes)
{
	struct usbdevfs_urb urb = {};
	__u8 data[64];

	ASSERT_EQ(0, pair_open(PAIR_SOCKETPAIR, self->sv));
	ASSERT_EQ(0, session_start_on(&self->s, SUBURB_SPEED_HIGH, self->sv[0], self->sv[1]));
	peer_hold(&self->s.peer, true);
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data,
				  sizeof(data)));
	ASSERT_EQ(0, usbfs_submit(self->s.usb, &urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data,
				  sizeof(data)));
	usleep(100000);
	dup2(self->s.dev, self->s.peer.fd); /* closes it, though its thread waits there */
	peer_hold(&self->s.peer, false);
	ASSERT_TRUE(gone(&self->s));
	EXPECT_EQ(SUBURB_REASON_LINK, self->s.st.reason);
	EXPECT_EQ(ECONNRESET, self->s.st.link_error);
}

/*
 * No bytes come of such a record. Nobody answers here, so nothing else wakes us,
 * either, until the kernel asks again after 5 s.
 */
TEST_F(one, ktls_record_that_is_none)
{
	struct tls12_crypto_info_aes_gcm_128 keys = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 },
	};
	long long start;

	ASSERT_EQ(0, pair_open(PAIR_TCP4, self->sv));
	ASSERT_EQ(0, setsockopt(self->sv[1], IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")));
	ASSERT_EQ(0, setsockopt(self->sv[1], SOL_TLS, TLS_RX, &keys, sizeof(keys)));
	memset(&self->s, 0, sizeof(self->s));
	self->s.usb = -1;
	self->s.dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, peer_start_on(&self->s.peer, SUBURB_SPEED_HIGH, self->sv[0], self->sv[1]));
	peer_set_mute(&self->s.peer, true);
	remote_attach_init(&self->s.a, self->sv[1], SUBURB_SPEED_HIGH, PEER_DEVID);
	ASSERT_EQ(0, remote_call(self->s.dev, SUBURB_IOC_ATTACH, &self->s.a));
	usleep(300000);
	start = now_ms();
	ASSERT_EQ(0, peer_send(&self->s.peer, "this is no record", 17));
	ASSERT_TRUE(gone(&self->s));
	EXPECT_GT(patient_ms(3000), now_ms() - start);
	EXPECT_EQ(SUBURB_REASON_LINK, self->s.st.reason);
}

/* It has room again and does not say so: better no link than one that stands still. */
TEST(mptcp_is_refused)
{
	struct suburb_attach a;
	int sv[2] = { -1, -1 };
	int dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);

	ASSERT_EQ(0, pair_open(PAIR_MPTCP, sv));
	remote_attach_init(&a, sv[1], SUBURB_SPEED_HIGH, PEER_DEVID);
	EXPECT_EQ(-EPROTOTYPE, remote_call(dev, SUBURB_IOC_ATTACH, &a));
	close(sv[0]);
	close(sv[1]);
	close(dev);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
