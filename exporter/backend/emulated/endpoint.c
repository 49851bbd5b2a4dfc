// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Endpoints of emulated devices: queues, and packets between them.
 *
 * The rules are those of USB 2.0, chapter 5: a transfer ends when its buffer
 * is full or with the first packet that is shorter than the endpoint's; the
 * same packet ends the function's request. Runs of full packets are copied in
 * one go, the result is the same.
 */
#include <string.h>

#include "exporter/backend/emulated/endpoint.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void emulated_transfers_add(struct emulated_transfers *queue, struct backend_transfer *transfer)
{
	transfer->priv = NULL;
	if (queue->last)
		queue->last->priv = transfer;
	else
		queue->first = transfer;
	queue->last = transfer;
}

struct backend_transfer *emulated_transfers_take(struct emulated_transfers *queue)
{
	struct backend_transfer *transfer = queue->first;

	if (!transfer)
		return NULL;
	queue->first = transfer->priv;
	if (!queue->first)
		queue->last = NULL;
	transfer->priv = NULL;
	return transfer;
}

bool emulated_transfers_remove(struct emulated_transfers *queue, struct backend_transfer *transfer)
{
	struct backend_transfer *before = NULL, *each = queue->first;

	while (each && each != transfer) {
		before = each;
		each = each->priv;
	}
	if (!each)
		return false;
	if (!before) {
		emulated_transfers_take(queue);
		return true;
	}
	before->priv = each->priv;
	if (queue->last == each)
		queue->last = before;
	each->priv = NULL;
	return true;
}

void emulated_transfer_finish(struct backend_transfer *transfer, int32_t status,
			      struct emulated_transfers *finished)
{
	if (!status && transfer->short_not_ok && (transfer->endpoint & 0x80) &&
	    transfer->actual_length < transfer->length)
		status = -SUBURB_EREMOTEIO;
	transfer->status = status;
	emulated_transfers_add(finished, transfer);
}

void emulated_endpoint_queue(struct emulated_endpoint *endpoint, struct emulated_request *request)
{
	request->actual = 0;
	request->next = NULL;
	if (endpoint->last)
		endpoint->last->next = request;
	else
		endpoint->first = request;
	endpoint->last = request;
}

static void complete_first(struct emulated_endpoint *endpoint)
{
	struct emulated_request *request = endpoint->first;

	endpoint->first = request->next;
	if (!endpoint->first)
		endpoint->last = NULL;
	request->complete(request);
}

static void finish_first(struct emulated_endpoint *endpoint, int32_t status,
			 struct emulated_transfers *finished)
{
	struct backend_transfer *transfer = emulated_transfers_take(&endpoint->transfers);

	if (transfer)
		emulated_transfer_finish(transfer, status, finished);
}

/* Bytes of the next packets: all full ones there are, or one short one. */
static uint32_t next_packets(const struct emulated_endpoint *endpoint, uint32_t ready,
			     uint32_t room)
{
	uint32_t packet = endpoint->max_packet;
	uint32_t both = min_u32(ready, room);

	if (ready < packet)
		return ready;
	return both < packet ? packet : both - both % packet;
}

static bool is_short(const struct emulated_endpoint *endpoint, uint32_t bytes)
{
	return bytes < endpoint->max_packet;
}

static void move_in(struct emulated_endpoint *endpoint, struct emulated_transfers *finished)
{
	struct backend_transfer *transfer = endpoint->transfers.first;
	struct emulated_request *request = endpoint->first;
	uint32_t room = transfer->length - transfer->actual_length;
	uint32_t bytes = next_packets(endpoint, request->length - request->actual, room);
	uint32_t fits = min_u32(bytes, room);
	bool ends = is_short(endpoint, bytes);

	if (fits)
		memcpy(transfer->buffer + transfer->actual_length,
		       request->buffer + request->actual, fits);
	transfer->actual_length += fits;
	request->actual += bytes;
	if (bytes > room)
		finish_first(endpoint, -SUBURB_EOVERFLOW, finished);
	else if (ends || bytes == room)
		finish_first(endpoint, 0, finished);
	if (request->actual == request->length && (ends || !request->zero))
		complete_first(endpoint);
}

static void move_out(struct emulated_endpoint *endpoint, struct emulated_transfers *finished)
{
	struct backend_transfer *transfer = endpoint->transfers.first;
	struct emulated_request *request = endpoint->first;
	uint32_t ready = transfer->length - transfer->actual_length;
	uint32_t bytes = next_packets(endpoint, ready, request->length - request->actual);
	bool ends = is_short(endpoint, bytes);

	if (bytes)
		memcpy(request->buffer + request->actual,
		       transfer->buffer + transfer->actual_length, bytes);
	transfer->actual_length += bytes;
	request->actual += bytes;
	if (bytes == ready && (ends || !transfer->zero_packet))
		finish_first(endpoint, 0, finished);
	if (ends || request->actual == request->length)
		complete_first(endpoint);
}

static void requests_to_front(struct emulated_endpoint *endpoint, struct emulated_request *before)
{
	struct emulated_request *request = before->next;

	before->next = request->next;
	if (endpoint->last == request)
		endpoint->last = before;
	request->next = endpoint->first;
	endpoint->first = request;
}

/* The first request of a stream becomes the first of all; false if there is none. */
static bool find_request(struct emulated_endpoint *endpoint, uint32_t stream)
{
	struct emulated_request *before = NULL, *each = endpoint->first;

	while (each && each->stream != stream) {
		before = each;
		each = each->next;
	}
	if (each && before)
		requests_to_front(endpoint, before);
	return each;
}

/* Brings a transfer and a request of one stream to the front of their queues. */
static bool find_pair(struct emulated_endpoint *endpoint)
{
	struct emulated_transfers *transfers = &endpoint->transfers;
	struct backend_transfer *each = transfers->first;

	while (each && !find_request(endpoint, each->stream_id))
		each = each->priv;
	if (!each)
		return false;
	if (each == transfers->first)
		return true;
	emulated_transfers_remove(transfers, each);
	each->priv = transfers->first;
	transfers->first = each;
	return true;
}

bool emulated_endpoint_move(struct emulated_endpoint *endpoint, struct emulated_transfers *finished)
{
	if (!endpoint->transfers.first)
		return false;
	if (endpoint->streams && !endpoint->halted && !find_pair(endpoint))
		return false;
	if (endpoint->halted)
		finish_first(endpoint, -SUBURB_EPIPE, finished);
	else if (!endpoint->first)
		return false;
	else if (endpoint->address & 0x80)
		move_in(endpoint, finished);
	else
		move_out(endpoint, finished);
	return true;
}

void emulated_endpoint_forget(struct emulated_endpoint *endpoint)
{
	endpoint->first = NULL;
	endpoint->last = NULL;
}

void emulated_endpoint_flush(struct emulated_endpoint *endpoint, int32_t status,
			     struct emulated_transfers *finished)
{
	while (endpoint->transfers.first)
		finish_first(endpoint, status, finished);
	emulated_endpoint_forget(endpoint);
}
