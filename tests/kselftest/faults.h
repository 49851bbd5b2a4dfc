/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * faults: allocations, and copies from and to user space, that fail when told to,
 * and where in the kernel that was.
 *
 * A task counts down (fail-nth, Documentation/fault-injection): its nth allocation
 * fails, once. That works for the calling thread and, by the same file of theirs,
 * for kernel workers, which do what nobody calls for.
 *
 * Where it was: a return probe on the function that decides leaves a stack in a
 * trace buffer of our own. What the kernel logs of it would do, too, but looks like
 * a crash to whoever reads the log.
 *
 * faults_begin() is called once, before tests are forked; what faults_note() counts
 * is counted in memory that they share. Threads other than the one that calls
 * faults_arm() are left alone.
 */
#ifndef SUBURB_TEST_FAULTS_H
#define SUBURB_TEST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FAULTS_NEVER 1000000

/*
 * Functions from the one that asked for memory down, each "name+0x12/0x34 [module]\n".
 * Who copies from or to user space is not known.
 */
struct fault {
	pid_t pid;
	unsigned int nth; /* of its task, user copies not counted */
	char stack[3000];
};

/* False, and why, where the kernel cannot do it. */
bool faults_begin(const char **why);
void faults_end(void);

/* The nth time that this thread asks, it is refused. */
void faults_arm(unsigned int nth);
/* No more of it. Was it reached? */
bool faults_disarm(void);

/* The same for every worker that the kernel has, each with a count of its own. */
void faults_arm_workers(unsigned int nth);
void faults_disarm_workers(void);

/*
 * Between these all that could have failed is recorded, of this thread or of the
 * workers. The elements of @faults, an array of at most @most; malloc()ed.
 */
void faults_record(bool workers);
size_t faults_recorded(struct fault **faults, size_t most);

/* Those that were refused since the last call. Likewise. */
size_t faults_refused(struct fault **faults, size_t most);

/* One was refused in this flow. */
void faults_note(const char *flow, const struct fault *fault);
/* Was it before, with the very same stack? */
bool faults_seen(const char *flow, const struct fault *fault);
/* What all notes come to, as comments. */
void faults_print(void);

/* The functions of a module that is there no more still have names in what is read later. */
void faults_know_module(void);

#endif
