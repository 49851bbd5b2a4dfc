/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pair: two ends of a stream, of each kind that can be a link.
 */
#ifndef SUBURB_TEST_PAIR_H
#define SUBURB_TEST_PAIR_H

enum pair_kind {
	PAIR_TCP4,
	PAIR_TCP6,
	PAIR_MPTCP,
	PAIR_UNIX, /* with a name */
	PAIR_SOCKETPAIR,
	PAIR_VSOCK, /* within this machine: module vsock_loopback */
};

/* @sv[0] was accepted, @sv[1] has dialled. 0 or a negative errno. */
int pair_open(enum pair_kind kind, int sv[2]);

#endif
