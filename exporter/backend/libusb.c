// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The libusb backend: its vtable, and devices that come and go.
 *
 * libusb tells of both through its hotplug callback, which runs on the loop.
 * On Linux that rests on udevd; without one sysfs is looked at once a second,
 * and where libusb cannot tell at all its list of devices is.
 *
 * A device that is seen the moment it is plugged in may not have been
 * configured yet, and then no rule could see its interfaces: it is announced
 * when it is, or after a second.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/log.h"
#include "libusb_private.h"
#include "sysfs.h"

#define SETTLE_MS 1000
#define SETTLE_TICK_MS 50
#define POLL_MS 1000
#define UDEVD_SOCKET "/run/udev/control"

static struct usb_backend *usb_backend_of(struct backend *backend)
{
	return (struct usb_backend *)backend;
}

/* --- devices that come ---------------------------------------------------- */

static void on_tick(uv_timer_t *timer);

static void announce(struct usb_device *device)
{
	struct backend_events *events = &device->usb->events;

	device->announced = true;
	events->arrived(events->owner, &device->device);
}

static struct usb_device *find(struct usb_backend *usb, libusb_device *libusb)
{
	struct usb_device *device;

	TAILQ_FOREACH(device, &usb->devices, entry)
	if (device->libusb == libusb)
		return device;
	return NULL;
}

static struct usb_device *new_device(struct usb_backend *usb)
{
	struct usb_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->usb = usb;
	device->device.backend = &usb->backend;
	device->fd = -1;
	device->claim.port_fd = -1;
	return device;
}

/* Announces it, or waits for its configuration. @ret: could it be looked at? */
static void add(struct usb_device *device, int ret)
{
	struct usb_backend *usb = device->usb;

	if (ret < 0) {
		usb_device_free(device);
		return;
	}
	TAILQ_INSERT_TAIL(&usb->devices, device, entry);
	if (device->device.configuration || !usb->timer) {
		announce(device);
		return;
	}
	device->settling = SETTLE_MS / (usb->polling ? POLL_MS : SETTLE_TICK_MS);
	if (!usb->polling)
		uv_timer_start(usb->timer, on_tick, SETTLE_TICK_MS, SETTLE_TICK_MS);
}

static void arrived(struct usb_backend *usb, libusb_device *libusb)
{
	struct usb_device *device = find(usb, libusb) ? NULL : new_device(usb);

	if (!device)
		return;
	device->libusb = libusb_ref_device(libusb);
	add(device, usb_info_fill(device));
}

static void arrived_in_sysfs(void *owner, const char *busid)
{
	struct usb_backend *usb = owner;
	struct usb_device *device;

	TAILQ_FOREACH(device, &usb->devices, entry)
	if (!strcmp(device->device.busid, busid))
		return;
	device = new_device(usb);
	if (device)
		add(device, usb_info_fill_sysfs(device, busid));
}

/* True if some still wait. */
static bool settle(struct usb_backend *usb)
{
	struct usb_device *device;
	bool more = false;

	TAILQ_FOREACH(device, &usb->devices, entry)
	{
		struct backend_device *backend = &device->device;

		if (device->announced)
			continue;
		backend->configuration =
			usb_info_configuration(device, &backend->configuration_length);
		if (backend->configuration || !--device->settling)
			announce(device);
		else
			more = true;
	}
	return more;
}

/* --- devices that go ------------------------------------------------------ */

static void left(struct usb_device *device)
{
	struct usb_backend *usb = device->usb;

	TAILQ_REMOVE(&usb->devices, device, entry);
	device->gone = true;
	/* Else a device plugged in before its importer is done stays unconfigured. */
	usb_claim_forget_port(device);
	if (device->announced)
		usb->events.left(usb->events.owner, &device->device);
	if (!device->in_use)
		usb_device_free(device);
}

static void lost(struct usb_device *device)
{
	if (!device->gone)
		left(device);
}

static int LIBUSB_CALL on_hotplug(libusb_context *context, libusb_device *libusb,
				  libusb_hotplug_event event, void *owner)
{
	struct usb_backend *usb = owner;
	struct usb_device *device;

	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED) {
		arrived(usb, libusb);
	} else {
		device = find(usb, libusb);
		if (device)
			left(device);
	}
	return 0;
}

/* --- nobody tells --------------------------------------------------------- */

static void enumerate(struct usb_backend *usb)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(usb->context, &list);

	for (ssize_t i = 0; i < n; i++)
		arrived(usb, list[i]);
	if (n >= 0)
		libusb_free_device_list(list, 1);
}

static bool in_list(const struct usb_device *device, libusb_device **list, ssize_t n)
{
	for (ssize_t i = 0; i < n; i++)
		if (list[i] == device->libusb)
			return true;
	return false;
}

/* Without hotplug libusb's list is made anew each time; with it, it never is. */
static void poll_list(struct usb_backend *usb)
{
	struct usb_device *device, *next;
	libusb_device **list;
	ssize_t n = libusb_get_device_list(usb->context, &list);

	if (n < 0)
		return;
	for (device = TAILQ_FIRST(&usb->devices); device; device = next) {
		next = TAILQ_NEXT(device, entry);
		if (!in_list(device, list, n))
			left(device);
	}
	for (ssize_t i = 0; i < n; i++)
		arrived(usb, list[i]);
	libusb_free_device_list(list, 1);
}

static void poll_sysfs(struct usb_backend *usb)
{
	struct usb_device *device, *next;

	for (device = TAILQ_FIRST(&usb->devices); device; device = next) {
		next = TAILQ_NEXT(device, entry);
		if (!usb_info_present(device))
			left(device);
	}
	sysfs_scan(arrived_in_sysfs, usb);
}

static void on_tick(uv_timer_t *timer)
{
	struct usb_backend *usb = timer->data;

	if (usb->polling && libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		poll_sysfs(usb);
	else if (usb->polling)
		poll_list(usb);
	if (!settle(usb) && !usb->polling)
		uv_timer_stop(timer);
}

/* --- start and stop ------------------------------------------------------- */

static bool udevd_is_missing(void)
{
#ifdef __linux__
	return access(UDEVD_SOCKET, F_OK) < 0;
#else
	return false;
#endif
}

static void watch_hotplug(struct usb_backend *usb)
{
	int ret = libusb_hotplug_register_callback(
		usb->context,
		LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
		LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
		on_hotplug, usb, &usb->hotplug);

	usb->has_hotplug = ret == 0;
}

/* Who tells of devices that come and go. */
static void watch(struct usb_backend *usb)
{
	if (libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) && !udevd_is_missing())
		watch_hotplug(usb);
	if (usb->has_hotplug || !usb->timer)
		return;
	log_debug("libusb: no hotplug events; looking for devices once a second");
	usb->polling = true;
	uv_timer_start(usb->timer, on_tick, POLL_MS, POLL_MS);
}

static void start_timer(struct usb_backend *usb)
{
	usb->timer = malloc(sizeof(*usb->timer));
	if (!usb->timer)
		return;
	uv_timer_init(usb->loop, usb->timer);
	usb->timer->data = usb;
}

static int usb_start(struct backend *backend, uv_loop_t *loop, const struct backend_events *events)
{
	struct usb_backend *usb = usb_backend_of(backend);
	int ret = libusb_init(&usb->context);

	if (ret < 0) {
		log_error("no access to this machine's USB devices: libusb: %s",
			  libusb_strerror(ret));
		return -EIO;
	}
	usb->loop = loop;
	usb->events = *events;
	usb->usb_loop = usb_loop_new(loop, usb->context);
	if (!usb->usb_loop) {
		libusb_exit(usb->context);
		log_error("out of memory");
		return -ENOMEM;
	}
	/* What is there now was there before: it is announced as it is. */
	enumerate(usb);
	start_timer(usb);
	watch(usb);
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

static void usb_stop(struct backend *backend)
{
	struct usb_backend *usb = usb_backend_of(backend);
	struct usb_device *device;

	if (usb->has_hotplug)
		libusb_hotplug_deregister_callback(usb->context, usb->hotplug);
	if (usb->timer)
		uv_close((uv_handle_t *)usb->timer, on_timer_closed);
	usb->timer = NULL;
	usb_loop_stop(usb->usb_loop);
	while ((device = TAILQ_FIRST(&usb->devices))) {
		TAILQ_REMOVE(&usb->devices, device, entry);
		usb_device_free(device);
	}
	libusb_exit(usb->context);
}

/* --- transfers ------------------------------------------------------------ */

static int usb_submit(struct backend_device *backend, struct backend_transfer *transfer)
{
	struct usb_device *device = usb_device_of(backend);

	return device->access->submit(device, transfer);
}

static void usb_cancel(struct backend_device *backend, struct backend_transfer *transfer)
{
	struct usb_device *device = usb_device_of(backend);

	device->access->cancel(device, transfer);
}

/* From malloc: usbfs' memory is scarce, and a buffer lives on as a reply. */
static uint8_t *usb_alloc(struct backend_device *device, size_t size)
{
	uint8_t *memory = malloc(USB_SETUP_SIZE + size);

	return memory ? memory + USB_SETUP_SIZE : NULL;
}

static void usb_free(struct backend_device *device, uint8_t *buffer, size_t size)
{
	if (buffer)
		free(buffer - USB_SETUP_SIZE);
}

static const struct backend_ops ops = {
	.name = "libusb",
	.start = usb_start,
	.stop = usb_stop,
	.submit = usb_submit,
	.cancel = usb_cancel,
	.change = usb_change,
	.alloc = usb_alloc,
	.free = usb_free,
};

const struct usb_access *usb_access_find(const char *name)
{
	static const struct usb_access *const all[] = {
#ifdef __linux__
		&usb_access_usbfs,
#endif
		&usb_access_libusb,
	};

	if (!name)
		return all[0];
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

struct backend *libusb_backend_new(const struct libusb_backend_watch *watch,
				   const struct usb_access *access)
{
	struct usb_backend *usb = calloc(1, sizeof(*usb));

	if (!usb)
		return NULL;
	usb->backend.ops = &ops;
	usb->lost = lost;
	usb->access = access;
	if (watch)
		usb->watch = *watch;
	TAILQ_INIT(&usb->devices);
	return &usb->backend;
}

void libusb_backend_free(struct backend *backend)
{
	free(usb_backend_of(backend));
}
