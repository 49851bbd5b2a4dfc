/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An echo between two endpoints of an emulated device: every packet that comes
 * to the OUT endpoint is given back on the IN endpoint, in order, with its
 * length. A given number of packets is kept; then the OUT endpoint waits until
 * the host has read some.
 */
#ifndef EXPORTER_BACKEND_EMULATED_ECHO_H
#define EXPORTER_BACKEND_EMULATED_ECHO_H

#include "exporter/backend/emulated/device.h"

struct emulated_echo_packet;

struct emulated_echo {
	struct emulated_device *device;
	uint8_t in;
	uint8_t out;
	struct emulated_echo_packet *packets;
	unsigned int count;
};

/* 0, or -1 if memory is out. @count: packets it keeps. */
int emulated_echo_init(struct emulated_echo *echo, struct emulated_device *device, uint8_t in,
		       uint8_t out, unsigned int count);
/* Both endpoints are fresh: begin, and forget what was kept. */
void emulated_echo_start(struct emulated_echo *echo);
void emulated_echo_exit(struct emulated_echo *echo);

#endif
