// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a device's state. They block, some for seconds (a driver that
 * lets go of a disk, a reset), so they run in libuv's pool; what they need of
 * the device is theirs until they are done, and nothing else touches it.
 *
 * Opening and closing the device stays on the loop's thread: it changes what
 * the loop waits for.
 */
#include <stdlib.h>

#include "exporter/log.h"
#include "libusb_private.h"

/**
 * struct usb_job - a change on its way
 * @result: 0 or a negative SUBURB_E*
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
	switch (job->change->kind) {
	case BACKEND_SET_CONFIGURATION:
	case BACKEND_SET_INTERFACE:
	case BACKEND_CLEAR_HALT:
		if (job->result == -SUBURB_ENOENT || job->result == -SUBURB_EINVAL)
			return -SUBURB_EPIPE;
		return job->result;
	default:
		return job->result;
	}
}

/* In a thread of the pool. */
static void on_work(uv_work_t *work)
{
	struct usb_job *job = work->data;
	struct usb_device *device = job->device;
	const struct usb_access *access = device->access;
	struct backend_change *change = job->change;

	switch (change->kind) {
	case BACKEND_SET_CONFIGURATION:
		job->result = usb_claim_configure(device, change->value);
		job->renew = true;
		break;
	case BACKEND_SET_INTERFACE:
		job->result = access->set_interface(device, change->interface, change->value);
		break;
	case BACKEND_CLEAR_HALT:
		job->result = access->clear_halt(device, change->endpoint);
		break;
	case BACKEND_RESET:
		job->result = access->reset(device);
		break;
	case BACKEND_ALLOC_STREAMS:
		job->result = access->alloc_streams(device, change);
		break;
	case BACKEND_FREE_STREAMS:
		job->result = access->free_streams(device, change);
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

static void close_device(struct usb_device *device)
{
	device->access->close(device);
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
		log_debug("%s: %s: error %d", device->device.busid, names[change->kind],
			  -job->result);
	closed = change->kind == BACKEND_CLOSE ||
		 (change->kind == BACKEND_OPEN && change->status < 0);
	if (closed)
		close_device(device);
	else if (device->access->resume)
		device->access->resume(device);
	lost = change->status == -SUBURB_ENODEV && !closed;
	free(job);
	change->done(change);
	if (closed && device->gone)
		usb_device_free(device);
	else if (lost)
		device->usb->lost(device);
}

/* The way that was asked for; the other where that one does not do. */
static int open_access(struct usb_device *device)
{
	int ret;

	device->access = device->usb->access;
	ret = device->access->open(device);
	if (ret == -SUBURB_ENOTSUP) {
		device->access = &usb_access_libusb;
		ret = device->access->open(device);
	}
	return ret;
}

static int open_device(struct usb_device *device)
{
	const char *busid = device->device.busid;
	char node[USB_NODE_SIZE];
	int ret = open_access(device);

	if (ret == 0) {
		device->in_use = true;
		return 0;
	}
	if (ret == -SUBURB_EACCES)
		log_error("%s: no permission to open the device: run suburbd as root, or give "
			  "its user write access to %s",
			  busid, usb_info_node(device, node));
	else
		log_error("%s: cannot open the device: error %d", busid, -ret);
	return ret == -SUBURB_ENODEV ? ret : -SUBURB_EIO;
}

int usb_change(struct backend_device *backend, struct backend_change *change)
{
	struct usb_device *device = usb_device_of(backend);
	struct usb_job *job = calloc(1, sizeof(*job));
	int ret = -SUBURB_ENOMEM;

	if (!job)
		return ret;
	if (change->kind == BACKEND_OPEN) {
		ret = open_device(device);
		if (ret < 0)
			goto err_free_job;
	}
	job->work.data = job;
	job->device = device;
	job->change = change;
	if (device->access->pause)
		device->access->pause(device);
	if (uv_queue_work(device->usb->loop, &job->work, on_work, on_worked) == 0)
		return 0;
	if (change->kind == BACKEND_OPEN)
		close_device(device);
	else if (device->access->resume)
		device->access->resume(device);
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
