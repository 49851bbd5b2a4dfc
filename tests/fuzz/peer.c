// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exporter of a fuzz target. See peer.h.
 *
 * What the module sends must be right whatever it was told before: this end
 * is as strict as a protocol test.
 */
#include "peer.h"

struct peer peer;

/* --- what the module says ------------------------------------------------- */

static u32 get_be32(const u8 *bytes)
{
	__be32 wire;

	memcpy(&wire, bytes, sizeof(wire));
	return be32_to_cpu(wire);
}

static size_t header_size(void)
{
	return peer.digest ? sizeof(struct suburb_wire_digested) : sizeof(struct suburb_wire_header);
}

static void check_digest(const u8 *bytes, size_t size)
{
	if (peer.digest)
		fuzz_assert(get_be32(bytes + size) == suburb_crc32c(0, bytes, size));
}

static size_t payload_of(const struct asked *asked)
{
	size_t size = asked->submit.direction == SUBURB_DIR_OUT ? asked->submit.length : 0;

	return size + (asked->iso ? asked->submit.packets * sizeof(struct suburb_wire_iso) : 0);
}

/* Packets lie next to each other, from the first byte to the last. */
static void take_packets(struct asked *asked, const u8 *at)
{
	struct suburb_iso iso;
	u32 offset = 0, i;

	fuzz_assert(asked->submit.packets && asked->submit.packets <= PEER_PACKETS);
	for (i = 0; i < asked->submit.packets; i++) {
		suburb_get_iso(at + i * sizeof(struct suburb_wire_iso),
			       sizeof(struct suburb_wire_iso), &iso);
		fuzz_assert(iso.offset == offset && !iso.actual_length && !iso.status);
		asked->lengths[i] = iso.length;
		offset += iso.length;
	}
	fuzz_assert(offset == asked->submit.length);
}

/* Returns its size with all that belongs to it, 0 if some is missing. */
static size_t take_submit(const struct suburb_submit *submit, const u8 *at, size_t left)
{
	struct suburb_violation violation;
	struct asked asked = { .submit = *submit, .iso = submit->ep == 3 };
	size_t head = header_size(), size = payload_of(&asked);
	size_t whole = head + size + (size && peer.digest ? SUBURB_DIGEST_SIZE : 0);

	if (left < whole)
		return 0;
	fuzz_assert(submit->devid == peer.devid);
	fuzz_assert(!suburb_check_submit(submit, asked.iso, &violation));
	fuzz_assert(asked.iso || !submit->packets);
	if (size)
		check_digest(at + head, size);
	if (asked.iso)
		take_packets(&asked, at + whole - (size && peer.digest ? SUBURB_DIGEST_SIZE : 0) -
					     submit->packets * sizeof(struct suburb_wire_iso));
	fuzz_assert(peer.count < PEER_ASKED);
	peer.asked[peer.count++] = asked;
	peer.submitted(&asked, at + head);
	return whole;
}

static void say_unlinked(u32 seqnum, s32 status);

static size_t take_unlink(const struct suburb_unlink *unlink)
{
	bool found = false;
	unsigned int i;

	fuzz_assert(unlink->devid == peer.devid);
	for (i = 0; i < peer.count; i++) {
		if (peer.asked[i].submit.seqnum != unlink->target)
			continue;
		fuzz_assert(!peer.asked[i].unlink);
		peer.asked[i].unlink = unlink->seqnum;
		found = true;
	}
	fuzz_assert(unlink->target && unlink->target < unlink->seqnum);
	/* The answer and the unlink have crossed. */
	if (!found)
		say_unlinked(unlink->seqnum, 0);
	return header_size();
}

/* The size of the message that is there, 0 if it is not whole. */
static size_t take_message(const u8 *at, size_t left)
{
	const struct suburb_wire_header *wire = (const void *)at;
	struct suburb_command command;
	size_t size;

	if (left < header_size())
		return 0;
	check_digest(at, sizeof(*wire));
	fuzz_assert(suburb_get_command(wire, sizeof(*wire), &command) > 0);
	fuzz_assert(get_be32(at + 4) == peer.seqnum + 1);
	size = command.command == SUBURB_CMD_SUBMIT ?
		       take_submit(&command.submit, at, left) : take_unlink(&command.unlink);
	if (size)
		peer.seqnum++;
	return size;
}

static void on_sent(struct machine_socket *s, const void *bytes, size_t size)
{
	size_t at = 0, whole;

	peer.out = realloc(peer.out, peer.out_size + size);
	memcpy(peer.out + peer.out_size, bytes, size);
	peer.out_size += size;
	while ((whole = take_message(peer.out + at, peer.out_size - at)))
		at += whole;
	peer.out_size -= at;
	memmove(peer.out, peer.out + at, peer.out_size);
}

/* --- what it answers ------------------------------------------------------ */

/* All of a reply behind its header. */
static void send_reply(const struct suburb_wire_header *header, const u8 *tail, size_t size)
{
	__be32 digest = cpu_to_be32(suburb_crc32c(0, header, sizeof(*header)));

	machine_receive(peer.socket, header, sizeof(*header));
	if (peer.digest)
		machine_receive(peer.socket, &digest, sizeof(digest));
	if (!size)
		return;
	digest = cpu_to_be32(suburb_crc32c(0, tail, size));
	machine_receive(peer.socket, tail, size);
	if (peer.digest)
		machine_receive(peer.socket, &digest, sizeof(digest));
}

static void say_unlinked(u32 seqnum, s32 status)
{
	struct suburb_ret_unlink ret = { .seqnum = seqnum, .status = status };
	struct suburb_wire_header header;

	suburb_put_ret_unlink(&header, &ret);
	send_reply(&header, NULL, 0);
}

static void forget(unsigned int index)
{
	memmove(&peer.asked[index], &peer.asked[index + 1],
		(peer.count - index - 1) * sizeof(peer.asked[0]));
	peer.count--;
}

/* What a packet says is possible, but not what the header says of all of them. */
static void lie_plausibly(struct input *input, struct suburb_wire_iso *wire, u32 packets)
{
	struct suburb_iso iso;

	wire += input_upto(input, packets - 1);
	suburb_get_iso(wire, sizeof(*wire), &iso);
	iso.actual_length = input_once_in(input, 2) ? iso.length : input_upto(input, iso.length);
	suburb_put_iso(wire, &iso);
}

/* One field is not what it should be. */
static void lie(struct input *input, struct suburb_wire_header *header, struct suburb_wire_iso *iso,
		u32 packets)
{
	size_t word = input_upto(input, 11);
	__be32 *field = (__be32 *)header + word;
	u32 was;

	peer.honest = false;
	if (packets && input_u8(input) & 1) {
		lie_plausibly(input, iso, packets);
		return;
	}
	if (packets && input_u8(input) & 1)
		field = (__be32 *)&iso[input_upto(input, packets - 1)] + word % 4;
	memcpy(&was, field, sizeof(was));
	was = cpu_to_be32(input_number(input, be32_to_cpu(was)));
	memcpy(field, &was, sizeof(was));
}

static u32 fill_packets(const struct asked *asked, struct suburb_wire_iso *wire,
			struct input *input)
{
	struct suburb_iso iso = {};
	u32 total = 0, i;

	for (i = 0; i < asked->submit.packets; i++) {
		iso.length = asked->lengths[i];
		iso.actual_length = iso.length;
		if (input)
			iso.actual_length = min(iso.length, (u32)input_u8(input) * 4);
		iso.status = input && input_once_in(input, 8) ? -SUBURB_EXDEV : 0;
		suburb_put_iso(&wire[i], &iso);
		iso.offset += iso.length;
		total += iso.actual_length;
	}
	return total;
}

/* @input NULL: no choice */
static void answer(unsigned int index, struct input *input)
{
	const struct asked *asked = &peer.asked[index];
	bool in = asked->submit.direction == SUBURB_DIR_IN;
	struct suburb_ret_submit ret = {
		.seqnum = asked->submit.seqnum,
		.actual_length = asked->submit.length,
		.packets = asked->submit.packets,
	};
	struct suburb_wire_iso *iso;
	struct suburb_wire_header header;
	size_t size;
	u8 *tail;
	u32 i;

	if (input && input_once_in(input, 4))
		ret.status = -(s32)input_u8(input);
	if (input && input_once_in(input, 2))
		ret.actual_length = input_upto(input, asked->submit.length);
	/* With an error no packet need be told of. */
	if (input && asked->iso && ret.status && input_u8(input) & 1)
		ret.packets = ret.actual_length = 0;
	tail = malloc(asked->submit.length + asked->submit.packets * sizeof(*iso) + 1);
	iso = (void *)(tail + asked->submit.length);
	if (asked->iso && ret.packets)
		ret.actual_length = fill_packets(asked, iso, input);
	size = in ? ret.actual_length : 0;
	for (i = 0; i < size; i++)
		tail[i] = peer_byte(ret.seqnum, i);
	suburb_put_ret_submit(&header, &ret);
	if (input && input_once_in(input, asked->iso ? 2 : 4))
		lie(input, &header, iso, asked->iso ? ret.packets : 0);
	if (asked->iso) {
		memmove(tail + size, iso, ret.packets * sizeof(*iso));
		size += ret.packets * sizeof(*iso);
	}
	if (input && input_once_in(input, 16)) {
		peer.honest = false;
		size = input_upto(input, (u32)size);
	}
	send_reply(&header, tail, size);
	free(tail);
	if (asked->unlink)
		say_unlinked(asked->unlink, 0);
	forget(index);
}

void peer_answer(unsigned int index)
{
	u32 unlink = peer.asked[index].unlink;

	if (!unlink) {
		answer(index, NULL);
		return;
	}
	say_unlinked(unlink, -SUBURB_ECONNRESET);
	forget(index);
}

void peer_say(struct input *input, unsigned int index)
{
	answer(index, input);
}

void peer_say_unlinked(struct input *input, unsigned int index)
{
	struct suburb_ret_unlink ret = { .seqnum = peer.asked[index].unlink };
	struct suburb_wire_header header;

	if (!ret.seqnum) {
		peer.honest = false;
		ret.seqnum = input_number(input, peer.seqnum);
	}
	ret.status = -SUBURB_ECONNRESET;
	suburb_put_ret_unlink(&header, &ret);
	if (input_once_in(input, 4))
		lie(input, &header, NULL, 0);
	send_reply(&header, NULL, 0);
	if (peer.asked[index].unlink)
		forget(index);
}

void peer_guess(struct input *input)
{
	struct suburb_ret_submit ret = { .seqnum = peer.seqnum + 1 + input_upto(input, 2) };
	struct suburb_wire_header header;

	peer.honest = false;
	suburb_put_ret_submit(&header, &ret);
	send_reply(&header, NULL, 0);
}

void peer_babble(struct input *input)
{
	u8 bytes[64];
	size_t size = input_upto(input, sizeof(bytes));

	peer.honest = false;
	input_bytes(input, bytes, size);
	machine_receive(peer.socket, bytes, size);
}

/* --- beginning and end ---------------------------------------------------- */

void peer_begin(struct machine_socket *socket, bool digest, u32 devid,
		void (*submitted)(const struct asked *asked, const u8 *payload))
{
	peer = (struct peer){
		.socket = socket,
		.digest = digest,
		.honest = true,
		.devid = devid,
		.submitted = submitted,
	};
	socket->sent = on_sent;
}

void peer_end(void)
{
	free(peer.out);
	peer.out = NULL;
}
