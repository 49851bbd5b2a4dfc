// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host of emulated devices in unit tests: see emulated_host.h.
 */
#include "tests/unit/emulated_host.h"

#define LIMIT_MS 5000

static unsigned int orders;

static void on_arrived(void *owner, struct backend_device *device)
{
	struct host *host = owner;

	host->device = device;
	host->arrived++;
}

static void on_left(void *owner, struct backend_device *device)
{
	struct host *host = owner;

	host->left++;
}

static void on_limit(uv_timer_t *timer)
{
	struct host *host = timer->data;

	host->late = true;
}

void host_limit(struct host *host)
{
	host->late = false;
	uv_timer_start(&host->limit, on_limit, LIMIT_MS, 0);
}

void host_unlimit(struct host *host)
{
	uv_timer_stop(&host->limit);
}

void host_turn(struct host *host)
{
	if (host->late)
		fail_msg("nothing happened within %d ms", LIMIT_MS);
	uv_run(&host->loop, UV_RUN_ONCE);
}

void host_wait(struct host *host, unsigned int ms)
{
	host->late = false;
	uv_timer_start(&host->limit, on_limit, ms, 0);
	while (!host->late)
		uv_run(&host->loop, UV_RUN_ONCE);
	host->late = false;
}

struct host *host_new(const char *const *specs)
{
	struct host *host = calloc(1, sizeof(*host));
	struct backend_events events = { on_arrived, on_left, host };
	char error[256];

	assert_non_null(host);
	uv_loop_init(&host->loop);
	uv_timer_init(&host->loop, &host->limit);
	host->limit.data = host;
	host->backend = emulated_backend_new();
	assert_non_null(host->backend);
	for (; *specs; specs++)
		if (emulated_backend_add(host->backend, *specs, error, sizeof(error)))
			fail_msg("%s", error);
	assert_int_equal(host->backend->ops->start(host->backend, &host->loop, &events), 0);
	return host;
}

struct host *host_open(const char *spec)
{
	const char *specs[] = { spec, NULL };
	struct host *host = host_new(specs);

	assert_int_equal(host->arrived, 1);
	assert_int_equal(host->backend->ops->open(host->device), 0);
	return host;
}

void host_free(struct host *host)
{
	host->backend->ops->stop(host->backend);
	uv_close((uv_handle_t *)&host->limit, NULL);
	uv_run(&host->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&host->loop), 0);
	emulated_backend_free(host->backend);
	free(host);
}

static void on_done(struct backend_transfer *transfer)
{
	struct flight *flight = transfer->owner;

	assert_false(flight->done);
	flight->done = true;
	flight->order = ++orders;
}

/* From whichever altsetting has the endpoint. */
static const uint8_t *descriptor_of(const struct backend_device *device, uint8_t endpoint)
{
	size_t at;

	for (at = 0; at < device->configuration_length; at += device->configuration[at])
		if (device->configuration[at + 1] == 5 && device->configuration[at + 2] == endpoint)
			return device->configuration + at;
	return NULL;
}

/* bmAttributes & 3; bulk if there is none. */
static uint8_t type_of(const struct backend_device *device, uint8_t endpoint)
{
	const uint8_t *descriptor = descriptor_of(device, endpoint);

	if (!(endpoint & 0x0f))
		return 0;
	return descriptor ? descriptor[3] & 3 : 2;
}

static void cut(struct flight *flight, uint32_t packets, uint32_t size)
{
	uint32_t i, left = flight->transfer.length;

	flight->iso = calloc(packets, sizeof(*flight->iso));
	assert_non_null(flight->iso);
	for (i = 0; i < packets; i++) {
		flight->iso[i].offset = flight->transfer.length - left;
		flight->iso[i].length = left < size ? left : size;
		left -= flight->iso[i].length;
	}
	flight->transfer.iso = flight->iso;
	flight->transfer.packets = packets;
}

static struct flight *flight_new(struct host *host, uint8_t endpoint, const void *data,
				 uint32_t length)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	assert_non_null(flight);
	flight->host = host;
	flight->transfer.endpoint = endpoint;
	flight->transfer.length = length;
	flight->transfer.done = on_done;
	flight->transfer.owner = flight;
	if (length)
		flight->transfer.buffer = host->device->backend->ops->alloc(host->device, length);
	if (length && data && !(endpoint & 0x80))
		memcpy(flight->transfer.buffer, data, length);
	return flight;
}

void flight_free(struct flight *flight)
{
	struct backend_transfer *t = &flight->transfer;

	free(flight->iso);
	if (t->buffer)
		flight->host->backend->ops->free(flight->host->device, t->buffer, t->length);
	free(flight);
}

static struct flight *begin(struct host *host, struct flight *flight)
{
	int ret = host->backend->ops->submit(host->device, &flight->transfer);

	assert_false(flight->done);
	if (ret) {
		flight->done = true;
		flight->transfer.status = ret;
	}
	return flight;
}

struct flight *host_begin_with(struct host *host, uint8_t endpoint, const void *data,
			       uint32_t length, bool short_not_ok, bool zero_packet)
{
	struct flight *flight = flight_new(host, endpoint, data, length);
	const uint8_t *descriptor;

	flight->transfer.type = type_of(host->device, endpoint);
	flight->transfer.short_not_ok = short_not_ok;
	flight->transfer.zero_packet = zero_packet;
	if (flight->transfer.type == 1) {
		descriptor = descriptor_of(host->device, endpoint);
		cut(flight, length / (descriptor[4] | descriptor[5] << 8) + 1,
		    descriptor[4] | descriptor[5] << 8);
	}
	return begin(host, flight);
}

struct flight *host_begin_iso(struct host *host, uint8_t endpoint, const void *data,
			      uint32_t packets, uint32_t size)
{
	struct flight *flight = flight_new(host, endpoint, data, packets * size);

	flight->transfer.type = 1;
	cut(flight, packets, size);
	return begin(host, flight);
}

struct flight *host_begin(struct host *host, uint8_t endpoint, const void *data, uint32_t length)
{
	return host_begin_with(host, endpoint, data, length, false, false);
}

struct flight *host_begin_stream(struct host *host, uint8_t endpoint, const void *data,
				 uint32_t length, uint32_t stream)
{
	struct flight *flight = flight_new(host, endpoint, data, length);

	flight->transfer.type = 2;
	flight->transfer.stream_id = stream;
	return begin(host, flight);
}

void host_cancel(struct host *host, struct flight *flight)
{
	bool done = flight->done;

	host->backend->ops->cancel(host->device, &flight->transfer);
	assert_int_equal(flight->done, done);
}

static int land(struct host *host, struct flight *flight, void *data, uint32_t *actual)
{
	struct backend_transfer *t = &flight->transfer;
	int status;

	host_until(host, flight->done);
	status = t->status;
	*actual = t->actual_length;
	if ((t->endpoint & 0x80) && data && t->actual_length)
		memcpy(data, t->buffer, t->actual_length);
	flight_free(flight);
	return status;
}

int host_transfer(struct host *host, uint8_t endpoint, void *data, uint32_t length,
		  uint32_t *actual)
{
	return land(host, host_begin(host, endpoint, data, length), data, actual);
}

int host_control(struct host *host, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		 void *data, uint16_t length)
{
	const uint8_t setup[8] = {
		type, request, value & 0xff, value >> 8, index & 0xff, index >> 8, length & 0xff,
		length >> 8,
	};
	struct flight *flight = flight_new(host, type & 0x80, data, length);
	uint32_t actual;
	int status;

	memcpy(flight->transfer.setup, setup, sizeof(setup));
	status = host->backend->ops->submit(host->device, &flight->transfer);
	assert_false(flight->done);
	if (status) {
		flight_free(flight);
		return status;
	}
	status = land(host, flight, data, &actual);
	return status ? status : (int)actual;
}

static void on_changed(struct backend_change *change)
{
	*(bool *)change->owner = true;
}

static int run_change(struct host *host, struct backend_change *change)
{
	bool done = false;
	int ret;

	change->done = on_changed;
	change->owner = &done;
	ret = host->backend->ops->change(host->device, change);
	if (ret)
		return ret;
	assert_false(done);
	host_until(host, done);
	return change->status;
}

int host_change(struct host *host, enum backend_change_kind kind, uint8_t endpoint,
		uint8_t interface, uint8_t value)
{
	struct backend_change change = {
		.kind = kind,
		.endpoint = endpoint,
		.interface = interface,
		.value = value,
	};

	return run_change(host, &change);
}

int host_streams(struct host *host, const uint8_t *endpoints, unsigned int count, uint32_t streams)
{
	struct backend_change change = {
		.kind = streams ? BACKEND_ALLOC_STREAMS : BACKEND_FREE_STREAMS,
		.endpoint_count = count,
		.streams = streams,
	};

	memcpy(change.endpoints, endpoints, count);
	return run_change(host, &change);
}
