/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host for one emulated device, for unit tests: it starts a backend on a
 * loop of its own, opens the device, and runs transfers and changes to their
 * end. A transfer that does not end within five seconds fails the test.
 */
#ifndef TESTS_UNIT_EMULATED_HOST_H
#define TESTS_UNIT_EMULATED_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exporter/backend/emulated/emulated.h"

struct host {
	uv_loop_t loop;
	uv_timer_t limit;
	bool late;
	struct backend *backend;
	struct backend_device *device; /* the last that arrived */
	unsigned int arrived;
	unsigned int left;
};

/* A transfer on its way, its buffer, and when it ended among the others. */
struct flight {
	struct backend_transfer transfer;
	struct host *host;
	bool done;
	unsigned int order;
	struct suburb_iso *iso;
};

/* Add the devices (ended by NULL), start, and open the first. */
struct host *host_new(const char *const *specs);
struct host *host_open(const char *spec);
void host_free(struct host *host);
/* Run the loop once, or until the condition is true. */
void host_turn(struct host *host);
#define host_until(host, condition)                 \
	do {                                        \
		host_limit(host);                   \
		while (!(condition))                \
			host_turn(host);            \
		host_unlimit(host);                 \
	} while (0)
void host_limit(struct host *host);
void host_unlimit(struct host *host);
/* Let the loop run for a while, whatever happens. */
void host_wait(struct host *host, unsigned int ms);

/*
 * Transfers. @data is copied in for OUT; the endpoint's type is looked up. On
 * an isochronous one @length is cut into packets of the endpoint's size.
 */
struct flight *host_begin(struct host *host, uint8_t endpoint, const void *data, uint32_t length);
struct flight *host_begin_with(struct host *host, uint8_t endpoint, const void *data,
			       uint32_t length, bool short_not_ok, bool zero_packet);
/* Isochronous, with packets of @size bytes, which the endpoint may or may not like. */
struct flight *host_begin_iso(struct host *host, uint8_t endpoint, const void *data,
			      uint32_t packets, uint32_t size);
/* Bulk, on a stream. */
struct flight *host_begin_stream(struct host *host, uint8_t endpoint, const void *data,
				 uint32_t length, uint32_t stream);
void host_cancel(struct host *host, struct flight *flight);
void flight_free(struct flight *flight);
/* Status, with the bytes moved in *actual; IN data is copied to @data. */
int host_transfer(struct host *host, uint8_t endpoint, void *data, uint32_t length,
		  uint32_t *actual);
/* Control: bytes moved or the negative status. */
int host_control(struct host *host, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		 void *data, uint16_t length);
int host_change(struct host *host, enum backend_change_kind kind, uint8_t endpoint,
		uint8_t interface, uint8_t value);

/* As many streams for each of these endpoints; 0 frees them. */
int host_streams(struct host *host, const uint8_t *endpoints, unsigned int count,
		 uint32_t streams);

#endif
