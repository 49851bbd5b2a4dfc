// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests for bulk streams. See streams.h.
 */
#include <suburb/extension.h>

#include "streams.h"

static uint16_t setup_word(const struct suburb_submit *submit, int at)
{
	return (uint16_t)(submit->setup[at] | submit->setup[at + 1] << 8);
}

static enum streams_action wrong(int32_t *status, int32_t why)
{
	*status = why;
	return STREAMS_WRONG;
}

static enum streams_action judge_out(const struct suburb_submit *submit,
				     struct backend_change *change, int32_t *status)
{
	uint16_t value = setup_word(submit, 2);
	bool alloc = submit->setup[1] == SUBURB_REQUEST_ALLOC_STREAMS;

	if (!alloc && submit->setup[1] != SUBURB_REQUEST_FREE_STREAMS)
		return wrong(status, -SUBURB_EPIPE);
	if (setup_word(submit, 4) || submit->length < 1 ||
	    submit->length > SUBURB_WIRE_MAX_STREAM_ENDPOINTS ||
	    submit->direction != SUBURB_DIR_OUT)
		return wrong(status, -SUBURB_EINVAL);
	if (alloc ? value < 1 || value > SUBURB_WIRE_MAX_STREAMS : value != 0)
		return wrong(status, -SUBURB_EINVAL);
	change->kind = alloc ? BACKEND_ALLOC_STREAMS : BACKEND_FREE_STREAMS;
	change->streams = value;
	change->endpoint_count = submit->length;
	return STREAMS_CHANGE;
}

static enum streams_action judge_in(const struct suburb_submit *submit,
				    struct backend_change *change, int32_t *status)
{
	uint16_t index = setup_word(submit, 4);

	if (submit->setup[1] != SUBURB_REQUEST_ALLOC_STREAMS)
		return wrong(status, -SUBURB_EPIPE);
	if (setup_word(submit, 2) || index & ~0x8fu || submit->length != 2 ||
	    submit->direction != SUBURB_DIR_IN)
		return wrong(status, -SUBURB_EINVAL);
	change->endpoint = (uint8_t)index;
	return STREAMS_COUNT;
}

enum streams_action streams_judge(const struct suburb_submit *submit, struct backend_change *change,
				  int32_t *status)
{
	if (submit->setup[0] == SUBURB_REQUEST_OUT)
		return judge_out(submit, change, status);
	if (submit->setup[0] == SUBURB_REQUEST_IN)
		return judge_in(submit, change, status);
	return STREAMS_NONE;
}

/* 0 or why this endpoint cannot take part; @most: streams that it can have. */
static int32_t check_endpoint(const struct device *device, const struct backend_change *change,
			      uint8_t address, uint32_t *most)
{
	unsigned int in = address >> 7;
	unsigned int number = address & 0x0f;
	bool has = device_endpoint_streams(device, in, number);

	if (address & 0x70 || device_endpoint_type(device, in, number) < 0)
		return -SUBURB_ENOENT;
	*most = device->endpoints.streams[in][number];
	if (!*most || has != (change->kind == BACKEND_FREE_STREAMS))
		return -SUBURB_EINVAL;
	return 0;
}

static uint8_t interface_of(const struct device *device, uint8_t address)
{
	return device->endpoints.interface[address >> 7][address & 0x0f];
}

int32_t streams_check(const struct device *device, struct backend_change *change)
{
	uint32_t most;

	for (unsigned int i = 0; i < change->endpoint_count; i++) {
		int32_t ret = check_endpoint(device, change, change->endpoints[i], &most);

		if (ret < 0)
			return ret;
		if (interface_of(device, change->endpoints[i]) !=
		    interface_of(device, change->endpoints[0]))
			return -SUBURB_EINVAL;
		for (unsigned int k = 0; k < i; k++)
			if (change->endpoints[k] == change->endpoints[i])
				return -SUBURB_EINVAL;
		if (change->streams > most)
			change->streams = most;
	}
	return 0;
}
