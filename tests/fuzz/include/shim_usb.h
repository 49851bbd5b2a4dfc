/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usbcore, as far as a host controller's driver sees it. See shim.h.
 */
#ifndef TESTS_FUZZ_SHIM_USB_H
#define TESTS_FUZZ_SHIM_USB_H

#include <linux/usb/ch11.h>
#include <linux/usb/ch9.h>

/* Class requests of hubs, by the names of linux/usb/hcd.h; numbers: USB 3.2, table 10-7. */
#define DeviceRequest 0x8000
#define ClearHubFeature 0x2001
#define SetHubFeature 0x2003
#define SetHubDepth 0x200c
#define ClearPortFeature 0x2301
#define SetPortFeature 0x2303
#define GetHubDescriptor 0xa006
#define GetHubStatus 0xa000
#define GetPortStatus 0xa300
#define GetPortErrorCount 0xa30d

#define URB_SHORT_NOT_OK 0x0001
#define URB_ISO_ASAP 0x0002
#define URB_ZERO_PACKET 0x0040
#define URB_DIR_IN 0x0200
#define URB_DIR_MASK URB_DIR_IN

struct device {
	void *platform_data;
	void *driver_data;
};

struct usb_device;

struct usb_bus {
	int busnum;
	struct usb_device *root_hub;
	unsigned int sg_tablesize;
	bool no_sg_constraint;
};

struct usb_host_endpoint {
	struct usb_endpoint_descriptor desc;
	struct usb_ss_ep_comp_descriptor ss_ep_comp;
	struct usb_ssp_isoc_ep_comp_descriptor ssp_isoc_ep_comp;
	struct list_head urb_list;
	int streams;
};

struct usb_device {
	struct usb_bus *bus;
	struct usb_device *parent;
	unsigned int portnum;
	u32 devnum;
	enum usb_device_state state;
	enum usb_device_speed speed;
	struct usb_host_endpoint ep0;
};

struct usb_iso_packet_descriptor {
	unsigned int offset;
	unsigned int length;
	unsigned int actual_length;
	int status;
};

struct urb {
	void *hcpriv;
	struct list_head urb_list;
	int unlinked;
	struct usb_device *dev;
	struct usb_host_endpoint *ep;
	unsigned int pipe;
	unsigned int stream_id;
	int status;
	unsigned int transfer_flags;
	void *transfer_buffer;
	struct scatterlist *sg;
	int num_sgs;
	u32 transfer_buffer_length;
	u32 actual_length;
	unsigned char *setup_packet;
	int start_frame;
	int number_of_packets;
	int interval;
	int error_count;
	int references;
	void *context;
	void (*complete)(struct urb *urb);
	struct usb_iso_packet_descriptor iso_frame_desc[];
};

struct urb *usb_alloc_urb(int packets, gfp_t gfp);
struct urb *usb_get_urb(struct urb *urb);
void usb_put_urb(struct urb *urb);
#define usb_free_urb usb_put_urb
int usb_submit_urb(struct urb *urb, gfp_t gfp);
int usb_unlink_urb(struct urb *urb);

/* Only endpoint 0 is spoken to by the module itself. */
#define usb_rcvctrlpipe(udev, number) ((void)(udev), 0x80U | (number))
#define usb_sndctrlpipe(udev, number) ((void)(udev), 0U | (number))
void usb_fill_control_urb(struct urb *urb, struct usb_device *udev, unsigned int pipe,
			  unsigned char *setup, void *data, int length,
			  void (*complete)(struct urb *urb), void *context);

static inline const char *usb_speed_string(unsigned int speed)
{
	return speed < USB_SPEED_HIGH ? "slow" : "fast";
}

/* --- host controllers ----------------------------------------------------- */

#define HCD_USB2 0x20
#define HCD_USB3 0x40
#define HCD_USB31 0x50
#define HCD_SHARED 4
#define HC_STATE_RUNNING 1
#define HC_STATE_SUSPENDED 4

struct usb_hcd;

struct hc_driver {
	const char *description;
	const char *product_desc;
	size_t hcd_priv_size;
	int flags;
	int (*reset)(struct usb_hcd *hcd);
	int (*start)(struct usb_hcd *hcd);
	void (*stop)(struct usb_hcd *hcd);
	int (*urb_enqueue)(struct usb_hcd *hcd, struct urb *urb, gfp_t gfp);
	int (*urb_dequeue)(struct usb_hcd *hcd, struct urb *urb, int status);
	int (*add_endpoint)(struct usb_hcd *hcd, struct usb_device *udev,
			    struct usb_host_endpoint *ep);
	int (*drop_endpoint)(struct usb_hcd *hcd, struct usb_device *udev,
			     struct usb_host_endpoint *ep);
	int (*check_bandwidth)(struct usb_hcd *hcd, struct usb_device *udev);
	void (*reset_bandwidth)(struct usb_hcd *hcd, struct usb_device *udev);
	int (*alloc_streams)(struct usb_hcd *hcd, struct usb_device *udev,
			     struct usb_host_endpoint **eps, unsigned int num_eps,
			     unsigned int num_streams, gfp_t gfp);
	int (*free_streams)(struct usb_hcd *hcd, struct usb_device *udev,
			    struct usb_host_endpoint **eps, unsigned int num_eps, gfp_t gfp);
	int (*get_frame_number)(struct usb_hcd *hcd);
	int (*hub_status_data)(struct usb_hcd *hcd, char *buf);
	int (*hub_control)(struct usb_hcd *hcd, u16 type_req, u16 value, u16 index, char *buf,
			   u16 length);
	int (*bus_suspend)(struct usb_hcd *hcd);
	int (*bus_resume)(struct usb_hcd *hcd);
	int (*reset_device)(struct usb_hcd *hcd, struct usb_device *udev);
};

struct usb_hcd {
	struct usb_bus self;
	const struct hc_driver *driver;
	struct usb_device root;
	int state;
	int speed;
	bool has_tt;
	bool cant_recv_wakeups;
	bool can_do_streams;
	bool uses_new_polling;
	unsigned long hcd_priv[];
};

#define bus_to_hcd(pointer) container_of(pointer, struct usb_hcd, self)

struct usb_hcd *usb_create_shared_hcd(const struct hc_driver *driver, struct device *dev,
				      const char *name, struct usb_hcd *primary);
int usb_add_hcd(struct usb_hcd *hcd, unsigned int irq, unsigned long flags);
void usb_remove_hcd(struct usb_hcd *hcd);
void usb_put_hcd(struct usb_hcd *hcd);
struct usb_device *usb_hub_find_child(struct usb_device *hub, int port);
#define usb_hcd_poll_rh_status(hcd) ((void)(hcd))
#define usb_hcd_resume_root_hub(hcd) ((void)(hcd))

int usb_hcd_link_urb_to_ep(struct usb_hcd *hcd, struct urb *urb);
void usb_hcd_unlink_urb_from_ep(struct usb_hcd *hcd, struct urb *urb);
int usb_hcd_check_unlink_urb(struct usb_hcd *hcd, struct urb *urb, int status);
void usb_hcd_giveback_urb(struct usb_hcd *hcd, struct urb *urb, int status);

struct notifier_block {
	int (*notifier_call)(struct notifier_block *block, unsigned long action, void *data);
};

#define NOTIFY_DONE 0
#define NOTIFY_OK 1
#define USB_DEVICE_ADD 1
#define USB_DEVICE_REMOVE 2
#define usb_register_notify(block) ((void)(block))
#define usb_unregister_notify(block) ((void)(block))

#endif
