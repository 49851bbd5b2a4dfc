/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend for unit tests, with one device: it keeps what it is given and does
 * nothing until the test says what becomes of it. No loop, no time.
 *
 * The device: configuration 1; interface 0 with altsetting 0 (bulk OUT 0x01,
 * bulk IN 0x81, interrupt IN 0x82) and altsetting 1 (bulk OUT 0x01, iso IN
 * 0x83, iso OUT 0x03).
 */
#ifndef TESTS_FAKE_BACKEND_H
#define TESTS_FAKE_BACKEND_H

#include "exporter/backend.h"

#define FAKE_BUSID "7-1.2"
#define FAKE_BUSNUM 7
#define FAKE_DEVNUM 9
#define FAKE_MAX 8192

/**
 * struct fake - the backend and its device
 * @transfers: in flight, in the order submitted; priv of one that was cancelled
 *	is not NULL
 * @count: of them
 * @submitted: how many ever were
 * @cancels: calls of cancel()
 * @change: the change in flight, NULL if none is
 * @changes: how many ever were
 * @opens, @closes: calls, or changes of that kind
 * @is_open: between the two
 * @allocated: bytes of buffers that were not freed
 * @fail_open, @fail_submit, @fail_change, @fail_alloc: what to refuse with; to
 *	be closed is never refused
 */
struct fake {
	struct backend backend;
	struct backend_device device;
	struct backend_events events;
	struct backend_transfer *transfers[FAKE_MAX];
	size_t count;
	size_t submitted;
	size_t cancels;
	struct backend_change *change;
	size_t changes;
	size_t opens;
	size_t closes;
	bool is_open;
	size_t allocated;
	int fail_open;
	int fail_submit;
	int fail_change;
	bool fail_alloc;
};

/* @slow: open and close take their time, by way of change(). */
void fake_init(struct fake *fake, bool slow);

/* Ends the transfer at @index with @status and @actual_length. */
void fake_complete(struct fake *fake, size_t index, int32_t status, uint32_t actual_length);

/* Ends the change in flight. */
void fake_changed(struct fake *fake, int32_t status);

/* The device is pulled out: told, then all transfers end. */
void fake_unplug(struct fake *fake);

#endif
