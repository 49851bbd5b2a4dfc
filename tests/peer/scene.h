/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scene: what the hostile server plays its cases in: a device of its own
 * attached to the kernel, one thing asked of it through usbfs and not answered
 * yet, the kernel's log, and an honest device beside, with its own link.
 *
 * Calls return 0 or a negative errno, or say so.
 */
#ifndef TESTS_PEER_SCENE_H
#define TESTS_PEER_SCENE_H

#include <linux/usb/ch9.h>

#include "tests/kselftest/session.h"
#include "tests/kselftest/urbs.h"

#define SCENE_GUARD 0xa5
#define SCENE_BEFORE 128 /* guard bytes on either side */
#define SCENE_LENGTH 64
#define SCENE_PACKETS 4

/* What is asked. */
enum scene_kind {
	SCENE_BULK_IN,
	SCENE_BULK_OUT,
	SCENE_INT_IN,
	SCENE_CONTROL_IN,
	SCENE_CONTROL_OUT,
	SCENE_UNLINK, /* a bulk IN, and then its end */
	SCENE_ISO_IN,
	SCENE_ISO_OUT,
};

/**
 * struct scene - one
 * @asked: the message that is to be answered
 * @seqnum: its number
 * @target: of an unlink: the number of the request
 * @iso: of an isochronous request: its packets
 * @open: the device is there
 */
struct scene {
	__u32 speed;
	__u64 features;
	int log;
	struct session s;
	bool open;
	__u8 alternate;

	enum scene_kind kind;
	struct usbdevfs_urb urb;
	__u8 data[SCENE_BEFORE + 8 + SCENE_LENGTH + SCENE_BEFORE];
	struct usbfs_discard discard;
	struct urbs_call *call;
	struct peer_command asked;
	__u32 seqnum;
	__u32 target;
	struct suburb_iso iso[SCENE_PACKETS];
	bool back; /* what was asked is over */
};

bool scene_is_in(enum scene_kind kind);
bool scene_is_iso(enum scene_kind kind);

int scene_init(struct scene *scene, __u32 speed, __u64 features);
/* A device, if there is none any more. */
int scene_open(struct scene *scene);
void scene_close(struct scene *scene);

int scene_ask(struct scene *scene, enum scene_kind kind);

/* The next URB that is back, also of a device that is gone; NULL: none within @ms. */
struct usbdevfs_urb *scene_reap(int usb, int ms);

/* What was asked has come back within @ms; its status is 0 or an error. */
bool scene_is_back(struct scene *scene, int ms, int *status);
/* No byte lies where none belongs. */
bool scene_is_untouched(const struct scene *scene);

/* The device is gone, and why; SUBURB_REASON_NONE if it is not within @ms. */
int scene_reason(struct scene *scene, int ms);

/*
 * Lines about this device since the last call that name @field; *@others: those
 * that speak of a violation and name something else.
 */
int scene_lines(struct scene *scene, const char *field, int *others);

/* The honest device beside. */
int neighbour_start(__u32 speed);
int neighbour_ask(void);
const char *neighbour_stop(void);

#endif
