#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak_race - attach, detach, status, unlink, suspend, unplug, link cut and module
# unload, racing each other (race.c), while the exporter is killed, stopped and
# started again, devices are pulled out of it and put in, and this machine is put to
# sleep. Whatever happens, each call returns; at the end nothing is left and all
# works.
#
#   SUBURB_RACE_SECONDS  (default 1800)
#   SUBURB_SEED          of what race.c does (default: the time)

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/many.sh"
. "$here/soak.sh"

seconds=${SUBURB_RACE_SECONDS:-1800}
seed=${SUBURB_SEED:-$(date +%s)}
image=/tmp/suburb-race.img
busids=(99-1 99-2 99-3 99-4 99-5 99-6)
options=(--emulate loopback --emulate loopback --emulate keyboard --emulate serial --emulate "disk:$image"
	--emulate modeswitch)
declare -A done_count=()

count() { # WHAT
	done_count[$1]=$((${done_count[$1]:-0} + 1))
}

# --- what is done to the machines ------------------------------------------------

# Somebody has /dev/suburb open most of the time.
reload() {
	local n

	for ((n = 0; n < 20; n++)); do
		if rmmod suburb-hcd 2>/dev/null; then
			count unloaded
			break
		fi
	done
	modprobe suburb-hcd
}

restart_exporter() {
	at_exporter "kill -$1 \$(cat /run/suburbd.pid)"
	[ "$1" != KILL ] || sleep 0.5
	exporter_start "${options[@]}" && count "killed by $1"
}

stop_exporter() {
	at_exporter 'read -r pid </run/suburbd.pid; kill -STOP "$pid"; sleep 2; kill -CONT "$pid"'
	count stopped
}

plug_mouse() {
	at_exporter 'vm-monitor device_add usb-mouse,bus=xhci.0,port=1,id=race,serial=race' >/dev/null
}

plug() {
	at_exporter 'vm-monitor device_del race; sleep 1' >/dev/null
	plug_mouse
	count unplugged
}

# All the way but for the last step; by the exporter's own machine it may be refused.
sleep_test() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo devices >/sys/power/pm_test && echo freeze >/sys/power/state && count asleep
	echo none >/sys/power/pm_test
} 2>/dev/null

disturb() {
	case $((RANDOM % 8)) in
	0) restart_exporter KILL ;;
	1) restart_exporter TERM ;;
	2) stop_exporter ;;
	3 | 4) reload ;;
	5 | 6) [ -z "$mouse" ] || plug ;;
	7) [ ! -e /sys/power/pm_test ] || sleep_test ;;
	esac
}

race_in_background() {
	race "$EXPORTER" "$seconds" "$seed" "${busids[@]}" >/tmp/race.out 2>&1 &
	racer=$!
}

disturb_meanwhile() {
	while kill -0 "$racer" 2>/dev/null; do
		disturb
		sleep $((RANDOM % 4))
	done
	wait "$racer"
}

tell() {
	local what line=''

	grep '^# ' /tmp/race.out
	for what in "${!done_count[@]}"; do
		line+=", ${done_count[$what]} $what"
	done
	note "${line#, }; seed $seed"
}

# --- and after it --------------------------------------------------------------

works() {
	local device

	suburb attach "$EXPORTER" 99-1 >/dev/null || return
	device=$(usb_find remote 20 idVendor=1209 idProduct=0005) || return
	usbio echo "$(usb_node "$device")" 1 10 && suburb detach all
}

begin
at_exporter "truncate -s 8M $image"
mouse=
if at_exporter 'command -v vm-monitor >/dev/null' && plug_mouse; then
	mouse=$(exporter_usb usb_find local 10 serial=race)
	busids+=("$mouse")
	options+=(--export "$mouse")
fi
check "suburbd" exporter_start "${options[@]}"
race_in_background
disturb_meanwhile
status=$?
tell
check "for $seconds s: everything that was begun has ended" eval "cat /tmp/race.out; [ $status = 0 ]"
modprobe suburb-hcd
check "all is detached" eval '! suburb status | grep -q "^port" || timeout 20 suburb detach all'
check "nothing is left" nothing_left
check "a new suburbd" exporter_start "${options[@]}"
check "every device is free" exporter_devices_free "${busids[@]}"
check "and works" works
check "the module is unloaded" unload
check "and loaded again" modprobe suburb-hcd
finish
