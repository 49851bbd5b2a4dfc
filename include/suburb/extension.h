/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The negotiated extension of USB/IP (docs/PROTOCOL.md, section 6): layout of
 * the offer and of its answer, which ride behind the NULs of a bus id and a
 * path where plain peers look at nothing; the requests for bulk streams; the
 * digests. By the rules of wire.h: pure, for every part of the project, and
 * who does not include this file speaks plain USB/IP.
 */
#ifndef _SUBURB_EXTENSION_H
#define _SUBURB_EXTENSION_H

#include "crc32c.h"
#include "wire.h"

/* The numbers of SUBURB_FEATURE_* in the kernel's ABI. */
#define SUBURB_WIRE_FEATURE_RESUME 0x00000001 /* reserved */
#define SUBURB_WIRE_FEATURE_STREAMS 0x00000002
#define SUBURB_WIRE_FEATURE_DIGEST 0x00000004

#define SUBURB_EXTENSION_VERSION 1
#define SUBURB_OFFER_OFFSET 20	 /* in a busid: it ends, with its NUL, before */
#define SUBURB_ANSWER_OFFSET 128 /* in a path, likewise */

/* --- offer and answer ----------------------------------------------------- */

struct suburb_wire_offer {
	__u8 magic[3]; /* "Sub" */
	__u8 version;
	__be32 features;
	__be32 check; /* of the busid up to here */
} __packed;
static_assert(SUBURB_OFFER_OFFSET + sizeof(struct suburb_wire_offer) == SUBURB_WIRE_BUSID_SIZE,
	      "offer");

struct suburb_wire_answer {
	__u8 magic[3]; /* "bus" */
	__u8 version;
	__be32 features;
	__u8 session[48]; /* kept for RESUME */
	__u8 padding[68];
	__be32 check; /* of the offer's busid, then of the answer up to here */
} __packed;
static_assert(SUBURB_ANSWER_OFFSET + sizeof(struct suburb_wire_answer) == SUBURB_WIRE_PATH_SIZE,
	      "answer");

static inline bool suburb_magic(const __u8 *magic, char a, char b, char c)
{
	return magic[0] == (__u8)a && magic[1] == (__u8)b && magic[2] == (__u8)c;
}

/* A string, and nothing but zeros behind it, within the first @size bytes. */
static inline bool suburb_string_within(const char *s, size_t size)
{
	size_t n = 0;

	while (n < size && s[n])
		n++;
	if (n == size)
		return false;
	while (n < size && !s[n])
		n++;
	return n == size;
}

/**
 * suburb_put_offer - put an offer behind a bus id
 * @w: with the bus id in it, from suburb_put_busid()
 * @features: SUBURB_WIRE_FEATURE_*, not 0
 *
 * Returns false, and changes nothing, if the bus id leaves no room.
 */
static inline bool suburb_put_offer(struct suburb_wire_busid *w, __u32 features)
{
	struct suburb_wire_offer *offer = (void *)(w->busid + SUBURB_OFFER_OFFSET);
	__u32 check;

	if (!suburb_string_within(w->busid, SUBURB_OFFER_OFFSET))
		return false;
	offer->magic[0] = 'S';
	offer->magic[1] = 'u';
	offer->magic[2] = 'b';
	offer->version = SUBURB_EXTENSION_VERSION;
	offer->features = __cpu_to_be32(features);
	check = suburb_crc32c(0, w->busid, SUBURB_WIRE_BUSID_SIZE - sizeof(offer->check));
	offer->check = __cpu_to_be32(check);
	return true;
}

/**
 * suburb_get_offer - what an importer offers
 * @w: as it came
 *
 * Returns SUBURB_WIRE_FEATURE_* and bits that are not known here; 0: nothing,
 * the peer is a plain one.
 */
static inline __u32 suburb_get_offer(const struct suburb_wire_busid *w)
{
	const struct suburb_wire_offer *offer = (const void *)(w->busid + SUBURB_OFFER_OFFSET);
	__u32 check;

	if (!suburb_magic(offer->magic, 'S', 'u', 'b') ||
	    offer->version != SUBURB_EXTENSION_VERSION ||
	    !suburb_string_within(w->busid, SUBURB_OFFER_OFFSET))
		return 0;
	check = suburb_crc32c(0, w->busid, SUBURB_WIRE_BUSID_SIZE - sizeof(offer->check));
	return __be32_to_cpu(offer->check) == check ? __be32_to_cpu(offer->features) : 0;
}

static inline __u32 suburb_answer_check(const struct suburb_wire_answer *answer,
					const struct suburb_wire_busid *offered)
{
	__u32 crc = suburb_crc32c(0, offered->busid, sizeof(offered->busid));

	return suburb_crc32c(crc, answer, sizeof(*answer) - sizeof(answer->check));
}

/**
 * suburb_put_answer - answer an offer
 * @w: the device of OP_REP_IMPORT, from suburb_put_device(); a long path is cut
 * @offered: the busid with the offer, as it came
 * @features: agreed to, a subset of what was offered
 */
static inline void suburb_put_answer(struct suburb_wire_device *w,
				     const struct suburb_wire_busid *offered, __u32 features)
{
	struct suburb_wire_answer *answer = (void *)(w->path + SUBURB_ANSWER_OFFSET);

	w->path[SUBURB_ANSWER_OFFSET - 1] = '\0';
	memset(answer, 0, sizeof(*answer));
	answer->magic[0] = 'b';
	answer->magic[1] = 'u';
	answer->magic[2] = 's';
	answer->version = SUBURB_EXTENSION_VERSION;
	answer->features = __cpu_to_be32(features);
	answer->check = __cpu_to_be32(suburb_answer_check(answer, offered));
}

/**
 * suburb_get_answer - what an exporter agreed to
 * @w: the device of OP_REP_IMPORT, as it came
 * @offered: the busid that was sent
 * @features: out: SUBURB_WIRE_FEATURE_*; 0: it is a plain peer
 * @v: filled if it agreed to what was not offered
 *
 * Returns 0 or -SUBURB_EPROTO.
 */
static inline int suburb_get_answer(const struct suburb_wire_device *w,
				    const struct suburb_wire_busid *offered, __u32 *features,
				    struct suburb_violation *v)
{
	const struct suburb_wire_answer *answer = (const void *)(w->path + SUBURB_ANSWER_OFFSET);
	__u32 agreed = __be32_to_cpu(answer->features);

	*features = 0;
	if (!suburb_magic(answer->magic, 'b', 'u', 's') ||
	    answer->version != SUBURB_EXTENSION_VERSION ||
	    __be32_to_cpu(answer->check) != suburb_answer_check(answer, offered))
		return 0;
	if (agreed & ~suburb_get_offer(offered))
		return suburb_violates(v, "features of the answer", agreed);
	*features = agreed;
	return 0;
}

/* --- streams -------------------------------------------------------------- */

/* Control requests for the exporter itself: type and recipient are reserved by USB. */
#define SUBURB_REQUEST_OUT 0x7f
#define SUBURB_REQUEST_IN 0xff
#define SUBURB_REQUEST_ALLOC_STREAMS 1
#define SUBURB_REQUEST_FREE_STREAMS 2

#define SUBURB_WIRE_MAX_STREAMS 65533 /* USB 3.2, 8.12.1.4.1: ids 1 to 0xfffd */
#define SUBURB_WIRE_MAX_STREAM_ENDPOINTS 30

/**
 * suburb_check_stream - may a transfer on this bulk endpoint name this stream?
 * @stream: its id, 0: none
 * @streams: how many the endpoint has now, 0: none
 * @v: filled when the answer is no
 */
static inline int suburb_check_stream(__u32 stream, __u32 streams, struct suburb_violation *v)
{
	if (streams ? stream == 0 || stream > streams : stream != 0)
		return suburb_violates(v, "stream id", stream);
	return 0;
}

/* --- digests -------------------------------------------------------------- */

#define SUBURB_DIGEST_SIZE 4 /* __be32 behind a header, and behind what follows it */

/* A header and its digest, as they follow each other. */
struct suburb_wire_digested {
	struct suburb_wire_header header;
	__be32 digest;
} __packed;
static_assert(sizeof(struct suburb_wire_digested) == 52, "header with digest");

#endif
