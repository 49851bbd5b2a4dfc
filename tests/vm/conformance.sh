#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# conformance.sh - the kernel's own tests for host controllers, usbtest 0 to 29,
# with the same device used locally, through Suburb and through mainline USB/IP.
# Prints TAP; the table goes to docs/CONFORMANCE.md. "make check-conformance"
# calls it.
#
# Each way at each speed is a virtual machine of its own. When a case hangs or
# takes the machine down, that is its result, and another machine does the rest.
# What passes locally must pass through Suburb. Mainline is there to compare.
#
# CONFORMANCE names the runs, "high.suburb super.local": the others are taken from
# the last time. All of them: 20 minutes.

set -uo pipefail

here=$(dirname "$(realpath "$0")")
top=$(realpath "$here/../..")
build=$(realpath -m "${BUILD:-$top/build}")
results=$build/conformance
. "$top/tests/tap.sh"
. "$here/judge.sh"
. "$here/conformance-table.sh"
. "$top/tests/kselftest/lib/usbtest.sh"

runs=(high.local high.suburb high.mainline super.local super.suburb super.mainline
	emulated-high.suburb emulated-high.mainline emulated-super.suburb emulated-super.mainline)
limit=600

# --- running -----------------------------------------------------------------

# Cases whose result is not known yet
cases_left() { # FILE
	local number left=()

	for number in {0..29}; do
		grep -q "^$number " "$1" || left+=("$number")
	done
	echo "${left[*]}"
}

# What a machine printed before it ended; the first case without a result is the
# one that ended it.
note_results() { # FILE LOGS
	local number verdict left

	sed -n 's/\r$//; s/^usbtest \([0-9]* \(pass\|fail\|apply\|hang\)\)/\1/p' "$2/output" >>"$1"
	left=$(cases_left "$1")
	number=${left%% *}
	verdict=$(vm_verdict "$2")
	if [ -n "$number" ] && grep -q "^usbtest $number begins" "$2/output"; then
		case $verdict in
		kernel*) echo "$number crash ${verdict#kernel log: }" ;;
		*) echo "$number hang" ;;
		esac >>"$1"
	fi
}

boot() { # DEVICE WAY CASES
	rm -rf "$build/results/vm-conformance-$1-$2"
	"$here/run.sh" --quiet --payload "$build/kselftest:build/kselftest" --name "conformance-$1-$2" \
		--timeout "$limit" -c "tests/vm/conformance-guest.sh $1 $2 $3" >"$results/$1.$2.log" 2>&1
}

# The file DEVICE.WAY gets a line per case, DEVICE.WAY.end what was wrong with the
# machine although all cases had passed.
run_way() { # DEVICE WAY
	local file=$results/$1.$2 left before status

	: >"$file.new"
	: >"$file.end"
	left=$(cases_left "$file.new")
	while [ -n "$left" ]; do
		before=$left
		boot "$1" "$2" "$left"
		status=$?
		note_results "$file.new" "$build/results/vm-conformance-$1-$2/single"
		rm -f "$build/results/vm-conformance-$1-$2.tap"
		left=$(cases_left "$file.new")
		if [ "$left" = "$before" ]; then
			tail -n 3 "$build/results/vm-conformance-$1-$2/single/output" >"$file.end"
			break
		fi
		if [ -z "$left" ] && [ "$status" != 0 ] && grep -qE '^29 (pass|apply)' "$file.new"; then
			tail -n 20 "$file.log" >"$file.end"
		fi
	done
	mv "$file.new" "$file"
}

# --- judging -----------------------------------------------------------------

# "pass", "fail ERROR", ...; "unknown" if it never came to it
outcome() { # DEVICE WAY CASE
	local line

	line=$(grep "^$3 " "$results/$1.$2" 2>/dev/null) || line="$3 unknown"
	echo "${line#* }"
}

is_pass() { # DEVICE WAY CASE
	outcome "$@"
	[[ $(outcome "$@") = pass* ]]
}

ended_well() { # DEVICE WAY
	cat "$results/$1.$2.end"
	[ -e "$results/$1.$2.end" ] && [ ! -s "$results/$1.$2.end" ]
}

# What dummy_hcd cannot do, isochronous and interrupt transfers, is the emulated
# device's part.
judge_gadget() { # DEVICE
	local number

	for number in {0..29}; do
		case $number in
		15 | 16 | 22 | 23 | 25 | 26) continue ;;
		esac
		check "$1 speed, local: case $number passes" is_pass "$1" local "$number"
		if is_pass "$1" local "$number" >/dev/null; then
			check "$1 speed, Suburb: case $number passes too" is_pass "$1" suburb "$number"
		fi
	done
	check "$1 speed, local: the machine is well" ended_well "$1" local
	check "$1 speed, Suburb: the machine is well" ended_well "$1" suburb
}

judge_emulated() { # DEVICE
	local number

	for number in {0..29}; do
		check "$1 speed, Suburb: case $number passes" is_pass "$1" suburb "$number"
	done
	check "$1 speed, Suburb: the machine is well" ended_well "$1" suburb
}

mkdir -p "$results"
for run in ${CONFORMANCE:-${runs[@]}}; do
	run_way "${run%.*}" "${run#*.}"
done
judge_gadget high
judge_gadget super
judge_emulated emulated-high
judge_emulated emulated-super
conformance_page >"$results/table.md"
cp "$results/table.md" "$top/docs/CONFORMANCE.md"
tap_done
