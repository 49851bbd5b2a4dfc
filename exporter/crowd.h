/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crowd at the door: how many connections each address has, and how fast it
 * may make new ones.
 *
 * Each has a bucket of tokens that fills at a constant rate; a new connection
 * takes one. One that is refused takes none, so that whoever tries again too
 * soon is not kept out any longer for it.
 *
 * Of addresses without connections only the last CROWD_ABSENT are remembered.
 * Those forgotten begin with a full bucket; that takes a peer with thousands of
 * addresses, and then it is the bound on all connections that counts.
 */
#ifndef EXPORTER_CROWD_H
#define EXPORTER_CROWD_H

#include <sys/queue.h>

#include "limits.h"
#include "origin.h"

#define CROWD_ABSENT 1024
#define CROWD_BUCKETS 256

/**
 * struct guest - one address
 * @connections: that it has
 * @millitokens: in its bucket
 * @filled_ms: when they were counted
 */
struct guest {
	TAILQ_ENTRY(guest) bucket_entry;
	TAILQ_ENTRY(guest) absent_entry;
	struct origin origin;
	unsigned int connections;
	uint64_t millitokens;
	uint64_t filled_ms;
};

/**
 * struct crowd - all of them
 * @absent: those without connections, the longest gone first
 */
struct crowd {
	const struct limits *limits;
	TAILQ_HEAD(guest_list, guest) bucket[CROWD_BUCKETS];
	struct guest_list absent;
	unsigned int absent_count;
};

void crowd_init(struct crowd *crowd, const struct limits *limits);
void crowd_free(struct crowd *crowd);

/*
 * A connection more from there; crowd_leave() is due. NULL if memory is out.
 */
struct guest *crowd_enter(struct crowd *crowd, const struct origin *origin, uint64_t now_ms);
void crowd_leave(struct crowd *crowd, struct guest *guest);

/* Takes a token for a new connection; false if there is none. */
bool crowd_admit(struct crowd *crowd, struct guest *guest, uint64_t now_ms);

#endif
