#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkers.sh - are the debug kernel's checkers alive, and does a run fail that one of
# them complains in? Prints TAP.
#
# The bugs are those of checkers/suburb_bugs.c. All of them are made in one machine that
# goes on after a warning, and each must be in its log; lockdep's before KASAN's, which
# switches lockdep off. Another machine is as check-debug has it: the first bug ends it.

set -uo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=../tap.sh
. "$here/../tap.sh"
module=$(realpath "${CHECKERS:?: path of suburb_bugs.ko}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The results are kept out of build/results, where they would count as failures.
boot() { # NAME OPTION...
	BUILD=$work/build "$here/run.sh" --kernel debug --name "$1" --timeout 600 \
		--payload "$module:suburb_bugs.ko" "${@:2}" >"$work/$1.log" 2>&1 </dev/null
	echo $? >"$work/$1.status"
}

failed_by() { # NAME REASON
	cat "$work/$1.log"
	[ "$(cat "$work/$1.status")" = 1 ] && grep -qE "^not ok [0-9]+ - $1: .*$2" "$work/build/results/vm-$1.tap"
}

found() { # PATTERN
	local logs=$work/build/results/vm-all/single

	cat "$logs/output"
	grep -hE 'BUG|WARNING|UBSAN|ODEBUG' "$logs/dmesg"
	grep -hqE "$1" "$logs/dmesg" "$logs/output"
}

boot all --append panic_on_warn=0 -c '
	insmod suburb_bugs.ko bugs=leak,sleep,shift,timer,order,slab
	TEST_SLOW=5 tests/vm/suite.sh'
boot one -c 'insmod suburb_bugs.ko bugs=slab; sleep 20'

check 'kmemleak finds memory that nobody knows of' found 'unreferenced object .*size (77|96|128)'
check 'kmemleak names who forgot it' found '\[suburb_bugs\]'
check 'sleeping under a spinlock is found' found 'BUG: sleeping function called from invalid context at .*suburb_bugs'
check 'UBSAN finds a shift that goes too far' found 'UBSAN: shift-out-of-bounds in .*suburb_bugs'
check 'a timer that is freed while it runs is found' found 'ODEBUG: free active .*timer_list'
check 'lockdep finds two mutexes taken in both orders' found 'WARNING: possible circular locking dependency'
check 'KASAN finds a read behind the end' found 'BUG: KASAN: slab-out-of-bounds in read_behind_the_end'
check 'such a run fails' failed_by all 'kernel log: '
check 'a leak alone fails a test' grep -q '^not ok .*kmemleak' "$work/build/results/vm-all.tap"
check 'with panic_on_warn the first report is the end' failed_by one 'kernel log: BUG: KASAN'
check 'of the machine, too' [ ! -s "$work/build/results/vm-one/single/result" ]
tap_done
