/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patience: TEST_SLOW in the environment says how many times longer than usual
 * things may take, as on a kernel full of checkers. It stretches what a test
 * waits for, and the harness's own time limit; that something does not happen is
 * waited for less than a second, and is not stretched.
 */
#ifndef SUBURB_TEST_PATIENCE_H
#define SUBURB_TEST_PATIENCE_H

/* @ms, or as many times more as it may take. */
int patient_ms(int ms);

#endif
