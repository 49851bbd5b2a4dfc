#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh - runs the programs of one test layer and writes one TAP 13 file
#
#   run.sh RESULT.tap PROGRAM...
#
# A program is a cmocka test or anything else that prints TAP. It fails as a
# whole, by a line of its own, if it crashes, hangs, exits non-zero without a
# failed test, or prints other than the number of tests that it planned. What
# it wrote to stderr is shown when something failed.
#
# TEST_RUN      put before each compiled program, e.g. "qemu-s390x -L DIR"
# TEST_TIMEOUT  seconds per program, 300 if unset; four times that where it, or
#               the suburbd that it starts (SUBURBD_RUN), is slowed down so

set -uo pipefail

[ $# -ge 1 ] || { echo "usage: run.sh RESULT.tap PROGRAM..." >&2; exit 2; }
result=$1
shift
layer=$(basename "$result" .tap)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
limit=${TEST_TIMEOUT:-300}
[ -z "${TEST_RUN:-}${SUBURBD_RUN:-}" ] || limit=$((limit * 4))
mkdir -p "$(dirname "$result")"
rm -f "$result"

# cmocka writes "not ok N # SKIP name" for a skipped test.
renumber() { # PROGRAM EXIT-STATUS < its TAP
	awk -v program="$1" -v status="$2" '
	function line(word, name) { print word " - " program ": " name }
	/^1\.\.[0-9]+/ { planned += substr($1, 4); plans++; next }
	/^(not )?ok [0-9]+ # SKIP / { sub(/^.*# SKIP /, ""); line("ok", $0 " # SKIP"); seen++; next }
	/^ok( |$)/ { sub(/^ok *[0-9]* *-? */, ""); line("ok", $0); seen++; next }
	/^not ok( |$)/ { sub(/^not ok *[0-9]* *-? */, ""); line("not ok", $0); seen++; failed++; next }
	/^#/ { print; next }
	{ print "# " $0 }
	END {
		if (status == 124 || status == 137)
			line("not ok", "ended in time")
		else if (status >= 126)
			line("not ok", "ended by itself, not with status " status)
		else if (!plans || planned != seen)
			line("not ok", "ran all of its tests (" seen + 0 " of " planned + 0 ")")
		else if (status != 0 && !failed)
			line("not ok", "ended with status 0, not " status)
	}'
}

run() { # PROGRAM NUMBER
	local name status prefix=() out=$work/$2

	name=$(basename "$1")
	case $1 in *.sh) ;; *) read -ra prefix <<<"${TEST_RUN:-}" ;; esac
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 "$limit" \
		${prefix[@]+"${prefix[@]}"} "$1" >"$out.out" 2>"$out.err" </dev/null
	status=$?
	renumber "$name" $status <"$out.out" >"$out.tap"
	if grep -q '^not ok' "$out.tap"; then
		grep -v '^ok' "$out.tap"
		sed "s/^/# $name: /" "$out.err" | tail -n 60
	fi
}

# Most programs wait more than they compute: two at a time.
start=$SECONDS
number=0
for program; do
	[ $number -lt 2 ] || wait -n
	number=$((number + 1))
	run "$program" "$(printf '%03d' $number)" &
done
wait
cat /dev/null "$work"/*.tap >"$work/all"
{
	echo "TAP version 13"
	awk '/^ok / { $1 = "ok " ++n } /^not ok / { $2 = "ok " ++n } { print }
	     END { print "1.." n + 0 }' "$work/all"
} >"$work/result"
mv "$work/result" "$result"
good=$(grep -c '^ok' "$work/all")
bad=$(grep -c '^not ok' "$work/all")
echo "$layer: $good ok, $bad not ok, $((SECONDS - start)) s"
[ "$bad" = 0 ]
