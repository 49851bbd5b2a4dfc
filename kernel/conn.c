// SPDX-License-Identifier: GPL-2.0-only
/*
 * One connection to an exporter: a stream socket, what is being sent on it,
 * and what has arrived so far. It knows the framing of the URB phase, but
 * neither URBs nor devices: its owner hands it messages and judges replies.
 *
 * One worker does everything. The socket's callbacks and the owner only say
 * what there is to do (KICK_SEND, KICK_RECEIVE) and see to it that the worker
 * runs; it sends and receives in turn until neither makes progress. So sending
 * and receiving need no lock, and a reply that makes a driver submit again is
 * answered by the same turn.
 *
 * Sending gathers as many messages as fit into one sendmsg: headers from an
 * array here, payload from where it lies. Receiving reads many small replies
 * at once into a staging buffer; what the staging buffer holds of a payload is
 * copied, the rest goes straight into the URB's buffer, and the staging buffer
 * follows it in the same recvmsg.
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

#include "compat.h"
#include "conn.h"

/* Replies without payload are 48 bytes: this takes 170 of them at a time. */
#define STAGING_SIZE 8192
/* Pieces in one sendmsg or recvmsg; a larger payload takes several. */
#define MAX_PIECES 64
/* Messages in one sendmsg: each takes a piece for its header and one at least for a payload. */
#define MAX_BATCH (MAX_PIECES / 2)
/* Beyond this a batch is not made longer: the rest may go while these travel. */
#define MAX_BATCH_BYTES (256 * 1024)
/* How long one turn of the worker may take before others get theirs. */
#define TURN_NS (2 * NSEC_PER_MSEC)

enum { KICK_SEND, KICK_RECEIVE, SCHEDULED, STOPPED };

/**
 * struct suburb_batch - what one sendmsg after another is sending
 * @headers: of the messages in it
 * @messages: their names for ops->sent()
 * @ends: bytes from the batch's start to each message's end; 0: not known yet,
 *	for the message continues in the next fill
 * @count: messages
 * @done: of these, wholly sent
 * @pieces: page pieces: headers and payload
 * @iter: over @pieces, what is left
 * @sent: bytes of this fill taken by the socket
 * @bytes: bytes of this fill
 * @tail: payload of the last message that did not fit
 */
struct suburb_batch {
	struct suburb_wire_header headers[MAX_BATCH];
	void *messages[MAX_BATCH];
	unsigned int ends[MAX_BATCH];
	unsigned int count;
	unsigned int done;
	struct bio_vec pieces[MAX_PIECES];
	struct iov_iter iter;
	unsigned int sent;
	unsigned int bytes;
	struct suburb_cursor tail;
};

struct suburb_conn {
	struct socket *sock;
	const struct suburb_conn_ops *ops;
	void *owner;
	unsigned long flags; /* bits KICK_SEND ... */
	struct work_struct work;

	/* The worker's alone: */
	struct suburb_batch batch;
	u8 *staging;
	unsigned int staged; /* bytes in the staging buffer */
	unsigned int parsed; /* of these, used */
	bool in_payload;
	struct suburb_cursor payload; /* of the reply being received */
	struct bio_vec receive_pieces[MAX_PIECES];
	u64 bytes_sent;
	u64 bytes_received;

	/* The socket's own, put back by stop(). Protected by sk_callback_lock: */
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
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

/* --- the end -------------------------------------------------------------- */

/* The one door for every error; the worker's alone. */
static void conn_fail(struct suburb_conn *conn, enum suburb_reason reason, int error,
		      const struct suburb_violation *violation)
{
	if (!test_and_set_bit(STOPPED, &conn->flags))
		conn->ops->failed(conn->owner, reason, error, violation);
}

/* --- receiving ------------------------------------------------------------ */

/* Moves staged bytes of the payload to where they belong. */
static int copy_staged_payload(struct suburb_conn *conn)
{
	unsigned int pieces, bytes;
	struct iov_iter iter;

	while (conn->payload.left && conn->parsed < conn->staged) {
		pieces = 0;
		bytes = suburb_cursor_peek(conn->payload, conn->receive_pieces, &pieces,
					   MAX_PIECES);
		iov_iter_bvec(&iter, ITER_DEST, conn->receive_pieces, pieces, bytes);
		bytes = min(bytes, conn->staged - conn->parsed);
		if (copy_to_iter(conn->staging + conn->parsed, bytes, &iter) != bytes)
			return -EFAULT;
		conn->parsed += bytes;
		suburb_cursor_advance(&conn->payload, bytes);
	}
	return 0;
}

static void payload_done(struct suburb_conn *conn)
{
	if (!conn->in_payload || conn->payload.left)
		return;
	conn->in_payload = false;
	conn->ops->complete(conn->owner);
}

/* A header, if it is all here. Returns its size, 0, or negative: the link has failed. */
static int parse_header(struct suburb_conn *conn)
{
	struct suburb_violation violation = {};
	struct suburb_reply reply;
	int size;

	size = suburb_get_reply(conn->staging + conn->parsed, conn->staged - conn->parsed, &reply);
	if (size == 0)
		return 0;
	if (size < 0) {
		violation.field = "command";
		violation.value = reply.command;
	} else if (!conn->ops->reply(conn->owner, &reply, &conn->payload, &violation)) {
		conn->parsed += size;
		conn->in_payload = true;
		return size;
	}
	conn_fail(conn, SUBURB_REASON_PROTOCOL, EPROTO, &violation);
	return -EPROTO;
}

/* Uses up what is staged. Negative: the link has failed. */
static int parse_staged(struct suburb_conn *conn)
{
	int ret = 1;

	while (ret > 0) {
		if (conn->in_payload) {
			if (copy_staged_payload(conn)) {
				conn_fail(conn, SUBURB_REASON_LINK, EFAULT, NULL);
				return -EFAULT;
			}
			if (conn->payload.left)
				break;
			payload_done(conn);
		}
		ret = parse_header(conn);
	}
	if (ret < 0)
		return ret;
	/* What is left is less than a header: it makes room for more behind it. */
	conn->staged -= conn->parsed;
	memmove(conn->staging, conn->staging + conn->parsed, conn->staged);
	conn->parsed = 0;
	return 0;
}

static bool has_ended(const struct sock *sk)
{
	return READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN || READ_ONCE(sk->sk_err);
}

/* One recvmsg. Returns 2 if more may be waiting, 1 if not, 0 if nothing came or the link is dead. */
static int receive_some(struct suburb_conn *conn)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	unsigned int payload = 0, pieces = 0, room;
	int ret;

	if (test_bit(STOPPED, &conn->flags))
		return 0;
	/* In a payload nothing is staged: parse_staged() used it all. */
	if (conn->in_payload)
		payload = suburb_cursor_peek(conn->payload, conn->receive_pieces, &pieces,
					     MAX_PIECES - 1);
	room = payload;
	if (payload == conn->payload.left || !conn->in_payload) {
		suburb_bvec_virt(&conn->receive_pieces[pieces++], conn->staging + conn->staged,
				 STAGING_SIZE - conn->staged);
		room += STAGING_SIZE - conn->staged;
	}
	iov_iter_bvec(&msg.msg_iter, ITER_DEST, conn->receive_pieces, pieces, room);
	ret = sock_recvmsg(conn->sock, &msg, MSG_DONTWAIT);
	if (ret == -EAGAIN || ret == -EINTR)
		return 0;
	if (ret <= 0) {
		conn_fail(conn, ret ? SUBURB_REASON_LINK : SUBURB_REASON_CLOSED, -ret, NULL);
		return 0;
	}
	conn->bytes_received += ret;
	payload = min_t(unsigned int, payload, ret);
	suburb_cursor_advance(&conn->payload, payload);
	conn->staged += ret - payload;
	payload_done(conn);
	if (parse_staged(conn))
		return 0;
	/*
	 * A short read emptied the socket, and what comes after it will kick us.
	 * But an end that came with these bytes has kicked already.
	 */
	return ret == room || has_ended(conn->sock->sk) ? 2 : 1;
}

/* --- sending -------------------------------------------------------------- */

static bool batch_has_room(const struct suburb_batch *batch, unsigned int pieces)
{
	return batch->count < MAX_BATCH && pieces + 2 <= MAX_PIECES &&
	       batch->bytes < MAX_BATCH_BYTES;
}

/* Payload of the last message; true if all of it is in. */
static bool batch_add_payload(struct suburb_batch *batch, unsigned int *pieces)
{
	unsigned int bytes = suburb_cursor_peek(batch->tail, batch->pieces, pieces, MAX_PIECES);

	suburb_cursor_advance(&batch->tail, bytes);
	batch->bytes += bytes;
	if (batch->tail.left)
		return false;
	batch->ends[batch->count - 1] = batch->bytes;
	return true;
}

static void batch_add_header(struct suburb_batch *batch, unsigned int *pieces)
{
	suburb_bvec_virt(&batch->pieces[*pieces], &batch->headers[batch->count],
			 sizeof(struct suburb_wire_header));
	(*pieces)++;
	batch->bytes += sizeof(struct suburb_wire_header);
	batch->ends[batch->count] = 0;
	batch->count++;
}

/*
 * Puts the next messages together. The previous fill has been sent; if its
 * last message was not whole, it goes on here as message 0.
 */
static bool batch_fill(struct suburb_conn *conn)
{
	struct suburb_batch *batch = &conn->batch;
	unsigned int pieces = 0;
	bool whole = true;

	if (batch->tail.left) {
		batch->messages[0] = batch->messages[batch->count - 1];
		batch->ends[0] = 0;
		batch->count = 1;
	} else {
		batch->count = 0;
	}
	batch->done = 0;
	batch->sent = 0;
	batch->bytes = 0;
	if (batch->count)
		whole = batch_add_payload(batch, &pieces);

	while (whole && batch_has_room(batch, pieces) &&
	       conn->ops->next(conn->owner, &batch->headers[batch->count], &batch->tail,
			       &batch->messages[batch->count])) {
		batch_add_header(batch, &pieces);
		whole = batch_add_payload(batch, &pieces);
	}
	iov_iter_bvec(&batch->iter, ITER_SOURCE, batch->pieces, pieces, batch->bytes);
	return batch->bytes;
}

/* The socket took @bytes more: tell of the messages that are out with them. */
static void batch_sent(struct suburb_conn *conn, unsigned int bytes)
{
	struct suburb_batch *batch = &conn->batch;

	batch->sent += bytes;
	conn->bytes_sent += bytes;
	while (batch->done < batch->count && batch->ends[batch->done] &&
	       batch->ends[batch->done] <= batch->sent) {
		conn->ops->sent(conn->owner, batch->messages[batch->done]);
		batch->done++;
	}
}

/* One sendmsg. Returns true if it is worth trying again at once. */
static bool send_some(struct suburb_conn *conn)
{
	struct suburb_batch *batch = &conn->batch;
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int ret;

	if (batch->sent == batch->bytes && !batch_fill(conn))
		return false;
	/* A message that continues in the next fill: that one closes the segment. */
	if (batch->tail.left)
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
	iov_iter_advance(&batch->iter, ret);
	batch_sent(conn, ret);
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
 *
 * Return: the connection, or NULL without memory.
 */
struct suburb_conn *suburb_conn_alloc(struct socket *sock, const struct suburb_conn_ops *ops,
				      void *owner)
{
	struct suburb_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);

	if (!conn)
		return NULL;
	conn->staging = kmalloc(STAGING_SIZE, GFP_KERNEL);
	if (!conn->staging) {
		kfree(conn);
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
	sk->sk_data_ready = conn_data_ready;
	sk->sk_write_space = conn_write_space;
	sk->sk_state_change = conn_state_change;
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
	}
	write_unlock_bh(&sk->sk_callback_lock);
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
	kfree(conn->staging);
	kfree(conn);
}

/**
 * suburb_conn_traffic - bytes on the link so far
 * @conn: the connection
 * @sent: out
 * @received: out
 *
 * Read without a lock: for a human's eye.
 */
void suburb_conn_traffic(const struct suburb_conn *conn, u64 *sent, u64 *received)
{
	*sent = READ_ONCE(conn->bytes_sent);
	*received = READ_ONCE(conn->bytes_received);
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
