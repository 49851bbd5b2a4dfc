#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cppcheck.sh - has cppcheck anything to say? TAP
#
# What it is not asked for, and why, is in cppcheck.txt.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"

# Of headers that are not ours it needs these: it takes unknown macros for errors in syntax.
queue_h=$(echo '#include <sys/queue.h>' | gcc -M -xc - | grep -o '[^ ]*/sys/queue.h')
loops=tests/analyse/lib/loops.h

analyse() { # FILE ARGUMENT...
	cppcheck -q --std=c11 --inline-suppr --suppressions-list=tests/analyse/lib/cppcheck.txt \
		--template=gcc --error-exitcode=1 -Iinclude -I. -D_GNU_SOURCE "${@:2}" "$1"
}

user() {
	analyse "$1" --enable=warning,style,performance,portability --library=posix,gnu \
		'-DSUBURB_VERSION=""' --include="$queue_h"
}

kernel() {
	analyse "$1" --enable=warning,style,performance,portability -D__KERNEL__ -Ikernel --include="$loops"
}

# Macros of test frameworks are no style of ours. What stands for the kernel has the
# kernel's LIST_HEAD(), which is not that of queue.h.
tests() {
	local include=("--include=$queue_h")

	[[ $1 != tests/fuzz/machine* ]] || include=()
	analyse "$1" --enable=warning,performance,portability --library=posix,gnu "${include[@]}"
}

settings="$(cppcheck --version) $(cat tests/analyse/lib/cppcheck.txt "$loops")"

check "is shown a place behind an array and says so" alive arrayIndexOutOfBounds user <<'END'
int bad(void)
{
	int a[2] = { 0, 0 };

	return a[2];
}
END
mapfile -t files < <(sources exporter tools)
check "has nothing to say of ${#files[@]} files of suburbd and suburb" judge user "${files[@]}"
mapfile -t files < <(sources tests)
check "has nothing to say of ${#files[@]} files of tests" judge tests "${files[@]}"
mapfile -t files < <(sources kernel)
check "has nothing to say of ${#files[@]} files of the module" judge kernel "${files[@]}"
tap_done
