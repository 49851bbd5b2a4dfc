/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libuv loop without time and threads: a loop that waits for a timer finds
 * that it has passed, and work for the pool is done at once and told of by the
 * loop. So a conversation that takes seconds takes none, and the same input
 * does the same each time.
 */
#ifndef TESTS_FUZZ_VIRTUAL_H
#define TESTS_FUZZ_VIRTUAL_H

#include <uv.h>

/* The loop, with nothing on it, at the beginning of time. */
uv_loop_t *virtual_loop(void);

/* Some turns of it. */
void virtual_turns(unsigned int turns);

/* Until nothing is on it any more, which must come. */
void virtual_end(void);

#endif
