/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What request.c, reply.c, hurry.c, patience.c and readahead.c share: requests from inside.
 */
#ifndef _SUBURB_REQUEST_PRIVATE_H
#define _SUBURB_REQUEST_PRIVATE_H

#include "request.h"

enum suburb_message_state { MESSAGE_IDLE, MESSAGE_WAITING, MESSAGE_SENDING, MESSAGE_SENT };

/**
 * struct suburb_message - one CMD_SUBMIT or CMD_UNLINK
 * @node: in queue.urgent, .waiting or .sent, unless IDLE
 * @hash: in queue.by_seqnum, if SENDING or SENT
 * @request: it belongs to
 * @seqnum: given when it is sent
 * @state: see above
 */
struct suburb_message {
	struct list_head node;
	struct hlist_node hash;
	struct suburb_request *request;
	u32 seqnum;
	enum suburb_message_state state;
};

/**
 * struct suburb_request - one URB on its way, or a report that is read ahead
 * @all: in queue.all
 * @urb: NULL once taken
 * @submit: its CMD_SUBMIT
 * @unlink: its CMD_UNLINK
 * @endpoint: index into the queue's tables
 * @bytes: counted against the window
 * @in: data comes from the device
 * @rank: which queue.waiting it waits in
 * @unlinked: when, in jiffies
 * @packets: of an isochronous one
 * @iso: descriptors as they are on the wire: first ours, then the exporter's;
 *	NULL if not isochronous
 * @sent_at: when its CMD_SUBMIT was put together, in ns
 * @line: in suburb_readahead.line, if interrupt IN
 * @filled: a reader: bytes that its URB has so far
 * @data: a report: its @bytes; NULL for a URB. It never has a @urb
 * @answered: a report: it is there, with @status and
 * @actual: that many bytes, of which
 * @used: URBs have got
 */
struct suburb_request {
	struct list_head all;
	struct urb *urb;
	struct suburb_wire_iso *iso;
	struct suburb_message submit;
	struct suburb_message unlink;
	unsigned long unlinked;
	u32 bytes;
	u32 packets;
	bool in;
	enum suburb_rank rank;
	u8 endpoint;

	/* See readahead.c: */
	bool answered;
	int status;
	u32 actual;
	u32 used;
	u32 filled;
	u8 *data;
	struct list_head line;
	u64 sent_at;
};

static inline bool suburb_message_is_unlink(const struct suburb_message *message)
{
	return message == &message->request->unlink;
}

/* Its driver waits for it. */
static inline bool suburb_request_is_unlinked(const struct suburb_request *request)
{
	return request->urb && request->unlink.state != MESSAGE_IDLE;
}

/* Under queue.lock: */
void suburb_request_wait(struct suburb_queue *queue, struct suburb_request *request);
bool suburb_queue_waits(const struct suburb_queue *queue);
void suburb_message_idle(struct suburb_message *message);
void suburb_request_settle(struct suburb_queue *queue, struct suburb_request *request);
struct urb *suburb_request_take_urb(struct suburb_queue *queue, struct suburb_request *request);
void suburb_request_send_unlink(struct suburb_queue *queue, struct suburb_request *request);
void suburb_hurry_arm(struct suburb_queue *queue);
void suburb_patience_arm(struct suburb_queue *queue, struct suburb_request *request);

struct suburb_request *suburb_request_alloc_report(u8 endpoint, u32 bytes, gfp_t gfp);
void suburb_hurry_work(struct work_struct *work);
void suburb_patience_work(struct work_struct *work);

#endif
