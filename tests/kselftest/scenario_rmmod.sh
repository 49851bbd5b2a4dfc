#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_rmmod - unload suburb-hcd with devices attached and in use: a disk
# being read, a keyboard with a blocked reader, an open usbfs descriptor. It ends
# within seconds and leaves nothing; loaded again, all works again.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

attached=()

attach_busy() {
	local device disk

	device=$(attach_as "product=QEMU USB HARDDRIVE")
	disk=$(usb_disk "$device")
	check "disk attached" [ -b "$disk" ] || return
	dd if="$disk" of=/dev/null bs=64k iflag=direct 2>/dev/null &
	busy+=($!)
	attached+=("$device")

	device=$(attach_as "product=QEMU USB Keyboard")
	check "keyboard attached" [ -n "$device" ] || return
	evdev read "$(usb_event "$device")" 1 120000 2>/dev/null &
	busy+=($!)
	attached+=("$device")

	exec {held}<>"$(usb_node "$device")"
}

all_gone() {
	local device

	for device in "${attached[@]}"; do
		usb_gone "$device" || return
	done
	[ -z "$(usb_list remote)" ]
}

none_left() {
	local pid

	for pid in "${busy[@]}"; do
		! kill -0 "$pid" 2>/dev/null || return
	done
}

busy=()
need_qemu
begin
exporter_start --export class:hid --export class:mass-storage
attach_busy
check "rmmod with devices in use" timeout $((20 * slow)) rmmod suburb-hcd
check "every device is gone" wait_until 5 all_gone
check "no root hub of ours is left" [ -z "$(grep -l suburb "$usb"/usb*/serial 2>/dev/null)" ]
check "/dev/suburb is gone" [ ! -e /dev/suburb ]
check "readers have ended" wait_until 5 none_left
exec {held}>&-
check "suburb says in one line what is missing" \
	eval '! suburb status 2>/tmp/err >/dev/null && cat /tmp/err && [ "$(wc -l </tmp/err)" = 1 ]'
check "loaded again" modprobe suburb-hcd
check "/dev/suburb is back" wait_until 5 [ -e /dev/suburb ]
device=$(attach_as "product=QEMU USB HARDDRIVE")
check "disk attached again" [ -n "$device" ] && check "disk works" use_storage_write "$device" 1
check "detached" suburb detach all
check "rmmod without devices" rmmod suburb-hcd
check "loaded a third time" modprobe suburb-hcd
finish
