// SPDX-License-Identifier: GPL-2.0-only
/*
 * Patience: how long an exporter may take to answer an unlink. Who unlinks a URB
 * mostly waits for it, in close() or with a lock held, and cannot be killed
 * meanwhile. TCP notices that a link is dead; that a peer lives, and says
 * nothing, has to be noticed here.
 *
 * The answer may be slow for an honest reason: what was on its way before it has
 * to pass the link first. So the wait goes on while bytes arrive, but not for
 * ever. Bytes that we send count until the unlink itself is sent.
 *
 * A URB whose result is in is not waited for, nor is its RET_UNLINK (QUIRKS 29).
 */
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "request_private.h"

/* How often is looked meanwhile; how many times the patience it may last at most. */
#define STEPS 8
#define MOST_TIMES 8

/* True unless somebody will look anyway. */
static bool look_again(struct suburb_queue *queue)
{
	return queue_delayed_work(system_unbound_wq, &queue->patience_work,
				  max(queue->patience / STEPS, 1UL));
}

/* An unlink begins to wait; queue.lock is held. */
void suburb_patience_arm(struct suburb_queue *queue, struct suburb_request *request)
{
	lockdep_assert_held(&queue->lock);
	request->unlinked = jiffies;
	if (look_again(queue))
		queue->moved_at = jiffies;
}

/* Nobody waits for a report that was read ahead, but perhaps for who is to come after it. */
static bool waits_for_word(const struct suburb_request *request)
{
	return suburb_request_is_unlinked(request) ||
	       (request->data && request->unlink.state != MESSAGE_IDLE &&
		request->submit.state != MESSAGE_IDLE);
}

static const struct suburb_request *first_unlinked(const struct suburb_queue *queue)
{
	const struct suburb_request *request, *first = NULL;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(request, &queue->all, all)
		if (waits_for_word(request) &&
		    (!first || time_before(request->unlinked, first->unlinked)))
			first = request;
	return first;
}

/* Has the link moved anything since we looked last that brings the answer nearer? */
static bool has_moved(struct suburb_queue *queue, const struct suburb_request *request)
{
	u64 sent, received, digests, moved;

	suburb_conn_traffic(queue->conn, &sent, &received, &digests);
	moved = received + (request->unlink.state == MESSAGE_SENT ? 0 : sent);
	if (moved == queue->moved)
		return false;
	queue->moved = moved;
	return true;
}

static bool is_overdue(struct suburb_queue *queue, const struct suburb_request *request)
{
	unsigned long patience = queue->patience;

	if (has_moved(queue, request))
		queue->moved_at = jiffies;
	return time_is_before_eq_jiffies(queue->moved_at + patience) ||
	       time_is_before_eq_jiffies(request->unlinked + MOST_TIMES * patience);
}

void suburb_patience_work(struct work_struct *work)
{
	struct suburb_queue *queue = container_of(to_delayed_work(work), struct suburb_queue,
						  patience_work);
	const struct suburb_request *request;
	bool overdue;

	spin_lock_irq(&queue->lock);
	request = queue->dead ? NULL : first_unlinked(queue);
	overdue = request && is_overdue(queue, request);
	if (request && !overdue)
		look_again(queue);
	spin_unlock_irq(&queue->lock);
	if (overdue)
		queue->host->stuck(queue);
}
