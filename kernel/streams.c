// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bulk streams (docs/PROTOCOL.md, 6.2), for remotes that agreed on them: what
 * usbcore calls to allocate and free them, which the exporter is asked to do,
 * and whether a URB names one that there is.
 *
 * How many an endpoint has is usbcore's to remember (usb_host_endpoint.streams):
 * it forgets them when the interface's setting changes, when the device is
 * reset and when the driver lets go, and so does the exporter.
 */
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <suburb/extension.h>

#include "ask.h"
#include "controller.h"
#include "remote.h"
#include "streams.h"

#define ASK_SECONDS 5

static bool has_streams(const struct suburb_remote *remote)
{
	return remote->attach.features & SUBURB_FEATURE_STREAMS;
}

/**
 * suburb_streams_reserved - is this a driver's request of a kind that the
 *	exporter would take for ours?
 * @remote: of its device
 * @urb: any
 *
 * No USB device understands one: who sends it sees a stall.
 */
bool suburb_streams_reserved(const struct suburb_remote *remote, const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (const void *)urb->setup_packet;

	return has_streams(remote) && usb_endpoint_xfer_control(&urb->ep->desc) &&
	       (setup->bRequestType | USB_DIR_IN) == SUBURB_REQUEST_IN && !suburb_ask_is_ours(urb);
}

/* Does the URB name a stream that there is, or none where there are none? */
bool suburb_streams_judge(const struct urb *urb)
{
	u32 streams = usb_endpoint_xfer_bulk(&urb->ep->desc) ? urb->ep->streams : 0;
	struct suburb_violation violation;

	return !suburb_check_stream(urb->stream_id, streams, &violation);
}

/* One request about some endpoints: they are its data. */
static int ask_about(struct suburb_remote *remote, struct usb_device *udev, u8 request, u16 value,
		     struct usb_host_endpoint **eps, unsigned int num_eps)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = SUBURB_REQUEST_OUT,
		.bRequest = request,
		.wValue = cpu_to_le16(value),
		.wLength = cpu_to_le16(num_eps),
	};
	u8 *addresses = kmalloc(num_eps, GFP_NOIO);
	unsigned int i;
	int ret;

	if (!addresses)
		return -ENOMEM;
	for (i = 0; i < num_eps; i++)
		addresses[i] = eps[i]->desc.bEndpointAddress;
	ret = suburb_ask(remote, udev, &setup, addresses, ASK_SECONDS);
	kfree(addresses);
	return min(ret, 0);
}

/* How many streams has the endpoint at the exporter? */
static int ask_count(struct suburb_remote *remote, struct usb_device *udev,
		     const struct usb_host_endpoint *ep)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = SUBURB_REQUEST_IN,
		.bRequest = SUBURB_REQUEST_ALLOC_STREAMS,
		.wIndex = cpu_to_le16(ep->desc.bEndpointAddress),
		.wLength = cpu_to_le16(sizeof(__le16)),
	};
	__le16 *count = kmalloc(sizeof(*count), GFP_NOIO);
	int ret;

	if (!count)
		return -ENOMEM;
	ret = suburb_ask(remote, udev, &setup, count, ASK_SECONDS);
	if (ret >= 0)
		ret = ret == sizeof(*count) ? le16_to_cpu(*count) : -EPROTO;
	kfree(count);
	return ret;
}

/* At most so many can all of these endpoints have; 0: not all can have any. */
static unsigned int most_streams(struct usb_host_endpoint **eps, unsigned int num_eps)
{
	unsigned int most = SUBURB_WIRE_MAX_STREAMS, i;

	for (i = 0; i < num_eps; i++)
		most = min_t(unsigned int, most, usb_ss_max_streams(&eps[i]->ss_ep_comp));
	return most;
}

static int alloc_streams(struct suburb_remote *remote, struct usb_device *udev,
			 struct usb_host_endpoint **eps, unsigned int num_eps, unsigned int wanted)
{
	int ret, count;

	ret = ask_about(remote, udev, SUBURB_REQUEST_ALLOC_STREAMS, wanted, eps, num_eps);
	if (ret)
		return ret;
	count = ask_count(remote, udev, eps[0]);
	if (count > 0 && count <= wanted)
		return count;
	ask_about(remote, udev, SUBURB_REQUEST_FREE_STREAMS, 0, eps, num_eps);
	return count < 0 ? count : -EPROTO;
}

/**
 * suburb_alloc_streams - hc_driver.alloc_streams
 * @hcd: of the device
 * @udev: SuperSpeed, configured
 * @eps: bulk endpoints of one interface, without streams
 * @num_eps: how many
 * @num_streams: for each of them
 * @gfp: GFP_NOIO is used anyway
 *
 * Context: process.
 * Return: streams that each has now, ids from 1; or a negative errno.
 */
int suburb_alloc_streams(struct usb_hcd *hcd, struct usb_device *udev,
			 struct usb_host_endpoint **eps, unsigned int num_eps,
			 unsigned int num_streams, gfp_t gfp)
{
	unsigned int wanted = min(num_streams, most_streams(eps, num_eps));
	struct suburb_remote *remote;
	bool enabled;
	int ret;

	if (!num_eps || num_eps > SUBURB_WIRE_MAX_STREAM_ENDPOINTS || !wanted)
		return -EINVAL;
	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return -ENODEV;
	ret = has_streams(remote) ? alloc_streams(remote, udev, eps, num_eps, wanted) : -EINVAL;
	suburb_remote_put(remote);
	return ret;
}

/* hc_driver.free_streams: no URB is on them any more */
int suburb_free_streams(struct usb_hcd *hcd, struct usb_device *udev,
			struct usb_host_endpoint **eps, unsigned int num_eps, gfp_t gfp)
{
	struct suburb_remote *remote;
	bool enabled;
	int ret;

	if (!num_eps || num_eps > SUBURB_WIRE_MAX_STREAM_ENDPOINTS)
		return -EINVAL;
	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return -ENODEV;
	ret = ask_about(remote, udev, SUBURB_REQUEST_FREE_STREAMS, 0, eps, num_eps);
	suburb_remote_put(remote);
	return ret;
}
