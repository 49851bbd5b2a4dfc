#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak_cycles - thousands of times a device is attached, used and detached, four
# of them at a time, every other time in the middle of its transfers; some of
# them by the tool. Nothing may fail, and nothing be left: no port, no second
# controller, no request, and no memory that grows with the cycles.
#
#   SUBURB_CYCLES        (default 2000)
#   SUBURB_TOOL_CYCLES   with "suburb attach" and "suburb detach" (default a hundredth)

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/many.sh"
. "$here/soak.sh"

cycles=${SUBURB_CYCLES:-2000}
tool_cycles=${SUBURB_TOOL_CYCLES:-$((cycles / 100))}
blocks=8

tool_cycle() {
	local device

	suburb attach "$EXPORTER" 99-1 >/dev/null || return
	device=$(usb_find remote 20 idVendor=1209 idProduct=0005) || return
	usbio echo "$(usb_node "$device")" 1 1 >/dev/null && suburb detach all >/dev/null &&
		wait_until 10 usb_gone "$device"
}

tool_cycles() {
	local n

	for ((n = 1; n <= tool_cycles; n++)); do
		tool_cycle || { echo "cycle $n failed"; return 1; }
	done
}

run_cycles() { # COUNT
	cycles "$EXPORTER" "$1" 4 "$blocks"
}

noted() { # NAME COMMAND...
	check "$@"
	grep '^# ' "$tap_log"
}

begin
check "suburbd" exporter_start --emulate loopback --emulate loopback --emulate loopback --emulate loopback
noted "the first $((cycles / 10)) cycles" run_cycles $((cycles / 10))
check "nothing is left" nothing_left
soak_memory_begin
noted "$((cycles - cycles / 10)) more" run_cycles $((cycles - cycles / 10))
check "nothing is left of these" nothing_left
noted "no memory has grown with the cycles" soak_memory_end
noted "$tool_cycles cycles by the tool" tool_cycles
check "the devices are free" exporter_devices_free 99-1 99-2 99-3 99-4
check "the module is unloaded" unload
check "and loaded again" modprobe suburb-hcd
finish
