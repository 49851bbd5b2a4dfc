/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the far end of a connected socket on this very machine?
 */
#ifndef TOOLS_LOCAL_LINK_H
#define TOOLS_LOCAL_LINK_H

#include <stdbool.h>

/* Local sockets, vsock (no network lies between), a loopback or own address. */
bool local_link(int fd);

#endif
