/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * URBs on their way to an exporter and back. See request.c.
 */
#ifndef _SUBURB_REQUEST_H
#define _SUBURB_REQUEST_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/suburb.h>

#include "conn.h"
#include "readahead.h"
#include "transfer.h"

struct urb;
struct suburb_queue;
struct suburb_request;

/* Endpoint 0, and numbers 1 to 15 for OUT (index n) and IN (index 16 + n). */
#define SUBURB_ENDPOINTS 32
#define SUBURB_HASH_BITS 8

/* A key press does not wait behind a disk's megabyte. */
enum suburb_rank { SUBURB_PROMPT, SUBURB_BULK, SUBURB_RANKS };

#define SUBURB_WINDOW_REQUESTS 256
#define SUBURB_WINDOW_BYTES (8 * 1024 * 1024)
#define SUBURB_UNLINK_MS 20000

/**
 * struct suburb_host_ops - what requests need of the host controller
 * @take: usbcore no longer sees the URB on its endpoint; queue.lock is held
 * @giveback: the URB's driver has it back; no locks held, and the URB was
 *	taken before. Drivers submit again from within
 * @stuck: an unlinked URB does not come back: the link has to end. No locks held
 */
struct suburb_host_ops {
	void (*take)(struct urb *urb);
	void (*giveback)(struct urb *urb, int status);
	void (*stuck)(struct suburb_queue *queue);
};

/**
 * struct suburb_queue - all requests of one remote device
 * @devid: repeated in every message
 * @host: where URBs go back to
 * @lock: protects all below, and urb->hcpriv and the endpoints' URB lists of
 *	this device. Innermost of ours; usbcore's hcd_urb_list_lock nests inside
 * @conn: where messages go; NULL once dead
 * @dead: nothing more is taken
 * @urgent: messages that overtake @waiting: unlinks
 * @waiting: CMD_SUBMITs not sent yet, of bulk endpoints and, before them, all others
 * @sent: messages being sent or sent, in that order, until answered
 * @all: requests
 * @cancelled: CMD_SUBMITs that were unlinked before they were sent
 * @cancel_work: gives these back
 * @hurry: unlinked URBs do not wait for the exporter
 * @hopeless: it has let one wait since, and said nothing
 * @stuck: how often one was found that cannot go back
 * @hurry_work: gives these back
 * @readahead_work: gives URBs reports that were there before them, and sees to
 *	endpoints that are read ahead
 * @no_readahead: none is
 * @patience: how long an unlink may go unanswered, in jiffies
 * @patience_work: looks whether one does
 * @moved: bytes on the link when it looked last
 * @moved_at: when that had changed, in jiffies
 * @by_seqnum: messages in @sent
 * @seqnum: of the last message
 * @receiving: request whose reply is arriving
 * @reply: that reply
 * @next_frame: microframe behind the last isochronous URB, by endpoint index
 * @window_requests: most of them in flight
 * @window_bytes: most payload of these
 * @requests_in_flight: sent and not wholly answered
 * @bytes_in_flight: payload of these
 * @outstanding: requests in flight, by endpoint index
 * @pending: URBs not given back
 * @urbs: the same by endpoint index
 * @counters: by endpoint index
 * @round_trip: of the quickest answer to a URB so far, in ns
 * @readahead: by number, from 1; interrupt IN
 * @staging: data of @receiving that waits for its descriptors; the connection's
 *	worker's alone, as are @receiving and @reply between two calls
 */
struct suburb_queue {
	u32 devid;
	const struct suburb_host_ops *host;

	struct work_struct cancel_work;
	struct delayed_work hurry_work;
	struct delayed_work patience_work;
	struct delayed_work readahead_work;
	bool no_readahead;
	unsigned long patience;

	spinlock_t lock; /* for all that follows: */

	struct suburb_conn *conn;
	bool dead;
	bool hurry;
	bool hopeless;
	unsigned int stuck;
	u64 moved;
	unsigned long moved_at;
	struct list_head urgent;
	struct list_head waiting[SUBURB_RANKS];
	struct list_head sent;
	struct list_head all;
	struct list_head cancelled;
	DECLARE_HASHTABLE(by_seqnum, SUBURB_HASH_BITS);
	u32 seqnum;
	struct suburb_request *receiving;
	struct suburb_reply reply;
	u32 next_frame[SUBURB_ENDPOINTS];
	u32 window_requests;
	u32 window_bytes;
	u32 requests_in_flight;
	u64 bytes_in_flight;
	u32 outstanding[SUBURB_ENDPOINTS];
	u32 pending;
	u32 urbs[SUBURB_ENDPOINTS];
	struct suburb_endpoint_status counters[SUBURB_ENDPOINTS];
	u64 round_trip;
	struct suburb_readahead readahead[SUBURB_READAHEADS];

	/* The worker's alone: */
	struct suburb_staging staging;
};

int suburb_request_init(void);
void suburb_request_exit(void);

struct suburb_request *suburb_request_alloc(struct urb *urb, gfp_t gfp);
void suburb_request_free(struct suburb_request *request);

void suburb_queue_init(struct suburb_queue *queue, const struct suburb_attach *attach,
		       const struct suburb_host_ops *host);
void suburb_queue_start(struct suburb_queue *queue, struct suburb_conn *conn);
bool suburb_queue_add(struct suburb_queue *queue, struct suburb_request *request, bool can_sleep);
bool suburb_queue_calm(struct suburb_queue *queue);
void suburb_queue_unlink(struct suburb_queue *queue, struct urb *urb);
void suburb_queue_refused(struct suburb_queue *queue, const struct suburb_request *request);
void suburb_queue_hurry(struct suburb_queue *queue, bool hurry);
void suburb_queue_kill(struct suburb_queue *queue);
void suburb_queue_drain(struct suburb_queue *queue, int status);

/* suburb_conn_ops without failed(); the owner is the queue. See batch.h, inbox.h. */
bool suburb_queue_next(struct suburb_queue *queue, struct suburb_wire_header *header,
		       struct suburb_body *body, void **name);
void suburb_queue_sent(struct suburb_queue *queue, void *name);
int suburb_queue_reply(struct suburb_queue *queue, const struct suburb_reply *reply,
		       struct suburb_body *body, struct suburb_violation *violation);
int suburb_queue_complete(struct suburb_queue *queue, struct suburb_violation *violation);

#endif
