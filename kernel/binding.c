// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers come and go, a program with usbfs among them: what was read ahead for
 * one is not for the next. Mostly a driver unlinks its URBs as it goes, which says
 * it; one that has just read a report has none to unlink.
 */
#include <linux/device.h>
#include <linux/string.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "binding.h"
#include "controller.h"
#include "remote.h"

static struct bus_type *usb_bus;

static void driver_gone(struct usb_interface *interface)
{
	const struct usb_host_interface *setting = interface->cur_altsetting;
	struct suburb_remote *remote;
	bool enabled;
	int i;

	remote = suburb_hcd_get_remote(interface_to_usbdev(interface), &enabled);
	if (!remote)
		return;
	for (i = 0; i < setting->desc.bNumEndpoints; i++)
		suburb_readahead_close(&remote->queue, setting->endpoint[i].desc.bEndpointAddress);
	suburb_remote_put(remote);
}

/* usbcore does not export its device types. */
static bool is_interface(const struct device *dev)
{
	return dev->type && dev->type->name && !strcmp(dev->type->name, "usb_interface");
}

static int binding_notify(struct notifier_block *block, unsigned long action, void *data)
{
	struct usb_interface *interface;

	if (action != BUS_NOTIFY_UNBOUND_DRIVER || !is_interface(data))
		return NOTIFY_DONE;
	interface = to_usb_interface(data);
	if (bus_to_hcd(interface_to_usbdev(interface)->bus)->driver == &suburb_hc_driver)
		driver_gone(interface);
	return NOTIFY_OK;
}

static struct notifier_block binding_notifier = { .notifier_call = binding_notify };

/* Nor its bus, on which root hubs are. */
static void find_bus(struct suburb_controller *controller)
{
	usb_bus = (struct bus_type *)controller->hcds[SUBURB_HUB_USB2]->self.root_hub->dev.bus;
}

/* There is a controller. */
int suburb_binding_init(void)
{
	suburb_controllers_each(find_bus);
	return bus_register_notifier(usb_bus, &binding_notifier);
}

void suburb_binding_exit(void)
{
	bus_unregister_notifier(usb_bus, &binding_notifier);
}
