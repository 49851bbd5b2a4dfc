// SPDX-License-Identifier: GPL-2.0-only
/*
 * One connection to an exporter: a stream socket and one worker. What is being
 * sent stands in a batch, what has arrived in an inbox; here is what moves the
 * bytes and says when it is over. It knows neither URBs nor devices: its owner
 * hands it messages and judges replies.
 *
 * One worker does everything. The socket's callbacks and the owner only say
 * what there is to do (KICK_SEND, KICK_RECEIVE) and see to it that the worker
 * runs; it sends and receives in turn until neither makes progress. So sending
 * and receiving need no lock, and a reply that makes a driver submit again is
 * answered by the same turn.
 *
 * Life: alloc → start → (failed) → stop → free. After stop() neither worker
 * nor callback runs or will run, so buffers that they had may be given back.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "batch.h"
#include "census.h"
#include "compat.h"
#include "conn.h"
#include "inbox.h"

/* Pieces in one recvmsg; a larger body takes several. */
#define RECEIVE_PIECES 64
/* How long one turn of the worker may take before others get theirs. */
#define TURN_NS (2 * NSEC_PER_MSEC)

enum { KICK_SEND, KICK_RECEIVE, SCHEDULED, STOPPED };

struct suburb_conn {
	struct socket *sock;
	const struct suburb_conn_ops *ops;
	void *owner;
	unsigned long flags; /* bits KICK_SEND ... */
	struct work_struct work;

	/* The worker's alone: */
	struct suburb_batch batch;
	struct suburb_inbox inbox;
	struct bio_vec receive_pieces[RECEIVE_PIECES];
	u64 bytes_sent;
	u64 bytes_received;

	/* The socket's own, put back by stop(). Protected by sk_callback_lock: */
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
	void (*saved_error_report)(struct sock *sk);
};

static struct workqueue_struct *suburb_wq;

/* --- waking the worker ---------------------------------------------------- */

static void kick(struct suburb_conn *conn, int what)
{
	set_bit(what, &conn->flags);
	/* Pairs with the barrier in conn_work(): it sees our bit, or we see it gone. */
	smp_mb__after_atomic();
	if (!test_bit(STOPPED, &conn->flags) && !test_and_set_bit(SCHEDULED, &conn->flags))
		queue_work(suburb_wq, &conn->work);
}

/**
 * suburb_conn_kick - there is something to send
 * @conn: the connection
 *
 * Context: any.
 */
void suburb_conn_kick(struct suburb_conn *conn)
{
	kick(conn, KICK_SEND);
}

static void conn_data_ready(struct sock *sk)
{
	struct suburb_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_data_ready(sk);
		kick(conn, KICK_RECEIVE);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_write_space(struct sock *sk)
{
	struct suburb_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_write_space(sk);
		if (sk_stream_is_writeable(sk))
			kick(conn, KICK_SEND);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_state_change(struct sock *sk)
{
	struct suburb_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_state_change(sk);
		/* Whatever happened, receiving will tell. */
		kick(conn, KICK_RECEIVE);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* How vsock tells that its transport is gone: no change of state comes with it. */
static void conn_error_report(struct sock *sk)
{
	struct suburb_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_error_report(sk);
		kick(conn, KICK_RECEIVE);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* --- the end -------------------------------------------------------------- */

/* The one door for every error; the worker's alone. */
static void conn_fail(struct suburb_conn *conn, enum suburb_reason reason, int error,
		      const struct suburb_violation *violation)
{
	if (!test_and_set_bit(STOPPED, &conn->flags))
		conn->ops->failed(conn->owner, reason, error, violation);
}

/* --- receiving ------------------------------------------------------------ */

/*
 * After a short read: can there be something that nobody will wake us for? An
 * end that came with these bytes has done so already. And only TCP's short read
 * means that it has no more: a unix socket stops where another writer's bytes
 * begin or a descriptor came along, a vsock has an end of its own.
 */
static bool may_have_more(const struct sock *sk)
{
	return !sk_is_tcp(sk) || READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
	       READ_ONCE(sk->sk_err);
}

static enum suburb_reason reason_of(int error, const struct suburb_violation *violation)
{
	if (error == -EBADMSG && violation->field)
		return SUBURB_REASON_DIGEST;
	return violation->field ? SUBURB_REASON_PROTOCOL : SUBURB_REASON_LINK;
}

/* One recvmsg. Returns 2 if more may be waiting, 1 if not, 0 if nothing came or the link died. */
static int receive_some(struct suburb_conn *conn)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct suburb_violation violation = {};
	unsigned int pieces, room;
	int ret, error;

	if (test_bit(STOPPED, &conn->flags))
		return 0;
	room = suburb_inbox_room(&conn->inbox, conn->receive_pieces, &pieces, RECEIVE_PIECES);
	iov_iter_bvec(&msg.msg_iter, ITER_DEST, conn->receive_pieces, pieces, room);
	ret = sock_recvmsg(conn->sock, &msg, MSG_DONTWAIT);
	if (ret == -EAGAIN || ret == -EINTR)
		return 0;
	if (ret <= 0) {
		conn_fail(conn, ret ? SUBURB_REASON_LINK : SUBURB_REASON_CLOSED, -ret, NULL);
		return 0;
	}
	conn->bytes_received += ret;
	error = suburb_inbox_received(&conn->inbox, ret, &violation);
	if (error) {
		conn_fail(conn, reason_of(error, &violation), -error,
			  violation.field ? &violation : NULL);
		return 0;
	}
	return ret == room || may_have_more(conn->sock->sk) ? 2 : 1;
}

/* --- sending -------------------------------------------------------------- */

/* One sendmsg. Returns true if it is worth trying again at once. */
static bool send_some(struct suburb_conn *conn)
{
	struct suburb_batch *batch = &conn->batch;
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int ret;

	if (!suburb_batch_fill(batch))
		return false;
	/* A message that continues in the next fill: that one closes the segment. */
	if (suburb_batch_continues(batch))
		msg.msg_flags |= MSG_MORE;
	msg.msg_iter = batch->iter;
	ret = sock_sendmsg(conn->sock, &msg);
	if (ret == -EAGAIN || ret == -EINTR)
		return false;
	if (ret <= 0) {
		/* What the peer said before it left still counts. */
		while (receive_some(conn) > 0)
			;
		conn_fail(conn, SUBURB_REASON_LINK, ret ? -ret : EPIPE, NULL);
		return false;
	}
	conn->bytes_sent += ret;
	suburb_batch_sent(batch, ret);
	return true;
}

/* --- the worker ----------------------------------------------------------- */

static bool conn_turn(struct suburb_conn *conn)
{
	bool again = false;

	if (test_and_clear_bit(KICK_SEND, &conn->flags) && send_some(conn)) {
		set_bit(KICK_SEND, &conn->flags);
		again = true;
	}
	if (test_bit(STOPPED, &conn->flags))
		return false;
	if (test_and_clear_bit(KICK_RECEIVE, &conn->flags) && receive_some(conn) > 1) {
		set_bit(KICK_RECEIVE, &conn->flags);
		again = true;
	}
	return !test_bit(STOPPED, &conn->flags) &&
	       (again || conn->flags & (BIT(KICK_SEND) | BIT(KICK_RECEIVE)));
}

static void conn_work(struct work_struct *work)
{
	struct suburb_conn *conn = container_of(work, struct suburb_conn, work);
	u64 end = ktime_get_ns() + TURN_NS;
	unsigned int noio;

	/* A disk behind us may be what memory is reclaimed to. */
	noio = memalloc_noio_save();
	do {
		while (conn_turn(conn)) {
			if (ktime_get_ns() > end) {
				queue_work(suburb_wq, &conn->work);
				goto out;
			}
		}
		clear_bit(SCHEDULED, &conn->flags);
		/* Pairs with the barrier in kick(). */
		smp_mb__after_atomic();
		if (test_bit(STOPPED, &conn->flags) ||
		    !(conn->flags & (BIT(KICK_SEND) | BIT(KICK_RECEIVE))))
			break;
	} while (!test_and_set_bit(SCHEDULED, &conn->flags));
out:
	memalloc_noio_restore(noio);
}

/* --- life ----------------------------------------------------------------- */

/**
 * suburb_conn_alloc - a connection that does nothing yet
 * @sock: connected stream socket; the caller keeps it alive until free()
 * @ops: the owner's side
 * @owner: given to @ops
 * @digest: every message carries its digests, both ways
 *
 * Return: the connection, or NULL without memory.
 */
struct suburb_conn *suburb_conn_alloc(struct socket *sock, const struct suburb_conn_ops *ops,
				      void *owner, bool digest)
{
	struct suburb_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	suburb_census_created(SUBURB_CONNECTIONS);
	if (suburb_inbox_init(&conn->inbox, &ops->receive, owner, digest) ||
	    suburb_batch_init(&conn->batch, &ops->send, owner, digest)) {
		suburb_conn_free(conn);
		return NULL;
	}
	conn->sock = sock;
	conn->ops = ops;
	conn->owner = owner;
	INIT_WORK(&conn->work, conn_work);
	return conn;
}

/**
 * suburb_conn_start - take the socket over
 * @conn: from suburb_conn_alloc()
 *
 * Context: process.
 * Return: 0, or -EBUSY if the socket already has an owner in the kernel.
 */
int suburb_conn_start(struct suburb_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data) {
		write_unlock_bh(&sk->sk_callback_lock);
		return -EBUSY;
	}
	sk->sk_user_data = conn;
	conn->saved_data_ready = sk->sk_data_ready;
	conn->saved_write_space = sk->sk_write_space;
	conn->saved_state_change = sk->sk_state_change;
	conn->saved_error_report = sk->sk_error_report;
	sk->sk_data_ready = conn_data_ready;
	sk->sk_write_space = conn_write_space;
	sk->sk_state_change = conn_state_change;
	sk->sk_error_report = conn_error_report;
	sk->sk_allocation = GFP_NOIO;
	suburb_sock_no_task_frag(sk);
	write_unlock_bh(&sk->sk_callback_lock);

	if (sk_is_tcp(sk))
		tcp_sock_set_nodelay(sk);
	/* Bytes, or the end, may have come before our callbacks stood. */
	kick(conn, KICK_RECEIVE);
	kick(conn, KICK_SEND);
	return 0;
}

/*
 * What TCP has not sent yet is for nobody any more, and must not keep the
 * exporter from learning of the end, on a slow link for minutes: a reset when the
 * socket is closed takes its place. Without any, the end is told in order, which
 * is repeated if it gets lost.
 */
static void forget_unsent(struct sock *sk)
{
	if (sk_is_tcp(sk) &&
	    READ_ONCE(tcp_sk(sk)->write_seq) != READ_ONCE(tcp_sk(sk)->snd_nxt))
		sock_no_linger(sk);
}

/**
 * suburb_conn_stop - close the link, and wait until nothing of it runs
 * @conn: started; may have failed, may be stopped twice
 *
 * Context: process; not from the connection's own ops.
 */
void suburb_conn_stop(struct suburb_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	set_bit(STOPPED, &conn->flags);
	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data == conn) {
		sk->sk_user_data = NULL;
		sk->sk_data_ready = conn->saved_data_ready;
		sk->sk_write_space = conn->saved_write_space;
		sk->sk_state_change = conn->saved_state_change;
		sk->sk_error_report = conn->saved_error_report;
	}
	write_unlock_bh(&sk->sk_callback_lock);
	forget_unsent(sk);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	cancel_work_sync(&conn->work);
}

/**
 * suburb_conn_free - the end of a connection
 * @conn: stopped or never started; may be NULL
 */
void suburb_conn_free(struct suburb_conn *conn)
{
	if (!conn)
		return;
	suburb_batch_exit(&conn->batch);
	suburb_inbox_exit(&conn->inbox);
	kfree(conn);
	suburb_census_freed(SUBURB_CONNECTIONS);
}

/**
 * suburb_conn_traffic - bytes on the link so far
 * @conn: the connection
 * @sent: out
 * @received: out
 * @digests: out: digests received that were right
 *
 * Read without a lock: for a human's eye.
 */
void suburb_conn_traffic(const struct suburb_conn *conn, u64 *sent, u64 *received, u64 *digests)
{
	*sent = READ_ONCE(conn->bytes_sent);
	*received = READ_ONCE(conn->bytes_received);
	*digests = READ_ONCE(conn->inbox.digests);
}

int suburb_conn_init(void)
{
	suburb_wq = alloc_workqueue("suburb", SUBURB_WQ_FLAGS, 0);
	return suburb_wq ? 0 : -ENOMEM;
}

void suburb_conn_exit(void)
{
	destroy_workqueue(suburb_wq);
}
