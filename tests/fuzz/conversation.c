// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The importer of a fuzz target. See conversation.h.
 */
#include <suburb/extension.h>

#include "exporter/overtaken.h"

#include "conversation.h"

#define FIRST_SEQNUM 0x100
/* Beyond this no payload is sent, whatever was announced: the session is broken. */
#define LARGEST_PAYLOAD 70000
/* By this much apart, most numbers fall into one bucket of the pipeline's. */
#define STRIDE_ONE_BUCKET 10946

struct conversation conversation;

/* --- saying ---------------------------------------------------------------- */

/* In memory that ends where it ends. */
static void say_input(const uint8_t *bytes, size_t size)
{
	struct suburb_violation violation = { NULL, 0 };
	uint8_t *copy = malloc(size);

	fuzz_assert(copy);
	memcpy(copy, bytes, size);
	if (session_input(conversation.session, copy, size, &violation) < 0) {
		fuzz_assert(violation.field);
		if (!conversation.wrong)
			fprintf(stderr, "refused: %s, %#x\n", violation.field, violation.value);
		fuzz_assert(conversation.wrong);
		conversation.over = true;
	}
	free(copy);
}

/* As a connection does it: into the request's own memory where that is offered. */
static void say_piece(const uint8_t *bytes, size_t size)
{
	while (size && !conversation.over) {
		struct iovec space = session_space(conversation.session);
		size_t n = space.iov_len < size ? space.iov_len : size;

		if (!n) {
			say_input(bytes, size);
			return;
		}
		memcpy(space.iov_base, bytes, n);
		session_filled(conversation.session, n);
		bytes += n;
		size -= n;
	}
}

void conversation_dribble(size_t most)
{
	size_t at, n;

	if (conversation.unsaid_size && !session_wants_input(conversation.session))
		conversation_listen(SIZE_MAX);
	if (most > conversation.unsaid_size)
		most = conversation.unsaid_size;
	for (at = 0; at < most && !conversation.over; at += n) {
		n = most - at;
		if (conversation.piece && conversation.piece < n)
			n = conversation.piece;
		say_piece(conversation.unsaid + at, n);
	}
	conversation.unsaid_size -= at;
	if (conversation.unsaid_size)
		memmove(conversation.unsaid, conversation.unsaid + at, conversation.unsaid_size);
	else
		conversation.held = 0;
}

/* Everything that was held back. */
static void say_held(void)
{
	conversation_dribble(SIZE_MAX);
	fuzz_assert(conversation.over || !conversation.wrong);
}

static void say(const void *bytes, size_t size)
{
	conversation.unsaid = realloc(conversation.unsaid, conversation.unsaid_size + size + 1);
	fuzz_assert(conversation.unsaid);
	if (size)
		memcpy(conversation.unsaid + conversation.unsaid_size, bytes, size);
	conversation.unsaid_size += size;
}

static void say_digest(const void *bytes, size_t size, bool wrong)
{
	uint32_t crc = suburb_crc32c(0, bytes, size);
	__be32 digest = __cpu_to_be32(wrong ? crc + 1 : crc);

	if (!conversation.digest || !size)
		return;
	say(&digest, sizeof(digest));
	conversation.wrong |= wrong;
}

static void end_message(void)
{
	if (conversation.held++ >= conversation.joined || conversation.wrong)
		say_held();
}

static struct said *remember(void)
{
	struct said *said = &conversation.said[conversation.count++];

	*said = (struct said){ .target = -1, .answered = true };
	return said;
}

static uint32_t seqnum_of(unsigned int index)
{
	return FIRST_SEQNUM + index * conversation.stride;
}

static uint32_t number(struct said *said)
{
	said->sent = true;
	said->answered = false;
	said->order = ++conversation.sent;
	return seqnum_of((unsigned int)(said - conversation.said));
}

static bool may_say(unsigned int messages)
{
	return !conversation.over && conversation.count + messages <= CONVERSATION_MESSAGES;
}

/* One whose number is given away already, if there is one. */
static struct said *promised(void)
{
	for (unsigned int i = 0; i < conversation.count; i++)
		if (!conversation.said[i].sent)
			return &conversation.said[i];
	return NULL;
}

uint8_t conversation_byte(const struct said *said, uint32_t at)
{
	return (uint8_t)((said - conversation.said) * 29 + at * 7 + (at >> 8));
}

struct said *conversation_said(uint32_t seqnum)
{
	uint32_t index = (seqnum - FIRST_SEQNUM) / conversation.stride;

	fuzz_assert(index < conversation.count && seqnum == seqnum_of(index));
	return &conversation.said[index];
}

/* --- what is said ------------------------------------------------------------ */

void conversation_aim(struct input *input, struct suburb_submit *submit, int type)
{
	const struct endpoint_table *table = &conversation.device->endpoints;
	uint8_t choice = input_u8(input);
	uint8_t there[30], n = 0;

	for (uint8_t number = 1; number < 16; number++)
		for (uint8_t in = 0; in < 2; in++)
			if (table->present[in] & 1u << number &&
			    (type < 0 || table->type[in][number] == type))
				there[n++] = (uint8_t)(number << 1 | in);
	if (n && choice < 240)
		choice = there[choice % n];
	submit->direction = choice & 1;
	submit->ep = choice >> 1 & 15;
}

void conversation_spoil(struct input *input, struct suburb_submit *submit)
{
	uint32_t *const fields[] = {
		&submit->devid,	 &submit->direction,   &submit->ep,	  &submit->transfer_flags,
		&submit->length, &submit->start_frame, &submit->packets, &submit->interval,
	};

	while (input_once_in(input, 8)) {
		uint32_t *field = fields[input_upto(input, 7)];

		*field = input_number(input, *field);
	}
}

/* Of the payload that was said, what is behind its data. */
static void keep_packets(struct said *said, const uint8_t *at, size_t size)
{
	if (!size)
		return;
	said->packets = malloc(size);
	fuzz_assert(said->packets);
	memcpy(said->packets, at, size);
}

/* Bytes of a payload in the making. */
static uint8_t *payload_of(struct input *input, struct said *said, size_t need, const void *bytes,
			   size_t size)
{
	size_t data = said->submit.direction == SUBURB_DIR_OUT ? said->submit.length : 0;
	uint8_t *payload = calloc(1, need + 1);

	fuzz_assert(payload);
	for (size_t i = 0; i < data; i++)
		payload[i] = conversation_byte(said, (uint32_t)i);
	said->plain = !bytes && !input_once_in(input, 4);
	if (bytes)
		memcpy(payload, bytes, size < need ? size : need);
	else if (!said->plain)
		input_bytes(input, payload, data < 64 ? data : 64);
	return payload;
}

/* What may go wrong with a message, once in a while. */
enum mishap { WELL, HEADER_DIGEST, PAYLOAD_DIGEST, NO_COMMAND, CUT };

static void say_header(struct input *input, struct suburb_wire_header *header, enum mishap mishap)
{
	uint32_t command = mishap == NO_COMMAND ? input_u32(input) : SUBURB_CMD_SUBMIT;

	if (command != SUBURB_CMD_SUBMIT && command != SUBURB_CMD_UNLINK) {
		header->command = __cpu_to_be32(command);
		conversation.wrong = true;
	}
	say(header, sizeof(*header));
	say_digest(header, sizeof(*header), mishap == HEADER_DIGEST);
}

/* Has said all that it can, and goes away in the middle. */
static void break_off(void)
{
	say_held();
	conversation.over = true;
}

/* @bytes: what the payload begins with; @descriptors: of it, behind its data. */
static void submit_all(struct input *input, struct said *said, const void *bytes, size_t size,
		       const struct suburb_wire_iso *descriptors, size_t count)
{
	const struct suburb_submit *submit = &said->submit;
	size_t data = submit->direction == SUBURB_DIR_OUT ? submit->length : 0;
	enum mishap mishap = input_u8(input);
	uint64_t need = request_payload(submit, said->iso);
	struct suburb_wire_header header;
	uint8_t *payload;

	suburb_put_submit(&header, submit);
	conversation.wrong = data > SUBURB_WIRE_MAX_LENGTH;
	say_header(input, &header, mishap);
	if (conversation.wrong || need > LARGEST_PAYLOAD) {
		break_off();
		return;
	}
	payload = payload_of(input, said, need, bytes, size);
	if (count > (need - data) / sizeof(*descriptors))
		count = (need - data) / sizeof(*descriptors);
	if (count)
		memcpy(payload + data, descriptors, count * sizeof(*descriptors));
	keep_packets(said, payload + data, need - data);
	say(payload, mishap == CUT ? need / 2 : need);
	if (mishap != CUT)
		say_digest(payload, need, mishap == PAYLOAD_DIGEST);
	free(payload);
	if (mishap == CUT && need)
		break_off();
	else
		end_message();
}

static bool is_iso(const struct suburb_submit *submit)
{
	const struct endpoint_table *known = &conversation.known;
	uint32_t in = submit->direction;

	return in < 2 && submit->ep < 16 && known->present[in] & 1u << submit->ep &&
	       known->type[in][submit->ep] == ENDPOINT_ISO;
}

static struct said *begin_submit(struct input *input, const struct suburb_submit *submit)
{
	struct said *said = promised();

	if (!said || input_once_in(input, 8))
		said = remember();
	said->submit = *submit;
	said->submit.seqnum = number(said);
	said->iso = is_iso(submit);
	return said;
}

void conversation_submit(struct input *input, struct suburb_submit submit, const void *payload,
			 size_t size)
{
	if (may_say(1))
		submit_all(input, begin_submit(input, &submit), payload, size, NULL, 0);
}

/* One after the other, perhaps with gaps, and then some of them otherwise. */
static void lay_out(struct input *input, struct suburb_wire_iso *packets, uint32_t count,
		    uint32_t each, uint32_t distance)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct suburb_iso iso = { .offset = i * distance, .length = each };

		suburb_put_iso(&packets[i], &iso);
	}
	while (input_once_in(input, 3)) {
		struct suburb_wire_iso *packet = &packets[input_upto(input, count - 1)];
		struct suburb_iso iso = { 0 };
		uint32_t *const fields[] = { &iso.offset, &iso.length, &iso.actual_length };
		uint32_t *field = fields[input_upto(input, 2)];

		suburb_get_iso(packet, sizeof(*packet), &iso);
		*field = input_number(input, *field);
		suburb_put_iso(packet, &iso);
	}
}

void conversation_packets(struct input *input, uint32_t transfer_flags)
{
	static const uint32_t usual[] = { 0, 1, 8, 192, 196, 640, 1023, 1024 };
	static const uint32_t most[] = { SUBURB_WIRE_MAX_PACKETS, SUBURB_WIRE_MAX_PACKETS + 1, 40 };
	struct suburb_submit submit = { .devid = conversation.devid };
	struct suburb_wire_iso packets[SUBURB_WIRE_MAX_PACKETS + 1];
	uint32_t count = 1 + input_upto(input, 11), each = usual[input_upto(input, 7)];
	uint32_t distance, length;
	uint8_t shape;

	if (!may_say(1))
		return;
	conversation_aim(input, &submit, ENDPOINT_ISO);
	if (count == 12)
		count = most[input_upto(input, 2)];
	if (count * each > LARGEST_PAYLOAD / 2)
		each = 16;
	shape = input_u8(input);
	distance = each + (shape % 3 == 2 ? input_u8(input) % 32 : 0);
	length = count * distance;
	if (shape >= 240) { /* halfway over each other */
		distance = each / 2;
		length = shape & 1 ? count * each : (count + 1) * distance;
	}
	submit.transfer_flags = transfer_flags;
	submit.packets = count;
	submit.length = length;
	lay_out(input, packets, count, each, distance);
	conversation_spoil(input, &submit);
	submit_all(input, begin_submit(input, &submit), NULL, 0, packets, count);
}

static void say_unlink(int target)
{
	struct suburb_wire_header header;
	struct suburb_unlink unlink = { .devid = conversation.devid };
	struct said *said;

	if (!may_say(1))
		return;
	said = remember();
	said->unlink = true;
	said->target = target;
	unlink.seqnum = number(said);
	unlink.target = target < 0 ? 1 : seqnum_of((unsigned int)target);
	suburb_put_unlink(&header, &unlink);
	say(&header, sizeof(header));
	say_digest(&header, sizeof(header), false);
	end_message();
}

void conversation_unlink(struct input *input)
{
	uint8_t which = input_u8(input);

	if (!conversation.count || which >= 250)
		say_unlink(-1);
	else if (which >= 240) /* one that comes only later, or never */
		say_unlink((int)conversation.count + 1 + which % 4);
	else /* mostly one of the last */
		say_unlink((int)(conversation.count - 1 - which % conversation.count));
}

void conversation_overtake(struct input *input)
{
	unsigned int count = input_once_in(input, 16) ? OVERTAKEN_MAX + 2
						      : 1 + input_upto(input, 3);
	unsigned int first = conversation.count;

	if (!may_say(2 * count))
		return;
	for (unsigned int i = 0; i < count; i++)
		remember();
	for (unsigned int i = 0; i < count; i++)
		say_unlink((int)(first + i));
}

/* --- hearing --------------------------------------------------------------- */

static struct said *said_by(uint32_t seqnum, bool unlink)
{
	struct said *said = conversation_said(seqnum);

	fuzz_assert(said->unlink == unlink && !said->answered);
	return said;
}

static bool digest_is_right(const uint8_t *bytes, size_t size)
{
	__be32 digest;

	memcpy(&digest, bytes + size, sizeof(digest));
	return __be32_to_cpu(digest) == suburb_crc32c(0, bytes, size);
}

static void get_iso(const void *packets, uint32_t index, struct suburb_iso *iso)
{
	suburb_get_iso((const struct suburb_wire_iso *)packets + index,
		       sizeof(struct suburb_wire_iso), iso);
}

/* Judged as the module judges it. */
static void check_packets(const struct said *said, const struct suburb_ret_submit *ret,
			  const uint8_t *at)
{
	struct suburb_violation violation;
	struct suburb_iso iso, asked;
	uint64_t moved = 0;

	for (uint32_t i = 0; i < ret->packets; i++) {
		get_iso(at, i, &iso);
		get_iso(said->packets, i, &asked);
		fuzz_assert(!suburb_check_iso(&iso, asked.offset, asked.length, &violation));
		fuzz_assert(iso.length == asked.length);
		fuzz_assert(iso.offset <= said->submit.length);
		fuzz_assert(iso.length <= said->submit.length - iso.offset);
		moved += iso.actual_length;
	}
	fuzz_assert(moved == ret->actual_length);
}

static void check_echo(const struct said *said, const uint8_t *at, uint32_t size, uint32_t from)
{
	for (uint32_t i = 0; i < size; i++)
		fuzz_assert(at[i] == conversation_byte(said, from + i));
}

/* That of the packets lies together, whatever was missing between them. */
static void check_data(const struct said *said, const struct suburb_ret_submit *ret,
		       const uint8_t *at, const uint8_t *packets)
{
	uint32_t from = 0;

	if (!conversation.echoes || said->submit.setup[0] == SUBURB_REQUEST_IN)
		return;
	if (!said->iso)
		check_echo(said, at, ret->actual_length, 0);
	for (uint32_t i = 0; said->iso && i < ret->packets; i++) {
		struct suburb_iso iso;

		get_iso(packets, i, &iso);
		check_echo(said, at, iso.actual_length, from);
		at += iso.actual_length;
		from += iso.length;
	}
}

/* Bytes of it, SIZE_MAX if some are missing. */
static size_t hear_ret_submit(const struct suburb_ret_submit *ret, const uint8_t *at, size_t left)
{
	struct said *said = said_by(ret->seqnum, false);
	bool in = said->submit.direction == SUBURB_DIR_IN;
	struct suburb_violation violation;
	size_t packets, data, size, whole;

	fuzz_assert(!suburb_check_ret_submit(ret, said->submit.length,
					     said->iso ? said->submit.packets : 0, &violation));
	packets = said->iso ? ret->packets * sizeof(struct suburb_wire_iso) : 0;
	data = in ? ret->actual_length : 0;
	size = data + packets;
	whole = size + (size && conversation.digest ? SUBURB_DIGEST_SIZE : 0);
	if (left < whole)
		return SIZE_MAX;
	if (whole > size)
		fuzz_assert(digest_is_right(at, size));
	if (packets)
		check_packets(said, ret, at + data);
	if (in)
		check_data(said, ret, at, at + data);
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
		fuzz_assert(!target || target->unlink || target->answered ||
			    target->order > said->order);
		return;
	}
	fuzz_assert(target && target->sent && !target->unlink);
	fuzz_assert(!target->answered || target->cancelled);
	target->answered = true;
	target->cancelled = true;
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

void conversation_exchange(void)
{
	say_held();
	conversation_listen(SIZE_MAX);
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

static void on_starved(void *owner)
{
	conversation.starved = true;
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
	.starved = on_starved,
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
	limits->bytes = input_once_in(input, 4) ? 2 * LIMITS_SHARE : 1 + input_upto(input, 20000);
	limits->all_requests = input_upto(input, 7);
	limits->all_bytes = input_once_in(input, 2) ? LIMITS_SHARE + input_u16(input) : 0;
}

void conversation_begin(struct input *input, struct device *device)
{
	uint8_t flags = input_u8(input);
	int ret;

	conversation = (struct conversation){ .device = device, .known = device->all_endpoints };
	conversation.digest = flags & 1;
	conversation.streams = flags & 2;
	conversation.devid = suburb_devid(device->backend->busnum, device->backend->devnum);
	if (flags & 4)
		conversation.piece = 1 + input_upto(input, 100);
	if (flags & 8)
		conversation.joined = 1 + input_upto(input, 7);
	conversation.stride = flags & 16 ? STRIDE_ONE_BUCKET : 1;
	choose_limits(input);
	ret = session_new(&conversation.session, device, &conversation.limits, &ops, NULL);
	fuzz_assert(ret >= 0);
	conversation.opened = ret == 0;
	session_agree(conversation.session,
		      (conversation.digest ? SUBURB_WIRE_FEATURE_DIGEST : 0) |
			      (conversation.streams ? SUBURB_WIRE_FEATURE_STREAMS : 0));
}

void conversation_retry(void)
{
	if (!conversation.starved)
		return;
	conversation.starved = false;
	session_retry(conversation.session);
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
	for (unsigned int i = 0; i < conversation.count && !conversation.over; i++)
		if (!conversation.said[i].answered)
			return false;
	return true;
}

void conversation_check_answered(void)
{
	conversation_exchange();
	fuzz_assert(conversation.over || !conversation.heard_size);
	fuzz_assert(conversation_all_answered());
}

void conversation_end(void (*turn)(void))
{
	if (session_stop(conversation.session) == 0)
		conversation.ended = true;
	while (!conversation.ended)
		turn();
	for (unsigned int i = 0; i < conversation.count; i++)
		free(conversation.said[i].packets);
	free(conversation.unsaid);
	free(conversation.heard);
}
