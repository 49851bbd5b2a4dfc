// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port reset reaches the far device. usbcore resets our port, then tells us
 * of it, and only then talks to the device again; in between the exporter is
 * asked to do the same to its port, by the request that hubs have for it
 * (USB 2.0, 11.24.2.13). Nothing else uses the device then: usbcore holds its
 * lock, and its drivers were told.
 *
 * Not forwarded: resets of a first enumeration, for the exporter hands the
 * device over freshly reset; and the second of the two by which usbcore
 * enumerates, for a device that changes itself when it is reset must see one.
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/ch11.h>
#include <linux/usb/hcd.h>

#include "controller.h"
#include "remote.h"

/* An exporter may wait 5 s for a device that comes back as another one. */
#define RESET_SECONDS 8
#define UNLINK_SECONDS 5

/**
 * struct suburb_reset - a reset on its way to the exporter
 * @setup: of the control transfer
 * @urb: the transfer
 * @done: it is back
 */
struct suburb_reset {
	struct usb_ctrlrequest setup;
	struct urb *urb;
	struct completion done;
};

static void reset_done(struct urb *urb)
{
	complete(urb->context);
}

static int reset_submit(struct suburb_reset *reset, struct usb_device *udev)
{
	reset->setup.bRequestType = USB_RT_PORT;
	reset->setup.bRequest = USB_REQ_SET_FEATURE;
	reset->setup.wValue = cpu_to_le16(USB_PORT_FEAT_RESET);
	init_completion(&reset->done);
	usb_fill_control_urb(reset->urb, udev, usb_sndctrlpipe(udev, 0), (u8 *)&reset->setup, NULL,
			     0, reset_done, &reset->done);
	/* A disk's error handling may be what waits for us. */
	return usb_submit_urb(reset->urb, GFP_NOIO);
}

static bool wait_done(struct suburb_reset *reset, unsigned int seconds)
{
	return wait_for_completion_timeout(&reset->done, seconds * HZ);
}

/*
 * What an exporter says matters only if it is that there is no device any more.
 * One that lets the request lie but gives it back does not know it. One that
 * does neither is dead, whatever its socket says.
 */
static void reset_wait(struct suburb_reset *reset, struct suburb_remote *remote)
{
	if (wait_done(reset, RESET_SECONDS)) {
		if (reset->urb->status == -ENODEV)
			suburb_remote_fail(remote, SUBURB_REASON_CLOSED, 0);
		return;
	}
	usb_unlink_urb(reset->urb);
	if (!wait_done(reset, UNLINK_SECONDS)) {
		suburb_remote_fail(remote, SUBURB_REASON_LINK, ETIMEDOUT);
		wait_for_completion(&reset->done);
	}
}

static void forward_reset(struct suburb_remote *remote, struct usb_device *udev)
{
	struct suburb_reset *reset = kzalloc(sizeof(*reset), GFP_NOIO);

	if (!reset)
		return;
	reset->urb = usb_alloc_urb(0, GFP_NOIO);
	if (reset->urb && !reset_submit(reset, udev))
		reset_wait(reset, remote);
	usb_free_urb(reset->urb);
	kfree(reset);
}

/**
 * suburb_reset_device - hc_driver.reset_device: a port was reset
 * @hcd: of the port
 * @udev: on it
 *
 * usbcore calls this also before a reset, when it has lost the state of a
 * controller; then the device still has its address.
 *
 * Whatever the exporter says, usbcore reads the device's descriptors next and
 * sees what there is. Only if there is no device any more it is taken away.
 *
 * Context: process; usbcore holds the device's lock and its bus's address lock.
 * Return: 0, which usbcore ignores.
 */
int suburb_reset_device(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct suburb_remote *remote;
	bool enabled;

	if (udev->state <= USB_STATE_DEFAULT || udev->devnum)
		return 0;
	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return 0;
	forward_reset(remote, udev);
	suburb_remote_put(remote);
	return 0;
}
