/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guardian: a small process beside suburbd that gives devices back to the
 * local kernel's drivers if suburbd dies without doing so (SIGKILL, a crash).
 *
 * It is told over a pipe which devices are held, and does nothing until that
 * pipe ends. suburbd does not depend on it: without one everything works but
 * this.
 */
#ifndef EXPORTER_GUARDIAN_H
#define EXPORTER_GUARDIAN_H

#include <stdbool.h>

#include "backend/libusb_backend.h"

/**
 * struct guardian - suburbd's end
 * @fd: of the pipe; -1 if there is none
 */
struct guardian {
	int fd;
	int pid;
};

/**
 * guardian_start - start one
 * @argv: of main(): the guardian shows another name there, so that a signal to
 *	everything called suburbd leaves it alone
 * @foreground: it logs to stderr, not syslog
 *
 * Forks: call it before there are threads. Returns 0 or a negative errno; then
 * there is no guardian and the other functions do nothing.
 */
int guardian_start(struct guardian *guardian, int argc, char **argv, bool foreground);

/* What the libusb backend has to call. */
struct libusb_backend_watch guardian_watch(struct guardian *guardian);

/* No device is held any more; it ends. */
void guardian_stop(struct guardian *guardian);

#endif
