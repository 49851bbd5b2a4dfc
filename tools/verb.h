/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verb of the command line: each is a file that offers one of these.
 */
#ifndef TOOLS_VERB_H
#define TOOLS_VERB_H

#include <stdbool.h>

/* Exit codes. Attach adds 128 + signal when it is interrupted. */
enum verb_exit {
	VERB_OK = 0,
	VERB_FAILED = 1, /* it did not work, or not all of it */
	VERB_USAGE = 2,	 /* the command line is wrong; nothing was tried */
};

struct verb_options {
	bool json;
	bool verbose;
	bool watch;
	bool digest; /* insist on it */
	bool no_digest;
	bool no_read_ahead;
	unsigned int timeout_s; /* 0: not given */
};

/**
 * struct verb - one verb
 * @name: as typed
 * @operands: as shown in its synopsis
 * @options: which of "jvwdDrt" (json, verbose, watch, digest, no-digest, no-read-ahead,
 *	timeout) it takes
 * @least: operands that it needs
 * @most: operands that it takes; 0 for none, -1 for any number
 * @missing: what to say if there are fewer than @least
 * @summary: one line
 * @help: a paragraph
 * @run: does it, with the operands; returns the exit code
 */
struct verb {
	const char *name;
	const char *operands;
	const char *options;
	int least;
	int most;
	const char *missing;
	const char *summary;
	const char *help;
	int (*run)(const struct verb_options *options, int argc, char **argv);
};

extern const struct verb verb_attach;
extern const struct verb verb_detach;
extern const struct verb verb_list;
extern const struct verb verb_status;

#endif
