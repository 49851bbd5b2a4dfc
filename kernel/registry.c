// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is attached: all remotes by port number, their beginning and their end.
 * Here the parts meet: a socket becomes a remote, the remote is plugged into a
 * controller, and when it ends, for whatever reason, both are undone in one
 * order:
 *
 *   disconnect the port      the kernel starts to let go of the device
 *   stop the remote          no URB is taken; link stopped; all given back
 *   release the slot         a later device may have it
 *
 * Of the last few that ended the reason is kept, so that whoever waits for a
 * device learns why it never came.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/usb/ch9.h>

#include "conn.h"
#include "controller.h"
#include "registry.h"
#include "remote.h"

#define REMEMBERED 32

/**
 * struct suburb_departure - a remote that ended
 * @id: of the attachment, 0: none
 * @port: it had
 * @reason: why
 * @link_error: errno
 */
struct suburb_departure {
	u64 id;
	u32 port;
	enum suburb_reason reason;
	u32 link_error;
};

/*
 * The control mutex: protects everything below, and orders attach, detach and
 * the end of remotes. The controllers' mutex and all spinlocks nest inside.
 */
static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(remotes); /* ascending by port number */
static u64 last_id;
static struct suburb_departure departures[REMEMBERED];
static unsigned int next_departure;

static atomic64_t generation = ATOMIC64_INIT(1);
DECLARE_WAIT_QUEUE_HEAD(suburb_registry_wait);

u64 suburb_registry_generation(void)
{
	return atomic64_read(&generation);
}

static void changed(void)
{
	atomic64_inc(&generation);
	wake_up_interruptible_all(&suburb_registry_wait);
}

/* --- the end -------------------------------------------------------------- */

static const char *reason_text(enum suburb_reason reason)
{
	switch (reason) {
	case SUBURB_REASON_DETACHED:
		return "on request";
	case SUBURB_REASON_CLOSED:
		return "connection closed by the exporter";
	case SUBURB_REASON_LINK:
		return "link failed";
	case SUBURB_REASON_PROTOCOL:
		return "exporter violated the protocol";
	case SUBURB_REASON_DIGEST:
		return "a message was damaged on the way";
	case SUBURB_REASON_UNLOAD:
		return "module unloading";
	default:
		return "unknown";
	}
}

static void remember(const struct suburb_remote *remote)
{
	struct suburb_departure *departure = &departures[next_departure++ % REMEMBERED];

	departure->id = remote->attach.id;
	departure->port = remote->attach.port;
	departure->reason = remote->reason;
	departure->link_error = remote->link_error;
}

static void end_remote(struct suburb_remote *remote, enum suburb_reason reason)
{
	lockdep_assert_held(&registry_lock);
	if (!suburb_remote_end(remote, reason, 0))
		return;
	suburb_controllers_disconnect(remote);
	suburb_remote_stop(remote);
	suburb_controllers_release(remote);
	remember(remote);
	list_del(&remote->node);
	pr_info("suburb: port %u: detached %s, %s\n", remote->attach.port, remote->attach.label,
		reason_text(remote->reason));
	suburb_remote_put(remote);
	changed();
}

static void remote_changed(struct suburb_remote *remote)
{
	changed();
}

static void remote_failed(struct suburb_remote *remote)
{
	mutex_lock(&registry_lock);
	end_remote(remote, SUBURB_REASON_LINK);
	mutex_unlock(&registry_lock);
}

static const struct suburb_remote_ops remote_ops = {
	.changed = remote_changed,
	.failed = remote_failed,
};

/* --- the beginning -------------------------------------------------------- */

/* Puts it where the list has its first gap, with that number. */
static void give_port(struct suburb_remote *remote)
{
	struct suburb_remote *other;
	u32 port = 0;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(other, &remotes, node) {
		if (other->attach.port != port)
			break;
		port++;
	}
	remote->attach.port = port;
	remote->attach.id = ++last_id;
	list_add_tail(&remote->node, &other->node);
}

/**
 * suburb_registry_attach - a socket becomes a device
 * @attach: judged, but for the socket; port and id are filled in
 *
 * Return: 0 or what struct suburb_attach promises.
 */
int suburb_registry_attach(struct suburb_attach *attach)
{
	struct suburb_remote *remote;
	int ret;

	remote = suburb_remote_alloc(attach, &suburb_hcd_host_ops, &remote_ops);
	if (IS_ERR(remote))
		return PTR_ERR(remote);

	mutex_lock(&registry_lock);
	give_port(remote);
	ret = suburb_remote_start(remote);
	if (ret)
		goto err_unlist;
	ret = suburb_controllers_plug(remote);
	if (ret)
		goto err_stop;
	attach->port = remote->attach.port;
	attach->id = remote->attach.id;
	pr_info("suburb: port %u: attached %s, %s\n", attach->port, attach->label,
		usb_speed_string(attach->speed));
	mutex_unlock(&registry_lock);
	changed();
	return 0;

err_stop:
	suburb_remote_end(remote, SUBURB_REASON_DETACHED, 0);
	suburb_remote_stop(remote);
err_unlist:
	list_del(&remote->node);
	mutex_unlock(&registry_lock);
	suburb_remote_put(remote);
	return ret;
}

static struct suburb_remote *find_by_port(u32 port)
{
	struct suburb_remote *remote;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(remote, &remotes, node)
		if (remote->attach.port == port)
			return remote;
	return NULL;
}

static struct suburb_remote *find_by_id(u64 id)
{
	struct suburb_remote *remote;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(remote, &remotes, node)
		if (remote->attach.id == id)
			return remote;
	return NULL;
}

/**
 * suburb_registry_detach - unplug
 * @port: its number
 * @id: 0, or the attachment that must be there
 *
 * Return: 0 or -ENODEV.
 */
int suburb_registry_detach(u32 port, u64 id)
{
	struct suburb_remote *remote;
	int ret = -ENODEV;

	mutex_lock(&registry_lock);
	remote = find_by_port(port);
	if (remote && (!id || id == remote->attach.id)) {
		end_remote(remote, SUBURB_REASON_DETACHED);
		ret = 0;
	}
	mutex_unlock(&registry_lock);
	return ret;
}

/* The module goes. */
void suburb_registry_detach_all(void)
{
	struct suburb_remote *remote, *next;

	mutex_lock(&registry_lock);
	list_for_each_entry_safe(remote, next, &remotes, node)
		end_remote(remote, SUBURB_REASON_UNLOAD);
	mutex_unlock(&registry_lock);
}

/* --- looking -------------------------------------------------------------- */

static u8 endpoint_address(unsigned int index)
{
	return index > 16 ? USB_DIR_IN | (index - 16) : index;
}

static void fill_counters(struct suburb_remote *remote, struct suburb_status *status,
			  struct suburb_endpoint_status *endpoints)
{
	struct suburb_queue *queue = &remote->queue;
	unsigned int i;

	spin_lock_irq(&queue->lock);
	status->state = remote->state;
	status->reason = remote->reason;
	status->link_error = remote->link_error;
	status->devnum = remote->devnum;
	status->pending = queue->pending;
	for (i = 0; i < SUBURB_ENDPOINTS; i++) {
		const struct suburb_endpoint_status *counter = &queue->counters[i];

		if (!counter->urbs)
			continue;
		status->urbs += counter->urbs;
		status->bytes += counter->bytes;
		status->errors += counter->errors;
		status->unlinks += counter->unlinks;
		endpoints[status->endpoints_count] = *counter;
		endpoints[status->endpoints_count].address = endpoint_address(i);
		status->endpoints_count++;
	}
	spin_unlock_irq(&queue->lock);
}

static void fill_status(struct suburb_remote *remote, struct suburb_status *status,
			struct suburb_endpoint_status *endpoints)
{
	const struct suburb_attach *attach = &remote->attach;

	status->id = attach->id;
	status->port = attach->port;
	status->speed = attach->speed;
	status->devid = attach->devid;
	status->features = attach->features;
	status->busnum = remote->busnum;
	status->root_port = remote->slot + 1;
	status->cookie_size = attach->cookie_size;
	memcpy(status->label, attach->label, sizeof(status->label));
	memcpy(status->cookie, attach->cookie, sizeof(status->cookie));
	suburb_conn_traffic(remote->conn, &status->wire_sent, &status->wire_received,
			    &status->digests);
	fill_counters(remote, status, endpoints);
}

static int fill_departed(u64 id, struct suburb_status *status)
{
	unsigned int i;

	for (i = 0; id && i < REMEMBERED; i++) {
		if (departures[i].id != id)
			continue;
		status->id = id;
		status->port = departures[i].port;
		status->state = SUBURB_STATE_GONE;
		status->reason = departures[i].reason;
		status->link_error = departures[i].link_error;
		return 0;
	}
	return -ENODEV;
}

/**
 * suburb_registry_status - one remote
 * @status: id or port says which; all that is told must be 0
 * @endpoints: SUBURB_ENDPOINTS elements, of which status->endpoints_count are
 *	filled
 *
 * Return: 0 or -ENODEV.
 */
int suburb_registry_status(struct suburb_status *status, struct suburb_endpoint_status *endpoints)
{
	struct suburb_remote *remote;
	int ret = 0;

	mutex_lock(&registry_lock);
	remote = status->id ? find_by_id(status->id) : find_by_port(status->port);
	if (remote)
		fill_status(remote, status, endpoints);
	else
		ret = fill_departed(status->id, status);
	mutex_unlock(&registry_lock);
	return ret;
}

/**
 * suburb_registry_list - ports in use, ascending
 * @ports: filled as far as it goes; may be NULL with @capacity 0
 * @capacity: of @ports
 * @at: generation that this is true of; may be NULL
 *
 * Return: how many there are.
 */
unsigned int suburb_registry_list(u32 *ports, unsigned int capacity, u64 *at)
{
	struct suburb_remote *remote;
	unsigned int count = 0;

	mutex_lock(&registry_lock);
	if (at)
		*at = suburb_registry_generation();
	list_for_each_entry(remote, &remotes, node) {
		if (count < capacity)
			ports[count] = remote->attach.port;
		count++;
	}
	mutex_unlock(&registry_lock);
	return count;
}
