/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sweep: a flow is done once while all that asks for memory in it is recorded, and
 * then again and again, and each time another of these is refused. What the caller
 * is told must be an errno that says so, nothing hangs, nothing is lost, and without
 * a fault the same works right behind it.
 *
 * What the flows of suburb_faults and suburb_faults_urbs share: a device whose
 * exporter answers all, and the module's count of what lives.
 *
 * SUBURB_FAULTS_SECONDS  for each flow; what there is no time for is told (20)
 * SUBURB_FAULTS_ALL      if set: every place of every flow, however long it takes
 * SUBURB_FAULTS_ONLY     flows with this in their name
 */
#ifndef SUBURB_TEST_SWEEP_H
#define SUBURB_TEST_SWEEP_H

#include <stdatomic.h>

#include "session.h"

/* For a test; a kernel that can do it is slow, and patience.c makes it more. */
#define SWEEP_SECONDS 900
/* More than one scatterlist entry of usbfs. */
#define RIG_DATA 65536
#define RIG_PACKETS 8

/* What the peer leaves to the test: a thread answers it at once, unless it is held. */
struct answerer {
	struct peer *peer;
	pthread_t thread;
	atomic_bool stop, hold;
	struct peer_command held;
	atomic_bool has_held;
};

/* What flows are done with. */
struct rig {
	__u32 speed;
	__u64 features;
	bool is_tcp; /* and without features */

	struct session s; /* flows on a device */
	struct answerer answerer;
	bool is_up;

	int dev; /* flows without one */
	struct peer peer;
	struct suburb_attach a;
	bool has_peer;

	struct usbdevfs_urb *urb; /* with room for packets */
	__u8 *data;
	int fd; /* that the flow has open */
};

/**
 * struct flow - something that is done, over and over
 * @name: of it
 * @ready: before each time; may be NULL
 * @call: while this runs faults come. A number from 0, or a negative errno
 * @settle: afterwards, given what it said: puts all back. 0 if all is well then;
 *	may be NULL
 * @right: errnos that it may end with, besides -ENOMEM and -EFAULT
 * @below: a function: faults come below it, if not NULL
 * @workers: faults come to the kernel's workers
 */
struct flow {
	const char *name;
	int (*ready)(struct rig *r);
	int (*call)(struct rig *r);
	int (*settle)(struct rig *r, int ret);
	int right[6];
	const char *below;
	bool workers;
};

#define FLOW(id, text, ...) \
	static const struct flow flow_##id = { .name = text, .call = call_##id, __VA_ARGS__ }

/* 0 or a negative errno. */
int rig_up(struct rig *r);
/* The peer's complaint, "" if it has none. */
const char *rig_down(struct rig *r);
/* Is it the device that it was, and open? Otherwise another one. */
int rig_mend(struct rig *r);

void answer(struct peer *p, const struct suburb_submit *s);

/* Do so many remotes, connections and requests live, soon? */
bool becomes(long long want);

/* "" if all went well, or what did not. */
const char *sweep(struct rig *r, const struct flow *flow);

/*
 * Before the harness runs. Skips the whole program (exit code 4) where the kernel cannot
 * refuse memory. What was refused, and where, is told when the program ends.
 */
void sweep_begin(void);

#endif
