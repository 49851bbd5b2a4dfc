// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <unistd.h>

#include "patience.h"

static int factor(void)
{
	const char *slow = getenv("TEST_SLOW");
	int n = slow ? atoi(slow) : 1;

	return n > 1 ? n : 1;
}

int patient_ms(int ms)
{
	return ms < 1000 ? ms : ms * factor();
}

/* The harness has its limits as constants; the linker sends its calls here. */
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * factor());
}
