// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The emulated sound card, camera, test device and mode switch: what their
 * drivers read and send, and that samples and pictures come through whole.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include <linux/usb/ch9.h>

#include "exporter/backend/emulated/picture.h"
#include "exporter/backend/emulated/tape.h"
#include "tests/unit/emulated_host.h"

#define PLAY 0x01
#define RECORD 0x82
#define FRAME 192 /* bytes in a millisecond */
#define STREAM 0x81

static uint32_t le32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int set_alternate(struct host *host, uint8_t interface, uint8_t alternate)
{
	return host_change(host, BACKEND_SET_INTERFACE, 0, interface, alternate);
}

/* --- tape ----------------------------------------------------------------- */

/* Samples that count from @first on. */
static void count(uint8_t *bytes, uint32_t samples, uint32_t first)
{
	uint32_t i;

	for (i = 0; i < samples; i++, first++) {
		bytes[4 * i] = (uint8_t)first;
		bytes[4 * i + 1] = (uint8_t)(first >> 8);
		bytes[4 * i + 2] = (uint8_t)(first >> 16);
		bytes[4 * i + 3] = 0x40;
	}
}

static uint32_t number(const uint8_t *sample)
{
	return le32(sample) & 0xffffff;
}

static bool silent(const uint8_t *bytes, uint32_t length)
{
	while (length--)
		if (*bytes++)
			return false;
	return true;
}

static void test_tape_waits_and_ends(void **state)
{
	static struct emulated_tape tape;
	static uint8_t bytes[EMULATED_TAPE_AHEAD];
	uint32_t i;

	emulated_tape_play(&tape);
	count(bytes, EMULATED_TAPE_AHEAD / 4, 0);
	emulated_tape_write(&tape, bytes, EMULATED_TAPE_AHEAD - 4);
	emulated_tape_read(&tape, bytes, 400);
	assert_true(silent(bytes, 400));
	count(bytes, 1, EMULATED_TAPE_AHEAD / 4 - 1);
	emulated_tape_write(&tape, bytes, 4);
	emulated_tape_read(&tape, bytes, 400);
	assert_int_equal(number(bytes), 0);
	assert_int_equal(number(bytes + 396), 99);
	/* Dry, it gives nothing for half a second, and goes on when it can. */
	assert_int_equal(emulated_tape_read(&tape, bytes, EMULATED_TAPE_AHEAD), 0);
	count(bytes, 100, EMULATED_TAPE_AHEAD / 4);
	emulated_tape_write(&tape, bytes, 400);
	assert_int_equal(emulated_tape_read(&tape, bytes, EMULATED_TAPE_AHEAD),
			 EMULATED_TAPE_AHEAD);
	assert_int_equal(number(bytes), 100);
	assert_int_equal(number(bytes + EMULATED_TAPE_AHEAD - 4), EMULATED_TAPE_AHEAD / 4 + 99);
	count(bytes, 1, 5);
	emulated_tape_write(&tape, bytes, 4);
	for (i = 0; i < EMULATED_TAPE_PATIENCE / 400; i++)
		assert_int_equal(emulated_tape_read(&tape, bytes, 400), 0);
	/* After that it gives what there is, and waits anew. */
	assert_int_equal(emulated_tape_read(&tape, bytes, 400), 400);
	assert_int_equal(number(bytes), 5);
	assert_true(silent(bytes + 4, 396));
	count(bytes, 100, 7);
	emulated_tape_write(&tape, bytes, 400);
	emulated_tape_read(&tape, bytes, 400);
	assert_true(silent(bytes, 400));
	emulated_tape_end(&tape);
	emulated_tape_read(&tape, bytes, 404);
	assert_int_equal(number(bytes), 7);
	assert_int_equal(number(bytes + 396), 106);
	assert_true(silent(bytes + 400, 4));
}

static void test_tape_is_a_ring(void **state)
{
	static struct emulated_tape tape;
	uint8_t bytes[1000];
	uint32_t written, read = 0, i;

	memset(&tape, 0, sizeof(tape));
	emulated_tape_play(&tape);
	for (written = 0; written < 600000; written += 250) {
		count(bytes, 250, written);
		emulated_tape_write(&tape, bytes, 1000);
		if (written < 10000)
			continue;
		emulated_tape_read(&tape, bytes, 1000);
		for (i = 0; i < 250; i++)
			assert_int_equal(number(bytes + 4 * i), read++);
	}
	/* Of too many the oldest go; half a sample is none. */
	emulated_tape_clear(&tape);
	for (written = 0; written < EMULATED_TAPE_SIZE / 4 + 500; written += 250) {
		count(bytes, 250, written);
		emulated_tape_write(&tape, bytes, 1000);
	}
	emulated_tape_write(&tape, bytes, 3);
	assert_int_equal(tape.length, EMULATED_TAPE_SIZE);
	emulated_tape_read(&tape, bytes, 4);
	assert_int_equal(number(bytes), 500);
}

/* --- sound card ----------------------------------------------------------- */

/* The class-specific descriptors of an interface, from its header on. */
static const uint8_t *class_header(const struct host *host, uint8_t interface, uint8_t alternate)
{
	const uint8_t *set = host->device->configuration;
	size_t at;

	for (at = 0; at < host->device->configuration_length; at += set[at])
		if (set[at + 1] == USB_DT_INTERFACE && set[at + 2] == interface &&
		    set[at + 3] == alternate)
			return set + at + set[at];
	fail_msg("no interface %u alternate %u", interface, alternate);
	return NULL;
}

/* Bytes of the class-specific descriptors that follow each other. */
static uint32_t class_length(const struct host *host, const uint8_t *header)
{
	const uint8_t *end = host->device->configuration + host->device->configuration_length;
	const uint8_t *at;

	for (at = header; at < end && at[1] == 0x24; at += at[0])
		;
	return (uint32_t)(at - header);
}

static void test_sound_entities(void **state)
{
	struct host *host = host_open("sound");
	const uint8_t *header = class_header(host, 0, 0), *at;
	uint32_t length = class_length(host, header), clocks = 0, sources = 0, ids = 0;

	assert_int_equal(header[3] | header[4] << 8, 0x0200);
	assert_int_equal(header[6] | header[7] << 8, length);
	for (at = header + header[0]; at < header + length; at += at[0]) {
		assert_int_equal(ids & 1u << at[3], 0);
		ids |= 1u << at[3];
		if (at[2] == 10) {
			assert_int_equal(at[0], 8);
			clocks |= 1u << at[3];
		} else if (at[2] == 2) {
			assert_int_equal(at[0], 17);
			assert_true(clocks & 1u << at[7]);
			assert_int_equal(at[8], 2);
			sources |= 1u << at[3];
		} else {
			assert_int_equal(at[2], 3);
			assert_int_equal(at[0], 12);
			assert_true(clocks & 1u << at[8]);
			assert_true(sources & 1u << at[7]);
		}
	}
	/* Each stream ends in a terminal that exists. */
	assert_true(ids & 1u << class_header(host, 1, 1)[3]);
	assert_true(ids & 1u << class_header(host, 2, 1)[3]);
	assert_int_equal(class_length(host, class_header(host, 1, 1)), 16 + 6);
	host_free(host);
}

static void test_sound_clock(void **state)
{
	struct host *host = host_open("sound");
	uint8_t data[64];

	assert_int_equal(host_control(host, 0xa1, 1, 0x100, 0x100, data, 4), 4);
	assert_int_equal(le32(data), 48000);
	assert_int_equal(host_control(host, 0xa1, 2, 0x100, 0x100, data, 2), 2);
	assert_int_equal(data[0] | data[1] << 8, 1);
	assert_int_equal(host_control(host, 0xa1, 2, 0x100, 0x100, data, 64), 14);
	assert_int_equal(le32(data + 2), 48000);
	assert_int_equal(le32(data + 6), 48000);
	assert_int_equal(le32(data + 10), 0);
	assert_int_equal(host_control(host, 0xa1, 1, 0x200, 0x100, data, 1), 1);
	assert_int_equal(data[0], 1);
	/* Read-only; another control, entity, interface, channel; no range of what is a bool */
	assert_int_equal(host_control(host, 0x21, 1, 0x100, 0x100, data, 4), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 1, 0x300, 0x100, data, 4), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 1, 0x100, 0x200, data, 4), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 1, 0x100, 0x101, data, 4), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 1, 0x101, 0x100, data, 4), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 2, 0x200, 0x100, data, 4), -SUBURB_EPIPE);
	host_free(host);
}

enum { ROUND = 10, IN_FLIGHT = 12 };

/* Keeps both directions going, as a driver does, and gathers what is recorded. */
struct session {
	struct host *host;
	struct flight *out[IN_FLIGHT];
	struct flight *in[IN_FLIGHT];
	uint32_t sent; /* samples */
	uint32_t heard;
	uint32_t silence;
	uint32_t silence_inside;
};

static void hear(struct session *s, struct flight *in)
{
	uint32_t i, j;

	assert_int_equal(in->transfer.status, 0);
	for (i = 0; i < in->transfer.packets; i++) {
		assert_int_equal(in->iso[i].status, 0);
		assert_int_equal(in->iso[i].actual_length, FRAME);
		for (j = 0; j < FRAME; j += 4) {
			const uint8_t *sample = in->transfer.buffer + in->iso[i].offset + j;

			if (!le32(sample)) {
				s->silence++;
				s->silence_inside += s->heard > 0;
				continue;
			}
			assert_int_equal(number(sample), s->heard++);
		}
	}
}

static struct flight *play(struct session *s)
{
	uint8_t bytes[ROUND * FRAME];

	count(bytes, ROUND * FRAME / 4, s->sent);
	s->sent += ROUND * FRAME / 4;
	return host_begin_iso(s->host, PLAY, bytes, ROUND, FRAME);
}

static void play_and_record(struct session *s, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < IN_FLIGHT; i++) {
		s->out[i] = play(s);
		s->in[i] = host_begin_iso(s->host, RECORD, NULL, ROUND, FRAME + 4);
	}
	for (i = 0; i < rounds; i++) {
		struct flight **out = &s->out[i % IN_FLIGHT], **in = &s->in[i % IN_FLIGHT];

		host_until(s->host, (*out)->done && (*in)->done);
		assert_int_equal((*out)->transfer.actual_length, ROUND * FRAME);
		hear(s, *in);
		flight_free(*out);
		flight_free(*in);
		*out = play(s);
		*in = host_begin_iso(s->host, RECORD, NULL, ROUND, FRAME + 4);
	}
	for (i = 0; i < IN_FLIGHT; i++) {
		host_until(s->host, s->out[i]->done && s->in[i]->done);
		flight_free(s->out[i]);
		flight_free(s->in[i]);
	}
}

static void test_sound_comes_back(void **state)
{
	struct session s = { .host = host_open("sound") };
	uint64_t begin = uv_hrtime();

	assert_int_equal(set_alternate(s.host, 2, 1), 0);
	assert_int_equal(set_alternate(s.host, 1, 1), 0);
	play_and_record(&s, 30);
	/* Both in real time: 42 transfers of 10 ms, of which 30 were listened to. */
	assert_true((uv_hrtime() - begin) / 1000000 >= 42 * ROUND - 1);
	assert_int_equal(s.heard + s.silence, 48 * ROUND * 30);
	assert_in_range(s.silence, 1, 48 * ROUND * 11);
	assert_int_equal(s.silence_inside, 0);
	host_free(s.host);
}

static void test_sound_silence(void **state)
{
	struct host *host = host_open("sound");
	struct flight *in;

	assert_int_equal(set_alternate(host, 2, 1), 0);
	in = host_begin_iso(host, RECORD, NULL, 5, FRAME + 4);
	host_until(host, in->done);
	assert_int_equal(in->transfer.actual_length, 5 * FRAME);
	assert_true(silent(in->transfer.buffer, FRAME));
	assert_in_range(in->transfer.start_frame, 0, 0x3fff);
	flight_free(in);
	/* The endpoint goes with its setting. */
	in = host_begin_iso(host, RECORD, NULL, 100, FRAME + 4);
	assert_int_equal(set_alternate(host, 2, 0), 0);
	assert_true(in->done);
	assert_int_equal(in->transfer.status, -SUBURB_ESHUTDOWN);
	assert_int_equal(in->iso[99].status, -SUBURB_EXDEV);
	flight_free(in);
	in = host_begin_iso(host, RECORD, NULL, 1, FRAME);
	assert_int_equal(in->transfer.status, -SUBURB_ENOENT);
	flight_free(in);
	host_free(host);
}

/* Played before, with nobody recording, it is found later; but not by what comes after. */
static void test_sound_kept(void **state)
{
	struct host *host = host_open("sound");
	struct flight *flight;
	uint8_t bytes[FRAME];

	count(bytes, 48, 1000);
	assert_int_equal(set_alternate(host, 1, 1), 0);
	flight = host_begin_iso(host, PLAY, bytes, 1, FRAME);
	host_until(host, flight->done);
	flight_free(flight);
	assert_int_equal(set_alternate(host, 1, 0), 0);
	assert_int_equal(set_alternate(host, 1, 1), 0);
	count(bytes, 48, 2000);
	flight = host_begin_iso(host, PLAY, bytes, 1, FRAME);
	host_until(host, flight->done);
	flight_free(flight);
	assert_int_equal(set_alternate(host, 1, 0), 0);
	assert_int_equal(set_alternate(host, 2, 1), 0);
	flight = host_begin_iso(host, RECORD, NULL, 2, FRAME + 4);
	host_until(host, flight->done);
	assert_memory_equal(flight->transfer.buffer, bytes, FRAME);
	assert_true(silent(flight->transfer.buffer + flight->iso[1].offset, FRAME));
	flight_free(flight);
	host_free(host);
}

/* --- camera --------------------------------------------------------------- */

static void test_camera_descriptors(void **state)
{
	struct host *host = host_open("camera");
	const uint8_t *header = class_header(host, 0, 0), *at;
	unsigned int frames = 0;

	assert_int_equal(header[3] | header[4] << 8, 0x0100);
	assert_int_equal(header[5] | header[6] << 8, class_length(host, header));
	assert_int_equal(header[12], 1);
	header = class_header(host, 1, 0);
	assert_int_equal(header[4] | header[5] << 8, class_length(host, header));
	assert_int_equal(header[6], STREAM);
	for (at = header; at[1] == 0x24; at += at[0]) {
		if (at[2] != 5)
			continue;
		frames++;
		assert_int_equal(at[3], frames);
		assert_int_equal(at[0], 26 + 4 * at[25]);
		assert_int_equal(le32(at + 17), 2 * (at[5] | at[6] << 8) * (at[7] | at[8] << 8));
		assert_int_equal(le32(at + 21), le32(at + 26));
		assert_int_equal(le32(at + 13),
				 8ull * le32(at + 17) * 10000000 / le32(at + 26));
	}
	assert_int_equal(frames, header[header[0] + 4]);
	host_free(host);
}

static void set_format(struct host *host, uint8_t index, uint32_t interval, uint8_t *probe)
{
	memset(probe, 0, 26);
	probe[2] = 1;
	probe[3] = index;
	memcpy(probe + 4, (uint8_t[]){ interval & 0xff, interval >> 8 & 0xff, interval >> 16 & 0xff,
				       interval >> 24 }, 4);
	assert_int_equal(host_control(host, 0x21, 0x01, 0x100, 1, probe, 26), 26);
	assert_int_equal(host_control(host, 0xa1, 0x81, 0x100, 1, probe, 26), 26);
	assert_int_equal(host_control(host, 0x21, 0x01, 0x200, 1, probe, 26), 26);
}

static void test_camera_negotiates(void **state)
{
	struct host *host = host_open("camera");
	uint8_t probe[34];

	set_format(host, 1, 333333, probe);
	assert_int_equal(le32(probe + 4), 666666);
	assert_int_equal(le32(probe + 18), 38400);
	assert_int_equal(le32(probe + 22), 640);
	set_format(host, 1, 3000000, probe);
	assert_int_equal(le32(probe + 4), 2000000);
	set_format(host, 2, 0, probe);
	assert_int_equal(le32(probe + 4), 2000000);
	assert_int_equal(le32(probe + 18), 153600);
	assert_int_equal(le32(probe + 22), 1024);
	set_format(host, 9, 0, probe);
	assert_int_equal(probe[3], 1);
	assert_int_equal(host_control(host, 0xa1, 0x85, 0x100, 1, probe, 2), 2);
	assert_int_equal(probe[0], 26);
	assert_int_equal(host_control(host, 0xa1, 0x86, 0x200, 1, probe, 1), 1);
	assert_int_equal(probe[0], 3);
	assert_int_equal(host_control(host, 0xa1, 0x87, 0x100, 1, probe, 26), 26);
	assert_int_equal(le32(probe + 18), 38400);
	/* Wrong length, control, unit, direction; and why the last one was refused */
	assert_int_equal(host_control(host, 0x21, 0x01, 0x100, 1, probe, 34), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x81, 0x500, 1, probe, 26), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x81, 0x100, 0x101, probe, 26), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x21, 0x81, 0x100, 1, probe, 26), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0xa1, 0x81, 0x200, 0, probe, 1), 1);
	assert_int_equal(probe[0], 7);
	assert_int_equal(host_control(host, 0xa1, 0x81, 0x200, 0, probe, 1), 1);
	assert_int_equal(probe[0], 0);
	host_free(host);
}

/* As a driver does: pictures are told apart by the bits of each packet's header. */
struct watcher {
	uint8_t picture[2 * 320 * 240];
	uint32_t size;
	uint32_t at;
	int toggle;
	uint32_t pictures;
	uint32_t packets;
	uint32_t begun[8]; /* packet in which picture N began */
};

static void check_picture(struct watcher *w, uint16_t width, uint16_t height)
{
	static uint8_t wanted[2 * 320 * 240];

	assert_int_equal(w->at, emulated_picture_size(width, height));
	emulated_picture_paint(wanted, width, height, w->pictures);
	assert_memory_equal(w->picture, wanted, w->at);
	w->pictures++;
	w->at = 0;
}

static void watch_packet(struct watcher *w, const uint8_t *packet, uint32_t length,
			 uint16_t width, uint16_t height)
{
	uint32_t number_now = w->packets++;

	if (!length)
		return;
	assert_in_range(length, 3, sizeof(w->picture));
	assert_int_equal(packet[0], 2);
	assert_int_equal(packet[1] & 0xfc, 0x80);
	if (!w->at) {
		assert_int_equal(packet[1] & 1, w->toggle);
		w->begun[w->pictures % 8] = number_now;
	}
	assert_int_equal(packet[1] & 1, w->toggle);
	assert_true(w->at + length - 2 <= sizeof(w->picture));
	memcpy(w->picture + w->at, packet + 2, length - 2);
	w->at += length - 2;
	if (packet[1] & 2) {
		check_picture(w, width, height);
		w->toggle ^= 1;
	}
}

static void watch(struct host *host, struct watcher *w, uint32_t packets, uint32_t size,
		  uint16_t width, uint16_t height)
{
	struct flight *flight = host_begin_iso(host, STREAM, NULL, packets, size);
	uint32_t i;

	host_until(host, flight->done);
	assert_int_equal(flight->transfer.status, 0);
	for (i = 0; i < packets; i++) {
		assert_int_equal(flight->iso[i].status, 0);
		watch_packet(w, flight->transfer.buffer + flight->iso[i].offset,
			     flight->iso[i].actual_length, width, height);
	}
	flight_free(flight);
}

static void test_camera_streams(void **state)
{
	static struct watcher w;
	struct host *host = host_open("camera");
	uint8_t probe[26];

	set_format(host, 1, 666666, probe);
	assert_int_equal(set_alternate(host, 1, 1), 0);
	watch(host, &w, 300, 640, 160, 120);
	assert_int_equal(w.pictures, 4); /* and the fifth under way: 15 a second */
	assert_int_equal(w.begun[0], 0);
	assert_int_equal(w.begun[1], 67);
	assert_int_equal(w.begun[2], 134);
	assert_int_equal(w.begun[3], 200);
	assert_int_equal(w.begun[4], 267);
	/* It begins anew with the setting. */
	memset(&w, 0, sizeof(w));
	set_format(host, 2, 2000000, probe);
	assert_int_equal(set_alternate(host, 1, 0), 0);
	assert_int_equal(set_alternate(host, 1, 2), 0);
	watch(host, &w, 360, 1024, 320, 240);
	assert_int_equal(w.pictures, 2);
	assert_int_equal(w.begun[1], 200);
	host_free(host);
}

/* Too little room in each frame of the bus: fewer pictures, and all of them whole. */
static void test_camera_in_a_small_setting(void **state)
{
	static struct watcher w;
	struct host *host = host_open("camera");
	uint8_t probe[26];

	set_format(host, 2, 2000000, probe);
	assert_int_equal(set_alternate(host, 1, 1), 0);
	watch(host, &w, 500, 640, 320, 240);
	assert_int_equal(w.pictures, 2);
	assert_int_equal(w.begun[1], 241);
	host_free(host);
}

static void test_pictures_differ(void **state)
{
	static uint8_t a[38400], b[38400];
	uint32_t check = 2166136261u, i;

	emulated_picture_paint(a, 160, 120, 1);
	emulated_picture_paint(b, 160, 120, 2);
	assert_memory_not_equal(a + 320, b + 320, 320);
	assert_memory_equal(a, "SBRB\1\0\0\0\xa0\0\x78\0", 12);
	for (i = 4; i < sizeof(a); i = i == 11 ? 16 : i + 1)
		check = (check ^ a[i]) * 16777619u;
	assert_int_equal(le32(a + 12), check);
}

/* --- test device ---------------------------------------------------------- */

static void check_source(struct host *host, bool mod63)
{
	uint8_t bytes[1024];
	uint32_t actual, i;

	assert_int_equal(host_transfer(host, 0x81, bytes, 1024, &actual), 0);
	assert_int_equal(actual, 1024);
	for (i = 0; i < 1024; i++)
		assert_int_equal(bytes[i], mod63 ? i % 512 % 63 : 0);
	assert_int_equal(host_transfer(host, 0x82, bytes, 128, &actual), 0);
	for (i = 0; i < 128; i++)
		assert_int_equal(bytes[i], mod63 ? i % 64 % 63 : 0);
	assert_int_equal(host_transfer(host, 0x01, bytes, 1000, &actual), 0);
	assert_int_equal(host_transfer(host, 0x02, bytes, 1000, &actual), 0);
	assert_int_equal(actual, 1000);
}

static void check_iso_source(struct host *host, bool mod63)
{
	struct flight *in = host_begin_iso(host, 0x83, NULL, 4, 1024);
	struct flight *out = host_begin_iso(host, 0x03, NULL, 4, 1024);
	uint32_t i;

	host_until(host, in->done && out->done);
	assert_int_equal(in->transfer.actual_length, 4096);
	assert_int_equal(out->transfer.actual_length, 4096);
	for (i = 0; i < 4096; i++)
		assert_int_equal(in->transfer.buffer[i], mod63 ? i % 1024 % 63 : 0);
	flight_free(in);
	flight_free(out);
}

static void test_usbtest(void **state)
{
	static const char *const specs[] = { "usbtest", "usbtest:mod63", "usbtest:high,mod63" };
	struct flight *flight;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct host *host = host_open(specs[i]);

		assert_int_equal(host->device->speed, SUBURB_SPEED_HIGH);
		check_source(host, i);
		flight = host_begin_iso(host, 0x83, NULL, 1, 1024);
		assert_int_equal(flight->transfer.status, -SUBURB_ENOENT);
		flight_free(flight);
		assert_int_equal(set_alternate(host, 0, 1), 0);
		check_source(host, i);
		check_iso_source(host, i);
		host_free(host);
	}
}

static void test_usbtest_full_speed(void **state)
{
	struct host *host = host_open("usbtest:full");
	uint64_t begin = uv_hrtime();
	struct flight *in;

	assert_int_equal(set_alternate(host, 0, 1), 0);
	in = host_begin_iso(host, 0x83, NULL, 20, 1023);
	host_until(host, in->done);
	assert_true((uv_hrtime() - begin) / 1000000 >= 19);
	assert_int_equal(in->transfer.actual_length, 20 * 1023);
	assert_in_range(in->transfer.start_frame, 0, 0x7ff);
	flight_free(in);
	in = host_begin_iso(host, 0x83, NULL, 1, 1024);
	assert_int_equal(in->transfer.status, -SUBURB_EMSGSIZE);
	flight_free(in);
	host_free(host);
}

/* --- mode switch ---------------------------------------------------------- */

static uint16_t product(const struct backend_device *device)
{
	return (uint16_t)(device->descriptor[10] | device->descriptor[11] << 8);
}

/* The port is reset under a transfer; what comes is opened. */
static void switch_mode(struct host *host, uint8_t endpoint)
{
	struct backend_device *before = host->device;
	struct flight *in = host_begin(host, endpoint, NULL, 512);
	unsigned int arrived = host->arrived, left = host->left;

	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), -SUBURB_ENODEV);
	host_until(host, host->arrived > arrived);
	assert_true(in->done);
	assert_int_equal(host->left, left + 1);
	assert_ptr_not_equal(host->device, before);
	assert_string_equal(host->device->busid, "99-1");
	assert_int_equal(host->backend->ops->open(before), -SUBURB_ENODEV);
	flight_free(in);
	host->backend->ops->close(before);
	assert_int_equal(host->backend->ops->open(host->device), 0);
}

static void test_modeswitch(void **state)
{
	struct host *host = host_open("modeswitch");
	uint8_t bytes[8] = { 1, 2 };
	uint32_t actual;
	uint16_t devnum = host->device->devnum;

	assert_int_equal(product(host->device), 0x0008);
	switch_mode(host, 0x81);
	assert_int_equal(product(host->device), 0x0009);
	assert_int_not_equal(host->device->devnum, devnum);
	assert_int_equal(host_transfer(host, 0x82, bytes, 8, &actual), 0);
	assert_memory_equal(bytes, "two", 3);
	/* Closing and opening is no reset. */
	host->backend->ops->close(host->device);
	assert_int_equal(host->backend->ops->open(host->device), 0);
	assert_int_equal(product(host->device), 0x0009);
	switch_mode(host, 0x82);
	assert_int_equal(product(host->device), 0x0008);
	assert_int_equal(host_transfer(host, 0x01, bytes, 3, &actual), 0);
	assert_int_equal(host_transfer(host, 0x81, bytes, 8, &actual), 0);
	assert_int_equal(actual, 3);
	/* Pulled out in mode two, it is in mode one when it is plugged in again. */
	switch_mode(host, 0x81);
	host->backend->ops->close(host->device);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), 0);
	host_until(host, host->left == 4);
	assert_int_equal(emulated_backend_plug(host->backend, "99-1"), 0);
	host_until(host, host->arrived == 5);
	assert_int_equal(product(host->device), 0x0008);
	host_free(host);
}

static void close_when_done(struct backend_transfer *transfer)
{
	struct flight *flight = transfer->owner;

	flight->done = true;
	flight->host->backend->ops->close(flight->host->device);
}

/* Its user lets go of it in the moment in which it ends what he wanted from it. */
static void test_modeswitch_closed_while_it_leaves(void **state)
{
	struct host *host = host_open("modeswitch");
	struct flight *in = host_begin(host, 0x81, NULL, 512);

	in->transfer.done = close_when_done;
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), -SUBURB_ENODEV);
	host_until(host, host->arrived == 2);
	assert_true(in->done);
	assert_int_equal(host->left, 1);
	flight_free(in);
	assert_int_equal(host->backend->ops->open(host->device), 0);
	assert_int_equal(product(host->device), 0x0009);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tape_waits_and_ends),
		cmocka_unit_test(test_tape_is_a_ring),
		cmocka_unit_test(test_sound_entities),
		cmocka_unit_test(test_sound_clock),
		cmocka_unit_test(test_sound_comes_back),
		cmocka_unit_test(test_sound_silence),
		cmocka_unit_test(test_sound_kept),
		cmocka_unit_test(test_camera_descriptors),
		cmocka_unit_test(test_camera_negotiates),
		cmocka_unit_test(test_camera_streams),
		cmocka_unit_test(test_camera_in_a_small_setting),
		cmocka_unit_test(test_pictures_differ),
		cmocka_unit_test(test_usbtest),
		cmocka_unit_test(test_usbtest_full_speed),
		cmocka_unit_test(test_modeswitch),
		cmocka_unit_test(test_modeswitch_closed_while_it_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
