/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer: an exporter of one small vendor-class device, that does as it is told.
 *
 * It is the far end of the link that a test gives to the kernel. A thread
 * reads what the kernel sends, answers the standard requests on endpoint 0 as
 * such a device would, so that usbcore enumerates it, and hands everything else
 * (other endpoints, vendor requests, unlinks) to the test, which answers as it
 * likes: late, wrongly, never. It speaks the URB phase only; the import that
 * comes before is the tool's affair and never reaches the kernel.
 *
 * Each command is also judged as it passes. What a right importer never sends
 * (QUIRKS: a stale number_of_packets, an endpoint that is not there, a
 * direction IN without length, a seqnum used twice, isochronous packets with
 * gaps between them) is kept as a complaint.
 */
#ifndef SUBURB_TEST_PEER_H
#define SUBURB_TEST_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <suburb/extension.h>

#define PEER_DEVID 0x00030007
#define PEER_VENDOR 0xffff
#define PEER_PRODUCT 0x5b5b
#define PEER_SERIAL "kselftest-0001"

/* Endpoints of its interface 0, setting 0; a low-speed device has the interrupt ones only. */
#define PEER_BULK_IN 0x81
#define PEER_BULK_OUT 0x02
#define PEER_INT_IN 0x83
#define PEER_INT_OUT 0x04

/*
 * Other settings: 1 has none, ALT_ISO has a small isochronous endpoint each
 * way, every 8 microframes or every frame; ALT_LARGE one IN as large as can be,
 * ALT_TOO_LARGE two of these, for which no bus has time.
 */
#define PEER_ALT_NONE 1
#define PEER_ALT_ISO 2
#define PEER_ALT_LARGE 3
#define PEER_ALT_TOO_LARGE 4
#define PEER_LAST_ALT 4
#define PEER_ISO_IN 0x85
#define PEER_ISO_OUT 0x06
#define PEER_ISO_IN_TOO 0x87
#define PEER_ISO_PACKET 1024
#define PEER_ISO_PACKET_FULL 192

#define PEER_QUEUE 256
#define PEER_KEEP 64
#define PEER_KEEP_ISO (256 * 1024)

/* One command for the test, with the beginning of its payload. */
struct peer_command {
	struct suburb_command c;
	__u8 data[PEER_KEEP];
	__u32 sum; /* of all payload bytes */
};

struct peer {
	int fd; /* ours */
	int far; /* the kernel's; the test closes it after attaching */
	__u32 speed;
	unsigned int delay_ms; /* before each answer on endpoint 0; likewise */
	bool digest; /* messages carry digests, both ways; set before attaching */
	pthread_t thread;
	pthread_mutex_t gate; /* held: it reads nothing more until this is let go */
	const __u8 *device; /* told instead of its device descriptor; before attaching */
	/* May change a descriptor, of @len bytes in a buffer of 4096; its length then. Likewise */
	size_t (*forge)(void *owner, __u8 type, __u8 index, __u8 *buf, size_t len);
	void *forger;

	/* Protected by lock: */
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct peer_command queue[PEER_QUEUE];
	unsigned int head, tail;
	bool mute; /* answer nothing, not even on endpoint 0 */
	bool unlinks_queued; /* unlinks go to the test; otherwise they succeed */
	bool ended; /* the kernel's end is closed */
	__u32 seen[4096]; /* seqnums */
	unsigned int nseen;
	__u8 alternate;
	char complaint[128];

	/* The last isochronous CMD_SUBMIT, until the next one: */
	struct suburb_iso iso[SUBURB_WIRE_MAX_PACKETS];
	__u8 *iso_data; /* PEER_KEEP_ISO bytes */
};

/* Over a socketpair, or over two descriptors that are already connected. */
int peer_start(struct peer *p, __u32 speed);
int peer_start_on(struct peer *p, __u32 speed, int fd, int far);

/* Closes the link if it is open. Returns the complaint, "" if there is none. */
const char *peer_stop(struct peer *p);

/* Cuts the link and leaves the rest to peer_stop(). */
void peer_cut(struct peer *p);

/* Stops reading, but for what it has begun to read, until false. */
void peer_hold(struct peer *p, bool hold);

void peer_set_mute(struct peer *p, bool mute);
void peer_queue_unlinks(struct peer *p, bool queue);

/* The next command for the test. False if none comes within @ms. */
bool peer_next(struct peer *p, struct peer_command *c, int ms);

/* True once the kernel has closed its end, within @ms. */
bool peer_ended(struct peer *p, int ms);

/* RET_SUBMIT with @len bytes moved; @data goes along if it is not NULL. */
int peer_reply(struct peer *p, __u32 seqnum, __s32 status, const void *data, __u32 len);
/*
 * RET_SUBMIT of an isochronous request: header with @packets and @len, @data if
 * it is not NULL, and as many descriptors.
 */
int peer_reply_iso(struct peer *p, __u32 seqnum, __s32 status, const struct suburb_iso *iso,
		   __u32 packets, const void *data, __u32 len);

/* The same, into @message of @len + 64 bytes. Its size. */
size_t peer_put_reply(struct peer *p, __u32 seqnum, __s32 status, const void *data, __u32 len,
		      void *message);
int peer_reply_unlink(struct peer *p, __u32 seqnum, __s32 status);
int peer_send(struct peer *p, const void *buf, size_t len);

/* peer_device.c: the descriptors. Their length, 0 if there is no such one. */
size_t peer_descriptor(__u32 speed, __u8 type, __u8 index, __u8 *buf, size_t size);
bool peer_is_iso(__u8 address);
bool peer_has_endpoint(__u32 speed, __u8 alternate, __u8 address);

#endif
