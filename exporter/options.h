/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.
 */
#ifndef EXPORTER_OPTIONS_H
#define EXPORTER_OPTIONS_H

#include "settings.h"

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_EXIT, /* --help or --version: all is said */
};

/**
 * options_parse - the command line into @settings
 *
 * Returns enum options_outcome, or -EINVAL or -ENOMEM with one line in the log.
 */
int options_parse(struct settings *settings, int argc, char **argv);

#endif
