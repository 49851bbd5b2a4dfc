/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * import: the handshake with an exporter, up to a socket that /dev/suburb takes;
 * for the programs of the soak scripts, which do it thousands of times.
 */
#ifndef SUBURB_TEST_IMPORT_H
#define SUBURB_TEST_IMPORT_H

#include <linux/types.h>

/**
 * struct import - what came of it
 * @fd: for suburb_attach.sockfd
 */
struct import {
	int fd;
	__u32 speed;
	__u32 devid;
};

/*
 * 0, -EBUSY if somebody else has the device, -ENODEV if there is none, or why
 * the exporter cannot be reached. It waits 10 s for an answer at most.
 */
int import_device(struct import *import, const char *host, const char *busid);

/* The same until it is not busy, for @ms at most. */
int import_free_device(struct import *import, const char *host, const char *busid, int ms);

#endif
