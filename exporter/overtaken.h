/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMD_UNLINKs that overtook the CMD_SUBMIT they are for, as Linux' vhci-hcd sends
 * them (QUIRKS 39). Answered at once, such an unlink comes to nothing: vhci-hcd
 * forgets it, or gives the URB back and then ends the link when a RET_SUBMIT comes.
 * So it waits for its CMD_SUBMIT; who unlinks in order notices nothing.
 *
 * What is kept is certain not to have come before: as long as the CMD_SUBMITs of an
 * importer come in rising order, none can have had a number above the last one's.
 * An importer whose numbers do anything else is never waited for.
 *
 * Pure: no I/O, no time, no memory of its own.
 */
#ifndef EXPORTER_OVERTAKEN_H
#define EXPORTER_OVERTAKEN_H

#include <stdbool.h>
#include <stdint.h>

#include <suburb/wire.h>

/* As many wait; there is one for each URB that vhci-hcd unlinks in one go. */
#define OVERTAKEN_MAX 64

/* Calls of overtaken_expire() after which nobody believes in the CMD_SUBMIT. */
#define OVERTAKEN_TURNS 10

/**
 * struct overtaken - the unlinks of one importer that wait
 * @last: seqnum of the last CMD_SUBMIT
 * @begun: there was one
 * @disordered: one came with a lower number than the one before it
 * @turns: left until those that wait are let go
 * @count: of those that wait, in the order they came
 */
struct overtaken {
	uint32_t last;
	bool begun;
	bool disordered;
	unsigned int turns;
	unsigned int count;
	struct suburb_unlink waiting[OVERTAKEN_MAX];
};

/* True if @unlink waits now: it is not to be answered yet. */
bool overtaken_keep(struct overtaken *overtaken, const struct suburb_unlink *unlink);

/* A CMD_SUBMIT came. True if it was unlinked before, and is not to be done. */
bool overtaken_submitted(struct overtaken *overtaken, uint32_t seqnum);

/* Some time went by. True if some still wait: call again. */
bool overtaken_expire(struct overtaken *overtaken);

/**
 * overtaken_take - the answer to one that waits no more
 * @ret: -SUBURB_ECONNRESET: its target is the last CMD_SUBMIT. 0: its target has
 *	not come, and will not
 *
 * False if there is none. Call it after the two above until it says so, but not
 * while an importer is sending the payload: it may give away what it sends.
 */
bool overtaken_take(struct overtaken *overtaken, struct suburb_ret_unlink *ret);

#endif
