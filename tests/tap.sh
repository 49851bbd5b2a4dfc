# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tap.sh - TAP 13 for tests in shell; to be sourced
#
#   check NAME COMMAND...   runs COMMAND; "ok" if it succeeds. Its output is
#                           shown as comments if it does not
#   says PATTERN COMMAND... succeeds if COMMAND prints PATTERN, however it ends:
#                           of tools that must not be content with everything
#   skip NAME WHY           counts as skipped
#   tap_done                prints the plan; false if anything failed
#
# tap_done is a script's last command and so its status. A script that dies
# before it has no plan, which counts as a failure.

tap_count=0
tap_failed=0

check() {
	local name=$1 output

	shift
	tap_count=$((tap_count + 1))
	if output=$("$@" 2>&1); then
		echo "ok $tap_count - $name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $name"
		[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/# /'
	fi
}

says() {
	local pattern=$1 said

	shift
	said=$("$@" 2>&1)
	grep -qE -e "$pattern" <<<"$said" || { echo "nothing of $pattern in: $said"; return 1; }
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
