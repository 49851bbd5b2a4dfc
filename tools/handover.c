// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between SUBURB_IOC_ATTACH and the state ONLINE the device is half attached.
 * If it does not get there, for lack of time or because the user gave up, it
 * is detached again: by its id, so that another one is never hit.
 *
 * Signals are blocked for just that time and let through only while waiting,
 * so none is lost between a look and a wait. Before, nothing is to be undone
 * and they kill as usual.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cookie.h"
#include "handover.h"
#include "text.h"

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };
#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))

static volatile sig_atomic_t caught;

int handover_signal(void)
{
	return caught;
}

static void on_signal(int signal)
{
	caught = signal;
}

/* How long a device may take that goes on answering; how long it may be silent then. */
#define SLOW_MS 60000
#define SILENCE_MS 5000
#define LOOK_MS 1000

/* Bytes that have come from it, and until when it is waited for. */
struct progress {
	uint64_t received;
	struct deadline deadline;
	struct deadline latest;
};

/* What was in force before. */
struct guard {
	sigset_t mask;
	struct sigaction actions[STOP_SIGNALS];
};

static void guard_enter(struct guard *guard)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigemptyset(&blocked);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigaddset(&blocked, stop_signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, &guard->mask);
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		sigaction(stop_signals[i], NULL, &guard->actions[i]);
		if (guard->actions[i].sa_handler != SIG_IGN) /* nohup(1) */
			sigaction(stop_signals[i], &action, NULL);
	}
}

/* A signal that came after the last wait is caught here, and ends the run. */
static void guard_leave(const struct guard *guard)
{
	sigprocmask(SIG_SETMASK, &guard->mask, NULL);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigaction(stop_signals[i], &guard->actions[i], NULL);
}

/* "HOST:PORT BUSID", harmless; a long host name is cut, the bus id is not. */
static void make_label(char *label, const struct host *host, const char *busid)
{
	char right[SUBURB_LABEL_SIZE];
	size_t length = text_escape(right, sizeof(right) - 2, busid);
	size_t used = text_escape(label, SUBURB_LABEL_SIZE - length - 1, host->text);

	label[used] = ' ';
	memcpy(label + used + 1, right, length + 1);
}

static int attach(int kernel, int sockfd, const struct dial *dial,
		  const struct suburb_device *device, uint32_t flags, uint64_t features,
		  struct suburb_attach *attach, struct failure *failure)
{
	*attach = (struct suburb_attach){
		.flags = flags,
		.sockfd = sockfd,
		.devid = suburb_devid(device->busnum, device->devnum),
		.speed = device->speed,
		.features = features,
		.unlink_ms = dial->timeout_s * 1000,
	};
	make_label(attach->label, &dial->host, device->busid);
	attach->cookie_size =
		(uint32_t)cookie_put(attach->cookie, sizeof(attach->cookie), &dial->host,
				     device->busid);
	return kernel_attach(kernel, attach, failure);
}

/* 1: online; 0: not yet; negative errno: it will not be. */
static int look(int kernel, uint64_t id, struct suburb_status *status, struct failure *failure)
{
	int ret = kernel_settle(kernel, failure);

	if (ret)
		return ret;
	*status = (struct suburb_status){ .id = id };
	ret = kernel_status(kernel, status, NULL, failure);
	if (ret)
		return ret;
	switch (status->state) {
	case SUBURB_STATE_ONLINE:
		return 1;
	case SUBURB_STATE_DETACHING:
	case SUBURB_STATE_GONE: {
		char reason[256];

		kernel_reason_text(reason, sizeof(reason), status);
		return failure_set(failure, -ECONNABORTED, "lost while it was being attached: %s",
				   reason);
	}
	default:
		return 0;
	}
}

/* A device whose answers come is waited for, within reason: its link may be slow. */
static void prolong(struct progress *progress, const struct suburb_status *status)
{
	if (status->wire_received == progress->received)
		return;
	progress->received = status->wire_received;
	progress->deadline =
		deadline_later(progress->deadline,
			       deadline_sooner(deadline_in(SILENCE_MS), progress->latest));
}

static int wait_online(int kernel, uint64_t id, struct deadline deadline, const sigset_t *mask,
		       struct suburb_status *status, struct failure *failure)
{
	struct progress progress = { .deadline = deadline, .latest = deadline_in(SLOW_MS) };

	for (;;) {
		int ret = look(kernel, id, status, failure);

		if (ret)
			return ret < 0 ? ret : 0;
		prolong(&progress, status);
		ret = kernel_wait(kernel, deadline_sooner(progress.deadline, deadline_in(LOOK_MS)),
				  mask);
		if (caught)
			return failure_set(failure, -EINTR, "interrupted");
		if (ret == 0 && !deadline_left(progress.deadline))
			return failure_set(
				failure, -ETIMEDOUT,
				"the kernel did not get it ready in time: see the kernel log");
		if (ret < 0)
			return failure_set(failure, ret, "poll: %s", strerror(-ret));
	}
}

/* Says which device it is about, since several may be attached in one run. */
static int name_device(struct failure *failure, int ret, const struct host *host, const char *busid)
{
	struct failure inner = *failure;

	return failure_set(failure, ret, "%s on %s: %.600s", busid, host->text, inner.text);
}

int handover(int kernel, int sockfd, const struct dial *dial, const struct suburb_device *device,
	     uint32_t flags, uint64_t features, struct deadline deadline,
	     struct suburb_status *status, struct failure *failure)
{
	struct suburb_attach request;
	struct failure ignored;
	struct guard guard;
	int ret;

	guard_enter(&guard);
	ret = attach(kernel, sockfd, dial, device, flags, features, &request, failure);
	close(sockfd); /* the kernel has its own reference by now */
	if (!ret) {
		ret = wait_online(kernel, request.id, deadline, &guard.mask, status, failure);
		if (ret)
			kernel_detach(kernel, request.port, request.id, &ignored);
	}
	guard_leave(&guard);
	return ret ? name_device(failure, ret, &dial->host, device->busid) : 0;
}
