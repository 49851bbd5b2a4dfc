// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine's usbcore: what a host controller's driver may ask of it, and the
 * rules of handing URBs over and back. See machine.h.
 */
#include <suburb/wire.h>

#include "kernel/binding.h"
#include "kernel/power.h"
#include "machine.h"

/* --- URBs ----------------------------------------------------------------- */

struct urb *usb_alloc_urb(int packets, gfp_t gfp)
{
	struct urb *urb = kzalloc(sizeof(*urb) + (size_t)packets * sizeof(urb->iso_frame_desc[0]),
				  gfp);

	if (!urb)
		return NULL;
	urb->references = 1;
	INIT_LIST_HEAD(&urb->urb_list);
	return urb;
}

struct urb *usb_get_urb(struct urb *urb)
{
	if (urb)
		urb->references++;
	return urb;
}

void usb_put_urb(struct urb *urb)
{
	if (!urb)
		return;
	shim_assert(urb->references > 0);
	if (!--urb->references)
		kfree(urb);
}

void usb_fill_control_urb(struct urb *urb, struct usb_device *udev, unsigned int pipe,
			  unsigned char *setup, void *data, int length,
			  void (*complete)(struct urb *urb), void *context)
{
	urb->dev = udev;
	urb->pipe = pipe;
	urb->setup_packet = setup;
	urb->transfer_buffer = data;
	urb->transfer_buffer_length = (u32)length;
	urb->complete = complete;
	urb->context = context;
}

int machine_submit(struct urb *urb)
{
	struct usb_hcd *hcd = bus_to_hcd(urb->dev->bus);
	int ret;

	shim_assert(!urb->hcpriv && list_empty(&urb->urb_list));
	urb->status = -EINPROGRESS;
	urb->actual_length = 0;
	urb->unlinked = 0;
	usb_get_urb(urb);
	ret = hcd->driver->urb_enqueue(hcd, urb, GFP_ATOMIC);
	if (ret) {
		shim_assert(list_empty(&urb->urb_list));
		urb->hcpriv = NULL;
		usb_put_urb(urb);
	}
	return ret;
}

/* Of the module's own: control transfers. */
int usb_submit_urb(struct urb *urb, gfp_t gfp)
{
	bool in = urb->setup_packet[0] & USB_DIR_IN && urb->transfer_buffer_length;

	urb->ep = &urb->dev->ep0;
	urb->transfer_flags = in ? URB_DIR_IN : 0;
	return machine_submit(urb);
}

int usb_unlink_urb(struct urb *urb)
{
	struct usb_hcd *hcd = bus_to_hcd(urb->dev->bus);

	return hcd->driver->urb_dequeue(hcd, urb, -ECONNRESET) ?: -EINPROGRESS;
}

int usb_hcd_link_urb_to_ep(struct usb_hcd *hcd, struct urb *urb)
{
	shim_assert(list_empty(&urb->urb_list));
	list_add_tail(&urb->urb_list, &urb->ep->urb_list);
	return 0;
}

void usb_hcd_unlink_urb_from_ep(struct usb_hcd *hcd, struct urb *urb)
{
	shim_assert(!list_empty(&urb->urb_list));
	list_del_init(&urb->urb_list);
}

int usb_hcd_check_unlink_urb(struct usb_hcd *hcd, struct urb *urb, int status)
{
	if (list_empty(&urb->urb_list))
		return -EIDRM;
	if (urb->unlinked)
		return -EBUSY;
	urb->unlinked = status;
	return 0;
}

void usb_hcd_giveback_urb(struct usb_hcd *hcd, struct urb *urb, int status)
{
	shim_assert(!shim_atomic && list_empty(&urb->urb_list));
	shim_assert(urb->status == -EINPROGRESS);
	shim_assert(status <= 0 && status > -4096);
	urb->hcpriv = NULL;
	if (urb->unlinked)
		status = urb->unlinked;
	if (urb->transfer_flags & URB_SHORT_NOT_OK && !status &&
	    urb->actual_length < urb->transfer_buffer_length)
		status = -EREMOTEIO;
	urb->status = status;
	urb->complete(urb);
	usb_put_urb(urb);
}

/* --- host controllers ----------------------------------------------------- */

struct usb_hcd *usb_create_shared_hcd(const struct hc_driver *driver, struct device *dev,
				      const char *name, struct usb_hcd *primary)
{
	struct usb_hcd *hcd = kzalloc(sizeof(*hcd) + driver->hcd_priv_size, GFP_KERNEL);

	if (!hcd)
		return NULL;
	hcd->driver = driver;
	hcd->self.root_hub = &hcd->root;
	hcd->root.bus = &hcd->self;
	return hcd;
}

int usb_add_hcd(struct usb_hcd *hcd, unsigned int irq, unsigned long flags)
{
	static int busnum;

	if (machine.fail && !--machine.fail)
		return -ENOMEM;
	hcd->self.busnum = ++busnum;
	return hcd->driver->reset(hcd) ?: hcd->driver->start(hcd);
}

void usb_remove_hcd(struct usb_hcd *hcd)
{
	hcd->driver->stop(hcd);
}

void usb_put_hcd(struct usb_hcd *hcd)
{
	kfree(hcd);
}

struct usb_device *usb_hub_find_child(struct usb_device *hub, int port)
{
	return machine.children ? hub : NULL;
}

/* --- platform devices ----------------------------------------------------- */

static struct platform_driver *platform_driver;

int platform_driver_register(struct platform_driver *driver)
{
	if (machine.fail && !--machine.fail)
		return -ENOMEM;
	platform_driver = driver;
	return 0;
}

void platform_driver_unregister(struct platform_driver *driver)
{
	platform_driver = NULL;
}

static void platform_device_free(struct platform_device *pdev)
{
	kfree(pdev->dev.platform_data);
	kfree(pdev);
}

/* A driver that refuses is no error of the device's. */
struct platform_device *platform_device_register_full(const struct platform_device_info *info)
{
	struct platform_device *pdev = kzalloc(sizeof(*pdev), GFP_KERNEL);

	if (!pdev)
		return ERR_PTR(-ENOMEM);
	pdev->dev.platform_data = kmalloc(info->size_data, GFP_KERNEL);
	if (!pdev->dev.platform_data) {
		kfree(pdev);
		return ERR_PTR(-ENOMEM);
	}
	memcpy(pdev->dev.platform_data, info->data, info->size_data);
	if (platform_driver->probe(pdev))
		pdev->dev.driver_data = NULL;
	return pdev;
}

void platform_device_unregister(struct platform_device *pdev)
{
	if (pdev->dev.driver_data)
		platform_driver->remove(pdev);
	platform_device_free(pdev);
}

/* --- sleep of the machine, of which no target knows ------------------------ */

const struct dev_pm_ops suburb_power_ops;

bool suburb_power_answers(const struct suburb_controller *controller, struct urb *urb)
{
	return false;
}

void suburb_power_forget(struct suburb_controller *controller)
{
}

/* Drivers do not change here. */
int suburb_binding_init(void)
{
	return 0;
}

void suburb_binding_exit(void)
{
}

int suburb_power_init(void)
{
	return 0;
}

void suburb_power_exit(void)
{
}
