#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.sh - do run.sh, sum.sh and analyse/lib/judge.sh notice what they must? TAP
#
# A harness that passes what crashed, hung or never ran makes every other test
# worthless; so each of these ways to fail is played to it here.

set -uo pipefail
tests=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$tests/tap.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# program NAME LINE...: a script of that name
program() {
	local name=$1

	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$work/$name.sh"
	chmod +x "$work/$name.sh"
}

# judged PATTERN COUNT SCRIPT...: run.sh's file has COUNT lines of PATTERN
judged() {
	local pattern=$1 count=$2 name scripts=()

	shift 2
	for name; do
		scripts+=("$work/$name.sh")
	done
	TEST_TIMEOUT=1 "$tests/run.sh" "$work/layer.tap" "${scripts[@]}" >/dev/null
	cat "$work/layer.tap"
	[ "$(grep -c "$pattern" "$work/layer.tap")" = "$count" ]
}

# added LAST-LINE STATUS LAYER...: what sum.sh says of files in $work/sum
added() {
	local last=$1 want=$2 output status

	shift 2
	output=$("$tests/sum.sh" "$work/sum" "$@")
	status=$?
	echo "$output"
	[ "$(tail -n 1 <<<"$output")" = "$last" ] && [ "$status" = "$want" ]
}

# looked STATUS COUNT [WORD FILE]: an analyser, once WORD stands in FILE, looks at COUNT files
looked() {
	local status

	[ $# -lt 4 ] || echo "$3" >"$work/src/$4"
	: >"$work/looked"
	XDG_CACHE_HOME=$work/cache bash "$work/analyser"
	status=$?
	cat "$work/looked"
	[ "$status" = "$1" ] && [ "$(wc -l <"$work/looked")" = "$2" ]
}

blind() {
	! XDG_CACHE_HOME=$work/cache bash -c '. "$1"; echo mistake | alive mistake true' \
		blind "$tests/analyse/lib/judge.sh"
}

program good 'echo 1..2' 'echo ok 1 - a' 'echo ok 2 - b'
program bad 'echo 1..2' 'echo ok 1 - a' 'echo not ok 2 - b' 'exit 1'
program silent 'exit 0'
program status 'echo 1..1' 'echo ok 1 - a' 'exit 3'
program crash 'echo 1..2' 'echo ok 1 - a' 'kill -SEGV $$'
program hang 'echo 1..2' 'echo ok 1 - a' 'sleep 20'
program few 'echo 1..3' 'echo ok 1 - a' 'echo ok 2 - b'
program many 'echo 1..1' 'echo ok 1 - a' 'echo ok 2 - b'
program skipper 'echo 1..1' 'echo "not ok 1 # SKIP a"' # as cmocka writes it

check "passes what passed" judged '^ok ' 2 good
check "fails what failed" judged '^not ok 2 - bad.sh: b' 1 bad
check "fails a program that says nothing" judged '^not ok .*all of its tests (0 of 0)' 1 silent
check "fails an exit status without a failed test" judged '^not ok .*not 3' 1 status
check "fails a crash" judged '^not ok .*by itself' 1 crash
check "fails a program that hangs" judged '^not ok .*in time' 1 hang
check "fails a plan not kept" judged '^not ok .*all of its tests (2 of 3)' 1 few
check "fails a plan exceeded" judged '^not ok .*all of its tests (2 of 1)' 1 many
check "fails a program that is not there" judged '^not ok .*by itself' 1 absent
check "counts cmocka's skipped tests as skipped" judged '^ok 1 - .*: a # SKIP' 1 skipper
check "keeps the results of all programs" judged '^\(not \)\?ok ' 6 good bad skipper silent
check "does not keep an old result" judged '^not ok' 0 good

mkdir "$work/sum"
printf 'ok 1 - a\nok 2 - b\nok 3 - c # SKIP why\n1..3\n' >"$work/sum/one.tap"
printf '1..2\nok 1 - a\nnot ok 2 - b\n' >"$work/sum/two.tap"
printf '1..5\nok 1 - a\n' >"$work/sum/cut.tap"
: >"$work/sum/empty.tap"
check "adds up" added "2 passed, 0 failed, 1 skipped" 0 one
check "fails if one failed" added "3 passed, 1 failed, 1 skipped" 1 one two
check "takes patterns, each file once" added "3 passed, 1 failed, 1 skipped" 1 'o*' 'tw*' one
check "fails a layer without a file" added "2 passed, 1 failed, 1 skipped" 1 one three
check "fails a file without results" added "0 passed, 1 failed, 0 skipped" 1 empty
check "fails a file that ended early" added "1 passed, 1 failed, 0 skipped" 1 cut

mkdir "$work/src"
touch "$work/src/one.c" "$work/src/two.c"
cat >"$work/analyser" <<END
. "$tests/analyse/lib/judge.sh"
depends() { printf '%s\n' "\$1" "$work/src/all.h"; }
look() { echo "\$1" >>"$work/looked"; ! grep -q crash "\$1" && ! grep mistake "\$1"; }
judge look "$work"/src/*.c
END
check "lets an analyser look at all files" looked 0 2 good all.h
check "does not let it look again at what was clean" looked 0 0
check "lets it look again at a file that changed" looked 0 1 good one.c
check "lets it look again at all if a header changed" looked 0 2 better all.h
check "fails a file that an analyser speaks of" looked 1 1 mistake one.c
check "fails it again, for it was not clean" looked 1 1
check "fails an analyser that only ends badly" looked 1 1 crash one.c
check "fails an analyser that does not see what it is shown" blind
tap_done
