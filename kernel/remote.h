/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One attached remote device. See remote.c.
 */
#ifndef _SUBURB_REMOTE_H
#define _SUBURB_REMOTE_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/suburb.h>

#include "bandwidth.h"
#include "request.h"

struct file;
struct suburb_controller;
struct suburb_remote;

/**
 * struct suburb_remote_ops - what a remote tells those above
 * @changed: its state did; any process context
 * @failed: its link is dead: end it. From a work of its own, no locks held
 */
struct suburb_remote_ops {
	void (*changed)(struct suburb_remote *remote);
	void (*failed)(struct suburb_remote *remote);
};

/**
 * struct suburb_remote - one attached remote device
 * @ref: references; see suburb_remote_get()
 * @ops: those above
 * @node: in the registry's list
 * @attach: what it was attached with, and the numbers it was given
 * @file: of the socket; held until the end
 * @conn: its link
 * @queue: its requests
 * @controller: it is plugged into, with @hub (0: USB 2, 1: USB 3) and @slot
 *	(root-hub port, from 0)
 * @busnum: of that hub
 * @bandwidth: bus time of its endpoints, under usbcore's bandwidth_mutex
 * @failed_work: runs ops->failed()
 * @state: written under queue.lock
 * @devnum: of the usb_device, 0: none; likewise
 * @reason: why it ended; set once, before @state is DETACHING
 * @link_error: errno of SUBURB_REASON_LINK
 */
struct suburb_remote {
	struct kref ref;
	const struct suburb_remote_ops *ops;
	struct list_head node;
	struct suburb_attach attach;
	struct file *file;
	struct suburb_conn *conn;
	struct suburb_queue queue;
	struct suburb_controller *controller;
	unsigned int hub;
	unsigned int slot;
	u32 busnum;
	struct suburb_bandwidth bandwidth;
	struct work_struct failed_work;

	/* Written under queue.lock: */
	enum suburb_state state;
	u32 devnum;
	enum suburb_reason reason;
	u32 link_error;
};

extern atomic64_t suburb_digest_errors;

struct suburb_remote *suburb_remote_alloc(const struct suburb_attach *attach,
					  const struct suburb_host_ops *host,
					  const struct suburb_remote_ops *ops);
int suburb_remote_start(struct suburb_remote *remote);
void suburb_remote_configured(struct suburb_remote *remote, u32 devnum);
bool suburb_remote_end(struct suburb_remote *remote, enum suburb_reason reason, int error);
void suburb_remote_fail(struct suburb_remote *remote, enum suburb_reason reason, int error);
void suburb_remote_stop(struct suburb_remote *remote);

/* Every get has its put; alloc returns the first reference. */
struct suburb_remote *suburb_remote_get(struct suburb_remote *remote);
void suburb_remote_put(struct suburb_remote *remote);

int suburb_remote_init(void);
void suburb_remote_exit(void);

#endif
