// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every emulated device is, whatever its function: configuration and
 * alternate settings, the endpoints that they switch on, a timer, a life.
 *
 * Endpoints that a change of settings takes away end their transfers with
 * -SUBURB_ESHUTDOWN, as those of a real device do on Linux.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/device.h"

#define DATA_ENDPOINTS(d, e) \
	for ((e) = &(d)->endpoints[1]; (e) < &(d)->endpoints[32]; (e)++)

static struct emulated_endpoint *slot(struct emulated_device *d, uint8_t address)
{
	return &d->endpoints[(address & 0x0f) + (address & 0x80 ? 16 : 0)];
}

/* --- settings ------------------------------------------------------------- */

/* The descriptor of this type at or behind *at, stepping over it. */
static const uint8_t *next_descriptor(struct emulated_device *d, size_t *at)
{
	const uint8_t *bytes = d->configuration.bytes + *at;

	if (*at >= d->configuration.length)
		return NULL;
	*at += bytes[0];
	return bytes;
}

static bool has_alternate(struct emulated_device *d, uint8_t interface, uint8_t alternate)
{
	const uint8_t *bytes;
	size_t at = 0;

	while ((bytes = next_descriptor(d, &at)))
		if (bytes[1] == USB_DT_INTERFACE && bytes[2] == interface &&
		    bytes[3] == alternate)
			return true;
	return false;
}

static void switch_off(struct emulated_device *d, uint8_t interface)
{
	struct emulated_endpoint *e;

	DATA_ENDPOINTS(d, e) {
		if (!e->max_packet || e->interface != interface)
			continue;
		emulated_endpoint_flush(e, -SUBURB_ESHUTDOWN, &d->finished);
		e->max_packet = 0;
		e->halted = false;
	}
}

/* In microframes; only of isochronous endpoints, whose bInterval is an exponent. */
static uint32_t interval_of(const struct emulated_device *d, const uint8_t *endpoint)
{
	uint32_t unit = d->backend.speed >= SUBURB_SPEED_HIGH ? 1 : EMULATED_MICROFRAMES_PER_MS;

	if ((endpoint[3] & 3) != USB_ENDPOINT_XFER_ISOC)
		return 0;
	return unit << (endpoint[6] - 1);
}

static void switch_on(struct emulated_device *d, uint8_t interface)
{
	const uint8_t *bytes;
	bool ours = false;
	size_t at = 0;

	while ((bytes = next_descriptor(d, &at))) {
		if (bytes[1] == USB_DT_INTERFACE)
			ours = bytes[2] == interface && bytes[3] == d->alternates[interface];
		if (!ours || bytes[1] != USB_DT_ENDPOINT)
			continue;
		*slot(d, bytes[2]) = (struct emulated_endpoint){
			.address = bytes[2],
			.type = bytes[3] & 3,
			.interface = interface,
			.max_packet = emulated_get_le16(bytes + 4),
			.interval = interval_of(d, bytes),
		};
	}
	d->kind->start(d, interface);
}

int emulated_device_configure(struct emulated_device *d, uint8_t value)
{
	uint8_t interface, interfaces = d->configuration.bytes[4];

	if (value && value != d->configuration.bytes[5])
		return -SUBURB_EPIPE;
	emulated_device_disarm(d);
	for (interface = 0; interface < interfaces; interface++)
		switch_off(d, interface);
	memset(d->alternates, 0, sizeof(d->alternates));
	d->configured = value;
	d->backend.configuration = value ? d->configuration.bytes : NULL;
	d->backend.configuration_length = value ? d->configuration.length : 0;
	for (interface = 0; value && interface < interfaces; interface++)
		switch_on(d, interface);
	emulated_device_wake(d);
	return 0;
}

int emulated_device_set_interface(struct emulated_device *d, uint8_t interface, uint8_t alternate)
{
	if (!d->configured || !has_alternate(d, interface, alternate))
		return -SUBURB_EPIPE;
	switch_off(d, interface);
	d->alternates[interface] = alternate;
	switch_on(d, interface);
	emulated_device_wake(d);
	return 0;
}

int emulated_device_clear_halt(struct emulated_device *d, uint8_t address)
{
	struct emulated_endpoint *e = emulated_device_endpoint(d, address);

	if (!e)
		return -SUBURB_EPIPE;
	e->halted = false;
	if (d->kind->halt_cleared)
		d->kind->halt_cleared(d, address);
	emulated_device_wake(d);
	return 0;
}

int emulated_device_set_streams(struct emulated_device *d, const uint8_t *endpoints,
				unsigned int count, uint32_t streams)
{
	for (unsigned int i = 0; i < count; i++)
		if (!emulated_device_endpoint(d, endpoints[i]))
			return -SUBURB_EINVAL;
	for (unsigned int i = 0; i < count; i++)
		slot(d, endpoints[i])->streams = streams;
	return 0;
}

void emulated_device_reset(struct emulated_device *d)
{
	d->remote_wakeup = false;
	if (d->kind->reset)
		d->kind->reset(d);
	emulated_device_configure(d, d->configuration.bytes[5]);
}

/* --- moving --------------------------------------------------------------- */

static void on_frames(uv_timer_t *timer)
{
	struct emulated_device *d = timer->data;

	d->run(d);
}

static bool on_loop(const struct emulated_device *d)
{
	return d->loop && !uv_is_closing((const uv_handle_t *)&d->idle);
}

static void await_frame(struct emulated_device *d, uint32_t microframes)
{
	uint64_t ms = (microframes + EMULATED_MICROFRAMES_PER_MS - 1) / EMULATED_MICROFRAMES_PER_MS;

	if (on_loop(d))
		uv_timer_start(&d->frames, on_frames, ms ? ms : 1, 0);
}

struct emulated_endpoint *emulated_device_endpoint(struct emulated_device *d, uint8_t address)
{
	struct emulated_endpoint *e = slot(d, address);

	/* Endpoint 0 is not for data; bits 4 to 6 are nowhere an address. */
	if (!(address & 0x0f) || (address & 0x70) || !e->max_packet)
		return NULL;
	return e;
}

static void move_iso(struct emulated_device *d)
{
	uint32_t now = emulated_iso_clock(), wait, soonest = UINT32_MAX;
	struct emulated_endpoint *e;

	if (!d->kind->iso)
		return;
	DATA_ENDPOINTS(d, e) {
		if (!e->max_packet || !e->interval)
			continue;
		emulated_iso_move(e, now, d, d->kind->iso, &d->finished);
		if (emulated_iso_wait(e, now, &wait) && wait < soonest)
			soonest = wait;
	}
	if (soonest != UINT32_MAX)
		await_frame(d, soonest);
}

void emulated_device_move(struct emulated_device *d)
{
	struct emulated_endpoint *e;
	bool more;

	move_iso(d);
	do {
		more = false;
		DATA_ENDPOINTS(d, e)
			while (e->max_packet && !e->interval &&
			       emulated_endpoint_move(e, &d->finished))
				more = true;
	} while (more);
	if (!d->kind->polled)
		return;
	DATA_ENDPOINTS(d, e)
		if (e->max_packet)
			d->kind->polled(d, e->address, e->transfers.first);
}

void emulated_device_flush(struct emulated_device *d, int32_t status)
{
	struct emulated_endpoint *e;

	emulated_endpoint_flush(&d->endpoints[0], status, &d->finished);
	DATA_ENDPOINTS(d, e)
		emulated_endpoint_flush(e, status, &d->finished);
}

void emulated_device_queue(struct emulated_device *d, uint8_t address,
			   struct emulated_request *request)
{
	struct emulated_endpoint *e = emulated_device_endpoint(d, address);

	if (!e)
		return;
	emulated_endpoint_queue(e, request);
	if (e->transfers.first)
		emulated_device_wake(d);
}

void emulated_device_forget(struct emulated_device *d, uint8_t address)
{
	struct emulated_endpoint *e = emulated_device_endpoint(d, address);

	if (e)
		emulated_endpoint_forget(e);
}

void emulated_device_halt(struct emulated_device *d, uint8_t address)
{
	struct emulated_endpoint *e = emulated_device_endpoint(d, address);

	if (!e)
		return;
	e->halted = true;
	emulated_device_wake(d);
}

/* --- loop ----------------------------------------------------------------- */

static void on_idle(uv_idle_t *idle)
{
	struct emulated_device *d = idle->data;

	uv_idle_stop(idle);
	d->run(d);
}

static void on_timer(uv_timer_t *timer)
{
	struct emulated_device *d = timer->data;

	if (d->kind->expired)
		d->kind->expired(d);
}

static void on_close(uv_handle_t *handle)
{
	emulated_device_put(handle->data);
}

void emulated_device_wake(struct emulated_device *d)
{
	if (on_loop(d))
		uv_idle_start(&d->idle, on_idle);
}

void emulated_device_arm(struct emulated_device *d, unsigned int ms)
{
	if (on_loop(d))
		uv_timer_start(&d->timer, on_timer, ms, 0);
}

void emulated_device_disarm(struct emulated_device *d)
{
	if (on_loop(d))
		uv_timer_stop(&d->timer);
}

void emulated_device_start(struct emulated_device *d, uv_loop_t *loop)
{
	d->loop = loop;
	uv_idle_init(loop, &d->idle);
	uv_timer_init(loop, &d->timer);
	uv_timer_init(loop, &d->frames);
	d->idle.data = d;
	d->timer.data = d;
	d->frames.data = d;
	d->refs += 3;
}

void emulated_device_stop(struct emulated_device *d)
{
	if (!on_loop(d))
		return;
	uv_close((uv_handle_t *)&d->idle, on_close);
	uv_close((uv_handle_t *)&d->timer, on_close);
	uv_close((uv_handle_t *)&d->frames, on_close);
}

/* --- life ----------------------------------------------------------------- */

static void describe(struct emulated_device *d)
{
	enum suburb_speed speed = d->backend.speed;

	d->kind->describe(d, &d->configuration, speed);
	if (speed == SUBURB_SPEED_HIGH) {
		d->kind->describe(d, &d->other, SUBURB_SPEED_FULL);
		d->other.bytes[1] = USB_DT_OTHER_SPEED_CONFIG;
	}
	emulated_describe_device(d->backend.descriptor, &d->kind->identity, speed);
}

static void name(struct emulated_device *d, const char *busid, uint16_t busnum, uint16_t devnum)
{
	struct backend_device *b = &d->backend;
	const char *number = strrchr(busid, '-');

	snprintf(b->busid, sizeof(b->busid), "%s", busid);
	snprintf(b->path, sizeof(b->path), "/emulated/%s", busid);
	snprintf(d->serial, sizeof(d->serial), "SUBURB-EMU%s", number ? number : busid);
	b->busnum = busnum;
	b->devnum = devnum;
	b->speed = d->kind->speed;
	b->manufacturer = "Suburb";
	b->product = (char *)d->kind->product;
	b->serial = d->serial;
}

static void destroy(struct emulated_device *d)
{
	if (d->kind->destroy)
		d->kind->destroy(d);
	free(d->state);
	free(d);
}

struct emulated_device *emulated_device_new(const struct emulated_kind *kind, const char *busid,
					    uint16_t busnum, uint16_t devnum, const char *argument,
					    char *error, size_t size)
{
	struct emulated_device *d = calloc(1, sizeof(*d));
	void *state = calloc(1, kind->state_size + 1);

	if (!d || !state) {
		snprintf(error, size, "%s: out of memory", kind->name);
		free(d);
		free(state);
		return NULL;
	}
	d->kind = kind;
	d->state = state;
	d->refs = 1;
	name(d, busid, busnum, devnum);
	if (kind->create && kind->create(d, argument, error, size)) {
		destroy(d);
		return NULL;
	}
	describe(d);
	emulated_device_reset(d);
	return d;
}

void emulated_device_get(struct emulated_device *d)
{
	d->refs++;
}

void emulated_device_put(struct emulated_device *d)
{
	if (!--d->refs)
		destroy(d);
}
