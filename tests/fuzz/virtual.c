// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time and threads as libuv sees them. See virtual.h.
 *
 * libuv asks for the time with clock_gettime() and waits in epoll: both are
 * found here first.
 */
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "virtual.h"

#define BEGINNING_NS 1000000000ULL
#define MOST_TURNS 1000000

static uint64_t now_ns = BEGINNING_NS;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, time);
	time->tv_sec = (time_t)(now_ns / 1000000000);
	time->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}

/* No descriptor on the loop is ever ready. */
int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	if (timeout_ms > 0)
		now_ns += (uint64_t)timeout_ms * 1000000;
	return 0;
}

int epoll_pwait(int epoll, struct epoll_event *events, int most, int timeout_ms,
		const sigset_t *mask)
{
	return epoll_wait(epoll, events, most, timeout_ms);
}

/* --- the pool ------------------------------------------------------------- */

struct job {
	uv_timer_t timer;
	uv_work_t *work;
	uv_after_work_cb after;
};

static void on_job_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_job(uv_timer_t *timer)
{
	struct job *job = timer->data;

	uv_close((uv_handle_t *)timer, on_job_closed);
	job->after(job->work, 0);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb begin, uv_after_work_cb after)
{
	struct job *job = malloc(sizeof(*job));

	fuzz_assert(job);
	job->work = work;
	job->after = after;
	uv_timer_init(loop, &job->timer);
	job->timer.data = job;
	begin(work);
	uv_timer_start(&job->timer, on_job, 1, 0);
	return 0;
}

/* --- the loop ------------------------------------------------------------- */

static uv_loop_t loop;

uv_loop_t *virtual_loop(void)
{
	static bool begun;

	if (!begun)
		fuzz_assert(uv_loop_init(&loop) == 0);
	begun = true;
	now_ns = BEGINNING_NS;
	uv_update_time(&loop);
	return &loop;
}

void virtual_turns(unsigned int turns)
{
	while (turns && uv_run(&loop, UV_RUN_ONCE))
		turns--;
}

void virtual_end(void)
{
	unsigned int turns;

	for (turns = 0; uv_run(&loop, UV_RUN_ONCE); turns++)
		fuzz_assert(turns < MOST_TURNS);
}
