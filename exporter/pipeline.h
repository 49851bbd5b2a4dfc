/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline of a session: all its requests between the wire and their
 * replies. It keeps their order per endpoint, the bounds of what is on its way
 * to the backend, and the rules of unlinking.
 *
 * At a bound requests are parked and reading goes on: a CMD_UNLINK behind them
 * must always be seen, or an idle IN endpoint could never be freed again. What
 * exceeds even the parking is refused with -SUBURB_ENOMEM.
 *
 * All sessions share a bound, too; what waits for that tries again in a while.
 * It takes from no session the one request per endpoint, nor LIMITS_SHARE.
 *
 * Replies leave through an ops struct; the pipeline knows no session.
 */
#ifndef EXPORTER_PIPELINE_H
#define EXPORTER_PIPELINE_H

#include "limits.h"
#include "request.h"

#define PIPELINE_BUCKETS 256
#define PIPELINE_ENDPOINTS 31 /* one for control, 15 OUT, 15 IN */

/**
 * struct pipeline_ops - what a pipeline tells its owner
 * @reply: one more reply, to be freed by reply_free() when it is written
 * @idle: after pipeline_stop() or pipeline_fail(): nothing is in the backend
 *	any more. Not called from within these two
 * @starved: the backend has no memory for more, or others use what all share:
 *	call pipeline_retry() in a while. NULL if nobody would
 */
struct pipeline_ops {
	void (*reply)(void *owner, struct reply *reply);
	void (*idle)(void *owner);
	void (*starved)(void *owner);
};

/**
 * struct endpoint_queue - the requests of one endpoint and direction
 * @parked: in the order they came
 * @sent: in the backend
 * @held: @sent, and those whose reply is not yet written
 */
struct endpoint_queue {
	TAILQ_HEAD(request_list, request) parked;
	unsigned int sent;
	unsigned int held;
};

/**
 * struct pipeline - see above
 * @sent: requests in the backend
 * @held: of @sent and those with a reply not yet written, how many
 * @parked: how many are parked
 * @bytes: of all buffers
 * @unlinks: RET_UNLINKs that wait for the end of their request
 * @changing: the change that runs, NULL if none does
 * @returning: a reset that took the device away; @changing, too. NULL if none did
 * @following: device_follow() was called
 * @all: of all sessions
 * @crowded: something waits for @all to be less; wait for a retry
 * @starved: the backend was out of memory; wait for a completion or a retry
 * @patience: retries left before that is an error
 * @next: endpoint whose turn it is
 * @failed: status for whatever comes now; 0 in normal life
 * @stopped: no replies any more
 */
struct pipeline {
	struct device *device;
	const struct limits *limits;
	const struct pipeline_ops *ops;
	void *owner;
	struct endpoint_queue endpoint[PIPELINE_ENDPOINTS];
	struct request *bucket[PIPELINE_BUCKETS];
	struct request_list sent_list;
	unsigned int sent;
	unsigned int held;
	unsigned int parked;
	unsigned int unlinks;
	size_t bytes;
	const struct request *changing;
	struct request *returning;
	bool following;
	struct load *all;
	bool crowded;
	bool starved;
	unsigned int patience;
	unsigned int next;
	int32_t failed;
	bool stopped;
};

void pipeline_init(struct pipeline *pipeline, struct device *device, const struct limits *limits,
		   const struct pipeline_ops *ops, void *owner);

/**
 * pipeline_admit - is there room for it?
 *
 * Call it before the payload is read. Returns 0, and an OUT has its buffer and
 * is counted: pipeline_add() or pipeline_drop() must follow; or -SUBURB_ENOMEM.
 */
int pipeline_admit(struct pipeline *pipeline, struct request *request);

/* An admitted request with all its payload: it goes, or is parked. */
void pipeline_add(struct pipeline *pipeline, struct request *request);

/* An admitted request that will not be added. */
void pipeline_drop(struct pipeline *pipeline, struct request *request);

/* A CMD_UNLINK. Exactly one RET_UNLINK comes of it. 0 or -SUBURB_ENOMEM. */
int pipeline_unlink(struct pipeline *pipeline, const struct suburb_unlink *unlink);

/* The backend may have memory again: other sessions share it. */
void pipeline_retry(struct pipeline *pipeline);

/* The device has left: whatever waits and comes is answered with @status. */
void pipeline_fail(struct pipeline *pipeline, int32_t status);

/* The end of a device_follow(), from device_user.returned. */
void pipeline_returned(struct pipeline *pipeline, int32_t status);

/* The session ends: drop what waits, cancel what is sent, no more replies. */
void pipeline_stop(struct pipeline *pipeline);

/* Is something in the backend? */
bool pipeline_busy(const struct pipeline *pipeline);

#endif
