/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Isochronous URBs as a kernel driver makes them, by the tests' own module (see
 * urbs/suburb_urbs.h). A call lasts as long as its URB, so a thread makes it.
 */
#ifndef SUBURB_TEST_URBS_CALL_H
#define SUBURB_TEST_URBS_CALL_H

#include <pthread.h>
#include <stdbool.h>

#include "session.h"
#include "urbs/suburb_urbs.h"

#define URBS_PACKETS 1100
#define URBS_LENGTH (64 * 1024)
#define URBS_GUARD 0xa5

struct urbs_call {
	struct urbs_iso arg;
	struct urbs_packet packets[URBS_PACKETS];
	__u8 data[URBS_LENGTH];
	pthread_t thread;
	int ret; /* of the ioctl */
};

/* Loads the module; ends the program if that cannot be. */
void urbs_require(void);

/* A call without packets on an empty buffer of @length bytes, every byte a guard. */
void urbs_init(struct urbs_call *call, struct session *s, __u8 endpoint, __u32 length);
void urbs_add(struct urbs_call *call, __u32 offset, __u32 length);

int urbs_start(struct urbs_call *call);
/* False if the URB does not come back within @ms. */
bool urbs_done(struct urbs_call *call, int ms);

#endif
