// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that is not in use. See memory.h.
 *
 * Buffers come and go with every request. glibc would give their memory back to
 * the kernel each time, and have it zeroed page by page for the next one. But
 * what it keeps instead it keeps for ever: one session that held many megabytes
 * would be felt for as long as suburbd runs.
 */
#include <stdlib.h>

#include "memory.h"

#ifdef __GLIBC__

#include <malloc.h>

void memory_keep(void)
{
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

void memory_give_back(void)
{
	malloc_trim(0);
}

#else

void memory_keep(void)
{
}

void memory_give_back(void)
{
}

#endif
