// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual host controllers: made when ports run out, removed when they have
 * been empty for a while; the first one stays. Each is a platform device with
 * a pair of usb_hcds, USB 2 (primary) and USB 3 (shared), as xhci has them.
 *
 * A slot that was used is free again only when usbcore has let go of the
 * device that was in it: no child, and the disconnect seen. Otherwise drivers
 * of the old device could talk to the new one.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "compat.h"
#include "controller.h"
#include "power.h"
#include "remote.h"

#define IDLE_SECONDS 5

/*
 * Protects the list and each controller's count of remotes. Held while root
 * hubs are added and removed; controller.lock nests inside.
 */
static DEFINE_MUTEX(controllers_lock);
static LIST_HEAD(controllers);
static int next_id;

static void remove_idle(struct work_struct *work);
static DECLARE_DELAYED_WORK(idle_work, remove_idle);

/* --- one controller ------------------------------------------------------- */

static struct usb_hcd *add_half(struct suburb_controller *controller, unsigned int index)
{
	struct usb_hcd *primary = controller->hcds[SUBURB_HUB_USB2];
	struct device *dev = &controller->pdev->dev;
	struct suburb_hub *hub;
	struct usb_hcd *hcd;
	int ret;

	hcd = usb_create_shared_hcd(&suburb_hc_driver, dev, dev_name(dev), primary);
	if (!hcd)
		return ERR_PTR(-ENOMEM);
	hub = suburb_hcd_to_hub(hcd);
	hub->controller = controller;
	hub->index = index;
	ret = usb_add_hcd(hcd, 0, 0);
	if (ret) {
		usb_put_hcd(hcd);
		return ERR_PTR(ret);
	}
	controller->hcds[index] = hcd;
	return hcd;
}

static void remove_half(struct suburb_controller *controller, unsigned int index)
{
	usb_remove_hcd(controller->hcds[index]);
	usb_put_hcd(controller->hcds[index]);
}

static int controller_probe(struct platform_device *pdev)
{
	struct suburb_controller **data = dev_get_platdata(&pdev->dev);
	struct suburb_controller *controller = *data;
	struct usb_hcd *hcd;
	unsigned int i;

	controller->pdev = pdev;
	for (i = 0; i < SUBURB_PORTS; i++) {
		suburb_port_init(&controller->slots[SUBURB_HUB_USB2][i].port, false);
		suburb_port_init(&controller->slots[SUBURB_HUB_USB3][i].port, true);
	}
	hcd = add_half(controller, SUBURB_HUB_USB2);
	if (IS_ERR(hcd))
		return PTR_ERR(hcd);
	hcd = add_half(controller, SUBURB_HUB_USB3);
	if (IS_ERR(hcd)) {
		remove_half(controller, SUBURB_HUB_USB2);
		return PTR_ERR(hcd);
	}
	/* usb_create_hcd() left the primary there, which nobody but us asks for. */
	platform_set_drvdata(pdev, controller);
	return 0;
}

static SUBURB_REMOVE_TYPE controller_remove(struct platform_device *pdev)
{
	struct suburb_controller *controller = platform_get_drvdata(pdev);

	remove_half(controller, SUBURB_HUB_USB3);
	remove_half(controller, SUBURB_HUB_USB2);
	return SUBURB_REMOVE_DONE;
}

static struct platform_driver controller_driver = {
	.probe = controller_probe,
	.remove = controller_remove,
	.driver = {
		.name = "suburb-hcd",
		/* Controllers come and go with what is attached, not by hand. */
		.suppress_bind_attrs = true,
		.pm = pm_sleep_ptr(&suburb_power_ops),
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static struct suburb_controller *controller_create(bool streams)
{
	struct suburb_controller *controller = kzalloc(sizeof(*controller), GFP_KERNEL);
	struct platform_device_info info = {
		.name = "suburb-hcd",
		.id = next_id,
		/* No DMA is done; a wide mask keeps storage from splitting requests. */
		.dma_mask = DMA_BIT_MASK(64),
		.data = &controller,
		.size_data = sizeof(controller),
	};
	struct platform_device *pdev;

	lockdep_assert_held(&controllers_lock);
	if (!controller)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&controller->lock);
	controller->streams = streams;
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev)) {
		kfree(controller);
		return ERR_CAST(pdev);
	}
	if (!platform_get_drvdata(pdev)) {
		platform_device_unregister(pdev);
		kfree(controller);
		return ERR_PTR(-ENOMEM);
	}
	next_id++;
	list_add_tail(&controller->node, &controllers);
	return controller;
}

static void controller_destroy(struct suburb_controller *controller)
{
	lockdep_assert_held(&controllers_lock);
	list_del(&controller->node);
	suburb_power_forget(controller);
	platform_device_unregister(controller->pdev);
	kfree(controller);
}

static void remove_idle(struct work_struct *work)
{
	struct suburb_controller *controller, *next;

	mutex_lock(&controllers_lock);
	list_for_each_entry_safe(controller, next, &controllers, node)
		if (!controller->remotes && !list_is_first(&controller->node, &controllers))
			controller_destroy(controller);
	mutex_unlock(&controllers_lock);
}

/* --- slots ---------------------------------------------------------------- */

static bool slot_is_free(struct suburb_controller *controller, unsigned int hub, unsigned int i)
{
	struct usb_device *root = controller->hcds[hub]->self.root_hub;
	struct suburb_slot *slot = &controller->slots[hub][i];
	bool free;

	spin_lock_irq(&controller->lock);
	free = !slot->remote && !(slot->port.change & USB_PORT_STAT_C_CONNECTION);
	spin_unlock_irq(&controller->lock);
	return free && !usb_hub_find_child(root, i + 1);
}

static bool find_slot(struct suburb_remote *remote, struct suburb_controller *controller)
{
	unsigned int i;

	for (i = 0; i < SUBURB_PORTS; i++) {
		if (!slot_is_free(controller, remote->hub, i))
			continue;
		remote->controller = controller;
		remote->slot = i;
		return true;
	}
	return false;
}

/*
 * Drivers ask the controller whether it can do streams, and uas, for one, drives
 * no disk without: so a remote that cannot must sit on a controller that cannot.
 */
static bool wants_streams(const struct suburb_remote *remote)
{
	return remote->hub == SUBURB_HUB_USB3 && remote->attach.features & SUBURB_FEATURE_STREAMS;
}

static int find_place(struct suburb_remote *remote)
{
	bool streams = wants_streams(remote);
	struct suburb_controller *controller;

	list_for_each_entry(controller, &controllers, node)
		if (controller->streams == streams && find_slot(remote, controller))
			return 0;
	controller = controller_create(streams);
	if (IS_ERR(controller))
		return PTR_ERR(controller);
	return find_slot(remote, controller) ? 0 : -ENOSPC;
}

static struct suburb_slot *slot_of(const struct suburb_remote *remote)
{
	return &remote->controller->slots[remote->hub][remote->slot];
}

/**
 * suburb_controllers_plug - connect a remote to a port
 * @remote: started; attach.speed is valid
 *
 * The kernel begins to enumerate it at once. suburb_controllers_disconnect()
 * and then suburb_controllers_release() undo it.
 *
 * Context: process.
 * Return: 0, -ENOMEM, or whatever kept a controller from being made.
 */
int suburb_controllers_plug(struct suburb_remote *remote)
{
	struct usb_hcd *hcd;
	int ret;

	remote->hub = remote->attach.speed >= SUBURB_SPEED_SUPER ? SUBURB_HUB_USB3 :
								     SUBURB_HUB_USB2;
	mutex_lock(&controllers_lock);
	ret = find_place(remote);
	if (ret)
		goto out;
	hcd = remote->controller->hcds[remote->hub];
	remote->busnum = hcd->self.busnum;
	remote->controller->remotes++;

	spin_lock_irq(&remote->controller->lock);
	slot_of(remote)->remote = suburb_remote_get(remote);
	suburb_port_connect(&slot_of(remote)->port, remote->attach.speed);
	spin_unlock_irq(&remote->controller->lock);
	usb_hcd_poll_rh_status(hcd);
out:
	mutex_unlock(&controllers_lock);
	return ret;
}

/**
 * suburb_controllers_disconnect - pull the plug
 * @remote: plugged in
 *
 * The kernel begins to let go of it; URBs are still unlinked through the slot.
 */
void suburb_controllers_disconnect(struct suburb_remote *remote)
{
	spin_lock_irq(&remote->controller->lock);
	suburb_port_disconnect(&slot_of(remote)->port);
	spin_unlock_irq(&remote->controller->lock);
	usb_hcd_poll_rh_status(remote->controller->hcds[remote->hub]);
}

/**
 * suburb_controllers_release - the slot forgets its remote
 * @remote: disconnected and stopped: every URB was given back
 */
void suburb_controllers_release(struct suburb_remote *remote)
{
	mutex_lock(&controllers_lock);
	spin_lock_irq(&remote->controller->lock);
	slot_of(remote)->remote = NULL;
	spin_unlock_irq(&remote->controller->lock);
	remote->controller->remotes--;
	mutex_unlock(&controllers_lock);
	suburb_remote_put(remote);
	mod_delayed_work(system_freezable_wq, &idle_work, IDLE_SECONDS * HZ);
}

unsigned int suburb_controllers_count(void)
{
	struct suburb_controller *controller;
	unsigned int count = 0;

	mutex_lock(&controllers_lock);
	list_for_each_entry(controller, &controllers, node)
		count++;
	mutex_unlock(&controllers_lock);
	return count;
}

/**
 * suburb_controllers_each - visit all controllers
 * @visit: called for each, with the controllers' mutex held
 */
void suburb_controllers_each(void (*visit)(struct suburb_controller *controller))
{
	struct suburb_controller *controller;

	mutex_lock(&controllers_lock);
	list_for_each_entry(controller, &controllers, node)
		visit(controller);
	mutex_unlock(&controllers_lock);
}

/**
 * suburb_controller_each_remote - visit all that is plugged into a controller
 * @controller: the controller
 * @visit: called for each, no spinlock held
 */
void suburb_controller_each_remote(struct suburb_controller *controller,
				   void (*visit)(struct suburb_controller *controller,
						 struct suburb_remote *remote))
{
	struct suburb_slot *slots = &controller->slots[0][0];
	struct suburb_remote *remote;
	unsigned int i;

	for (i = 0; i < SUBURB_HUBS * SUBURB_PORTS; i++) {
		spin_lock_irq(&controller->lock);
		remote = slots[i].remote ? suburb_remote_get(slots[i].remote) : NULL;
		spin_unlock_irq(&controller->lock);
		if (!remote)
			continue;
		visit(controller, remote);
		suburb_remote_put(remote);
	}
}

/* --- all of them ---------------------------------------------------------- */

int suburb_controllers_init(void)
{
	struct suburb_controller *first;
	int ret;

	ret = platform_driver_register(&controller_driver);
	if (ret)
		return ret;
	mutex_lock(&controllers_lock);
	first = controller_create(false);
	mutex_unlock(&controllers_lock);
	if (!IS_ERR(first))
		return 0;
	platform_driver_unregister(&controller_driver);
	return PTR_ERR(first);
}

/* Nothing is plugged in any more. */
void suburb_controllers_exit(void)
{
	struct suburb_controller *controller, *next;

	cancel_delayed_work_sync(&idle_work);
	mutex_lock(&controllers_lock);
	list_for_each_entry_safe(controller, next, &controllers, node)
		controller_destroy(controller);
	mutex_unlock(&controllers_lock);
	platform_driver_unregister(&controller_driver);
}
