/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is not in use: kept while it will be needed again, given back to
 * the kernel when it may not be.
 */
#ifndef EXPORTER_MEMORY_H
#define EXPORTER_MEMORY_H

/* From the start: what is freed is kept, up to some MiB at the end of the heap. */
void memory_keep(void);

/* What was kept is not needed now. Takes some milliseconds. */
void memory_give_back(void);

#endif
