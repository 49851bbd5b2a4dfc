/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The USB/IP 1.1.1 wire: layout of every message, and the functions that put,
 * get and check one. The kernel module, the exporter, the tool, the tests and
 * bare boards compile these very lines.
 *
 * The conversation (C = importer, S = exporter; all fields big endian):
 *
 *   C->S  OP_REQ_DEVLIST                   one connection, then closed
 *   S->C  OP_REP_DEVLIST  count, { device, interface[] }[]
 *
 *   C->S  OP_REQ_IMPORT   busid            opens a session on this connection
 *   S->C  OP_REP_IMPORT   device           (8 bytes only if status is not 0)
 *   C->S  CMD_SUBMIT      header, OUT payload, iso descriptors
 *   S->C  RET_SUBMIT      header, IN payload, iso descriptors
 *   C->S  CMD_UNLINK      header
 *   S->C  RET_UNLINK      header
 *
 * Everything here is pure: no allocation, no I/O, no state, any context, no
 * alignment asked of a buffer. Structs named suburb_wire_* lie on the wire and
 * hold __be fields; structs without "wire" are decoded and hold plain integers.
 *
 *   put_*    cannot fail; writes the whole message, padding zeroed
 *   get_*    returns the bytes consumed, 0 if more are needed, or
 *            -SUBURB_EPROTO if these bytes can never become the message
 *   check_*  judges a decoded reply against the request that it answers;
 *            nothing of a reply may be used before it passed
 */
#ifndef _SUBURB_WIRE_H
#define _SUBURB_WIRE_H

#include "types.h"

#define SUBURB_WIRE_PORT 3240
#define SUBURB_WIRE_VERSION 0x0111

/* Operations: requests have bit 15 set (Linux tools/usb/usbip, QUIRKS 2). */
#define SUBURB_OP_REQ_DEVLIST 0x8005
#define SUBURB_OP_REP_DEVLIST 0x0005
#define SUBURB_OP_REQ_IMPORT 0x8003
#define SUBURB_OP_REP_IMPORT 0x0003

/* Status of an operation's reply. */
enum suburb_op_status {
	SUBURB_OP_OK = 0,
	SUBURB_OP_NA = 1, /* request failed */
	SUBURB_OP_DEV_BUSY = 2, /* somebody else has imported it */
	SUBURB_OP_DEV_ERR = 3, /* device in an error state */
	SUBURB_OP_NODEV = 4, /* no such device */
	SUBURB_OP_ERROR = 5, /* unexpected */
};

/* Commands of the URB phase. */
#define SUBURB_CMD_SUBMIT 1
#define SUBURB_CMD_UNLINK 2
#define SUBURB_RET_SUBMIT 3
#define SUBURB_RET_UNLINK 4

#define SUBURB_DIR_OUT 0
#define SUBURB_DIR_IN 1

/* Device speeds: the numbers of enum usb_device_speed. 0 and 4 never travel. */
enum suburb_speed {
	SUBURB_SPEED_LOW = 1,
	SUBURB_SPEED_FULL = 2,
	SUBURB_SPEED_HIGH = 3,
	SUBURB_SPEED_SUPER = 5,
	SUBURB_SPEED_SUPER_PLUS = 6,
};

/* transfer_flags of CMD_SUBMIT that have a meaning for the exporter. */
#define SUBURB_URB_SHORT_NOT_OK 0x0001 /* a short IN is -EREMOTEIO */
#define SUBURB_URB_ISO_ASAP 0x0002 /* iso: start_frame is ignored */
#define SUBURB_URB_ZERO_PACKET 0x0040 /* end a full bulk OUT with an empty packet */
#define SUBURB_URB_DIR_IN 0x0200

/*
 * status on the wire is a negative Linux errno, whatever the machine; these
 * are Linux' numbers (include/uapi/asm-generic/errno*.h).
 */
#define SUBURB_ENOENT 2
#define SUBURB_EIO 5
#define SUBURB_ENOMEM 12
#define SUBURB_EACCES 13
#define SUBURB_EBUSY 16
#define SUBURB_EXDEV 18
#define SUBURB_ENODEV 19
#define SUBURB_EINVAL 22
#define SUBURB_EFBIG 27
#define SUBURB_ENOSPC 28
#define SUBURB_EPIPE 32
#define SUBURB_ETIME 62
#define SUBURB_ENOSR 63
#define SUBURB_ECOMM 70
#define SUBURB_EPROTO 71
#define SUBURB_EOVERFLOW 75
#define SUBURB_EILSEQ 84
#define SUBURB_EMSGSIZE 90
#define SUBURB_ENOTSUP 95
#define SUBURB_ECONNRESET 104
#define SUBURB_ESHUTDOWN 108
#define SUBURB_ETIMEDOUT 110
#define SUBURB_EHOSTUNREACH 113
#define SUBURB_EREMOTEIO 121
#define SUBURB_WIRE_MAX_ERRNO 4095

/* Bounds that hold for every message. */
#define SUBURB_WIRE_MAX_EP 15
#define SUBURB_WIRE_MAX_LENGTH 0x7fffffff /* URB lengths are signed on Linux */
#define SUBURB_WIRE_MAX_PACKETS 1024
#define SUBURB_WIRE_BUSID_SIZE 32
#define SUBURB_WIRE_PATH_SIZE 256

/* --- layout --------------------------------------------------------------- */

struct suburb_wire_op {
	__be16 version;
	__be16 code;
	__be32 status; /* 0 in requests */
} __packed;
static_assert(sizeof(struct suburb_wire_op) == 8, "op header");

struct suburb_wire_device {
	char path[SUBURB_WIRE_PATH_SIZE];
	char busid[SUBURB_WIRE_BUSID_SIZE];
	__be32 busnum;
	__be32 devnum;
	__be32 speed;
	__be16 id_vendor;
	__be16 id_product;
	__be16 bcd_device;
	__u8 device_class;
	__u8 device_subclass;
	__u8 device_protocol;
	__u8 configuration_value;
	__u8 num_configurations;
	__u8 num_interfaces;
} __packed;
static_assert(sizeof(struct suburb_wire_device) == 312, "device record");

struct suburb_wire_interface {
	__u8 interface_class;
	__u8 interface_subclass;
	__u8 interface_protocol;
	__u8 padding;
} __packed;
static_assert(sizeof(struct suburb_wire_interface) == 4, "interface record");

struct suburb_wire_busid {
	char busid[SUBURB_WIRE_BUSID_SIZE];
} __packed;

struct suburb_wire_header {
	__be32 command;
	__be32 seqnum;
	__be32 devid; /* busnum << 16 | devnum; 0 in replies */
	__be32 direction; /* 0 in replies */
	__be32 ep; /* 0 in replies */
	union {
		struct {
			__be32 transfer_flags;
			__be32 length; /* of the transfer buffer */
			__be32 start_frame;
			__be32 packets; /* iso; 0 otherwise */
			__be32 interval;
			__u8 setup[8];
		} __packed submit;
		struct {
			__be32 seqnum; /* of the CMD_SUBMIT to be unlinked */
			__u8 padding[24];
		} __packed unlink;
		struct {
			__be32 status;
			__be32 actual_length;
			__be32 start_frame;
			__be32 packets;
			__be32 error_count;
			__u8 padding[8];
		} __packed ret_submit;
		struct {
			__be32 status;
			__u8 padding[24];
		} __packed ret_unlink;
	} u;
} __packed;
static_assert(sizeof(struct suburb_wire_header) == 48, "URB header");

struct suburb_wire_iso {
	__be32 offset;
	__be32 length;
	__be32 actual_length;
	__be32 status;
} __packed;
static_assert(sizeof(struct suburb_wire_iso) == 16, "iso descriptor");

/* --- decoded -------------------------------------------------------------- */

/**
 * struct suburb_op - head of an operation's request or reply
 * @code: one of SUBURB_OP_*
 * @status: enum suburb_op_status; 0 in requests
 */
struct suburb_op {
	__u16 code;
	__u32 status;
};

/**
 * struct suburb_device - a device as OP_REP_DEVLIST and OP_REP_IMPORT tell it
 * @path: for humans, NUL-terminated; may hold any byte of the peer's choice
 * @busid: the exporter's name of the device, NUL-terminated; likewise
 * @busnum: with @devnum the devid of its requests
 * @devnum: address on that bus
 * @speed: enum suburb_speed; not judged here, see suburb_speed_valid()
 */
struct suburb_device {
	char path[SUBURB_WIRE_PATH_SIZE];
	char busid[SUBURB_WIRE_BUSID_SIZE];
	__u32 busnum;
	__u32 devnum;
	__u32 speed;
	__u16 id_vendor;
	__u16 id_product;
	__u16 bcd_device;
	__u8 device_class;
	__u8 device_subclass;
	__u8 device_protocol;
	__u8 configuration_value;
	__u8 num_configurations;
	__u8 num_interfaces;
};

/**
 * struct suburb_submit - CMD_SUBMIT
 * @seqnum: opaque to the exporter; echoed
 * @devid: as imported
 * @direction: SUBURB_DIR_IN or SUBURB_DIR_OUT
 * @ep: endpoint number, 0 to 15
 * @transfer_flags: SUBURB_URB_*
 * @length: bytes; an OUT carries them behind the header
 * @start_frame: iso only
 * @packets: iso only: descriptors behind the payload. Anything at all on
 *	other endpoints (QUIRKS 9): look at the endpoint first
 * @interval: not to be used by exporters, they have the descriptor
 * @setup: control only
 */
struct suburb_submit {
	__u32 seqnum;
	__u32 devid;
	__u32 direction;
	__u32 ep;
	__u32 transfer_flags;
	__u32 length;
	__u32 start_frame;
	__u32 packets;
	__u32 interval;
	__u8 setup[8];
};

/**
 * struct suburb_unlink - CMD_UNLINK
 * @seqnum: its own, answered by one RET_UNLINK
 * @devid: as imported
 * @target: seqnum of the CMD_SUBMIT to be unlinked
 */
struct suburb_unlink {
	__u32 seqnum;
	__u32 devid;
	__u32 target;
};

/**
 * struct suburb_ret_submit - RET_SUBMIT
 * @seqnum: of the CMD_SUBMIT
 * @status: 0 or a negative SUBURB_E*; data may come with an error, and counts
 * @actual_length: bytes moved; for IN they follow the header
 * @start_frame: iso only
 * @packets: as in the request; on an iso error 0 or all
 * @error_count: iso only
 */
struct suburb_ret_submit {
	__u32 seqnum;
	__s32 status;
	__u32 actual_length;
	__u32 start_frame;
	__u32 packets;
	__u32 error_count;
};

/**
 * struct suburb_ret_unlink - RET_UNLINK
 * @seqnum: of the CMD_UNLINK
 * @status: -SUBURB_ECONNRESET: cancelled, no RET_SUBMIT came or comes;
 *	0: it had completed, its RET_SUBMIT came first
 */
struct suburb_ret_unlink {
	__u32 seqnum;
	__s32 status;
};

/* What an exporter reads: @command says which member is valid. */
struct suburb_command {
	__u32 command; /* SUBURB_CMD_SUBMIT or SUBURB_CMD_UNLINK */
	union {
		struct suburb_submit submit;
		struct suburb_unlink unlink;
	};
};

/* What an importer reads: @command says which member is valid. */
struct suburb_reply {
	__u32 command; /* SUBURB_RET_SUBMIT or SUBURB_RET_UNLINK */
	union {
		struct suburb_ret_submit submit;
		struct suburb_ret_unlink unlink;
	};
};

/**
 * struct suburb_iso - one isochronous packet
 * @offset: in the transfer buffer
 * @length: bytes asked for; 0 to this many may be moved
 * @actual_length: bytes moved; 0 in requests
 * @status: 0 or a negative SUBURB_E*; 0 in requests
 */
struct suburb_iso {
	__u32 offset;
	__u32 length;
	__u32 actual_length;
	__s32 status;
};

/**
 * struct suburb_violation - why a message was refused
 * @field: its name in the protocol, a constant string; NULL if none was
 * @value: what the peer put there
 */
struct suburb_violation {
	const char *field;
	__u32 value;
};

/* --- small helpers -------------------------------------------------------- */

static inline __u32 suburb_devid(__u32 busnum, __u32 devnum)
{
	return busnum << 16 | (devnum & 0xffff);
}

static inline bool suburb_speed_valid(__u32 speed)
{
	return speed >= SUBURB_SPEED_LOW && speed <= SUBURB_SPEED_SUPER_PLUS && speed != 4;
}

/* --- put ------------------------------------------------------------------ */

static inline void suburb_put_op(struct suburb_wire_op *w, __u16 code, __u32 status)
{
	w->version = __cpu_to_be16(SUBURB_WIRE_VERSION);
	w->code = __cpu_to_be16(code);
	w->status = __cpu_to_be32(status);
}

/* Copies a string that fits, with its NUL; what does not fit is cut. */
static inline void suburb_put_string(char *w, size_t size, const char *s)
{
	size_t n = 0;

	while (n < size - 1 && s[n])
		n++;
	memset(w, 0, size);
	memcpy(w, s, n);
}

static inline void suburb_put_busid(struct suburb_wire_busid *w, const char *busid)
{
	suburb_put_string(w->busid, sizeof(w->busid), busid);
}

static inline void suburb_put_device(struct suburb_wire_device *w, const struct suburb_device *d)
{
	suburb_put_string(w->path, sizeof(w->path), d->path);
	suburb_put_string(w->busid, sizeof(w->busid), d->busid);
	w->busnum = __cpu_to_be32(d->busnum);
	w->devnum = __cpu_to_be32(d->devnum);
	w->speed = __cpu_to_be32(d->speed);
	w->id_vendor = __cpu_to_be16(d->id_vendor);
	w->id_product = __cpu_to_be16(d->id_product);
	w->bcd_device = __cpu_to_be16(d->bcd_device);
	w->device_class = d->device_class;
	w->device_subclass = d->device_subclass;
	w->device_protocol = d->device_protocol;
	w->configuration_value = d->configuration_value;
	w->num_configurations = d->num_configurations;
	w->num_interfaces = d->num_interfaces;
}

static inline void suburb_put_submit(struct suburb_wire_header *w, const struct suburb_submit *s)
{
	w->command = __cpu_to_be32(SUBURB_CMD_SUBMIT);
	w->seqnum = __cpu_to_be32(s->seqnum);
	w->devid = __cpu_to_be32(s->devid);
	w->direction = __cpu_to_be32(s->direction);
	w->ep = __cpu_to_be32(s->ep);
	w->u.submit.transfer_flags = __cpu_to_be32(s->transfer_flags);
	w->u.submit.length = __cpu_to_be32(s->length);
	w->u.submit.start_frame = __cpu_to_be32(s->start_frame);
	w->u.submit.packets = __cpu_to_be32(s->packets);
	w->u.submit.interval = __cpu_to_be32(s->interval);
	memcpy(w->u.submit.setup, s->setup, sizeof(s->setup));
}

static inline void suburb_put_unlink(struct suburb_wire_header *w, const struct suburb_unlink *u)
{
	memset(w, 0, sizeof(*w));
	w->command = __cpu_to_be32(SUBURB_CMD_UNLINK);
	w->seqnum = __cpu_to_be32(u->seqnum);
	w->devid = __cpu_to_be32(u->devid);
	w->u.unlink.seqnum = __cpu_to_be32(u->target);
}

static inline void suburb_put_ret_submit(struct suburb_wire_header *w,
					 const struct suburb_ret_submit *r)
{
	memset(w, 0, sizeof(*w));
	w->command = __cpu_to_be32(SUBURB_RET_SUBMIT);
	w->seqnum = __cpu_to_be32(r->seqnum);
	w->u.ret_submit.status = __cpu_to_be32((__u32)r->status);
	w->u.ret_submit.actual_length = __cpu_to_be32(r->actual_length);
	w->u.ret_submit.start_frame = __cpu_to_be32(r->start_frame);
	w->u.ret_submit.packets = __cpu_to_be32(r->packets);
	w->u.ret_submit.error_count = __cpu_to_be32(r->error_count);
}

static inline void suburb_put_ret_unlink(struct suburb_wire_header *w,
					 const struct suburb_ret_unlink *r)
{
	memset(w, 0, sizeof(*w));
	w->command = __cpu_to_be32(SUBURB_RET_UNLINK);
	w->seqnum = __cpu_to_be32(r->seqnum);
	w->u.ret_unlink.status = __cpu_to_be32((__u32)r->status);
}

static inline void suburb_put_iso(struct suburb_wire_iso *w, const struct suburb_iso *i)
{
	w->offset = __cpu_to_be32(i->offset);
	w->length = __cpu_to_be32(i->length);
	w->actual_length = __cpu_to_be32(i->actual_length);
	w->status = __cpu_to_be32((__u32)i->status);
}

/* --- get ------------------------------------------------------------------ */

/**
 * suburb_get_op - head of an operation
 *
 * Any code and status are let through: which ones are expected is the
 * caller's to know. The version is judged here, as every peer does.
 */
static inline int suburb_get_op(const void *buf, size_t len, struct suburb_op *op)
{
	const struct suburb_wire_op *w = buf;

	if (len < sizeof(*w))
		return 0;
	if (__be16_to_cpu(w->version) != SUBURB_WIRE_VERSION)
		return -SUBURB_EPROTO;
	op->code = __be16_to_cpu(w->code);
	op->status = __be32_to_cpu(w->status);
	return sizeof(*w);
}

/* A string that is not terminated within its field is a violation. */
static inline int suburb_get_string(char *s, const char *w, size_t size)
{
	size_t n = 0;

	while (n < size && w[n])
		n++;
	if (n == size)
		return -SUBURB_EPROTO;
	memset(s, 0, size);
	memcpy(s, w, n);
	return 0;
}

/**
 * suburb_get_busid - the body of OP_REQ_IMPORT
 * @busid: SUBURB_WIRE_BUSID_SIZE bytes; what follows the NUL on the wire is
 *	ignored (QUIRKS 6)
 */
static inline int suburb_get_busid(const void *buf, size_t len, char *busid)
{
	const struct suburb_wire_busid *w = buf;

	if (len < sizeof(*w))
		return 0;
	if (suburb_get_string(busid, w->busid, sizeof(w->busid)))
		return -SUBURB_EPROTO;
	return sizeof(*w);
}

static inline int suburb_get_device(const void *buf, size_t len, struct suburb_device *d)
{
	const struct suburb_wire_device *w = buf;

	if (len < sizeof(*w))
		return 0;
	if (suburb_get_string(d->path, w->path, sizeof(w->path)) ||
	    suburb_get_string(d->busid, w->busid, sizeof(w->busid)))
		return -SUBURB_EPROTO;
	d->busnum = __be32_to_cpu(w->busnum);
	d->devnum = __be32_to_cpu(w->devnum);
	d->speed = __be32_to_cpu(w->speed);
	d->id_vendor = __be16_to_cpu(w->id_vendor);
	d->id_product = __be16_to_cpu(w->id_product);
	d->bcd_device = __be16_to_cpu(w->bcd_device);
	d->device_class = w->device_class;
	d->device_subclass = w->device_subclass;
	d->device_protocol = w->device_protocol;
	d->configuration_value = w->configuration_value;
	d->num_configurations = w->num_configurations;
	d->num_interfaces = w->num_interfaces;
	return sizeof(*w);
}

/**
 * suburb_get_command - what an importer sent
 *
 * Only the command word is judged. A CMD_SUBMIT with impossible values is
 * still a message, whose payload the exporter must read past to stay in step:
 * see suburb_check_submit().
 */
static inline int suburb_get_command(const void *buf, size_t len, struct suburb_command *c)
{
	const struct suburb_wire_header *w = buf;
	struct suburb_submit *s = &c->submit;

	if (len < sizeof(*w))
		return 0;
	c->command = __be32_to_cpu(w->command);
	switch (c->command) {
	case SUBURB_CMD_SUBMIT:
		s->seqnum = __be32_to_cpu(w->seqnum);
		s->devid = __be32_to_cpu(w->devid);
		s->direction = __be32_to_cpu(w->direction);
		s->ep = __be32_to_cpu(w->ep);
		s->transfer_flags = __be32_to_cpu(w->u.submit.transfer_flags);
		s->length = __be32_to_cpu(w->u.submit.length);
		s->start_frame = __be32_to_cpu(w->u.submit.start_frame);
		s->packets = __be32_to_cpu(w->u.submit.packets);
		s->interval = __be32_to_cpu(w->u.submit.interval);
		memcpy(s->setup, w->u.submit.setup, sizeof(s->setup));
		return sizeof(*w);
	case SUBURB_CMD_UNLINK:
		c->unlink.seqnum = __be32_to_cpu(w->seqnum);
		c->unlink.devid = __be32_to_cpu(w->devid);
		c->unlink.target = __be32_to_cpu(w->u.unlink.seqnum);
		return sizeof(*w);
	default:
		return -SUBURB_EPROTO;
	}
}

/**
 * suburb_get_reply - what an exporter sent
 *
 * Only the command word is judged; suburb_check_ret_submit() does the rest
 * once the request is known.
 */
static inline int suburb_get_reply(const void *buf, size_t len, struct suburb_reply *r)
{
	const struct suburb_wire_header *w = buf;

	if (len < sizeof(*w))
		return 0;
	r->command = __be32_to_cpu(w->command);
	switch (r->command) {
	case SUBURB_RET_SUBMIT:
		r->submit.seqnum = __be32_to_cpu(w->seqnum);
		r->submit.status = (__s32)__be32_to_cpu(w->u.ret_submit.status);
		r->submit.actual_length = __be32_to_cpu(w->u.ret_submit.actual_length);
		r->submit.start_frame = __be32_to_cpu(w->u.ret_submit.start_frame);
		r->submit.packets = __be32_to_cpu(w->u.ret_submit.packets);
		r->submit.error_count = __be32_to_cpu(w->u.ret_submit.error_count);
		return sizeof(*w);
	case SUBURB_RET_UNLINK:
		r->unlink.seqnum = __be32_to_cpu(w->seqnum);
		r->unlink.status = (__s32)__be32_to_cpu(w->u.ret_unlink.status);
		return sizeof(*w);
	default:
		return -SUBURB_EPROTO;
	}
}

static inline int suburb_get_iso(const void *buf, size_t len, struct suburb_iso *i)
{
	const struct suburb_wire_iso *w = buf;

	if (len < sizeof(*w))
		return 0;
	i->offset = __be32_to_cpu(w->offset);
	i->length = __be32_to_cpu(w->length);
	i->actual_length = __be32_to_cpu(w->actual_length);
	i->status = (__s32)__be32_to_cpu(w->status);
	return sizeof(*w);
}

/* --- check ---------------------------------------------------------------- */

static inline int suburb_violates(struct suburb_violation *v, const char *field, __u32 value)
{
	v->field = field;
	v->value = value;
	return -SUBURB_EPROTO;
}

/**
 * suburb_check_submit - can this CMD_SUBMIT be a request at all?
 * @s: as decoded
 * @iso: the endpoint is isochronous
 * @v: filled when the answer is no
 *
 * Judges what needs no knowledge of the device but its endpoint type. The
 * exporter answers a refused one with an error and reads past its payload;
 * only an OUT longer than any URB may end the connection.
 */
static inline int suburb_check_submit(const struct suburb_submit *s, bool iso,
				      struct suburb_violation *v)
{
	if (s->direction > SUBURB_DIR_IN)
		return suburb_violates(v, "direction", s->direction);
	if (s->ep > SUBURB_WIRE_MAX_EP)
		return suburb_violates(v, "ep", s->ep);
	if (s->length > SUBURB_WIRE_MAX_LENGTH)
		return suburb_violates(v, "transfer_buffer_length", s->length);
	if (iso && (s->packets == 0 || s->packets > SUBURB_WIRE_MAX_PACKETS))
		return suburb_violates(v, "number_of_packets", s->packets);
	return 0;
}

static inline bool suburb_status_valid(__s32 status)
{
	return status <= 0 && status >= -SUBURB_WIRE_MAX_ERRNO;
}

/**
 * suburb_check_ret_submit - does this reply fit the request?
 * @r: as decoded
 * @length: of the request's transfer buffer
 * @packets: of the request; 0 unless it is isochronous
 * @v: filled when the answer is no
 *
 * After this @r->actual_length bytes fit the buffer, and @r->packets
 * descriptors the packets, of the request.
 */
static inline int suburb_check_ret_submit(const struct suburb_ret_submit *r, __u32 length,
					  __u32 packets, struct suburb_violation *v)
{
	if (!suburb_status_valid(r->status))
		return suburb_violates(v, "status", (__u32)r->status);
	if (r->actual_length > length)
		return suburb_violates(v, "actual_length", r->actual_length);
	if (packets && r->packets != packets && !(r->status && r->packets == 0))
		return suburb_violates(v, "number_of_packets", r->packets);
	return 0;
}

static inline int suburb_check_ret_unlink(const struct suburb_ret_unlink *r,
					  struct suburb_violation *v)
{
	if (!suburb_status_valid(r->status))
		return suburb_violates(v, "status", (__u32)r->status);
	return 0;
}

/**
 * suburb_check_iso - does packet @i of a reply fit the packet asked for?
 * @i: the reply's descriptor
 * @offset: asked for; the reply repeats it
 * @length: asked for
 * @v: filled when the answer is no
 */
static inline int suburb_check_iso(const struct suburb_iso *i, __u32 offset, __u32 length,
				   struct suburb_violation *v)
{
	if (i->offset != offset)
		return suburb_violates(v, "iso offset", i->offset);
	if (i->actual_length > length)
		return suburb_violates(v, "iso actual_length", i->actual_length);
	if (!suburb_status_valid(i->status))
		return suburb_violates(v, "iso status", (__u32)i->status);
	return 0;
}

#endif
