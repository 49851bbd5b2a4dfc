// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Floods of lines. See flood.h.
 */
#include <time.h>

#include "flood.h"
#include "log.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void recover(struct flood *flood)
{
	uint64_t now = now_ms();
	uint64_t more = (now - flood->at_ms) / flood->every_ms;

	if (more >= flood->spent) {
		flood->spent = 0;
		flood->at_ms = now;
	} else {
		flood->spent -= (unsigned int)more;
		flood->at_ms += more * flood->every_ms;
	}
}

bool flood_pass(struct flood *flood)
{
	recover(flood);
	if (flood->spent == flood->most) {
		flood->kept_back++;
		return false;
	}
	flood->spent++;
	if (flood->kept_back)
		log_warning("%lu lines like the next one were not written", flood->kept_back);
	flood->kept_back = 0;
	return true;
}
