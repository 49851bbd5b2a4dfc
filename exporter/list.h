/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suburbd --list: every device of this machine, for humans.
 */
#ifndef EXPORTER_LIST_H
#define EXPORTER_LIST_H

#include <stdio.h>

#include "backend.h"
#include "rules.h"

/*
 * Prints one device, its interfaces and endpoints. @rule is the text of the
 * rule that exports it, NULL if none does.
 */
void list_device(FILE *out, const struct backend_device *device, const char *rule);

#endif
