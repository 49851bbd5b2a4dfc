// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking a device's interfaces from the local kernel's drivers, and giving
 * them back. Everything here blocks and runs in a thread of libuv's pool.
 *
 * On Linux the hub's port is claimed too, if that is possible: while it is, no
 * driver is bound to interfaces that appear, be it by a new configuration or
 * by a driver that is loaded just then.
 *
 * usbfs forgets claims when its descriptor closes, but binds no driver again:
 * that is done here, or by whoever the watch tells (libusb_backend.h).
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "exporter/descriptors.h"
#include "exporter/log.h"
#include "libusb_private.h"

#ifdef __linux__
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <unistd.h>
#endif

/* --- the hub's port ------------------------------------------------------- */

#ifdef __linux__
static int claim_port(const struct usb_device *device)
{
	unsigned int port;
	char node[64];
	int fd;

	if (!usb_info_hub(device, node, sizeof(node), &port))
		return -1;
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, USBDEVFS_CLAIM_PORT, &port) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void release_port(struct usb_claim *claim)
{
	int fd = atomic_exchange(&claim->port_fd, -1);

	if (fd >= 0)
		close(fd);
}
#else
static int claim_port(const struct usb_device *device)
{
	return -1;
}

static void release_port(struct usb_claim *claim)
{
}
#endif

void usb_claim_forget_port(struct usb_device *device)
{
	release_port(&device->claim);
}

/* --- interfaces ----------------------------------------------------------- */

/* Bit per interface of the active configuration. */
static uint32_t present(const struct usb_device *device, uint8_t *value)
{
	const uint8_t *interface[USB_MAX_INTERFACES];
	uint32_t mask = 0;
	size_t size, n;
	uint8_t *set = usb_info_configuration(device, &size);

	n = descriptors_interfaces(set, size, interface, USB_MAX_INTERFACES);
	for (size_t i = 0; i < n; i++)
		if (interface[i][2] < USB_MAX_INTERFACES)
			mask |= 1u << interface[i][2];
	*value = set && size >= 6 ? set[5] : 0;
	free(set);
	return mask;
}

static uint32_t with_driver(struct usb_device *device, uint32_t interfaces)
{
	uint32_t mask = 0;

	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++)
		if (interfaces & 1u << i && device->access->has_driver(device, i))
			mask |= 1u << i;
	return mask;
}

static void release_all(struct usb_device *device)
{
	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++)
		if (device->claim.claimed & 1u << i)
			device->access->release(device, i);
	device->claim.claimed = 0;
}

static int claim_one(struct usb_device *device, uint8_t interface)
{
	int ret = device->access->detach_driver(device, interface);

	if (ret < 0 && ret != -SUBURB_ENOENT)
		return ret;
	ret = device->access->claim(device, interface);
	if (ret == 0)
		device->claim.claimed |= 1u << interface;
	return ret;
}

static int claim_all(struct usb_device *device, uint32_t interfaces)
{
	int ret = 0;

	for (uint8_t i = 0; i < USB_MAX_INTERFACES && ret == 0; i++)
		if (interfaces & 1u << i)
			ret = claim_one(device, i);
	return ret;
}

static void tell_held(const struct usb_device *device)
{
	const struct libusb_backend_watch *watch = &device->usb->watch;

	if (watch->held)
		watch->held(watch->owner, &device->claim.hold);
}

int usb_claim_take(struct usb_device *device)
{
	struct usb_claim *claim = &device->claim;
	uint32_t interfaces;
	int ret;

	claim->claimed = 0;
	claim->hold.busnum = device->device.busnum;
	claim->hold.devnum = device->device.devnum;
	claim->hold.changed = false;
	interfaces = present(device, &claim->hold.configuration);
	claim->hold.drivers = with_driver(device, interfaces);
	tell_held(device);
	claim->port_fd = claim_port(device);
	ret = claim_all(device, interfaces);
	if (ret < 0) {
		if (ret == -SUBURB_EBUSY)
			log_error("%s: cannot take the device: another program uses it",
				  device->device.busid);
		else
			log_error("%s: cannot take the device: error %d", device->device.busid,
				  -ret);
		usb_claim_return(device);
	}
	return ret;
}

void usb_claim_return(struct usb_device *device)
{
	const struct libusb_backend_watch *watch = &device->usb->watch;
	struct usb_claim *claim = &device->claim;

	release_all(device);
	release_port(claim);
	if (claim->hold.changed)
		device->access->set_configuration(device, claim->hold.configuration);
	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++)
		if (claim->hold.drivers & 1u << i)
			device->access->attach_driver(device, i);
	if (watch->returned)
		watch->returned(watch->owner, &claim->hold);
}

int usb_claim_configure(struct usb_device *device, uint8_t value)
{
	struct usb_claim *claim = &device->claim;
	uint32_t interfaces;
	uint8_t now;
	int ret;

	/* usbfs refuses while anybody, we included, has a claim. */
	release_all(device);
	if (value != claim->hold.configuration && !claim->hold.changed) {
		claim->hold.changed = true;
		tell_held(device);
	}
	ret = device->access->set_configuration(device, value);
	interfaces = present(device, &now);
	if (claim->hold.changed != (now != claim->hold.configuration)) {
		claim->hold.changed = now != claim->hold.configuration;
		tell_held(device);
	}
	if (ret < 0) {
		claim_all(device, interfaces);
		return ret;
	}
	return claim_all(device, interfaces);
}
