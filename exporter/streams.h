/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests for bulk streams: control requests that no USB device understands
 * and that the exporter executes itself (docs/PROTOCOL.md, 6.2). Here is what
 * they say and whether it can be; that they run is for request.h and the
 * backend.
 */
#ifndef EXPORTER_STREAMS_H
#define EXPORTER_STREAMS_H

#include "device.h"

enum streams_action {
	STREAMS_NONE,	/* not such a request */
	STREAMS_CHANGE, /* the change is filled in, but for its endpoints */
	STREAMS_COUNT,	/* how many has the change's endpoint? 2 bytes */
	STREAMS_WRONG,	/* such a request, but not a possible one: see status */
};

/**
 * streams_judge - what does this control request ask for?
 * @submit: its wLength is transfer_buffer_length
 * @change: filled; @endpoint_count addresses are to follow as its payload
 * @status: with STREAMS_WRONG: the answer
 */
enum streams_action streams_judge(const struct suburb_submit *submit, struct backend_change *change,
				  int32_t *status);

/**
 * streams_check - can it be done to these endpoints?
 * @change: with its endpoints
 *
 * Returns 0, -SUBURB_ENOENT or -SUBURB_EINVAL. Asks for no more streams than
 * each endpoint can have.
 */
int32_t streams_check(const struct device *device, struct backend_change *change);

#endif
