// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_readahead - interrupt IN over a long link: a driver that reads report
 * after report gets each of them, once, in order, at the device's rate; and one
 * that does anything else sees no difference.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "patience.h"
#include "reporter.h"

#define DELAY_MS 30
#define SHORT 8
#define FULL 64 /* wMaxPacketSize */
#define OBJECTS "/sys/kernel/debug/suburb/objects"
#define MOST_URBS 8

struct reader {
	struct session *s;
	struct usbdevfs_urb urbs[MOST_URBS];
	__u8 data[MOST_URBS][256];
	__u32 length;
	__u32 next; /* number that comes next */
};

/* --- a driver ---------------------------------------------------------------- */

static int submit(struct reader *d, unsigned int i)
{
	d->urbs[i].actual_length = 0;
	return usbfs_submit(d->s->usb, &d->urbs[i], USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_IN,
			    d->data[i], d->length);
}

/* The next URB that is back; MOST_URBS: none */
static unsigned int reap(struct reader *d)
{
	struct usbdevfs_urb *urb = usbfs_reap(d->s->usb, 3000);

	return urb ? urb - d->urbs : MOST_URBS;
}

static __u32 number_of(const struct reader *d, unsigned int i)
{
	return reporter_number(d->data[i], d->urbs[i].actual_length);
}

/* Reads as many reports, each right behind the one before; URBs are queued again at once. */
static void read_on(struct __test_metadata *_metadata, struct reader *d, unsigned int count)
{
	unsigned int i;

	while (count--) {
		i = reap(d);
		ASSERT_NE(MOST_URBS, i) {
			TH_LOG("no report %u", d->next);
		}
		ASSERT_EQ(0, d->urbs[i].status);
		ASSERT_EQ(d->next, number_of(d, i));
		d->next++;
		ASSERT_EQ(0, submit(d, i));
	}
}

/* Reads what is on its way to a device that falls silent; its URBs are queued then. */
static void silence(struct __test_metadata *_metadata, struct reporter *device, struct reader *d)
{
	struct usbdevfs_urb *urb;
	unsigned int i, tries = 30;

	reporter_set_quiet(device, true);
	while (tries) {
		urb = usbfs_reap(d->s->usb, 3 * DELAY_MS);
		if (!urb && reporter_next(device) == d->next)
			break;
		if (!urb) {
			tries--;
			continue;
		}
		i = urb - d->urbs;
		ASSERT_EQ(0, urb->status);
		ASSERT_EQ(d->next, number_of(d, i));
		d->next++;
		ASSERT_EQ(0, submit(d, i));
	}
	EXPECT_EQ(reporter_next(device), d->next);
}

static unsigned int ahead(struct session *s)
{
	return session_endpoint(s, PEER_INT_IN).read_ahead;
}

static void read_until_ahead(struct __test_metadata *_metadata, struct reader *d)
{
	int i;

	for (i = 0; i < 200 && !ahead(d->s); i++)
		read_on(_metadata, d, 1);
	ASSERT_LT(1, ahead(d->s));
	/* URBs that were on the wire before; then the first reports without one. */
	read_on(_metadata, d, 40);
	ASSERT_LT(1, ahead(d->s));
}

/* Takes back what is queued. */
static void discard(struct reader *d, unsigned int i)
{
	ioctl(d->s->usb, USBDEVFS_DISCARDURB, &d->urbs[i]);
}

static int reopen(struct session *s)
{
	s->usb = usbfs_open(s->st.busnum, s->st.devnum);
	return s->usb < 0 ? s->usb : usbfs_claim(s->usb, 0);
}

static void close_usb(struct session *s)
{
	close(s->usb);
	s->usb = -1;
}

/* --- nothing is left of it ---------------------------------------------------- */

static long long requests_living(void)
{
	unsigned long long created, freed;
	long long living = -1;
	char name[32];
	FILE *file;

	file = fopen(OBJECTS, "re");
	if (!file)
		return -1;
	while (fscanf(file, "%31s %llu %llu", name, &created, &freed) == 3)
		if (!strcmp(name, "requests"))
			living = created - freed;
	fclose(file);
	return living;
}

FIXTURE(ahead)
{
	struct session s;
	struct reporter device;
	struct reader d;
};

FIXTURE_VARIANT(ahead)
{
	__u32 report; /* bytes of it */
	unsigned int urbs;
};

FIXTURE_VARIANT_ADD(ahead, one_urb)
{
	.report = SHORT,
	.urbs = 1,
};

FIXTURE_VARIANT_ADD(ahead, one_urb_full_packets)
{
	.report = FULL,
	.urbs = 1,
};

FIXTURE_VARIANT_ADD(ahead, three_urbs)
{
	.report = SHORT,
	.urbs = 3,
};

FIXTURE_SETUP(ahead)
{
	const struct suburb_attach like = {};
	unsigned int i;

	ASSERT_EQ(0, session_start_slow(&self->s, SUBURB_SPEED_HIGH, DELAY_MS, &like));
	peer_queue_unlinks(&self->s.peer, true);
	ASSERT_EQ(0, reporter_start(&self->device, &self->s.peer, DELAY_MS, variant->report));
	self->d.s = &self->s;
	self->d.length = FULL;
	for (i = 0; i < variant->urbs; i++)
		ASSERT_EQ(0, submit(&self->d, i));
	read_until_ahead(_metadata, &self->d);
}

FIXTURE_TEARDOWN(ahead)
{
	if (self->s.usb >= 0)
		close_usb(&self->s);
	remote_detach(self->s.dev, self->s.a.port, self->s.a.id);
	reporter_stop(&self->device);
	EXPECT_STREQ("", session_stop(&self->s));
	EXPECT_EQ(0, requests_living());
}

TEST_F(ahead, order_and_rate)
{
	struct suburb_endpoint_status ep;
	long long start, took;

	read_on(_metadata, &self->d, 500);
	start = now_ms();
	read_on(_metadata, &self->d, 2000);
	took = now_ms() - start;
	TH_LOG("2000 reports in %lld ms, %u requests ahead", took, ahead(&self->s));
	EXPECT_GT(patient_ms(2000 * DELAY_MS / 5 / (int)variant->urbs), took);
	ep = session_endpoint(&self->s, PEER_INT_IN);
	EXPECT_EQ(ep.urbs - variant->urbs, self->d.next);
	EXPECT_LE((__u64)self->d.next * variant->report, ep.bytes);
	EXPECT_EQ(0, ep.errors);
}

/* Its driver has it back without a word of the exporter, and nothing is lost. */
TEST_F(ahead, unlink_of_one)
{
	unsigned int i, unlinks, n;

	silence(_metadata, &self->device, &self->d);
	for (i = variant->urbs; i < 3; i++)
		ASSERT_EQ(0, submit(&self->d, i));
	unlinks = reporter_unlinks(&self->device);
	discard(&self->d, 1);
	EXPECT_EQ(1, reap(&self->d));
	EXPECT_EQ(-ENOENT, self->d.urbs[1].status);
	EXPECT_EQ(0, self->d.urbs[1].actual_length);
	usleep(2 * DELAY_MS * 1000);
	EXPECT_EQ(unlinks, reporter_unlinks(&self->device));
	EXPECT_LT(1, ahead(&self->s));
	reporter_set_quiet(&self->device, false);
	for (n = 0; n < 2; n++) {
		i = reap(&self->d);
		ASSERT_TRUE(i == 0 || i == 2);
		EXPECT_EQ(self->d.next++, number_of(&self->d, i));
		ASSERT_EQ(0, submit(&self->d, i));
	}
	read_on(_metadata, &self->d, 200);
}

/* At most one report is older than the first request after it was opened again. */
static void read_fresh(struct __test_metadata *_metadata, struct reporter *device,
		       struct reader *d)
{
	__u32 now = reporter_next(device), number;
	unsigned int old = 0, i, n;

	ASSERT_EQ(0, submit(d, 0));
	for (n = 0; n < 5; n++) {
		i = reap(d);
		ASSERT_EQ(0, i);
		ASSERT_EQ(0, d->urbs[i].status);
		number = number_of(d, i);
		EXPECT_LE(d->next, number);
		d->next = number + 1;
		old += number < now;
		ASSERT_EQ(0, submit(d, i));
	}
	EXPECT_GE(1, old) {
		TH_LOG("%u old reports", old);
	}
	read_on(_metadata, d, 100);
}

TEST_F(ahead, unlink_all_and_open_at_once)
{
	close_usb(&self->s);
	EXPECT_EQ(0, ahead(&self->s));
	ASSERT_EQ(0, reopen(&self->s));
	read_fresh(_metadata, &self->device, &self->d);
}

TEST_F(ahead, unlink_all_and_open_later)
{
	close_usb(&self->s);
	EXPECT_TRUE(reporter_holds(&self->device, 0, 1000));
	usleep(300000);
	EXPECT_EQ(0, reporter_requests(&self->device));
	ASSERT_EQ(0, reopen(&self->s));
	read_fresh(_metadata, &self->device, &self->d);
}

/* A program that has just read has nothing to be unlinked. */
TEST_F(ahead, close_without_a_urb)
{
	unsigned int i;

	for (i = 0; i < variant->urbs; i++)
		EXPECT_NE(MOST_URBS, reap(&self->d));
	usleep(DELAY_MS * 1000);
	EXPECT_LT(1, ahead(&self->s));
	close_usb(&self->s);
	EXPECT_EQ(0, ahead(&self->s));
	ASSERT_EQ(0, reopen(&self->s));
	read_fresh(_metadata, &self->device, &self->d);
}

/* No unlink tells of it; the device is not asked for ever. */
TEST_F(ahead, driver_stops_reading)
{
	unsigned int i;

	for (i = 0; i < variant->urbs; i++)
		EXPECT_NE(MOST_URBS, reap(&self->d));
	for (i = 0; i < 200 && ahead(&self->s); i++)
		usleep(10000);
	EXPECT_EQ(0, ahead(&self->s));
	usleep(DELAY_MS * 2000);
	read_fresh(_metadata, &self->device, &self->d);
}

/* Reports before the error, the error once, and the rest once the halt is cleared. */
TEST_F(ahead, stall)
{
	unsigned int endpoint = PEER_INT_IN, i;

	reporter_fail(&self->device, 100, -SUBURB_EPIPE);
	while ((i = reap(&self->d)) < MOST_URBS && !self->d.urbs[i].status) {
		ASSERT_EQ(self->d.next++, number_of(&self->d, i));
		ASSERT_EQ(0, submit(&self->d, i));
	}
	ASSERT_NE(MOST_URBS, i);
	EXPECT_EQ(-EPIPE, self->d.urbs[i].status);
	EXPECT_EQ(0, self->d.urbs[i].actual_length);
	EXPECT_EQ(reporter_next(&self->device), self->d.next);
	EXPECT_EQ(0, ahead(&self->s));
	ASSERT_EQ(0, ioctl(self->s.usb, USBDEVFS_CLEAR_HALT, &endpoint));
	EXPECT_TRUE(reporter_holds(&self->device, variant->urbs - 1, 2000));
	reporter_unhalt(&self->device);
	ASSERT_EQ(0, submit(&self->d, i));
	read_on(_metadata, &self->d, 200);
}

/* What comes although it was unlinked is read, in order, and it starts again. */
TEST_F(ahead, error)
{
	unsigned int i;

	reporter_fail(&self->device, 100, -SUBURB_EPROTO);
	while ((i = reap(&self->d)) < MOST_URBS && !self->d.urbs[i].status) {
		ASSERT_EQ(self->d.next++, number_of(&self->d, i));
		ASSERT_EQ(0, submit(&self->d, i));
	}
	ASSERT_NE(MOST_URBS, i);
	EXPECT_EQ(-EPROTO, self->d.urbs[i].status);
	ASSERT_EQ(0, submit(&self->d, i));
	read_on(_metadata, &self->d, 200);
	EXPECT_EQ(1, session_endpoint(&self->s, PEER_INT_IN).errors);
}

TEST_F(ahead, other_setting)
{
	EXPECT_LT(1, ahead(&self->s));
	while (usbfs_reap(self->s.usb, 0))
		;
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, PEER_ALT_NONE));
	EXPECT_EQ(0, ahead(&self->s));
	EXPECT_TRUE(reporter_holds(&self->device, 0, 2000));
	while (usbfs_reap(self->s.usb, 100))
		;
	ASSERT_EQ(0, usbfs_set_interface(self->s.usb, 0, 0));
	self->d.next = reporter_next(&self->device);
	ASSERT_EQ(0, submit(&self->d, 0));
	read_on(_metadata, &self->d, 100);
}

TEST_F(ahead, reset)
{
	ASSERT_EQ(0, usbfs_reset(self->s.usb));
	EXPECT_EQ(0, ahead(&self->s));
	EXPECT_TRUE(reporter_holds(&self->device, 0, 2000));
	close_usb(&self->s);
	EXPECT_EQ(0, session_status(&self->s));
	ASSERT_EQ(0, reopen(&self->s));
	self->d.next = reporter_next(&self->device);
	ASSERT_EQ(0, submit(&self->d, 0));
	read_on(_metadata, &self->d, 100);
}

TEST_F(ahead, detached)
{
	EXPECT_EQ(0, remote_detach(self->s.dev, self->s.a.port, self->s.a.id));
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

TEST_F(ahead, link_cut)
{
	peer_cut(&self->s.peer);
	EXPECT_EQ(0, remote_wait_state(self->s.dev, self->s.a.id, SUBURB_STATE_GONE, &self->s.st));
	EXPECT_EQ(0, self->s.st.pending);
}

/* --- lengths ------------------------------------------------------------------- */

/* What a controller makes of a device's packets. */
TEST_F(ahead, other_lengths)
{
	unsigned int i;

	silence(_metadata, &self->device, &self->d);

	/* Larger: up to a short packet, or until it is full. */
	self->d.length = 2 * FULL;
	for (i = 3; i < 5; i++)
		ASSERT_EQ(0, submit(&self->d, i));
	/* Smaller than a packet. */
	self->d.length = 4;
	ASSERT_EQ(0, submit(&self->d, 5));
	self->d.length = FULL;
	ASSERT_EQ(0, submit(&self->d, 6));
	for (i = 0; i < variant->urbs; i++) {
		discard(&self->d, i);
		ASSERT_EQ(i, reap(&self->d));
	}
	EXPECT_LT(1, ahead(&self->s));
	reporter_set_quiet(&self->device, false);

	for (i = 3; i < 5; i++) {
		ASSERT_EQ(i, reap(&self->d));
		EXPECT_EQ(0, self->d.urbs[i].status);
		EXPECT_EQ(variant->report == FULL ? 2 * FULL : SHORT, self->d.urbs[i].actual_length);
		EXPECT_EQ(self->d.next, reporter_number(self->d.data[i], variant->report));
		self->d.next += variant->report == FULL ? 2 : 1;
	}
	ASSERT_EQ(5, reap(&self->d));
	EXPECT_EQ(-EOVERFLOW, self->d.urbs[5].status);
	self->d.next++;
	ASSERT_EQ(6, reap(&self->d));
	EXPECT_EQ(self->d.next++, number_of(&self->d, 6));
	ASSERT_EQ(0, submit(&self->d, 0));
	read_on(_metadata, &self->d, 100);
}

/* --- without it ----------------------------------------------------------------- */

struct plain {
	struct session s;
	struct reporter device;
	struct reader d;
};

static void plain_start(struct __test_metadata *_metadata, struct plain *p, __u32 speed,
			unsigned int delay_ms, __u32 flags, __u32 window)
{
	const struct suburb_attach like = { .flags = flags, .window_requests = window };

	memset(p, 0, sizeof(*p));
	ASSERT_EQ(0, session_start_slow(&p->s, speed, delay_ms, &like));
	peer_queue_unlinks(&p->s.peer, true);
	ASSERT_EQ(0, reporter_start(&p->device, &p->s.peer, delay_ms, SHORT));
	p->d.s = &p->s;
	p->d.length = FULL;
}

static void plain_stop(struct __test_metadata *_metadata, struct plain *p)
{
	if (p->s.usb >= 0)
		close_usb(&p->s);
	remote_detach(p->s.dev, p->s.a.port, p->s.a.id);
	reporter_stop(&p->device);
	EXPECT_STREQ("", session_stop(&p->s));
	EXPECT_EQ(0, requests_living());
}

/* Each URB is one CMD_SUBMIT. */
static void expect_plain(struct __test_metadata *_metadata, struct plain *p)
{
	struct suburb_endpoint_status ep = session_endpoint(&p->s, PEER_INT_IN);
	int i;

	EXPECT_EQ(0, ep.read_ahead);
	for (i = 0; i < 100 && reporter_submits(&p->device) < ep.urbs; i++)
		usleep(10000);
	usleep(2 * DELAY_MS * 1000);
	EXPECT_EQ(ep.urbs, reporter_submits(&p->device));
}

TEST(off_by_flag)
{
	static struct plain p;

	plain_start(_metadata, &p, SUBURB_SPEED_HIGH, DELAY_MS, SUBURB_ATTACH_NO_READ_AHEAD, 0);
	ASSERT_EQ(0, submit(&p.d, 0));
	read_on(_metadata, &p.d, 50);
	expect_plain(_metadata, &p);
	plain_stop(_metadata, &p);
}

static long long quickest_request(struct session *s)
{
	long long quickest = 1000, start;
	__u8 status[2];
	int i;

	for (i = 0; i < 30; i++) {
		start = now_ms();
		usbfs_control(s->usb, 0x80, 0, 0, 0, status, 2, 5000);
		quickest = now_ms() - start < quickest ? now_ms() - start : quickest;
	}
	return quickest;
}

/* 8 ms between reports: the link is quicker, if the machine is. */
TEST(not_on_a_quick_link)
{
	static struct plain p;

	plain_start(_metadata, &p, SUBURB_SPEED_FULL, 0, 0, 0);
	if (quickest_request(&p.s) > 2) {
		plain_stop(_metadata, &p);
		SKIP(return, "this machine is too slow to be quick");
	}
	p.device.interval_us = 8000;
	ASSERT_EQ(0, submit(&p.d, 0));
	read_on(_metadata, &p.d, 100);
	expect_plain(_metadata, &p);
	plain_stop(_metadata, &p);
}

/* Enough URBs to cover the round trip: 4 of 8 ms each. */
TEST(not_for_many_urbs)
{
	static struct plain p;
	unsigned int i;

	plain_start(_metadata, &p, SUBURB_SPEED_FULL, 10, 0, 0);
	p.device.interval_us = 8000;
	for (i = 0; i < MOST_URBS; i++)
		ASSERT_EQ(0, submit(&p.d, i));
	read_on(_metadata, &p.d, 50);
	expect_plain(_metadata, &p);
	plain_stop(_metadata, &p);
}

/* The link is quick, and reports are rare: one URB is enough, whatever the interval. */
TEST(not_for_rare_reports)
{
	static struct plain p;

	plain_start(_metadata, &p, SUBURB_SPEED_HIGH, 0, 0, 0);
	p.device.interval_us = patient_ms(40) * 1000;
	ASSERT_EQ(0, submit(&p.d, 0));
	read_on(_metadata, &p.d, 30);
	expect_plain(_metadata, &p);
	plain_stop(_metadata, &p);
}

/* A driver that takes its time has the report of that time. */
TEST(not_for_a_slow_driver)
{
	static struct plain p;
	int i;

	plain_start(_metadata, &p, SUBURB_SPEED_HIGH, DELAY_MS, 0, 0);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, submit(&p.d, 0));
		ASSERT_EQ(0, reap(&p.d));
		EXPECT_EQ((__u32)i, number_of(&p.d, 0));
		usleep(20000);
	}
	expect_plain(_metadata, &p);
	plain_stop(_metadata, &p);
}

/* What the exporter does not take is no error of the device. */
TEST(refused_by_the_exporter)
{
	static struct plain p;

	plain_start(_metadata, &p, SUBURB_SPEED_HIGH, DELAY_MS, 0, 0);
	p.device.most = 3;
	ASSERT_EQ(0, submit(&p.d, 0));
	read_on(_metadata, &p.d, 100);
	EXPECT_EQ(0, ahead(&p.s));
	EXPECT_EQ(0, session_endpoint(&p.s, PEER_INT_IN).errors);
	plain_stop(_metadata, &p);
}

/* Half the window at most, and others get through. */
TEST(small_window)
{
	struct usbdevfs_urb bulk = {};
	static struct plain p;
	__u8 data[64];

	plain_start(_metadata, &p, SUBURB_SPEED_HIGH, DELAY_MS, 0, 8);
	ASSERT_EQ(0, submit(&p.d, 0));
	read_until_ahead(_metadata, &p.d);
	EXPECT_GE(4, ahead(&p.s));
	silence(_metadata, &p.device, &p.d);
	EXPECT_EQ(0, usbfs_submit(p.s.usb, &bulk, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, data, 64));
	EXPECT_EQ(&bulk, usbfs_reap(p.s.usb, 3000));
	EXPECT_EQ(0, bulk.status);
	plain_stop(_metadata, &p);
}

/* --- lies, and races by hand ------------------------------------------------------ */

/* A session that reads ahead, its device's requests left to the test. */
struct manual {
	struct plain p;
	__u32 requests[REPORTER_QUEUE];
	unsigned int count;
};

static void manual_start(struct __test_metadata *_metadata, struct manual *m)
{
	plain_start(_metadata, &m->p, SUBURB_SPEED_HIGH, DELAY_MS, 0, 0);
	ASSERT_EQ(0, submit(&m->p.d, 0));
	read_until_ahead(_metadata, &m->p.d);
	silence(_metadata, &m->p.device, &m->p.d);
	EXPECT_TRUE(reporter_holds(&m->p.device, ahead(&m->p.s), 3000));
	m->count = reporter_requests(&m->p.device);
	ASSERT_LE(4, m->count);
	memcpy(m->requests, m->p.device.requests, sizeof(m->requests));
	reporter_stop(&m->p.device);
}

static void manual_stop(struct __test_metadata *_metadata, struct manual *m)
{
	if (m->p.s.usb >= 0)
		close_usb(&m->p.s);
	EXPECT_STREQ("", session_stop(&m->p.s));
	EXPECT_EQ(0, requests_living());
}

static void answer(struct manual *m, unsigned int i, __u32 number)
{
	__u8 data[SHORT];

	memset(data, number & 0xff, sizeof(data));
	memcpy(data, &number, sizeof(number));
	peer_reply(&m->p.s.peer, m->requests[i], 0, data, sizeof(data));
}

static void expect_violation(struct __test_metadata *_metadata, struct manual *m)
{
	struct session *s = &m->p.s;

	EXPECT_EQ(0, remote_wait_state(s->dev, s->a.id, SUBURB_STATE_GONE, &s->st));
	EXPECT_EQ(SUBURB_REASON_PROTOCOL, s->st.reason);
	EXPECT_EQ(0, s->st.pending);
	manual_stop(_metadata, m);
}

TEST(lie_more_than_asked_for)
{
	static struct manual m;
	__u8 data[FULL + 1] = {};

	manual_start(_metadata, &m);
	peer_reply(&m.p.s.peer, m.requests[0], 0, data, sizeof(data));
	expect_violation(_metadata, &m);
}

TEST(lie_answered_twice)
{
	static struct manual m;

	manual_start(_metadata, &m);
	answer(&m, 0, 1);
	answer(&m, 1, 2);
	answer(&m, 0, 3);
	expect_violation(_metadata, &m);
}

TEST(lie_seqnum)
{
	static struct manual m;

	manual_start(_metadata, &m);
	m.requests[0] += 0x10000;
	answer(&m, 0, 1);
	expect_violation(_metadata, &m);
}

TEST(lie_submit_after_unlink)
{
	static struct manual m;
	struct peer_command c;

	manual_start(_metadata, &m);
	close_usb(&m.p.s);
	ASSERT_TRUE(session_next_unlink(&m.p.s, &c));
	EXPECT_EQ(m.requests[0], c.c.unlink.target);
	peer_reply_unlink(&m.p.s.peer, c.c.unlink.seqnum, -SUBURB_ECONNRESET);
	answer(&m, 0, 1);
	expect_violation(_metadata, &m);
}

/* The requests are unlinked in order; a few were done before, and one of each is told late. */
TEST(answers_race_with_unlinks)
{
	static struct manual m;
	struct peer_command c;
	__u32 late = 0;
	unsigned int i;

	manual_start(_metadata, &m);
	close_usb(&m.p.s);
	for (i = 0; i < m.count; i++) {
		ASSERT_TRUE(session_next_unlink(&m.p.s, &c));
		ASSERT_EQ(m.requests[i], c.c.unlink.target);
		if (i < 3)
			answer(&m, i, 1000 + i);
		if (i == 1)
			late = c.c.unlink.seqnum;
		else
			peer_reply_unlink(&m.p.s.peer, c.c.unlink.seqnum,
					  i < 3 ? 0 : -SUBURB_ECONNRESET);
	}
	/* The newest that came is there; then the URB itself goes out. */
	ASSERT_EQ(0, reopen(&m.p.s));
	ASSERT_EQ(0, submit(&m.p.d, 0));
	ASSERT_EQ(0, reap(&m.p.d));
	EXPECT_EQ(1002, number_of(&m.p.d, 0));
	ASSERT_EQ(0, submit(&m.p.d, 0));
	ASSERT_TRUE(session_next_submit(&m.p.s, &c));
	m.requests[0] = c.c.submit.seqnum;
	answer(&m, 0, 2000);
	ASSERT_EQ(0, reap(&m.p.d));
	EXPECT_EQ(2000, number_of(&m.p.d, 0));
	peer_reply_unlink(&m.p.s.peer, late, 0);
	usleep(50000);
	EXPECT_EQ(0, session_status(&m.p.s));
	EXPECT_EQ(SUBURB_STATE_ONLINE, m.p.s.st.state);
	peer_queue_unlinks(&m.p.s.peer, false);
	manual_stop(_metadata, &m);
}

/* A URB that is there while it stops waits for what may be its own, and is not stuck. */
TEST(urb_while_it_stops)
{
	static struct manual m;
	struct peer_command c[128];
	unsigned int i;

	manual_start(_metadata, &m);
	close_usb(&m.p.s);
	ASSERT_GE(128, m.count);
	for (i = 0; i < m.count; i++)
		ASSERT_TRUE(session_next_unlink(&m.p.s, &c[i]));
	ASSERT_EQ(0, reopen(&m.p.s));
	ASSERT_EQ(0, submit(&m.p.d, 0));
	EXPECT_FALSE(peer_next(&m.p.s.peer, &c[0], 100));
	answer(&m, 0, 3000);
	EXPECT_EQ(NULL, usbfs_reap(m.p.s.usb, 0));
	for (i = 0; i < m.count; i++)
		peer_reply_unlink(&m.p.s.peer, c[i].c.unlink.seqnum, i ? -SUBURB_ECONNRESET : 0);
	ASSERT_EQ(0, reap(&m.p.d));
	EXPECT_EQ(3000, number_of(&m.p.d, 0));
	ASSERT_EQ(0, submit(&m.p.d, 0));
	ASSERT_TRUE(session_next_submit(&m.p.s, &c[0]));
	peer_queue_unlinks(&m.p.s.peer, false);
	manual_stop(_metadata, &m);
}

/* Answered in another order than asked, they are read in that of the requests. */
TEST(answers_out_of_order)
{
	static struct manual m;

	manual_start(_metadata, &m);
	answer(&m, 1, 11);
	usleep(50000);
	EXPECT_EQ(NULL, usbfs_reap(m.p.s.usb, 0));
	answer(&m, 0, 10);
	ASSERT_EQ(0, reap(&m.p.d));
	EXPECT_EQ(10, number_of(&m.p.d, 0));
	ASSERT_EQ(0, submit(&m.p.d, 0));
	ASSERT_EQ(0, reap(&m.p.d));
	EXPECT_EQ(11, number_of(&m.p.d, 0));
	peer_queue_unlinks(&m.p.s.peer, false);
	manual_stop(_metadata, &m);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
