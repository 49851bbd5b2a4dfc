/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exported devices: the registry of those that a rule exports, who has
 * imported each of them, and what endpoints and altsettings it has now.
 *
 * Below it are the backends, which say what there is. It knows no session: an
 * importer is a struct device_user with functions to be told by.
 */
#ifndef EXPORTER_DEVICE_H
#define EXPORTER_DEVICE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "backend.h"
#include "descriptors.h"
#include "follow.h"
#include "rules.h"

/**
 * struct device_user - the one importer of a device
 * @opened: the end of a device_open() that took its time: 0 or a negative
 *	SUBURB_E*
 * @gone: the device has left. Transfers end by themselves, device_close() is
 *	still due
 * @closed: the end of a device_close() that took its time
 * @returned: the end of a device_follow(): 0, or -SUBURB_ENODEV, after @gone
 */
struct device_user {
	void (*opened)(struct device_user *user, int status);
	void (*gone)(struct device_user *user);
	void (*closed)(struct device_user *user);
	void (*returned)(struct device_user *user, int status);
};

/**
 * struct device - one exported device
 * @backend: what the backend knows of it
 * @source: where it comes from
 * @devid: in every request of its importer: where it was when he took it
 * @user: its importer, NULL while it is free
 * @gone: it has left; freed when the user closed it
 * @resetting: what leaves now may come back
 * @away: it has left meanwhile
 * @successor: has come in its place, not taken yet
 * @follow: device_follow() is at work
 * @absent: stands for it until it is back
 * @altsetting: bAlternateSetting by bInterfaceNumber
 * @endpoints: of the present configuration and altsettings
 * @all_endpoints: of the present configuration or the last one, any altsetting
 * @streams_agreed: its importer may allocate streams, and names them
 * @streams: allocated now, by direction and endpoint number
 */
struct device {
	TAILQ_ENTRY(device) entry;
	struct device_source *source;
	struct backend_device *backend;
	struct device_user *user;
	bool gone;
	bool resetting;
	bool away;
	struct backend_device *successor;
	struct follow *follow;
	struct backend_device absent;
	uint32_t devid;
	uint8_t altsetting[256];
	struct endpoint_table endpoints;
	struct endpoint_table all_endpoints;
	bool streams_agreed;
	uint16_t streams[2][16];
	struct backend_change opening;
	struct backend_change closing;
};

/**
 * struct device_source - a backend being watched
 * @export_all: its devices are exported without a rule
 */
struct device_source {
	TAILQ_ENTRY(device_source) entry;
	struct devices *devices;
	struct backend *backend;
	bool export_all;
};

/* An importer's patience with a reset is longer (PROTOCOL.md, section 3). */
#define FOLLOW_MS 5000

/**
 * struct load - what all importers together have on its way, for pipeline.c
 * @requests: in the backend or with a reply not yet written
 * @bytes: of buffers
 * @complained_ms: see log_now()
 */
struct load {
	unsigned int requests;
	size_t bytes;
	uint64_t complained_ms;
};

/**
 * struct devices - the registry
 * @rules: what is exported; belongs to the caller
 * @loop: of the backends
 * @follow_ms: how long a device may be away during a reset
 * @load: of all of them
 */
struct devices {
	TAILQ_HEAD(, device) list;
	TAILQ_HEAD(, device_source) sources;
	const struct rules *rules;
	uv_loop_t *loop;
	unsigned int follow_ms;
	struct load load;
};

void devices_init(struct devices *devices, const struct rules *rules);

/* Watch a backend from now on. 0 or a negative errno, then with a log line. */
int devices_watch(struct devices *devices, struct backend *backend, uv_loop_t *loop,
		  bool export_all);

/* Stop all backends. Every device was closed before. */
void devices_stop(struct devices *devices);

/* The device of that bus id, NULL if none is exported. */
struct device *devices_find(const struct devices *devices, const char *busid);

/* How many there are. */
size_t devices_count(const struct devices *devices);

/* The device as the wire tells it. */
void device_describe(const struct device *device, struct suburb_device *description);

#define DEVICE_LATER 1

/**
 * device_open - take a free device for @user
 *
 * Returns 0 if the device is his, DEVICE_LATER if @user->opened() will tell,
 * or a negative SUBURB_E*: -SUBURB_EBUSY if somebody has it. A device that
 * failed to open is free again.
 */
int device_open(struct device *device, struct device_user *user);

/**
 * device_close - give it back
 *
 * Every transfer and change is done and every buffer is freed before. Returns
 * 0, or DEVICE_LATER if the user's closed() will tell. The user does not touch
 * the device afterwards in either case.
 */
int device_close(struct device *device);

/* The endpoint's type, or -SUBURB_ENOENT if it does not exist now. */
int device_endpoint_type(const struct device *device, unsigned int direction, unsigned int number);

/* Is the endpoint isochronous, now, in another altsetting, or was it in the last configuration? */
bool device_endpoint_iso(const struct device *device, unsigned int direction, unsigned int number);

/* Has it endpoints that can have streams, in some altsetting? */
bool device_can_streams(const struct device *device);

/* Streams that the endpoint has now; 0: none, or no such endpoint. */
uint32_t device_endpoint_streams(const struct device *device, unsigned int direction,
				 unsigned int number);

/* A change was made with success: what follows from it for the endpoints. */
void device_changed(struct device *device, const struct backend_change *change);

/**
 * device_resetting - a BACKEND_RESET runs: if it leaves, it may come back
 *
 * Its user is not told that it left until device_reset_done().
 */
void device_resetting(struct device *device);

/**
 * device_reset_done - that reset has ended
 * @status: of the change
 * @wanted: its user would go on with what comes back
 *
 * Returns true if the device is away and wanted. Then device_follow() is due when
 * nothing of it is in use, or else device_forsake().
 */
bool device_reset_done(struct device *device, int32_t status, bool wanted);

/**
 * device_follow - wait for what comes back in its place, and take it
 *
 * Every transfer and change is done and every buffer is freed. Returns
 * false if memory is out: it has gone. Else the user's returned() will tell,
 * follow_ms later at the latest, and nothing is served until then.
 */
bool device_follow(struct device *device);

/* It is not wanted any more. True if returned() still tells. */
bool device_forsake(struct device *device);

#endif
