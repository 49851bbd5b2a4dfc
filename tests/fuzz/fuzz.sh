#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh - runs fuzz targets, and keeps the corpora in the tree small
#
#   fuzz.sh run BUILD SECONDS TARGET...       each for so long; without a number
#                                             until ten minutes bring no new edge
#   fuzz.sh minimise BUILD "" TARGET...       what covers all that was found goes
#                                             to tests/fuzz/corpus/TARGET
#
# What is found meanwhile is kept in BUILD/corpus/TARGET. A crash is kept in
# BUILD/crashes, and ends the target: name it tests/fuzz/regressions/TARGET/WHAT.

set -euo pipefail
cd "$(dirname "$0")/../.."

[ $# -ge 4 ] || { echo "usage: fuzz.sh run|minimise BUILD SECONDS TARGET..." >&2; exit 2; }
verb=$1 build=$2 seconds=$3
shift 3

slice=60
patience=10

field() { # LOG NAME: the last "NAME: VALUE" of libFuzzer's lines
	sed -n "s/.* $2: \([0-9]*\).*/\1/p" "$1" | tail -n 1
}

options() { # TARGET
	echo "-timeout=20 -rss_limit_mb=2048 -max_len=${longest[$1]:-600} -print_final_stats=1"
	[ ! -e "tests/fuzz/$1.dict" ] || echo "-dict=tests/fuzz/$1.dict"
}

declare -A longest=([config]=1500 [wire]=400 [words]=300 [client]=2000 [reply]=800)

fuzz_slice() { # TARGET SECONDS LOG
	local target=$1 flags

	read -rd '' -a flags < <(options "$target") || :
	mkdir -p "tests/fuzz/corpus/$target"
	nice -n 19 "$build/tests/fuzz/$target" "${flags[@]}" -max_total_time="$2" \
		-artifact_prefix="$build/crashes/$target-" \
		"$build/corpus/$target" "tests/fuzz/corpus/$target" >"$3" 2>&1
}

run() { # TARGET
	local target=$1 log=$build/$1.log began=$SECONDS execs=0 best=0 idle=0 cov want

	mkdir -p "$build/corpus/$target" "$build/crashes"
	while [ "$idle" -lt "$patience" ]; do
		want=$slice
		if [ -n "$seconds" ]; then
			want=$((seconds - SECONDS + began))
			[ "$want" -gt 0 ] || break
			[ "$want" -lt "$slice" ] || want=$slice
		fi
		if ! fuzz_slice "$target" "$want" "$log"; then
			tail -n 40 "$log"
			echo "$target: crashed, see $log and $build/crashes"
			return 1
		fi
		execs=$((execs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$log")))
		cov=$(field "$log" cov)
		idle=$((idle + 1))
		[ "${cov:-0}" -le "$best" ] || { best=$cov idle=0; }
	done
	echo "$target: $execs executions in $((SECONDS - began)) s, $best edges, $(field "$log" ft) features, nothing new for $((idle * slice)) s"
}

# One input for each edge, not for how often it is taken: hundreds would be thousands.
minimise() { # TARGET
	local target=$1 new flags

	new=$build/minimal/$target
	rm -rf "$new"
	mkdir -p "$new" "$build/corpus/$target" "tests/fuzz/corpus/$target"
	read -rd '' -a flags < <(options "$target") || :
	nice -n 10 "$build/tests/fuzz/$target" "${flags[@]}" -use_counters=0 -merge=1 "$new" \
		"tests/fuzz/corpus/$target" "$build/corpus/$target" >"$build/$target.log" 2>&1
	rm -rf "tests/fuzz/corpus/$target"
	mv "$new" "tests/fuzz/corpus/$target"
	echo "$target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) inputs, $(du -bs "tests/fuzz/corpus/$target" | cut -f 1) bytes"
}

failed=0
for target; do
	case $verb in
	run) run "$target" || failed=1 ;;
	minimise) minimise "$target" || failed=1 ;;
	*) echo "fuzz.sh: unknown verb '$verb'; there are run and minimise" >&2; exit 2 ;;
	esac
done
exit $failed
