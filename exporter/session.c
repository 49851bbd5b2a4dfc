// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session. See session.h.
 *
 * Input is a stream of messages: a header, then payload that goes into the
 * request's buffer, or bytes that are read past because the request was
 * refused, then perhaps a digest. What the stream is in follows from counters:
 * need_payload, skip and digest.due are all 0 when a header is next. Nothing is
 * answered before it is all here: who still sends expects no reply.
 *
 * Its end has two steps, for a backend's completions come later: stop (no more
 * input and output, transfers cancelled), then, when nothing is in the
 * backend, the device is closed.
 */
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "log.h"
#include "overtaken.h"
#include "session.h"

/* Payload of at least this size is worth a read of its own. */
#define DIRECT_SIZE 8192

/* Replies that wait for the importer to read; beyond this reading stops. */
#define BACKLOG_EXTRA 4096

/**
 * struct session - one session
 * @overtaken: unlinks that came before what they are for
 * @digest: of what comes in
 * @header: the part of a header that is here
 * @header_size: bytes of it
 * @receiving: the request that is coming in, NULL if none is
 * @refusal: in its place: the reply to one that there is no room for
 * @need_payload: bytes of it still to come
 * @skip: bytes to read past
 * @opening: device_open() has not told yet
 * @opened: the device is ours
 * @gone: it has left
 * @told_left: ops->left was called
 * @stopped: session_stop() was called
 * @closing: device_close() was called
 */
struct session {
	struct device_user user;
	struct device *device;
	const struct limits *limits;
	const struct session_ops *ops;
	void *owner;
	struct pipeline pipeline;
	struct reply_queue replies;
	struct overtaken overtaken;
	struct digest digest;
	uint8_t header[sizeof(struct suburb_wire_digested)];
	size_t header_size;
	struct request *receiving;
	struct reply *refusal;
	size_t need_payload;
	uint64_t skip;
	bool opening;
	bool opened;
	bool gone;
	bool told_left;
	bool stopped;
	bool closing;
};

static struct session *session_of(struct device_user *user)
{
	return (struct session *)((char *)user - offsetof(struct session, user));
}

static void user_opened(struct device_user *user, int status);
static void user_gone(struct device_user *user);
static void user_closed(struct device_user *user);
static void user_returned(struct device_user *user, int status);

/* --- replies -------------------------------------------------------------- */

static void push(struct session *session, struct reply *reply)
{
	bool first = !session->replies.count;

	if (session->digest.on)
		reply_seal(reply);
	reply_queue_push(&session->replies, reply);
	if (first)
		session->ops->output(session->owner);
}

int session_output(struct session *session, struct iovec *iov, int max)
{
	return reply_queue_gather(&session->replies, iov, max);
}

void session_written(struct session *session, size_t size)
{
	reply_queue_written(&session->replies, size);
}

bool session_wants_input(const struct session *session)
{
	const struct limits *limits = session->limits;

	return session->replies.count + session->pipeline.unlinks <
	       limits->requests + BACKLOG_EXTRA;
}

static void on_reply(void *owner, struct reply *reply)
{
	push(owner, reply);
}

/* --- input ---------------------------------------------------------------- */

static void on_starved(void *owner);

/* Of the unlinks that waited for their request: those that wait no more. */
static void answer_overtaken(struct session *session)
{
	struct suburb_ret_unlink ret;
	struct reply *reply;

	while (overtaken_take(&session->overtaken, &ret)) {
		reply = reply_ret_unlink(&ret);
		if (reply)
			push(session, reply);
	}
}

static int on_unlink(struct session *session, const struct suburb_unlink *unlink)
{
	if (!overtaken_keep(&session->overtaken, unlink))
		return pipeline_unlink(&session->pipeline, unlink);
	on_starved(session); /* for session_retry() */
	return 0;
}

static void log_refused(const struct session *session, const struct suburb_submit *submit)
{
	static uint64_t last_ms;

	if (log_now(&last_ms))
		log_info("%s: a request for %u bytes is refused: too large, or behind too much else "
			 "(max-bytes, max-parked)",
			 session->device->backend->busid, submit->length);
}

/* One RET_SUBMIT with an error, out of turn: there is no room to wait for it. */
static void refuse(struct session *session, const struct suburb_submit *submit, bool iso)
{
	const struct suburb_ret_submit ret = {
		.seqnum = submit->seqnum,
		.status = -SUBURB_ENOMEM,
		.packets = iso ? 0 : submit->packets,
	};

	session->refusal = reply_ret_submit(&ret);
}

/* A message is all here. */
static void received(struct session *session)
{
	struct request *request = session->receiving;
	struct reply *refusal = session->refusal;

	session->receiving = NULL;
	session->refusal = NULL;
	answer_overtaken(session);
	if (refusal)
		push(session, refusal);
	if (!request)
		return;
	if (request_wants_payload(request))
		request_received(request);
	pipeline_add(&session->pipeline, request);
}

static void on_submit(struct session *session, const struct suburb_submit *submit)
{
	bool iso = device_endpoint_iso(session->device, submit->direction, submit->ep);
	struct request *request;

	if (overtaken_submitted(&session->overtaken, submit->seqnum)) {
		session->skip = request_payload(submit, iso);
		return;
	}
	request = request_new(session->device, submit);
	if (!request || pipeline_admit(&session->pipeline, request) < 0) {
		session->skip = request_payload(submit, iso);
		log_refused(session, submit);
		refuse(session, submit, iso);
		if (request)
			request_free(request);
		return;
	}
	session->receiving = request;
	if (request_wants_payload(request))
		session->need_payload = request->payload;
	else
		session->skip = request->payload;
}

static void on_command(struct session *session, const struct suburb_submit *submit)
{
	on_submit(session, submit);
	if (session->skip || session->need_payload)
		digest_begin(&session->digest);
	else
		received(session);
}

static int on_header(struct session *session, const void *header,
		     struct suburb_violation *violation)
{
	const struct suburb_wire_header *wire = header;
	struct suburb_command command;
	const struct suburb_submit *submit = &command.submit;

	if (digest_check_header(&session->digest, header, violation) < 0)
		return -SUBURB_EILSEQ;
	if (suburb_get_command(header, sizeof(*wire), &command) < 0)
		return suburb_violates(violation, "command", command.command);
	/* No URB is so long: nobody means to send it, and nobody is served by reading it. */
	if (command.command == SUBURB_CMD_SUBMIT && submit->direction == SUBURB_DIR_OUT &&
	    submit->length > SUBURB_WIRE_MAX_LENGTH)
		return suburb_violates(violation, "transfer_buffer_length", submit->length);
	if (command.command == SUBURB_CMD_SUBMIT)
		on_command(session, &command.submit);
	else if (on_unlink(session, &command.unlink) < 0)
		return suburb_violates(violation, "unlink without memory, seqnum",
				       command.unlink.target);
	return 0;
}

/* Headers lie in the input, or are put together from pieces of it. */
static int take_header(struct session *session, const uint8_t **at, size_t *left,
		       struct suburb_violation *violation)
{
	size_t whole = digest_header_size(&session->digest);
	size_t need = whole - session->header_size;
	const uint8_t *header = *at;

	if (session->header_size || *left < need) {
		if (*left < need)
			need = *left;
		memcpy(session->header + session->header_size, *at, need);
		session->header_size += need;
		header = session->header;
	}
	*at += need;
	*left -= need;
	if (header == session->header && session->header_size < whole)
		return 0;
	session->header_size = 0;
	return on_header(session, header, violation);
}

static size_t take_payload(struct session *session, const uint8_t *at, size_t left)
{
	struct iovec space = request_space(session->receiving, session->need_payload);
	size_t n = left < space.iov_len ? left : space.iov_len;

	memcpy(space.iov_base, at, n);
	session_filled(session, n);
	return n;
}

static int take_digest(struct session *session, const uint8_t *at, size_t left, size_t *taken,
		       struct suburb_violation *violation)
{
	int ret = digest_input(&session->digest, at, left, taken, violation);

	if (ret > 0)
		received(session);
	return ret;
}

int session_input(struct session *session, const void *bytes, size_t size,
		  struct suburb_violation *violation)
{
	const uint8_t *at = bytes;
	size_t n;
	int ret;

	while (size && !session->stopped) {
		if (session->skip) {
			n = size < session->skip ? size : (size_t)session->skip;
			session->skip -= n;
			digest_add(&session->digest, at, n);
			if (!session->skip && !session->digest.due)
				received(session);
		} else if (session->need_payload) {
			n = take_payload(session, at, size);
		} else if (session->digest.due) {
			ret = take_digest(session, at, size, &n, violation);
			if (ret < 0)
				return ret;
		} else {
			ret = take_header(session, &at, &size, violation);
			if (ret < 0)
				return ret;
			continue;
		}
		at += n;
		size -= n;
	}
	return 0;
}

struct iovec session_space(const struct session *session)
{
	struct iovec space = { NULL, 0 };

	if (!session->need_payload || session->skip)
		return space;
	space = request_space(session->receiving, session->need_payload);
	if (space.iov_len < DIRECT_SIZE)
		space = (struct iovec){ NULL, 0 };
	return space;
}

void session_agree(struct session *session, uint32_t features)
{
	session->digest.on = features & SUBURB_WIRE_FEATURE_DIGEST;
	session->device->streams_agreed = features & SUBURB_WIRE_FEATURE_STREAMS;
}

void session_filled(struct session *session, size_t size)
{
	struct iovec space = request_space(session->receiving, session->need_payload);

	digest_add(&session->digest, space.iov_base, size);
	session->need_payload -= size;
	if (!session->need_payload && !session->digest.due)
		received(session);
}

/* --- beginning and end ---------------------------------------------------- */

static void session_free(struct session *session)
{
	free(session);
}

/* True when it is over and freed. */
static bool try_end(struct session *session)
{
	if (!session->stopped || session->closing || pipeline_busy(&session->pipeline))
		return false;
	if (session->opened) {
		session->closing = true;
		if (device_close(session->device) == DEVICE_LATER)
			return false;
	}
	session_free(session);
	return true;
}

static void end_later(struct session *session)
{
	const struct session_ops *ops = session->ops;
	void *owner = session->owner;

	if (try_end(session))
		ops->ended(owner);
}

/* Everything that will ever be answered is answered. */
static void tell_left(struct session *session)
{
	if (session->told_left)
		return;
	session->told_left = true;
	session->ops->left(session->owner);
}

static void on_idle(void *owner)
{
	struct session *session = owner;

	if (session->stopped)
		end_later(session);
	else if (session->gone)
		tell_left(session);
}

static void user_gone(struct device_user *user)
{
	struct session *session = session_of(user);

	session->gone = true;
	if (!session->opened || session->stopped)
		return;
	pipeline_fail(&session->pipeline, -SUBURB_ENODEV);
	if (!pipeline_busy(&session->pipeline))
		tell_left(session);
}

static void user_closed(struct device_user *user)
{
	struct session *session = session_of(user);
	const struct session_ops *ops = session->ops;
	void *owner = session->owner;

	session_free(session);
	ops->ended(owner);
}

static void user_returned(struct device_user *user, int status)
{
	struct session *session = session_of(user);

	pipeline_returned(&session->pipeline, status);
}

static void user_opened(struct device_user *user, int status)
{
	struct session *session = session_of(user);

	session->opening = false;
	session->opened = status == 0;
	if (session->stopped)
		end_later(session);
	else
		session->ops->opened(session->owner, session->gone ? -SUBURB_ENODEV : status);
}

static void on_starved(void *owner)
{
	struct session *session = owner;

	if (session->ops->starved)
		session->ops->starved(session->owner);
}

void session_retry(struct session *session)
{
	pipeline_retry(&session->pipeline);
	if (overtaken_expire(&session->overtaken))
		on_starved(session);
	else if (!session->skip && !session->need_payload && !session->digest.due)
		answer_overtaken(session);
}

static const struct pipeline_ops pipeline_ops = {
	.reply = on_reply,
	.idle = on_idle,
	.starved = on_starved,
};

int session_new(struct session **result, struct device *device, const struct limits *limits,
		const struct session_ops *ops, void *owner)
{
	struct session *session = calloc(1, sizeof(*session));
	int ret;

	if (!session)
		return -SUBURB_ENOMEM;
	session->user.opened = user_opened;
	session->user.gone = user_gone;
	session->user.closed = user_closed;
	session->user.returned = user_returned;
	session->device = device;
	session->limits = limits;
	session->ops = ops;
	session->owner = owner;
	reply_queue_init(&session->replies);
	pipeline_init(&session->pipeline, device, limits, &pipeline_ops, session);
	ret = device_open(device, &session->user);
	if (ret < 0) {
		session_free(session);
		return ret;
	}
	session->opening = ret == DEVICE_LATER;
	session->opened = ret == 0;
	*result = session;
	return session->opening ? SESSION_LATER : 0;
}

int session_stop(struct session *session)
{
	session->stopped = true;
	if (session->opening)
		return SESSION_LATER;
	if (session->opened) { /* or there is neither a request nor a device */
		if (session->receiving)
			pipeline_drop(&session->pipeline, session->receiving);
		session->receiving = NULL;
		if (session->refusal)
			reply_free(session->refusal);
		session->refusal = NULL;
		pipeline_stop(&session->pipeline);
		reply_queue_clear(&session->replies);
	}
	return try_end(session) ? 0 : SESSION_LATER;
}
