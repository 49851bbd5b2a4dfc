/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must not change while suburbd is lied to: an honest importer beside the
 * liar has its answers, and what suburbd holds (memory, descriptors) at the end
 * is what it held at the beginning.
 */
#ifndef TESTS_PEER_WATCH_H
#define TESTS_PEER_WATCH_H

#include "tests/protocol/client.h"

/* The honest importer of a loopback device; it stays until watch_end(). */
void watch_begin(const struct exporter *exporter, const char *busid);
/* It asks and is answered: its device works, and its data is its own. */
void watch_neighbour(void);
void watch_end(void);

/**
 * struct held - what a process holds
 * @kib: resident memory
 * @fds: open descriptors
 */
struct held {
	long kib;
	long fds;
};

struct held held_by(const struct exporter *exporter);

/* No descriptor more than @before, and no memory (but @kib, where it can be told). */
void assert_held(const struct exporter *exporter, const struct held *before, long kib);

/* Lines of the log that have that text. */
unsigned int logged(const struct exporter *exporter, const char *text);

#endif
