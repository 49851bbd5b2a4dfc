/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to an exporter. See conn.c.
 */
#ifndef _SUBURB_CONN_H
#define _SUBURB_CONN_H

#include <linux/types.h>
#include <uapi/linux/suburb.h>
#include <suburb/wire.h>

#include "buffer.h"

struct socket;
struct suburb_conn;

/**
 * struct suburb_conn_ops - what a connection asks of its owner
 * @next: fill in the next message to be sent; false if there is none now. The
 *	payload is what the cursor describes (left = 0: none). *@message names it
 *	for @sent
 * @sent: the last byte of that message was taken by the socket
 * @reply: a header has arrived. Judge it and say where its payload goes.
 *	0, or negative with @violation filled if the peer broke the protocol
 * @complete: that reply is whole
 * @failed: the link is dead; called once, nothing is sent or received after
 *
 * All are called from the connection's worker: process context, no locks held,
 * one at a time. @owner outlives suburb_conn_stop().
 */
struct suburb_conn_ops {
	bool (*next)(void *owner, struct suburb_wire_header *header,
		     struct suburb_cursor *payload, void **message);
	void (*sent)(void *owner, void *message);
	int (*reply)(void *owner, const struct suburb_reply *reply, struct suburb_cursor *payload,
		     struct suburb_violation *violation);
	void (*complete)(void *owner);
	void (*failed)(void *owner, enum suburb_reason reason, int error,
		       const struct suburb_violation *violation);
};

int suburb_conn_init(void);
void suburb_conn_exit(void);

struct suburb_conn *suburb_conn_alloc(struct socket *sock, const struct suburb_conn_ops *ops,
				      void *owner);
int suburb_conn_start(struct suburb_conn *conn);
void suburb_conn_kick(struct suburb_conn *conn);
void suburb_conn_stop(struct suburb_conn *conn);
void suburb_conn_free(struct suburb_conn *conn);
void suburb_conn_traffic(const struct suburb_conn *conn, u64 *sent, u64 *received);

#endif
