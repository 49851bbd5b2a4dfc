// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The importer of a fuzz target. See conversation.h.
 */
#include "conversation.h"

#define FIRST_SEQNUM 0x100
/* Beyond this no payload is sent, whatever was announced: the session is broken. */
#define LARGEST_PAYLOAD 70000

struct conversation conversation;

/* --- saying ---------------------------------------------------------------- */

/* As a connection does it: into the request's own memory where that is offered. */
static void say_piece(const uint8_t *bytes, size_t size)
{
	struct suburb_violation violation = { NULL, 0 };
	struct iovec space = session_space(conversation.session);

	if (!space.iov_len) {
		if (session_input(conversation.session, bytes, size, &violation) == 0)
			return;
		fuzz_assert(violation.field);
		conversation.over = true;
		return;
	}
	while (size) {
		space = session_space(conversation.session);
		if (!space.iov_len) {
			say_piece(bytes, size);
			return;
		}
		if (space.iov_len > size)
			space.iov_len = size;
		memcpy(space.iov_base, bytes, space.iov_len);
		session_filled(conversation.session, space.iov_len);
		bytes += space.iov_len;
		size -= space.iov_len;
	}
}

static void say(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	size_t n;

	for (; size && !conversation.over; at += n, size -= n) {
		n = conversation.piece && conversation.piece < size ? conversation.piece : size;
		say_piece(at, n);
	}
}

static void say_digest(const void *bytes, size_t size)
{
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, bytes, size));

	if (conversation.digest && size)
		say(&digest, sizeof(digest));
}

static struct said *remember(uint32_t *seqnum)
{
	struct said *said = &conversation.said[conversation.count];

	*said = (struct said){ .target = -1 };
	*seqnum = FIRST_SEQNUM + conversation.count++;
	return said;
}

static bool may_say(void)
{
	if (conversation.over || conversation.count == CONVERSATION_MESSAGES)
		return false;
	if (!session_wants_input(conversation.session))
		conversation_listen(SIZE_MAX);
	return true;
}

void conversation_spoil(struct input *input, struct suburb_submit *submit)
{
	uint32_t *const fields[] = {
		&submit->devid,	 &submit->direction,   &submit->ep,	  &submit->transfer_flags,
		&submit->length, &submit->start_frame, &submit->packets, &submit->interval,
	};

	while (input_once_in(input, 4)) {
		uint32_t *field = fields[input_upto(input, 7)];

		*field = input_number(input, *field);
	}
}

void conversation_submit(struct input *input, struct suburb_submit submit, const void *payload,
			 size_t size)
{
	struct suburb_wire_header header;
	struct said *said;
	uint64_t need;
	uint8_t *bytes;

	if (!may_say())
		return;
	said = remember(&submit.seqnum);
	said->submit = submit;
	said->iso = device_endpoint_iso(conversation.device, submit.direction, submit.ep);
	need = request_payload(&submit, said->iso);
	suburb_put_submit(&header, &submit);
	say(&header, sizeof(header));
	say_digest(&header, sizeof(header));
	if (conversation.over) {
		said->answered = true;
		return;
	}
	if (need > LARGEST_PAYLOAD) {
		/* We go away in the middle. */
		said->answered = true;
		conversation.over = true;
		return;
	}
	bytes = calloc(1, need + 1);
	fuzz_assert(bytes);
	if (payload)
		memcpy(bytes, payload, size < need ? size : need);
	else if (input_once_in(input, 2))
		input_bytes(input, bytes, need < 64 ? need : 64);
	say(bytes, need);
	say_digest(bytes, need);
	free(bytes);
}

static void say_unlink(int target)
{
	struct suburb_wire_header header;
	struct suburb_unlink unlink = { .devid = conversation.devid };
	struct said *said;

	if (!may_say())
		return;
	said = remember(&unlink.seqnum);
	said->unlink = true;
	said->target = target;
	unlink.target = target < 0 ? 1 : FIRST_SEQNUM + (uint32_t)target;
	suburb_put_unlink(&header, &unlink);
	say(&header, sizeof(header));
	say_digest(&header, sizeof(header));
}

void conversation_unlink(struct input *input)
{
	if (!conversation.count || input_once_in(input, 16))
		say_unlink(-1);
	else if (input_once_in(input, 8)) /* one that comes only later, or never */
		say_unlink((int)conversation.count + 1 + (int)input_upto(input, 3));
	else
		say_unlink((int)input_upto(input, conversation.count - 1));
}

/* --- hearing --------------------------------------------------------------- */

static struct said *said_by(uint32_t seqnum, bool unlink)
{
	uint32_t index = seqnum - FIRST_SEQNUM;

	fuzz_assert(index < conversation.count);
	fuzz_assert(conversation.said[index].unlink == unlink);
	fuzz_assert(!conversation.said[index].answered);
	return &conversation.said[index];
}

static bool digest_is_right(const uint8_t *bytes, size_t size)
{
	__be32 digest;

	memcpy(&digest, bytes + size, sizeof(digest));
	return __be32_to_cpu(digest) == suburb_crc32c(0, bytes, size);
}

/* Judged as the module judges it. */
static void check_packets(const struct said *said, const struct suburb_ret_submit *ret,
			  const uint8_t *at)
{
	struct suburb_violation violation;
	struct suburb_iso iso;
	uint64_t moved = 0;

	for (uint32_t i = 0; i < ret->packets; i++) {
		suburb_get_iso(at + i * sizeof(struct suburb_wire_iso),
			       sizeof(struct suburb_wire_iso), &iso);
		fuzz_assert(!suburb_check_iso(&iso, iso.offset, iso.length, &violation));
		fuzz_assert(iso.offset <= said->submit.length);
		fuzz_assert(iso.length <= said->submit.length - iso.offset);
		moved += iso.actual_length;
	}
	fuzz_assert(!ret->packets || moved == ret->actual_length);
}

/* Bytes of it, 0 if some are missing. */
static size_t hear_ret_submit(const struct suburb_ret_submit *ret, const uint8_t *at, size_t left)
{
	struct said *said = said_by(ret->seqnum, false);
	bool in = said->submit.direction == SUBURB_DIR_IN;
	struct suburb_violation violation;
	size_t packets, size, whole;

	fuzz_assert(!suburb_check_ret_submit(ret, said->submit.length,
					     said->iso ? said->submit.packets : 0, &violation));
	packets = said->iso ? ret->packets * sizeof(struct suburb_wire_iso) : 0;
	size = (in ? ret->actual_length : 0) + packets;
	whole = size + (size && conversation.digest ? SUBURB_DIGEST_SIZE : 0);
	if (left < whole)
		return SIZE_MAX;
	if (whole > size)
		fuzz_assert(digest_is_right(at, size));
	if (packets)
		check_packets(said, ret, at + size - packets);
	said->answered = true;
	return whole;
}

/* The first unlink of a message may say that no other answer comes. */
static void hear_ret_unlink(const struct suburb_ret_unlink *ret)
{
	struct said *said = said_by(ret->seqnum, true);
	struct said *target = NULL;

	if (said->target >= 0 && (unsigned int)said->target < conversation.count)
		target = &conversation.said[said->target];
	fuzz_assert(ret->status == 0 || ret->status == -SUBURB_ECONNRESET);
	said->answered = true;
	if (ret->status == 0) {
		/* One that came before what it is for may not have waited for it. */
		fuzz_assert(!target || target > said || target->unlink || target->answered);
		return;
	}
	fuzz_assert(target && !target->unlink);
	target->answered = true;
}

static size_t hear(const uint8_t *at, size_t left)
{
	size_t head = conversation.digest ? sizeof(struct suburb_wire_digested)
					  : sizeof(struct suburb_wire_header);
	struct suburb_reply reply;
	size_t more;

	if (left < head)
		return 0;
	fuzz_assert(suburb_get_reply(at, left, &reply) == sizeof(struct suburb_wire_header));
	for (int i = 8; i < 20; i++)
		fuzz_assert(at[i] == 0); /* devid, direction, ep */
	if (conversation.digest)
		fuzz_assert(digest_is_right(at, sizeof(struct suburb_wire_header)));
	if (reply.command == SUBURB_RET_UNLINK) {
		hear_ret_unlink(&reply.unlink);
		return head;
	}
	more = hear_ret_submit(&reply.submit, at + head, left - head);
	return more == SIZE_MAX ? 0 : head + more;
}

static void take(const struct iovec *iov, size_t size)
{
	conversation.heard = realloc(conversation.heard, conversation.heard_size + size + 1);
	fuzz_assert(conversation.heard);
	if (size)
		memcpy(conversation.heard + conversation.heard_size, iov->iov_base, size);
	conversation.heard_size += size;
}

void conversation_listen(size_t most)
{
	struct iovec iov[4];
	size_t at = 0, n;

	while (most && session_output(conversation.session, iov, 4)) {
		n = iov[0].iov_len < most ? iov[0].iov_len : most;
		take(iov, n);
		session_written(conversation.session, n);
		most -= n;
	}
	while (conversation.heard_size &&
	       (n = hear(conversation.heard + at, conversation.heard_size - at)))
		at += n;
	conversation.heard_size -= at;
	if (conversation.heard_size)
		memmove(conversation.heard, conversation.heard + at, conversation.heard_size);
}

/* --- beginning and end ------------------------------------------------------ */

static void on_opened(void *owner, int status)
{
	conversation.opened = true;
	conversation.over = conversation.over || status < 0;
}

static void on_output(void *owner)
{
}

static void on_left(void *owner)
{
	fuzz_assert(!conversation.left);
	conversation.left = true;
}

static void on_ended(void *owner)
{
	fuzz_assert(!conversation.ended);
	conversation.ended = true;
}

static const struct session_ops ops = {
	.opened = on_opened,
	.output = on_output,
	.left = on_left,
	.ended = on_ended,
};

static void choose_limits(struct input *input)
{
	struct limits *limits = &conversation.limits;

	*limits = (struct limits)LIMITS_DEFAULT;
	if (!input_once_in(input, 2))
		return;
	limits->requests = 1 + input_upto(input, 7);
	limits->parked = 1 + input_upto(input, 15);
	limits->bytes = 1 + input_upto(input, 20000);
	limits->all_requests = input_upto(input, 7);
}

void conversation_begin(struct input *input, struct device *device)
{
	uint8_t flags = input_u8(input);
	uint32_t features = (flags & 1 ? SUBURB_WIRE_FEATURE_DIGEST : 0) |
			    (flags & 2 ? SUBURB_WIRE_FEATURE_STREAMS : 0);
	int ret;

	conversation = (struct conversation){ .device = device, .digest = flags & 1 };
	conversation.devid = suburb_devid(device->backend->busnum, device->backend->devnum);
	if (flags & 4)
		conversation.piece = 1 + input_upto(input, 100);
	choose_limits(input);
	ret = session_new(&conversation.session, device, &conversation.limits, &ops, NULL);
	fuzz_assert(ret >= 0);
	conversation.opened = ret == 0;
	session_agree(conversation.session, features);
}

void conversation_unlink_all(void)
{
	unsigned int count = conversation.count;

	for (unsigned int i = 0; i < count; i++)
		if (!conversation.said[i].unlink && !conversation.said[i].answered)
			say_unlink((int)i);
}

bool conversation_all_answered(void)
{
	for (unsigned int i = 0; i < conversation.count; i++)
		if (!conversation.said[i].answered)
			return false;
	return true;
}

void conversation_check_answered(void)
{
	conversation_listen(SIZE_MAX);
	fuzz_assert(!conversation.heard_size);
	fuzz_assert(conversation_all_answered());
}

void conversation_end(void (*turn)(void))
{
	if (session_stop(conversation.session) == 0)
		conversation.ended = true;
	while (!conversation.ended)
		turn();
	free(conversation.heard);
}
