// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_iso_lies - an exporter that breaks the protocol in the answer to an
 * isochronous URB: the link ends with SUBURB_REASON_PROTOCOL, one line in the
 * kernel log names the field, and the URB comes back as if nothing had been
 * moved, with every byte of its buffer as it was.
 *
 * The URB has four packets of 64 bytes, with gaps between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "urbs.h"

#define PACKETS 4
#define LENGTH 1000

FIXTURE(lies)
{
	struct session s;
	struct urbs_call *call;
	struct suburb_iso iso[URBS_PACKETS]; /* an honest answer, of full packets */
	__u8 data[LENGTH]; /* more than that */
	__u32 seqnum;
	int log;
};

FIXTURE_VARIANT(lies)
{
	__u8 endpoint;
	__u32 chunk;
};

FIXTURE_VARIANT_ADD(lies, in)
{
	.endpoint = PEER_ISO_IN,
};

FIXTURE_VARIANT_ADD(lies, in_sg)
{
	.endpoint = PEER_ISO_IN,
	.chunk = 50,
};

FIXTURE_VARIANT_ADD(lies, out)
{
	.endpoint = PEER_ISO_OUT,
};

FIXTURE_SETUP(lies)
{
	struct peer_command c;
	int i;

	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	lseek(self->log, 0, SEEK_END);
	self->call = malloc(sizeof(*self->call));
	ASSERT_NE(NULL, self->call);
	ASSERT_EQ(0, session_start(&self->s, SUBURB_SPEED_HIGH));
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_ISO));
	urbs_init(self->call, &self->s, variant->endpoint, LENGTH);
	self->call->arg.chunk = variant->chunk;
	for (i = 0; i < PACKETS; i++)
		urbs_add(self->call, 100 * i + 50, 64);
	ASSERT_EQ(0, urbs_start(self->call));
	ASSERT_TRUE(session_next_submit(&self->s, &c));
	self->seqnum = c.c.submit.seqnum;
	memcpy(self->iso, self->s.peer.iso, sizeof(self->s.peer.iso));
	for (i = 0; i < PACKETS; i++)
		self->iso[i].actual_length = 64;
}

FIXTURE_TEARDOWN(lies)
{
	session_stop(&self->s);
	free(self->call);
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
		if (*data++ != URBS_GUARD)
			return false;
	return true;
}

static void expect_caught(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self,
			  const char *field)
{
	int i;

	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(0, self->call->arg.submitted);
	EXPECT_EQ(-ESHUTDOWN, self->call->arg.status);
	EXPECT_EQ(0, self->call->arg.actual_length);
	for (i = 0; i < PACKETS; i++) {
		EXPECT_EQ(-EXDEV, self->call->packets[i].status);
		EXPECT_EQ(0, self->call->packets[i].actual_length);
	}
	EXPECT_TRUE(untouched(self->call->data, LENGTH));
	ASSERT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_PROTOCOL, self->s.st.reason);
	EXPECT_EQ(0, self->s.st.pending);
	EXPECT_TRUE(peer_ended(&self->s.peer, 1000));
	EXPECT_EQ(1, lines_naming(self->log, field)) {
		TH_LOG("lines in the kernel log that name \"%s\"", field);
	}
}

static bool is_out(const FIXTURE_VARIANT(lies) *variant)
{
	return variant->endpoint == PEER_ISO_OUT;
}

/* Not a lie: the URB failed as a whole, and the device lives on. */
static void expect_error(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self)
{
	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(-EPROTO, self->call->arg.status);
	EXPECT_EQ(0, self->call->arg.actual_length);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

static void reply(FIXTURE_DATA(lies) *self, int status, __u32 packets, __u32 length)
{
	bool in = self->call->arg.endpoint & 0x80;

	peer_reply_iso(&self->s.peer, self->seqnum, status, self->iso, packets,
		       in ? self->data : NULL, length);
}

/* A header that claims so many packets; nothing follows. */
static void claim(FIXTURE_DATA(lies) *self, int status, __u32 packets, __u32 length)
{
	struct suburb_ret_submit r = {
		.seqnum = self->seqnum, .status = status, .packets = packets,
		.actual_length = length,
	};
	struct suburb_wire_header w;

	suburb_put_ret_submit(&w, &r);
	peer_send(&self->s.peer, &w, sizeof(w));
}

/* --- number_of_packets ---------------------------------------------------- */

TEST_F(lies, one_packet_more)
{
	reply(self, 0, PACKETS + 1, 256);
	expect_caught(_metadata, self, "number_of_packets");
}

TEST_F(lies, quirk_34_one_packet_less)
{
	reply(self, 0, PACKETS - 1, 192);
	expect_caught(_metadata, self, "number_of_packets");
}

TEST_F(lies, one_packet_less_with_an_error)
{
	reply(self, -SUBURB_EPROTO, PACKETS - 1, 192);
	expect_caught(_metadata, self, "number_of_packets");
}

TEST_F(lies, no_packets_without_an_error)
{
	reply(self, 0, 0, 0);
	expect_caught(_metadata, self, "number_of_packets");
}

TEST_F(lies, packets_whose_size_overflows)
{
	claim(self, 0, 0x10000000 + PACKETS, 0);
	expect_caught(_metadata, self, "number_of_packets");
}

TEST_F(lies, packets_below_zero)
{
	claim(self, -SUBURB_EPROTO, 0xffffffff, 0);
	expect_caught(_metadata, self, "number_of_packets");
}

/* --- actual_length -------------------------------------------------------- */

TEST_F(lies, more_data_than_asked_for)
{
	reply(self, 0, PACKETS, 257);
	expect_caught(_metadata, self, "actual_length");
}

/* The buffer is larger than what the packets ask for; only these count. */
TEST_F(lies, as_much_data_as_the_buffer_has)
{
	reply(self, 0, PACKETS, LENGTH);
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, length_below_zero)
{
	claim(self, 0, PACKETS, 0xffffffff);
	expect_caught(_metadata, self, "actual_length");
}

TEST_F(lies, data_without_packets)
{
	claim(self, -SUBURB_EPROTO, 0, 64);
	if (is_out(variant))
		expect_error(_metadata, self);
	else
		expect_caught(_metadata, self, "actual_length");
}

static void set_packets(FIXTURE_DATA(lies) *self, __u32 a, __u32 b)
{
	self->iso[0].actual_length = a;
	self->iso[1].actual_length = b;
	self->iso[2].actual_length = 0;
	self->iso[3].actual_length = 0;
}

static void sum_of(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self, __u32 claimed,
		   __u32 a, __u32 b)
{
	set_packets(self, a, b);
	reply(self, 0, PACKETS, claimed);
	expect_caught(_metadata, self, "iso actual_length");
}

static void expect_sum(struct __test_metadata *_metadata, FIXTURE_DATA(lies) *self, __u32 claimed,
		       __u32 a, __u32 b)
{
	set_packets(self, a, b);
	reply(self, 0, PACKETS, claimed);
	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(0, self->call->arg.status);
	EXPECT_EQ(a + b, self->call->arg.actual_length);
}

TEST_F(lies, packet_with_more_than_asked_for)
{
	sum_of(_metadata, self, 65, 65, 0);
}

TEST_F(lies, packet_with_less_than_nothing)
{
	sum_of(_metadata, self, 63, 64, 0xffffffff);
}

TEST_F(lies, sum_that_overflows)
{
	sum_of(_metadata, self, 0, 0x80000000, 0x80000000);
}

/* --- other fields of a packet --------------------------------------------- */

TEST_F(lies, offset_of_another)
{
	self->iso[1].offset = 0;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso offset");
}

/* Where the driver wants it is no affair of the exporter's. */
TEST_F(lies, quirk_34_offset_in_the_buffer)
{
	self->iso[0].offset = 50;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso offset");
}

TEST_F(lies, offset_past_the_end)
{
	self->iso[3].offset = LENGTH;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso offset");
}

TEST_F(lies, offset_below_zero)
{
	self->iso[3].offset = 0xfffffff0;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso offset");
}

TEST_F(lies, status_above_zero)
{
	self->iso[3].status = 1;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso status");
}

TEST_F(lies, status_that_is_no_errno)
{
	self->iso[2].status = (__s32)0x80000000;
	reply(self, 0, PACKETS, 256);
	expect_caught(_metadata, self, "iso status");
}

TEST_F(lies, status_of_the_whole)
{
	reply(self, 7, PACKETS, 256);
	expect_caught(_metadata, self, "status");
}

/* --- sums: of an IN they say where its data is; of an OUT nothing depends on them --- */

TEST_F(lies, sum_below_the_header)
{
	if (is_out(variant))
		expect_sum(_metadata, self, 100, 64, 35);
	else
		sum_of(_metadata, self, 100, 64, 35);
}

TEST_F(lies, sum_above_the_header)
{
	if (is_out(variant))
		expect_sum(_metadata, self, 100, 64, 37);
	else
		sum_of(_metadata, self, 100, 64, 37);
}

/* --- no lies, but as little help ------------------------------------------ */

/* The numbers of the header that nothing depends on. */
TEST_F(lies, start_frame_and_error_count_of_no_meaning)
{
	struct suburb_ret_submit r = {
		.seqnum = self->seqnum, .packets = PACKETS, .start_frame = 0xdeadbeef,
		.error_count = 0xffffffff,
		.actual_length = is_out(variant) ? 256 : 0,
	};
	struct suburb_wire_iso wire[PACKETS];
	struct suburb_wire_header w;
	int i;

	suburb_put_ret_submit(&w, &r);
	for (i = 0; i < PACKETS; i++) {
		if (!is_out(variant))
			self->iso[i].actual_length = 0;
		suburb_put_iso(&wire[i], &self->iso[i]);
	}
	peer_send(&self->s.peer, &w, sizeof(w));
	peer_send(&self->s.peer, wire, sizeof(wire));
	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(0, self->call->arg.status);
	EXPECT_EQ(0, self->call->arg.error_count);
	EXPECT_EQ(self->call->arg.start_frame_early, self->call->arg.start_frame);
	EXPECT_EQ(0, session_status(&self->s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, self->s.st.state);
}

TEST_F(lies, end_in_the_descriptors)
{
	claim(self, 0, PACKETS, 0);
	peer_send(&self->s.peer, self->iso, 40);
	usleep(50000);
	peer_cut(&self->s.peer);
	ASSERT_TRUE(urbs_done(self->call, 3000));
	EXPECT_EQ(-ESHUTDOWN, self->call->arg.status);
	EXPECT_TRUE(untouched(self->call->data, LENGTH));
	ASSERT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(SUBURB_REASON_CLOSED, self->s.st.reason);
}

int main(int argc, char **argv)
{
	remote_require();
	urbs_require();
	return test_harness_run(argc, argv);
}
