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
 * @failed: the link is dead; called once, nothing is sent or received after
 *
 * All are called from the connection's worker: process context, no locks held,
 * one at a time. @owner outlives suburb_conn_stop().
 */
struct suburb_conn_ops {
	struct suburb_batch_ops send;
	struct suburb_inbox_ops receive;
	void (*failed)(void *owner, enum suburb_reason reason, int error,
		       const struct suburb_violation *violation);
};

int suburb_conn_init(void);
void suburb_conn_exit(void);

struct suburb_conn *suburb_conn_alloc(struct socket *sock, const struct suburb_conn_ops *ops,
				      void *owner, bool digest);
int suburb_conn_start(struct suburb_conn *conn);
void suburb_conn_kick(struct suburb_conn *conn);
void suburb_conn_stop(struct suburb_conn *conn);
void suburb_conn_free(struct suburb_conn *conn);
void suburb_conn_traffic(const struct suburb_conn *conn, u64 *sent, u64 *received,
			 u64 *digests);

#endif
