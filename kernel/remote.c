// SPDX-License-Identifier: GPL-2.0-only
/*
 * One attached remote device: its life and its state, in one place.
 *
 *   ATTACHING ──────────► ONLINE          the kernel has configured it
 *      │      ◄──────────    │            ... or has let go of it again
 *      └────────┬────────────┘
 *          DETACHING ──► GONE ──► freed   user, lost link, violation, unload
 *
 * (LOST, a link gone but for a grace time, has its number and its place
 * between ONLINE and DETACHING; nothing enters it yet.)
 *
 * The end comes in two phases. suburb_remote_end() decides: it succeeds once,
 * and records why. suburb_remote_stop() drains: no URB is taken from then on,
 * then the link is stopped, so that no buffer is in use, then every URB goes
 * back. A link that fails only reports it, from a work of its own, for its
 * worker cannot wait for itself.
 */
#include <linux/file.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "census.h"
#include "compat.h"
#include "conn.h"
#include "remote.h"
#include "trace.h"

static struct workqueue_struct *suburb_end_wq;

/* Messages whose digest was wrong, since the module was loaded. */
atomic64_t suburb_digest_errors = ATOMIC64_INIT(0);

/* --- what the connection asks for ----------------------------------------- */

static bool remote_next(void *owner, struct suburb_wire_header *header, struct suburb_body *body,
			void **message)
{
	struct suburb_remote *remote = owner;

	return suburb_queue_next(&remote->queue, header, body, message);
}

static void remote_sent(void *owner, void *message)
{
	struct suburb_remote *remote = owner;

	suburb_queue_sent(&remote->queue, message);
}

static int remote_reply(void *owner, const struct suburb_reply *reply, struct suburb_body *body,
			struct suburb_violation *violation)
{
	struct suburb_remote *remote = owner;

	return suburb_queue_reply(&remote->queue, reply, body, violation);
}

static int remote_complete(void *owner, struct suburb_violation *violation)
{
	struct suburb_remote *remote = owner;

	return suburb_queue_complete(&remote->queue, violation);
}

static bool remote_calm(void *owner)
{
	struct suburb_remote *remote = owner;

	return suburb_queue_calm(&remote->queue);
}

static void remote_conn_failed(void *owner, enum suburb_reason reason, int error,
			       const struct suburb_violation *violation)
{
	struct suburb_remote *remote = owner;

	if (reason == SUBURB_REASON_DIGEST) {
		atomic64_inc(&suburb_digest_errors);
		pr_warn_ratelimited("suburb: port %u (%s): a message was damaged on the way: %s %#x\n",
				    remote->attach.port, remote->attach.label, violation->field,
				    violation->value);
	} else if (violation) {
		pr_warn_ratelimited("suburb: port %u (%s): protocol violated: %s is %u (%#x)\n",
				    remote->attach.port, remote->attach.label, violation->field,
				    violation->value, violation->value);
	}
	suburb_remote_fail(remote, reason, error);
}

static const struct suburb_conn_ops remote_conn_ops = {
	.send = { .next = remote_next, .sent = remote_sent },
	.receive = { .reply = remote_reply, .complete = remote_complete },
	.calm = remote_calm,
	.failed = remote_conn_failed,
};

static void remote_failed_work(struct work_struct *work)
{
	struct suburb_remote *remote = container_of(work, struct suburb_remote, failed_work);

	remote->ops->failed(remote);
	suburb_remote_put(remote);
}

/* --- life ----------------------------------------------------------------- */

static void remote_release(struct kref *ref)
{
	struct suburb_remote *remote = container_of(ref, struct suburb_remote, ref);

	suburb_conn_free(remote->conn);
	if (remote->file)
		fput(remote->file);
	kfree(remote);
	suburb_census_freed(SUBURB_REMOTES);
}

struct suburb_remote *suburb_remote_get(struct suburb_remote *remote)
{
	kref_get(&remote->ref);
	return remote;
}

void suburb_remote_put(struct suburb_remote *remote)
{
	kref_put(&remote->ref, remote_release);
}

/* A socket fit to be a link: 0 or the errno that the ABI promises. */
static int judge_socket(const struct socket *sock)
{
	if (sock->type != SOCK_STREAM)
		return -EPROTOTYPE;
	/* It wakes pollers when it has room again, and calls nobody: we would wait for ever. */
	if (sock->sk->sk_protocol == IPPROTO_MPTCP)
		return -EPROTOTYPE;
	/* Other families use TCP's numbers for their states. */
	if (sock->sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	return 0;
}

/**
 * suburb_remote_alloc - a remote on a socket, not started yet
 * @attach: judged by the caller, but for the socket
 * @host: where URBs go back to
 * @ops: those above
 *
 * Return: the remote with one reference, or an ERR_PTR: -EBADF, -ENOTSOCK,
 * -EPROTOTYPE, -ENOTCONN, -ENOMEM.
 */
struct suburb_remote *suburb_remote_alloc(const struct suburb_attach *attach,
					  const struct suburb_host_ops *host,
					  const struct suburb_remote_ops *ops)
{
	struct suburb_remote *remote;
	struct socket *sock;
	int ret;

	remote = kzalloc(sizeof(*remote), GFP_KERNEL);
	if (!remote)
		return ERR_PTR(-ENOMEM);
	suburb_census_created(SUBURB_REMOTES);
	kref_init(&remote->ref);
	remote->ops = ops;
	remote->attach = *attach;
	remote->state = SUBURB_STATE_ATTACHING;
	INIT_LIST_HEAD(&remote->node);
	INIT_WORK(&remote->failed_work, remote_failed_work);
	suburb_bandwidth_init(&remote->bandwidth, attach->speed);
	suburb_queue_init(&remote->queue, attach, host);

	sock = sockfd_lookup(attach->sockfd, &ret);
	if (!sock)
		goto err_put;
	remote->file = sock->file;
	ret = judge_socket(sock);
	if (ret)
		goto err_put;
	ret = -ENOMEM;
	remote->conn = suburb_conn_alloc(sock, &remote_conn_ops, remote,
					 attach->features & SUBURB_FEATURE_DIGEST);
	if (!remote->conn)
		goto err_put;
	return remote;

err_put:
	suburb_remote_put(remote);
	return ERR_PTR(ret);
}

/**
 * suburb_remote_start - take the socket over, and take URBs
 * @remote: from suburb_remote_alloc()
 *
 * From now on suburb_remote_stop() must come before the last put.
 *
 * Return: 0, or -EBUSY if the socket already has an owner in the kernel.
 */
int suburb_remote_start(struct suburb_remote *remote)
{
	int ret = suburb_conn_start(remote->conn);

	if (!ret)
		suburb_queue_start(&remote->queue, remote->conn);
	return ret;
}

/**
 * suburb_remote_configured - usbcore has a usable device, or no longer has
 * @remote: the remote
 * @devnum: its address, or 0
 */
void suburb_remote_configured(struct suburb_remote *remote, u32 devnum)
{
	spin_lock_irq(&remote->queue.lock);
	if (remote->state == SUBURB_STATE_ATTACHING || remote->state == SUBURB_STATE_ONLINE) {
		remote->devnum = devnum;
		remote->state = devnum ? SUBURB_STATE_ONLINE : SUBURB_STATE_ATTACHING;
	}
	spin_unlock_irq(&remote->queue.lock);
	trace_suburb_state(remote->attach.port, remote->state, SUBURB_REASON_NONE);
	remote->ops->changed(remote);
}

static bool is_ending(const struct suburb_remote *remote)
{
	lockdep_assert_held(&remote->queue.lock);
	return remote->state == SUBURB_STATE_DETACHING || remote->state == SUBURB_STATE_GONE;
}

/**
 * suburb_remote_end - decide that it is over
 * @remote: the remote
 * @reason: why, unless its link has already said why
 * @error: errno of a link error, positive
 *
 * Return: true for the one caller who has to see to the rest.
 */
bool suburb_remote_end(struct suburb_remote *remote, enum suburb_reason reason, int error)
{
	bool first;

	spin_lock_irq(&remote->queue.lock);
	first = !is_ending(remote);
	if (first) {
		remote->state = SUBURB_STATE_DETACHING;
		if (remote->reason == SUBURB_REASON_NONE) {
			remote->reason = reason;
			remote->link_error = error;
		}
	}
	spin_unlock_irq(&remote->queue.lock);
	if (first)
		trace_suburb_state(remote->attach.port, remote->state, remote->reason);
	return first;
}

/**
 * suburb_remote_fail - it is over, and somebody else has to see to it
 * @remote: started
 * @reason: why, unless that is known already
 * @error: errno of a link error, positive
 *
 * Context: any, any locks but ours: only a work is queued.
 */
void suburb_remote_fail(struct suburb_remote *remote, enum suburb_reason reason, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&remote->queue.lock, flags);
	/* One that ends already may be the last: its workqueue goes, too. */
	if (is_ending(remote))
		goto out;
	if (remote->reason == SUBURB_REASON_NONE) {
		remote->reason = reason;
		remote->link_error = error;
	}
	suburb_remote_get(remote);
	if (!queue_work(suburb_end_wq, &remote->failed_work))
		suburb_remote_put(remote); /* not the last: the caller has one */
out:
	spin_unlock_irqrestore(&remote->queue.lock, flags);
}

/**
 * suburb_remote_stop - give everything back
 * @remote: ended; started before
 *
 * Context: process; not from the link's worker.
 */
void suburb_remote_stop(struct suburb_remote *remote)
{
	suburb_queue_kill(&remote->queue);
	suburb_conn_stop(remote->conn);
	suburb_queue_drain(&remote->queue, -ESHUTDOWN);
	spin_lock_irq(&remote->queue.lock);
	remote->state = SUBURB_STATE_GONE;
	remote->devnum = 0;
	spin_unlock_irq(&remote->queue.lock);
}

int suburb_remote_init(void)
{
	suburb_end_wq = alloc_workqueue("suburb_end", SUBURB_END_WQ_FLAGS, 0);
	return suburb_end_wq ? 0 : -ENOMEM;
}

/* Waits for those links that have failed to be told of. */
void suburb_remote_exit(void)
{
	destroy_workqueue(suburb_end_wq);
}
