/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds on waiting. Every wait that a peer can cause ends at a deadline
 * (QUIRKS 35), and a deadline covers a whole conversation, not one read:
 * a peer that sends a byte now and then gains nothing.
 */
#ifndef TOOLS_DEADLINE_H
#define TOOLS_DEADLINE_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	int64_t at_ms; /* CLOCK_MONOTONIC */
};

struct deadline deadline_in(int ms);

/* The one that comes first, the one that comes last. */
struct deadline deadline_sooner(struct deadline a, struct deadline b);
struct deadline deadline_later(struct deadline a, struct deadline b);

/* Milliseconds left; 0 if it has passed. */
int deadline_left(struct deadline deadline);

/* For calls that take a moment of CLOCK_MONOTONIC. */
struct timespec deadline_timespec(struct deadline deadline);

/*
 * poll() until then. Returns how many descriptors are ready, 0 when the
 * deadline has passed, or a negative errno. With @mask, which is in force only
 * while it waits, a signal ends it with -EINTR; without, it goes on.
 */
int deadline_poll(struct pollfd *fds, nfds_t count, struct deadline deadline, const sigset_t *mask);

/* Sleeps @ms, or until @deadline if that is sooner. */
void deadline_pause(struct deadline deadline, int ms);

#endif
