// SPDX-License-Identifier: GPL-2.0-only
/*
 * What usbcore asks before it sets a configuration or an alternate setting: is
 * there bus time for its periodic endpoints? Descriptors become numbers here;
 * bandwidth.c decides. A refusal is -ENOSPC to the driver, and the device never
 * hears of the setting, as with xhci.
 *
 * usbcore holds its bandwidth_mutex over all of these.
 */
#include <linux/log2.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "controller.h"
#include "remote.h"

/* What a periodic endpoint needs; interval 0 for others. */
static struct suburb_periodic periodic_of(const struct usb_device *udev,
					  const struct usb_host_endpoint *ep)
{
	const struct usb_endpoint_descriptor *desc = &ep->desc;
	struct suburb_periodic periodic = {
		.iso = usb_endpoint_xfer_isoc(desc),
		.packet = usb_endpoint_maxp(desc),
	};
	unsigned int interval = max_t(unsigned int, desc->bInterval, 1);

	if (!periodic.iso && !usb_endpoint_xfer_int(desc))
		return periodic;
	if (periodic.iso || udev->speed >= USB_SPEED_HIGH)
		periodic.interval = 1 << (min(interval, 16U) - 1);
	else
		periodic.interval = rounddown_pow_of_two(interval);
	periodic.bytes = periodic.packet;
	if (udev->speed == USB_SPEED_HIGH)
		periodic.bytes *= usb_endpoint_maxp_mult(desc);
	else if (udev->speed == USB_SPEED_SUPER_PLUS && periodic.iso &&
		 USB_SS_SSP_ISOC_COMP(ep->ss_ep_comp.bmAttributes))
		periodic.bytes = le32_to_cpu(ep->ssp_isoc_ep_comp.dwBytesPerInterval);
	else if (udev->speed >= USB_SPEED_SUPER)
		periodic.bytes = le16_to_cpu(ep->ss_ep_comp.wBytesPerInterval);
	return periodic;
}

/*
 * hc_driver.add_endpoint. Root hubs come here, too, and have all that they need;
 * and devices that are gone, which the request that follows will say.
 */
int suburb_periodic_add(struct usb_hcd *hcd, struct usb_device *udev,
			struct usb_host_endpoint *ep)
{
	struct suburb_periodic periodic = periodic_of(udev, ep);
	struct suburb_remote *remote;
	bool enabled;

	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return 0;
	suburb_bandwidth_add(&remote->bandwidth, ep->desc.bEndpointAddress, &periodic);
	suburb_remote_put(remote);
	return 0;
}

/* hc_driver.drop_endpoint */
int suburb_periodic_drop(struct usb_hcd *hcd, struct usb_device *udev,
			 struct usb_host_endpoint *ep)
{
	struct suburb_remote *remote;
	bool enabled;

	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return 0;
	suburb_bandwidth_drop(&remote->bandwidth, ep->desc.bEndpointAddress);
	/* Before the request that sets another setting or configuration. */
	suburb_readahead_forget(&remote->queue, ep->desc.bEndpointAddress);
	suburb_remote_put(remote);
	return 0;
}

/* hc_driver.check_bandwidth */
int suburb_periodic_check(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct suburb_remote *remote;
	bool enabled, fits;

	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return 0;
	fits = suburb_bandwidth_check(&remote->bandwidth);
	suburb_remote_put(remote);
	return fits ? 0 : -ENOSPC;
}

/* hc_driver.reset_bandwidth */
void suburb_periodic_reset(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct suburb_remote *remote;
	bool enabled;

	remote = suburb_hcd_get_remote(udev, &enabled);
	if (!remote)
		return;
	suburb_bandwidth_reset(&remote->bandwidth);
	suburb_remote_put(remote);
}
