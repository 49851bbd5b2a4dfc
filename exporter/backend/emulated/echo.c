// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The echo: a fixed set of packet buffers that go round between the OUT
 * endpoint, where they are room, and the IN endpoint, where they are data.
 */
#include <stdlib.h>

#include "exporter/backend/emulated/echo.h"

#define PACKET_SIZE 1024 /* the largest of any speed */

struct emulated_echo_packet {
	struct emulated_request request;
	uint8_t bytes[PACKET_SIZE];
};

static void fetch(struct emulated_echo *echo, struct emulated_request *request);

static void on_read(struct emulated_request *request)
{
	fetch(request->owner, request);
}

static void on_written(struct emulated_request *request)
{
	struct emulated_echo *echo = request->owner;

	request->length = request->actual;
	request->complete = on_read;
	emulated_device_queue(echo->device, echo->in, request);
}

static void fetch(struct emulated_echo *echo, struct emulated_request *request)
{
	struct emulated_endpoint *e = emulated_device_endpoint(echo->device, echo->out);

	request->length = e ? e->max_packet : 0;
	request->complete = on_written;
	emulated_device_queue(echo->device, echo->out, request);
}

int emulated_echo_init(struct emulated_echo *echo, struct emulated_device *device, uint8_t in,
		       uint8_t out, unsigned int count)
{
	unsigned int i;

	echo->packets = calloc(count, sizeof(*echo->packets));
	if (!echo->packets)
		return -1;
	echo->device = device;
	echo->in = in;
	echo->out = out;
	echo->count = count;
	for (i = 0; i < count; i++) {
		echo->packets[i].request.buffer = echo->packets[i].bytes;
		echo->packets[i].request.owner = echo;
	}
	return 0;
}

void emulated_echo_start(struct emulated_echo *echo)
{
	unsigned int i;

	for (i = 0; i < echo->count; i++)
		fetch(echo, &echo->packets[i].request);
}

void emulated_echo_exit(struct emulated_echo *echo)
{
	free(echo->packets);
}
