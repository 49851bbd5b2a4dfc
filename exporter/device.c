// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The registry of exported devices. See device.h.
 *
 * A device is in the list while it is plugged in. One that leaves while
 * somebody has it stays an object, out of the list, until he closed it: the
 * backend keeps its own half exactly as long.
 *
 * open and close are quick with some backends and take seconds with others
 * (drivers of the local kernel let go and take over); here the two kinds look
 * alike.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "absent.h"
#include "device.h"
#include "escape.h"
#include "log.h"

void devices_init(struct devices *devices, const struct rules *rules)
{
	TAILQ_INIT(&devices->list);
	TAILQ_INIT(&devices->sources);
	devices->rules = rules;
	devices->follow_ms = FOLLOW_MS;
	devices->load = (struct load){ 0 };
}

/* --- arrivals and departures ---------------------------------------------- */

/*
 * While it has no configuration, or is away, requests for what it had may still
 * come: how long they are on the wire depends on the type of their endpoint.
 */
static void device_renew(struct device *device)
{
	const struct backend_device *backend = device->backend;

	endpoint_table_build(&device->endpoints, backend->configuration,
			     backend->configuration_length, device->altsetting);
	if (backend->configuration)
		endpoint_table_build(&device->all_endpoints, backend->configuration,
				     backend->configuration_length, NULL);
}

static struct device *device_of(const struct devices *devices, const struct backend_device *backend)
{
	struct device *device;

	TAILQ_FOREACH(device, &devices->list, entry)
	if (device->backend == backend)
		return device;
	return NULL;
}

static void device_log(const struct backend_device *backend, const char *what)
{
	const uint8_t *d = backend->descriptor;
	char product[128];

	log_info("%s: %04x:%04x %s %s", backend->busid, d[8] | d[9] << 8, d[10] | d[11] << 8,
		 escape(product, sizeof(product), backend->product), what);
}

static void device_add(struct device_source *source, struct backend_device *backend)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device) {
		log_error("%s: out of memory, not exported", backend->busid);
		return;
	}
	device->source = source;
	device->backend = backend;
	device_renew(device);
	TAILQ_INSERT_TAIL(&source->devices->list, device, entry);
	device_log(backend, "is exported");
}

/* Whoever waits for something to come back there. */
static struct device *device_awaiting(const struct device_source *source, const char *busid)
{
	struct device *device;

	TAILQ_FOREACH(device, &source->devices->list, entry)
	if (device->source == source && (device->resetting || device->follow) &&
	    !strcmp(device->backend->busid, busid))
		return device;
	return NULL;
}

static void on_arrived(void *owner, struct backend_device *backend)
{
	struct device_source *source = owner;
	struct device *device = device_awaiting(source, backend->busid);

	if (!source->export_all && !rules_match(source->devices->rules, backend)) {
		if (device && device->follow)
			follow_stop(device->follow);
		return;
	}
	if (!device) {
		device_add(source, backend);
		return;
	}
	device->successor = backend;
	if (device->follow)
		follow_arrived(device->follow, backend);
}

/* What had come in the place of another is gone again. */
static void forget_successor(const struct device_source *source,
			     const struct backend_device *backend)
{
	struct device *device;

	TAILQ_FOREACH(device, &source->devices->list, entry)
	{
		if (device->successor != backend)
			continue;
		if (device->follow)
			follow_left(device->follow, device->successor);
		device->successor = NULL;
	}
}

/* Its user, if it has one, is still to be told. */
static void device_remove(struct device *device)
{
	TAILQ_REMOVE(&device->source->devices->list, device, entry);
	device->gone = true;
}

static void on_left(void *owner, struct backend_device *backend)
{
	struct device_source *source = owner;
	struct device *device = device_of(source->devices, backend);

	if (!device) {
		forget_successor(source, backend);
		return;
	}
	if (device->resetting) {
		device->away = true;
		return;
	}
	device_log(backend, "has left");
	device_remove(device);
	if (device->user)
		device->user->gone(device->user);
	else
		free(device);
}

int devices_watch(struct devices *devices, struct backend *backend, uv_loop_t *loop,
		  bool export_all)
{
	struct device_source *source = calloc(1, sizeof(*source));
	struct backend_events events = {
		.arrived = on_arrived,
		.left = on_left,
		.owner = source,
	};
	int ret;

	if (!source)
		return -ENOMEM;
	devices->loop = loop;
	source->devices = devices;
	source->backend = backend;
	source->export_all = export_all;
	ret = backend->ops->start(backend, loop, &events);
	if (ret < 0) {
		free(source);
		return ret;
	}
	TAILQ_INSERT_TAIL(&devices->sources, source, entry);
	return 0;
}

void devices_stop(struct devices *devices)
{
	struct device_source *source;
	struct device *device;

	while ((device = TAILQ_FIRST(&devices->list))) {
		TAILQ_REMOVE(&devices->list, device, entry);
		free(device);
	}
	while ((source = TAILQ_FIRST(&devices->sources))) {
		TAILQ_REMOVE(&devices->sources, source, entry);
		source->backend->ops->stop(source->backend);
		free(source);
	}
}

struct device *devices_find(const struct devices *devices, const char *busid)
{
	struct device *device;

	TAILQ_FOREACH(device, &devices->list, entry)
	if (!strcmp(device->backend->busid, busid))
		return device;
	return NULL;
}

size_t devices_count(const struct devices *devices)
{
	struct device *device;
	size_t n = 0;

	TAILQ_FOREACH(device, &devices->list, entry)
	n++;
	return n;
}

/* --- what it is ----------------------------------------------------------- */

void device_describe(const struct device *device, struct suburb_device *description)
{
	const struct backend_device *backend = device->backend;
	const uint8_t *d = backend->descriptor;

	memset(description, 0, sizeof(*description));
	memcpy(description->path, backend->path, sizeof(description->path));
	memcpy(description->busid, backend->busid, sizeof(description->busid));
	description->busnum = backend->busnum;
	description->devnum = backend->devnum;
	/* vhci takes 6 only since Linux 6.12 (QUIRKS 5). */
	description->speed =
		backend->speed == SUBURB_SPEED_SUPER_PLUS ? SUBURB_SPEED_SUPER : backend->speed;
	description->device_class = d[4];
	description->device_subclass = d[5];
	description->device_protocol = d[6];
	description->id_vendor = (uint16_t)(d[8] | d[9] << 8);
	description->id_product = (uint16_t)(d[10] | d[11] << 8);
	description->bcd_device = (uint16_t)(d[12] | d[13] << 8);
	description->num_configurations = d[17];
	if (backend->configuration && backend->configuration_length >= 9) {
		description->num_interfaces = backend->configuration[4];
		description->configuration_value = backend->configuration[5];
	}
}

int device_endpoint_type(const struct device *device, unsigned int direction, unsigned int number)
{
	const struct endpoint_table *table = &device->endpoints;

	if (direction > 1 || number > 15 || !(table->present[direction] & 1u << number))
		return -SUBURB_ENOENT;
	return table->type[direction][number];
}

bool device_endpoint_iso(const struct device *device, unsigned int direction, unsigned int number)
{
	const struct endpoint_table *table = &device->endpoints;

	if (direction > 1 || number > 15)
		return false;
	if (!(table->present[direction] & 1u << number))
		table = &device->all_endpoints;
	return table->present[direction] & 1u << number &&
	       table->type[direction][number] == ENDPOINT_ISO;
}

bool device_can_streams(const struct device *device)
{
	return descriptors_have_streams(device->backend->configuration,
					device->backend->configuration_length);
}

uint32_t device_endpoint_streams(const struct device *device, unsigned int direction,
				 unsigned int number)
{
	return direction > 1 || number > 15 ? 0 : device->streams[direction][number];
}

static void set_streams(struct device *device, const struct backend_change *change,
			uint16_t streams)
{
	for (unsigned int i = 0; i < change->endpoint_count; i++)
		device->streams[change->endpoints[i] >> 7][change->endpoints[i] & 0x0f] = streams;
}

/* Those of an interface's endpoints end with its setting. */
static void forget_streams(struct device *device, uint8_t interface)
{
	for (unsigned int in = 0; in < 2; in++)
		for (unsigned int number = 1; number < 16; number++)
			if (device->endpoints.interface[in][number] == interface)
				device->streams[in][number] = 0;
}

void device_changed(struct device *device, const struct backend_change *change)
{
	switch (change->kind) {
	case BACKEND_SET_CONFIGURATION:
	case BACKEND_RESET:
	case BACKEND_OPEN:
		memset(device->altsetting, 0, sizeof(device->altsetting));
		memset(device->streams, 0, sizeof(device->streams));
		break;
	case BACKEND_SET_INTERFACE:
		forget_streams(device, change->interface);
		device->altsetting[change->interface] = change->value;
		break;
	case BACKEND_ALLOC_STREAMS:
		set_streams(device, change, (uint16_t)change->streams);
		return;
	case BACKEND_FREE_STREAMS:
		set_streams(device, change, 0);
		return;
	default:
		return;
	}
	device_renew(device);
}

/* --- taking and giving back ----------------------------------------------- */

/* Nobody has it any more: free for the next, or freed. */
static void device_vacate(struct device *device)
{
	device->user = NULL;
	device->streams_agreed = false;
	if (device->gone)
		free(device);
}

static void on_opened(struct backend_change *change)
{
	struct device *device = change->owner;
	struct device_user *user = device->user;
	int status = change->status;

	if (status < 0)
		device_vacate(device);
	else
		device_changed(device, change);
	user->opened(user, status);
}

static int backend_open(struct device *device)
{
	const struct backend_ops *ops = device->backend->backend->ops;
	int ret;

	device->opening = (struct backend_change){
		.kind = BACKEND_OPEN,
		.done = on_opened,
		.owner = device,
	};
	if (!ops->open) {
		ret = ops->change(device->backend, &device->opening);
		return ret < 0 ? ret : DEVICE_LATER;
	}
	ret = ops->open(device->backend);
	if (ret < 0)
		return ret;
	device_changed(device, &device->opening);
	return 0;
}

int device_open(struct device *device, struct device_user *user)
{
	int ret;

	if (device->user)
		return -SUBURB_EBUSY;
	device->user = user;
	device->devid = suburb_devid(device->backend->busnum, device->backend->devnum);
	ret = backend_open(device);
	if (ret < 0)
		device->user = NULL;
	return ret;
}

static void on_closed(struct backend_change *change)
{
	struct device *device = change->owner;
	struct device_user *user = device->user;

	device_vacate(device);
	user->closed(user);
}

int device_close(struct device *device)
{
	const struct backend_ops *ops = device->backend->backend->ops;

	if (device->backend == &device->absent) {
		device_vacate(device);
		return 0;
	}
	if (!ops->close) {
		device->closing = (struct backend_change){
			.kind = BACKEND_CLOSE,
			.done = on_closed,
			.owner = device,
		};
		if (ops->change(device->backend, &device->closing) == 0)
			return DEVICE_LATER;
		log_error("%s: cannot be given back", device->backend->busid);
	} else {
		ops->close(device->backend);
	}
	device_vacate(device);
	return 0;
}

/* --- leaving and coming back ---------------------------------------------- */

void device_resetting(struct device *device)
{
	device->resetting = true;
}

/* The reset is over, and so is waiting for what it may bring. */
static void device_settle(struct device *device)
{
	struct device_source *source = device->source;
	struct backend_device *successor = device->successor;
	bool away = device->away;

	device->resetting = false;
	device->away = false;
	device->successor = NULL;
	if (away) {
		device_log(device->backend, "has left");
		device_remove(device);
	}
	if (successor)
		device_add(source, successor);
	if (away)
		device->user->gone(device->user);
}

bool device_reset_done(struct device *device, int32_t status, bool wanted)
{
	if (wanted && (device->away || status == -SUBURB_ENODEV))
		return true;
	device_settle(device);
	return false;
}

static void on_followed(void *owner, struct backend_device *backend, int status)
{
	struct device *device = owner;
	struct device_user *user = device->user;

	device->follow = NULL;
	if (status < 0) {
		device->away = true;
		device->successor = backend;
		device_settle(device);
	} else {
		const struct backend_change change = { .kind = BACKEND_RESET };

		device->backend = backend;
		device->successor = NULL;
		device_changed(device, &change);
		device_log(backend, "has come back");
	}
	user->returned(user, status);
}

bool device_follow(struct device *device)
{
	const struct devices *devices = device->source->devices;
	struct backend_device *old = device->backend;

	absent_init(&device->absent, old);
	device->follow = follow_new(devices->loop, devices->follow_ms, old, on_followed, device);
	if (!device->follow) {
		device_settle(device);
		return false;
	}
	device->backend = &device->absent;
	device->resetting = false;
	device->away = false;
	device_renew(device);
	if (device->successor)
		follow_arrived(device->follow, device->successor);
	return true;
}

bool device_forsake(struct device *device)
{
	if (!device->follow) {
		device_settle(device);
		return false;
	}
	follow_stop(device->follow);
	return true;
}
