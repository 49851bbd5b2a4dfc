// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replies of the exporter: to which message of ours, is it what an answer to it
 * can be, and what becomes of the request. See request.c for its states, and
 * transfer.c for what is in a reply.
 *
 * All is called by the connection's worker, first with a header, then when all
 * that belongs to it is in.
 */
#include <linux/usb.h>

#include "request_private.h"
#include "trace.h"

static struct suburb_message *find_sent(struct suburb_queue *queue, u32 seqnum, bool unlink)
{
	struct suburb_message *message;

	lockdep_assert_held(&queue->lock);
	hash_for_each_possible(queue->by_seqnum, message, hash, seqnum) {
		if (message->seqnum == seqnum && message->state == MESSAGE_SENT &&
		    suburb_message_is_unlink(message) == unlink)
			return message;
	}
	return NULL;
}

static int begin_reply(struct suburb_queue *queue, struct suburb_violation *violation)
{
	bool unlink = queue->reply.command == SUBURB_RET_UNLINK;
	u32 seqnum = unlink ? queue->reply.unlink.seqnum : queue->reply.submit.seqnum;
	struct suburb_message *message = find_sent(queue, seqnum, unlink);

	if (!message)
		return suburb_violates(violation,
				       unlink ? "seqnum of RET_UNLINK" : "seqnum of RET_SUBMIT",
				       seqnum);
	queue->receiving = message->request;
	return 0;
}

/*
 * suburb_conn_ops.receive.reply. The URB that it belongs to stays with us until
 * suburb_queue_complete(), and needs no lock: nobody but the connection's
 * worker gives back a URB that was sent.
 */
int suburb_queue_reply(struct suburb_queue *queue, const struct suburb_reply *reply,
		       struct suburb_body *body, struct suburb_violation *violation)
{
	const struct suburb_request *request;
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&queue->lock, flags);
	queue->reply = *reply;
	ret = begin_reply(queue, violation);
	request = queue->receiving;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (ret)
		return ret;
	if (reply->command == SUBURB_RET_UNLINK)
		return suburb_check_ret_unlink(&reply->unlink, violation);
	if (request->data)
		return suburb_readahead_reply(request, &reply->submit, body, violation);
	if (!request->urb)
		return suburb_transfer_discard(request->in, request->bytes, request->iso,
					       request->packets, &queue->staging, &reply->submit,
					       body, violation);
	return suburb_transfer_reply(request->urb, request->iso, &queue->staging, &reply->submit,
				     body, violation);
}

/* The URB has its result; returns the status to give it back with. */
static int finish_submit(struct suburb_queue *queue, struct suburb_request *request)
{
	const struct suburb_ret_submit *ret = &queue->reply.submit;
	struct suburb_endpoint_status *counter = &queue->counters[request->endpoint];

	suburb_message_idle(&request->submit);
	suburb_readahead_answered(queue, request, ret);
	if (!request->urb)
		return 0;
	counter->bytes += request->urb->actual_length;
	if (ret->status && request->unlink.state == MESSAGE_IDLE)
		counter->errors++;
	trace_suburb_reply(queue->devid, request->endpoint, ret->seqnum, ret->status,
			   request->urb->actual_length);
	return ret->status;
}

/*
 * Unlinked. If no RET_SUBMIT came before, none comes, whatever the status says
 * (a Linux server drops the data of a transfer that ends while it is being
 * unlinked, and reports that transfer's status): nothing was moved.
 */
static int finish_unlink(struct suburb_queue *queue, struct suburb_request *request)
{
	suburb_message_idle(&request->unlink);
	suburb_message_idle(&request->submit);
	suburb_readahead_gone(queue, request);
	return -ECONNRESET;
}

/* suburb_conn_ops.receive.complete */
int suburb_queue_complete(struct suburb_queue *queue, struct suburb_violation *violation)
{
	struct suburb_request *request = queue->receiving;
	u8 endpoint = request->endpoint;
	unsigned long flags;
	struct urb *urb;
	int status, ret;
	bool wakes;

	if (queue->reply.command == SUBURB_RET_SUBMIT && request->urb) {
		ret = suburb_transfer_finish(request->urb, request->iso, &queue->staging,
					     &queue->reply.submit, violation);
		if (ret)
			return ret;
	}

	spin_lock_irqsave(&queue->lock, flags);
	queue->receiving = NULL;
	queue->hopeless = false;
	if (queue->reply.command == SUBURB_RET_SUBMIT)
		status = finish_submit(queue, request);
	else
		status = finish_unlink(queue, request);
	urb = suburb_request_take_urb(queue, request);
	suburb_request_settle(queue, request);
	wakes = suburb_readahead_wakes(queue, endpoint);
	/* What the window kept back may go now. */
	if (suburb_queue_waits(queue) && queue->conn)
		suburb_conn_kick(queue->conn);
	spin_unlock_irqrestore(&queue->lock, flags);

	if (urb)
		queue->host->giveback(urb, status);
	if (wakes)
		suburb_readahead_deliver(queue, endpoint);
	return 0;
}
