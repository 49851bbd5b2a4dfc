/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small kernel for one thread: all that the module's files take from Linux,
 * so that they can be compiled, as they are, into a fuzz target. It is included
 * before each of them (-include), and the headers that they name are empty
 * files, made by fuzz.mk.
 *
 * What cannot be seen in userspace is asserted here: no lock is taken twice,
 * nothing sleeps under a spinlock, nothing is given back under one. Behind the
 * names is machine.c, which a target drives (machine.h).
 */
#ifndef TESTS_FUZZ_SHIM_H
#define TESTS_FUZZ_SHIM_H

#include "shim_base.h"
#include "shim_list.h"
#include "shim_run.h"
#include "shim_io.h"
#include "shim_usb.h"
#include "shim_file.h"

#endif
