/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Isochronous endpoints of an emulated device: packets that have a time.
 *
 * Time is counted in microframes (125 us), in 32 bits that wrap. The packets
 * of a transfer are due one interval after the other, from where the transfer
 * before ended; a transfer is done when its last packet was due. Whoever
 * drives this looks at the clock as often as it likes: what has become due
 * since passes in one go, so a coarse timer costs latency and no data.
 *
 * Devices have FIFOs, and so a host may be late: an endpoint whose transfers
 * ran out goes on from where it stopped, and what is overdue passes at once,
 * so that no sample is lost and none too many is made. Only after half a
 * second is the stream a new one, which begins now. There is no -EXDEV here
 * for being late, with or without ISO_ASAP.
 *
 * It knows no device and no loop: packets are exchanged with a function
 * through struct emulated_iso_function.
 */
#ifndef EXPORTER_BACKEND_EMULATED_ISO_H
#define EXPORTER_BACKEND_EMULATED_ISO_H

#include "exporter/backend/emulated/endpoint.h"

#define EMULATED_MICROFRAMES_PER_MS 8
#define EMULATED_ISO_PATIENCE (500 * EMULATED_MICROFRAMES_PER_MS)

struct emulated_device;

/**
 * struct emulated_iso_function - a function's side of the packets
 * @give: the next packet of an IN endpoint: write up to @size bytes, which is
 *	the endpoint's max packet, and return how many; 0 is an empty packet
 * @take: a packet came to an OUT endpoint
 */
struct emulated_iso_function {
	uint32_t (*give)(struct emulated_device *d, uint8_t address, uint8_t *packet,
			 uint32_t size);
	void (*take)(struct emulated_device *d, uint8_t address, const uint8_t *packet,
		     uint32_t length);
};

/* Now, in microframes. */
uint32_t emulated_iso_clock(void);

/**
 * emulated_iso_queue - accept a transfer
 *
 * Return: 0; -SUBURB_EINVAL if its packets are not inside its buffer;
 * -SUBURB_EMSGSIZE if one is longer than a packet can be.
 */
int emulated_iso_queue(struct emulated_endpoint *endpoint, struct backend_transfer *transfer,
		       uint32_t now);

/* Let all packets pass that are due. */
void emulated_iso_move(struct emulated_endpoint *endpoint, uint32_t now, struct emulated_device *d,
		       const struct emulated_iso_function *function,
		       struct emulated_transfers *finished);

/* Take a transfer out of the queue; false if it is not there. */
bool emulated_iso_cancel(struct emulated_endpoint *endpoint, struct backend_transfer *transfer);

/**
 * emulated_iso_frame - a microframe as a host controller numbers it
 *
 * Return: above full speed the microframe, below the frame; both of 11 bits of
 * frame number.
 */
uint32_t emulated_iso_frame(enum suburb_speed speed, uint32_t microframe);

/* Microframes until the first transfer will be done (0: it is due); false if there is none. */
bool emulated_iso_wait(const struct emulated_endpoint *endpoint, uint32_t now, uint32_t *wait);

#endif
