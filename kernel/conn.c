// SPDX-License-Identifier: GPL-2.0-only
/*
 * One connection to an exporter: a stream socket and one worker. What is being
 * sent stands in a batch, what has arrived in an inbox; here is what moves the
 * bytes and says when it is over. It knows neither URBs nor devices: its owner
 * hands it messages and judges replies.
 *
 * The socket's callbacks and the owner say what there is to do (KICK_SEND,
 * KICK_RECEIVE), and whoever then gets BUSY does it: as a rule the worker, which
 * sends and receives in turn until neither makes progress. So sending and
 * receiving need no lock, and a reply that makes a driver submit again is
 * answered by the same turn.
 *
 * Waking a worker takes longer than sending a small message, and as long again
 * when its reply is in. While its owner says that all is calm (few small
 * messages on the wire), a message is sent by who has it, if it can sleep, and a
 * reply is taken in TCP's softirq. With more on the wire the worker is quicker:
 * it does many at a time, on a processor of its own.
 *
 * Life: alloc → start → (failed) → stop → free. After stop() nobody has BUSY, and
 * neither worker nor callback runs or will run, so buffers that they had may be
 * given back.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "batch.h"
#include "census.h"
#include "compat.h"
#include "conn.h"
#include "inbox.h"

/* Pieces in one recvmsg; a larger body takes several. */
#define RECEIVE_PIECES 64
/* Batches that a caller of ours sends itself; the last look finds nothing more. */
#define PUSHES 2
/* How long one turn of the worker may take before others get theirs. */
#define TURN_NS (2 * NSEC_PER_MSEC)

enum { KICK_SEND, KICK_RECEIVE, BUSY, STOPPED };
#define KICKS (BIT(KICK_SEND) | BIT(KICK_RECEIVE))

struct suburb_conn {
	struct socket *sock;
	const struct suburb_conn_ops *ops;
	void *owner;
	unsigned long flags; /* bits KICK_SEND ... */
	struct work_struct work;

	/* Of whoever has BUSY: */
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

/* --- whose turn it is ----------------------------------------------------- */

/* Says what there is to do. True: the caller has to do it, or let the worker. */
static bool claim(struct suburb_conn *conn, int what)
{
	set_bit(what, &conn->flags);
	/* Pairs with release(): it sees our bit, or we get BUSY. */
	smp_mb__after_atomic();
	return !test_bit(STOPPED, &conn->flags) && !test_and_set_bit(BUSY, &conn->flags);
}

/* False: there is more to do, and BUSY is still ours. True: @conn may be gone. */
static bool release(struct suburb_conn *conn)
{
	unsigned long old = READ_ONCE(conn->flags);

	do {
		if (old & KICKS && !(old & BIT(STOPPED)))
			return false;
	} while (!try_cmpxchg(&conn->flags, &old, old & ~BIT(BUSY)));
	if (old & BIT(STOPPED))
		wake_up_bit(&conn->flags, BUSY);
	return true;
}

static void let_worker(struct suburb_conn *conn)
{
	queue_work(suburb_wq, &conn->work);
}

static void kick(struct suburb_conn *conn, int what)
{
	if (claim(conn, what))
		let_worker(conn);
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

/* What has arrived lies where the inbox said. False: the link died of it. */
static bool received(struct suburb_conn *conn, unsigned int bytes)
{
	struct suburb_violation violation = {};
	int error;

	conn->bytes_received += bytes;
	error = suburb_inbox_received(&conn->inbox, bytes, &violation);
	if (error)
		conn_fail(conn, reason_of(error, &violation), -error,
			  violation.field ? &violation : NULL);
	return !error;
}

static unsigned int room(struct suburb_conn *conn, struct iov_iter *iter)
{
	unsigned int pieces, room;

	room = suburb_inbox_room(&conn->inbox, conn->receive_pieces, &pieces, RECEIVE_PIECES);
	iov_iter_bvec(iter, ITER_DEST, conn->receive_pieces, pieces, room);
	return room;
}

/* One recvmsg. Returns 2 if more may be waiting, 1 if not, 0 if nothing came or the link died. */
static int receive_some(struct suburb_conn *conn)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	unsigned int most;
	int ret;

	if (test_bit(STOPPED, &conn->flags))
		return 0;
	most = room(conn, &msg.msg_iter);
	ret = sock_recvmsg(conn->sock, &msg, MSG_DONTWAIT);
	if (ret == -EAGAIN || ret == -EINTR)
		return 0;
	if (ret <= 0) {
		conn_fail(conn, ret ? SUBURB_REASON_LINK : SUBURB_REASON_CLOSED, -ret, NULL);
		return 0;
	}
	if (!received(conn, ret))
		return 0;
	return ret == most || may_have_more(conn->sock->sk) ? 2 : 1;
}

/* sk_read_actor_t: @len bytes of @skb are next. Returns how many were used. */
static int take_skb(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	struct suburb_conn *conn = desc->arg.data;
	struct iov_iter iter;
	size_t used = 0;
	unsigned int step;

	while (used < len && !test_bit(STOPPED, &conn->flags)) {
		step = min_t(size_t, room(conn, &iter), len - used);
		if (skb_copy_datagram_iter(skb, offset + used, &iter, step)) {
			conn_fail(conn, SUBURB_REASON_LINK, EFAULT, NULL);
			break;
		}
		used += step;
		if (!received(conn, step))
			break;
	}
	return used;
}

/* Its bytes are what the peer sent: nothing is in between that would decrypt them. */
static bool is_plain_tcp(const struct sock *sk)
{
	return sk_is_tcp(sk) && !inet_csk(sk)->icsk_ulp_ops;
}

/* TCP has something for us, and holds the socket's lock. */
static void receive_here(struct suburb_conn *conn, struct sock *sk)
{
	read_descriptor_t desc = { .arg.data = conn, .count = 1 };

	if (!claim(conn, KICK_RECEIVE))
		return;
	if (is_plain_tcp(sk) && conn->ops->calm(conn->owner)) {
		clear_bit(KICK_RECEIVE, &conn->flags);
		tcp_read_sock(sk, &desc, take_skb);
	}
	if (!release(conn))
		let_worker(conn);
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

	if (test_bit(STOPPED, &conn->flags))
		return false;
	if (test_and_clear_bit(KICK_SEND, &conn->flags) && send_some(conn)) {
		set_bit(KICK_SEND, &conn->flags);
		again = true;
	}
	if (test_and_clear_bit(KICK_RECEIVE, &conn->flags) && receive_some(conn) > 1) {
		set_bit(KICK_RECEIVE, &conn->flags);
		again = true;
	}
	return !test_bit(STOPPED, &conn->flags) && (again || READ_ONCE(conn->flags) & KICKS);
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
				let_worker(conn);
				goto out;
			}
		}
	} while (!release(conn));
out:
	memalloc_noio_restore(noio);
}

/**
 * suburb_conn_claim - there is something to send, and the caller can sleep soon
 * @conn: the connection
 *
 * Context: any.
 * Return: true: suburb_conn_push() has to follow; suburb_conn_stop() waits for
 * it. False: somebody else sees to it.
 */
bool suburb_conn_claim(struct suburb_conn *conn)
{
	return claim(conn, KICK_SEND);
}

/**
 * suburb_conn_push - send it
 * @conn: suburb_conn_claim() was true
 *
 * Context: process; does not wait for room in the socket.
 */
void suburb_conn_push(struct suburb_conn *conn)
{
	unsigned int noio = memalloc_noio_save();
	unsigned int tries = PUSHES;

	clear_bit(KICK_SEND, &conn->flags);
	while (tries && !test_bit(STOPPED, &conn->flags) && send_some(conn))
		tries--;
	if (!tries)
		set_bit(KICK_SEND, &conn->flags);
	if (!release(conn))
		let_worker(conn);
	memalloc_noio_restore(noio);
}

/* --- what the socket calls ------------------------------------------------ */

static void conn_data_ready(struct sock *sk)
{
	struct suburb_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_data_ready(sk);
		receive_here(conn, sk);
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
	/* Whoever is busy sees STOPPED soon, the worker as soon as it runs. */
	wait_on_bit(&conn->flags, BUSY, TASK_UNINTERRUPTIBLE);
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
