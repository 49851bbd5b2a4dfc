/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/suburb: the one place in the tool that makes ioctls. See
 * include/uapi/linux/suburb.h for what they mean.
 */
#ifndef TOOLS_KERNEL_H
#define TOOLS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uapi/linux/suburb.h>

#include "deadline.h"
#include "failure.h"

/* Endpoint 0, and 15 in each direction. */
#define KERNEL_ENDPOINTS 31

enum kernel_access {
	KERNEL_LOOK,   /* list and status */
	KERNEL_CHANGE, /* attach and detach, too */
	KERNEL_LOAD,   /* and load the module if it is not there and we may */
};

/* All return 0 or a negative errno; kernel_open() a descriptor. */
int kernel_open(enum kernel_access access, struct failure *failure);
/* SUBURB_FEATURE_* that the module can do. */
int kernel_features(int fd, uint64_t *features, struct failure *failure);
int kernel_attach(int fd, struct suburb_attach *attach, struct failure *failure);

/* -ENODEV: nothing (or, if @id is not 0, something else) is there. */
int kernel_detach(int fd, uint32_t port, uint64_t id, struct failure *failure);

/* Ports in use, ascending; free(*ports). */
int kernel_ports(int fd, uint32_t **ports, size_t *count, struct failure *failure);

/*
 * Fills @status for @status->id, or for @status->port if that is 0; and
 * @endpoints (KERNEL_ENDPOINTS of them) unless NULL. -ENODEV as above.
 */
int kernel_status(int fd, struct suburb_status *status, struct suburb_endpoint_status *endpoints,
		  struct failure *failure);

/*
 * Waits for a change since the last kernel_ports() or kernel_settle(): 1, 0 if
 * the deadline has passed, -EINTR if a signal came that @mask lets through.
 */
int kernel_wait(int fd, struct deadline deadline, const sigset_t *mask);

/* From now on kernel_wait() waits for a new change. */
int kernel_settle(int fd, struct failure *failure);

/* In words: "online"; "the exporter closed the connection". */
const char *kernel_state_name(uint32_t state);
void kernel_reason_text(char *text, size_t size, const struct suburb_status *status);

#endif
