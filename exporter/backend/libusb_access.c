// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices reached through libusb: what blocks. See usb_access.h, and
 * libusb_transfer.c for the rest.
 *
 * libusb knows fewer errors than the kernel. Where it says only that something
 * went wrong with a request, the request was most likely stalled: a device says
 * that to what it cannot do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "exporter/log.h"
#include "libusb_private.h"

int libusb_status(int error)
{
	switch (error) {
	case LIBUSB_ERROR_NO_DEVICE:
		return -SUBURB_ENODEV;
	case LIBUSB_ERROR_NOT_FOUND:
		return -SUBURB_ENOENT;
	case LIBUSB_ERROR_BUSY:
		return -SUBURB_EBUSY;
	case LIBUSB_ERROR_NO_MEM:
		return -SUBURB_ENOMEM;
	case LIBUSB_ERROR_ACCESS:
		return -SUBURB_EACCES;
	case LIBUSB_ERROR_TIMEOUT:
		return -SUBURB_ETIMEDOUT;
	case LIBUSB_ERROR_INVALID_PARAM:
	case LIBUSB_ERROR_NOT_SUPPORTED:
		return -SUBURB_EINVAL;
	case LIBUSB_ERROR_PIPE:
		return -SUBURB_EPIPE;
	default:
		return error < 0 ? -SUBURB_EPROTO : 0;
	}
}

/* The outcome of a request to the device. */
static int request_status(struct usb_device *device, const char *what, int error)
{
	if (error < 0)
		log_debug("%s: %s: %s", device->device.busid, what, libusb_strerror(error));
	return error == LIBUSB_ERROR_OTHER ? -SUBURB_EPIPE : libusb_status(error);
}

/* --- open and close ------------------------------------------------------- */

static void access_close(struct usb_device *device)
{
	if (device->handle)
		libusb_close(device->handle);
	if (device->fd >= 0)
		close(device->fd);
	device->handle = NULL;
	device->fd = -1;
}

/* A device that libusb has not enumerated is opened by its node. */
static int open_libusb(struct usb_device *device)
{
	char node[USB_NODE_SIZE];

	if (device->libusb)
		return libusb_open(device->libusb, &device->handle);
	device->fd = open(usb_info_node(device, node), O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return errno == EACCES ? LIBUSB_ERROR_ACCESS : LIBUSB_ERROR_NO_DEVICE;
	return libusb_wrap_sys_device(device->usb->context, device->fd, &device->handle);
}

static int access_open(struct usb_device *device)
{
	int ret = open_libusb(device);

	if (ret == 0)
		return 0;
	device->handle = NULL;
	access_close(device);
	return libusb_status(ret);
}

/* --- interfaces ----------------------------------------------------------- */

static bool access_has_driver(struct usb_device *device, uint8_t interface)
{
	return libusb_kernel_driver_active(device->handle, interface) == 1;
}

static int access_detach_driver(struct usb_device *device, uint8_t interface)
{
	int ret = libusb_detach_kernel_driver(device->handle, interface);

	/* On a machine that cannot do it claiming will tell. */
	return ret == LIBUSB_ERROR_NOT_SUPPORTED ? -SUBURB_ENOENT : libusb_status(ret);
}

static int access_attach_driver(struct usb_device *device, uint8_t interface)
{
	return libusb_status(libusb_attach_kernel_driver(device->handle, interface));
}

static int access_claim(struct usb_device *device, uint8_t interface)
{
	return libusb_status(libusb_claim_interface(device->handle, interface));
}

static int access_release(struct usb_device *device, uint8_t interface)
{
	return libusb_status(libusb_release_interface(device->handle, interface));
}

/* --- state ---------------------------------------------------------------- */

/* -1 is libusb's word for "unconfigured". */
static int access_set_configuration(struct usb_device *device, uint8_t value)
{
	return request_status(device, "set configuration",
			      libusb_set_configuration(device->handle, value ? value : -1));
}

static int access_set_interface(struct usb_device *device, uint8_t interface, uint8_t altsetting)
{
	int ret = libusb_set_interface_alt_setting(device->handle, interface, altsetting);

	return request_status(device, "set interface", ret);
}

static int access_clear_halt(struct usb_device *device, uint8_t endpoint)
{
	return request_status(device, "clear halt", libusb_clear_halt(device->handle, endpoint));
}

static int access_reset(struct usb_device *device)
{
	int ret = request_status(device, "reset", libusb_reset_device(device->handle));

	return ret == -SUBURB_ENOENT ? -SUBURB_ENODEV : ret;
}

static int access_alloc_streams(struct usb_device *device, struct backend_change *change)
{
	int ret = libusb_alloc_streams(device->handle, change->streams, change->endpoints,
				       (int)change->endpoint_count);

	change->streams = ret > 0 ? (uint32_t)ret : 0;
	return libusb_status(ret);
}

static int access_free_streams(struct usb_device *device, struct backend_change *change)
{
	return libusb_status(libusb_free_streams(device->handle, change->endpoints,
						 (int)change->endpoint_count));
}

const struct usb_access usb_access_libusb = {
	.name = "libusb",
	.open = access_open,
	.close = access_close,
	.has_driver = access_has_driver,
	.detach_driver = access_detach_driver,
	.attach_driver = access_attach_driver,
	.claim = access_claim,
	.release = access_release,
	.set_configuration = access_set_configuration,
	.set_interface = access_set_interface,
	.clear_halt = access_clear_halt,
	.reset = access_reset,
	.alloc_streams = access_alloc_streams,
	.free_streams = access_free_streams,
	.submit = libusb_access_submit,
	.cancel = libusb_access_cancel,
};
