/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bus time that a device's periodic endpoints reserve: pure. See bandwidth.c.
 */
#ifndef _SUBURB_BANDWIDTH_H
#define _SUBURB_BANDWIDTH_H

#include "../include/suburb/types.h"

/* Endpoint numbers 0 to 15, OUT, then IN. */
#define SUBURB_BANDWIDTH_ENDPOINTS 32

/**
 * struct suburb_periodic - what one interrupt or isochronous endpoint needs
 * @interval: between two services: frames for low and full speed, else
 *	microframes; a power of two. 0: the endpoint reserves nothing
 * @packet: bytes of the largest packet
 * @bytes: in each interval, in as many packets as that takes
 * @iso: isochronous, not interrupt
 */
struct suburb_periodic {
	__u16 interval;
	__u16 packet;
	__u32 bytes;
	bool iso;
};

/**
 * struct suburb_bandwidth - the periodic endpoints of one device
 * @speed: of the device, enum suburb_speed
 * @now: reserved, by endpoint index
 * @wanted: what suburb_bandwidth_check() will decide about
 */
struct suburb_bandwidth {
	__u8 speed;
	struct suburb_periodic now[SUBURB_BANDWIDTH_ENDPOINTS];
	struct suburb_periodic wanted[SUBURB_BANDWIDTH_ENDPOINTS];
};

void suburb_bandwidth_init(struct suburb_bandwidth *bandwidth, __u8 speed);
void suburb_bandwidth_add(struct suburb_bandwidth *bandwidth, __u8 address,
			  const struct suburb_periodic *periodic);
void suburb_bandwidth_drop(struct suburb_bandwidth *bandwidth, __u8 address);
bool suburb_bandwidth_check(struct suburb_bandwidth *bandwidth);
void suburb_bandwidth_reset(struct suburb_bandwidth *bandwidth);

#endif
