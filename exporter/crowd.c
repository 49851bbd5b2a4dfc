// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses, and how many connections each has and may make. Pure; see crowd.h.
 */
#include <stdlib.h>

#include "crowd.h"

void crowd_init(struct crowd *crowd, const struct limits *limits)
{
	*crowd = (struct crowd){ .limits = limits };
	for (unsigned int i = 0; i < CROWD_BUCKETS; i++)
		TAILQ_INIT(&crowd->bucket[i]);
	TAILQ_INIT(&crowd->absent);
}

static struct guest_list *bucket_of(struct crowd *crowd, const struct origin *origin)
{
	uint32_t hash = origin->family;

	for (unsigned int i = 0; i < sizeof(origin->id); i++)
		hash = (hash ^ origin->id[i]) * 0x01000193u;
	return &crowd->bucket[(hash ^ hash >> 16) % CROWD_BUCKETS];
}

static void forget(struct crowd *crowd, struct guest *guest)
{
	TAILQ_REMOVE(&crowd->absent, guest, absent_entry);
	crowd->absent_count--;
	TAILQ_REMOVE(bucket_of(crowd, &guest->origin), guest, bucket_entry);
	free(guest);
}

void crowd_free(struct crowd *crowd)
{
	struct guest *guest = TAILQ_FIRST(&crowd->absent);

	while (guest) {
		struct guest *next = TAILQ_NEXT(guest, absent_entry);

		forget(crowd, guest);
		guest = next;
	}
}

static struct guest *find(struct crowd *crowd, const struct origin *origin)
{
	struct guest *guest;

	TAILQ_FOREACH(guest, bucket_of(crowd, origin), bucket_entry)
	if (origin_same(&guest->origin, origin))
		return guest;
	return NULL;
}

static struct guest *make(struct crowd *crowd, const struct origin *origin, uint64_t now_ms)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	guest->origin = *origin;
	guest->millitokens = crowd->limits->connection_burst * UINT64_C(1000);
	guest->filled_ms = now_ms;
	TAILQ_INSERT_TAIL(bucket_of(crowd, origin), guest, bucket_entry);
	return guest;
}

struct guest *crowd_enter(struct crowd *crowd, const struct origin *origin, uint64_t now_ms)
{
	struct guest *guest = find(crowd, origin);

	if (!guest) {
		guest = make(crowd, origin, now_ms);
	} else if (!guest->connections) {
		TAILQ_REMOVE(&crowd->absent, guest, absent_entry);
		crowd->absent_count--;
	}
	if (guest)
		guest->connections++;
	return guest;
}

void crowd_leave(struct crowd *crowd, struct guest *guest)
{
	if (--guest->connections)
		return;
	TAILQ_INSERT_TAIL(&crowd->absent, guest, absent_entry);
	crowd->absent_count++;
	if (crowd->absent_count > CROWD_ABSENT)
		forget(crowd, TAILQ_FIRST(&crowd->absent));
}

bool crowd_admit(struct crowd *crowd, struct guest *guest, uint64_t now_ms)
{
	uint64_t most = crowd->limits->connection_burst * UINT64_C(1000);
	uint64_t passed_ms = now_ms - guest->filled_ms;

	if (!crowd->limits->connection_rate)
		return true;
	/* The rate is per second: so many thousandths per millisecond. */
	guest->filled_ms = now_ms;
	if (passed_ms >= most / crowd->limits->connection_rate)
		guest->millitokens = most;
	else
		guest->millitokens += passed_ms * crowd->limits->connection_rate;
	if (guest->millitokens > most)
		guest->millitokens = most;
	if (guest->millitokens < 1000)
		return false;
	guest->millitokens -= 1000;
	return true;
}
