/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to an exporter. See conn.c.
 */
#ifndef _SUBURB_CONN_H
#define _SUBURB_CONN_H

#include <linux/types.h>
#include <uapi/linux/suburb.h>
#include <suburb/wire.h>

#include "batch.h"
#include "inbox.h"

struct socket;
struct suburb_conn;

/**
 * struct suburb_conn_ops - what a connection asks of its owner
 * @send: the next message
 * @receive: a reply's header, and its end
 * @calm: so little is on the wire that replies may be taken in softirq
 * @failed: the link is dead; called once, nothing is sent or received after
 *
 * Called one at a time, without locks of ours: @send in process context, from
 * the worker or in suburb_conn_push(); @receive and @failed also in softirq,
 * with the socket's lock held, if @calm was true. @owner outlives
 * suburb_conn_stop().
 */
struct suburb_conn_ops {
	struct suburb_batch_ops send;
	struct suburb_inbox_ops receive;
	bool (*calm)(void *owner);
	void (*failed)(void *owner, enum suburb_reason reason, int error,
		       const struct suburb_violation *violation);
};

int suburb_conn_init(void);
void suburb_conn_exit(void);

struct suburb_conn *suburb_conn_alloc(struct socket *sock, const struct suburb_conn_ops *ops,
				      void *owner, bool digest);
int suburb_conn_start(struct suburb_conn *conn);
void suburb_conn_kick(struct suburb_conn *conn);
bool suburb_conn_claim(struct suburb_conn *conn);
void suburb_conn_push(struct suburb_conn *conn);
void suburb_conn_stop(struct suburb_conn *conn);
void suburb_conn_free(struct suburb_conn *conn);
void suburb_conn_traffic(const struct suburb_conn *conn, u64 *sent, u64 *received,
			 u64 *digests);

#endif
