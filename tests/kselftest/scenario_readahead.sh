#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_readahead - a HID gadget that offers 1000 reports a second, over a link
# whose round trip is 50 ms (SUBURB_RTT_MS): many more arrive than one per round trip,
# all of them, in order, and young; with suburbd, with usbip-host, and not without
# reading ahead. How many, on a machine that has nothing else to do, "make bench" says.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/gadget.sh"

rtt_ms=${SUBURB_RTT_MS:-50}
seconds=4
rate='' age='' hidg=''

slow_link() {
	modprobe sch_netem && tc qdisc replace dev lo root netem delay "$((rtt_ms / 2))ms" limit 10000
}

quick_link() {
	tc qdisc del dev lo root 2>/dev/null
}

restore() {
	local status=$?

	quick_link
	pkill -x usbipd
	gadget_unload
	(exit "$status")
	clean_up
}

# Nothing lost or disordered; see result().
measure() { # DEVICE
	local hidraw lost disorder

	hidraw=$(usb_hidraw "$1" 15) || return
	timeout $((seconds * 5 + 15)) hid "$hidg" "$hidraw" 1000 "$seconds" >/tmp/hid.out || return
	read -r _ lost disorder _ </tmp/hid.out
	[ "$lost" = 0 ] && [ "$disorder" = 0 ]
}

# Sets rate, in whole reports a second, and age, median in ms.
result() { # WAY
	read -r rate _ _ age _ </tmp/hid.out
	note "$1: $rate reports/s, median age $age us"
	rate=${rate%.*} age=$((age / 1000))
}

# One per round trip is two round trips old, and more.
is_quick() {
	[ "$rate" -ge $((5000 / rtt_ms)) ] && [ "$age" -le $((rtt_ms * 3 / 2)) ]
}

attach_gadget() { # OPTION...
	slow_link && suburb attach "$@" "$busid" >/dev/null && usb_find remote 15 serial=hid
}

read_through() { # WAY
	check "$1: every report, in order" measure "$device" || return
	result "$1"
	check "$1: many per round trip, and young" is_quick
}

begin
trap restore EXIT
if ! check "gadget" gadget_load high 1 || ! gadget_create hid hid; then
	finish
	exit
fi
hidg=$(gadget_hidg hid)
busid=$(gadget_device hid)

check "locally: every report, in order" measure "$busid"
result locally

exporter_start --export "$busid"
device=$(attach_gadget "$EXPORTER")
check "suburbd: attached" [ -n "$device" ] && read_through suburbd
quick_link
suburb detach all >/dev/null

device=$(attach_gadget --no-read-ahead "$EXPORTER")
check "not ahead: attached" [ -n "$device" ]
check "not ahead: every report, in order" measure "$device"
result "not ahead"
check "not ahead: one report in a round trip" [ "$rate" -le $((2000 / rtt_ms)) ]
check "not ahead: that would be noticed" eval '! is_quick'
quick_link
suburb detach all >/dev/null
exporter_stop

modprobe usbip-host && usbipd -D && usbip bind -b "$busid" >/dev/null 2>&1
check "usbip-host: has the gadget" wait_until 10 suburb list "$EXPORTER:3240"
device=$(attach_gadget "$EXPORTER:3240")
check "usbip-host: attached" [ -n "$device" ] && read_through usbip-host
quick_link
suburb detach all >/dev/null
usbip unbind -b "$busid" >/dev/null 2>&1
finish
