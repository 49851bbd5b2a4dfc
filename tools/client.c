// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * USB/IP operations as a client. Everything that the exporter says is judged
 * before it is used: version, code, counts, the bus id that it repeats, the
 * speed. All messages name the exporter, since several may be in a script.
 *
 * An exporter that refuses with another words than it should is still an
 * exporter: what a status means is told to the user, never acted upon, but for
 * one thing (asking again).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "local_link.h"
#include "plain.h"
#include "stream.h"

#define RETRY_FOR_MS 1000
#define RETRY_PAUSE_MS 200
#define RETRY_MS 3000 /* for one more try on a slow link */

/* Whatever can come first: reads the head of a reply to @expected. */
static int receive_op(const struct stream *stream, uint16_t expected, struct suburb_op *op,
		      struct failure *failure)
{
	struct suburb_wire_op wire;
	int ret = stream_receive(stream, &wire, sizeof(wire), failure);

	if (ret)
		return ret;
	if (suburb_get_op(&wire, sizeof(wire), op) < 0)
		return failure_set(
			failure, -EPROTO,
			"%s does not speak USB/IP 1.1.1: it answered with version 0x%04x",
			stream->peer, __be16_to_cpu(wire.version));
	if (op->code != expected)
		return failure_set(failure, -EPROTO,
				   "%s broke the protocol: reply 0x%04x where 0x%04x was due",
				   stream->peer, op->code, expected);
	return 0;
}

/* @wire: as it came, too */
static int receive_device(const struct stream *stream, struct suburb_device *device,
			  struct suburb_wire_device *wire, struct failure *failure)
{
	int ret = stream_receive(stream, wire, sizeof(*wire), failure);

	if (ret)
		return ret;
	if (suburb_get_device(wire, sizeof(*wire), device) < 0)
		return failure_set(failure, -EPROTO,
				   "%s broke the protocol: a device's path or bus id has no end",
				   stream->peer);
	return 0;
}

/* --- DEVLIST -------------------------------------------------------------- */

static int receive_count(const struct stream *stream, uint32_t *count, struct failure *failure)
{
	struct suburb_op op = { 0 };
	__be32 wire;
	int ret = receive_op(stream, SUBURB_OP_REP_DEVLIST, &op, failure);

	if (ret)
		return ret;
	if (op.status != SUBURB_OP_OK)
		return failure_set(failure, -EREMOTEIO,
				   "%s refuses to list its devices (status %" PRIu32 ")",
				   stream->peer, op.status);
	ret = stream_receive(stream, &wire, sizeof(wire), failure);
	if (ret)
		return ret;
	*count = __be32_to_cpu(wire);
	if (*count > OFFER_MOST_DEVICES)
		return failure_set(failure, -EPROTO,
				   "%s broke the protocol: it claims to have %" PRIu32
				   " devices, more than %d",
				   stream->peer, *count, OFFER_MOST_DEVICES);
	return 0;
}

static int receive_offered(const struct stream *stream, struct offer *offer,
			   struct failure *failure)
{
	struct suburb_wire_device wire;
	struct suburb_device device;
	struct offered *offered;
	int ret = receive_device(stream, &device, &wire, failure);

	if (ret)
		return ret;
	offered = offer_add(offer, &device);
	if (!offered)
		return failure_set(failure, -ENOMEM, "out of memory");
	return stream_receive(stream, offered->interfaces,
			      device.num_interfaces * sizeof(*offered->interfaces), failure);
}

static int list(const struct stream *stream, struct offer *offer, struct failure *failure)
{
	struct suburb_wire_op request;
	uint32_t count = 0;
	int ret;

	suburb_put_op(&request, SUBURB_OP_REQ_DEVLIST, 0);
	ret = stream_send(stream, &request, sizeof(request), failure);
	if (!ret)
		ret = receive_count(stream, &count, failure);
	for (uint32_t i = 0; !ret && i < count; i++)
		ret = receive_offered(stream, offer, failure);
	return ret;
}

int client_list(const struct dial *dial, struct deadline deadline, struct offer *offer,
		struct failure *failure)
{
	struct stream stream = { .peer = dial->host.text, .deadline = deadline };
	int ret;

	*offer = (struct offer){ 0 };
	stream.fd = dial_connect(dial, deadline, failure);
	if (stream.fd < 0)
		return stream.fd;
	ret = list(&stream, offer, failure);
	close(stream.fd);
	if (ret)
		offer_free(offer);
	return ret;
}

/* --- IMPORT --------------------------------------------------------------- */

/* -EBUSY: asking again may help. */
static int refused(const struct stream *stream, const char *busid, uint32_t status,
		   struct failure *failure)
{
	switch (status) {
	case SUBURB_OP_NA:
		return failure_set(
			failure, -EBUSY,
			"%s refuses %s: it may be in use by another importer, or by a driver there",
			stream->peer, busid);
	case SUBURB_OP_DEV_BUSY:
		return failure_set(failure, -EBUSY,
				   "%s on %s is in use by another importer: detach it there first",
				   busid, stream->peer);
	case SUBURB_OP_DEV_ERR:
		return failure_set(failure, -EIO,
				   "%s on %s is in an error state: plug it in again there", busid,
				   stream->peer);
	case SUBURB_OP_NODEV:
		return failure_set(failure, -EBUSY, "%s exports no device %s: see 'suburb list %s'",
				   stream->peer, busid, stream->peer);
	default:
		return failure_set(failure, -EREMOTEIO, "%s refuses %s (status %" PRIu32 ")",
				   stream->peer, busid, status);
	}
}

static int check_device(const struct stream *stream, const char *busid,
			const struct suburb_device *device, struct failure *failure)
{
	if (strcmp(device->busid, busid) != 0)
		return failure_set(failure, -EPROTO,
				   "%s broke the protocol: asked for %s, it gave %s", stream->peer,
				   busid, device->busid);
	if (!suburb_speed_valid(device->speed))
		return failure_set(failure, -EPROTO,
				   "%s on %s has speed %" PRIu32 ", which no USB device has", busid,
				   stream->peer, device->speed);
	return 0;
}

/**
 * struct import - one OP_REQ_IMPORT
 * @busid: of the device
 * @features: offered; 0: none
 * @device: out
 * @agreed: out: SUBURB_WIRE_FEATURE_*
 * @understood: out: whatever the answer is, the bus id was read as it was meant
 */
struct import {
	const char *busid;
	uint32_t features;
	struct suburb_device *device;
	uint32_t agreed;
	bool understood;
};

static int judge_answer(const struct stream *stream, struct import *import,
			const struct suburb_wire_device *wire,
			const struct suburb_wire_busid *offered, struct failure *failure)
{
	struct suburb_violation violation;

	if (suburb_get_answer(wire, offered, &import->agreed, &violation))
		return failure_set(failure, -EPROTO, "%s broke the protocol: %s is 0x%" PRIx32,
				   stream->peer, violation.field, violation.value);
	return check_device(stream, import->busid, import->device, failure);
}

static int import_on(const struct stream *stream, struct import *import, struct failure *failure)
{
	struct {
		struct suburb_wire_op op;
		struct suburb_wire_busid busid;
	} request;
	struct suburb_wire_device wire;
	struct suburb_op op;
	int ret;

	suburb_put_op(&request.op, SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(&request.busid, import->busid);
	if (import->features && !suburb_put_offer(&request.busid, import->features))
		import->features = 0; /* the bus id is too long */
	ret = stream_send(stream, &request, sizeof(request), failure);
	if (!ret)
		ret = receive_op(stream, SUBURB_OP_REP_IMPORT, &op, failure);
	if (ret)
		return ret;
	import->understood = op.status == SUBURB_OP_OK || op.status == SUBURB_OP_DEV_BUSY;
	if (op.status != SUBURB_OP_OK)
		return refused(stream, import->busid, op.status, failure);
	ret = receive_device(stream, import->device, &wire, failure);
	if (ret) {
		import->understood = false;
		return ret;
	}
	return judge_answer(stream, import, &wire, &request.busid, failure);
}

/* Nobody to ask means that there is nobody to ask differently. */
static int import_once(const struct dial *dial, struct import *import,
		       const struct client_wish *wish, struct deadline deadline,
		       struct failure *failure)
{
	struct stream stream = { .peer = dial->host.text, .deadline = deadline };
	int ret;

	import->understood = true;
	stream.fd = dial_connect(dial, deadline, failure);
	if (stream.fd < 0)
		return stream.fd;
	import->agreed = 0;
	import->understood = false;
	import->features = wish->features;
	if (local_link(stream.fd))
		import->features &= ~wish->far;
	ret = import_on(&stream, import, failure);
	if (ret)
		close(stream.fd);
	return ret ? ret : stream.fd;
}

/* With the wish; and without, if that may be what was not understood. */
static int import_either_way(const struct dial *dial, struct import *import,
			     const struct client_wish *wish, struct deadline deadline,
			     struct failure *failure)
{
	static const struct client_wish none;
	int ret;

	if (wish->features && plain_known(dial->host.text))
		wish = &none;
	ret = import_once(dial, import, wish, deadline, failure);
	if (ret >= 0 || import->understood || !import->features)
		return ret;
	ret = import_once(dial, import, &none, deadline, failure);
	if (ret >= 0)
		plain_remember(dial->host.text);
	return ret;
}

int client_import(const struct dial *dial, const char *busid, const struct client_wish *wish,
		  struct deadline deadline, struct suburb_device *device, uint32_t *agreed,
		  struct failure *failure)
{
	struct deadline retry = deadline_sooner(deadline, deadline_in(RETRY_FOR_MS));
	struct import import = { .busid = busid, .device = device };
	int ret = import_either_way(dial, &import, wish, deadline, failure);
	int first = ret;

	while (ret == -EBUSY && deadline_left(retry) > RETRY_PAUSE_MS) {
		struct failure ignored;

		deadline_pause(retry, RETRY_PAUSE_MS);
		ret = import_either_way(dial, &import, wish,
					deadline_sooner(deadline, deadline_in(RETRY_MS)), &ignored);
		if (ret < 0)
			ret = -EBUSY; /* whatever it is now: until the time is over */
	}
	*agreed = import.agreed;
	return ret >= 0 ? ret : first; /* the first answer says most */
}
