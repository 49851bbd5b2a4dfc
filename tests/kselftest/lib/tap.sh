# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tap.sh - TAP 13 for the scenario scripts.
#
#   check NAME COMMAND [ARG...]    one test: ok if COMMAND succeeds; what it
#                                  printed is shown if it does not
#   check_fails NAME COMMAND...    ok if it fails
#   check_here NAME COMMAND...     as check, without a subshell: what COMMAND
#                                  sets and starts is ours
#   skip NAME WHY                  one test that cannot be run here
#   skip_all WHY                   none of them can: ends the script with status 4
#   note TEXT                      a comment in the output
#   finish                         prints the plan, ends the script
#
#   wait_until SECONDS COMMAND...  try it over and over; its last status
#
# TEST_SLOW in the environment says how many times longer than usual things may take
# here, as on a kernel full of checkers: what is waited for is waited for so much longer.
#
# A command runs in a subshell, so what it sets stays there; a check that hangs
# is cut by the time limit of the whole script (settings).

tap_count=0
tap_failed=0
tap_log=$(mktemp)
slow=${TEST_SLOW:-1}
echo "TAP version 13"

tap_result() { # STATUS NAME
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
		sed 's/^/#   /' "$tap_log"
	fi
}

check() {
	local name=$1 status

	shift
	("$@") </dev/null >"$tap_log" 2>&1
	status=$?
	[ "$status" = 0 ] || echo "status $status of: $*" >>"$tap_log"
	tap_result "$status" "$name"
	return "$status"
}

check_here() {
	local name=$1 status

	shift
	"$@" </dev/null >"$tap_log" 2>&1
	status=$?
	[ "$status" = 0 ] || echo "status $status of: $*" >>"$tap_log"
	tap_result "$status" "$name"
	return "$status"
}

check_fails() {
	local name=$1

	shift
	if ("$@") </dev/null >"$tap_log" 2>&1; then
		echo "succeeded, and should not have: $*" >>"$tap_log"
		tap_result 1 "$name"
	else
		tap_result 0 "$name"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 4
}

note() {
	echo "# $*"
}

finish() {
	echo "1..$tap_count"
	rm -f "$tap_log"
	[ "$tap_failed" = 0 ]
	exit
}

# Milliseconds since boot, without starting a process.
uptime_ms() {
	local up

	read -r up _ </proc/uptime
	echo $((10#${up%.*} * 1000 + 10#${up#*.} * 10))
}

wait_until() { # SECONDS COMMAND...
	local end=$((SECONDS + $1 * slow + 1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}
