/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request: a CMD_SUBMIT on its way to the device and back.
 *
 * Here is what a request is (a transfer, a change of the device's state, or
 * something to be refused), its buffer, and how its outcome becomes a reply.
 * When it may go and what else is on its way is for pipeline.h.
 *
 * Who owns it: its maker while the payload comes in, then the pipeline, then
 * (as a reply) the session's queue; its release function frees it.
 */
#ifndef EXPORTER_REQUEST_H
#define EXPORTER_REQUEST_H

#include "device.h"
#include "packets.h"
#include "reply.h"
#include "streams.h"

/**
 * enum request_action - what has to be done for it
 * @REQUEST_TRANSFER: move data
 * @REQUEST_CHANGE: SET_CONFIGURATION and the like, through the call for it
 * @REQUEST_ANSWER: nothing, the answer is known. It waits for its turn all the
 *	same: replies keep their order per endpoint
 */
enum request_action {
	REQUEST_TRANSFER,
	REQUEST_CHANGE,
	REQUEST_ANSWER,
};

enum request_state {
	REQUEST_NEW,
	REQUEST_PARKED,
	REQUEST_SENT, /* in the backend */
	REQUEST_DONE, /* its reply is owed, or it is being freed */
};

/**
 * struct request - one request
 * @reply: what it becomes; the session's queue holds it by this
 * @entry: in its endpoint's parked list, or in the list of sent ones
 * @hash_next: others in the same bucket of the look-up by seqnum
 * @submit: as decoded
 * @payload: bytes that follow the header on the wire, to be taken or read past
 * @answer: REQUEST_ANSWER: the status
 * @iso: isochronous, or no endpoint at all: the error reply carries no packets
 * @home: whose memory the buffer is
 * @buffer_size: of the transfer's buffer, once it has one
 * @packets: those of an isochronous transfer
 * @counts_streams: REQUEST_ANSWER: tell how many the change's endpoint has
 * @stream_count: as told
 * @counted: bytes of all that it holds, for the pipeline
 * @unlinks: RET_UNLINKs that wait for its end
 */
struct request {
	struct reply reply;
	TAILQ_ENTRY(request) entry;
	struct request *hash_next;
	struct device *device;
	void *owner;
	struct suburb_submit submit;
	enum request_action action;
	enum request_state state;
	uint64_t payload;
	int32_t answer;
	bool iso;
	struct backend_device *home;
	size_t buffer_size;
	struct packets packets;
	bool counts_streams;
	uint8_t stream_count[2];
	size_t counted;
	struct backend_transfer transfer;
	struct backend_change change;
	struct reply_list unlinks;
};

/**
 * request_new - judge a CMD_SUBMIT
 *
 * Never refuses: a request that cannot be served becomes a REQUEST_ANSWER with
 * the error, and @payload says what to read past. NULL if memory is out.
 */
struct request *request_new(struct device *device, const struct suburb_submit *submit);

/* Bytes behind a CMD_SUBMIT's header on the wire. */
uint64_t request_payload(const struct suburb_submit *submit, bool iso);

/* Does it want its payload? Otherwise that is to be read past. */
bool request_wants_payload(const struct request *request);

/* Gives it what its payload goes to. 0 or -SUBURB_ENOMEM. */
int request_prepare(struct request *request);

/*
 * Where the next of its payload's bytes go, when @need are still to come: not
 * empty, and at most @need long.
 */
struct iovec request_space(const struct request *request, size_t need);

/* All of its payload is here. What it can be judged by only now, may refuse it. */
void request_received(struct request *request);

/* Gives it a buffer if it needs one. 0 or -SUBURB_ENOMEM. */
int request_buffer(struct request *request);

/* From now on it is a REQUEST_ANSWER with this status; what it held is freed. */
void request_refuse(struct request *request, int32_t status);

/* Bytes of memory that it holds, or will hold when it goes. */
size_t request_size(const struct request *request);

/* Bytes of memory that it holds now. */
size_t request_held(const struct request *request);

/* The outcome of its action into its reply. */
void request_finish(struct request *request);

/* Does it end as an unlink that moved nothing? Then there is no RET_SUBMIT. */
bool request_cancelled(const struct request *request);

void request_free(struct request *request);

#endif
