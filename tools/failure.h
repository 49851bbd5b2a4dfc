/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why something did not work, in words for the person at the keyboard: one
 * line that says what is wrong and, where there is something, what to do.
 *
 * The function that meets an error knows the words; the verb decides where
 * they go. So the words travel beside the negative errno, unescaped: whoever
 * prints them makes them harmless.
 */
#ifndef TOOLS_FAILURE_H
#define TOOLS_FAILURE_H

struct failure {
	char text[1024];
};

/* Writes the words down and returns @ret. */
int failure_set(struct failure *failure, int ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "suburb: ..." on stderr, harmless for a terminal. */
void failure_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
