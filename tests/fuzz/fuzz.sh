#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh - runs fuzz targets, and keeps the corpora in the tree small
#
#   fuzz.sh run BUILD SECONDS TARGET...       each for so long; without a number
#                                             until ten minutes of a core's time
#                                             bring no new edge
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

patience=600
ticks=$(getconf CLK_TCK)

field() { # NAME: the last "NAME: VALUE" of libFuzzer's lines
	sed -n "s/.* $1: \([0-9]*\).*/\1/p" | tail -n 1
}

# What a process has had of a core, in seconds: others want some of it, too.
used_by() { # PID
	local stat

	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	read -ra stat <<<"${stat##*) }"
	[ "${stat[0]}" != Z ] || return 1
	echo $(((stat[11] + stat[12]) / ticks))
}

options() { # TARGET
	echo "-timeout=600 -len_control=10 -rss_limit_mb=2048 -max_len=${longest[$1]:-600} -print_final_stats=1"
	[ ! -e "tests/fuzz/$1.dict" ] || echo "-dict=tests/fuzz/$1.dict"
}

declare -A longest=([config]=1500 [wire]=400 [words]=300 [client]=2000 [reply]=800 [session]=900 [pipeline]=900)

run() { # TARGET
	local target=$1 log=$build/$1.log flags used=0 newest=0 best=0 now cov status=0

	mkdir -p "$build/corpus/$target" "$build/crashes" "tests/fuzz/corpus/$target"
	read -rd '' -a flags < <(options "$target") || :
	nice -n 19 "$build/tests/fuzz/$target" "${flags[@]}" ${seconds:+"-max_total_time=$seconds"} \
		-artifact_prefix="$build/crashes/$target-" \
		"$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1 &
	pid=$!
	trap 'kill "$pid"' EXIT
	while sleep 2 && now=$(used_by "$pid"); do
		used=$now
		cov=$(tail -n 50 "$log" | field cov)
		[ "${cov:-0}" -le "$best" ] || { best=$cov newest=$used; }
		[ -n "$seconds" ] || [ $((used - newest)) -lt "$patience" ] || kill "$pid"
	done
	trap - EXIT
	wait "$pid" || status=$?
	if [ "$status" != 0 ] && [ "$status" != 72 ]; then # 72: it was told to end
		tail -n 40 "$log"
		echo "$target: crashed, see $log and $build/crashes"
		return 1
	fi
	echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions in $used s of a core," \
		"edges $(grep INITED "$log" | field cov) -> $(field cov <"$log")," \
		"$(field ft <"$log") features, nothing new for $((used - newest)) s"
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
