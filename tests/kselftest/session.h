/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session: a peer's device attached, online and open in usbfs, as one object;
 * where the tests about URBs begin.
 *
 * session_start() returns 0 or a negative errno. session_stop() detaches,
 * closes and returns the peer's complaint, "" if it has none. The usbfs
 * descriptor is closed first, as a driver would go: what that waits for is part
 * of the test.
 */
#ifndef SUBURB_TEST_SESSION_H
#define SUBURB_TEST_SESSION_H

#include "peer.h"
#include "remote.h"
#include "usbfs.h"

struct session {
	int dev; /* /dev/suburb */
	int usb; /* usbfs, interface 0 claimed */
	struct peer peer;
	struct suburb_attach a;
	struct suburb_status st;
};

int session_start(struct session *s, __u32 speed);
/* Over two descriptors that are already connected. */
int session_start_on(struct session *s, __u32 speed, int fd, int far);
/* With a window other than the default one. */
int session_start_window(struct session *s, __u32 speed, __u32 requests, __u32 bytes);
/* With so long for an exporter to answer an unlink. */
int session_start_unlink_ms(struct session *s, __u32 speed, __u32 unlink_ms);
/* With SUBURB_FEATURE_* agreed. */
int session_start_features(struct session *s, __u32 speed, __u64 features);
/* Over a link whose round trip takes so long; flags, window and so on of @like. */
int session_start_slow(struct session *s, __u32 speed, unsigned int delay_ms,
		       const struct suburb_attach *like);
const char *session_stop(struct session *s);

/* Reads the status by id into s->st. */
int session_status(struct session *s);

/* Counters of one endpoint; all 0 if it had no traffic. */
struct suburb_endpoint_status session_endpoint(struct session *s, __u8 address);

/* The next CMD_SUBMIT or CMD_UNLINK for the test. */
bool session_next_submit(struct session *s, struct peer_command *c);
bool session_next_unlink(struct session *s, struct peer_command *c);

#endif
