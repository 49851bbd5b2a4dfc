// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A link on which anything may be said. See talk.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "talk.h"

#define PAYLOAD_MOST (1 << 20)

/* --- the beginning and the end -------------------------------------------- */

static uint32_t import_once(struct talk *talk, const struct exporter *exporter, const char *busid,
			    uint32_t features)
{
	struct {
		struct suburb_wire_op op;
		struct suburb_wire_busid busid;
	} request;
	struct {
		struct suburb_wire_op op;
		struct suburb_wire_device device;
	} reply;
	struct suburb_violation violation;
	struct suburb_device device = { 0 };
	uint32_t agreed;

	talk->fd = dial(exporter);
	suburb_put_op(&request.op, SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(&request.busid, busid);
	if (features)
		suburb_put_offer(&request.busid, features);
	send_bytes(talk->fd, &request, sizeof(request));
	receive_bytes(talk->fd, &reply.op, sizeof(reply.op));
	if (reply.op.status)
		return __be32_to_cpu(reply.op.status);
	receive_bytes(talk->fd, &reply.device, sizeof(reply.device));
	if (suburb_get_answer(&reply.device, &request.busid, &agreed, &violation) ||
	    agreed != features)
		return SUBURB_OP_ERROR;
	suburb_get_device(&reply.device, sizeof(reply.device), &device);
	talk->devid = suburb_devid(device.busnum, device.devnum);
	talk->digest = agreed & SUBURB_WIRE_FEATURE_DIGEST;
	return SUBURB_OP_OK;
}

bool talk_open(struct talk *talk, const struct exporter *exporter, const char *busid,
	       uint32_t features)
{
	static const struct timespec moment = { 0, 1000000 };
	uint32_t status = SUBURB_OP_DEV_BUSY;

	talk->count = 0;
	talk->nonsense[0] = '\0';
	/* Whoever had it before us is being forgotten. */
	for (int i = 0; i < PATIENCE_S * 1000 && status == SUBURB_OP_DEV_BUSY; i++) {
		if (i)
			nanosleep(&moment, NULL);
		status = import_once(talk, exporter, busid, features);
		if (status)
			hang_up(talk->fd);
	}
	return status == SUBURB_OP_OK;
}

void talk_close(struct talk *talk)
{
	hang_up(talk->fd);
	talk->fd = -1;
}

/* --- saying --------------------------------------------------------------- */

static size_t put_digest(uint8_t *at, const void *bytes, size_t size)
{
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, bytes, size));

	memcpy(at, &digest, sizeof(digest));
	return sizeof(digest);
}

size_t talk_put(const struct talk *talk, uint8_t *bytes, const void *header, const void *body,
		size_t size)
{
	size_t at = sizeof(struct suburb_wire_header);

	memcpy(bytes, header, at);
	if (talk->digest)
		at += put_digest(bytes + at, header, at);
	if (!size)
		return at;
	memcpy(bytes + at, body, size);
	at += size;
	if (talk->digest)
		at += put_digest(bytes + at, body, size);
	return at;
}

static bool is_iso(const struct talk *talk, const struct suburb_submit *submit)
{
	uint32_t address = submit->ep | submit->direction << 7;

	if (submit->ep > SUBURB_WIRE_MAX_EP || submit->direction > SUBURB_DIR_IN)
		return false;
	for (const uint8_t *iso = talk->iso; iso && *iso; iso++)
		if (*iso == address)
			return true;
	return false;
}

uint64_t talk_body(const struct talk *talk, const void *header)
{
	struct suburb_command command;
	const struct suburb_submit *submit = &command.submit;
	uint64_t size = 0;

	if (suburb_get_command(header, sizeof(struct suburb_wire_header), &command) < 0 ||
	    command.command != SUBURB_CMD_SUBMIT)
		return 0;
	if (submit->direction == SUBURB_DIR_OUT)
		size = submit->length;
	if (is_iso(talk, submit) && submit->packets != 0xffffffff)
		size += (uint64_t)submit->packets * sizeof(struct suburb_wire_iso);
	return size;
}

struct owed *talk_owe(struct talk *talk, const void *header)
{
	struct owed *owed = &talk->owed[talk->count];
	struct suburb_command command;

	if (talk->count == TALK_MOST_OWED ||
	    suburb_get_command(header, sizeof(struct suburb_wire_header), &command) < 0)
		return NULL;
	talk->count++;
	*owed = (struct owed){ .unlink = command.command == SUBURB_CMD_UNLINK };
	if (owed->unlink) {
		owed->seqnum = command.unlink.seqnum;
		owed->target = command.unlink.target;
		return owed;
	}
	owed->seqnum = command.submit.seqnum;
	owed->in = command.submit.direction == SUBURB_DIR_IN;
	owed->iso = is_iso(talk, &command.submit);
	owed->length = command.submit.length;
	return owed;
}

static bool send_piece(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

bool talk_send(struct talk *talk, const void *bytes, size_t size, enum talk_way way)
{
	size_t piece = way == TALK_WHOLE ? size : way == TALK_HALVES ? (size + 1) / 2 : 1;

	for (size_t at = 0; at < size; at += piece)
		if (!send_piece(talk->fd, (const uint8_t *)bytes + at,
				size - at < piece ? size - at : piece))
			return false;
	return true;
}

bool talk_submit(struct talk *talk, const struct suburb_submit *submit)
{
	struct suburb_wire_header header;
	uint8_t bytes[64];

	suburb_put_submit(&header, submit);
	talk_owe(talk, &header);
	return talk_send(talk, bytes, talk_put(talk, bytes, &header, NULL, 0), TALK_WHOLE);
}

bool talk_unlink(struct talk *talk, uint32_t seqnum, uint32_t target)
{
	const struct suburb_unlink unlink = {
		.seqnum = seqnum, .devid = talk->devid, .target = target,
	};
	struct suburb_wire_header header;
	uint8_t bytes[64];

	suburb_put_unlink(&header, &unlink);
	talk_owe(talk, &header);
	return talk_send(talk, bytes, talk_put(talk, bytes, &header, NULL, 0), TALK_WHOLE);
}

/* --- hearing -------------------------------------------------------------- */

static enum heard nonsense(struct talk *talk, const char *what, uint32_t value)
{
	snprintf(talk->nonsense, sizeof(talk->nonsense), "%s 0x%x", what, value);
	return HEARD_NONSENSE;
}

/* An exporter that ends a link does not finish what it was saying. */
static enum heard receive(struct talk *talk, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size) {
		ssize_t n = recv(talk->fd, at, size, 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return HEARD_END;
		if (n < 0)
			return nonsense(talk, "half a message, bytes missing",
					(uint32_t)size);
		at += n;
		size -= (size_t)n;
	}
	return HEARD_REPLY;
}

static enum heard receive_digested(struct talk *talk, void *bytes, size_t size)
{
	enum heard heard = receive(talk, bytes, size);
	__be32 digest;

	if (heard != HEARD_REPLY || !talk->digest || !size)
		return heard;
	heard = receive(talk, &digest, sizeof(digest));
	if (heard != HEARD_REPLY)
		return heard;
	if (__be32_to_cpu(digest) != suburb_crc32c(0, bytes, size))
		return nonsense(talk, "digest of a reply", __be32_to_cpu(digest));
	return HEARD_REPLY;
}

static struct owed *find_owed(struct talk *talk, uint32_t seqnum, bool unlink)
{
	for (unsigned int i = 0; i < talk->count; i++)
		if (talk->owed[i].seqnum == seqnum && talk->owed[i].unlink == unlink)
			return &talk->owed[i];
	return NULL;
}

static void cross_off(struct talk *talk, struct owed *owed)
{
	size_t behind = (size_t)(&talk->owed[talk->count] - owed) - 1;

	memmove(owed, owed + 1, behind * sizeof(*owed));
	talk->count--;
}

static enum heard settle_unlink(struct talk *talk, const struct suburb_ret_unlink *ret,
				uint32_t target)
{
	struct owed *owed = find_owed(talk, target, false);

	if (!suburb_status_valid(ret->status))
		return nonsense(talk, "status of RET_UNLINK", (uint32_t)ret->status);
	if (owed && !ret->status)
		return nonsense(talk, "RET_UNLINK(0) before the RET_SUBMIT of", target);
	if (owed)
		cross_off(talk, owed);
	return HEARD_REPLY;
}

static enum heard receive_body(struct talk *talk, const struct suburb_ret_submit *ret,
			       const struct owed *owed, uint8_t *payload)
{
	static uint8_t scrap[PAYLOAD_MOST + SUBURB_WIRE_MAX_PACKETS * 16];
	size_t size = owed->in ? ret->actual_length : 0;

	if (!suburb_status_valid(ret->status))
		return nonsense(talk, "status", (uint32_t)ret->status);
	if (ret->actual_length > owed->length || size > PAYLOAD_MOST)
		return nonsense(talk, "actual_length", ret->actual_length);
	if (owed->iso && ret->packets > SUBURB_WIRE_MAX_PACKETS)
		return nonsense(talk, "number_of_packets", ret->packets);
	if (owed->iso)
		size += ret->packets * sizeof(struct suburb_wire_iso);
	return receive_digested(talk, payload ? payload : scrap, size);
}

enum heard talk_hear(struct talk *talk, struct suburb_reply *reply, uint8_t *payload, int ms)
{
	struct pollfd pollfd = { .fd = talk->fd, .events = POLLIN };
	uint8_t header[sizeof(struct suburb_wire_header)];
	struct owed *owed, copy;
	uint32_t seqnum;
	enum heard heard;
	bool unlink;

	if (poll(&pollfd, 1, ms) <= 0)
		return HEARD_NOTHING;
	heard = receive_digested(talk, header, sizeof(header));
	if (heard != HEARD_REPLY)
		return heard;
	if (suburb_get_reply(header, sizeof(header), reply) < 0)
		return nonsense(talk, "command", reply->command);
	unlink = reply->command == SUBURB_RET_UNLINK;
	for (int i = 8; i < 20; i++)
		if (header[i])
			return nonsense(talk, "devid, direction or ep of a reply", header[i]);
	seqnum = unlink ? reply->unlink.seqnum : reply->submit.seqnum;
	owed = find_owed(talk, seqnum, unlink);
	if (!owed)
		return nonsense(talk, "a reply that is not owed, seqnum", seqnum);
	copy = *owed;
	cross_off(talk, owed);
	if (unlink)
		return settle_unlink(talk, &reply->unlink, copy.target);
	return receive_body(talk, &reply->submit, &copy, payload);
}
