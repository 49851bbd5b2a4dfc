/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the libusb backend share: the backend and its devices.
 *
 *   libusb.c           the vtable; devices that come and go
 *   libusb_loop.c      libusb's descriptors and timeouts in the event loop
 *   libusb_change.c    changes of state, beside the loop
 *   libusb_claim.c     interfaces and drivers; in the pool's threads
 *   libusb_info.c      what is known of a device without opening it
 *   usb_access.h       below all of them: how an open device is reached
 *
 * libusb.c stands above all others, libusb_change.c above libusb_claim.c and
 * libusb_info.c; no other of them uses another.
 */
#ifndef EXPORTER_BACKEND_LIBUSB_PRIVATE_H
#define EXPORTER_BACKEND_LIBUSB_PRIVATE_H

#include <libusb.h>
#include <sys/queue.h>

#include "libusb_backend.h"
#include "usb_access.h"

#define USB_MAX_INTERFACES 32
#define USB_NODE_SIZE 64

/* --- libusb_loop.c -------------------------------------------------------- */

struct usb_loop;

/* Watches @context's descriptors. NULL if memory is out. */
struct usb_loop *usb_loop_new(uv_loop_t *loop, libusb_context *context);

/* Frees itself when the loop has run once more; the context can go at once. */
void usb_loop_stop(struct usb_loop *loop);

/* --- devices -------------------------------------------------------------- */

/**
 * struct usb_claim - what was taken from the local kernel's drivers
 * @hold: for the watch
 * @claimed: bit per interface that is ours
 * @port_fd: keeps other drivers off while the device is ours; -1 if not. The
 *	one thing that both the loop and a thread of the pool may let go
 */
struct usb_claim {
	struct libusb_hold hold;
	uint32_t claimed;
	_Atomic int port_fd;
};

/**
 * struct usb_device - one device
 * @libusb: NULL if libusb does not know it: it was found in sysfs
 * @access: how it is reached, while it is in use
 * @handle: for libusb's access; NULL unless open
 * @fd: what @handle stands on if @libusb is NULL; else -1
 * @usbfs: for usbfs' access; NULL unless open
 * @in_use: from the beginning of BACKEND_OPEN to the end of BACKEND_CLOSE
 * @gone: it has left; freed when it is not in use
 * @settling: ticks until it is announced although it has no configuration
 */
struct usb_device {
	struct backend_device device;
	TAILQ_ENTRY(usb_device) entry;
	struct usb_backend *usb;
	libusb_device *libusb;
	const struct usb_access *access;
	libusb_device_handle *handle;
	int fd;
	struct usbfs *usbfs;
	struct usb_claim claim;
	bool in_use;
	bool gone;
	bool announced;
	unsigned int settling;
};

/**
 * struct usb_backend - see above
 * @access: how devices are to be reached
 * @polling: nobody tells of devices that come and go
 * @lost: a device answered that it is not there any more: it has left, whether
 *	or not hotplug has said so yet. Never from within a call from above
 */
struct usb_backend {
	struct backend backend;
	struct libusb_backend_watch watch;
	struct backend_events events;
	const struct usb_access *access;
	uv_loop_t *loop;
	struct usb_loop *usb_loop;
	libusb_context *context;
	libusb_hotplug_callback_handle hotplug;
	bool has_hotplug;
	bool polling;
	uv_timer_t *timer;
	TAILQ_HEAD(, usb_device) devices;
	void (*lost)(struct usb_device *device);
};

static inline struct usb_device *usb_device_of(struct backend_device *device)
{
	return (struct usb_device *)device;
}

/* --- libusb_access.c, libusb_transfer.c ----------------------------------- */

/* A LIBUSB_ERROR as a status. */
int libusb_status(int error);

int libusb_access_submit(struct usb_device *device, struct backend_transfer *transfer);
void libusb_access_cancel(struct usb_device *device, struct backend_transfer *transfer);

/* --- libusb_change.c ------------------------------------------------------ */

int usb_change(struct backend_device *backend, struct backend_change *change);

/* It is not in use and has left: by whoever ended its use. */
void usb_device_free(struct usb_device *device);

/* --- libusb_claim.c: all block, but for the last -------------------------- */

/* Detaches the drivers and claims all interfaces; or none. 0 or a SUBURB_E*. */
int usb_claim_take(struct usb_device *device);

/* The opposite; with the original configuration, if that was changed. */
void usb_claim_return(struct usb_device *device);

/* Another configuration; all its interfaces are ours afterwards. */
int usb_claim_configure(struct usb_device *device, uint8_t value);

/* It has left: what is plugged in there next is none of ours. */
void usb_claim_forget_port(struct usb_device *device);

/* --- libusb_info.c -------------------------------------------------------- */

/* Fills @device->device from what the machine knows. 0 or a LIBUSB_ERROR. */
int usb_info_fill(struct usb_device *device);

/* The same for a device of that bus id that only sysfs knows. */
int usb_info_fill_sysfs(struct usb_device *device, const char *busid);

/* Is it still there, and the same one? Without sysfs: true. */
bool usb_info_present(const struct usb_device *device);

/* The device's node, in @node. */
const char *usb_info_node(const struct usb_device *device, char node[USB_NODE_SIZE]);

/* The hub and port it hangs on: false if that is not known. */
bool usb_info_hub(const struct usb_device *device, char *node, size_t size, unsigned int *port);

void usb_info_free(struct usb_device *device);

/* The active configuration's descriptors, for free(); NULL if there is none. */
uint8_t *usb_info_configuration(const struct usb_device *device, size_t *size);

#endif
