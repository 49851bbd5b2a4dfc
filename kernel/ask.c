// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control requests that are ours and not a driver's: they go the way of any
 * URB, on the device's own endpoint 0, so that they keep their place among the
 * others. The wait for one has an end whatever the exporter does: it is
 * unlinked, and an exporter that does not even give it back then is dead,
 * whatever its socket says.
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/usb.h>

#include "ask.h"
#include "remote.h"

#define UNLINK_SECONDS 5

/**
 * struct suburb_asked - one on its way
 * @setup: of the control transfer
 * @urb: the transfer
 * @done: it is back
 */
struct suburb_asked {
	struct usb_ctrlrequest setup;
	struct urb *urb;
	struct completion done;
};

static void asked_done(struct urb *urb)
{
	complete(urb->context);
}

/* Is this URB one of suburb_ask()? */
bool suburb_ask_is_ours(const struct urb *urb)
{
	return urb->complete == asked_done;
}

static int submit(struct suburb_asked *asked, struct usb_device *udev, void *data)
{
	unsigned int pipe = asked->setup.bRequestType & USB_DIR_IN ? usb_rcvctrlpipe(udev, 0) :
								     usb_sndctrlpipe(udev, 0);

	init_completion(&asked->done);
	usb_fill_control_urb(asked->urb, udev, pipe, (u8 *)&asked->setup, data,
			     le16_to_cpu(asked->setup.wLength), asked_done, &asked->done);
	/* A disk's error handling may be what waits for us. */
	return usb_submit_urb(asked->urb, GFP_NOIO);
}

static bool wait_done(struct suburb_asked *asked, unsigned int seconds)
{
	return wait_for_completion_timeout(&asked->done, seconds * HZ);
}

static int wait_answer(struct suburb_asked *asked, struct suburb_remote *remote,
		       unsigned int seconds)
{
	if (wait_done(asked, seconds))
		return asked->urb->status ?: asked->urb->actual_length;
	usb_unlink_urb(asked->urb);
	if (!wait_done(asked, UNLINK_SECONDS)) {
		suburb_remote_fail(remote, SUBURB_REASON_LINK, ETIMEDOUT);
		wait_for_completion(&asked->done);
	}
	return -ETIMEDOUT;
}

/**
 * suburb_ask - ask the exporter, and wait
 * @remote: a reference is held
 * @udev: its device here
 * @setup: the request
 * @data: wLength bytes from kmalloc, or NULL
 * @seconds: that it may take
 *
 * Context: process.
 * Return: bytes moved, or a negative errno: the exporter's, usbcore's, or
 * -ETIMEDOUT.
 */
int suburb_ask(struct suburb_remote *remote, struct usb_device *udev,
	       const struct usb_ctrlrequest *setup, void *data, unsigned int seconds)
{
	struct suburb_asked *asked = kzalloc(sizeof(*asked), GFP_NOIO);
	int ret = -ENOMEM;

	if (!asked)
		return -ENOMEM;
	asked->setup = *setup;
	asked->urb = usb_alloc_urb(0, GFP_NOIO);
	if (asked->urb)
		ret = submit(asked, udev, data);
	if (!ret)
		ret = wait_answer(asked, remote, seconds);
	usb_free_urb(asked->urb);
	kfree(asked);
	return ret;
}
