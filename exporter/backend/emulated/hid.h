/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emulated keyboard and mouse have in common: a boot-protocol HID
 * interface with one interrupt IN endpoint, its class requests, and a script
 * of reports, played once the host has polled for one second on end. (Linux
 * opens a new device for a moment, and drops what comes just after an open.)
 *
 * A script plays once in the life of a device (from open or reset on) unless
 * its function asks for more. Reports keep the distance of the endpoint's
 * interval, however fast the host takes them.
 */
#ifndef EXPORTER_BACKEND_EMULATED_HID_H
#define EXPORTER_BACKEND_EMULATED_HID_H

#include "exporter/backend/emulated/device.h"

#define EMULATED_HID_ENDPOINT 0x81
#define EMULATED_HID_REPORT 8 /* bytes, the longest */

/**
 * struct emulated_hid_kind - what is different
 * @protocol: bInterfaceProtocol: 1 keyboard, 2 mouse
 * @report_size: bytes of an input report
 * @interval_ms: between reports
 * @next: write the next report of the script; false if it is over
 * @rewind: begin the script again
 * @leds: an output report came; NULL if the device has none
 */
struct emulated_hid_kind {
	const uint8_t *report_descriptor;
	uint16_t report_descriptor_size;
	uint8_t protocol;
	uint8_t report_size;
	uint8_t interval_ms;
	bool (*next)(struct emulated_device *d, uint8_t *report);
	void (*rewind)(struct emulated_device *d);
	void (*leds)(struct emulated_device *d, uint8_t leds);
};

/* First in the state of a function that uses this. */
struct emulated_hid {
	const struct emulated_hid_kind *kind;
	struct emulated_request request;
	uint8_t report[EMULATED_HID_REPORT];
	enum { HID_UNREAD, HID_DELAY, HID_READY } state;
	bool playing; /* the script is not over */
	bool queued;
	uint8_t idle; /* repeat after so many times 4 ms; 0: only changes */
	uint8_t protocol; /* 0 boot, 1 report; the reports are the same */
	uint8_t leds;
};

/* Play the script (again), unless it is being played. */
void emulated_hid_play(struct emulated_device *d);

/* The hooks of struct emulated_kind. */
void emulated_hid_describe(struct emulated_device *d, struct emulated_descriptors *out,
			   enum suburb_speed speed);
void emulated_hid_reset(struct emulated_device *d);
void emulated_hid_start(struct emulated_device *d, uint8_t interface);
int emulated_hid_control(struct emulated_device *d, struct emulated_control *c);
void emulated_hid_polled(struct emulated_device *d, uint8_t address, bool waiting);
void emulated_hid_expired(struct emulated_device *d);

#endif
