// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "patience.h"
#include "reporter.h"

#define LONGEST 256

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* --- at the device ---------------------------------------------------------- */

static void take_out(struct reporter *r, unsigned int i)
{
	r->count--;
	memmove(&r->requests[i], &r->requests[i + 1], (r->count - i) * sizeof(r->requests[0]));
}

static void submitted(struct reporter *r, const struct suburb_submit *s)
{
	r->submits++;
	if (s->ep != (PEER_INT_IN & 0x0f))
		peer_reply(r->peer, s->seqnum, 0, NULL, 0);
	else if (r->most && r->count == r->most)
		peer_reply(r->peer, s->seqnum, -SUBURB_ENOMEM, NULL, 0);
	else if (r->count < REPORTER_QUEUE)
		r->requests[r->count++] = s->seqnum;
}

static void unlinked(struct reporter *r, const struct suburb_unlink *u)
{
	unsigned int i;

	r->unlinks++;
	for (i = 0; i < r->count; i++)
		if (r->requests[i] == u->target)
			break;
	if (i == r->count) {
		peer_reply_unlink(r->peer, u->seqnum, 0);
		return;
	}
	take_out(r, i);
	peer_reply_unlink(r->peer, u->seqnum, -SUBURB_ECONNRESET);
}

static void report(struct reporter *r)
{
	__u32 seqnum = r->requests[0], number = r->next;
	__u8 data[LONGEST];

	take_out(r, 0);
	if (r->fail_with && r->fail_at == number) {
		r->halted = r->fail_with == -SUBURB_EPIPE;
		peer_reply(r->peer, seqnum, r->fail_with, NULL, 0);
		r->fail_with = 0;
		return;
	}
	memset(data, number & 0xff, sizeof(data));
	memcpy(data, &number, sizeof(number));
	r->next++;
	peer_reply(r->peer, seqnum, 0, data, r->length);
}

/* --- the thread ------------------------------------------------------------- */

static void arrive(struct reporter *r)
{
	struct peer_command *c;

	while (r->way_head != r->way_tail && r->due[r->way_head % REPORTER_QUEUE] <= now_us()) {
		c = &r->way[r->way_head++ % REPORTER_QUEUE];
		if (c->c.command == SUBURB_CMD_SUBMIT)
			submitted(r, &c->c.submit);
		else
			unlinked(r, &c->c.unlink);
	}
}

/* Its slots go on while nobody asks; what it could not tell is not made up for. */
static void report_due(struct reporter *r, long long *slot)
{
	for (; *slot <= now_us(); *slot += r->interval_us) {
		if (r->quiet || r->halted || !r->count) {
			if (now_us() - *slot > r->interval_us)
				*slot = now_us();
			break;
		}
		report(r);
	}
}

static void *serve(void *arg)
{
	struct reporter *r = arg;
	long long slot = now_us();
	struct peer_command c;
	bool ending = false;

	while (!ending) {
		while (r->way_tail - r->way_head < REPORTER_QUEUE && peer_next(r->peer, &c, 0)) {
			r->due[r->way_tail % REPORTER_QUEUE] = now_us() + r->delay_ms * 1000;
			r->way[r->way_tail++ % REPORTER_QUEUE] = c;
		}
		pthread_mutex_lock(&r->lock);
		arrive(r);
		report_due(r, &slot);
		ending = r->ending;
		pthread_mutex_unlock(&r->lock);
		usleep(200);
	}
	return NULL;
}

int reporter_start(struct reporter *r, struct peer *p, unsigned int delay_ms, __u32 length)
{
	memset(r, 0, sizeof(*r));
	r->peer = p;
	r->delay_ms = delay_ms;
	r->interval_us = 1000;
	r->length = length;
	pthread_mutex_init(&r->lock, NULL);
	return -pthread_create(&r->thread, NULL, serve, r);
}

void reporter_stop(struct reporter *r)
{
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
}

/* --- for the test ------------------------------------------------------------ */

void reporter_set_quiet(struct reporter *r, bool quiet)
{
	pthread_mutex_lock(&r->lock);
	r->quiet = quiet;
	pthread_mutex_unlock(&r->lock);
}

void reporter_fail(struct reporter *r, unsigned int after, __s32 status)
{
	pthread_mutex_lock(&r->lock);
	r->fail_at = r->next + after;
	r->fail_with = status;
	pthread_mutex_unlock(&r->lock);
}

void reporter_unhalt(struct reporter *r)
{
	pthread_mutex_lock(&r->lock);
	r->halted = false;
	pthread_mutex_unlock(&r->lock);
}

__u32 reporter_next(struct reporter *r)
{
	__u32 next;

	pthread_mutex_lock(&r->lock);
	next = r->next;
	pthread_mutex_unlock(&r->lock);
	return next;
}

static unsigned int read_count(struct reporter *r, const unsigned int *count)
{
	unsigned int value;

	pthread_mutex_lock(&r->lock);
	value = *count;
	pthread_mutex_unlock(&r->lock);
	return value;
}

unsigned int reporter_submits(struct reporter *r)
{
	return read_count(r, &r->submits);
}

unsigned int reporter_unlinks(struct reporter *r)
{
	return read_count(r, &r->unlinks);
}

unsigned int reporter_requests(struct reporter *r)
{
	return read_count(r, &r->count);
}

bool reporter_holds(struct reporter *r, unsigned int count, int ms)
{
	long long end = now_ms() + patient_ms(ms);

	while (reporter_requests(r) != count) {
		if (now_ms() > end)
			return false;
		usleep(2000);
	}
	return true;
}

__u32 reporter_number(const void *data, __u32 length)
{
	const __u8 *bytes = data;
	__u32 number, i;

	memcpy(&number, data, sizeof(number));
	for (i = sizeof(number); i < length; i++)
		if (bytes[i] != (number & 0xff))
			return ~0U;
	return number;
}
