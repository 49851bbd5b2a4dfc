// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipeline of a session. See pipeline.h.
 *
 * A request is parked first and always; pump() then sends what may go. So
 * there is one place where order and bounds are decided. It runs when a
 * request came, when one completed, and when a reply was written.
 *
 * Deadlock cannot happen at a bound: an endpoint that has nothing on its way
 * may always send one, and waits for no other endpoint; only a large one may
 * have to wait until all sessions together hold less. A change of the
 * device's state waits until endpoint 0 is empty, and while it runs nothing is
 * sent: the local USB stack would refuse one or the other.
 */
#include <stdlib.h>

#include "log.h"
#include "pipeline.h"

/* Retries without any completion until a lack of memory is an error. */
#define PATIENCE 100

static void transfer_done(struct backend_transfer *transfer);
static void change_done(struct backend_change *change);

void pipeline_init(struct pipeline *pipeline, struct device *device, const struct limits *limits,
		   const struct pipeline_ops *ops, void *owner)
{
	*pipeline = (struct pipeline){
		.device = device,
		.limits = limits,
		.ops = ops,
		.owner = owner,
		.all = &device->source->devices->load,
		.patience = PATIENCE,
	};
	TAILQ_INIT(&pipeline->sent_list);
	for (unsigned int i = 0; i < PIPELINE_ENDPOINTS; i++)
		TAILQ_INIT(&pipeline->endpoint[i].parked);
}

bool pipeline_busy(const struct pipeline *pipeline)
{
	return pipeline->sent;
}

/* Both directions of endpoint 0 are one; 1..15 are OUT, 16..30 IN. */
static struct endpoint_queue *queue_of(struct pipeline *pipeline, const struct request *request)
{
	unsigned int ep = request->submit.ep;
	bool in = request->submit.direction == SUBURB_DIR_IN;

	/* Nonsense has no endpoint to be in order with. */
	if (!ep || ep > SUBURB_WIRE_MAX_EP)
		return &pipeline->endpoint[0];
	return &pipeline->endpoint[in ? 15 + ep : ep];
}

static struct request **bucket_of(struct pipeline *pipeline, uint32_t seqnum)
{
	return &pipeline->bucket[seqnum * 0x9e3779b1u >> 24];
}

static void hash_add(struct pipeline *pipeline, struct request *request)
{
	struct request **at = bucket_of(pipeline, request->submit.seqnum);

	/* At the end: of two that share a seqnum the older one is found. */
	while (*at)
		at = &(*at)->hash_next;
	*at = request;
}

static void hash_remove(struct pipeline *pipeline, struct request *request)
{
	struct request **at = bucket_of(pipeline, request->submit.seqnum);

	while (*at != request)
		at = &(*at)->hash_next;
	*at = request->hash_next;
	request->hash_next = NULL;
}

static struct request *hash_find(struct pipeline *pipeline, uint32_t seqnum)
{
	struct request *request = *bucket_of(pipeline, seqnum);

	while (request && request->submit.seqnum != seqnum)
		request = request->hash_next;
	return request;
}

/* --- replies -------------------------------------------------------------- */

/* One that says that its target was answered before must not overtake that answer. */
static void send_unlink(struct pipeline *pipeline, struct reply *reply, int32_t status)
{
	reply->header.u.ret_unlink.status = __cpu_to_be32((uint32_t)status);
	reply->prompt = status;
	pipeline->ops->reply(pipeline->owner, reply);
}

static void send_unlinks(struct pipeline *pipeline, struct request *request, int32_t status)
{
	struct reply *reply;

	while ((reply = TAILQ_FIRST(&request->unlinks))) {
		TAILQ_REMOVE(&request->unlinks, reply, entry);
		pipeline->unlinks--;
		send_unlink(pipeline, reply, status);
	}
}

static void pump(struct pipeline *pipeline);
static void try_follow(struct pipeline *pipeline);

static void count(struct pipeline *pipeline, struct request *request, size_t held)
{
	pipeline->bytes += held;
	pipeline->bytes -= request->counted;
	pipeline->all->bytes += held;
	pipeline->all->bytes -= request->counted;
	request->counted = held;
}

/* After it got memory, or gave some back. */
static void recount(struct pipeline *pipeline, struct request *request)
{
	count(pipeline, request, request_held(request));
}

static void refuse(struct pipeline *pipeline, struct request *request, int32_t status)
{
	request_refuse(request, status);
	recount(pipeline, request);
}

/* Its memory and its place are free again. */
static void forget(struct pipeline *pipeline, struct request *request)
{
	count(pipeline, request, 0);
	request_free(request);
}

static void release_place(struct pipeline *pipeline, struct request *request)
{
	queue_of(pipeline, request)->held--;
	pipeline->held--;
	pipeline->all->requests--;
	forget(pipeline, request);
}

/* Its reply was written, or the session dropped it. */
static void on_written(struct reply *reply)
{
	struct request *request = (struct request *)reply;
	struct pipeline *pipeline = request->owner;

	release_place(pipeline, request);
	if (!pipeline->stopped)
		pump(pipeline);
	try_follow(pipeline);
}

/* It has its outcome: RET_SUBMIT, RET_UNLINK or both (QUIRKS 12, 13). */
static void complete(struct pipeline *pipeline, struct request *request)
{
	hash_remove(pipeline, request);
	request->state = REQUEST_DONE;
	if (pipeline->stopped) {
		release_place(pipeline, request);
		return;
	}
	if (!TAILQ_EMPTY(&request->unlinks) && request_cancelled(request)) {
		send_unlinks(pipeline, request, -SUBURB_ECONNRESET);
		release_place(pipeline, request);
		return;
	}
	request_finish(request);
	request->reply.release = on_written;
	pipeline->ops->reply(pipeline->owner, &request->reply);
	/* The reply may be gone by now only if the owner wrote it at once: it does not. */
	send_unlinks(pipeline, request, 0);
}

/* --- sending -------------------------------------------------------------- */

/* Within what all sessions may hold, or in this one's own share? */
static bool bytes_fit(const struct pipeline *pipeline, size_t more)
{
	size_t most = pipeline->limits->all_bytes;

	return !most || pipeline->bytes + more <= LIMITS_SHARE ||
	       pipeline->all->bytes + more <= most;
}

static bool all_have_room(struct pipeline *pipeline, const struct endpoint_queue *queue,
			  size_t more)
{
	unsigned int most = pipeline->limits->all_requests;

	if ((!queue->held || !most || pipeline->all->requests < most) && bytes_fit(pipeline, more))
		return true;
	if (pipeline->crowded)
		return false;
	pipeline->crowded = true;
	if (log_now(&pipeline->all->complained_ms))
		log_warning("importers have %u requests and %zu bytes on their way: more has to wait "
			    "(max-requests-total, max-bytes-total)",
			    pipeline->all->requests, pipeline->all->bytes);
	if (pipeline->ops->starved)
		pipeline->ops->starved(pipeline->owner);
	return false;
}

static bool may_go(struct pipeline *pipeline, const struct endpoint_queue *queue,
		   const struct request *request)
{
	size_t whole = request_size(request);
	size_t more = whole > request->counted ? whole - request->counted : 0;

	if (request->action == REQUEST_ANSWER)
		return !queue->sent;
	if (pipeline->changing)
		return false;
	if (request->action == REQUEST_CHANGE)
		return !queue->sent;
	if (queue->held && (pipeline->starved || pipeline->held >= pipeline->limits->requests ||
			    pipeline->bytes + more > pipeline->limits->bytes))
		return false;
	return all_have_room(pipeline, queue, more);
}

static int start_transfer(struct pipeline *pipeline, struct request *request)
{
	struct backend_device *backend = pipeline->device->backend;
	int ret = request_buffer(request);

	if (ret < 0)
		return ret;
	recount(pipeline, request);
	request->transfer.done = transfer_done;
	return backend->backend->ops->submit(backend, &request->transfer);
}

static int start_change(struct pipeline *pipeline, struct request *request)
{
	struct backend_device *backend = pipeline->device->backend;
	int ret;

	request->change.done = change_done;
	ret = backend->backend->ops->change(backend, &request->change);
	if (ret == 0)
		pipeline->changing = request;
	if (ret == 0 && request->change.kind == BACKEND_RESET)
		device_resetting(pipeline->device);
	return ret;
}

static void take_place(struct pipeline *pipeline, struct endpoint_queue *queue,
		       struct request *request)
{
	TAILQ_REMOVE(&queue->parked, request, entry);
	pipeline->parked--;
	queue->held++;
	pipeline->held++;
	pipeline->all->requests++;
}

/* It will not run: @status is its answer. */
static void answer(struct pipeline *pipeline, struct endpoint_queue *queue, struct request *request,
		   int32_t status)
{
	take_place(pipeline, queue, request);
	refuse(pipeline, request, status);
	complete(pipeline, request);
}

/*
 * usbfs has one budget for all devices: try again when something came back, or
 * in a while, for it may be another session's that has to come back.
 */
static void starve(struct pipeline *pipeline)
{
	if (pipeline->starved)
		return;
	pipeline->starved = true;
	if (pipeline->ops->starved)
		pipeline->ops->starved(pipeline->owner);
}

/* The first parked request of an endpoint; false if it has to wait. */
static bool send_first(struct pipeline *pipeline, struct endpoint_queue *queue)
{
	struct request *request = TAILQ_FIRST(&queue->parked);
	int ret;

	if (!request || !may_go(pipeline, queue, request))
		return false;
	if (request->action == REQUEST_ANSWER) {
		answer(pipeline, queue, request, request->answer);
		return true;
	}
	ret = request->action == REQUEST_CHANGE ? start_change(pipeline, request)
						: start_transfer(pipeline, request);
	if (ret == -SUBURB_ENOMEM && pipeline->sent && pipeline->patience) {
		starve(pipeline);
		return false;
	}
	if (ret < 0) {
		answer(pipeline, queue, request, ret);
		return true;
	}
	take_place(pipeline, queue, request);
	request->state = REQUEST_SENT;
	TAILQ_INSERT_TAIL(&pipeline->sent_list, request, entry);
	queue->sent++;
	pipeline->sent++;
	return true;
}

/* Sends what may go, endpoints in turn so that none starves another. */
static void pump(struct pipeline *pipeline)
{
	unsigned int idle = 0;

	while (pipeline->parked && idle < PIPELINE_ENDPOINTS) {
		struct endpoint_queue *queue = &pipeline->endpoint[pipeline->next];

		pipeline->next = (pipeline->next + 1) % PIPELINE_ENDPOINTS;
		idle = send_first(pipeline, queue) ? 0 : idle + 1;
	}
}

/* --- completing ----------------------------------------------------------- */

static void take_back(struct pipeline *pipeline, struct request *request)
{
	TAILQ_REMOVE(&pipeline->sent_list, request, entry);
	queue_of(pipeline, request)->sent--;
	pipeline->sent--;
	pipeline->starved = false;
	pipeline->patience = PATIENCE;
	complete(pipeline, request);
}

/* NOLINTBEGIN(misc-no-recursion): end_reset() leaves nothing to follow a second time */
static void back_from_backend(struct pipeline *pipeline, struct request *request)
{
	take_back(pipeline, request);
	if (!pipeline->stopped)
		pump(pipeline);
	try_follow(pipeline);
	if ((pipeline->stopped || pipeline->failed) && !pipeline->sent)
		pipeline->ops->idle(pipeline->owner);
}

static void transfer_done(struct backend_transfer *transfer)
{
	struct request *request = transfer->owner;

	back_from_backend(request->owner, request);
}

static void change_done(struct backend_change *change)
{
	struct request *request = change->owner;
	struct pipeline *pipeline = request->owner;

	if (change->kind == BACKEND_RESET &&
	    device_reset_done(pipeline->device, change->status, !pipeline->stopped)) {
		pipeline->returning = request;
		pipeline_fail(pipeline, -SUBURB_ENODEV);
		try_follow(pipeline);
		return;
	}
	pipeline->changing = NULL;
	if (change->status == 0 || change->kind == BACKEND_SET_CONFIGURATION)
		device_changed(pipeline->device, change);
	back_from_backend(pipeline, request);
}

/* --- a device that comes back after its reset ------------------------------ */

static void end_reset(struct pipeline *pipeline, int32_t status)
{
	struct request *request = pipeline->returning;

	pipeline->returning = NULL;
	pipeline->changing = NULL;
	pipeline->following = false;
	request->change.status = status;
}

/* Once nothing of the old device is in use but the reset, which is still owed. */
static void try_follow(struct pipeline *pipeline)
{
	if (!pipeline->returning || pipeline->following || pipeline->sent > 1 || pipeline->bytes)
		return;
	pipeline->following = true;
	if (!device_follow(pipeline->device))
		pipeline_returned(pipeline, -SUBURB_ENODEV);
}

void pipeline_returned(struct pipeline *pipeline, int32_t status)
{
	struct request *request = pipeline->returning;

	end_reset(pipeline, status);
	if (status == 0)
		pipeline->failed = 0;
	back_from_backend(pipeline, request);
}
/* NOLINTEND(misc-no-recursion) */

/* --- from the session ----------------------------------------------------- */

/* What alone is more than all may hold would wait for ever. */
static size_t largest(const struct limits *limits)
{
	size_t all = limits->all_bytes > LIMITS_SHARE ? limits->all_bytes : LIMITS_SHARE;

	return limits->all_bytes && all < limits->bytes ? all : limits->bytes;
}

int pipeline_admit(struct pipeline *pipeline, struct request *request)
{
	struct endpoint_queue *queue = queue_of(pipeline, request);
	bool empty = !queue->held && TAILQ_EMPTY(&queue->parked);
	size_t size = request_size(request);
	int ret;

	if (size > largest(pipeline->limits))
		return -SUBURB_ENOMEM;
	if (!empty && pipeline->parked >= pipeline->limits->parked)
		return -SUBURB_ENOMEM;
	request->owner = pipeline;
	/* The buffer of an IN can wait until it goes. */
	if (request->submit.direction == SUBURB_DIR_IN && size)
		size -= request->transfer.length;
	if (!size)
		return 0;
	if (!empty && pipeline->bytes + size > pipeline->limits->bytes)
		return -SUBURB_ENOMEM;
	if (!bytes_fit(pipeline, size))
		return -SUBURB_ENOMEM;
	ret = request_prepare(request);
	recount(pipeline, request);
	if (ret < 0)
		count(pipeline, request, 0);
	return ret;
}

void pipeline_drop(struct pipeline *pipeline, struct request *request)
{
	forget(pipeline, request);
	try_follow(pipeline);
}

void pipeline_add(struct pipeline *pipeline, struct request *request)
{
	struct endpoint_queue *queue = queue_of(pipeline, request);

	if (pipeline->failed && request->action != REQUEST_ANSWER)
		refuse(pipeline, request, pipeline->failed);
	else
		recount(pipeline, request);
	request->state = REQUEST_PARKED;
	hash_add(pipeline, request);
	TAILQ_INSERT_TAIL(&queue->parked, request, entry);
	pipeline->parked++;
	/* Only this endpoint has something new to say. */
	while (send_first(pipeline, queue))
		;
}

/* Takes a parked request out, without an answer. */
static void unpark(struct pipeline *pipeline, struct request *request)
{
	TAILQ_REMOVE(&queue_of(pipeline, request)->parked, request, entry);
	pipeline->parked--;
	hash_remove(pipeline, request);
	forget(pipeline, request);
}

int pipeline_unlink(struct pipeline *pipeline, const struct suburb_unlink *unlink)
{
	struct backend_device *backend = pipeline->device->backend;
	struct request *request = hash_find(pipeline, unlink->target);
	struct suburb_ret_unlink ret = { .seqnum = unlink->seqnum };
	int32_t status = request ? -SUBURB_ECONNRESET : 0;
	struct reply *reply;
	bool first;

	reply = reply_ret_unlink(&ret);
	if (!reply)
		return -SUBURB_ENOMEM;
	if (!request || request->state == REQUEST_PARKED) {
		if (request)
			unpark(pipeline, request);
		send_unlink(pipeline, reply, status);
		pump(pipeline);
		return 0;
	}
	/* How it ends is the backend's to say; the answer leaves with that. */
	first = TAILQ_EMPTY(&request->unlinks);
	TAILQ_INSERT_TAIL(&request->unlinks, reply, entry);
	pipeline->unlinks++;
	if (first && request->action == REQUEST_TRANSFER)
		backend->backend->ops->cancel(backend, &request->transfer);
	return 0;
}

void pipeline_retry(struct pipeline *pipeline)
{
	if (!pipeline->starved && !pipeline->crowded)
		return;
	if (pipeline->starved && pipeline->patience)
		pipeline->patience--;
	pipeline->starved = false;
	pipeline->crowded = false;
	pump(pipeline);
}

void pipeline_fail(struct pipeline *pipeline, int32_t status)
{
	pipeline->failed = status;
	for (unsigned int i = 0; i < PIPELINE_ENDPOINTS; i++) {
		struct request *request;

		TAILQ_FOREACH(request, &pipeline->endpoint[i].parked, entry)
		{
			if (request->action != REQUEST_ANSWER)
				refuse(pipeline, request, status);
		}
	}
	pump(pipeline);
}

void pipeline_stop(struct pipeline *pipeline)
{
	struct backend_device *backend = pipeline->device->backend;
	struct request *request;

	pipeline->stopped = true;
	for (unsigned int i = 0; i < PIPELINE_ENDPOINTS; i++)
		while ((request = TAILQ_FIRST(&pipeline->endpoint[i].parked)))
			unpark(pipeline, request);
	/* The last ones first, lest they begin when those before them are gone. */
	TAILQ_FOREACH_REVERSE(request, &pipeline->sent_list, request_list, entry)
	if (request->action == REQUEST_TRANSFER)
		backend->backend->ops->cancel(backend, &request->transfer);
	request = pipeline->returning;
	if (!request || device_forsake(pipeline->device))
		return;
	end_reset(pipeline, -SUBURB_ENODEV);
	take_back(pipeline, request);
}
