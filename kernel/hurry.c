// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in a hurry. As a rule a URB that was sent and unlinked waits for the
 * exporter's word. While this machine goes to sleep that word may not come in
 * time, or at all, and who unlinks must not wait for it: then the URB goes back
 * after a moment, and its request stays without it. What the exporter still has
 * to say is heard, checked, and read past.
 */
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "request_private.h"

#define HURRY_MS 1000
#define STUCK_TIMES 5

/* An unlink begins to wait; queue.lock is held. */
void suburb_hurry_arm(struct suburb_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	if (!queue->hurry || queue->dead)
		return;
	/* After one that was not answered nobody waits for the next. */
	if (queue->hopeless)
		mod_delayed_work(system_unbound_wq, &queue->hurry_work, 1);
	else
		queue_delayed_work(system_unbound_wq, &queue->hurry_work,
				   msecs_to_jiffies(HURRY_MS));
}

/* Does it only wait to be answered? Its buffer is not in use, and will not be. */
static bool only_waits(const struct suburb_queue *queue, const struct suburb_request *request)
{
	return request->submit.state == MESSAGE_SENT && request != queue->receiving;
}

/* The first that can go back; if there is none, *@stuck says that one cannot. */
static struct suburb_request *next_hurried(struct suburb_queue *queue, bool *stuck)
{
	struct suburb_request *request;

	lockdep_assert_held(&queue->lock);
	*stuck = false;
	list_for_each_entry(request, &queue->all, all) {
		if (!suburb_request_is_unlinked(request))
			continue;
		if (only_waits(queue, request))
			return request;
		*stuck = true;
	}
	return NULL;
}

/*
 * Gives back what was unlinked and is not answered. The requests stay, without
 * their URBs: the exporter may still move their data, and will be heard. One
 * that is stuck half way in the socket can be freed by the link's end alone.
 */
void suburb_hurry_work(struct work_struct *work)
{
	struct suburb_queue *queue = container_of(to_delayed_work(work), struct suburb_queue,
						  hurry_work);
	struct suburb_request *request;
	bool stuck = false;
	struct urb *urb;

	spin_lock_irq(&queue->lock);
	while (queue->hurry && (request = next_hurried(queue, &stuck))) {
		queue->hopeless = true;
		urb = suburb_request_take_urb(queue, request);
		spin_unlock_irq(&queue->lock);
		queue->host->giveback(urb, -ECONNRESET);
		spin_lock_irq(&queue->lock);
	}
	if (stuck && ++queue->stuck < STUCK_TIMES) {
		queue_delayed_work(system_unbound_wq, &queue->hurry_work,
				   msecs_to_jiffies(HURRY_MS));
		stuck = false;
	}
	spin_unlock_irq(&queue->lock);
	if (stuck)
		queue->host->stuck(queue);
}

/**
 * suburb_queue_hurry - how long may an exporter take to answer an unlink?
 * @queue: the queue
 * @hurry: true: a second, then the URB goes back all the same; false: for ever
 *
 * For a time in which the link may not work, and somebody waits who must not
 * wait for it.
 */
void suburb_queue_hurry(struct suburb_queue *queue, bool hurry)
{
	spin_lock_irq(&queue->lock);
	queue->hurry = hurry;
	queue->hopeless = false;
	queue->stuck = 0;
	suburb_hurry_arm(queue);
	spin_unlock_irq(&queue->lock);
}
