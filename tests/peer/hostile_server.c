// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_server - an exporter that lies to the kernel: every field of every
 * reply at every value of lie.h, by itself and in pairs, as the answer to each
 * kind of request, before it was asked, when it was answered already, and when
 * it was unlinked; whole and byte by byte.
 *
 *   hostile_server [-s SPEED] [-f FEATURE]... [-p PAIRS] [-r SEED] [-k PART/PARTS] [CASE]
 *
 *   SPEED     high (default) or super
 *   FEATURE   digest
 *   CASE      "ret-submit bulk-in during actual_length=0x41": only this one, which is
 *             how a case that failed is told
 *
 * What must follow: the link ends, for the reason PROTOCOL (or DIGEST), every URB
 * comes back with an error, the line in the kernel's log names the field; or the
 * reply is one that might be true, and then it is believed, but for no byte more
 * than was asked for. The honest device beside answers after each case. Prints
 * TAP; needs root, suburb-hcd, and suburb_urbs.ko beside it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lie.h"
#include "scene.h"

#define BACK_MS 10000
#define BODY_MOST 65536
/* The number of a message of which it is not known yet; lies beside it are beside the real one. */
#define SOME_SEQNUM 0x70000000

/* When it is said. */
enum moment {
	BEFORE, /* the device was attached, and has been asked nothing */
	DURING, /* it is the answer */
	AFTER, /* it was answered */
	MOMENTS,
};

static const char *const moments[] = { "before", "during", "after" };

static const char *const kinds[] = {
	[SCENE_BULK_IN] = "bulk-in",	     [SCENE_BULK_OUT] = "bulk-out",
	[SCENE_INT_IN] = "interrupt-in",     [SCENE_CONTROL_IN] = "control-in",
	[SCENE_CONTROL_OUT] = "control-out", [SCENE_UNLINK] = "unlink",
	[SCENE_ISO_IN] = "iso-in",	     [SCENE_ISO_OUT] = "iso-out",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What the lies are about. */
enum part {
	PART_HEADER, /* RET_SUBMIT or RET_UNLINK, as was asked */
	PART_PACKET, /* the third descriptor of an isochronous reply */
	PART_DIGEST,
	PARTS,
};

static const char *const parts[] = { "header", "packet", "digest" };

/**
 * struct spoken - one case
 * @dribble: byte by byte
 */
struct spoken {
	enum part part;
	enum scene_kind kind;
	enum moment moment;
	bool dribble;
	struct lies lies;
};

static struct scene scene;
static unsigned int tried, ended, seen_lines, other_lines, failures;
static char why[256];

static const char *text_of(const struct spoken *c)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s %s %s%s %s", parts[c->part], kinds[c->kind],
		 moments[c->moment], c->dribble ? " dribble" : "", lies_text(&c->lies));
	return text;
}

/* --- what is said --------------------------------------------------------- */

/**
 * struct message - a reply, as it is to be said
 * @size: of its body
 */
struct message {
	struct suburb_wire_header header;
	__u8 body[BODY_MOST];
	size_t size;
};

static const struct layout *layout_of(const struct spoken *c)
{
	if (c->part == PART_PACKET)
		return &layout_iso;
	if (c->part == PART_DIGEST)
		return &layout_digest;
	return c->kind == SCENE_UNLINK ? &layout_ret_unlink : &layout_ret_submit;
}

static void put_truth(enum scene_kind kind, __u32 seqnum, struct suburb_wire_header *header)
{
	__u32 packets = scene_is_iso(kind) ? SCENE_PACKETS : 0;
	const struct suburb_ret_submit ret = {
		.seqnum = seqnum,
		.actual_length = packets ? SCENE_PACKETS * SCENE_LENGTH : SCENE_LENGTH,
		.packets = packets,
	};
	const struct suburb_ret_unlink unlinked = { seqnum, -SUBURB_ECONNRESET };

	if (kind == SCENE_UNLINK)
		suburb_put_ret_unlink(header, &unlinked);
	else
		suburb_put_ret_submit(header, &ret);
}

static void put_packets(struct suburb_wire_iso *at, __u32 count)
{
	for (__u32 i = 0; i < count; i++) {
		const struct suburb_iso iso = {
			.offset = SCENE_LENGTH * i,
			.length = SCENE_LENGTH,
			.actual_length = SCENE_LENGTH,
		};

		suburb_put_iso(&at[i], &iso);
	}
}

/* As many bytes as the header claims, if it is to be believed at all. */
static void put_body(const struct spoken *c, struct message *m)
{
	__u32 length = __be32_to_cpu(m->header.u.ret_submit.actual_length);
	__u32 packets = __be32_to_cpu(m->header.u.ret_submit.packets);

	m->size = 0;
	if (m->header.command != __cpu_to_be32(SUBURB_RET_SUBMIT))
		return;
	if (scene_is_in(c->kind) && c->kind != SCENE_UNLINK && length <= BODY_MOST / 2)
		m->size = length;
	memset(m->body, 0x5a, m->size);
	if (!scene_is_iso(c->kind) || packets > SUBURB_WIRE_MAX_PACKETS)
		return;
	put_packets((void *)(m->body + m->size), packets);
	m->size += packets * sizeof(struct suburb_wire_iso);
}

static void tell_header(const struct spoken *c, __u32 seqnum, struct suburb_wire_header *header)
{
	struct lies lies = c->lies;

	for (unsigned int i = 0; i < lies.count; i++)
		if (lies.lie[i].field->at == offsetof(struct suburb_wire_header, seqnum) &&
		    lies.lie[i].value - SOME_SEQNUM + 1 <= 2)
			lies.lie[i].value += seqnum - SOME_SEQNUM;
	lies_tell(&lies, header);
}

static void put_message(const struct spoken *c, __u32 seqnum, struct message *m)
{
	put_truth(c->kind, seqnum, &m->header);
	if (c->part == PART_HEADER)
		tell_header(c, seqnum, &m->header);
	put_body(c, m);
	if (c->part == PART_PACKET)
		lies_tell(&c->lies, m->body + m->size - 2 * sizeof(struct suburb_wire_iso));
}

static size_t put_digest(__u8 *at, const void *bytes, size_t size)
{
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, bytes, size));

	memcpy(at, &digest, sizeof(digest));
	return sizeof(digest);
}

static size_t put_bytes(const struct spoken *c, const struct message *m, __u8 *bytes)
{
	size_t at = sizeof(m->header);

	memcpy(bytes, &m->header, at);
	if (scene.s.peer.digest)
		at += put_digest(bytes + at, &m->header, sizeof(m->header));
	if (c->part == PART_DIGEST)
		lies_tell(&c->lies, bytes);
	if (!m->size)
		return at;
	memcpy(bytes + at, m->body, m->size);
	at += m->size;
	if (scene.s.peer.digest)
		at += put_digest(bytes + at, m->body, m->size);
	return at;
}

static void say(const struct spoken *c, __u32 seqnum, struct message *m)
{
	static __u8 bytes[sizeof(struct message) + 16];
	size_t size;

	put_message(c, seqnum, m);
	size = put_bytes(c, m, bytes);
	for (size_t at = 0; at < size; at += c->dribble ? 1 : size)
		if (peer_send(&scene.s.peer, bytes + at, c->dribble ? 1 : size))
			return; /* the kernel has had enough of it */
}

/* The truth, to what is asked. */
static void answer(void)
{
	const struct spoken honest = { .kind = scene.kind };
	static struct message m;

	say(&honest, scene.seqnum, &m);
}

/* --- what must follow ----------------------------------------------------- */

/* The field at which the link must end, as the log names it; NULL: none. */
static const char *wrong_ret_submit(const struct suburb_ret_submit *ret, enum scene_kind kind)
{
	bool iso = scene_is_iso(kind);
	__u32 length = iso ? SCENE_PACKETS * SCENE_LENGTH : SCENE_LENGTH;

	if (ret->status > 0 || ret->status < -4095)
		return "status";
	if (ret->actual_length > length)
		return "actual_length";
	if (iso && ret->packets != SCENE_PACKETS && !(ret->status && !ret->packets))
		return "number_of_packets";
	if (iso && scene_is_in(kind) && !ret->packets && ret->actual_length)
		return "actual_length";
	/* The packets say that they are full. */
	if (iso && scene_is_in(kind) && ret->packets && ret->actual_length != length)
		return "sum of iso actual_length";
	return NULL;
}

static const char *wrong_packet(const struct message *m, enum scene_kind kind)
{
	struct suburb_iso iso;

	suburb_get_iso(m->body + m->size - 2 * sizeof(struct suburb_wire_iso),
		       sizeof(struct suburb_wire_iso), &iso);
	if (iso.offset != 2 * SCENE_LENGTH)
		return "iso offset";
	if (iso.actual_length > SCENE_LENGTH)
		return "iso actual_length";
	if (iso.status > 0 || iso.status < -4095)
		return "iso status";
	if (scene_is_in(kind) && iso.actual_length != SCENE_LENGTH)
		return "sum of iso actual_length";
	return NULL;
}

static bool was_asked(const struct spoken *c, const struct suburb_reply *reply)
{
	bool unlink = reply->command == SUBURB_RET_UNLINK;
	__u32 seqnum = unlink ? reply->unlink.seqnum : reply->submit.seqnum;

	if (c->moment != DURING)
		return false;
	if (c->kind == SCENE_UNLINK && !unlink)
		return seqnum == scene.target;
	return unlink == (c->kind == SCENE_UNLINK) && seqnum == scene.seqnum;
}

static const char *wrong(const struct spoken *c, const struct message *m)
{
	struct suburb_reply reply;

	if (c->part == PART_DIGEST)
		return "damaged on the way";
	if (suburb_get_reply(&m->header, sizeof(m->header), &reply) < 0)
		return "command";
	if (!was_asked(c, &reply))
		return "seqnum";
	if (reply.command == SUBURB_RET_UNLINK)
		return reply.unlink.status > 0 || reply.unlink.status < -4095 ? "status" : NULL;
	if (c->part == PART_PACKET)
		return wrong_packet(m, c->kind);
	return wrong_ret_submit(&reply.submit, c->kind);
}

static bool fails(const char *what, int value)
{
	snprintf(why, sizeof(why), "%s (%d)", what, value);
	return false;
}

/* The link has ended, with all that belongs to it. */
static bool has_ended(const struct spoken *c, const char *field)
{
	int wanted = c->part == PART_DIGEST ? SUBURB_REASON_DIGEST : SUBURB_REASON_PROTOCOL;
	int reason = scene_reason(&scene, BACK_MS);
	int status, others, lines;

	if (reason != wanted)
		return fails("the link has not ended for that, but for reason", reason);
	if (c->moment == DURING) {
		if (!scene_is_back(&scene, BACK_MS, &status))
			return fails("the URB has not come back", 0);
		if (!status)
			return fails("the URB says that it succeeded", status);
		if (!scene_is_untouched(&scene))
			return fails("bytes lie where none belong", 0);
	}
	lines = scene_lines(&scene, field, &others);
	/* More than a few in a moment are not written; one is not written twice. */
	if (lines > 1)
		return fails("lines in the log", lines);
	ended++;
	seen_lines += lines;
	other_lines += others;
	scene.back = true;
	scene_close(&scene);
	return true;
}

static bool is_believed(const struct spoken *c, const struct message *m)
{
	struct suburb_reply reply;
	int status, others;

	suburb_get_reply(&m->header, sizeof(m->header), &reply);
	if (!scene_is_back(&scene, BACK_MS, &status)) {
		int reason = scene_reason(&scene, 20);

		/* A RET_SUBMIT to what is unlinked: the unlink is still to be answered. */
		return fails(reason ? "the link has ended for reason" : "no URB came back", reason);
	}
	if (!scene_is_untouched(&scene))
		return fails("bytes lie where none belong", 0);
	if (scene_reason(&scene, 20) != SUBURB_REASON_NONE)
		return fails("the link has ended", scene.s.st.reason);
	if (c->kind != SCENE_UNLINK && status != reply.submit.status)
		return fails("status", status);
	if (scene_lines(&scene, "protocol violated", &others))
		return fails("a line in the log", 1);
	return true;
}

/* --- one case ------------------------------------------------------------- */

static bool prepare(const struct spoken *c)
{
	int ret, status;

	ret = scene_open(&scene);
	if (ret)
		return fails("cannot attach", ret);
	if (c->moment == BEFORE)
		return true;
	ret = scene_ask(&scene, c->kind);
	if (ret)
		return fails("cannot ask", ret);
	if (c->moment == DURING)
		return true;
	answer();
	return scene_is_back(&scene, BACK_MS, &status) || fails("no answer", 0);
}

/* The number that the next request will have: guessed, as an enemy would. */
static __u32 next_seqnum(void)
{
	const struct peer *peer = &scene.s.peer;

	return peer->seen[peer->nseen - 1] + 1;
}

static bool run(const struct spoken *c)
{
	static struct message m;
	const char *field;
	int others;

	if (!prepare(c))
		return false;
	scene_lines(&scene, "", &others); /* the port was somebody else's until now */
	say(c, c->moment == BEFORE ? next_seqnum() : scene.seqnum, &m);
	field = wrong(c, &m);
	if (!field && c->kind == SCENE_UNLINK &&
	    m.header.command == __cpu_to_be32(SUBURB_RET_SUBMIT))
		answer();
	return field ? has_ended(c, field) : is_believed(c, &m);
}

static bool try(const struct spoken *c)
{
	bool good;
	int ret;

	tried++;
	good = run(c);
	ret = neighbour_ask();
	if (ret)
		good = fails("the honest device does not answer", ret);
	if (good)
		return true;
	failures++;
	printf("# %s: %s\n", text_of(c), why);
	scene_close(&scene);
	return false;
}

/* --- all of them ---------------------------------------------------------- */

static unsigned int pairs = 20, share, shares = 1;
static uint32_t seed = 1;

static bool is_mine(unsigned int n)
{
	return n % shares == share;
}

/* Is there such a message at that moment on this link? */
static bool makes_sense(enum part part, enum scene_kind kind)
{
	if (part == PART_PACKET)
		return scene_is_iso(kind) && !scene.features;
	if (part == PART_DIGEST)
		return scene.features & SUBURB_FEATURE_DIGEST && !scene_is_iso(kind);
	return !(scene_is_iso(kind) && scene.features);
}

/* Of moments that end every link, whatever is said, a few values tell as much as all. */
static size_t step_of(const struct spoken *c)
{
	return c->moment == DURING && !scene.features ? 1 : 11;
}

static unsigned int try_all(struct spoken *c)
{
	const struct layout *layout = layout_of(c);
	struct suburb_wire_header truth;
	unsigned int bad = 0;
	__u8 packet[SCENE_PACKETS * sizeof(struct suburb_wire_iso)];
	const void *about = &truth;
	size_t step = step_of(c), singles = lies_singles(layout), n;

	put_truth(c->kind, SOME_SEQNUM, &truth);
	put_packets((void *)packet, SCENE_PACKETS);
	if (c->part == PART_PACKET)
		about = packet + 2 * sizeof(struct suburb_wire_iso);
	if (c->part == PART_DIGEST)
		about = memset(&scene.asked, 0, sizeof(scene.asked));
	for (n = 0; n < singles + pairs / step; n += n < singles ? step : 1) {
		if (n < singles)
			lies_single(&c->lies, layout, about, SCENE_LENGTH, n);
		else
			lies_pair(&c->lies, layout, about, SCENE_LENGTH, &seed);
		c->dribble = n % 7 == 3;
		if (is_mine(n))
			bad += !try(c);
	}
	return bad;
}

static unsigned int tests;

static void result(bool good, const char *name)
{
	printf("%sok %u - hostile server, %s speed%s: %s\n", good ? "" : "not ", ++tests,
	       scene.speed == SUBURB_SPEED_SUPER ? "super" : "high",
	       scene.features ? ", digests" : "", name);
	fflush(stdout);
}

static void try_matrix(void)
{
	struct spoken c;
	char name[128];

	for (int part = 0; part < PARTS; part++) {
		for (size_t kind = 0; kind < KINDS; kind++) {
			for (int moment = 0; moment < MOMENTS; moment++) {
				unsigned int before = tried;
				bool good;

				if (!makes_sense(part, kind))
					continue;
				c = (struct spoken){ part, kind, moment, false, { .count = 0 } };
				good = try_all(&c) == 0;
				snprintf(name, sizeof(name), "%s %s %s, %u cases", parts[part],
					 kinds[kind], moments[moment], tried - before);
				result(good, name);
			}
		}
	}
}

/* --- one by its text ------------------------------------------------------ */

static int find(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], word))
			return (int)i;
	return -1;
}

static bool parse_word(struct spoken *c, const char *word)
{
	int n;

	if ((n = find(parts, PARTS, word)) >= 0)
		c->part = n;
	else if ((n = find(kinds, KINDS, word)) >= 0)
		c->kind = n;
	else if ((n = find(moments, MOMENTS, word)) >= 0)
		c->moment = n;
	else if (!strcmp(word, "dribble"))
		c->dribble = true;
	else
		return lies_parse(&c->lies, layout_of(c), word);
	return true;
}

static void try_line(char *line)
{
	struct spoken c = { .moment = DURING };
	bool good = true;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		if (!parse_word(&c, word)) {
			fprintf(stderr, "hostile_server: '%s' is no word of a case\n", word);
			exit(2);
		}
	good = try(&c);
	result(good, text_of(&c));
}

/* --- the run -------------------------------------------------------------- */

static void usage(void)
{
	fprintf(stderr, "usage: hostile_server [-s high|super] [-f digest] [-p PAIRS] [-r SEED] "
			"[-k PART/PARTS] [CASE]\n");
	exit(2);
}

static void parse_options(int argc, char **argv, __u32 *speed, __u64 *features)
{
	int option;

	while ((option = getopt(argc, argv, "s:f:p:r:k:")) >= 0) {
		switch (option) {
		case 's':
			*speed = strcmp(optarg, "super") ? SUBURB_SPEED_HIGH : SUBURB_SPEED_SUPER;
			break;
		case 'f':
			*features |= SUBURB_FEATURE_DIGEST;
			break;
		case 'p':
			pairs = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			seed = strtoul(optarg, NULL, 0) ?: 1;
			break;
		case 'k':
			if (sscanf(optarg, "%u/%u", &share, &shares) != 2 || share >= shares)
				usage();
			break;
		default:
			usage();
		}
	}
}

static void bail_out(const char *what, int ret)
{
	printf("Bail out! %s: %s\n", what, strerror(-ret));
	exit(1);
}

int main(int argc, char **argv)
{
	__u32 speed = SUBURB_SPEED_HIGH;
	__u64 features = 0;
	const char *complaint;
	int ret;

	parse_options(argc, argv, &speed, &features);
	remote_require();
	urbs_require();
	printf("TAP version 13\n# seed %u, %u pairs per message, part %u of %u\n", seed, pairs,
	       share, shares);
	ret = scene_init(&scene, speed, features);
	if (!ret)
		ret = neighbour_start(speed);
	if (ret)
		bail_out("cannot begin", ret);
	if (optind < argc)
		try_line(argv[optind]);
	else
		try_matrix();
	scene_close(&scene);
	complaint = neighbour_stop();
	if (*complaint)
		printf("# the honest device complains: %s\n", complaint);
	result(!*complaint, "the honest device beside had only right requests");
	printf("# hostile server: %u cases, %u failed; %u links ended, %u named in the log, %u "
	       "other lines\n", tried, failures, ended, seen_lines, other_lines);
	printf("1..%u\n", tests);
	return failures || *complaint;
}
