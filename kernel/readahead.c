// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading ahead: a driver queues a URB or two on an interrupt IN endpoint, and
 * queues each again when it has its report. On a long link that is a report per
 * round trip. So where a driver is seen to do so, requests of our own follow its
 * URBs on the wire, as many as cover the round trip; the URBs wait here, and the
 * reports that arrive are handed to them in the order of the requests.
 *
 *   OFF        the URBs themselves are on the wire. A driver reads ahead without
 *              knowing it once STREAK of its URBs came back without an error, each
 *              submitted again at once, the quickest of them in about the link's
 *              round trip (so the device had something to say), and this was
 *              longer than what its URBs cover. URBs on the wire stay there
 *   ON         URBs are readers. A report without a reader is kept
 *   STOPPING   our requests are unlinked; once all are answered: OFF. URBs wait
 *              until then, for a report that was on its way may be theirs, and
 *              none may overtake it
 *
 * It stops, and what was not read is
 *   kept       after an error, which goes to the first reader in order; when the
 *              exporter refuses so many requests; and when the driver has become
 *              slower than the device, for what it reads must not be old
 *   dropped, but for the newest report, when no URB is left after an unlink, when
 *              the driver is gone, or no URB has come for a while: a device has one
 *              report, too, that is older than the moment it is opened
 *   dropped    when the endpoint starts anew: a halt cleared, another alternate
 *              setting or configuration, a reset, a machine that goes to sleep.
 *              Then readers go on the wire at once: nothing can overtake
 *
 * How a report becomes a URB's result is what a controller would make of its
 * packets: a URB ends when it is full or with a short packet, what it has no
 * room for is the next one's, and if that begins within a packet, it is babble.
 *
 * Buffers are allocated when it starts, and go round until it stops.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/usb.h>

#include "buffer.h"
#include "readahead.h"
#include "request_private.h"
#include "trace.h"

#define STREAK 8
/* What an endpoint may have on the wire at most, and how long a report may be. */
#define MOST_REQUESTS 128
#define MOST_BYTES (64 * 1024)
#define MOST_LENGTH 4096
/* A URB is submitted again at once: within this, or two intervals. */
#define PROMPT_NS (5 * NSEC_PER_MSEC)
/* So long it is read for nobody, or twice the round trip, or 8 intervals. */
#define ALONE_NS (250 * NSEC_PER_MSEC)
/* Round trips vary; requests on the wire beyond those that just cover one. */
#define MARGIN_NS (2 * NSEC_PER_MSEC)

static struct suburb_readahead *readahead_of_in(struct suburb_queue *queue, u8 endpoint)
{
	return &queue->readahead[endpoint - 17];
}

/* NULL for endpoint 0 and those that are not IN. */
static struct suburb_readahead *readahead_of(struct suburb_queue *queue, u8 endpoint)
{
	return endpoint > 16 ? readahead_of_in(queue, endpoint) : NULL;
}

static u8 endpoint_of(const struct suburb_queue *queue, const struct suburb_readahead *ahead)
{
	return ahead - queue->readahead + 17;
}

static bool is_idle(const struct suburb_request *request)
{
	return request->submit.state == MESSAGE_IDLE && request->unlink.state == MESSAGE_IDLE;
}

static u64 patience_of(const struct suburb_readahead *ahead)
{
	return max3(2 * ahead->quickest, 8ULL * ahead->interval_ns, (u64)ALONE_NS);
}

/* --- who reads ------------------------------------------------------------- */

static struct suburb_request *first_reader(struct suburb_readahead *ahead)
{
	struct suburb_message *message = list_first_entry_or_null(&ahead->readers,
								  struct suburb_message, node);

	return message ? message->request : NULL;
}

static bool has_reader(const struct suburb_queue *queue, const struct suburb_readahead *ahead)
{
	const struct suburb_request *request;

	if (!list_empty(&ahead->readers))
		return true;
	if (!queue->urbs[endpoint_of(queue, ahead)])
		return false;
	list_for_each_entry(request, &ahead->line, line)
		if (request->urb && request->unlink.state == MESSAGE_IDLE)
			return true;
	return false;
}

/* A URB is gone, perhaps the last: then somebody will see how long that lasts. */
static void look_for_readers(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	if (ahead->mode != READAHEAD_ON && ahead->kept < 2)
		return;
	if (has_reader(queue, ahead))
		return;
	ahead->alone = ktime_get_ns();
	queue_delayed_work(system_unbound_wq, &queue->readahead_work,
			   nsecs_to_jiffies(patience_of(ahead)) + 1);
}

/* --- our requests ---------------------------------------------------------- */

static void leave_line(struct suburb_readahead *ahead, struct suburb_request *request)
{
	list_del_init(&request->line);
	if (request->answered)
		ahead->kept--;
	else
		ahead->wire--;
}

/* Nobody wants it: freed now, or when the exporter has said its last word of it. */
static void drop(struct suburb_readahead *ahead, struct suburb_request *request)
{
	leave_line(ahead, request);
	if (request->submit.state == MESSAGE_WAITING)
		suburb_message_idle(&request->submit);
	if (!is_idle(request))
		return;
	list_del(&request->all);
	suburb_request_free(request);
}

/* To be sent, behind all that its endpoint has sent. */
static void ask_for_report(struct suburb_queue *queue, struct suburb_readahead *ahead,
			   struct suburb_request *request)
{
	request->answered = false;
	ahead->wire++;
	list_move_tail(&request->line, &ahead->line);
	request->submit.state = MESSAGE_WAITING;
	suburb_request_wait(queue, request);
	suburb_conn_kick(queue->conn);
}

static void drop_kept(struct suburb_readahead *ahead, unsigned int but)
{
	struct suburb_request *request, *next;

	list_for_each_entry_safe(request, next, &ahead->line, line)
		if (request->answered && ahead->kept > but)
			drop(ahead, request);
}

static void unlink_reports(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	struct suburb_request *request, *next;

	list_for_each_entry_safe(request, next, &ahead->line, line) {
		if (!request->data || request->answered)
			continue;
		if (request->submit.state == MESSAGE_WAITING)
			drop(ahead, request);
		else if (request->unlink.state == MESSAGE_IDLE)
			suburb_request_send_unlink(queue, request);
	}
}

/* The exporter has yet to answer them, and nobody listens. */
static void disown_reports(struct suburb_readahead *ahead)
{
	struct suburb_request *request, *next;

	list_for_each_entry_safe(request, next, &ahead->line, line)
		if (request->data)
			drop(ahead, request);
}

/* Readers become URBs on the wire. */
static void release_readers(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	struct suburb_request *reader;

	while ((reader = first_reader(ahead))) {
		reader->filled = 0;
		reader->urb->actual_length = 0;
		list_del(&reader->submit.node);
		suburb_request_wait(queue, reader);
		list_add_tail(&reader->line, &ahead->line);
		suburb_conn_kick(queue->conn);
	}
}

static void stop(struct suburb_queue *queue, struct suburb_readahead *ahead,
		 enum suburb_readahead_keep keep)
{
	lockdep_assert_held(&queue->lock);
	ahead->streak = 0;
	if (queue->dead)
		return;
	if (ahead->mode == READAHEAD_ON) {
		trace_suburb_readahead(queue->devid, endpoint_of(queue, ahead), 0);
		queue->counters[endpoint_of(queue, ahead)].read_ahead = 0;
		ahead->mode = READAHEAD_STOPPING;
		ahead->keep = keep;
		unlink_reports(queue, ahead);
	}
	ahead->keep = max(ahead->keep, keep);
	if (keep == KEEP_NEWEST)
		drop_kept(ahead, 1);
	if (keep == KEEP_NONE)
		disown_reports(ahead);
	if (!ahead->wire)
		ahead->mode = READAHEAD_OFF;
	if (keep == KEEP_NONE)
		release_readers(queue, ahead);
}

/* --- when it starts -------------------------------------------------------- */

static unsigned int requests_of_all(const struct suburb_queue *queue)
{
	unsigned int count = 0, i;

	for (i = 0; i < SUBURB_READAHEADS; i++)
		count += queue->readahead[i].wire + queue->readahead[i].kept;
	return count;
}

/* Requests that cover the round trip, within bounds: at least half the window is for others. */
static unsigned int depth_of(const struct suburb_queue *queue, const struct suburb_readahead *ahead)
{
	u64 covered = ahead->quickest + ahead->quickest / 4 + MARGIN_NS;
	unsigned int most = min3(MOST_REQUESTS, MOST_BYTES / ahead->length,
				 queue->window_bytes / 2 / ahead->length);
	unsigned int others = requests_of_all(queue);

	most = min(most, queue->window_requests / 2 - min(queue->window_requests / 2, others));
	return min_t(u64, most, div_u64(covered, ahead->interval_ns) + 2);
}

/* Is that worth it? If so, how many requests. */
static unsigned int worth(const struct suburb_queue *queue, const struct suburb_readahead *ahead)
{
	u64 interval = ahead->interval_ns;

	if (queue->no_readahead || queue->dead || queue->hurry || ahead->refused ||
	    ahead->mode != READAHEAD_OFF || ahead->kept || ahead->streak < STREAK)
		return 0;
	if (!ahead->length || ahead->length > MOST_LENGTH || !interval)
		return 0;
	/* Its URBs cover the way, or the device takes its time. */
	if (ahead->quickest <= ahead->urbs * interval + interval / 2 ||
	    ahead->quickest > queue->round_trip + queue->round_trip / 2 + 2 * interval)
		return 0;
	return depth_of(queue, ahead);
}

static void start(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	u8 endpoint = endpoint_of(queue, ahead);
	struct suburb_request *request, *next;
	unsigned int depth, i;
	LIST_HEAD(fresh);
	u32 length;

	spin_lock_irq(&queue->lock);
	depth = worth(queue, ahead);
	length = ahead->length;
	spin_unlock_irq(&queue->lock);
	for (i = 0; i < depth; i++) {
		request = suburb_request_alloc_report(endpoint, length, GFP_NOIO);
		if (!request)
			break;
		list_add_tail(&request->line, &fresh);
	}
	spin_lock_irq(&queue->lock);
	if (depth > 1 && i == depth && length == ahead->length && worth(queue, ahead)) {
		list_for_each_entry_safe(request, next, &fresh, line) {
			list_add_tail(&request->all, &queue->all);
			ask_for_report(queue, ahead, request);
		}
		ahead->mode = READAHEAD_ON;
		ahead->behind = 0;
		queue->counters[endpoint].read_ahead = depth;
		trace_suburb_readahead(queue->devid, endpoint, depth);
		look_for_readers(queue, ahead);
	}
	ahead->streak = 0;
	spin_unlock_irq(&queue->lock);
	list_for_each_entry_safe(request, next, &fresh, line)
		suburb_request_free(request);
}

/* A URB is submitted. */
static void watch_submission(struct suburb_queue *queue, struct suburb_readahead *ahead,
			     const struct urb *urb, u8 endpoint)
{
	u64 prompt = max(2ULL * ahead->interval_ns, (u64)PROMPT_NS);
	u32 unit = urb->dev->speed >= USB_SPEED_HIGH ? 125 : 1000;

	if (urb->transfer_buffer_length != ahead->length ||
	    (!queue->urbs[endpoint] && ktime_get_ns() - ahead->returned > prompt))
		ahead->streak = 0;
	ahead->length = urb->transfer_buffer_length;
	ahead->packet = usb_endpoint_maxp(&urb->ep->desc) ?: 1;
	ahead->interval = urb->interval;
	ahead->interval_ns = min_t(u64, (u64)urb->interval * unit * NSEC_PER_USEC, U32_MAX);
	if (ahead->streak < STREAK)
		return;
	if (worth(queue, ahead) > 1)
		mod_delayed_work(system_unbound_wq, &queue->readahead_work, 0);
	else
		ahead->streak = 0;
}

/* A URB that was on the wire is answered. */
static void watch_answer(struct suburb_queue *queue, struct suburb_readahead *ahead,
			 const struct suburb_request *request, u64 took, int status)
{
	if (ahead->mode != READAHEAD_OFF)
		return;
	ahead->returned = ktime_get_ns();
	if (status || request->unlink.state != MESSAGE_IDLE) {
		ahead->streak = 0;
		return;
	}
	if (!ahead->streak++) {
		ahead->quickest = took;
		ahead->urbs = 0;
	}
	ahead->quickest = min(ahead->quickest, took);
	ahead->urbs = max(ahead->urbs, queue->urbs[request->endpoint]);
}

/* --- URBs ------------------------------------------------------------------ */

static void watch_control(struct suburb_queue *queue, const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (const void *)urb->setup_packet;
	u16 address = le16_to_cpu(setup->wIndex);
	unsigned int i;

	if (setup->bRequestType == USB_RECIP_ENDPOINT && setup->bRequest == USB_REQ_CLEAR_FEATURE &&
	    le16_to_cpu(setup->wValue) == USB_ENDPOINT_HALT && address & USB_DIR_IN &&
	    address & USB_ENDPOINT_NUMBER_MASK)
		stop(queue, &queue->readahead[(address & USB_ENDPOINT_NUMBER_MASK) - 1], KEEP_NONE);
	if (setup->bRequestType == USB_RECIP_DEVICE && setup->bRequest == USB_REQ_SET_CONFIGURATION)
		for (i = 0; i < SUBURB_READAHEADS; i++)
			stop(queue, &queue->readahead[i], KEEP_NONE);
}

/**
 * suburb_readahead_takes - does a URB wait for a report here?
 * @queue: not dead; its lock is held
 * @request: of the URB; in queue.all, and not yet in queue.waiting
 *
 * Return: true if it is among the readers; false: it is to be sent.
 */
bool suburb_readahead_takes(struct suburb_queue *queue, struct suburb_request *request)
{
	struct suburb_readahead *ahead = readahead_of(queue, request->endpoint);
	const struct urb *urb = request->urb;

	if (usb_endpoint_xfer_control(&urb->ep->desc))
		watch_control(queue, urb);
	if (!ahead || !usb_endpoint_xfer_int(&urb->ep->desc))
		return false;
	if (ahead->mode == READAHEAD_OFF && !ahead->kept && list_empty(&ahead->readers)) {
		watch_submission(queue, ahead, urb, request->endpoint);
		list_add_tail(&request->line, &ahead->line);
		return false;
	}
	list_add_tail(&request->submit.node, &ahead->readers);
	/* Not from here: a driver may hold any lock while it submits. */
	if (ahead->kept)
		mod_delayed_work(system_unbound_wq, &queue->readahead_work, 0);
	return true;
}

/**
 * suburb_readahead_unlinked - a URB was unlinked, or may not be submitted again
 * @queue: its lock is held
 * @endpoint: of the URB
 */
void suburb_readahead_unlinked(struct suburb_queue *queue, u8 endpoint)
{
	struct suburb_readahead *ahead = readahead_of(queue, endpoint);

	if (!ahead)
		return;
	ahead->streak = 0;
	if (!has_reader(queue, ahead))
		stop(queue, ahead, queue->hurry ? KEEP_NONE : KEEP_NEWEST);
}

/* --- reports --------------------------------------------------------------- */

void suburb_readahead_put(struct suburb_queue *queue, const struct suburb_request *request,
			  u32 seqnum, struct suburb_wire_header *header, struct suburb_body *body)
{
	struct suburb_submit submit = {
		.seqnum = seqnum,
		.devid = queue->devid,
		.direction = SUBURB_DIR_IN,
		.ep = request->endpoint - 16,
		.transfer_flags = SUBURB_URB_DIR_IN,
		.length = request->bytes,
		.interval = readahead_of_in(queue, request->endpoint)->interval,
	};

	suburb_put_submit(header, &submit);
	suburb_body_none(body);
}

/* The header of a report is in: like suburb_transfer_reply(). */
int suburb_readahead_reply(const struct suburb_request *request,
			   const struct suburb_ret_submit *ret, struct suburb_body *body,
			   struct suburb_violation *violation)
{
	if (suburb_check_ret_submit(ret, request->bytes, 0, violation))
		return -EPROTO;
	suburb_cursor_memory(&body->parts[SUBURB_PART_PAYLOAD], request->data, ret->actual_length);
	return 0;
}

/* Errors of the exporter, not of the device: it holds no more requests. */
static bool is_refusal(int status)
{
	return status == -ENOMEM || status == -EINVAL || status == -EBUSY || status == -EAGAIN ||
	       status == -ENOSPC;
}

static void report_arrived(struct suburb_queue *queue, struct suburb_readahead *ahead,
			   struct suburb_request *request, const struct suburb_ret_submit *ret)
{
	if (ret->status && (ahead->mode == READAHEAD_STOPPING || is_refusal(ret->status))) {
		leave_line(ahead, request);
		ahead->refused |= is_refusal(ret->status);
	} else {
		request->answered = true;
		request->status = ret->status;
		request->actual = ret->actual_length;
		request->used = 0;
		ahead->wire--;
		ahead->kept++;
	}
	if (ret->status && ahead->mode == READAHEAD_ON)
		stop(queue, ahead, KEEP_ALL);
	else if (ahead->mode == READAHEAD_STOPPING && ahead->keep == KEEP_NEWEST)
		drop_kept(ahead, 1);
}

/**
 * suburb_readahead_answered - a RET_SUBMIT is in
 * @queue: its lock is held
 * @request: its CMD_SUBMIT is idle; not settled yet
 * @ret: the reply
 */
void suburb_readahead_answered(struct suburb_queue *queue, struct suburb_request *request,
			       const struct suburb_ret_submit *ret)
{
	struct suburb_readahead *ahead = readahead_of(queue, request->endpoint);
	u64 took = ktime_get_ns() - request->sent_at;

	if (request->data) {
		if (!list_empty(&request->line))
			report_arrived(queue, ahead, request, ret);
		return;
	}
	list_del_init(&request->line);
	queue->round_trip = min(queue->round_trip, took);
	if (ahead && request->urb && usb_endpoint_xfer_int(&request->urb->ep->desc)) {
		watch_answer(queue, ahead, request, took, ret->status);
		look_for_readers(queue, ahead);
	}
}

/**
 * suburb_readahead_gone - a RET_UNLINK is in
 * @queue: its lock is held
 * @request: all of it is idle; not settled yet
 */
void suburb_readahead_gone(struct suburb_queue *queue, struct suburb_request *request)
{
	if (request->data && !request->answered && !list_empty(&request->line))
		leave_line(readahead_of_in(queue, request->endpoint), request);
}

/* A report has all its readers. */
static void report_done(struct suburb_queue *queue, struct suburb_readahead *ahead,
			struct suburb_request *report)
{
	if (ahead->mode != READAHEAD_ON || !is_idle(report)) {
		drop(ahead, report);
		return;
	}
	ahead->kept--;
	ask_for_report(queue, ahead, report);
}

/* Packets of a report into a URB; true if the URB has all that it gets. */
static bool hand(struct suburb_queue *queue, struct suburb_readahead *ahead,
		 struct suburb_request *report, struct suburb_request *reader, int *status)
{
	u32 room = reader->urb->transfer_buffer_length - reader->filled;
	u32 left = report->actual - report->used;
	u32 bytes = min(left, room);
	bool babble = left > room && room % ahead->packet;
	struct suburb_cursor cursor;
	bool ends;

	if (babble)
		bytes = rounddown(room, ahead->packet);
	suburb_cursor_init(&cursor, reader->urb, reader->filled, bytes);
	suburb_cursor_write(&cursor, report->data + report->used, bytes);
	reader->filled += bytes;
	reader->urb->actual_length = reader->filled;
	report->used += bytes + (babble ? min(left - bytes, ahead->packet) : 0);
	*status = babble ? -EOVERFLOW : 0;
	if (report->used < report->actual)
		return true;

	/* Its last packet was short, or there is none after it. */
	ends = report->status || report->actual < report->bytes || report->bytes % ahead->packet;
	if (!babble)
		*status = report->status;
	report_done(queue, ahead, report);
	return babble || ends || reader->filled == reader->urb->transfer_buffer_length;
}

static struct urb *take_reader(struct suburb_queue *queue, struct suburb_readahead *ahead,
			       struct suburb_request *reader, int *status)
{
	struct suburb_endpoint_status *counter = &queue->counters[reader->endpoint];
	struct urb *urb = suburb_request_take_urb(queue, reader);

	if (!*status && urb->actual_length < urb->transfer_buffer_length &&
	    urb->transfer_flags & URB_SHORT_NOT_OK)
		*status = -EREMOTEIO;
	counter->bytes += urb->actual_length;
	counter->errors += *status ? 1 : 0;
	suburb_message_idle(&reader->submit);
	list_del(&reader->all);
	suburb_request_free(reader);
	look_for_readers(queue, ahead);
	return urb;
}

/* What waits for a driver that is too slow gets older and older. */
static void look_behind(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	if (ahead->mode != READAHEAD_ON || !ahead->kept)
		ahead->behind = 0;
	else if (!ahead->behind)
		ahead->behind = ktime_get_ns();
	else if (ktime_get_ns() - ahead->behind > 4 * patience_of(ahead))
		stop(queue, ahead, KEEP_ALL);
}

/* The next URB to be given back, and its status; NULL: none for now. */
static struct urb *next_reader(struct suburb_queue *queue, struct suburb_readahead *ahead,
			       int *status)
{
	struct suburb_request *reader, *report;

	/* Which report is the newest is not known before all are answered. */
	if (queue->dead || (ahead->mode == READAHEAD_STOPPING && ahead->keep == KEEP_NEWEST))
		return NULL;
	while ((reader = first_reader(ahead))) {
		report = list_first_entry_or_null(&ahead->line, struct suburb_request, line);
		if (report && report->answered) {
			if (!hand(queue, ahead, report, reader, status))
				continue;
			look_behind(queue, ahead);
		} else if (reader->filled && ahead->mode == READAHEAD_OFF) {
			*status = 0;
		} else {
			return NULL;
		}
		return take_reader(queue, ahead, reader, status);
	}
	return NULL;
}

/**
 * suburb_readahead_wakes - is there something to be done for readers?
 * @queue: its lock is held
 * @endpoint: something became of a request of it
 *
 * Return: true if suburb_readahead_deliver() has to be called.
 */
bool suburb_readahead_wakes(struct suburb_queue *queue, u8 endpoint)
{
	struct suburb_readahead *ahead = readahead_of(queue, endpoint);

	if (!ahead)
		return false;
	if (ahead->mode == READAHEAD_STOPPING && !ahead->wire)
		ahead->mode = READAHEAD_OFF;
	return !list_empty(&ahead->readers);
}

/**
 * suburb_readahead_deliver - give back URBs that have a report
 * @queue: the queue
 * @endpoint: IN
 *
 * Context: process or softirq, no locks of ours.
 */
void suburb_readahead_deliver(struct suburb_queue *queue, u8 endpoint)
{
	struct suburb_readahead *ahead = readahead_of_in(queue, endpoint);
	unsigned long flags;
	struct urb *urb;
	int status;

	spin_lock_irqsave(&queue->lock, flags);
	if (ahead->delivering)
		goto out;
	ahead->delivering = true;
	while ((urb = next_reader(queue, ahead, &status))) {
		spin_unlock_irqrestore(&queue->lock, flags);
		queue->host->giveback(urb, status);
		spin_lock_irqsave(&queue->lock, flags);
	}
	ahead->delivering = false;
	if (ahead->mode == READAHEAD_OFF && !ahead->kept && !queue->dead)
		release_readers(queue, ahead);
out:
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* --- from time to time ------------------------------------------------------ */

/* Nobody reads any more: the device is not asked for nobody's sake. */
static void look_whether_alone(struct suburb_queue *queue, struct suburb_readahead *ahead)
{
	u64 since, most;

	spin_lock_irq(&queue->lock);
	most = patience_of(ahead);
	since = ktime_get_ns() - ahead->alone;
	if (!queue->dead && (ahead->mode == READAHEAD_ON || ahead->kept > 1) &&
	    !has_reader(queue, ahead)) {
		if (since >= most)
			stop(queue, ahead, KEEP_NEWEST);
		else
			queue_delayed_work(system_unbound_wq, &queue->readahead_work,
					   nsecs_to_jiffies(most - since) + 1);
	}
	spin_unlock_irq(&queue->lock);
}

void suburb_readahead_work(struct work_struct *work)
{
	struct suburb_queue *queue = container_of(to_delayed_work(work), struct suburb_queue,
						  readahead_work);
	struct suburb_readahead *ahead;
	unsigned int i;

	for (i = 0; i < SUBURB_READAHEADS; i++) {
		ahead = &queue->readahead[i];
		if (READ_ONCE(ahead->streak) >= STREAK)
			start(queue, ahead);
		suburb_readahead_deliver(queue, endpoint_of(queue, ahead));
		look_whether_alone(queue, ahead);
	}
}

static void stop_by_address(struct suburb_queue *queue, u8 address,
			    enum suburb_readahead_keep keep)
{
	u8 number = address & USB_ENDPOINT_NUMBER_MASK;

	if (!(address & USB_DIR_IN) || !number)
		return;
	spin_lock_irq(&queue->lock);
	stop(queue, &queue->readahead[number - 1], keep);
	spin_unlock_irq(&queue->lock);
}

/**
 * suburb_readahead_close - an endpoint's driver is gone
 * @queue: the queue
 * @address: of the endpoint: bEndpointAddress
 */
void suburb_readahead_close(struct suburb_queue *queue, u8 address)
{
	stop_by_address(queue, address, KEEP_NEWEST);
}

/**
 * suburb_readahead_forget - an endpoint starts anew
 * @queue: the queue
 * @address: of the endpoint: bEndpointAddress
 *
 * Unlinks go to the exporter before anything that is submitted after this.
 */
void suburb_readahead_forget(struct suburb_queue *queue, u8 address)
{
	stop_by_address(queue, address, KEEP_NONE);
}

/**
 * suburb_readahead_forget_all - the device starts anew
 * @queue: the queue
 */
void suburb_readahead_forget_all(struct suburb_queue *queue)
{
	u8 number;

	for (number = 1; number <= SUBURB_READAHEADS; number++)
		suburb_readahead_forget(queue, USB_DIR_IN | number);
}

void suburb_readahead_init(struct suburb_queue *queue)
{
	unsigned int i;

	INIT_DELAYED_WORK(&queue->readahead_work, suburb_readahead_work);
	queue->round_trip = U64_MAX / 4;
	for (i = 0; i < SUBURB_READAHEADS; i++) {
		INIT_LIST_HEAD(&queue->readahead[i].readers);
		INIT_LIST_HEAD(&queue->readahead[i].line);
	}
}
