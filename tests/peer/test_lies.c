// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile importer: every field of every message to suburbd at every value
 * of lie.h, by itself and in pairs, before anything else was asked and while
 * requests are pending, in one piece and byte by byte, with the bytes behind
 * it that it claims and with those of the truth.
 *
 * Where the stream stays in step the answer is one reply, and the next request
 * is served; but a command that there is not, or an OUT longer than any URB,
 * ends the link, with a line in the log that names the field. Where it does not,
 * suburbd may wait for more, or end the link; what it says are replies that it
 * owes. The honest importer beside is served after every case.
 *
 *   PEER_SEED=n, PEER_PAIRS=n     see lie.h
 *   PEER_CASE='bulk-out pending ep=0x10 length=0x5'    only this one, which is
 *                                 how a case that failed is told
 */
#include <limits.h>
#include <stdio.h>

#include "lie.h"
#include "talk.h"
#include "watch.h"

#define NEIGHBOUR "99-1"
#define LOOPBACK "99-2"
#define SOURCE_SINK "99-3"
#define DISK "99-4"

#define PROBE 0x50524f42
#define PENDING 0x7e000001
#define PENDING_COUNT 3
#define TOLD 0x100
#define BODY_MOST (1 << 20)
/* For a reply that may never come: the far side waits for more of us. */
#define QUIET_MS 30

static struct exporter exporter;
static char disk_name[] = "/tmp/suburbd-peer.XXXXXX";
static struct talk talk;
struct lie_case;

static unsigned int cases;
static const struct lie_case *now_told;

static const uint8_t source_sink_iso[] = { 0x83, 0x03, 0 };

/* --- messages ------------------------------------------------------------- */

/**
 * struct message - one that lies are told in
 * @body: what the lies are about, in place of the header: its layout
 */
struct message {
	const char *name;
	const char *busid;
	uint32_t features;
	struct suburb_submit submit;
	uint32_t target; /* of an unlink */
	bool unlink;
	const struct layout *body;
};

#define SETUP(...) .setup = { __VA_ARGS__ }
#define ISO .packets = 4, .transfer_flags = SUBURB_URB_ISO_ASAP
#define TO(direction_, ep_, length_) .direction = (direction_), .ep = (ep_), .length = (length_)

#define DIGEST SUBURB_WIRE_FEATURE_DIGEST

static const struct message messages[] = {
#define SAY(name_, busid_, ...) { .name = (name_), .busid = (busid_), __VA_ARGS__ }
	SAY("control-in", LOOPBACK, .submit = { TO(1, 0, 18), SETUP(0x80, 6, 0, 1, 0, 0, 18, 0) }),
	SAY("control-out", LOOPBACK,
	    .submit = { TO(0, 0, 16), SETUP(0x40, 0x5b, 0, 0, 0, 0, 16, 0) }),
	SAY("set-interface", LOOPBACK, .submit = { TO(0, 0, 0), SETUP(1, 11, 1, 0, 0, 0, 0, 0) }),
	SAY("clear-halt", LOOPBACK, .submit = { TO(0, 0, 0), SETUP(2, 1, 0, 0, 0x81, 0, 0, 0) }),
	SAY("bulk-in", LOOPBACK, .submit = { TO(1, 3, 512) }),
	SAY("bulk-out", LOOPBACK, .submit = { TO(0, 3, 64) }),
	SAY("interrupt-in", LOOPBACK, .submit = { TO(1, 2, 64) }),
	SAY("bulk-out-digest", LOOPBACK, .features = DIGEST, .submit = { TO(0, 3, 64) }),
	SAY("unlink-pending", LOOPBACK, .unlink = true, .target = PENDING),
	SAY("unlink-unknown", LOOPBACK, .unlink = true, .target = 77),
	SAY("unlink-digest", LOOPBACK, .features = DIGEST, .unlink = true, .target = PENDING),
	SAY("iso-in", SOURCE_SINK, .submit = { TO(1, 3, 256), ISO }),
	SAY("iso-out", SOURCE_SINK, .submit = { TO(0, 3, 256), ISO }),
	SAY("iso-in-packet", SOURCE_SINK, .submit = { TO(1, 3, 256), ISO }, .body = &layout_iso),
	SAY("iso-out-packet", SOURCE_SINK, .features = DIGEST, .submit = { TO(0, 3, 256), ISO },
	    .body = &layout_iso),
	SAY("alloc-streams", DISK, .features = SUBURB_WIRE_FEATURE_STREAMS,
	    .submit = { TO(0, 0, 2), SETUP(0x7f, 1, 16, 0, 0, 0, 2, 0) }),
	SAY("alloc-streams-of", DISK, .features = SUBURB_WIRE_FEATURE_STREAMS,
	    .submit = { TO(0, 0, 2), SETUP(0x7f, 1, 16, 0, 0, 0, 2, 0) }, .body = &layout_endpoints),
	SAY("free-streams", DISK, .features = SUBURB_WIRE_FEATURE_STREAMS,
	    .submit = { TO(0, 0, 2), SETUP(0x7f, 2, 0, 0, 0, 0, 2, 0) }),
	SAY("count-streams", DISK, .features = SUBURB_WIRE_FEATURE_STREAMS,
	    .submit = { TO(1, 0, 2), SETUP(0xff, 1, 0, 0, 0x83, 0, 2, 0) }),
	SAY("stream-in", DISK, .features = SUBURB_WIRE_FEATURE_STREAMS,
	    .submit = { TO(1, 3, 512), .start_frame = 1 }),
};


static const struct layout *layout_of(const struct message *message)
{
	return message->body ? message->body :
	       message->unlink ? &layout_unlink : &layout_submit;
}

static void put_header(const struct message *message, struct suburb_wire_header *header)
{
	if (message->unlink) {
		const struct suburb_unlink unlink = { TOLD, talk.devid, message->target };

		suburb_put_unlink(header, &unlink);
	} else {
		struct suburb_submit submit = message->submit;

		submit.seqnum = TOLD;
		submit.devid = talk.devid;
		suburb_put_submit(header, &submit);
	}
}

/* Descriptors, as many as are claimed: right ones of 64 bytes each. */
static void put_packets(uint8_t *at, size_t size)
{
	for (uint32_t i = 0; i < size / sizeof(struct suburb_wire_iso); i++) {
		const struct suburb_iso iso = { .offset = 64 * i, .length = 64 };

		suburb_put_iso((struct suburb_wire_iso *)at + i, &iso);
	}
}

/* Endpoints of a UAS disk that may have streams, or any bytes. */
static void put_body(const struct message *message, uint8_t *body, size_t size, uint32_t packets)
{
	size_t descriptors = packets * sizeof(struct suburb_wire_iso);

	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t)i;
	if (message->features & SUBURB_WIRE_FEATURE_STREAMS && size >= 2)
		memcpy(body, "\x83\x81", 2);
	if (packets && size >= descriptors)
		put_packets(body + size - descriptors, descriptors);
}

/* --- one case ------------------------------------------------------------- */

/**
 * struct lie_case - one
 * @pending: requests are pending when it is told
 * @loose: what follows the header is what the truth would need
 */
struct lie_case {
	const struct message *message;
	bool pending;
	bool loose;
	enum talk_way way;
	struct lies lies;
};

static const char *text_of(const struct lie_case *c)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s%s%s%s %s", c->message->name, c->pending ? " pending" : "",
		 c->loose ? " loose" : "", c->way == TALK_DRIBBLE ? " dribble" : "",
		 lies_text(&c->lies));
	return text;
}

static struct suburb_submit in_request(uint32_t seqnum, uint32_t ep, uint32_t length)
{
	return (struct suburb_submit){
		.seqnum = seqnum, .devid = talk.devid, .direction = SUBURB_DIR_IN, .ep = ep,
		.length = length,
	};
}

static bool probe(void)
{
	struct suburb_submit submit = in_request(PROBE, 0, 18);

	memcpy(submit.setup, GET_DEVICE_DESCRIPTOR "\x12\x00", 8);
	return talk_submit(&talk, &submit);
}

static void expect_ready(uint32_t seqnum)
{
	struct suburb_reply reply;

	if (talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000) != HEARD_REPLY ||
	    reply.submit.seqnum != seqnum || reply.submit.status)
		fail_msg("not ready: %s", talk.nonsense);
}

static void control(uint32_t seqnum, const char *setup)
{
	struct suburb_submit submit = { .seqnum = seqnum, .devid = talk.devid };

	memcpy(submit.setup, setup, 8);
	talk_submit(&talk, &submit);
	expect_ready(seqnum);
}

/* A device in the state that the message is meant for. */
static void get_ready(const struct lie_case *c)
{
	const char *busid = c->message->busid;

	talk.iso = strcmp(busid, SOURCE_SINK) ? NULL : source_sink_iso;
	if (!talk_open(&talk, &exporter, busid, c->message->features))
		fail_msg("cannot import %s", busid);
	control(1, "\x00\x09\x01\x00\x00\x00\x00\x00");
	if (!strcmp(busid, SOURCE_SINK))
		control(2, "\x01\x0b\x01\x00\x00\x00\x00\x00");
	if (!strcmp(busid, DISK))
		control(2, "\x01\x0b\x01\x00\x00\x00\x00\x00");
	for (uint32_t i = 0; c->pending && i < PENDING_COUNT; i++) {
		struct suburb_submit submit =
			in_request(PENDING + i, strcmp(busid, LOOPBACK) ? 0 : 2, 64);

		if (strcmp(busid, LOOPBACK))
			memcpy(submit.setup, "\x80\x06\x00\x01\x00\x00\x40\x00", 8);
		talk_submit(&talk, &submit);
		talk.owed[talk.count - 1].idle = true;
	}
}

/* Must the link end, and at which field? NULL: it must not. */
static const char *fatal(const void *header)
{
	struct suburb_command command;

	if (suburb_get_command(header, sizeof(struct suburb_wire_header), &command) < 0)
		return "command";
	if (command.command == SUBURB_CMD_SUBMIT && command.submit.direction == SUBURB_DIR_OUT &&
	    command.submit.length > SUBURB_WIRE_MAX_LENGTH)
		return "transfer_buffer_length";
	return NULL;
}

/* Sends the case and the probe. False if the link ended meanwhile. */
static bool tell(const struct lie_case *c, struct suburb_wire_header *header, bool *in_step)
{
	static uint8_t body[BODY_MOST], bytes[BODY_MOST + 128];
	uint64_t honest, size;
	bool sent;

	put_header(c->message, header);
	honest = talk_body(&talk, header);
	if (!c->message->body)
		lies_tell(&c->lies, header);
	size = talk_body(&talk, header);
	*in_step = !c->loose && size <= sizeof(body);
	if (!*in_step)
		size = honest;
	put_body(c->message, body, size,
		 talk.iso ? __be32_to_cpu(header->u.submit.packets) % 0xffff : 0);
	if (c->message->body)
		lies_tell(&c->lies, c->message->body == &layout_iso ?
					    body + size - 2 * sizeof(struct suburb_wire_iso) :
					    body);
	if (talk_owe(&talk, header))
		talk.owed[talk.count - 1].idle = true;
	sent = talk_send(&talk, bytes, talk_put(&talk, bytes, header, body, size), c->way);
	return sent && probe();
}

/* What is owed and has no excuse. */
static unsigned int due(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < talk.count; i++)
		n += !talk.owed[i].idle;
	return n;
}

/* No device has such an endpoint, and we have imported one only. */
static bool can_be(const struct suburb_wire_header *header)
{
	struct suburb_command command;
	const struct suburb_submit *submit = &command.submit;

	suburb_get_command(header, sizeof(*header), &command);
	return command.command != SUBURB_CMD_SUBMIT ||
	       (submit->direction <= SUBURB_DIR_IN && submit->ep <= SUBURB_WIRE_MAX_EP &&
		submit->devid == talk.devid);
}

static enum heard hear_all(const struct suburb_wire_header *header, int ms)
{
	uint32_t seqnum = __be32_to_cpu(header->seqnum);
	struct suburb_reply reply;
	enum heard heard = HEARD_REPLY;

	while (heard == HEARD_REPLY && due()) {
		heard = talk_hear(&talk, &reply, NULL, ms);
		if (heard == HEARD_REPLY && reply.command == SUBURB_RET_SUBMIT &&
		    reply.submit.seqnum == seqnum && !reply.submit.status && !can_be(header))
			fail_msg("%s: what cannot be was done", text_of(now_told));
	}
	return heard;
}

static enum heard hear_the_end(void)
{
	struct suburb_reply reply;
	enum heard heard;

	do
		heard = talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000);
	while (heard == HEARD_REPLY);
	return heard;
}

/* Whatever is still owed is unlinked, and then it comes. */
static void assert_answered(const struct lie_case *c)
{
	struct suburb_reply reply;

	while (talk.count) {
		const struct owed owed = talk.owed[0];

		if (!owed.unlink)
			talk_unlink(&talk, PROBE + 1, owed.seqnum);
		if (talk_hear(&talk, &reply, NULL, PATIENCE_S * 1000) != HEARD_REPLY)
			fail_msg("%s: request 0x%x has no answer: %s", text_of(c), owed.seqnum,
				 talk.nonsense);
	}
}

static void judge(const struct lie_case *c, const struct suburb_wire_header *header, bool sent,
		  bool in_step)
{
	const char *field = fatal(header);
	enum heard heard = HEARD_END;

	if (field)
		heard = hear_the_end();
	else if (sent)
		heard = hear_all(header, in_step ? PATIENCE_S * 1000 : QUIET_MS);
	if (heard == HEARD_NONSENSE)
		fail_msg("%s: %s", text_of(c), talk.nonsense);
	if (!in_step && !field)
		return;
	if (field ? heard != HEARD_END : heard != HEARD_REPLY)
		fail_msg("%s: %s", text_of(c),
			 heard == HEARD_END ? "the link ended" :
			 heard == HEARD_NOTHING ? "no answer" : "the link did not end");
	if (!field)
		assert_answered(c);
}

static void run(const struct lie_case *c)
{
	struct suburb_wire_header header;
	bool in_step, sent;

	cases++;
	now_told = c;
	get_ready(c);
	sent = tell(c, &header, &in_step);
	judge(c, &header, sent, in_step);
	talk_close(&talk);
	watch_neighbour();
}

/* --- all of them ---------------------------------------------------------- */

static void run_ways(struct lie_case *c, unsigned int n)
{
	c->pending = n & 1;
	c->way = n % 7 == 3 ? TALK_DRIBBLE : TALK_WHOLE;
	c->loose = false;
	run(c);
}

static void all_of(const struct message *message)
{
	const struct layout *layout = layout_of(message);
	struct lie_case c = { .message = message };
	struct suburb_wire_header header;
	const void *truth = &header;
	uint32_t seed = lies_seed();
	uint8_t packet[64];

	talk.devid = suburb_devid(99, 2);
	put_header(message, &header);
	if (message->body == &layout_iso) {
		put_packets(packet, sizeof(packet));
		truth = packet + 32;
	} else if (message->body) {
		truth = "\x83\x81";
	}
	for (size_t n = 0; n < lies_singles(layout); n++) {
		lies_single(&c.lies, layout, truth, message->submit.length, n);
		run_ways(&c, (unsigned int)n);
		run_ways(&c, (unsigned int)n + 1);
		c.loose = true;
		run(&c);
	}
	for (unsigned int n = 0; n < lies_pairs(40); n++) {
		lies_pair(&c.lies, layout, truth, message->submit.length, &seed);
		run_ways(&c, n);
	}
}

/* --- cases by their text -------------------------------------------------- */

static const struct message *find_message(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (!strcmp(messages[i].name, name))
			return &messages[i];
	fail_msg("there is no message '%s'", name);
	return NULL;
}

static void run_line(char *line)
{
	char *word = strtok(line, " \n");
	struct lie_case c = { 0 };

	if (!word || *word == '#')
		return;
	c.message = find_message(word);
	while ((word = strtok(NULL, " \n"))) {
		if (!strcmp(word, "pending"))
			c.pending = true;
		else if (!strcmp(word, "loose"))
			c.loose = true;
		else if (!strcmp(word, "dribble"))
			c.way = TALK_DRIBBLE;
		else if (!lies_parse(&c.lies, layout_of(c.message), word))
			fail_msg("'%s' is no lie about %s", word, c.message->name);
	}
	run(&c);
}

/* --- tests ---------------------------------------------------------------- */

static int start(void **state)
{
	char disk[64];
	const char *const args[] = { "--limit", "connection-rate=0", "--emulate", "loopback",
				     "--emulate", "loopback", "--emulate", "usbtest", "--emulate",
				     disk, NULL };
	int fd = mkstemp(disk_name);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	snprintf(disk, sizeof(disk), "uas:%s", disk_name);
	exporter_start(&exporter, args);
	watch_begin(&exporter, NEIGHBOUR);
	return 0;
}

static int stop(void **state)
{
	watch_end();
	unlink(disk_name);
	exporter_stop(&exporter);
	printf("# hostile importer: %u cases, seed %u\n", cases, lies_seed());
	return 0;
}

static int hang_up_left_over(void **state)
{
	if (talk.fd > 0)
		hang_up(talk.fd);
	return 0;
}

static void every_field_of_every_message(void **state)
{
	char *line = getenv("PEER_CASE");
	struct held before;

	if (line) {
		run_line(strdup(line));
		return;
	}
	all_of(&messages[0]); /* and has all the memory that it needs for such things */
	before = held_by(&exporter);
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		all_of(&messages[i]);
	assert_held(&exporter, &before, 512);
}

static void what_ended_a_link_is_in_the_log(void **state)
{
	unsigned int lines;

	if (getenv("PEER_CASE"))
		skip();
	lines = logged(&exporter, "closed: this is not USB/IP");
	assert_true(lines > 1);
	assert_true(lines < 100);
	assert_int_equal(lines, logged(&exporter, "1.1.1: command 0x") +
					logged(&exporter, "1.1.1: transfer_buffer_length 0x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_field_of_every_message, hang_up_left_over),
		cmocka_unit_test_teardown(what_ended_a_link_is_in_the_log, hang_up_left_over),
	};

	return cmocka_run_group_tests_name("lies", tests, start, stop);
}
