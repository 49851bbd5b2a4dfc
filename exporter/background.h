/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going to the background, such that whoever started suburbd learns whether it
 * serves: the first process exits with 0 when it does, with the error's exit
 * code when it does not.
 */
#ifndef EXPORTER_BACKGROUND_H
#define EXPORTER_BACKGROUND_H

/*
 * Forks. Only the child returns from it, with a descriptor for
 * background_ready(), or either with a negative errno. Call it before there
 * are threads.
 */
int background_begin(void);

/* It serves: lets the first process go, and lets go of the terminal. */
void background_ready(int fd);

#endif
