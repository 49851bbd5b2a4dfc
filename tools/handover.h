/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moment an imported device becomes the kernel's: hand the socket over,
 * and see it come online or take it back.
 */
#ifndef TOOLS_HANDOVER_H
#define TOOLS_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include <suburb/wire.h>

#include "deadline.h"
#include "dial.h"
#include "failure.h"
#include "kernel.h"

/*
 * Attaches @device of @dial's host on @sockfd with SUBURB_ATTACH_* and those SUBURB_FEATURE_*
 * that were agreed, and waits for it to be usable. Closes @sockfd in any case. 0: @status
 * tells of it. Negative errno: nothing stays attached; -EINTR: a signal asked to stop, see
 * handover_signal().
 */
int handover(int kernel, int sockfd, const struct dial *dial, const struct suburb_device *device,
	     uint32_t flags, uint64_t features, struct deadline deadline,
	     struct suburb_status *status, struct failure *failure);

/* The signal that ended the last handover(); 0 if none did. */
int handover_signal(void);

#endif
