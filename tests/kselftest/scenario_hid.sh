#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_hid - QEMU's keyboard, mouse and tablet through Suburb: what is typed
# and moved at the exporter arrives as events of the remote device and of no
# other, and the caps-lock LED goes back.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

need_qemu
begin
exporter_start --export class:hid

# --- keyboard ---

# QEMU tells nobody what its keyboard's LEDs show, so usbmon at the exporter is
# asked what was put on the wire to the device, and whether that was taken.
watch_device() { # BUSID
	at_exporter "modprobe usbmon
		cat /sys/kernel/debug/usb/usbmon/${1%%-*}u >/run/usbmon.out 2>/dev/null &
		echo \$! >/run/usbmon.pid"
}

# SET_REPORT (output) with this byte, completed with status 0 and 1 byte
led_at_device() { # HEX
	at_exporter "awk '/ S Co:.* s 21 09 0200 0000 0001 1 = $1/ { tag = \$1 }
		\$1 == tag && / C Co:.* 0 1 / { found = 1 }
		END { exit !found }' /run/usbmon.out"
}

keyboard() {
	local device node

	watch_device "$(exporter_usb usb_find local 5 product="QEMU USB Keyboard")"
	device=$(attach_as product="QEMU USB Keyboard")
	check "keyboard: attached" [ -n "$device" ] || return
	check "keyboard: three keys arrive" use_keyboard "$device"
	node=$(usb_event "$device")
	check "keyboard: caps-lock LED on" evdev led "$node" 1 1
	check "keyboard: the device was told, 02" wait_until 5 led_at_device 02
	check "keyboard: caps-lock LED off" evdev led "$node" 1 0
	check "keyboard: the device was told, 00" wait_until 5 led_at_device 00
	at_exporter "kill \$(cat /run/usbmon.pid)"
	check "keyboard: detached" suburb detach all
}

# --- mouse and tablet ---

# mouse_set N: the device that the monitor's mouse commands go to
choose_mouse() { # NAME
	at_exporter 'vm-monitor mouse_set "$(vm-monitor info mice |
		sed -n "s/^.*Mouse #\([0-9]*\): '"$1"'.*/\1/p")"'
}

# REL_X 10, REL_Y -5; then BTN_LEFT down and up
moves_mouse() {
	choose_mouse 'QEMU HID Mouse' || true
	use_events "$1" 4 at_exporter 'vm-monitor mouse_move 10 -5; sleep 0.3
		vm-monitor mouse_button 1; sleep 0.3; vm-monitor mouse_button 0' &&
		expect_events '2 0 10' '2 1 -5' '1 272 1' '1 272 0'
}

# Absolute: X and Y change once each, to what only the monitor knows
moves_tablet() {
	choose_mouse 'QEMU HID Tablet' || true
	use_events "$1" 2 at_exporter 'vm-monitor mouse_move 1000 2000; vm-monitor mouse_button 1; sleep 0.3
		vm-monitor mouse_button 0' && grep -qE '^(3 [01]|1 272) ' /tmp/evdev.out
}

pointer() { # PRODUCT TEST
	local device name=${1##* }

	if ! exporter_usb usb_find local 2 product="$1" >/dev/null; then
		skip "$name" "the exporter has none"
		return
	fi
	device=$(attach_as product="$1")
	check "$name: attached" [ -n "$device" ] || return
	check "$name: moves and clicks arrive" "$2" "$(usb_event "$device")"
	check "$name: detached" suburb detach all
}

keyboard
pointer "QEMU USB Mouse" moves_mouse
pointer "QEMU USB Tablet" moves_tablet
check "the exporter's usbhid has its keyboard back" \
	exporter_usb usb_event "$(exporter_usb usb_find local 10 product="QEMU USB Keyboard")"
finish
