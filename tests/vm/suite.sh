#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# suite.sh - run kselftests one after the other in a guest of run.sh:
#
#   suite.sh TEST...    names in tests/kselftest or build/kselftest
#
# SUITE_TIMEOUT  seconds per test, if not those of tests/kselftest/settings
# TEST_SLOW      how many times longer all may take
#
# What a C test or a script prints is TAP already and goes out as it is. One that
# hangs is killed; one that ends early, or fails without saying so, is a failed
# test of its own, and what they leave behind is looked for at the end (leftovers.sh).
# In a pair of VMs the exporter is the other one.

set -u
export OUTPUT=/suburb/build/kselftest
scripts=/suburb/tests/kselftest
limit=${SUITE_TIMEOUT:-$(sed -n 's/^timeout=//p' "$scripts/settings")}
limit=$((limit * ${TEST_SLOW:-1}))
failed=0
# shellcheck source=leftovers.sh
. "$(dirname "$(realpath "$0")")/leftovers.sh"

if [ "$VM_ROLE" = importer ]; then
	export AT_EXPORTER=vm-other EXPORTER=exporter LISTEN=10.83.0.1
fi

run_test() { # NAME
	local program=$OUTPUT/$1 status start=$SECONDS

	[ -x "$program" ] || program=$scripts/$1
	echo "# --- $1"
	timeout -k 20 "$limit" "$program"
	status=$?
	echo "# --- $1: status $status after $((SECONDS - start)) s"
	case $status in
	0 | 4) ;;
	1) failed=1 ;;
	*)
		echo "not ok $1: ended with status $status"
		failed=1
		;;
	esac
}

modprobe suburb-hcd || echo "# no suburb-hcd"
for test; do
	run_test "$test"
done
leftovers_check || failed=1
exit "$failed"
