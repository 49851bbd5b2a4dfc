/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udev rules that give the exported devices, and no others, to the group of
 * suburbd's own user: so that it needs no privilege to open them.
 */
#ifndef EXPORTER_UDEV_H
#define EXPORTER_UDEV_H

#include <stdio.h>

#include "rules.h"

/* The group, as in system/suburb.sysusers. */
#define UDEV_GROUP "suburbd"

/* Writes a file of udev rules that says what @rules say. */
void udev_print(FILE *out, const struct rules *rules);

#endif
