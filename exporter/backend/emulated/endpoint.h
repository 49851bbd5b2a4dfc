/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint of an emulated device: where the transfers of the importer meet
 * the requests of the function, packet by packet, as they do on a bus.
 *
 * It owns the two queues and the halt. It knows no device, no loop and no
 * function: finished transfers go to a queue that the caller names, requests
 * end in their complete(). Neither queue waits for anything: what finds no
 * counterpart stays, which is what a NAK is.
 */
#ifndef EXPORTER_BACKEND_EMULATED_ENDPOINT_H
#define EXPORTER_BACKEND_EMULATED_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/backend.h"

/**
 * struct emulated_request - data that a function gives to an IN endpoint, or
 *	room that it gives to an OUT endpoint
 *
 * Belongs to the endpoint until @complete is called, or until the endpoint is
 * flushed, which calls nothing. @complete may queue it again at once.
 */
struct emulated_request {
	/* Filled by the function: */
	uint8_t *buffer;
	uint32_t length; /* OUT: a multiple of the endpoint's max packet, not 0 */
	uint32_t stream; /* that it is for; 0 where there are none */
	bool zero; /* IN: follow a last packet that is full by an empty one */
	void (*complete)(struct emulated_request *request);
	void *owner;

	/* Filled by the endpoint: */
	uint32_t actual;
	struct emulated_request *next;
};

/* A queue of transfers, linked through their priv. */
struct emulated_transfers {
	struct backend_transfer *first;
	struct backend_transfer *last;
};

/**
 * struct emulated_endpoint
 * @max_packet: 0: not part of the active settings
 * @streams: allocated; each is a pair of queues of its own. 0: none
 * @interval: isochronous: microframes from packet to packet. This and what
 *	follows up to @running is for iso.h
 * @end: microframe in which the next transfer would begin
 * @packet: of the first transfer, how many have passed
 * @running: @end means something
 */
struct emulated_endpoint {
	uint8_t address;
	uint8_t type; /* bmAttributes & 3 */
	uint8_t interface;
	uint16_t max_packet;
	bool halted;
	uint32_t streams;
	uint32_t interval;
	uint32_t end;
	uint32_t packet;
	bool running;
	struct emulated_transfers transfers;
	struct emulated_request *first;
	struct emulated_request *last;
};

void emulated_transfers_add(struct emulated_transfers *queue, struct backend_transfer *transfer);
struct backend_transfer *emulated_transfers_take(struct emulated_transfers *queue);
bool emulated_transfers_remove(struct emulated_transfers *queue, struct backend_transfer *transfer);

/**
 * emulated_transfer_finish - give a transfer its status and queue it for done()
 *
 * This is where a short IN becomes an error for those who asked for that.
 */
void emulated_transfer_finish(struct backend_transfer *transfer, int32_t status,
			      struct emulated_transfers *finished);

void emulated_endpoint_queue(struct emulated_endpoint *endpoint, struct emulated_request *request);

/**
 * emulated_endpoint_move - let the next packets pass, or stall if halted
 *
 * Return: something moved, and more might.
 */
bool emulated_endpoint_move(struct emulated_endpoint *endpoint,
			    struct emulated_transfers *finished);

/* Forget every request. */
void emulated_endpoint_forget(struct emulated_endpoint *endpoint);
/* End every transfer with @status and forget every request. */
void emulated_endpoint_flush(struct emulated_endpoint *endpoint, int32_t status,
			     struct emulated_transfers *finished);

#endif
