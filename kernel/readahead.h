/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports of an interrupt IN endpoint, asked for before a driver does. See
 * readahead.c.
 */
#ifndef _SUBURB_READAHEAD_H
#define _SUBURB_READAHEAD_H

#include <linux/list.h>
#include <linux/types.h>
#include <suburb/wire.h>

struct suburb_body;
struct suburb_queue;
struct suburb_request;
struct urb;
struct work_struct;

/* Endpoints that may be read ahead: IN, numbers 1 to 15. */
#define SUBURB_READAHEADS 15

enum suburb_readahead_mode { READAHEAD_OFF, READAHEAD_ON, READAHEAD_STOPPING };

/* Of reports that nobody waits for; each is stricter than the one before it. */
enum suburb_readahead_keep { KEEP_ALL, KEEP_NEWEST, KEEP_NONE };

/**
 * struct suburb_readahead - an endpoint that is, or may be, read ahead
 * @mode: see readahead.c
 * @keep: while STOPPING: what becomes of reports that still arrive
 * @delivering: somebody gives URBs back, and will see what is new
 * @refused: the exporter does not take so many requests at a time
 * @readers: CMD_SUBMITs of URBs that wait for a report here, not sent
 * @line: requests of the endpoint in the order of their reports: URBs' that are
 *	not answered, and our own, which stay until their report has a reader
 * @wire: our own in @line that are not answered
 * @kept: those that are
 * @length: transfer_buffer_length of the driver's last URB
 * @packet: wMaxPacketSize
 * @interval: of these URBs, as on the wire
 * @interval_ns: the same as a time
 * @streak: URBs that came back one after the other, and were submitted again at once
 * @urbs: most that the driver had queued meanwhile
 * @quickest: of these, from being sent to being answered, in ns
 * @returned: when the last came back
 * @alone: since when no URB waits
 * @behind: since when reports wait; 0: none did lately
 */
struct suburb_readahead {
	enum suburb_readahead_mode mode;
	enum suburb_readahead_keep keep;
	bool delivering;
	bool refused;
	struct list_head readers;
	struct list_head line;
	unsigned int wire;
	unsigned int kept;
	u32 length;
	u32 packet;
	u32 interval;
	u32 interval_ns;
	unsigned int streak;
	unsigned int urbs;
	u64 quickest;
	u64 returned;
	u64 alone;
	u64 behind;
};

void suburb_readahead_init(struct suburb_queue *queue);
void suburb_readahead_work(struct work_struct *work);

/* Under queue.lock: */
bool suburb_readahead_takes(struct suburb_queue *queue, struct suburb_request *request);
void suburb_readahead_unlinked(struct suburb_queue *queue, u8 endpoint);
void suburb_readahead_answered(struct suburb_queue *queue, struct suburb_request *request,
			       const struct suburb_ret_submit *ret);
void suburb_readahead_gone(struct suburb_queue *queue, struct suburb_request *request);
bool suburb_readahead_wakes(struct suburb_queue *queue, u8 endpoint);
void suburb_readahead_put(struct suburb_queue *queue, const struct suburb_request *request,
			  u32 seqnum, struct suburb_wire_header *header, struct suburb_body *body);

/* Without: */
int suburb_readahead_reply(const struct suburb_request *request,
			   const struct suburb_ret_submit *ret, struct suburb_body *body,
			   struct suburb_violation *violation);
void suburb_readahead_deliver(struct suburb_queue *queue, u8 endpoint);
void suburb_readahead_close(struct suburb_queue *queue, u8 address);
void suburb_readahead_forget(struct suburb_queue *queue, u8 address);
void suburb_readahead_forget_all(struct suburb_queue *queue);

#endif
