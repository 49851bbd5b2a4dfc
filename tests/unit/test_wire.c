/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources: */
/*
 * The codec against bytes written down by hand from the tables of USB/IP 1.1.1
 * (Documentation/usb/usbip_protocol.rst), so that a mistake in the codec cannot
 * hide in its own opposite. Then the edges: every short length, wrong versions
 * and commands, strings without an end, and extreme values in every field that
 * a check judges.
 *
 * Buffers sit at an odd address: nothing may ask for alignment.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <suburb/wire.h>

#define EXTREMES 0, 1, 0xffffffff, INT_MAX, 0x80000000

/* A buffer of exactly @size bytes at an odd address; sanitizers see its end. */
static uint8_t *odd_buffer(const void *from, size_t size, uint8_t **base)
{
	*base = malloc(size + 1);
	assert_non_null(*base);
	if (from)
		memcpy(*base + 1, from, size);
	else
		memset(*base + 1, 0xee, size);
	return *base + 1;
}

/* --- golden vectors ------------------------------------------------------- */

static const uint8_t devlist_request[] = { 0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0 };
static const uint8_t busy_reply[] = { 0x01, 0x11, 0x00, 0x03, 0, 0, 0, 2 };

static const uint8_t submit_bytes[48] = {
	0x00, 0x00, 0x00, 0x01, /* USBIP_CMD_SUBMIT */
	0x00, 0x00, 0x0d, 0x05, /* seqnum */
	0x00, 0x01, 0x00, 0x0f, /* devid: bus 1, device 15 */
	0x00, 0x00, 0x00, 0x01, /* in */
	0x00, 0x00, 0x00, 0x00, /* endpoint 0 */
	0x00, 0x00, 0x02, 0x01, /* transfer_flags: DIR_IN, SHORT_NOT_OK */
	0x00, 0x00, 0x00, 0x40, /* transfer_buffer_length */
	0x12, 0x34, 0x56, 0x78, /* start_frame */
	0xff, 0xff, 0xff, 0xff, /* number_of_packets */
	0x00, 0x00, 0x00, 0x04, /* interval */
	0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x40, 0x00, /* setup */
};

static const struct suburb_submit submit_values = {
	.seqnum = 0xd05,
	.devid = 0x1000f,
	.direction = SUBURB_DIR_IN,
	.ep = 0,
	.transfer_flags = SUBURB_URB_DIR_IN | SUBURB_URB_SHORT_NOT_OK,
	.length = 64,
	.start_frame = 0x12345678,
	.packets = 0xffffffff,
	.interval = 4,
	.setup = { 0x80, 0x06, 0x00, 0x01, 0x00, 0x00, 0x40, 0x00 },
};

static const uint8_t unlink_bytes[48] = {
	0x00, 0x00, 0x00, 0x02, /* USBIP_CMD_UNLINK */
	0xfe, 0xdc, 0xba, 0x98, /* seqnum */
	0x00, 0x02, 0x00, 0x07, /* devid */
	0x00, 0x00, 0x00, 0x00, /* direction */
	0x00, 0x00, 0x00, 0x00, /* endpoint */
	0x7f, 0xff, 0xff, 0xff, /* unlink_seqnum; 24 bytes of padding */
};

static const uint8_t ret_submit_bytes[48] = {
	0x00, 0x00, 0x00, 0x03, /* USBIP_RET_SUBMIT */
	0x80, 0x00, 0x00, 0x01, /* seqnum */
	0x00, 0x00, 0x00, 0x00, /* devid */
	0x00, 0x00, 0x00, 0x00, /* direction */
	0x00, 0x00, 0x00, 0x00, /* endpoint */
	0xff, 0xff, 0xff, 0x87, /* status: -121, EREMOTEIO */
	0x00, 0x00, 0x00, 0x12, /* actual_length */
	0x00, 0x00, 0x01, 0x02, /* start_frame */
	0x00, 0x00, 0x00, 0x08, /* number_of_packets */
	0x00, 0x00, 0x00, 0x03, /* error_count; 8 bytes of padding */
};

static const uint8_t ret_unlink_bytes[48] = {
	0x00, 0x00, 0x00, 0x04, /* USBIP_RET_UNLINK */
	0x00, 0x00, 0x00, 0x2a, /* seqnum */
	0x00, 0x00, 0x00, 0x00, /* devid */
	0x00, 0x00, 0x00, 0x00, /* direction */
	0x00, 0x00, 0x00, 0x00, /* endpoint */
	0xff, 0xff, 0xff, 0x98, /* status: -104, ECONNRESET; 24 bytes of padding */
};

static const uint8_t iso_bytes[16] = {
	0x00, 0x00, 0x0c, 0x00, /* offset */
	0x00, 0x00, 0x04, 0x00, /* length */
	0x00, 0x00, 0x03, 0xff, /* actual_length */
	0xff, 0xff, 0xff, 0xee, /* status: -18, EXDEV */
};

/* The numbers of a device record, which begin at byte 288 of 312. */
static const uint8_t device_tail[24] = {
	0x00, 0x00, 0x00, 0x03, /* busnum */
	0x00, 0x00, 0x00, 0x11, /* devnum */
	0x00, 0x00, 0x00, 0x05, /* speed: super */
	0x1d, 0x6b, /* idVendor */
	0x01, 0x04, /* idProduct */
	0x02, 0x10, /* bcdDevice */
	0xef, 0x02, 0x01, /* class, subclass, protocol */
	0x01, /* bConfigurationValue */
	0x02, /* bNumConfigurations */
	0x03, /* bNumInterfaces */
};

static void device_bytes(uint8_t *bytes)
{
	memset(bytes, 0, 312);
	memcpy(bytes, "/sys/devices/x", 14);
	memcpy(bytes + 256, "3-1.2", 5);
	memcpy(bytes + 288, device_tail, sizeof(device_tail));
}

static struct suburb_device device_values(void)
{
	struct suburb_device d = {
		.path = "/sys/devices/x",
		.busid = "3-1.2",
		.busnum = 3,
		.devnum = 17,
		.speed = SUBURB_SPEED_SUPER,
		.id_vendor = 0x1d6b,
		.id_product = 0x0104,
		.bcd_device = 0x0210,
		.device_class = 0xef,
		.device_subclass = 2,
		.device_protocol = 1,
		.configuration_value = 1,
		.num_configurations = 2,
		.num_interfaces = 3,
	};

	return d;
}

/* --- put: the bytes, all of them, and none behind ------------------------- */

#define assert_put(bytes, type, call)                                   \
	do {                                                            \
		uint8_t *base;                                          \
		type *w = (void *)odd_buffer(NULL, sizeof(bytes), &base); \
									\
		assert_int_equal(sizeof(type), sizeof(bytes));          \
		call;                                                   \
		assert_memory_equal(w, bytes, sizeof(bytes));           \
		free(base);                                             \
	} while (0)

static void put_op(void **state)
{
	assert_put(devlist_request, struct suburb_wire_op,
		   suburb_put_op(w, SUBURB_OP_REQ_DEVLIST, 0));
	assert_put(busy_reply, struct suburb_wire_op,
		   suburb_put_op(w, SUBURB_OP_REP_IMPORT, SUBURB_OP_DEV_BUSY));
}

static void put_submit(void **state)
{
	assert_put(submit_bytes, struct suburb_wire_header, suburb_put_submit(w, &submit_values));
}

static void put_unlink(void **state)
{
	struct suburb_unlink u = { .seqnum = 0xfedcba98, .devid = 0x20007, .target = INT_MAX };

	assert_put(unlink_bytes, struct suburb_wire_header, suburb_put_unlink(w, &u));
}

static void put_ret_submit(void **state)
{
	struct suburb_ret_submit r = {
		.seqnum = 0x80000001,
		.status = -SUBURB_EREMOTEIO,
		.actual_length = 18,
		.start_frame = 0x102,
		.packets = 8,
		.error_count = 3,
	};

	assert_put(ret_submit_bytes, struct suburb_wire_header, suburb_put_ret_submit(w, &r));
}

static void put_ret_unlink(void **state)
{
	struct suburb_ret_unlink r = { .seqnum = 42, .status = -SUBURB_ECONNRESET };

	assert_put(ret_unlink_bytes, struct suburb_wire_header, suburb_put_ret_unlink(w, &r));
}

static void put_iso(void **state)
{
	struct suburb_iso i = {
		.offset = 3072,
		.length = 1024,
		.actual_length = 1023,
		.status = -SUBURB_EXDEV,
	};

	assert_put(iso_bytes, struct suburb_wire_iso, suburb_put_iso(w, &i));
}

static void put_device(void **state)
{
	struct suburb_device d = device_values();
	uint8_t bytes[312];

	device_bytes(bytes);
	assert_put(bytes, struct suburb_wire_device, suburb_put_device(w, &d));
}

static void put_busid(void **state)
{
	static const uint8_t alias[32] = "1-4-2";
	static const uint8_t longest[32] = "0123456789012345678901234567890";

	assert_put(alias, struct suburb_wire_busid, suburb_put_busid(w, "1-4-2"));
	assert_put(longest, struct suburb_wire_busid, suburb_put_busid(w, (const char *)longest));
	/* One too long is cut, and still ends. */
	assert_put(longest, struct suburb_wire_busid,
		   suburb_put_busid(w, "01234567890123456789012345678901"));
}

/* --- get: the values, and no byte read that is not there ------------------ */

/* Every length short of @size must say "more", and at a sanitizer's pleasure. */
#define assert_needs_all(bytes, size, call)                             \
	do {                                                            \
		for (size_t len = 0; len < (size); len++) {             \
			uint8_t *base;                                  \
			uint8_t *buf = odd_buffer(bytes, len, &base);   \
									\
			assert_int_equal(call, 0);                      \
			free(base);                                     \
		}                                                       \
	} while (0)

#define assert_get(bytes, size, call)                                   \
	do {                                                            \
		uint8_t *base;                                          \
		uint8_t *buf = odd_buffer(bytes, size, &base);          \
		size_t len = (size);                                    \
									\
		assert_int_equal(call, (size));                         \
		len += 1000; /* more than needed is not consumed */     \
		assert_int_equal(call, (size));                         \
		free(base);                                             \
	} while (0)

static void get_op(void **state)
{
	struct suburb_op op;

	assert_get(busy_reply, 8, suburb_get_op(buf, len, &op));
	assert_int_equal(op.code, 3);
	assert_int_equal(op.status, 2);
	assert_get(devlist_request, 8, suburb_get_op(buf, len, &op));
	assert_int_equal(op.code, 0x8005);
	assert_int_equal(op.status, 0);
	assert_needs_all(busy_reply, 8, suburb_get_op(buf, len, &op));
}

static void quirk_1_get_op_refuses_other_versions(void **state)
{
	struct suburb_op op;

	for (unsigned int version = 0; version <= 0xffff; version++) {
		uint8_t bytes[8] = { version >> 8, version, 0x80, 0x05 };
		int expected = version == 0x0111 ? 8 : -SUBURB_EPROTO;

		assert_int_equal(suburb_get_op(bytes, 8, &op), expected);
	}
}

static void get_op_lets_any_code_and_status_through(void **state)
{
	static const uint8_t bytes[8] = { 0x01, 0x11, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfd };
	struct suburb_op op;

	assert_get(bytes, 8, suburb_get_op(buf, len, &op));
	assert_int_equal(op.code, 0xfffe);
	assert_int_equal(op.status, 0xfffffffd);
}

static void get_busid(void **state)
{
	static const uint8_t bytes[32] = "1-4-2\0an offer";
	static const char clean[32] = "1-4-2";
	char busid[32];

	memset(busid, 'x', sizeof(busid));
	assert_get(bytes, 32, suburb_get_busid(buf, len, busid));
	/* quirk 6: what follows the NUL is ignored, and does not leak through */
	assert_memory_equal(busid, clean, 32);
	assert_needs_all(bytes, 32, suburb_get_busid(buf, len, busid));
}

static void get_busid_without_end(void **state)
{
	uint8_t bytes[33];
	char busid[32];

	memset(bytes, 'a', sizeof(bytes));
	bytes[32] = 0; /* outside of the field */
	assert_int_equal(suburb_get_busid(bytes, 32, busid), -SUBURB_EPROTO);
	bytes[31] = 0;
	assert_int_equal(suburb_get_busid(bytes, 32, busid), 32);
	assert_int_equal(strlen(busid), 31);
}

static void get_device(void **state)
{
	struct suburb_device d, expected = device_values();
	uint8_t bytes[312];

	device_bytes(bytes);
	memcpy(bytes + 256 + 6, "junk", 4);
	memset(&d, 0xaa, sizeof(d));
	assert_get(bytes, 312, suburb_get_device(buf, len, &d));
	assert_memory_equal(d.path, expected.path, sizeof(d.path));
	assert_memory_equal(d.busid, expected.busid, sizeof(d.busid));
	assert_int_equal(d.busnum, 3);
	assert_int_equal(d.devnum, 17);
	assert_int_equal(d.speed, SUBURB_SPEED_SUPER);
	assert_int_equal(d.id_vendor, 0x1d6b);
	assert_int_equal(d.id_product, 0x0104);
	assert_int_equal(d.bcd_device, 0x0210);
	assert_int_equal(d.device_class, 0xef);
	assert_int_equal(d.device_subclass, 2);
	assert_int_equal(d.device_protocol, 1);
	assert_int_equal(d.configuration_value, 1);
	assert_int_equal(d.num_configurations, 2);
	assert_int_equal(d.num_interfaces, 3);
	assert_needs_all(bytes, 312, suburb_get_device(buf, len, &d));
}

static void get_device_strings_without_end(void **state)
{
	struct suburb_device d;
	uint8_t bytes[312];

	device_bytes(bytes);
	memset(bytes, 'p', 256);
	assert_int_equal(suburb_get_device(bytes, 312, &d), -SUBURB_EPROTO);
	device_bytes(bytes);
	memset(bytes + 256, 'b', 32);
	assert_int_equal(suburb_get_device(bytes, 312, &d), -SUBURB_EPROTO);
	device_bytes(bytes);
	memset(bytes, 'p', 255);
	memset(bytes + 256, 'b', 31);
	assert_int_equal(suburb_get_device(bytes, 312, &d), 312);
}

static void get_command_submit(void **state)
{
	struct suburb_command c;
	const struct suburb_submit *s = &c.submit, *e = &submit_values;

	assert_get(submit_bytes, 48, suburb_get_command(buf, len, &c));
	assert_int_equal(c.command, SUBURB_CMD_SUBMIT);
	assert_int_equal(s->seqnum, e->seqnum);
	assert_int_equal(s->devid, e->devid);
	assert_int_equal(s->direction, e->direction);
	assert_int_equal(s->ep, e->ep);
	assert_int_equal(s->transfer_flags, e->transfer_flags);
	assert_int_equal(s->length, e->length);
	assert_int_equal(s->start_frame, e->start_frame);
	assert_int_equal(s->packets, e->packets);
	assert_int_equal(s->interval, e->interval);
	assert_memory_equal(s->setup, e->setup, 8);
	assert_needs_all(submit_bytes, 48, suburb_get_command(buf, len, &c));
}

static void get_command_unlink(void **state)
{
	struct suburb_command c;

	assert_get(unlink_bytes, 48, suburb_get_command(buf, len, &c));
	assert_int_equal(c.command, SUBURB_CMD_UNLINK);
	assert_int_equal(c.unlink.seqnum, 0xfedcba98);
	assert_int_equal(c.unlink.devid, 0x20007);
	assert_int_equal(c.unlink.target, INT_MAX);
}

static void get_reply_submit(void **state)
{
	struct suburb_reply r;

	assert_get(ret_submit_bytes, 48, suburb_get_reply(buf, len, &r));
	assert_int_equal(r.command, SUBURB_RET_SUBMIT);
	assert_int_equal(r.submit.seqnum, 0x80000001);
	assert_int_equal(r.submit.status, -121);
	assert_int_equal(r.submit.actual_length, 18);
	assert_int_equal(r.submit.start_frame, 0x102);
	assert_int_equal(r.submit.packets, 8);
	assert_int_equal(r.submit.error_count, 3);
	assert_needs_all(ret_submit_bytes, 48, suburb_get_reply(buf, len, &r));
}

static void get_reply_unlink(void **state)
{
	struct suburb_reply r;

	assert_get(ret_unlink_bytes, 48, suburb_get_reply(buf, len, &r));
	assert_int_equal(r.command, SUBURB_RET_UNLINK);
	assert_int_equal(r.unlink.seqnum, 42);
	assert_int_equal(r.unlink.status, -104);
}

static void get_wrong_commands(void **state)
{
	static const uint32_t wrong[] = { 0, 5, 0x01000000, 0x8005, INT_MAX, 0xffffffff };
	struct suburb_command c;
	struct suburb_reply r;
	uint8_t bytes[48] = { 0 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		for (int b = 0; b < 4; b++)
			bytes[b] = wrong[i] >> (24 - 8 * b);
		assert_int_equal(suburb_get_command(bytes, 48, &c), -SUBURB_EPROTO);
		assert_int_equal(suburb_get_reply(bytes, 48, &r), -SUBURB_EPROTO);
	}
	/* Each side's own commands are the other's violations. */
	assert_int_equal(suburb_get_command(ret_submit_bytes, 48, &c), -SUBURB_EPROTO);
	assert_int_equal(suburb_get_command(ret_unlink_bytes, 48, &c), -SUBURB_EPROTO);
	assert_int_equal(suburb_get_reply(submit_bytes, 48, &r), -SUBURB_EPROTO);
	assert_int_equal(suburb_get_reply(unlink_bytes, 48, &r), -SUBURB_EPROTO);
}

static void get_iso(void **state)
{
	struct suburb_iso i;

	assert_get(iso_bytes, 16, suburb_get_iso(buf, len, &i));
	assert_int_equal(i.offset, 3072);
	assert_int_equal(i.length, 1024);
	assert_int_equal(i.actual_length, 1023);
	assert_int_equal(i.status, -18);
	assert_needs_all(iso_bytes, 16, suburb_get_iso(buf, len, &i));
}

/* --- check ---------------------------------------------------------------- */

/* A check that refused must say which field and what it held. */
static bool refused(int ret, const struct suburb_violation *v, const char *field, uint32_t value)
{
	if (ret == 0)
		return false;
	assert_int_equal(ret, -SUBURB_EPROTO);
	assert_string_equal(v->field, field);
	assert_int_equal(v->value, value);
	return true;
}

struct judged {
	uint32_t value;
	bool refused;
};

static void check_submit_direction_and_ep(void **state)
{
	static const struct judged directions[] = {
		{ 0, false }, { 1, false }, { 2, true }, { INT_MAX, true },
		{ 0x80000000, true }, { 0xffffffff, true }, { 0x01000000, true },
	};
	static const struct judged eps[] = {
		{ 0, false }, { 1, false }, { 15, false }, { 16, true }, { 0x81, true },
		{ 255, true }, { INT_MAX, true }, { 0x80000000, true }, { 0xffffffff, true },
	};
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(directions) / sizeof(*directions); i++) {
		struct suburb_submit s = { .direction = directions[i].value };

		assert_int_equal(refused(suburb_check_submit(&s, false, &v), &v, "direction",
					 s.direction), directions[i].refused);
	}
	for (size_t i = 0; i < sizeof(eps) / sizeof(*eps); i++) {
		struct suburb_submit s = { .ep = eps[i].value };

		assert_int_equal(refused(suburb_check_submit(&s, false, &v), &v, "ep", s.ep),
				 eps[i].refused);
	}
}

static void check_submit_length(void **state)
{
	static const struct judged lengths[] = {
		{ 0, false }, { 1, false }, { INT_MAX, false },
		{ 0x80000000, true }, { 0xffffffff, true },
	};
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct suburb_submit s = { .length = lengths[i].value };

		assert_int_equal(refused(suburb_check_submit(&s, false, &v), &v,
					 "transfer_buffer_length", s.length), lengths[i].refused);
	}
}

static void quirk_9_check_submit_packets_only_on_iso(void **state)
{
	static const struct judged packets[] = {
		{ 0, true }, { 1, false }, { 1024, false }, { 1025, true },
		{ INT_MAX, true }, { 0x80000000, true }, { 0xffffffff, true },
	};
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		struct suburb_submit s = { .packets = packets[i].value };

		assert_int_equal(suburb_check_submit(&s, false, &v), 0);
		assert_int_equal(refused(suburb_check_submit(&s, true, &v), &v,
					 "number_of_packets", s.packets), packets[i].refused);
	}
}

/* Not judged, so never a reason to refuse. */
static void check_submit_free_fields(void **state)
{
	static const uint32_t extremes[] = { EXTREMES };
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(extremes) / sizeof(*extremes); i++) {
		struct suburb_submit s = {
			.seqnum = extremes[i],
			.devid = extremes[i],
			.transfer_flags = extremes[i],
			.start_frame = extremes[i],
			.packets = 1,
			.interval = extremes[i],
		};

		assert_int_equal(suburb_check_submit(&s, true, &v), 0);
	}
}

static const struct judged statuses[] = {
	{ 0, false }, { (uint32_t)-1, false }, { (uint32_t)-4095, false },
	{ (uint32_t)-4096, true }, { 1, true }, { INT_MAX, true }, { 0x80000000, true },
};

static void check_status_of_replies(void **state)
{
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		uint32_t value = statuses[i].value;
		struct suburb_ret_submit s = { .status = (int32_t)value };
		struct suburb_ret_unlink u = { .status = (int32_t)value };
		struct suburb_iso p = { .status = (int32_t)value };

		assert_int_equal(refused(suburb_check_ret_submit(&s, 0, 0, &v), &v, "status",
					 value), statuses[i].refused);
		assert_int_equal(refused(suburb_check_ret_unlink(&u, &v), &v, "status", value),
				 statuses[i].refused);
		assert_int_equal(refused(suburb_check_iso(&p, 0, 0, &v), &v, "iso status", value),
				 statuses[i].refused);
	}
}

/* CVE-2016-3955: a reply longer than the buffer, with and without an error. */
static void check_ret_submit_actual_length(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 64, INT_MAX };
	static const uint32_t actual[] = { EXTREMES, 63, 64, 65 };
	struct suburb_violation v;

	for (size_t l = 0; l < sizeof(lengths) / sizeof(*lengths); l++) {
		for (size_t a = 0; a < sizeof(actual) / sizeof(*actual); a++) {
			struct suburb_ret_submit r = { .actual_length = actual[a] };
			bool too_long = actual[a] > lengths[l];

			assert_int_equal(refused(suburb_check_ret_submit(&r, lengths[l], 0, &v),
						 &v, "actual_length", actual[a]), too_long);
			r.status = -SUBURB_EIO;
			assert_int_equal(refused(suburb_check_ret_submit(&r, lengths[l], 0, &v),
						 &v, "actual_length", actual[a]), too_long);
		}
	}
}

static void check_ret_submit_packets(void **state)
{
	static const uint32_t packets[] = { EXTREMES, 7, 8, 9 };
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		struct suburb_ret_submit r = { .packets = packets[i] };

		/* Not iso: an echo of whatever was sent, never looked at. */
		assert_int_equal(suburb_check_ret_submit(&r, 0, 0, &v), 0);
		assert_int_equal(refused(suburb_check_ret_submit(&r, 0, 8, &v), &v,
					 "number_of_packets", packets[i]), packets[i] != 8);
		/* quirk 9: an iso error carries none or all */
		r.status = -SUBURB_EXDEV;
		assert_int_equal(refused(suburb_check_ret_submit(&r, 0, 8, &v), &v,
					 "number_of_packets", packets[i]),
				 packets[i] != 8 && packets[i] != 0);
	}
}

static void check_iso_offset_and_length(void **state)
{
	static const uint32_t values[] = { EXTREMES, 99, 100, 101 };
	struct suburb_violation v;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct suburb_iso offset = { .offset = values[i] };
		struct suburb_iso actual = { .offset = 5, .actual_length = values[i] };

		assert_int_equal(refused(suburb_check_iso(&offset, 100, 0, &v), &v, "iso offset",
					 values[i]), values[i] != 100);
		assert_int_equal(refused(suburb_check_iso(&actual, 5, 100, &v), &v,
					 "iso actual_length", values[i]), values[i] > 100);
	}
}

/* --- helpers -------------------------------------------------------------- */

static void helpers(void **state)
{
	assert_int_equal(suburb_devid(1, 15), 0x1000f);
	assert_int_equal(suburb_devid(0xffff, 0xffff), 0xffffffff);
	assert_int_equal(suburb_devid(1, 0x2000f), 0x1000f);
	for (uint32_t speed = 0; speed < 16; speed++)
		assert_int_equal(suburb_speed_valid(speed),
				 (speed >= 1 && speed <= 3) || speed == 5 || speed == 6);
	assert_false(suburb_speed_valid(0xffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_op),
		cmocka_unit_test(put_submit),
		cmocka_unit_test(put_unlink),
		cmocka_unit_test(put_ret_submit),
		cmocka_unit_test(put_ret_unlink),
		cmocka_unit_test(put_iso),
		cmocka_unit_test(put_device),
		cmocka_unit_test(put_busid),
		cmocka_unit_test(get_op),
		cmocka_unit_test(quirk_1_get_op_refuses_other_versions),
		cmocka_unit_test(get_op_lets_any_code_and_status_through),
		cmocka_unit_test(get_busid),
		cmocka_unit_test(get_busid_without_end),
		cmocka_unit_test(get_device),
		cmocka_unit_test(get_device_strings_without_end),
		cmocka_unit_test(get_command_submit),
		cmocka_unit_test(get_command_unlink),
		cmocka_unit_test(get_reply_submit),
		cmocka_unit_test(get_reply_unlink),
		cmocka_unit_test(get_wrong_commands),
		cmocka_unit_test(get_iso),
		cmocka_unit_test(check_submit_direction_and_ep),
		cmocka_unit_test(check_submit_length),
		cmocka_unit_test(quirk_9_check_submit_packets_only_on_iso),
		cmocka_unit_test(check_submit_free_fields),
		cmocka_unit_test(check_status_of_replies),
		cmocka_unit_test(check_ret_submit_actual_length),
		cmocka_unit_test(check_ret_submit_packets),
		cmocka_unit_test(check_iso_offset_and_length),
		cmocka_unit_test(helpers),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
