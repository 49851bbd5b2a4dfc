#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sum.sh - adds up the TAP files of a check and says how it went
#
#   sum.sh DIR LAYER...
#
# LAYER is the name of a file in DIR without .tap; patterns may be used. One that
# left no file counts as a failure, and so does a file without results or with
# another number than it planned: a check that did not run has not passed.
#
# The last line is "N passed, N failed, N skipped"; exits 1 unless all is well.

set -uo pipefail
shopt -s nullglob

[ $# -ge 2 ] || { echo "usage: sum.sh DIR LAYER..." >&2; exit 2; }
dir=$1
shift
passed=0 failed=0 skipped=0

fail() {
	echo "not ok - $1"
	failed=$((failed + 1))
}

add() { # FILE
	local layer plan seen p f s

	layer=$(basename "$1" .tap)
	s=$(grep -cE '^(not )?ok .*# *SKIP' "$1")
	p=$(grep -vE '# *SKIP' "$1" | grep -cE '^ok( |$)')
	f=$(grep -vE '# *SKIP' "$1" | grep -cE '^not ok( |$)')
	seen=$((p + f + s))
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	grep -vE '# *SKIP' "$1" | grep -E '^not ok( |$)' | sed "s/^/$layer: /"
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$1" | tail -n 1)
	[ "$seen" -gt 0 ] || fail "$layer: has no results"
	[ -z "$plan" ] || [ "$plan" = "$seen" ] || fail "$layer: planned $plan tests, ran $seen"
}

declare -A files
for layer; do
	found=
	# shellcheck disable=SC2231 # patterns in $layer are meant
	for file in "$dir"/$layer.tap; do
		[ -e "$file" ] || continue
		files[$file]=1
		found=1
	done
	[ -n "$found" ] || fail "$layer: wrote no results"
done
for file in "${!files[@]}"; do
	add "$file"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
