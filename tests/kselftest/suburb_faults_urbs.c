// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_faults_urbs - memory that is not there (sweep.h) while URBs of each kind are
 * submitted, carried by the link's worker and unlinked, a device is reset, its setting
 * changed, its streams allocated and freed, and a reply comes that nobody waits for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "sweep.h"

static const __u8 both[] = { PEER_BULK_IN, PEER_BULK_OUT };

/* --- URBs, in the driver's own context ------------------------------------ */

static int submit(struct rig *r, __u8 type, __u8 endpoint, int length)
{
	memset(r->urb, 0, sizeof(*r->urb));
	return usbfs_submit(r->s.usb, r->urb, type, endpoint, r->data, length);
}

static int submit_iso(struct rig *r, __u8 endpoint)
{
	unsigned int i;

	memset(r->urb, 0, sizeof(*r->urb));
	r->urb->flags = USBDEVFS_URB_ISO_ASAP;
	r->urb->number_of_packets = 8;
	for (i = 0; i < 8; i++)
		r->urb->iso_frame_desc[i].length = 512;
	return usbfs_submit(r->s.usb, r->urb, USBDEVFS_URB_TYPE_ISO, endpoint, r->data, 8 * 512);
}

static int call_control(struct rig *r)
{
	return usbfs_control(r->s.usb, 0xc0, 1, 0, 0, r->data, 64, 5000);
}

static int call_bulk_in(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, 512);
}

static int call_bulk_out(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, 512);
}

static int call_sg_in(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, RIG_DATA);
}

static int call_sg_out(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, RIG_DATA);
}

static int call_int_in(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_IN, 64);
}

static int call_int_out(struct rig *r)
{
	return submit(r, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_OUT, 64);
}

static int call_iso_in(struct rig *r)
{
	return submit_iso(r, PEER_ISO_IN);
}

static int call_iso_out(struct rig *r)
{
	return submit_iso(r, PEER_ISO_OUT);
}

static int call_stream(struct rig *r)
{
	memset(r->urb, 0, sizeof(*r->urb));
	r->urb->stream_id = 2;
	return usbfs_submit(r->s.usb, r->urb, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, r->data, 512);
}

/* What was taken comes back with its result, and nothing is left of its request. */
static int settle_urb(struct rig *r, int ret)
{
	if (!ret && usbfs_reap(r->s.usb, 5000) != r->urb)
		return -ETIMEDOUT;
	if (!ret && r->urb->status)
		return r->urb->status;
	return becomes(2) ? 0 : -EBUSY; /* remote and connection */
}

static int settle_call(struct rig *r, int ret)
{
	return becomes(2) ? 0 : -EBUSY;
}

static int ready_discard(struct rig *r)
{
	long long end = now_ms() + patient_ms(5000);
	int ret;

	r->answerer.hold = true;
	r->answerer.has_held = false;
	ret = call_bulk_in(r);
	while (!ret && !r->answerer.has_held)
		ret = now_ms() > end ? -ETIMEDOUT : usleep(1000);
	return ret;
}

static int call_discard(struct rig *r)
{
	return ioctl(r->s.usb, USBDEVFS_DISCARDURB, r->urb) < 0 ? -errno : 0;
}

static int settle_discard(struct rig *r, int ret)
{
	r->answerer.hold = false;
	if (ret)
		ret = call_discard(r);
	if (ret || usbfs_reap(r->s.usb, 5000) != r->urb)
		return ret ? ret : -ETIMEDOUT;
	return r->urb->status == -ENOENT && becomes(2) ? 0 : -EBUSY;
}

/* A device that cannot be reset is taken for another one, and found again. */
static int call_reset(struct rig *r)
{
	return usbfs_reset(r->s.usb);
}

static int settle_mend(struct rig *r, int ret)
{
	ret = rig_mend(r);
	return ret < 0 ? ret : becomes(2) ? 0 : -EBUSY;
}

static int call_setting(struct rig *r)
{
	return usbfs_set_interface(r->s.usb, 0, PEER_ALT_ISO);
}

static int settle_setting(struct rig *r, int ret)
{
	ret = usbfs_set_interface(r->s.usb, 0, 0);
	return ret ? ret : settle_call(r, 0);
}

static int streams(struct rig *r, unsigned long request)
{
	char bytes[sizeof(struct usbdevfs_streams) + sizeof(both)] = {};
	struct usbdevfs_streams *s = (void *)bytes;

	s->num_streams = 4;
	s->num_eps = sizeof(both);
	memcpy(s->eps, both, sizeof(both));
	return ioctl(r->s.usb, request, s) < 0 ? -errno : 0;
}

static int call_alloc_streams(struct rig *r)
{
	return streams(r, USBDEVFS_ALLOC_STREAMS);
}

static int call_free_streams(struct rig *r)
{
	return streams(r, USBDEVFS_FREE_STREAMS);
}

/* Streams that were allocated and not told of end with the setting. */
static int forget_streams(struct rig *r)
{
	int ret = usbfs_set_interface(r->s.usb, 0, PEER_ALT_NONE);

	return ret ? ret : usbfs_set_interface(r->s.usb, 0, 0);
}

static int settle_alloc_streams(struct rig *r, int ret)
{
	ret = forget_streams(r);
	return ret ? ret : settle_call(r, 0);
}

static int ready_free_streams(struct rig *r)
{
	int ret = call_alloc_streams(r);

	return ret < 0 ? ret : 0;
}

FLOW(control, "control", .settle = settle_call);
FLOW(bulk_in, "bulk in", .settle = settle_urb);
FLOW(bulk_out, "bulk out", .settle = settle_urb);
FLOW(sg_in, "bulk in, scatterlist", .settle = settle_urb);
FLOW(sg_out, "bulk out, scatterlist", .settle = settle_urb);
FLOW(int_in, "interrupt in", .settle = settle_urb);
FLOW(int_out, "interrupt out", .settle = settle_urb);
FLOW(iso_in, "isochronous in", .settle = settle_urb);
FLOW(iso_out, "isochronous out", .settle = settle_urb);
FLOW(stream, "bulk in, stream", .settle = settle_urb);
FLOW(discard, "unlink", .ready = ready_discard, .settle = settle_discard);
/* usbcore says -ENODEV of a device that it could not reset, however that came. */
FLOW(reset, "reset", .settle = settle_mend, .right = { -ENODEV });
FLOW(setting, "set interface", .settle = settle_setting);
FLOW(alloc_streams, "allocate streams", .settle = settle_alloc_streams);
FLOW(free_streams, "free streams", .ready = ready_free_streams, .settle = settle_alloc_streams);

FIXTURE(urbs)
{
	struct rig r;
};

FIXTURE_SETUP(urbs)
{
	struct rig *r = &self->r;

	ASSERT_TRUE(becomes(0));
	r->speed = SUBURB_SPEED_HIGH;
	r->dev = -1;
	r->urb = calloc(1, sizeof(*r->urb) + 8 * sizeof(struct usbdevfs_iso_packet_desc));
	r->data = calloc(1, RIG_DATA);
	ASSERT_TRUE(r->urb && r->data);
}

FIXTURE_TEARDOWN(urbs)
{
	EXPECT_STREQ("", rig_down(&self->r));
	EXPECT_TRUE(becomes(0));
	free(self->r.urb);
	free(self->r.data);
}

TEST_F_TIMEOUT(urbs, control_bulk_interrupt, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_control));
	EXPECT_STREQ("", sweep(&self->r, &flow_bulk_in));
	EXPECT_STREQ("", sweep(&self->r, &flow_bulk_out));
	EXPECT_STREQ("", sweep(&self->r, &flow_sg_in));
	EXPECT_STREQ("", sweep(&self->r, &flow_sg_out));
	EXPECT_STREQ("", sweep(&self->r, &flow_int_in));
	EXPECT_STREQ("", sweep(&self->r, &flow_int_out));
}

TEST_F_TIMEOUT(urbs, isochronous, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_setting));
	ASSERT_EQ(0, usbfs_set_interface(self->r.s.usb, 0, PEER_ALT_ISO));
	EXPECT_STREQ("", sweep(&self->r, &flow_iso_in));
	EXPECT_STREQ("", sweep(&self->r, &flow_iso_out));
}

TEST_F_TIMEOUT(urbs, streams, SWEEP_SECONDS)
{
	self->r.speed = SUBURB_SPEED_SUPER;
	self->r.features = SUBURB_FEATURE_STREAMS;
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_alloc_streams));
	EXPECT_STREQ("", sweep(&self->r, &flow_free_streams));
	ASSERT_EQ(0, call_alloc_streams(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_stream));
}

TEST_F_TIMEOUT(urbs, unlink, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_discard));
}

TEST_F_TIMEOUT(urbs, reset, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_reset));
}

/* --- what workers do ------------------------------------------------------ */

/* One of each kind of URB, there and back: the link's worker sends and receives. */
static int round_trip(struct rig *r, int (*call)(struct rig *r))
{
	int ret = call(r);

	if (ret)
		return ret;
	return usbfs_reap(r->s.usb, 5000) == r->urb ? r->urb->status : -ETIMEDOUT;
}

static int call_carry(struct rig *r)
{
	int ret = round_trip(r, call_sg_out);

	ret = ret ? ret : round_trip(r, call_sg_in);
	return ret ? ret : round_trip(r, call_bulk_out);
}

static int call_carry_iso(struct rig *r)
{
	int ret = round_trip(r, call_iso_out);

	return ret ? ret : round_trip(r, call_iso_in);
}

/* A link whose worker got no memory has ended, and says why; or nobody noticed. */
static int settle_link(struct rig *r, int ret)
{
	struct suburb_status st;

	if (!ret)
		return becomes(2) ? 0 : -EBUSY;
	if (remote_wait_state(r->s.dev, r->s.a.id, SUBURB_STATE_GONE, &st))
		return -ETIMEDOUT;
	if (st.reason != SUBURB_REASON_LINK ||
	    (st.link_error != ENOMEM && st.link_error != ENOBUFS))
		return -EPROTO;
	rig_down(r);
	return becomes(0) ? rig_up(r) : -EBUSY;
}

/* The same, with isochronous endpoints there again. */
static int settle_link_iso(struct rig *r, int ret)
{
	ret = settle_link(r, ret);
	return ret ? ret : usbfs_set_interface(r->s.usb, 0, PEER_ALT_ISO);
}

#define LINK_ERRNOS { -ESHUTDOWN, -ENODEV, -EPROTO, -ETIMEDOUT }

FLOW(carry, "carry", .settle = settle_link, .right = LINK_ERRNOS, .below = "conn_work",
	.workers = true);
static const struct flow flow_carry_tcp = {
	.name = "carry over TCP",
	.call = call_carry,
	.settle = settle_link,
	.right = LINK_ERRNOS,
	.below = "conn_work",
	.workers = true,
};
static const struct flow flow_carry_digests = {
	.name = "carry with digests",
	.call = call_carry,
	.settle = settle_link,
	.right = LINK_ERRNOS,
	.below = "conn_work",
	.workers = true,
};
FLOW(carry_iso, "carry isochronous", .settle = settle_link_iso, .right = LINK_ERRNOS,
	.below = "conn_work", .workers = true);

TEST_F_TIMEOUT(urbs, carry, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_carry));
}

TEST_F_TIMEOUT(urbs, carry_with_digests, SWEEP_SECONDS)
{
	self->r.features = SUBURB_FEATURE_DIGEST;
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_carry_digests));
}

TEST_F_TIMEOUT(urbs, carry_over_tcp, SWEEP_SECONDS)
{
	self->r.is_tcp = true;
	ASSERT_EQ(0, rig_up(&self->r));
	EXPECT_STREQ("", sweep(&self->r, &flow_carry_tcp));
}

TEST_F_TIMEOUT(urbs, carry_isochronous, SWEEP_SECONDS)
{
	ASSERT_EQ(0, rig_up(&self->r));
	ASSERT_EQ(0, usbfs_set_interface(self->r.s.usb, 0, PEER_ALT_ISO));
	EXPECT_STREQ("", sweep(&self->r, &flow_carry_iso));
}

/* --- what is still said to a machine that slept ---------------------------- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int go_to_sleep(void)
{
	int ret = write_file("/sys/module/suspend/parameters/pm_test_delay", "1");

	ret = ret ? ret : write_file("/sys/power/pm_test", "devices");
	ret = ret ? ret : write_file("/sys/power/state", "freeze");
	write_file("/sys/power/pm_test", "none");
	return ret;
}

/* A bulk IN went back unanswered while all slept (suburb_sleep). */
static int ready_late(struct rig *r)
{
	int ret = rig_up(r);

	if (ret)
		return ret;
	peer_queue_unlinks(&r->s.peer, true);
	ret = ready_discard(r);
	peer_set_mute(&r->s.peer, true);
	ret = ret ? ret : go_to_sleep();
	usleep(300000);
	peer_set_mute(&r->s.peer, false);
	if (ret)
		return ret;
	return usbfs_reap(r->s.usb, 1000) == r->urb ? 0 : -ETIMEDOUT;
}

/* Now its data comes. What is carried behind it is, or the link has ended. */
static int call_late(struct rig *r)
{
	int ret;

	answer(&r->s.peer, &r->answerer.held.c.submit);
	ret = call_control(r);
	return ret < 0 ? ret : 0;
}

static int settle_late(struct rig *r, int ret)
{
	struct suburb_status st;

	if (ret && remote_wait_state(r->s.dev, r->s.a.id, SUBURB_STATE_GONE, &st))
		return -ETIMEDOUT;
	if (ret && (st.reason != SUBURB_REASON_LINK || st.link_error != ENOMEM))
		return -EPROTO;
	rig_down(r);
	return becomes(0) ? 0 : -EBUSY;
}

FLOW(late, "late reply", .ready = ready_late, .settle = settle_late, .right = LINK_ERRNOS,
	.below = "transfer_discard", .workers = true);

TEST_F_TIMEOUT(urbs, late_reply, SWEEP_SECONDS)
{
	EXPECT_STREQ("", sweep(&self->r, &flow_late));
}

int main(int argc, char **argv)
{
	sweep_begin();
	return test_harness_run(argc, argv);
}
