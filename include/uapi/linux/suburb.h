/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * /dev/suburb: hand a connected socket to the virtual USB host controller, and
 * see what became of it.
 *
 * A program dials an exporter, imports a device with USB/IP 1.1.1 (OP_REQ_IMPORT
 * up to and including OP_REP_IMPORT), and gives the socket to the kernel with
 * SUBURB_IOC_ATTACH. From then on the socket is the kernel's: the program closes
 * its descriptor and does not touch the stream again. The remote device lives
 * until it is detached, its link ends, or the module is unloaded; closing
 * /dev/suburb changes nothing.
 *
 * Every struct begins with its size, which the caller sets to sizeof(). A newer
 * program on an older kernel is refused (E2BIG) if it uses fields which that
 * kernel does not know, that is if they are not 0; an older program on a newer
 * kernel gets the fields that it knows. Reserved fields and unknown flags must
 * be 0 (EINVAL). Errors common to all calls: EFAULT (pointer), EINVAL (size too
 * small, flags, reserved), E2BIG, ENOTTY (no such call), EPERM (ATTACH and
 * DETACH need a descriptor opened for writing).
 *
 * No capability is asked for: the permissions of the node are all that stands
 * between a program and any USB device it cares to invent. The module makes the
 * node root's.
 *
 * poll() says POLLIN when the set of remotes, or the state of one of them, has
 * changed since this descriptor's last SUBURB_IOC_LIST (or since open).
 */
#ifndef _UAPI_LINUX_SUBURB_H
#define _UAPI_LINUX_SUBURB_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SUBURB_ABI_VERSION 1

/*
 * What a program may negotiate with an exporter (docs/PROTOCOL.md, section 6).
 * All messages behind OP_REP_IMPORT follow what was agreed.
 */
#define SUBURB_FEATURE_RESUME (1ULL << 0) /* reserved */
#define SUBURB_FEATURE_STREAMS (1ULL << 1) /* bulk streams */
#define SUBURB_FEATURE_DIGEST (1ULL << 2) /* a CRC in every message */

/**
 * struct suburb_info - SUBURB_IOC_INFO: what this module is
 * @size: sizeof(struct suburb_info)
 * @version: out: SUBURB_ABI_VERSION of the module
 * @features: out: SUBURB_FEATURE_*, what may be negotiated with an exporter and
 *	given in suburb_attach.features
 * @controllers: out: how many controllers exist now; more are made on demand
 * @remotes: out: how many devices are attached now
 * @digest_errors: out: messages whose digest was wrong, since the module was
 *	loaded; each ended its link
 */
struct suburb_info {
	__u32 size;
	__u32 version;
	__u64 features;
	__u32 controllers;
	__u32 remotes;
	__u64 digest_errors;
};

#define SUBURB_LABEL_SIZE 128
#define SUBURB_COOKIE_SIZE 512
#define SUBURB_UNLINK_MS_MOST 86400000

/*
 * Of interrupt IN endpoints the kernel asks for no report before a driver does:
 * each CMD_SUBMIT on the wire is a URB. Without it, a driver that reads report
 * after report over a link whose round trip is longer than its URBs cover has as
 * many requests on the wire as it takes (docs/ARCHITECTURE.md).
 */
#define SUBURB_ATTACH_NO_READ_AHEAD (1U << 0)

/**
 * struct suburb_attach - SUBURB_IOC_ATTACH: a socket becomes a device
 * @size: sizeof(struct suburb_attach)
 * @flags: SUBURB_ATTACH_*
 * @sockfd: a connected stream socket, any family, positioned behind
 *	OP_REP_IMPORT. Nothing else may read, write or own it
 * @devid: busnum << 16 | devnum, from OP_REP_IMPORT; repeated in each request
 * @speed: from OP_REP_IMPORT: 1 low, 2 full, 3 high, 5 super, 6 super-plus
 *	(the numbers of enum usb_device_speed)
 * @port: out: number for SUBURB_IOC_DETACH and _STATUS, the lowest one free
 * @id: out: number of this attachment, never used again while the module lives
 * @features: SUBURB_FEATURE_* agreed with the exporter; EINVAL for one that
 *	SUBURB_IOC_INFO does not name
 * @label: for humans, e.g. "lab.example:3240 1-1.2": NUL-terminated, control
 *	characters refused. Shown in the kernel log and by SUBURB_IOC_STATUS
 * @cookie_size: bytes used in @cookie
 * @window_requests: most requests on the wire at once; 0: default (256)
 * @window_bytes: most payload bytes asked for or sent and not yet answered;
 *	0: default (8 MiB). One request per endpoint is always let through
 * @session: reserved for resumable sessions, as are the four below: 0
 * @token: reserved: 0
 * @grace_ms: reserved: 0
 * @keepalive_ms: reserved: 0
 * @largest_transfer: reserved: 0
 * @unlink_ms: how long the exporter may leave a CMD_UNLINK unanswered while
 *	nothing arrives from it; after that, and whatever arrives after 8 times
 *	that, the link ends with SUBURB_REASON_LINK and ETIMEDOUT. At most
 *	SUBURB_UNLINK_MS_MOST; 0: default (20 s). For a peer that lives and does
 *	not answer; one that is gone is noticed by the socket, whose options are
 *	the caller's affair (TCP_USER_TIMEOUT, keepalive)
 * @reserved: 0
 * @cookie: opaque to the kernel, returned by SUBURB_IOC_STATUS: what the caller
 *	needs to dial again
 *
 * Returns once the device is connected to its port; the kernel then enumerates
 * it like any other. Wait for SUBURB_STATE_ONLINE with poll().
 *
 * EBADF, ENOTSOCK: @sockfd. EPROTOTYPE: not a stream socket, or MPTCP.
 * ENOTCONN: not connected (listening sockets, too). EBUSY: the socket belongs to another user
 * in the kernel, for one because it was attached before. EPROTONOSUPPORT:
 * @speed. ENOMEM, ENOSPC: no controller could be made.
 */
struct suburb_attach {
	__u32 size;
	__u32 flags;
	__s32 sockfd;
	__u32 devid;
	__u32 speed;
	__u32 port;
	__u64 id;
	__u64 features;
	__u32 cookie_size;
	__u32 window_requests;
	__u32 window_bytes;
	__u32 largest_transfer;
	__u64 session;
	__u8 token[16];
	__u32 grace_ms;
	__u32 keepalive_ms;
	__u32 unlink_ms;
	__u32 reserved[3];
	char label[SUBURB_LABEL_SIZE];
	__u8 cookie[SUBURB_COOKIE_SIZE];
};

/**
 * struct suburb_detach - SUBURB_IOC_DETACH: unplug a remote device
 * @size: sizeof(struct suburb_detach)
 * @flags: 0
 * @port: from SUBURB_IOC_ATTACH or _LIST
 * @reserved: 0
 * @id: 0, or the attachment meant: ENODEV if the port holds another by now
 *
 * On return every URB of the device has been given back and its link is
 * closed; the kernel's own disconnect of it follows at once.
 * ENODEV: nothing is attached there.
 */
struct suburb_detach {
	__u32 size;
	__u32 flags;
	__u32 port;
	__u32 reserved;
	__u64 id;
};

/**
 * struct suburb_list - SUBURB_IOC_LIST: ports in use
 * @size: sizeof(struct suburb_list)
 * @flags: 0
 * @ports: address of an array of __u32, filled in ascending order; 0 with
 *	@capacity 0
 * @capacity: its length, in elements
 * @count: out: ports in use; if more than @capacity, only those fitted were
 *	written
 * @generation: out: counts changes, what poll() waits for
 */
struct suburb_list {
	__u32 size;
	__u32 flags;
	__u64 ports;
	__u32 capacity;
	__u32 count;
	__u64 generation;
};

/**
 * enum suburb_state - of a remote device
 * @SUBURB_STATE_ATTACHING: on its port; the kernel is enumerating it
 * @SUBURB_STATE_ONLINE: its usb_device exists and is configured
 * @SUBURB_STATE_LOST: reserved: link gone, waiting for a new one
 * @SUBURB_STATE_DETACHING: being unplugged
 * @SUBURB_STATE_GONE: ended; only a status call by id still tells of it
 */
enum suburb_state {
	SUBURB_STATE_ATTACHING = 1,
	SUBURB_STATE_ONLINE = 2,
	SUBURB_STATE_LOST = 3,
	SUBURB_STATE_DETACHING = 4,
	SUBURB_STATE_GONE = 5,
};

/**
 * enum suburb_reason - why a remote device ended
 * @SUBURB_REASON_NONE: it has not
 * @SUBURB_REASON_DETACHED: SUBURB_IOC_DETACH
 * @SUBURB_REASON_CLOSED: the exporter closed the connection: the device was
 *	unplugged there, or the exporter stopped
 * @SUBURB_REASON_LINK: the link failed; link_error says how
 * @SUBURB_REASON_PROTOCOL: the exporter broke the protocol; the kernel log
 *	names the field
 * @SUBURB_REASON_UNLOAD: the module or its controller was removed
 * @SUBURB_REASON_DIGEST: a message was damaged on the way: its digest is wrong
 */
enum suburb_reason {
	SUBURB_REASON_NONE = 0,
	SUBURB_REASON_DETACHED = 1,
	SUBURB_REASON_CLOSED = 2,
	SUBURB_REASON_LINK = 3,
	SUBURB_REASON_PROTOCOL = 4,
	SUBURB_REASON_UNLOAD = 5,
	SUBURB_REASON_DIGEST = 6,
};

/**
 * struct suburb_endpoint_status - counters of one endpoint since attach
 * @urbs: URBs taken from drivers
 * @bytes: moved, as told by the exporter
 * @errors: URBs that ended with an error other than being unlinked
 * @unlinks: URBs that were unlinked
 * @address: bEndpointAddress: number, bit 7 for IN (always 0 for endpoint 0)
 * @read_ahead: requests that are kept on the wire beyond what drivers have
 *	queued; 0: the endpoint is not read ahead now
 * @reserved: 0
 */
struct suburb_endpoint_status {
	__u64 urbs;
	__u64 bytes;
	__u64 errors;
	__u64 unlinks;
	__u8 address;
	__u8 read_ahead;
	__u8 reserved[6];
};

/**
 * struct suburb_status - SUBURB_IOC_STATUS: one remote device
 * @size: sizeof(struct suburb_status)
 * @flags: 0
 * @id: in and out: attachment asked for, or 0: whatever is on @port. By id, the
 *	last few that ended can still be asked for; of these only @port, @state,
 *	@reason and @link_error are told
 * @port: in (if @id is 0) and out
 * @state: out: enum suburb_state
 * @reason: out: enum suburb_reason
 * @link_error: out: errno of SUBURB_REASON_LINK, positive
 * @speed: out: as attached
 * @devid: out: as attached
 * @busnum: out: bus of the usb_device here; with @root_port its sysfs name is
 *	"<busnum>-<root_port>"
 * @root_port: out: port of the root hub, from 1
 * @devnum: out: address of the usb_device, 0 until there is one
 * @pending: out: URBs not yet given back
 * @cookie_size: out: bytes used in @cookie
 * @endpoints_capacity: length of the array at @endpoints, in elements
 * @endpoints_count: out: endpoints with traffic; at most 31
 * @reserved: 0
 * @endpoints: address of an array of struct suburb_endpoint_status, or 0
 * @urbs: out: sum over all endpoints, as are the next three
 * @bytes: out
 * @errors: out
 * @unlinks: out
 * @wire_sent: out: bytes put on the link
 * @wire_received: out: bytes read from the link
 * @features: out: as attached
 * @label: out: as attached
 * @cookie: out: as attached
 * @digests: out: digests received that were right; 0 without SUBURB_FEATURE_DIGEST
 *
 * ENODEV: nothing is attached there, or nobody remembers that id.
 */
struct suburb_status {
	__u32 size;
	__u32 flags;
	__u64 id;
	__u32 port;
	__u32 state;
	__u32 reason;
	__u32 link_error;
	__u32 speed;
	__u32 devid;
	__u32 busnum;
	__u32 root_port;
	__u32 devnum;
	__u32 pending;
	__u32 cookie_size;
	__u32 endpoints_capacity;
	__u32 endpoints_count;
	__u32 reserved;
	__u64 endpoints;
	__u64 urbs;
	__u64 bytes;
	__u64 errors;
	__u64 unlinks;
	__u64 wire_sent;
	__u64 wire_received;
	__u64 features;
	char label[SUBURB_LABEL_SIZE];
	__u8 cookie[SUBURB_COOKIE_SIZE];
	__u64 digests;
};

#define SUBURB_IOC_MAGIC 0xBC

/*
 * The kernel looks at the number only, and at the size inside the struct: the
 * size that is part of these constants may grow with the structs.
 * 0xBC 0x05 and 0x06 are kept for stopping a link and for setting a new one.
 */
#define SUBURB_IOC_INFO _IOWR(SUBURB_IOC_MAGIC, 0x00, struct suburb_info)
#define SUBURB_IOC_ATTACH _IOWR(SUBURB_IOC_MAGIC, 0x01, struct suburb_attach)
#define SUBURB_IOC_DETACH _IOWR(SUBURB_IOC_MAGIC, 0x02, struct suburb_detach)
#define SUBURB_IOC_LIST _IOWR(SUBURB_IOC_MAGIC, 0x03, struct suburb_list)
#define SUBURB_IOC_STATUS _IOWR(SUBURB_IOC_MAGIC, 0x04, struct suburb_status)

#endif
