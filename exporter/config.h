/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file: INI, read by inih.
 *
 *   [suburbd]
 *   listen = 0.0.0.0          repeatable
 *   export = class:hid        repeatable
 *   emulate = keyboard        repeatable
 *   features = streams,digest
 *   log-level = info
 *
 *   [limits]
 *   max-connections = 1024
 *   ...                       all of them are in settings.c, and in suburbd(8)
 */
#ifndef EXPORTER_CONFIG_H
#define EXPORTER_CONFIG_H

#include "settings.h"

/**
 * config_read - add a file's settings
 *
 * Lists grow; of the rest what the command line gave stays. Returns 0, or -EIO
 * with one line in the log: FILE:LINE: what is wrong.
 */
int config_read(struct settings *settings, const char *file);

#endif
