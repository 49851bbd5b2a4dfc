// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two root hubs as usbcore's hub driver sees them: descriptors and hub
 * requests. What a port does is in port.c; this file finds the port, checks
 * what was asked, and lays out the answer.
 */
#include <linux/usb.h>
#include <linux/usb/ch11.h>
#include <linux/usb/hcd.h>

#include "compat.h"
#include "controller.h"

/* A sublink speed attribute, lane speed in Gbit/s, symmetric (USB 3.2, 9.6.2.5). */
#define SUBLINK(id, transmit, plus, gbps) \
	((id) | 3 << 4 | (transmit) << 7), (plus) << 6, (gbps), 0

/*
 * BOS descriptor of the USB 3 hub: SuperSpeed, and SuperSpeedPlus with the
 * sublink speed ids of suburb_port_ext_status(). In bytes, for the kernel's
 * struct ends in an array of which the length differs between versions.
 */
static const u8 hub_bos[] = {
	USB_DT_BOS_SIZE, USB_DT_BOS, 43, 0, 2,

	USB_DT_USB_SS_CAP_SIZE, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0,
	USB_5GBPS_OPERATION, 0, /* wSpeedSupported */
	0, /* bFunctionalitySupport: from low speed up */
	0, 0, 0, /* exit latencies: no link power management */

	28, USB_DT_DEVICE_CAPABILITY, USB_SSP_CAP_TYPE, 0,
	3 | 1 << 5, 0, 0, 0, /* 4 attributes, 2 ids, each counted less one */
	4, 0x11, /* least: id 4, one lane each way */
	0, 0,
	SUBLINK(4, 0, 0, 5), SUBLINK(4, 1, 0, 5),
	SUBLINK(5, 0, 1, 10), SUBLINK(5, 1, 1, 10),
};

static_assert(sizeof(hub_bos) == 43);

static int get_bos(char *buf, u16 length)
{
	length = min_t(u16, length, sizeof(hub_bos));
	memcpy(buf, hub_bos, length);
	return length;
}

static void get_hub_descriptor(bool usb3, struct usb_hub_descriptor *descriptor)
{
	unsigned int bitmap = DIV_ROUND_UP(SUBURB_PORTS + 1, 8);

	descriptor->bNbrPorts = SUBURB_PORTS;
	descriptor->wHubCharacteristics =
		cpu_to_le16(HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_NO_OCPM);
	if (usb3) {
		descriptor->bDescriptorType = USB_DT_SS_HUB;
		descriptor->bDescLength = USB_DT_SS_HUB_SIZE;
		descriptor->u.ss.bHubHdrDecLat = 4; /* 0.4 us */
		return;
	}
	descriptor->bDescriptorType = USB_DT_HUB;
	descriptor->bDescLength = USB_DT_HUB_NONVAR_SIZE + 2 * bitmap;
	/* Every port is removable (0); the second bitmap is all ones by definition. */
	memset(&descriptor->u.hs.DeviceRemovable[bitmap], 0xff, bitmap);
}

static int get_port_status(const struct suburb_port *port, u16 value, char *buf, u16 length)
{
	put_unaligned_le16(suburb_port_status(port), buf);
	put_unaligned_le16(port->change, buf + 2);
	if (value == HUB_PORT_STATUS)
		return 0;
	if (value != HUB_EXT_PORT_STATUS || !port->usb3 || length < 8)
		return -EPIPE;
	put_unaligned_le32(suburb_port_ext_status(port), buf + 4);
	return 0;
}

static int port_request(struct suburb_port *port, u16 type_req, u16 value, u8 selector, char *buf,
			u16 length)
{
	int ret;

	switch (type_req) {
	case GetPortStatus:
		return get_port_status(port, value, buf, length);
	case ClearPortFeature:
		return suburb_port_clear_feature(port, value);
	case SetPortFeature:
		ret = suburb_port_set_feature(port, value, selector);
		/* Nothing to wait for: the exporter hands a device over freshly opened. */
		suburb_port_reset_done(port);
		return ret;
	case GetPortErrorCount:
		put_unaligned_le32(0, buf);
		return port->usb3 ? 0 : -EPIPE;
	default:
		return -EPIPE;
	}
}

/* hc_driver.hub_control; process context. Returns bytes for GET_DESCRIPTOR, else 0 or -EPIPE. */
int suburb_hub_control(struct usb_hcd *hcd, u16 type_req, u16 value, u16 index, char *buf,
		       u16 length)
{
	struct suburb_hub *hub = suburb_hcd_to_hub(hcd);
	struct suburb_controller *controller = hub->controller;
	bool usb3 = hub->index == SUBURB_HUB_USB3;
	u8 number = index & 0xff;
	unsigned long flags;
	int ret;

	switch (type_req) {
	case GetHubDescriptor:
		if (value >> 8 != (usb3 ? USB_DT_SS_HUB : USB_DT_HUB))
			return -EPIPE;
		get_hub_descriptor(usb3, (struct usb_hub_descriptor *)buf);
		return 0;
	case DeviceRequest | USB_REQ_GET_DESCRIPTOR:
		if (value >> 8 != USB_DT_BOS || !usb3)
			return -EPIPE;
		return get_bos(buf, length);
	case GetHubStatus:
		put_unaligned_le32(0, buf);
		return 0;
	case SetHubDepth:
		return usb3 ? 0 : -EPIPE;
	case ClearHubFeature:
		return value == C_HUB_LOCAL_POWER || value == C_HUB_OVER_CURRENT ? 0 : -EPIPE;
	}

	if (number < 1 || number > SUBURB_PORTS)
		return -EPIPE;
	spin_lock_irqsave(&controller->lock, flags);
	ret = port_request(&controller->slots[hub->index][number - 1].port, type_req, value,
			   index >> 8, buf, length);
	spin_unlock_irqrestore(&controller->lock, flags);
	return ret;
}

/* hc_driver.hub_status_data; any context. A bitmap of ports with changes. */
int suburb_hub_status_data(struct usb_hcd *hcd, char *buf)
{
	struct suburb_hub *hub = suburb_hcd_to_hub(hcd);
	struct suburb_controller *controller = hub->controller;
	unsigned long flags;
	u32 changed = 0;
	unsigned int i;

	spin_lock_irqsave(&controller->lock, flags);
	for (i = 0; i < SUBURB_PORTS; i++)
		if (controller->slots[hub->index][i].port.change)
			changed |= BIT(i + 1);
	spin_unlock_irqrestore(&controller->lock, flags);

	if (!changed)
		return 0;
	if (hcd->state == HC_STATE_SUSPENDED)
		usb_hcd_resume_root_hub(hcd);
	put_unaligned_le16(changed, buf);
	return 2;
}
