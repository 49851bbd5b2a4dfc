// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deadlines on the monotonic clock. See deadline.h.
 */
#include <errno.h>
#include <limits.h>

#include "deadline.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec timespec_ms(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
}

struct deadline deadline_in(int ms)
{
	return (struct deadline){ .at_ms = now_ms() + ms };
}

struct deadline deadline_sooner(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

struct deadline deadline_later(struct deadline a, struct deadline b)
{
	return a.at_ms > b.at_ms ? a : b;
}

int deadline_left(struct deadline deadline)
{
	int64_t left = deadline.at_ms - now_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

struct timespec deadline_timespec(struct deadline deadline)
{
	return timespec_ms(deadline.at_ms);
}

int deadline_poll(struct pollfd *fds, nfds_t count, struct deadline deadline, const sigset_t *mask)
{
	struct timespec left;
	int ret;

	do {
		left = timespec_ms(deadline_left(deadline));
		ret = ppoll(fds, count, &left, mask);
	} while (ret < 0 && errno == EINTR && !mask);
	return ret < 0 ? -errno : ret;
}

void deadline_pause(struct deadline deadline, int ms)
{
	deadline_poll(NULL, 0, deadline_sooner(deadline, deadline_in(ms)), NULL);
}
