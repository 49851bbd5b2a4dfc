// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Following a device through a re-enumeration. See follow.h.
 *
 *   CLOSING ──► WAITING ──► OPENING ──► done
 *      ▲           │           │
 *      │           └── time ───┼─────► done, without a device
 *      └──── left meanwhile ───┘
 *
 * The timer does two things: it brings back to the loop what happened within a
 * call, and it ends the waiting.
 */
#include <stdlib.h>

#include "follow.h"

enum follow_state { FOLLOW_CLOSING, FOLLOW_WAITING, FOLLOW_OPENING };

/**
 * struct follow - see above
 * @old: CLOSING: the one being closed
 * @device: the one that came, NULL if none did
 * @left: OPENING: it has left again
 * @stopped: no more waiting
 */
struct follow {
	uv_timer_t timer;
	uint64_t deadline_ms;
	enum follow_state state;
	struct backend_device *old;
	struct backend_device *device;
	bool left;
	bool stopped;
	struct backend_change change;
	follow_done done;
	void *owner;
};

static void on_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static void finish(struct follow *follow, int status)
{
	uv_close((uv_handle_t *)&follow->timer, on_freed);
	follow->done(follow->owner, follow->device, status);
}

static void on_timer(uv_timer_t *timer);

static void soon(struct follow *follow)
{
	uv_timer_start(&follow->timer, on_timer, 0, 0);
}

static void close_device(struct follow *follow);
static void on_closed(struct backend_change *change);

static void on_opened(struct backend_change *change)
{
	struct follow *follow = change->owner;

	if (follow->left) {
		follow->old = follow->device;
		follow->device = NULL;
		if (change->status == 0)
			close_device(follow);
		else
			on_closed(change);
		return;
	}
	finish(follow, change->status == 0 ? 0 : -SUBURB_ENODEV);
}

static void open_device(struct follow *follow)
{
	const struct backend_ops *ops = follow->device->backend->ops;
	struct backend_change *change = &follow->change;

	*change = (struct backend_change){
		.kind = BACKEND_OPEN,
		.done = on_opened,
		.owner = follow,
	};
	follow->state = FOLLOW_OPENING;
	follow->left = false;
	if (ops->open)
		change->status = ops->open(follow->device);
	else
		change->status = ops->change(follow->device, change);
	if (ops->open || change->status < 0)
		on_opened(change);
}

static void on_closed(struct backend_change *change)
{
	struct follow *follow = change->owner;

	follow->state = FOLLOW_WAITING;
	follow->old = NULL;
	soon(follow);
}

static void close_device(struct follow *follow)
{
	const struct backend_ops *ops = follow->old->backend->ops;
	struct backend_change *change = &follow->change;

	*change = (struct backend_change){
		.kind = BACKEND_CLOSE,
		.done = on_closed,
		.owner = follow,
	};
	follow->state = FOLLOW_CLOSING;
	if (!ops->close && ops->change(follow->old, change) == 0)
		return;
	if (ops->close)
		ops->close(follow->old);
	on_closed(change);
}

static void on_timer(uv_timer_t *timer)
{
	struct follow *follow = timer->data;
	uint64_t now = uv_now(timer->loop);

	if (follow->state != FOLLOW_WAITING)
		return;
	if (follow->stopped || now >= follow->deadline_ms)
		finish(follow, -SUBURB_ENODEV);
	else if (follow->device)
		open_device(follow);
	else
		uv_timer_start(timer, on_timer, follow->deadline_ms - now, 0);
}

struct follow *follow_new(uv_loop_t *loop, unsigned int limit_ms, struct backend_device *old,
			  follow_done done, void *owner)
{
	struct follow *follow = calloc(1, sizeof(*follow));

	if (!follow)
		return NULL;
	follow->old = old;
	follow->done = done;
	follow->owner = owner;
	follow->timer.data = follow;
	uv_timer_init(loop, &follow->timer);
	follow->deadline_ms = uv_now(loop) + limit_ms;
	close_device(follow);
	return follow;
}

void follow_arrived(struct follow *follow, struct backend_device *device)
{
	follow->device = device;
	soon(follow);
}

void follow_left(struct follow *follow, struct backend_device *device)
{
	if (device != follow->device)
		return;
	if (follow->state == FOLLOW_OPENING)
		follow->left = true;
	else
		follow->device = NULL;
}

void follow_stop(struct follow *follow)
{
	follow->stopped = true;
	soon(follow);
}
