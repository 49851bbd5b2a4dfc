/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many of each object there were, and are. See census.c.
 */
#ifndef _SUBURB_CENSUS_H
#define _SUBURB_CENSUS_H

#include <linux/percpu.h>
#include <linux/types.h>

enum suburb_kind { SUBURB_REMOTES, SUBURB_CONNECTIONS, SUBURB_REQUESTS, SUBURB_KINDS };

/**
 * struct suburb_census - what one processor has seen
 * @created: by kind
 * @freed: by kind; of an object that another processor created, too
 */
struct suburb_census {
	u64 created[SUBURB_KINDS];
	u64 freed[SUBURB_KINDS];
};

DECLARE_PER_CPU(struct suburb_census, suburb_census);

/* Any context. */
static inline void suburb_census_created(enum suburb_kind kind)
{
	this_cpu_inc(suburb_census.created[kind]);
}

static inline void suburb_census_freed(enum suburb_kind kind)
{
	this_cpu_inc(suburb_census.freed[kind]);
}

void suburb_census_init(void);
void suburb_census_exit(void);

#endif
