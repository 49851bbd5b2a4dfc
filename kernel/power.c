// SPDX-License-Identifier: GPL-2.0-only
/*
 * This machine goes to sleep with devices attached, and wakes up with them.
 *
 * The far device does not sleep: its port is the exporter's, and USB/IP has no
 * word for it. So our ports suspend and resume as if the device did, nothing of
 * it is lost, and drivers stay bound. What needs care is the link:
 *
 *  - Drivers stop their devices while they are suspended, and need the link for
 *    that. For the time of the sleep a controller depends on the network
 *    adapters under its links: they suspend after it and resume before it.
 *  - The link may not work then all the same: its way may lead through
 *    processes, which are frozen first (a tunnel, an exporter on this machine),
 *    or through a network that is back only after they are thawed. So nothing
 *    waits for it: what a driver unlinks comes back after a moment, whatever
 *    the exporter says (suburb_queue_hurry()), and what usbcore itself asks of
 *    each device as it suspends and resumes is answered here, for it concerns
 *    a sleep that the device does not take part in.
 *
 * One thing cannot be done without the link: a disk is flushed before it sleeps.
 * If its link ends in a process of this machine, the sleep is refused at once,
 * and the log says which; otherwise it would be minutes later, the disk lost.
 *
 * A link that has died meanwhile is found as ever: the device is unplugged when
 * usbcore's workers are thawed.
 */
#include <linux/device.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/suspend.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <net/af_vsock.h>
#include <net/dst.h>
#include <net/sock.h>

#include "controller.h"
#include "power.h"
#include "remote.h"

/* --- network adapters ----------------------------------------------------- */

static bool knows_adapter(const struct suburb_controller *controller, const struct device *adapter)
{
	unsigned int i;

	for (i = 0; i < controller->adapters_count; i++)
		if (controller->adapters[i] == adapter)
			return true;
	return false;
}

/* A network interface, or one of those below it (a VLAN's, a bridge's). */
static int add_adapter(struct net_device *netdev, struct netdev_nested_priv *priv)
{
	struct suburb_controller *controller = priv->data;
	struct device *adapter = netdev->dev.parent;

	if (!adapter || controller->adapters_count == SUBURB_ADAPTERS ||
	    knows_adapter(controller, adapter))
		return 0;
	controller->adapters[controller->adapters_count++] = get_device(adapter);
	return 0;
}

static void find_adapters(struct suburb_controller *controller, struct suburb_remote *remote)
{
	struct netdev_nested_priv priv = { .data = controller };
	struct dst_entry *dst = sk_dst_get(sock_from_file(remote->file)->sk);

	if (!dst)
		return;
	rcu_read_lock();
	add_adapter(dst->dev, &priv);
	netdev_walk_all_lower_dev_rcu(dst->dev, add_adapter, &priv);
	rcu_read_unlock();
	dst_release(dst);
}

static void depend_on_adapters(struct suburb_controller *controller)
{
	struct device *dev = &controller->pdev->dev;
	unsigned int i;

	suburb_controller_each_remote(controller, find_adapters);
	/* One that is itself behind this controller is refused, and rightly. */
	for (i = 0; i < controller->adapters_count; i++)
		device_link_add(dev, controller->adapters[i], DL_FLAG_STATELESS);
}

/**
 * suburb_power_forget - depend on no network adapter any more
 * @controller: the controller; the controllers' mutex is held
 */
void suburb_power_forget(struct suburb_controller *controller)
{
	struct device *adapter;

	while (controller->adapters_count) {
		adapter = controller->adapters[--controller->adapters_count];
		device_link_remove(&controller->pdev->dev, adapter);
		put_device(adapter);
	}
}

/* --- disks that could not be flushed -------------------------------------------- */

static bool ends_here_vsock(struct sock *sk)
{
	const struct vsock_transport *transport = vsock_sk(sk)->transport;

	return transport && transport->get_local_cid() == VMADDR_CID_LOCAL;
}

/* An exporter on this machine, or a tunnel that begins here. */
static bool ends_here(struct suburb_remote *remote)
{
	struct sock *sk = sock_from_file(remote->file)->sk;
	struct dst_entry *dst;
	bool here;

	if (sk->sk_family == AF_UNIX)
		return true;
	if (sk->sk_family == AF_VSOCK)
		return ends_here_vsock(sk);
	dst = sk_dst_get(sk);
	here = dst && dst->dev->flags & IFF_LOOPBACK;
	dst_release(dst);
	return here;
}

static bool has_disk(const struct usb_device *udev)
{
	const struct usb_host_config *config = udev->actconfig;
	unsigned int i;

	for (i = 0; config && i < config->desc.bNumInterfaces; i++)
		if (config->interface[i]->cur_altsetting->desc.bInterfaceClass ==
		    USB_CLASS_MASS_STORAGE)
			return true;
	return false;
}

/* Returns -EBUSY, which ends the search, for a disk of ours whose link ends here. */
static int judge_disk(struct usb_device *udev, void *data)
{
	struct suburb_remote *remote;
	bool enabled, disk;

	/* One that is being enumerated, or goes, is not mounted. */
	if (bus_to_hcd(udev->bus)->driver != &suburb_hc_driver || !usb_trylock_device(udev))
		return 0;
	disk = has_disk(udev);
	usb_unlock_device(udev);
	remote = disk ? suburb_hcd_get_remote(udev, &enabled) : NULL;
	if (!remote)
		return 0;
	disk = ends_here(remote);
	if (disk)
		pr_warn("suburb: port %u (%s): no sleep: this disk's link ends in this machine, and cannot be flushed; detach it\n",
			remote->attach.port, remote->attach.label);
	suburb_remote_put(remote);
	return disk ? -EBUSY : 0;
}

/* --- before and after -------------------------------------------------------- */

/* While all still runs: afterwards no device may become another's supplier. */
static int power_notify(struct notifier_block *block, unsigned long action, void *data)
{
	int ret;

	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		ret = usb_for_each_dev(NULL, judge_disk);
		if (ret)
			return notifier_from_errno(ret);
		suburb_controllers_each(depend_on_adapters);
		return NOTIFY_OK;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		suburb_controllers_each(suburb_power_forget);
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

/* --- asleep --------------------------------------------------------------- */

static void hurry(struct suburb_controller *controller, struct suburb_remote *remote)
{
	suburb_queue_hurry(&remote->queue, controller->asleep);
}

static void set_asleep(struct device *dev, bool asleep)
{
	struct suburb_controller *controller = dev_get_drvdata(dev);

	WRITE_ONCE(controller->asleep, asleep);
	suburb_controller_each_remote(controller, hurry);
}

/* From here, before the first device is suspended ... */
static int power_prepare(struct device *dev)
{
	set_asleep(dev, true);
	return 0;
}

/* ... to here, after the last one was resumed; user space is still frozen. */
static void power_complete(struct device *dev)
{
	set_asleep(dev, false);
}

const struct dev_pm_ops suburb_power_ops = {
	.prepare = power_prepare,
	.complete = power_complete,
};

static bool is_about_sleep(const struct usb_ctrlrequest *setup)
{
	bool device = (setup->bRequestType & USB_RECIP_MASK) == USB_RECIP_DEVICE;

	if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_STANDARD ||
	    (setup->bRequestType & USB_RECIP_MASK) > USB_RECIP_INTERFACE)
		return false;
	switch (setup->bRequest) {
	case USB_REQ_GET_STATUS:
		return setup->bRequestType & USB_DIR_IN && le16_to_cpu(setup->wLength) == 2;
	case USB_REQ_SET_FEATURE:
	case USB_REQ_CLEAR_FEATURE:
		return le16_to_cpu(setup->wValue) ==
		       (device ? USB_DEVICE_REMOTE_WAKEUP : USB_INTRF_FUNC_SUSPEND);
	default:
		return false;
	}
}

/**
 * suburb_power_answers - is this a URB for us alone?
 * @controller: it came to
 * @urb: judged; if it is, its data is filled in: nothing special
 *
 * Context: any.
 */
bool suburb_power_answers(const struct suburb_controller *controller, struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (const void *)urb->setup_packet;

	if (!READ_ONCE(controller->asleep) || !usb_endpoint_xfer_control(&urb->ep->desc) ||
	    !is_about_sleep(setup))
		return false;
	if (setup->bRequestType & USB_DIR_IN) {
		if (urb->num_sgs || urb->transfer_buffer_length < 2)
			return false;
		memset(urb->transfer_buffer, 0, 2);
		urb->actual_length = 2;
	}
	return true;
}

static struct notifier_block power_notifier = { .notifier_call = power_notify };

int suburb_power_init(void)
{
	return register_pm_notifier(&power_notifier);
}

void suburb_power_exit(void)
{
	unregister_pm_notifier(&power_notifier);
}
