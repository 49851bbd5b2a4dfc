// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backend "emulated": which devices there are, and the backend interface
 * in terms of them.
 *
 * A call only queues and wakes the device; run(), from the loop, lets
 * everything move and then calls done() of what finished. A done() may call
 * any operation again. A transfer is in the queue of its endpoint or in that
 * of the finished ones, so it ends once, and cancel() of a finished one is
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/backend/emulated/control.h"
#include "exporter/backend/emulated/emulated.h"
#include "exporter/backend/emulated/kinds.h"

#define BUS 99
#define FIRST_DEVNUM 2 /* 1 is the root hub of a bus */

/* What was plugged in once, to do it again. */
struct slot {
	const struct emulated_kind *kind;
	char *argument;
	struct emulated_device *device; /* NULL while unplugged */
};

struct emulated_backend {
	struct backend backend;
	uv_loop_t *loop; /* NULL unless started */
	struct backend_events events;
	struct slot *slots; /* 99-1 is [0] */
	size_t count;
	struct emulated_device *devices; /* also those gone and still open */
	uint16_t devnum;
};

static struct emulated_backend *emulated(struct backend *backend)
{
	return (struct emulated_backend *)backend;
}

static struct emulated_device *device_of(struct backend_device *device)
{
	return (struct emulated_device *)device;
}

static void name_slot(size_t index, char busid[SUBURB_WIRE_BUSID_SIZE])
{
	snprintf(busid, SUBURB_WIRE_BUSID_SIZE, "%d-%zu", BUS, index + 1);
}

static int plug(struct emulated_backend *b, size_t index, const struct emulated_kind *kind,
		char *error, size_t size);

/* --- running -------------------------------------------------------------- */

static void deliver(struct emulated_device *d)
{
	struct backend_transfer *transfer;

	while ((transfer = emulated_transfers_take(&d->finished))) {
		if (transfer->packets)
			transfer->start_frame =
				emulated_iso_frame(d->backend.speed, transfer->start_frame);
		transfer->done(transfer);
	}
}

static void run_controls(struct emulated_device *d)
{
	struct backend_transfer *transfer;

	while ((transfer = emulated_transfers_take(&d->endpoints[0].transfers)))
		emulated_transfer_finish(transfer, emulated_control_transfer(d, transfer),
					 &d->finished);
}

static struct backend_change *take_change(struct emulated_device *d)
{
	struct backend_change *change = d->first_change;

	if (change) {
		d->first_change = change->priv;
		change->priv = NULL;
	}
	return change;
}

/* One that becomes another leaves first, as an unplugged one does. */
static int reset_port(struct emulated_device *d)
{
	if (!d->kind->after_reset) {
		emulated_device_reset(d);
		return 0;
	}
	d->changing = true;
	d->gone = true;
	d->leaving = true;
	return -SUBURB_ENODEV;
}

static int apply(struct emulated_device *d, const struct backend_change *change)
{
	switch (change->kind) {
	case BACKEND_SET_CONFIGURATION:
		return emulated_device_configure(d, change->value);
	case BACKEND_SET_INTERFACE:
		return emulated_device_set_interface(d, change->interface, change->value);
	case BACKEND_CLEAR_HALT:
		return emulated_device_clear_halt(d, change->endpoint);
	case BACKEND_ALLOC_STREAMS:
		return emulated_device_set_streams(d, change->endpoints, change->endpoint_count,
						   change->streams);
	case BACKEND_FREE_STREAMS:
		return emulated_device_set_streams(d, change->endpoints, change->endpoint_count, 0);
	case BACKEND_RESET:
		return reset_port(d);
	default:
		return -SUBURB_EINVAL;
	}
}

static void run_changes(struct emulated_device *d)
{
	struct backend_change *change;

	while ((change = take_change(d))) {
		change->status = d->gone ? -SUBURB_ENODEV : apply(d, change);
		deliver(d); /* what the change ended, before it */
		change->done(change);
	}
}

static void release(struct emulated_device *d)
{
	struct emulated_backend *b = d->owner;
	struct emulated_device **at = &b->devices;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	d->arriving = false;
	d->leaving = false;
	emulated_device_stop(d);
	emulated_device_put(d);
}

static void arrive(struct emulated_device *d)
{
	struct emulated_backend *b = d->owner;

	d->arriving = false;
	b->events.arrived(b->events.owner, &d->backend);
}

/* In the slot of a device that was reset arrives what it has become. */
static void come_back(struct emulated_device *d)
{
	struct emulated_backend *b = d->owner;
	struct slot *slot = b->slots;
	char error[256];

	while (slot->device != d)
		slot++;
	slot->device = NULL;
	plug(b, (size_t)(slot - b->slots), d->kind->after_reset, error, sizeof(error));
}

/* What ends here may close it, which releases it only once it has left. */
static void leave(struct emulated_device *d)
{
	struct emulated_backend *b = d->owner;

	emulated_device_flush(d, -SUBURB_ENODEV);
	deliver(d);
	b->events.left(b->events.owner, &d->backend);
	if (d->changing)
		come_back(d);
	d->leaving = false;
	if (!d->open)
		release(d);
}

static void run(struct emulated_device *d)
{
	emulated_device_get(d);
	if (d->arriving)
		arrive(d);
	if (!d->gone) {
		run_controls(d);
		emulated_device_move(d);
	}
	deliver(d);
	run_changes(d);
	if (d->leaving)
		leave(d);
	emulated_device_put(d);
}

/* --- the backend interface ------------------------------------------------ */

static int start(struct backend *backend, uv_loop_t *loop, const struct backend_events *events)
{
	struct emulated_backend *b = emulated(backend);
	size_t i;

	b->loop = loop;
	b->events = *events;
	for (i = 0; i < b->count; i++) {
		if (!b->slots[i].device)
			continue;
		emulated_device_start(b->slots[i].device, loop);
		arrive(b->slots[i].device);
	}
	return 0;
}

static void stop(struct backend *backend)
{
	struct emulated_backend *b = emulated(backend);
	size_t i;

	for (i = 0; i < b->count; i++)
		b->slots[i].device = NULL;
	while (b->devices)
		release(b->devices);
	b->loop = NULL;
}

static int open_device(struct backend_device *device)
{
	struct emulated_device *d = device_of(device);

	if (d->gone)
		return -SUBURB_ENODEV;
	if (d->open)
		return -SUBURB_EBUSY;
	d->open = true;
	emulated_device_reset(d);
	return 0;
}

static void close_device(struct backend_device *device)
{
	struct emulated_device *d = device_of(device);

	d->open = false;
	if (!d->gone)
		emulated_device_reset(d);
	else if (!d->leaving)
		release(d);
}

static int submit_control(struct emulated_device *d, struct backend_transfer *transfer)
{
	uint16_t length = emulated_get_le16(transfer->setup + 6);

	/* Without data the direction says nothing (QUIRKS 30). */
	if (transfer->type || length != transfer->length ||
	    (length && (transfer->setup[0] ^ transfer->endpoint) & 0x80))
		return -SUBURB_EINVAL;
	emulated_transfers_add(&d->endpoints[0].transfers, transfer);
	emulated_device_wake(d);
	return 0;
}

static int submit(struct backend_device *device, struct backend_transfer *transfer)
{
	struct emulated_device *d = device_of(device);
	struct emulated_endpoint *e;
	int ret = 0;

	if (!d->open || d->gone)
		return -SUBURB_ENODEV;
	transfer->status = 0;
	transfer->actual_length = 0;
	if (!(transfer->endpoint & 0x7f))
		return submit_control(d, transfer);
	e = emulated_device_endpoint(d, transfer->endpoint);
	if (!e)
		return -SUBURB_ENOENT;
	if (e->type != transfer->type)
		return -SUBURB_EINVAL;
	if (e->interval)
		ret = emulated_iso_queue(e, transfer, emulated_iso_clock());
	else
		emulated_transfers_add(&e->transfers, transfer);
	if (!ret)
		emulated_device_wake(d);
	return ret;
}

static bool take_out(struct emulated_endpoint *e, struct backend_transfer *transfer)
{
	return e->interval ? emulated_iso_cancel(e, transfer)
			   : emulated_transfers_remove(&e->transfers, transfer);
}

static void cancel(struct backend_device *device, struct backend_transfer *transfer)
{
	struct emulated_device *d = device_of(device);
	struct emulated_endpoint *e = &d->endpoints[0];

	if (transfer->endpoint & 0x7f)
		e = emulated_device_endpoint(d, transfer->endpoint);
	/* Not queued there: it is finished, and its done() is on the way. */
	if (!e || !take_out(e, transfer))
		return;
	emulated_transfer_finish(transfer, -SUBURB_ECONNRESET, &d->finished);
	emulated_device_wake(d);
}

static int change_device(struct backend_device *device, struct backend_change *change)
{
	struct emulated_device *d = device_of(device);

	if (!d->open || d->gone)
		return -SUBURB_ENODEV;
	change->priv = NULL;
	if (d->first_change)
		d->last_change->priv = change;
	else
		d->first_change = change;
	d->last_change = change;
	emulated_device_wake(d);
	return 0;
}

static uint8_t *alloc_buffer(struct backend_device *device, size_t size)
{
	return malloc(size);
}

static void free_buffer(struct backend_device *device, uint8_t *buffer, size_t size)
{
	free(buffer);
}

static const struct backend_ops ops = {
	.name = "emulated",
	.start = start,
	.stop = stop,
	.open = open_device,
	.close = close_device,
	.submit = submit,
	.cancel = cancel,
	.change = change_device,
	.alloc = alloc_buffer,
	.free = free_buffer,
};

/* --- plugging ------------------------------------------------------------- */

static int plug(struct emulated_backend *b, size_t index, const struct emulated_kind *kind,
		char *error, size_t size)
{
	struct slot *slot = &b->slots[index];
	char busid[SUBURB_WIRE_BUSID_SIZE];
	struct emulated_device *d;

	name_slot(index, busid);
	d = emulated_device_new(kind, busid, BUS, b->devnum, slot->argument, error, size);
	if (!d)
		return -1;
	b->devnum++;
	d->backend.backend = &b->backend;
	d->owner = b;
	d->run = run;
	d->next = b->devices;
	b->devices = d;
	slot->device = d;
	if (b->loop) {
		d->arriving = true;
		emulated_device_start(d, b->loop);
		emulated_device_wake(d);
	}
	return 0;
}

static struct slot *find_slot(struct emulated_backend *b, const char *busid)
{
	char name[SUBURB_WIRE_BUSID_SIZE];
	size_t i;

	for (i = 0; i < b->count; i++) {
		name_slot(i, name);
		if (!strcmp(name, busid))
			return &b->slots[i];
	}
	return NULL;
}

int emulated_backend_unplug(struct backend *backend, const char *busid)
{
	struct slot *slot = find_slot(emulated(backend), busid);
	struct emulated_device *d = slot ? slot->device : NULL;

	if (!d)
		return -SUBURB_ENODEV;
	slot->device = NULL;
	d->changing = false;
	d->gone = true;
	if (d->arriving || !d->loop) {
		release(d); /* nobody has heard of it */
		return 0;
	}
	d->leaving = true;
	emulated_device_wake(d);
	return 0;
}

int emulated_backend_plug(struct backend *backend, const char *busid)
{
	struct emulated_backend *b = emulated(backend);
	struct slot *slot = find_slot(b, busid);
	char error[256];

	if (!slot)
		return -SUBURB_ENODEV;
	if (slot->device)
		return -SUBURB_EBUSY;
	if (plug(b, (size_t)(slot - b->slots), slot->kind, error, sizeof(error)))
		return -SUBURB_EIO;
	return 0;
}

/* --- adding --------------------------------------------------------------- */

int emulated_backend_add(struct backend *backend, const char *spec, char *error, size_t size)
{
	struct emulated_backend *b = emulated(backend);
	struct slot *slots, *slot;
	const char *argument;
	const struct emulated_kind *kind = emulated_kind_parse(spec, &argument, error, size);

	if (!kind)
		return -1;
	slots = realloc(b->slots, (b->count + 1) * sizeof(*slots));
	if (slots)
		b->slots = slots;
	slot = slots ? &slots[b->count] : NULL;
	if (slot)
		*slot = (struct slot){ kind, argument ? strdup(argument) : NULL, NULL };
	if (!slot || (argument && !slot->argument)) {
		snprintf(error, size, "%s: out of memory", kind->name);
		return -1;
	}
	if (plug(b, b->count, kind, error, size)) {
		free(slot->argument);
		return -1;
	}
	b->count++;
	return 0;
}

struct backend *emulated_backend_new(void)
{
	struct emulated_backend *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->backend.ops = &ops;
	b->devnum = FIRST_DEVNUM;
	return &b->backend;
}

void emulated_backend_free(struct backend *backend)
{
	struct emulated_backend *b = emulated(backend);
	size_t i;

	while (b->devices)
		release(b->devices);
	for (i = 0; i < b->count; i++)
		free(b->slots[i].argument);
	free(b->slots);
	free(b);
}
