/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reporter: the interrupt IN endpoint of a peer's device, behind a link with a
 * long round trip. It has a report for every interval, numbered, and nothing to
 * say only while it is told so; a report is made when there is a request for it,
 * so a number that is missing was lost on its way. Unlinks meet the requests that
 * are at the device when they get there.
 */
#ifndef SUBURB_TEST_REPORTER_H
#define SUBURB_TEST_REPORTER_H

#include "session.h"

#define REPORTER_QUEUE 1024

struct reporter {
	struct peer *peer;
	pthread_t thread;
	unsigned int delay_ms; /* there and back together */
	unsigned int interval_us;

	/* Protected by lock: */
	pthread_mutex_t lock;
	bool ending;
	bool quiet; /* has nothing to say */
	bool halted;
	__u32 length; /* of a report */
	__u32 next; /* number of the next report */
	__u32 fail_at; /* in the place of this one, once: */
	__s32 fail_with;
	unsigned int most; /* requests that it takes at a time, 0: all */
	unsigned int submits, unlinks; /* that have arrived */

	/* The thread's alone, but for their number: */
	struct peer_command way[REPORTER_QUEUE];
	long long due[REPORTER_QUEUE];
	unsigned int way_head, way_tail;
	__u32 requests[REPORTER_QUEUE]; /* seqnums at the device */
	unsigned int count;
};

/* @length bytes each ms; 4 at least. */
int reporter_start(struct reporter *r, struct peer *p, unsigned int delay_ms, __u32 length);
void reporter_stop(struct reporter *r);

void reporter_set_quiet(struct reporter *r, bool quiet);
void reporter_fail(struct reporter *r, unsigned int after, __s32 status);
void reporter_unhalt(struct reporter *r);
__u32 reporter_next(struct reporter *r);
unsigned int reporter_submits(struct reporter *r);
unsigned int reporter_unlinks(struct reporter *r);
unsigned int reporter_requests(struct reporter *r);

/* Becomes its number of requests @count within @ms? */
bool reporter_holds(struct reporter *r, unsigned int count, int ms);

/* The number of a report; ~0 if its bytes are not all of one report. */
__u32 reporter_number(const void *data, __u32 length);

#endif
