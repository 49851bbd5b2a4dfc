/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the log that a peer can cause as often as he likes, and each of
 * which says something: as many as a person reads, then one in a while.
 */
#ifndef EXPORTER_FLOOD_H
#define EXPORTER_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct flood - one kind of lines
 * @most: of them at once, after a rest
 * @every_ms: one more; the rest is as long as @most of these
 * @spent: of @most
 * @at_ms: when that was so
 * @kept_back: lines since the last one that was written
 */
struct flood {
	unsigned int most;
	unsigned int every_ms;
	unsigned int spent;
	uint64_t at_ms;
	unsigned long kept_back;
};

/* May the next one be written? Tells then how many before it were not. */
bool flood_pass(struct flood *flood);

#endif
