// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unlinks that overtook their request. See overtaken.h.
 */
#include <string.h>

#include "overtaken.h"

/* Numbers go round: of two the later one is less than half a round ahead. */
static bool is_after(uint32_t seqnum, uint32_t other)
{
	return (int32_t)(seqnum - other) > 0;
}

/* Its target was handed out after the last CMD_SUBMIT's number, before its own. */
bool overtaken_keep(struct overtaken *overtaken, const struct suburb_unlink *unlink)
{
	if (!overtaken->begun || overtaken->disordered || overtaken->count == OVERTAKEN_MAX)
		return false;
	if (!is_after(unlink->target, overtaken->last) || !is_after(unlink->seqnum, unlink->target))
		return false;
	overtaken->waiting[overtaken->count++] = *unlink;
	overtaken->turns = OVERTAKEN_TURNS;
	return true;
}

bool overtaken_submitted(struct overtaken *overtaken, uint32_t seqnum)
{
	if (overtaken->begun && !is_after(seqnum, overtaken->last))
		overtaken->disordered = true;
	overtaken->begun = true;
	overtaken->last = seqnum;
	for (unsigned int i = 0; i < overtaken->count; i++)
		if (overtaken->waiting[i].target == seqnum)
			return true;
	return false;
}

bool overtaken_expire(struct overtaken *overtaken)
{
	if (overtaken->turns)
		overtaken->turns--;
	return overtaken->turns && overtaken->count;
}

static bool waits_still(const struct overtaken *overtaken, const struct suburb_unlink *unlink)
{
	return overtaken->turns && !overtaken->disordered &&
	       is_after(unlink->target, overtaken->last);
}

bool overtaken_take(struct overtaken *overtaken, struct suburb_ret_unlink *ret)
{
	struct suburb_unlink *waiting = overtaken->waiting;

	for (unsigned int i = 0; i < overtaken->count; i++) {
		if (waits_still(overtaken, &waiting[i]))
			continue;
		ret->seqnum = waiting[i].seqnum;
		ret->status = waiting[i].target == overtaken->last ? -SUBURB_ECONNRESET : 0;
		overtaken->count--;
		memmove(&waiting[i], &waiting[i + 1], (overtaken->count - i) * sizeof(*waiting));
		return true;
	}
	return false;
}
