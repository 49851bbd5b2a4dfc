// SPDX-License-Identifier: GPL-2.0-only
/*
 * What usbcore calls: URBs in, URBs out. A URB finds its remote by the port
 * that its device is plugged into; everything else about it is request.c's.
 *
 * No DMA (so buffers are taken as drivers made them, and scatterlists of any
 * shape), no interrupts, no bottom half of usbcore's: URBs are given back from
 * the link's worker or from TCP's softirq, with softirqs off, as drivers' locking
 * expects it.
 */
#include <linux/bottom_half.h>
#include <linux/module.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "controller.h"
#include "iso.h"
#include "power.h"
#include "remote.h"
#include "streams.h"
#include "transfer.h"

struct suburb_hub *suburb_hcd_to_hub(struct usb_hcd *hcd)
{
	return (struct suburb_hub *)hcd->hcd_priv;
}

/* --- URBs back to their drivers ------------------------------------------- */

static void hcd_take(struct urb *urb)
{
	usb_hcd_unlink_urb_from_ep(bus_to_hcd(urb->dev->bus), urb);
}

static void hcd_giveback(struct urb *urb, int status)
{
	/* Completion handlers share locks with softirqs, and may take them without _bh. */
	local_bh_disable();
	usb_hcd_giveback_urb(bus_to_hcd(urb->dev->bus), urb, status);
	local_bh_enable();
}

/* By the queue, for a URB may go back, and its device with it, while this is called. */
static void hcd_stuck(struct suburb_queue *queue)
{
	suburb_remote_fail(container_of(queue, struct suburb_remote, queue), SUBURB_REASON_LINK,
			   ETIMEDOUT);
}

const struct suburb_host_ops suburb_hcd_host_ops = {
	.take = hcd_take,
	.giveback = hcd_giveback,
	.stuck = hcd_stuck,
};

/* --- URBs from drivers ---------------------------------------------------- */

/* The remote behind a device, with a reference; NULL if it is gone. Any context. */
struct suburb_remote *suburb_hcd_get_remote(const struct usb_device *udev, bool *enabled)
{
	struct suburb_hub *hub = suburb_hcd_to_hub(bus_to_hcd(udev->bus));
	struct suburb_controller *controller = hub->controller;
	struct suburb_remote *remote = NULL;
	const struct suburb_slot *slot;
	unsigned long flags;

	/* Hubs are not imported, so every device is on the root hub. */
	if (!udev->parent || udev->parent->parent || udev->portnum < 1 ||
	    udev->portnum > SUBURB_PORTS)
		return NULL;
	spin_lock_irqsave(&controller->lock, flags);
	slot = &controller->slots[hub->index][udev->portnum - 1];
	*enabled = slot->port.enabled;
	if (slot->remote)
		remote = suburb_remote_get(slot->remote);
	spin_unlock_irqrestore(&controller->lock, flags);
	return remote;
}

/* The address of a device is the exporter's affair: answered here, never sent. */
static bool is_set_address(const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (const void *)urb->setup_packet;

	return usb_endpoint_xfer_control(&urb->ep->desc) && setup->bRequestType == 0 &&
	       setup->bRequest == USB_REQ_SET_ADDRESS;
}

/* Without the exporter, at once. */
static int answer_urb(struct suburb_remote *remote, struct usb_hcd *hcd, struct urb *urb,
		      int status)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&remote->queue.lock, flags);
	ret = remote->queue.dead ? -ESHUTDOWN : usb_hcd_link_urb_to_ep(hcd, urb);
	if (!ret)
		usb_hcd_unlink_urb_from_ep(hcd, urb);
	spin_unlock_irqrestore(&remote->queue.lock, flags);
	if (!ret)
		hcd_giveback(urb, status);
	return ret;
}

static int send_urb(struct suburb_remote *remote, struct usb_hcd *hcd, struct urb *urb,
		    struct suburb_request *request, bool can_sleep)
{
	unsigned long flags;
	bool push = false;
	int ret;

	spin_lock_irqsave(&remote->queue.lock, flags);
	ret = remote->queue.dead ? -ESHUTDOWN : usb_hcd_link_urb_to_ep(hcd, urb);
	if (!ret)
		push = suburb_queue_add(&remote->queue, request, can_sleep);
	else if (ret == -EPERM)
		suburb_queue_refused(&remote->queue, request);
	spin_unlock_irqrestore(&remote->queue.lock, flags);
	/* The URB may be back by now; our reference to the remote holds the connection. */
	if (push)
		suburb_conn_push(remote->conn);
	return ret;
}

static int enqueue(struct suburb_remote *remote, struct usb_hcd *hcd, struct urb *urb, gfp_t gfp)
{
	struct suburb_request *request;
	int ret;

	if (is_set_address(urb) || suburb_power_answers(remote->controller, urb))
		return answer_urb(remote, hcd, urb, 0);
	if (suburb_streams_reserved(remote, urb))
		return answer_urb(remote, hcd, urb, -EPIPE);
	ret = suburb_transfer_check(urb);
	if (ret)
		return ret;
	request = suburb_request_alloc(urb, gfp);
	if (!request)
		return -ENOMEM;
	ret = send_urb(remote, hcd, urb, request, gfpflags_allow_blocking(gfp));
	if (ret)
		suburb_request_free(request);
	return ret;
}

static int hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t gfp)
{
	struct suburb_remote *remote;
	bool enabled;
	int ret;

	remote = suburb_hcd_get_remote(urb->dev, &enabled);
	if (!remote)
		return -ENODEV;
	ret = enabled ? enqueue(remote, hcd, urb, gfp) : -ENODEV;
	suburb_remote_put(remote);
	return ret;
}

static int hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct suburb_remote *remote;
	unsigned long flags;
	bool enabled;
	int ret;

	/* A slot forgets its remote only after every URB was given back. */
	remote = suburb_hcd_get_remote(urb->dev, &enabled);
	if (!remote)
		return -EIDRM;
	spin_lock_irqsave(&remote->queue.lock, flags);
	ret = usb_hcd_check_unlink_urb(hcd, urb, status);
	if (!ret)
		suburb_queue_unlink(&remote->queue, urb);
	spin_unlock_irqrestore(&remote->queue.lock, flags);
	suburb_remote_put(remote);
	return ret;
}

/* --- the controller as such ----------------------------------------------- */

/* One-time set-up of a half, before its root hub is looked at. */
static int hcd_reset(struct usb_hcd *hcd)
{
	struct usb_device *root = hcd->self.root_hub;

	hcd->self.sg_tablesize = ~0;
	hcd->self.no_sg_constraint = 1;
	/* USB/IP cannot say that a device wants attention: what may, stays awake. */
	hcd->cant_recv_wakeups = 1;
	if (suburb_hcd_to_hub(hcd)->index == SUBURB_HUB_USB2) {
		hcd->speed = HCD_USB2;
		root->speed = USB_SPEED_HIGH;
		/* Low and full speed devices sit right on it. */
		hcd->has_tt = 1;
	} else {
		hcd->speed = HCD_USB31;
		root->speed = USB_SPEED_SUPER_PLUS;
		hcd->can_do_streams = suburb_hcd_to_hub(hcd)->controller->streams;
	}
	return 0;
}

static int hcd_start(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	hcd->uses_new_polling = 1;
	return 0;
}

static void hcd_stop(struct usb_hcd *hcd)
{
}

static int hcd_frame_number(struct usb_hcd *hcd)
{
	/* Frames, as many bits of them as xhci counts. */
	return (suburb_iso_now() >> 3) & 0x7ff;
}

static int root_suspend(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_SUSPENDED;
	return 0;
}

static int root_resume(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	return 0;
}

const struct hc_driver suburb_hc_driver = {
	.description = "suburb-hcd",
	.product_desc = "Suburb virtual host controller",
	.hcd_priv_size = sizeof(struct suburb_hub),
	.flags = HCD_USB3 | HCD_SHARED,
	.reset = hcd_reset,
	.start = hcd_start,
	.stop = hcd_stop,
	.urb_enqueue = hcd_urb_enqueue,
	.urb_dequeue = hcd_urb_dequeue,
	.add_endpoint = suburb_periodic_add,
	.drop_endpoint = suburb_periodic_drop,
	.check_bandwidth = suburb_periodic_check,
	.reset_bandwidth = suburb_periodic_reset,
	.alloc_streams = suburb_alloc_streams,
	.free_streams = suburb_free_streams,
	.get_frame_number = hcd_frame_number,
	.hub_status_data = suburb_hub_status_data,
	.hub_control = suburb_hub_control,
	.bus_suspend = root_suspend,
	.bus_resume = root_resume,
	.reset_device = suburb_reset_device,
};

/* --- usable devices ------------------------------------------------------- */

static int hcd_notify(struct notifier_block *block, unsigned long action, void *data)
{
	struct usb_device *udev = data;
	struct suburb_remote *remote;
	bool enabled;

	if (action != USB_DEVICE_ADD && action != USB_DEVICE_REMOVE)
		return NOTIFY_DONE;
	if (bus_to_hcd(udev->bus)->driver != &suburb_hc_driver)
		return NOTIFY_DONE;
	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return NOTIFY_DONE;
	suburb_remote_configured(remote, action == USB_DEVICE_ADD ? udev->devnum : 0);
	suburb_remote_put(remote);
	return NOTIFY_OK;
}

static struct notifier_block hcd_notifier = { .notifier_call = hcd_notify };

void suburb_hcd_init(void)
{
	usb_register_notify(&hcd_notifier);
}

void suburb_hcd_exit(void)
{
	usb_unregister_notify(&hcd_notifier);
}
