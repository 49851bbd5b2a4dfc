/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual host controllers: pairs of a USB 2 and a USB 3 root hub. See
 * controller.c; hcd.c is what usbcore calls, hub.c its root-hub requests,
 * reset.c its port resets, periodic.c its bus time.
 */
#ifndef _SUBURB_CONTROLLER_H
#define _SUBURB_CONTROLLER_H

#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>

#include "port.h"

struct suburb_remote;
struct suburb_host_ops;
struct hc_driver;
struct usb_device;
struct usb_hcd;
struct usb_host_endpoint;

/* Network adapters that a controller waits for as the machine sleeps; more are left out. */
#define SUBURB_ADAPTERS 8

/* Ports of each hub; usbcore allows a USB 3 hub 15. More come with more controllers. */
#define SUBURB_PORTS 15

enum { SUBURB_HUB_USB2, SUBURB_HUB_USB3, SUBURB_HUBS };

/**
 * struct suburb_slot - one root-hub port and what is plugged in
 * @port: its state
 * @remote: who gets its URBs; holds a reference. NULL: the slot is free
 */
struct suburb_slot {
	struct suburb_port port;
	struct suburb_remote *remote;
};

/**
 * struct suburb_controller - one pair of root hubs
 * @node: in the list of controllers, under its mutex
 * @pdev: the device that it is on
 * @hcds: by hub
 * @streams: its USB 3 half can do bulk streams; those that can are for remotes
 *	that agreed on them, and no others
 * @remotes: slots in use, under the list's mutex
 * @asleep: the machine is going to sleep, or waking up
 * @adapters: network adapters that it depends on meanwhile, under the list's
 *	mutex; references
 * @adapters_count: how many
 * @lock: protects @slots. Nothing of ours nests inside
 * @slots: by hub and port
 */
struct suburb_controller {
	struct list_head node;
	struct platform_device *pdev;
	struct usb_hcd *hcds[SUBURB_HUBS];
	bool streams;
	unsigned int remotes;
	bool asleep;
	struct device *adapters[SUBURB_ADAPTERS];
	unsigned int adapters_count;

	spinlock_t lock; /* for: */
	struct suburb_slot slots[SUBURB_HUBS][SUBURB_PORTS];
};

/* struct suburb_hub - private part of a usb_hcd: which half of which controller it is */
struct suburb_hub {
	struct suburb_controller *controller;
	unsigned int index;
};

struct suburb_hub *suburb_hcd_to_hub(struct usb_hcd *hcd);

/* controller.c */
int suburb_controllers_init(void);
void suburb_controllers_exit(void);
unsigned int suburb_controllers_count(void);
void suburb_controllers_each(void (*visit)(struct suburb_controller *controller));
void suburb_controller_each_remote(struct suburb_controller *controller,
				   void (*visit)(struct suburb_controller *controller,
						 struct suburb_remote *remote));
int suburb_controllers_plug(struct suburb_remote *remote);
void suburb_controllers_disconnect(struct suburb_remote *remote);
void suburb_controllers_release(struct suburb_remote *remote);

/* hcd.c */
extern const struct hc_driver suburb_hc_driver;
extern const struct suburb_host_ops suburb_hcd_host_ops;
struct suburb_remote *suburb_hcd_get_remote(const struct usb_device *udev, bool *enabled);
void suburb_hcd_init(void);
void suburb_hcd_exit(void);

/* reset.c */
int suburb_reset_device(struct usb_hcd *hcd, struct usb_device *udev);

/* periodic.c */
int suburb_periodic_add(struct usb_hcd *hcd, struct usb_device *udev,
			struct usb_host_endpoint *ep);
int suburb_periodic_drop(struct usb_hcd *hcd, struct usb_device *udev,
			 struct usb_host_endpoint *ep);
int suburb_periodic_check(struct usb_hcd *hcd, struct usb_device *udev);
void suburb_periodic_reset(struct usb_hcd *hcd, struct usb_device *udev);

/* hub.c */
int suburb_hub_status_data(struct usb_hcd *hcd, char *buf);
int suburb_hub_control(struct usb_hcd *hcd, u16 type_req, u16 value, u16 index, char *buf,
		       u16 length);

#endif
