// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a device's state. They block, some for seconds (a driver that
 * lets go of a disk, a reset), so they run in libuv's pool; what they need of
 * the device is theirs until they are done, and nothing else touches it.
 *
 * Opening and closing libusb's handle stays on the loop's thread: it changes
 * the list of descriptors that the loop waits for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exporter/log.h"
#include "libusb_private.h"

/**
 * struct usb_job - a change on its way
 * @result: 0 or a LIBUSB_ERROR
 * @renew: the configuration was read again
 */
struct usb_job {
	uv_work_t work;
	struct usb_device *device;
	struct backend_change *change;
	int result;
	bool renew;
	uint8_t *configuration;
	size_t configuration_length;
};

static const char *const names[] = {
	[BACKEND_SET_CONFIGURATION] = "set configuration",
	[BACKEND_SET_INTERFACE] = "set interface",
	[BACKEND_CLEAR_HALT] = "clear halt",
	[BACKEND_RESET] = "reset",
	[BACKEND_ALLOC_STREAMS] = "alloc streams",
	[BACKEND_FREE_STREAMS] = "free streams",
	[BACKEND_OPEN] = "open",
	[BACKEND_CLOSE] = "close",
};

/* What a device says to a request that it cannot follow is a stall. */
static int32_t status_of(const struct usb_job *job)
{
	switch (job->result) {
	case 0:
		return 0;
	case LIBUSB_ERROR_NO_DEVICE:
		return -SUBURB_ENODEV;
	case LIBUSB_ERROR_NOT_FOUND:
		return job->change->kind == BACKEND_RESET ? -SUBURB_ENODEV : -SUBURB_EPIPE;
	case LIBUSB_ERROR_BUSY:
		return -SUBURB_EBUSY;
	case LIBUSB_ERROR_NO_MEM:
		return -SUBURB_ENOMEM;
	case LIBUSB_ERROR_TIMEOUT:
		return -SUBURB_ETIMEDOUT;
	case LIBUSB_ERROR_NOT_SUPPORTED:
		return -SUBURB_EINVAL;
	case LIBUSB_ERROR_IO:
		return -SUBURB_EPROTO;
	default:
		return -SUBURB_EPIPE;
	}
}

static int alloc_streams(struct usb_device *device, struct backend_change *change)
{
	int ret = libusb_alloc_streams(device->handle, change->streams, change->endpoints,
				       (int)change->endpoint_count);

	change->streams = ret > 0 ? (uint32_t)ret : 0;
	return ret < 0 ? ret : 0;
}

/* In a thread of the pool. */
static void on_work(uv_work_t *work)
{
	struct usb_job *job = work->data;
	struct usb_device *device = job->device;
	struct backend_change *change = job->change;

	switch (change->kind) {
	case BACKEND_SET_CONFIGURATION:
		job->result = usb_claim_configure(device, change->value);
		job->renew = true;
		break;
	case BACKEND_SET_INTERFACE:
		job->result = libusb_set_interface_alt_setting(device->handle, change->interface,
							       change->value);
		break;
	case BACKEND_CLEAR_HALT:
		job->result = libusb_clear_halt(device->handle, change->endpoint);
		break;
	case BACKEND_RESET:
		job->result = libusb_reset_device(device->handle);
		break;
	case BACKEND_ALLOC_STREAMS:
		job->result = alloc_streams(device, change);
		break;
	case BACKEND_FREE_STREAMS:
		job->result = libusb_free_streams(device->handle, change->endpoints,
						  (int)change->endpoint_count);
		break;
	case BACKEND_OPEN:
		job->result = usb_claim_take(device);
		job->renew = true;
		break;
	case BACKEND_CLOSE:
		usb_claim_return(device);
		break;
	}
	if (job->renew)
		job->configuration = usb_info_configuration(device, &job->configuration_length);
}

static void renew(struct usb_job *job)
{
	struct backend_device *device = &job->device->device;

	if (!job->renew)
		return;
	free(device->configuration);
	device->configuration = job->configuration;
	device->configuration_length = job->configuration_length;
}

static void close_handle(struct usb_device *device)
{
	if (device->handle)
		libusb_close(device->handle);
	if (device->fd >= 0)
		close(device->fd);
	device->handle = NULL;
	device->fd = -1;
	device->in_use = false;
}

static void on_worked(uv_work_t *work, int status)
{
	struct usb_job *job = work->data;
	struct usb_device *device = job->device;
	struct backend_change *change = job->change;
	bool closed, lost;

	renew(job);
	change->status = status_of(job);
	if (job->result < 0)
		log_debug("%s: %s: %s", device->device.busid, names[change->kind],
			  libusb_strerror(job->result));
	closed = change->kind == BACKEND_CLOSE ||
		 (change->kind == BACKEND_OPEN && change->status < 0);
	if (closed)
		close_handle(device);
	lost = change->status == -SUBURB_ENODEV && !closed;
	free(job);
	change->done(change);
	if (closed && device->gone)
		usb_device_free(device);
	else if (lost)
		device->usb->lost(device);
}

/* A device that libusb has not enumerated is opened by its node. */
static int open_libusb(struct usb_device *device)
{
	char node[64];

	if (device->libusb)
		return libusb_open(device->libusb, &device->handle);
	snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", device->device.busnum,
		 device->device.devnum);
	device->fd = open(node, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return errno == EACCES ? LIBUSB_ERROR_ACCESS : LIBUSB_ERROR_NO_DEVICE;
	return libusb_wrap_sys_device(device->usb->context, device->fd, &device->handle);
}

static int open_handle(struct usb_device *device)
{
	int ret = open_libusb(device);

	if (ret == 0) {
		device->in_use = true;
		return 0;
	}
	device->handle = NULL;
	close_handle(device);
	if (ret == LIBUSB_ERROR_ACCESS)
		log_error("%s: no permission to open the device: run suburbd as root, or give "
			  "its user write access to /dev/bus/usb/%03u/%03u",
			  device->device.busid, device->device.busnum, device->device.devnum);
	else
		log_error("%s: cannot open the device: %s", device->device.busid,
			  libusb_strerror(ret));
	return ret == LIBUSB_ERROR_NO_DEVICE ? -SUBURB_ENODEV : -SUBURB_EIO;
}

int usb_change(struct backend_device *backend, struct backend_change *change)
{
	struct usb_device *device = usb_device_of(backend);
	struct usb_job *job = calloc(1, sizeof(*job));
	int ret = -SUBURB_ENOMEM;

	if (!job)
		return ret;
	if (change->kind == BACKEND_OPEN) {
		ret = open_handle(device);
		if (ret < 0)
			goto err_free_job;
	}
	job->work.data = job;
	job->device = device;
	job->change = change;
	if (uv_queue_work(device->usb->loop, &job->work, on_work, on_worked) == 0)
		return 0;
	if (change->kind == BACKEND_OPEN)
		close_handle(device);
err_free_job:
	free(job);
	return ret;
}

void usb_device_free(struct usb_device *device)
{
	usb_info_free(device);
	if (device->libusb)
		libusb_unref_device(device->libusb);
	free(device);
}
