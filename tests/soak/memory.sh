#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memory.sh - how much memory suburbd takes: TAP
#
# Idle with one emulated device of each of the ten kinds it is at most 8 MiB.
# Under hostile load (hostile.c) it comes and goes; but each time that all are
# gone, it is back to what it was the first time: nothing is left behind. An
# honest importer is served all the while.
#
# SUBURBD, HOSTILE   the programs
# SOAK_SECONDS       of hostile load (default 3)
# SOAK_SEED          of it (default: another one each time)

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

: "${SUBURBD:=build/suburbd}" "${HOSTILE:=build/tests/soak/hostile}"
seconds=${SOAK_SECONDS:-3}
seed=${SOAK_SEED:-$$}
idle_most=8192   # KiB
growth_most=1024 # KiB
work=$(mktemp -d)
server=
trap 'stop; rm -rf "$work"' EXIT

stop() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	server=
}

# The ten kinds, 99-1 to 99-10, and what is given besides.
start() { # ARG...
	local kind kinds=()

	truncate -s 1M "$work/disk" "$work/uas"
	for kind in keyboard mouse serial "disk:$work/disk" "uas:$work/uas" loopback sound camera \
		modeswitch usbtest; do
		kinds+=(--emulate "$kind")
	done
	# Here, not by the process that begins: the last one's port would be read of it.
	: >"$work/log"
	"$SUBURBD" --foreground --listen 127.0.0.1:0 "${kinds[@]}" "$@" </dev/null 2>>"$work/log" &
	server=$!
	for _ in {1..200}; do
		port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$work/log")
		[ -z "$port" ] || return 0
		sleep 0.05
	done
	cat "$work/log"
	return 1
}

rss() { # in KiB
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status"
}

is_small() {
	local now

	now=$(rss)
	echo "$now KiB"
	[ "$now" -le "$idle_most" ]
}

# The most that it has while PID runs.
peak_while() { # PID
	local now most=0

	while kill -0 "$1" 2>/dev/null; do
		now=$(rss)
		[ "${now:-0}" -le "$most" ] || most=$now
		sleep 0.2
	done
	echo "$most"
}

# When all are gone suburbd has a moment to notice, and to give back; then it is measured.
loaded() { # SECONDS SEED
	local pid peak

	nice -n 10 "$HOSTILE" "$port" "$1" "$2" 11 12 >"$work/done" &
	pid=$!
	peak=$(peak_while "$pid")
	wait "$pid" || { cat "$work/done"; tail -n 20 "$work/log"; return 1; }
	sleep 2
	echo "# after $1 s: $(rss) KiB, at most $peak KiB; $(cat "$work/done")"
}

# Rounds of a minute, or three of them; the first one warms up.
soak() {
	local rounds=$((seconds / 60)) first='' last='' length=59 n

	[ "$rounds" -ge 3 ] || { rounds=3 length=$(((seconds + 2) / 3)); }
	for ((n = 0; n < rounds; n++)); do
		loaded "$length" $((seed + n)) || return
		last=$(rss)
		[ -n "$first" ] || first=$last
	done
	echo "# hostile load for $seconds s (seed $seed): $first KiB after the first round, $last KiB after the last"
	grown=$((last - first))
}

is_flat() {
	[ "$grown" -le "$growth_most" ] || { echo "grown by $grown KiB"; return 1; }
}

start >&2
echo "# idle with ten devices: $(rss) KiB"
check "idle with ten devices: at most 8 MiB" is_small
stop
start --emulate loopback --emulate loopback >&2
soak
check "an honest importer is served all the while" [ "$grown" ]
check "memory stays flat" is_flat
stop
tap_done
