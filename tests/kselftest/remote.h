/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * remote: what the tests do with /dev/suburb, in calls that cannot be
 * misspelt: fill a struct with its size, ask, wait for a state.
 *
 * Each returns 0 or a negative errno, so that a test reads
 * EXPECT_EQ(-ENOTSOCK, remote_attach(...)). No call waits without a bound.
 */
#ifndef SUBURB_TEST_REMOTE_H
#define SUBURB_TEST_REMOTE_H

#include <linux/suburb.h>

#define REMOTE_NODE "/dev/suburb"

/* Long enough for an emulated CPU on a busy machine; only failures take it. */
#define REMOTE_WAIT_MS 15000

long long now_ms(void);

/* ioctl() with its errno as the result. */
int remote_call(int dev, unsigned long request, void *arg);

/* A struct suburb_attach that is right but for what the test changes in it. */
void remote_attach_init(struct suburb_attach *a, int sockfd, __u32 speed, __u32 devid);

int remote_status(int dev, __u64 id, struct suburb_status *st);
int remote_detach(int dev, __u32 port, __u64 id);
int remote_generation(int dev, struct suburb_list *l);

/* -ETIMEDOUT if it does not get there; @st holds the last answer. */
int remote_wait_state(int dev, __u64 id, __u32 state, struct suburb_status *st);

/* Is there a POLLIN within @ms? */
int remote_poll(int dev, int ms);

/* A file of the usb_device in sysfs, without its newline; "" if there is none. */
const char *remote_sysfs(const struct suburb_status *st, const char *file);

/* Skips the whole program (exit code 4) where there is no module. */
void remote_require(void);

#endif
