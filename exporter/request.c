// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One request. See request.h.
 *
 * Control requests that change the state of the device are executed by the
 * call made for them and never as raw transfers (QUIRKS 19): the local
 * USB stack must know of the change too.
 */
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* bmRequestType and bRequest of USB 2.0, 9.4 and 11.24.2. */
#define TYPE_DEVICE_OUT 0x00
#define TYPE_INTERFACE_OUT 0x01
#define TYPE_ENDPOINT_OUT 0x02
#define TYPE_PORT_OUT 0x23 /* class, other */
#define CLEAR_FEATURE 1
#define SET_FEATURE 3
#define SET_ADDRESS 5
#define SET_CONFIGURATION 9
#define SET_INTERFACE 11
#define FEATURE_ENDPOINT_HALT 0
#define FEATURE_PORT_RESET 4

static uint16_t setup_word(const struct suburb_submit *submit, int at)
{
	return (uint16_t)(submit->setup[at] | submit->setup[at + 1] << 8);
}

/* --- judging -------------------------------------------------------------- */

static void become_answer(struct request *request, int32_t status)
{
	request->action = REQUEST_ANSWER;
	request->answer = status;
}

static void become_change(struct request *request, enum backend_change_kind kind, uint8_t value)
{
	request->action = REQUEST_CHANGE;
	request->change.kind = kind;
	request->change.value = value;
}

static void judge_set_interface(struct request *request)
{
	const struct backend_device *backend = request->device->backend;
	uint16_t altsetting = setup_word(&request->submit, 2);
	uint16_t interface = setup_word(&request->submit, 4);

	/* What a device does with one that it does not have: stall. */
	if (altsetting > 255 || interface > 255 ||
	    !descriptors_have_altsetting(backend->configuration, backend->configuration_length,
					 (uint8_t)interface, (uint8_t)altsetting)) {
		become_answer(request, -SUBURB_EPIPE);
		return;
	}
	become_change(request, BACKEND_SET_INTERFACE, (uint8_t)altsetting);
	request->change.interface = (uint8_t)interface;
}

static void judge_clear_halt(struct request *request)
{
	uint16_t endpoint = setup_word(&request->submit, 4);

	if (!(endpoint & 0x0f))
		return; /* endpoint 0 has no toggle to be kept in step */
	if (endpoint & ~0x8fu ||
	    device_endpoint_type(request->device, endpoint >> 7 & 1, endpoint & 0x0f) < 0) {
		become_answer(request, -SUBURB_EPIPE);
		return;
	}
	become_change(request, BACKEND_CLEAR_HALT, 0);
	request->change.endpoint = (uint8_t)endpoint;
}

/* Requests without data that are more than a transfer. */
static void judge_standard(struct request *request)
{
	uint16_t value = setup_word(&request->submit, 2);

	switch (request->submit.setup[0] << 8 | request->submit.setup[1]) {
	case TYPE_DEVICE_OUT << 8 | SET_CONFIGURATION:
		if (value > 255)
			become_answer(request, -SUBURB_EPIPE);
		else
			become_change(request, BACKEND_SET_CONFIGURATION, (uint8_t)value);
		break;
	case TYPE_DEVICE_OUT << 8 | SET_ADDRESS:
		/* The address on this bus is not the importer's to choose. */
		become_answer(request, 0);
		break;
	case TYPE_INTERFACE_OUT << 8 | SET_INTERFACE:
		judge_set_interface(request);
		break;
	case TYPE_ENDPOINT_OUT << 8 | CLEAR_FEATURE:
		if (value == FEATURE_ENDPOINT_HALT)
			judge_clear_halt(request);
		break;
	case TYPE_PORT_OUT << 8 | SET_FEATURE:
		if (value == FEATURE_PORT_RESET)
			become_change(request, BACKEND_RESET, 0);
		break;
	}
}

/* The same requests with a data stage do not exist. */
static bool is_state_request(const struct suburb_submit *submit)
{
	int request = submit->setup[0] << 8 | submit->setup[1];

	return request == (TYPE_DEVICE_OUT << 8 | SET_CONFIGURATION) ||
	       request == (TYPE_DEVICE_OUT << 8 | SET_ADDRESS) ||
	       request == (TYPE_INTERFACE_OUT << 8 | SET_INTERFACE);
}

/* True if it is a request for the exporter itself. */
static bool judge_streams(struct request *request)
{
	int32_t status;

	if (!request->device->streams_agreed)
		return false;
	switch (streams_judge(&request->submit, &request->change, &status)) {
	case STREAMS_NONE:
		return false;
	case STREAMS_CHANGE:
		request->action = REQUEST_CHANGE;
		break;
	case STREAMS_COUNT:
		request->counts_streams = true;
		become_answer(request, 0);
		break;
	case STREAMS_WRONG:
		become_answer(request, status);
		break;
	}
	return true;
}

static void judge_control(struct request *request)
{
	const struct suburb_submit *submit = &request->submit;
	bool in = submit->setup[0] & 0x80;

	if (setup_word(submit, 6) != submit->length) {
		become_answer(request, -SUBURB_EINVAL);
	} else if (judge_streams(request)) {
		return;
	} else if (!submit->length) {
		/* Direction OUT, whatever the setup says (QUIRKS 30). */
		judge_standard(request);
	} else if (in != (submit->direction == SUBURB_DIR_IN)) {
		become_answer(request, -SUBURB_EINVAL);
	} else if (is_state_request(submit)) {
		become_answer(request, -SUBURB_EPIPE);
	} else {
		request->transfer.endpoint = in ? 0x80 : 0x00;
	}
}

/* On a bulk endpoint start_frame is the stream, if that was agreed. */
static void judge_stream_id(struct request *request)
{
	const struct suburb_submit *submit = &request->submit;
	uint32_t streams = device_endpoint_streams(request->device, submit->direction, submit->ep);
	struct suburb_violation violation;

	if (!request->device->streams_agreed)
		return;
	if (suburb_check_stream(submit->start_frame, streams, &violation))
		become_answer(request, -SUBURB_EINVAL);
	request->transfer.stream_id = submit->start_frame;
}

static void judge_endpoint(struct request *request)
{
	const struct suburb_submit *submit = &request->submit;
	int type = device_endpoint_type(request->device, submit->direction, submit->ep);

	if (type < 0) {
		request->iso = true; /* for all we know: carry no packets */
		become_answer(request, -SUBURB_ENOENT);
		return;
	}
	if (type == ENDPOINT_CONTROL) {
		become_answer(request, -SUBURB_EINVAL);
		return;
	}
	request->transfer.type = (uint8_t)type;
	request->transfer.endpoint = (uint8_t)(submit->ep | submit->direction << 7);
	if (type == ENDPOINT_BULK)
		judge_stream_id(request);
}

static void judge(struct request *request)
{
	const struct suburb_submit *submit = &request->submit;
	struct suburb_violation violation;

	if (suburb_check_submit(submit, request->iso, &violation))
		become_answer(request, -SUBURB_EINVAL);
	else if (submit->devid != request->device->devid)
		become_answer(request, -SUBURB_ENODEV);
	else if (submit->ep == 0)
		judge_control(request);
	else
		judge_endpoint(request);
}

uint64_t request_payload(const struct suburb_submit *submit, bool iso)
{
	uint64_t payload = submit->direction == SUBURB_DIR_OUT ? submit->length : 0;

	/* 0xffffffff says "not isochronous" in the protocol's document. */
	if (iso && submit->packets != 0xffffffff)
		payload += (uint64_t)submit->packets * sizeof(struct suburb_wire_iso);
	return payload;
}

static void release(struct reply *reply)
{
	request_free((struct request *)reply);
}

/* By the endpoint alone, so that its replies keep their order. */
static bool is_prompt(const struct device *device, const struct suburb_submit *submit)
{
	int type = ENDPOINT_CONTROL;

	if (submit->ep)
		type = device_endpoint_type(device, submit->direction, submit->ep);
	return type >= 0 && type != ENDPOINT_BULK;
}

struct request *request_new(struct device *device, const struct suburb_submit *submit)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->reply.release = release;
	request->reply.prompt = is_prompt(device, submit);
	request->device = device;
	request->submit = *submit;
	request->iso = device_endpoint_iso(device, submit->direction, submit->ep);
	request->payload = request_payload(submit, request->iso);
	TAILQ_INIT(&request->unlinks);
	request->transfer.owner = request;
	request->transfer.length = submit->length;
	request->transfer.short_not_ok = submit->transfer_flags & SUBURB_URB_SHORT_NOT_OK;
	request->transfer.zero_packet = submit->transfer_flags & SUBURB_URB_ZERO_PACKET;
	request->transfer.iso_asap = submit->transfer_flags & SUBURB_URB_ISO_ASAP;
	request->transfer.start_frame = submit->start_frame;
	memcpy(request->transfer.setup, submit->setup, sizeof(submit->setup));
	request->change.owner = request;
	judge(request);
	return request;
}

/* --- buffer and packets --------------------------------------------------- */

/* How many packets it has, or will have: endpoints of other types have none. */
static uint32_t packets_of(const struct request *request)
{
	return request->transfer.type == ENDPOINT_ISO ? request->submit.packets : 0;
}

size_t request_size(const struct request *request)
{
	if (request->action != REQUEST_TRANSFER)
		return 0;
	return request->transfer.length + packets_size(packets_of(request));
}

size_t request_held(const struct request *request)
{
	return request->buffer_size + packets_size(request->packets.count);
}

bool request_wants_payload(const struct request *request)
{
	if (request->action == REQUEST_CHANGE)
		return request->change.endpoint_count;
	return request->action == REQUEST_TRANSFER && request->payload;
}

int request_prepare(struct request *request)
{
	uint32_t packets = packets_of(request);
	int ret = 0;

	if (packets)
		ret = packets_alloc(&request->packets, packets);
	if (ret == 0 && request->submit.direction == SUBURB_DIR_OUT)
		ret = request_buffer(request);
	return ret;
}

struct iovec request_space(const struct request *request, size_t need)
{
	size_t packets = request->packets.count * sizeof(struct suburb_wire_iso);
	const struct backend_change *change = &request->change;

	if (request->action == REQUEST_CHANGE)
		return (struct iovec){
			(uint8_t *)change->endpoints + change->endpoint_count - need,
			need,
		};
	if (need > packets) {
		need -= packets;
		return (struct iovec){
			request->transfer.buffer + request->transfer.length - need,
			need,
		};
	}
	return (struct iovec){ (uint8_t *)request->packets.wire + packets - need, need };
}

void request_received(struct request *request)
{
	struct backend_transfer *transfer = &request->transfer;
	bool in = request->submit.direction == SUBURB_DIR_IN;
	uint32_t total;
	int32_t ret;

	if (request->action == REQUEST_CHANGE) {
		ret = streams_check(request->device, &request->change);
		if (ret < 0)
			become_answer(request, ret);
		return;
	}
	if (!request->packets.count)
		return;
	if (packets_check(&request->packets, transfer->length, in, &total) < 0) {
		request_refuse(request, -SUBURB_EINVAL);
		return;
	}
	if (!in)
		packets_close_gaps(&request->packets, transfer->buffer);
	transfer->length = total;
	transfer->packets = request->packets.count;
	transfer->iso = request->packets.iso;
}

int request_buffer(struct request *request)
{
	struct backend_device *backend = request->device->backend;
	size_t size = request->transfer.length;

	if (!size || request->transfer.buffer)
		return 0;
	request->transfer.buffer = backend->backend->ops->alloc(backend, size);
	if (!request->transfer.buffer)
		return -SUBURB_ENOMEM;
	request->home = backend;
	request->buffer_size = size;
	return 0;
}

static void free_memory(struct request *request)
{
	struct backend_device *home = request->home;

	packets_free(&request->packets);
	if (!request->transfer.buffer)
		return;
	home->backend->ops->free(home, request->transfer.buffer, request->buffer_size);
	request->transfer.buffer = NULL;
	request->buffer_size = 0;
}

void request_refuse(struct request *request, int32_t status)
{
	free_memory(request);
	become_answer(request, status);
}

void request_free(struct request *request)
{
	struct reply *unlink;

	while ((unlink = TAILQ_FIRST(&request->unlinks))) {
		TAILQ_REMOVE(&request->unlinks, unlink, entry);
		reply_free(unlink);
	}
	free_memory(request);
	free(request);
}

/* --- outcome -------------------------------------------------------------- */

static int32_t outcome(const struct request *request)
{
	switch (request->action) {
	case REQUEST_TRANSFER:
		return request->transfer.status;
	case REQUEST_CHANGE:
		return request->change.status;
	case REQUEST_ANSWER:
		break;
	}
	return request->answer;
}

static uint32_t moved(const struct request *request)
{
	const struct backend_transfer *transfer = &request->transfer;

	if (request->action != REQUEST_TRANSFER)
		return 0;
	return transfer->actual_length < transfer->length ? transfer->actual_length
							  : transfer->length;
}

bool request_cancelled(const struct request *request)
{
	return outcome(request) == -SUBURB_ECONNRESET && !moved(request);
}

/* All descriptors, also with an error: what packets moved before it counts. */
static void finish_packets(struct request *request, struct suburb_ret_submit *ret)
{
	const struct backend_transfer *transfer = &request->transfer;
	struct packets *packets = &request->packets;
	bool in = request->submit.direction == SUBURB_DIR_IN;

	ret->actual_length = packets_finish(packets, in ? transfer->buffer : NULL);
	ret->packets = packets->count;
	ret->start_frame = transfer->start_frame;
	ret->error_count = transfer->error_count;
	request->reply.tail = packets->wire;
	request->reply.tail_length = packets->count * sizeof(*packets->wire);
}

static void finish_stream_count(struct request *request, struct suburb_ret_submit *ret)
{
	uint8_t address = request->change.endpoint;
	uint32_t streams = device_endpoint_streams(request->device, address >> 7, address & 0x0f);

	request->stream_count[0] = (uint8_t)streams;
	request->stream_count[1] = (uint8_t)(streams >> 8);
	request->reply.payload = request->stream_count;
	request->reply.length = sizeof(request->stream_count);
	ret->actual_length = sizeof(request->stream_count);
}

void request_finish(struct request *request)
{
	const struct suburb_submit *submit = &request->submit;
	bool in = submit->direction == SUBURB_DIR_IN;
	struct suburb_ret_submit ret = {
		.seqnum = submit->seqnum,
		.status = outcome(request),
		.actual_length = moved(request),
		.packets = request->iso ? 0 : submit->packets,
	};

	if (request->packets.count)
		finish_packets(request, &ret);
	if (request->counts_streams && !ret.status)
		finish_stream_count(request, &ret);
	suburb_put_ret_submit(&request->reply.header, &ret);
	/* Data of an IN that failed counts too (QUIRKS 22). */
	if (in && ret.actual_length && !request->reply.payload) {
		request->reply.payload = request->transfer.buffer;
		request->reply.length = ret.actual_length;
	}
}
