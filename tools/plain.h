/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts that are to be offered nothing: their servers did not understand an
 * import with an offer. Remembered for an hour, across runs, in a file.
 */
#ifndef TOOLS_PLAIN_H
#define TOOLS_PLAIN_H

#include <stdbool.h>

/* @host: as text, with its port */
bool plain_known(const char *host);

/* Without the right to write it this does nothing: the next run asks again. */
void plain_remember(const char *host);

#endif
