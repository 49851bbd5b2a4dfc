// SPDX-License-Identifier: GPL-2.0-only
/*
 * URBs on their way: the table of what is in flight, and the rules of USB/IP's
 * unlinking. A request is one URB (or one report that is read ahead, without a URB:
 * see readahead.c); it is up to two messages, a CMD_SUBMIT and,
 * if its driver changes its mind, a CMD_UNLINK:
 *
 *                     next()         sent()        reply
 *   submit:  WAITING ────────► SENDING ────► SENT ───────► IDLE
 *   unlink:  IDLE ──► WAITING ────► SENDING ────► SENT ──► IDLE
 *           suburb_queue_unlink()
 *
 * Who owns the URB:
 *   submit WAITING        this queue; if it is unlinked, a work gives it back at
 *                         once, however stuck the link is (a work, because a
 *                         driver may hold, while it unlinks, any lock that its
 *                         completion handler does not take, interrupts off)
 *   submit SENDING, SENT  the connection's worker may be using its buffer, and
 *                         the exporter may be using the device: only the
 *                         exporter's word gives it back, RET_SUBMIT with its
 *                         result or RET_UNLINK without one, or the session's
 *                         end, after the connection was stopped
 *                         (while this machine goes to sleep it may go back
 *                         before that: see suburb_queue_hurry()). That word may
 *                         take its time, but not for ever: see patience.c
 *   submit IDLE           its driver again; the request may live on until the
 *                         RET_UNLINK is in
 *
 * A reply (reply.c) counts when it is whole, and only to a message that was
 * wholly sent. A URB goes back exactly once: whoever takes request->urb, under
 * the lock, gives it back, without the lock.
 *
 * The window bounds what the exporter has to hold: requests and payload bytes
 * on the wire and not wholly answered, RET_UNLINK included. An endpoint with
 * nothing in flight may always send one, or an idle endpoint could stop the
 * others. Unlinks do not wait.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/usb.h>

#include "buffer.h"
#include "census.h"
#include "compat.h"
#include "iso.h"
#include "request.h"
#include "request_private.h"
#include "trace.h"

/* On the wire at once, while all is calm: see conn.c. */
#define CALM_MESSAGES 4

static struct kmem_cache *suburb_request_cache;
static struct workqueue_struct *suburb_cancel_wq;

static u8 endpoint_index(const struct urb *urb)
{
	u8 number = usb_endpoint_num(&urb->ep->desc);

	return number && suburb_buffer_is_in(urb) ? 16 + number : number;
}

static void init_lists(struct suburb_request *request)
{
	request->submit.request = request;
	request->unlink.request = request;
	INIT_LIST_HEAD(&request->submit.node);
	INIT_LIST_HEAD(&request->unlink.node);
	INIT_LIST_HEAD(&request->line);
}

/**
 * suburb_request_alloc - a request for a URB
 * @urb: checked: see suburb_transfer_check()
 * @gfp: from usbcore
 */
struct suburb_request *suburb_request_alloc(struct urb *urb, gfp_t gfp)
{
	struct suburb_request *request = kmem_cache_zalloc(suburb_request_cache, gfp);

	if (!request)
		return NULL;
	if (usb_endpoint_xfer_isoc(&urb->ep->desc)) {
		request->iso = kmalloc_array(urb->number_of_packets, sizeof(*request->iso), gfp);
		if (!request->iso) {
			kmem_cache_free(suburb_request_cache, request);
			return NULL;
		}
	}
	suburb_census_created(SUBURB_REQUESTS);
	request->urb = urb;
	request->bytes = suburb_transfer_bytes(urb);
	request->endpoint = endpoint_index(urb);
	request->in = suburb_buffer_is_in(urb);
	request->rank = usb_endpoint_xfer_bulk(&urb->ep->desc) ? SUBURB_BULK : SUBURB_PROMPT;
	request->packets = request->iso ? urb->number_of_packets : 0;
	init_lists(request);
	return request;
}

/* A request of our own, for a report of that many bytes. */
struct suburb_request *suburb_request_alloc_report(u8 endpoint, u32 bytes, gfp_t gfp)
{
	struct suburb_request *request = kmem_cache_zalloc(suburb_request_cache, gfp);

	if (!request)
		return NULL;
	request->data = kmalloc(bytes, gfp);
	if (!request->data) {
		kmem_cache_free(suburb_request_cache, request);
		return NULL;
	}
	suburb_census_created(SUBURB_REQUESTS);
	request->bytes = bytes;
	request->endpoint = endpoint;
	request->in = true;
	init_lists(request);
	return request;
}

void suburb_request_free(struct suburb_request *request)
{
	list_del(&request->line);
	kfree(request->data);
	kfree(request->iso);
	kmem_cache_free(suburb_request_cache, request);
	suburb_census_freed(SUBURB_REQUESTS);
}

/* --- small steps, all under the lock -------------------------------------- */

static void message_sending(struct suburb_queue *queue, struct suburb_message *message)
{
	lockdep_assert_held(&queue->lock);
	message->seqnum = ++queue->seqnum;
	message->state = MESSAGE_SENDING;
	list_move_tail(&message->node, &queue->sent);
	hash_add(queue->by_seqnum, &message->hash, message->seqnum);
}

/* Its CMD_SUBMIT, which is in no list. */
void suburb_request_wait(struct suburb_queue *queue, struct suburb_request *request)
{
	lockdep_assert_held(&queue->lock);
	list_add_tail(&request->submit.node, &queue->waiting[request->rank]);
}

/* Whatever its message was, it is over. */
void suburb_message_idle(struct suburb_message *message)
{
	list_del_init(&message->node);
	hash_del(&message->hash);
	message->state = MESSAGE_IDLE;
}

/* Frees the request when nothing of it is left to come. */
void suburb_request_settle(struct suburb_queue *queue, struct suburb_request *request)
{
	lockdep_assert_held(&queue->lock);
	if (request->unlink.state == MESSAGE_WAITING && !request->urb)
		suburb_message_idle(&request->unlink);
	if (request->submit.state != MESSAGE_IDLE || request->unlink.state != MESSAGE_IDLE)
		return;
	queue->requests_in_flight--;
	queue->bytes_in_flight -= request->bytes;
	queue->outstanding[request->endpoint]--;
	/* A report that was read ahead waits for its reader. */
	if (request->data && !list_empty(&request->line))
		return;
	list_del(&request->all);
	suburb_request_free(request);
}

/* The URB, for the one who will give it back; NULL if somebody else has it. */
struct urb *suburb_request_take_urb(struct suburb_queue *queue, struct suburb_request *request)
{
	struct urb *urb = request->urb;

	lockdep_assert_held(&queue->lock);
	if (!urb)
		return NULL;
	request->urb = NULL;
	queue->pending--;
	queue->urbs[request->endpoint]--;
	queue->host->take(urb);
	return urb;
}

/* --- from the host controller --------------------------------------------- */

/* Few messages are on the wire, and small ones. */
static bool is_calm(const struct suburb_queue *queue)
{
	const struct suburb_message *message;
	unsigned int count = 0;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry(message, &queue->sent, node)
		if (++count > CALM_MESSAGES || suburb_message_is_unlink(message) ||
		    message->request->iso || message->request->data ||
		    message->request->bytes > SUBURB_CALM_BYTES)
			return false;
	return true;
}

/* suburb_conn_ops.calm */
bool suburb_queue_calm(struct suburb_queue *queue)
{
	unsigned long flags;
	bool calm;

	spin_lock_irqsave(&queue->lock, flags);
	calm = is_calm(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	return calm;
}

/**
 * suburb_queue_add - a URB to be sent
 * @queue: its lock is held, and it is not dead; the URB is on its endpoint's list
 * @request: from suburb_request_alloc(); the queue's from now on
 * @can_sleep: the caller can, without the lock
 *
 * Return: true: suburb_conn_push() has to follow, without the lock.
 */
bool suburb_queue_add(struct suburb_queue *queue, struct suburb_request *request, bool can_sleep)
{
	bool waits;

	lockdep_assert_held(&queue->lock);
	if (request->iso)
		suburb_iso_begin(request->urb, &queue->next_frame[request->endpoint],
				 list_is_singular(&request->urb->ep->urb_list));
	request->urb->hcpriv = request;
	request->submit.state = MESSAGE_WAITING;
	list_add_tail(&request->all, &queue->all);
	waits = suburb_readahead_takes(queue, request);
	queue->pending++;
	queue->urbs[request->endpoint]++;
	queue->counters[request->endpoint].urbs++;
	if (waits)
		return false;
	suburb_request_wait(queue, request);
	if (can_sleep && is_calm(queue))
		return suburb_conn_claim(queue->conn);
	suburb_conn_kick(queue->conn);
	return false;
}

/* Its CMD_UNLINK, for a CMD_SUBMIT that is sent. */
void suburb_request_send_unlink(struct suburb_queue *queue, struct suburb_request *request)
{
	lockdep_assert_held(&queue->lock);
	request->unlink.state = MESSAGE_WAITING;
	list_add_tail(&request->unlink.node, &queue->urgent);
	suburb_conn_kick(queue->conn);
	suburb_patience_arm(queue, request);
}

/**
 * suburb_queue_unlink - a driver changed its mind
 * @queue: its lock is held
 * @urb: usbcore found it on its endpoint, so it is not given back yet
 *
 * It will be given back, by the exporter's word or, if it never left, soon.
 */
void suburb_queue_unlink(struct suburb_queue *queue, struct urb *urb)
{
	struct suburb_request *request = urb->hcpriv;

	lockdep_assert_held(&queue->lock);
	queue->counters[request->endpoint].unlinks++;
	trace_suburb_unlink(queue->devid, request->endpoint, request->submit.seqnum);
	if (queue->dead)
		return;
	if (request->submit.state == MESSAGE_WAITING) {
		suburb_message_idle(&request->submit);
		list_del_init(&request->line);
		list_move_tail(&request->submit.node, &queue->cancelled);
		queue_work(suburb_cancel_wq, &queue->cancel_work);
	} else if (request->unlink.state == MESSAGE_IDLE) {
		suburb_request_send_unlink(queue, request);
		suburb_hurry_arm(queue);
	}
	suburb_readahead_unlinked(queue, request->endpoint);
}

/**
 * suburb_queue_refused - a driver submits what it may not submit any more
 * @queue: its lock is held
 * @request: of a URB that usbcore did not take, for its driver unlinks it
 */
void suburb_queue_refused(struct suburb_queue *queue, const struct suburb_request *request)
{
	lockdep_assert_held(&queue->lock);
	suburb_readahead_unlinked(queue, request->endpoint);
}

/* Gives back what was unlinked before it was sent. */
static void give_back_cancelled(struct work_struct *work)
{
	struct suburb_queue *queue = container_of(work, struct suburb_queue, cancel_work);
	struct suburb_message *message;
	struct suburb_request *request;
	struct urb *urb;

	spin_lock_irq(&queue->lock);
	while ((message = list_first_entry_or_null(&queue->cancelled, struct suburb_message,
						   node))) {
		request = message->request;
		urb = suburb_request_take_urb(queue, request);
		list_del(&message->node);
		list_del(&request->all);
		suburb_request_free(request);
		spin_unlock_irq(&queue->lock);
		queue->host->giveback(urb, -ECONNRESET);
		spin_lock_irq(&queue->lock);
	}
	spin_unlock_irq(&queue->lock);
}

/* --- to the exporter ------------------------------------------------------ */

static bool window_has_room(const struct suburb_queue *queue, const struct suburb_request *request)
{
	return !queue->outstanding[request->endpoint] ||
	       (queue->requests_in_flight < queue->window_requests &&
		queue->bytes_in_flight + request->bytes <= queue->window_bytes);
}

/* The first that the window lets through; none may overtake another of its endpoint. */
static struct suburb_message *first_of(const struct suburb_queue *queue,
				       const struct list_head *waiting)
{
	struct suburb_message *message;
	u32 blocked = 0;

	list_for_each_entry(message, waiting, node) {
		if (blocked & BIT(message->request->endpoint))
			continue;
		if (window_has_room(queue, message->request))
			return message;
		blocked |= BIT(message->request->endpoint);
	}
	return NULL;
}

static struct suburb_message *next_waiting(const struct suburb_queue *queue)
{
	return first_of(queue, &queue->waiting[SUBURB_PROMPT]) ?:
	       first_of(queue, &queue->waiting[SUBURB_BULK]);
}

/* Is there a CMD_SUBMIT that was not sent? */
bool suburb_queue_waits(const struct suburb_queue *queue)
{
	return !list_empty(&queue->waiting[SUBURB_PROMPT]) ||
	       !list_empty(&queue->waiting[SUBURB_BULK]);
}

static void put_submit(struct suburb_queue *queue, const struct suburb_message *message,
		       struct suburb_wire_header *header, struct suburb_body *body)
{
	struct suburb_request *request = message->request;

	request->sent_at = ktime_get_ns();
	if (request->data)
		suburb_readahead_put(queue, request, message->seqnum, header, body);
	else
		suburb_transfer_put(request->urb, request->iso, queue->devid, message->seqnum,
				    header, body);
	trace_suburb_submit(queue->devid, request->endpoint, message->seqnum, request->bytes);
}

static void put_unlink(const struct suburb_queue *queue, const struct suburb_message *message,
		       struct suburb_wire_header *header, struct suburb_body *body)
{
	struct suburb_unlink unlink = {
		.seqnum = message->seqnum,
		.devid = queue->devid,
		.target = message->request->submit.seqnum,
	};

	suburb_put_unlink(header, &unlink);
	suburb_body_none(body);
}

/* suburb_conn_ops.send.next */
bool suburb_queue_next(struct suburb_queue *queue, struct suburb_wire_header *header,
		       struct suburb_body *body, void **name)
{
	struct suburb_message *message;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	message = list_first_entry_or_null(&queue->urgent, struct suburb_message, node);
	if (!message)
		message = next_waiting(queue);
	if (message) {
		message_sending(queue, message);
		if (suburb_message_is_unlink(message)) {
			put_unlink(queue, message, header, body);
		} else {
			queue->requests_in_flight++;
			queue->bytes_in_flight += message->request->bytes;
			queue->outstanding[message->request->endpoint]++;
			put_submit(queue, message, header, body);
		}
		*name = message;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	return message;
}

/* suburb_conn_ops.send.sent */
void suburb_queue_sent(struct suburb_queue *queue, void *name)
{
	struct suburb_message *message = name;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	message->state = MESSAGE_SENT;
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* --- life ----------------------------------------------------------------- */

/**
 * suburb_queue_init - an empty queue, dead until suburb_queue_start()
 * @queue: set
 * @attach: devid, flags, window and patience, of which 0 is the default
 * @host: where URBs go back to
 */
void suburb_queue_init(struct suburb_queue *queue, const struct suburb_attach *attach,
		       const struct suburb_host_ops *host)
{
	spin_lock_init(&queue->lock);
	queue->devid = attach->devid;
	queue->host = host;
	queue->dead = true;
	INIT_LIST_HEAD(&queue->urgent);
	INIT_LIST_HEAD(&queue->waiting[SUBURB_PROMPT]);
	INIT_LIST_HEAD(&queue->waiting[SUBURB_BULK]);
	INIT_LIST_HEAD(&queue->sent);
	INIT_LIST_HEAD(&queue->all);
	INIT_LIST_HEAD(&queue->cancelled);
	INIT_WORK(&queue->cancel_work, give_back_cancelled);
	INIT_DELAYED_WORK(&queue->hurry_work, suburb_hurry_work);
	INIT_DELAYED_WORK(&queue->patience_work, suburb_patience_work);
	hash_init(queue->by_seqnum);
	queue->window_requests = attach->window_requests ?: SUBURB_WINDOW_REQUESTS;
	queue->window_bytes = attach->window_bytes ?: SUBURB_WINDOW_BYTES;
	queue->no_readahead = attach->flags & SUBURB_ATTACH_NO_READ_AHEAD;
	suburb_readahead_init(queue);
	queue->patience = msecs_to_jiffies(attach->unlink_ms ?: SUBURB_UNLINK_MS);
}

/**
 * suburb_queue_start - URBs are taken from now on
 * @queue: dead
 * @conn: started
 */
void suburb_queue_start(struct suburb_queue *queue, struct suburb_conn *conn)
{
	spin_lock_irq(&queue->lock);
	queue->conn = conn;
	queue->dead = false;
	spin_unlock_irq(&queue->lock);
}

/**
 * suburb_queue_kill - take nothing more, and kick the connection no more
 * @queue: the queue
 *
 * The first half of the end. Then stop the connection, then drain.
 */
void suburb_queue_kill(struct suburb_queue *queue)
{
	spin_lock_irq(&queue->lock);
	queue->dead = true;
	queue->conn = NULL;
	spin_unlock_irq(&queue->lock);
}

/**
 * suburb_queue_drain - give everything back
 * @queue: dead, its connection stopped: nobody uses a buffer any more
 * @status: for those that were not unlinked
 */
void suburb_queue_drain(struct suburb_queue *queue, int status)
{
	struct suburb_request *request;
	struct urb *urb;

	cancel_work_sync(&queue->cancel_work);
	cancel_delayed_work_sync(&queue->hurry_work);
	cancel_delayed_work_sync(&queue->patience_work);
	cancel_delayed_work_sync(&queue->readahead_work);
	spin_lock_irq(&queue->lock);
	while ((request = list_first_entry_or_null(&queue->all, struct suburb_request, all))) {
		urb = suburb_request_take_urb(queue, request);
		suburb_message_idle(&request->submit);
		suburb_message_idle(&request->unlink);
		list_del(&request->all);
		suburb_request_free(request);
		if (!urb)
			continue;
		spin_unlock_irq(&queue->lock);
		queue->host->giveback(urb, status);
		spin_lock_irq(&queue->lock);
	}
	queue->receiving = NULL;
	spin_unlock_irq(&queue->lock);
	kvfree(queue->staging.data);
	queue->staging = (struct suburb_staging){};
}

int suburb_request_init(void)
{
	suburb_request_cache = KMEM_CACHE(suburb_request, 0);
	if (!suburb_request_cache)
		return -ENOMEM;
	suburb_cancel_wq = alloc_workqueue("suburb_cancel", SUBURB_WQ_FLAGS, 0);
	if (suburb_cancel_wq)
		return 0;
	kmem_cache_destroy(suburb_request_cache);
	return -ENOMEM;
}

void suburb_request_exit(void)
{
	destroy_workqueue(suburb_cancel_wq);
	kmem_cache_destroy(suburb_request_cache);
}
