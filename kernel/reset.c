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
#include <linux/usb.h>
#include <linux/usb/ch11.h>
#include <linux/usb/hcd.h>

#include "ask.h"
#include "controller.h"
#include "remote.h"

/* An exporter may wait 5 s for a device that comes back as another one. */
#define RESET_SECONDS 8

/* What an exporter says matters only if it is that there is no device any more. */
static void forward_reset(struct suburb_remote *remote, struct usb_device *udev)
{
	static const struct usb_ctrlrequest setup = {
		.bRequestType = USB_RT_PORT,
		.bRequest = USB_REQ_SET_FEATURE,
		.wValue = cpu_to_le16(USB_PORT_FEAT_RESET),
	};

	if (suburb_ask(remote, udev, &setup, NULL, RESET_SECONDS) == -ENODEV)
		suburb_remote_fail(remote, SUBURB_REASON_CLOSED, 0);
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
	suburb_readahead_forget_all(&remote->queue);
	forward_reset(remote, udev);
	suburb_remote_put(remote);
	return 0;
}
