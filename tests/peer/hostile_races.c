// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_races - an exporter that is not where it should be: it answers what
 * has not been asked yet while it is being asked, stops at any byte, says
 * nothing, never reads, floods, and goes while the kernel resets, unlinks,
 * detaches and is asked how it stands. Whatever it does, each URB comes back,
 * the device is gone within its bound, and the honest one beside answers.
 *
 *   hostile_races [-s high|super] [-n ROUNDS]
 *
 * Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/usb/ch11.h>

#include "lie.h"
#include "scene.h"

#define URBS 32
#define GONE_MS 10000
/* What is promised of a detach. */
#define DETACH_MS 2000

static __u32 speed = SUBURB_SPEED_HIGH;
static unsigned int rounds = 12;
static uint32_t seed = 1;
static unsigned int tests, failures, cases;
static char why[256];

static struct session s;
static struct usbdevfs_urb urbs[URBS];
static __u8 data[URBS][512];

static bool fails(const char *what, int value)
{
	snprintf(why, sizeof(why), "%s (%d)", what, value);
	return false;
}

/* --- URBs ----------------------------------------------------------------- */

static unsigned int submit_all(unsigned int count)
{
	unsigned int n;

	memset(urbs, 0, sizeof(urbs));
	for (n = 0; n < count; n++) {
		__u8 endpoint = n % 4 == 3 ? PEER_BULK_OUT : PEER_BULK_IN;

		if (usbfs_submit(s.usb, &urbs[n], USBDEVFS_URB_TYPE_BULK, endpoint, data[n], 512))
			break;
	}
	return n;
}

/* Each comes back, once. */
static bool all_back(unsigned int count)
{
	struct usbdevfs_urb *urb;
	unsigned int n = 0;

	while (n < count && (urb = scene_reap(s.usb, GONE_MS))) {
		if (urb < urbs || urb >= urbs + URBS || urb->usercontext)
			return fails("a URB came back twice", (int)(urb - urbs));
		urb->usercontext = urb;
		n++;
	}
	return n == count || fails("URBs that did not come back", (int)(count - n));
}

static bool is_gone(void)
{
	struct suburb_status st;

	if (remote_wait_state(s.dev, s.a.id, SUBURB_STATE_GONE, &st))
		return fails("it is not gone", st.state);
	return st.pending == 0 || fails("URBs pending of what is gone", (int)st.pending);
}

static bool detached(void)
{
	long long start = now_ms();
	int ret = remote_detach(s.dev, s.a.port, s.a.id);
	long long took = now_ms() - start;

	if (ret && ret != -ENODEV)
		return fails("detach", ret);
	return took <= DETACH_MS || fails("milliseconds for a detach", (int)took);
}

static bool start(void)
{
	int ret = session_start(&s, speed);

	return ret == 0 || fails("cannot attach", ret);
}

static void stop(void)
{
	peer_cut(&s.peer);
	session_stop(&s);
}

/* --- what the peer does ---------------------------------------------------- */

static __u32 last_seqnum(void)
{
	return s.peer.nseen ? s.peer.seen[s.peer.nseen - 1] : 0;
}

struct guess {
	pthread_t thread;
	__u32 next;
	bool unlinks;
};

/* Answers numbers from here on, as fast as it can, until the link ends. */
static void *answer_guesses(void *arg)
{
	struct guess *guess = arg;
	__u32 n = guess->next;

	for (unsigned int i = 0; i < 2000; i++, n++)
		if (guess->unlinks ? peer_reply_unlink(&s.peer, n, -SUBURB_ECONNRESET) :
				     peer_reply(&s.peer, n, 0, data[0], 512))
			break;
	return NULL;
}

/* Guessed numbers are answered while the very requests are being sent. */
static bool guessed(bool unlinks, unsigned int delay_us)
{
	struct guess guess = { .unlinks = unlinks };
	unsigned int n;

	guess.next = last_seqnum() + 1;
	pthread_create(&guess.thread, NULL, answer_guesses, &guess);
	usleep(delay_us);
	n = submit_all(URBS);
	pthread_join(guess.thread, NULL);
	/* All of the guesses may have been right, and in time: that is no lie. */
	return detached() && all_back(n) && is_gone();
}

static bool guessed_answers(unsigned int round)
{
	return guessed(false, round * 37);
}

static bool guessed_unlinks(unsigned int round)
{
	return guessed(true, round * 37);
}

/* Right numbers, and the URBs are unlinked while they are answered. */
static bool answers_race_unlinks(unsigned int round)
{
	struct guess guess = { .next = last_seqnum() + 1 };
	struct usbfs_discard discards[URBS];
	unsigned int n = submit_all(URBS);

	usleep(round * 53);
	pthread_create(&guess.thread, NULL, answer_guesses, &guess);
	for (unsigned int i = 0; i < n; i++)
		usbfs_discard_start(&discards[i], s.usb, &urbs[i]);
	pthread_join(guess.thread, NULL);
	peer_cut(&s.peer);
	for (unsigned int i = 0; i < n; i++)
		if (!usbfs_discard_done(&discards[i], GONE_MS))
			return fails("a discard hangs", (int)i);
	return all_back(n) && is_gone();
}

/* Unlinks are sent and never answered; then the link is cut, or detached. */
static bool cut_with_unlinks_queued(unsigned int round)
{
	struct usbfs_discard discards[URBS];
	unsigned int n = submit_all(URBS);
	bool good;

	usleep(1000);
	peer_set_mute(&s.peer, true);
	for (unsigned int i = 0; i < n; i++)
		usbfs_discard_start(&discards[i], s.usb, &urbs[i]);
	usleep(round * 1000);
	if (round % 2)
		peer_cut(&s.peer);
	good = round % 2 ? true : detached();
	for (unsigned int i = 0; i < n; i++)
		if (!usbfs_discard_done(&discards[i], GONE_MS))
			return fails("a discard hangs", (int)i);
	return good && all_back(n) && is_gone();
}

/* The answer stops at some byte, with everything open; a detach ends it. */
static bool stops_at_a_byte(unsigned int round)
{
	struct suburb_ret_submit ret = { .actual_length = 512 };
	__u8 message[48 + 512] = {};
	unsigned int n = submit_all(4);
	struct peer_command c;

	if (!session_next_submit(&s, &c))
		return fails("not asked", 0);
	ret.seqnum = c.c.submit.seqnum;
	suburb_put_ret_submit((void *)message, &ret);
	peer_set_mute(&s.peer, true);
	peer_send(&s.peer, message, (round * 47 + 1) % sizeof(message));
	usleep(20000);
	if (round % 3 == 0)
		peer_cut(&s.peer);
	return detached() && all_back(n) && is_gone();
}

/* What was unlinked, and said to be, is answered after all. */
static bool answers_what_is_unlinked(unsigned int round)
{
	struct usbfs_discard discard;
	unsigned int n = submit_all(1);
	struct peer_command c;

	if (!session_next_submit(&s, &c))
		return fails("not asked", 0);
	usbfs_discard_start(&discard, s.usb, &urbs[0]);
	if (!usbfs_discard_done(&discard, GONE_MS))
		return fails("a discard hangs", 0);
	peer_reply(&s.peer, c.c.submit.seqnum, round % 2 ? -SUBURB_ECONNRESET : 0, data[0],
		   round % 3 * 256);
	return is_gone() && all_back(n);
}

/* Nothing is read: the socket fills, and what was not sent comes back all the same. */
static bool never_reads(unsigned int round)
{
	unsigned int n;

	peer_hold(&s.peer, true);
	n = submit_all(URBS);
	usleep(10000);
	if (round % 2)
		shutdown(s.peer.fd, SHUT_RDWR);
	if (!detached())
		return false;
	peer_hold(&s.peer, false);
	return all_back(n) && is_gone();
}

/* Answers to nothing, by the thousand, in one go. */
static bool flood(unsigned int round)
{
	static struct suburb_wire_header headers[4096];
	struct suburb_ret_submit ret = {};
	unsigned int n = submit_all(8);

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ret.seqnum = round % 2 ? lies_random(&seed) : 0;
		suburb_put_ret_submit(&headers[i], &ret);
	}
	peer_send(&s.peer, headers, sizeof(headers));
	return is_gone() && all_back(n);
}

static void *reset_over_and_over(void *arg)
{
	for (int i = 0; i < 3; i++)
		if (usbfs_reset(s.usb) == -ENODEV)
			break;
	return arg;
}

/* The device is enumerated anew when its link goes. */
static bool cut_while_reset(unsigned int round)
{
	pthread_t thread;

	pthread_create(&thread, NULL, reset_over_and_over, NULL);
	usleep(round * 23000);
	if (round % 2)
		peer_cut(&s.peer);
	else
		peer_reply(&s.peer, 0xdeadbeef, 0, NULL, 0);
	if (!join_within(thread, 20000))
		return fails("a reset hangs", 0);
	return is_gone();
}

static bool stop_asking;

static void *ask_all_the_time(void *arg)
{
	int dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	struct suburb_list list;
	struct suburb_status st;

	while (!__atomic_load_n(&stop_asking, __ATOMIC_RELAXED)) {
		remote_generation(dev, &list);
		remote_status(dev, s.a.id, &st);
	}
	close(dev);
	return arg;
}

/* How it stands is asked while it goes in three ways at once. */
static bool asked_while_it_goes(unsigned int round)
{
	pthread_t thread;
	unsigned int n;
	bool good;

	stop_asking = false;
	pthread_create(&thread, NULL, ask_all_the_time, NULL);
	n = submit_all(URBS);
	usleep(round * 500);
	peer_reply(&s.peer, 0xdeadbeef, 0, NULL, 0);
	peer_cut(&s.peer);
	good = detached() && all_back(n) && is_gone();
	__atomic_store_n(&stop_asking, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return good;
}

/* --- the root hub ---------------------------------------------------------- */

/* Every class request of a hub, with every value that could be taken for a shift. */
static bool root_hub_requests(unsigned int round)
{
	static const __u8 types[] = { 0x20, 0xa0, 0x23, 0xa3 };
	int hub = usbfs_open(s.st.busnum, 1);
	__u8 buf[64];

	if (hub < 0)
		return fails("cannot open the root hub", hub);
	for (unsigned int i = 0; i < 4 * 14 * 40; i++) {
		__u16 value = i % 40 < 36 ? i % 40 : 1u << (i % 40 - 24);
		__u16 index = i % 3 == 0 ? lies_random(&seed) : i % 3 == 1 ? 15 : 0;
		__u8 request = i / 40 % 14;

		/* Ports of others stay as they are: the last one is for this. */
		if (request != USB_REQ_GET_STATUS && (index & 0xff) > 0 && (index & 0xff) < 15)
			continue;
		usbfs_control(hub, types[i / 560], request, value, index, buf, i % 5 * 4, 1000);
	}
	/* Who is attached there next finds no port without power. */
	usbfs_control(hub, USB_RT_PORT, USB_REQ_SET_FEATURE, USB_PORT_FEAT_POWER, 15, NULL, 0, 1000);
	close(hub);
	return true;
}

/* --- before anything was asked ------------------------------------------------ */

static void say_first(struct peer *peer, unsigned int round)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: a.host.of.some.considerable.length\r\n\r\n";
	static const __u8 noise[4096];

	switch (round % 5) {
	case 0:
		peer_reply(peer, 1, 0, data[0], 18);
		break;
	case 1:
		peer_reply_unlink(peer, 1, -SUBURB_ECONNRESET);
		break;
	case 2:
		peer_send(peer, noise, sizeof(noise));
		break;
	case 3:
		peer_send(peer, http, sizeof(http) - 1);
		break;
	case 4:
		peer_reply(peer, 0xffffffff, -1, NULL, 0xffffffff);
		break;
	}
}

/* It speaks before the socket is the kernel's, or just behind. */
static bool speaks_first(unsigned int round)
{
	struct suburb_status st = {};
	struct suburb_attach a;
	struct peer peer;
	int ret, dev;

	if (peer_start(&peer, speed))
		return fails("no peer", 0);
	dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	peer_set_mute(&peer, true);
	if (round % 2)
		say_first(&peer, round);
	remote_attach_init(&a, peer.far, speed, PEER_DEVID);
	ret = remote_call(dev, SUBURB_IOC_ATTACH, &a);
	if (round % 2 == 0)
		say_first(&peer, round);
	if (!ret)
		ret = remote_wait_state(dev, a.id, SUBURB_STATE_GONE, &st);
	peer_stop(&peer);
	close(dev);
	if (ret)
		return fails("it is not gone", ret);
	return st.reason == SUBURB_REASON_PROTOCOL || fails("the reason is", (int)st.reason);
}

/* --- the frame ------------------------------------------------------------ */

static bool one(bool (*act)(unsigned int round), unsigned int round)
{
	bool attached = act != speaks_first;
	bool good;
	int ret;

	cases++;
	if (attached && !start())
		return false;
	good = act(round);
	if (attached)
		stop();
	ret = neighbour_ask();
	if (ret)
		good = fails("the honest device does not answer", ret);
	return good;
}

static void play(const char *name, bool (*act)(unsigned int round))
{
	unsigned int round;

	for (round = 0; round < rounds; round++)
		if (!one(act, round))
			break;
	printf("%sok %u - hostile races, %s speed: %s\n", round < rounds ? "not " : "", ++tests,
	       speed == SUBURB_SPEED_SUPER ? "super" : "high", name);
	if (round < rounds)
		printf("# round %u: %s\n", round, why);
	fflush(stdout);
	failures += round < rounds;
}

int main(int argc, char **argv)
{
	const char *complaint;
	int option;

	while ((option = getopt(argc, argv, "s:n:")) >= 0) {
		if (option == 's')
			speed = strcmp(optarg, "super") ? SUBURB_SPEED_HIGH : SUBURB_SPEED_SUPER;
		else if (option == 'n')
			rounds = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	remote_require();
	printf("TAP version 13\n");
	if (neighbour_start(speed)) {
		printf("Bail out! cannot attach the honest device\n");
		return 1;
	}
	play("speaks before it is asked", speaks_first);
	play("answers to guessed numbers", guessed_answers);
	play("unlinks of guessed numbers", guessed_unlinks);
	play("answers that race with unlinks", answers_race_unlinks);
	play("cut with unlinks queued", cut_with_unlinks_queued);
	play("stops at a byte", stops_at_a_byte);
	play("answers what is unlinked", answers_what_is_unlinked);
	play("never reads", never_reads);
	play("floods", flood);
	play("goes during a reset", cut_while_reset);
	play("status is asked while it goes", asked_while_it_goes);
	play("every request of a root hub", root_hub_requests);
	complaint = neighbour_stop();
	if (*complaint)
		printf("# the honest device complains: %s\n", complaint);
	printf("# hostile races: %u cases, %u failed\n1..%u\n", cases, failures, tests);
	return failures || *complaint;
}
