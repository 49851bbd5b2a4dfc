#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.sh - the hostile exporters of this folder against suburb-hcd, in a guest of
# tests/vm/run.sh: what lies, what races, what is a device that lies; and then
# what the kernel has kept of it all.
#
#   vm.sh [SCALE]    1: all of it. 4: a quarter of it, where the kernel is slow
#
# Several at once, each with its own device and its own honest one beside.

set -u
cd /suburb/tests/peer || exit
PATH=/suburb/build/peer:$PATH

# A device in the sight of the tool and of suburbd: what they print is for a terminal.
harmless() { # TEXT
	! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$1"
}

look() {
	local text

	text=$(timeout 20 suburb status 2>&1) || return
	harmless "$text" || return
	timeout 20 suburb status --json >/dev/null || return
	text=$(timeout 20 suburbd --list 2>&1) || return
	harmless "$text"
}

if [ "${1:-}" = look ]; then
	look
	exit
fi

# shellcheck source=../kselftest/lib/tap.sh
. ../kselftest/lib/tap.sh
scale=${1:-1}
work=$(mktemp -d)
pids=()

modprobe suburb-hcd || skip_all "no suburb-hcd"

# What it prints is TAP, and is shown as it is.
start() { # NAME COMMAND...
	timeout -k 20 2000 "${@:2}" >"$work/$1" 2>&1 &
	pids[$!]=$1
}

wait_for_all() {
	local pid name status

	for pid in "${!pids[@]}"; do
		wait "$pid"
		status=$?
		name=${pids[$pid]}
		sed 's/^\(not \)\?ok [0-9]* - /\1ok - /; /^1\.\./d; /^TAP /d' "$work/$name"
		[ "$status" -le 1 ] || echo "not ok - $name: ended with status $status"
		[ "$status" = 0 ] || failed=1
	done
	pids=()
}

# KiB of the kernel's that cannot be given back.
unreclaimable() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 2
	awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo
}

failed=0
# Once, so that what is made once is made.
hostile_races -n 2 >/dev/null
before=$(unreclaimable)

start server-high hostile_server -k "0/$scale"
start server-super hostile_server -s super -r 2 -k "0/$scale"
start server-digest hostile_server -f digest -r 3 -k "0/$scale"
wait_for_all
start races hostile_races -n $((24 / scale + 1))
start races-super hostile_races -s super -n $((24 / scale + 1))
wait_for_all
start device hostile_device -n $((40 / scale)) -c "$0 look"
start device-super hostile_device -s super -n $((40 / scale)) -c "$0 look"
wait_for_all

objects=/sys/kernel/debug/suburb/objects
[ ! -e "$objects" ] || sed 's/^/# /' "$objects"
after=$(unreclaimable)
echo "# the kernel kept $((after - before)) KiB"
check "the kernel has kept no memory" [ $((after - before)) -lt 1024 ]
check "the module can be unloaded" rmmod suburb-hcd
rm -r "$work"
[ "$failed" = 0 ] || tap_failed=1
finish | grep -v '^1\.\.'
exit "$((failed || tap_failed))"
