#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_unplug - the device leaves the exporter, or suburbd is killed, while
# the importer reads from it: there the device is gone within 2 s, the blocked
# reader has an error, nothing hangs; plugged in again, it can be attached again.
# After the kill the exporter's own driver has the device back.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/reader.sh"

keyboard="product=QEMU USB Keyboard"

# --- what is unplugged -------------------------------------------------------

unplug_keyboard() {
	at_exporter 'vm-monitor device_del kbd'
}

plug_keyboard() {
	at_exporter 'vm-monitor device_add usb-kbd,bus=xhci.0,id=kbd'
}

kill_suburbd() {
	exporter_kill
}

attach_keyboard() {
	device=$(attach_as "$keyboard")
	check "$1" [ -n "$device" ]
}

# --- cases -------------------------------------------------------------------

keyboard_unplugged() {
	exporter_start --export class:hid
	attach_keyboard "keyboard: attached" || return
	block evdev read "$(usb_event "$device")" 1 60000
	check "keyboard: unplugged, gone within 2 s" within_2_s "$device" unplug_keyboard
	check_reader "keyboard: the blocked reader has an error"
	check "keyboard: plugged in again" plug_keyboard
	attach_keyboard "keyboard: attached again" || return
	check "keyboard: types again" use_keyboard "$device"
}

suburbd_killed() {
	exporter_start --export class:hid
	attach_keyboard "kill: attached" || return
	block evdev read "$(usb_event "$device")" 1 60000
	check "kill: suburbd gone, device gone within 2 s" within_2_s "$device" kill_suburbd
	check_reader "kill: the blocked reader has an error"
	check "kill: the exporter's usbhid has the device back" \
		exporter_usb usb_event "$(exporter_usb usb_find local 5 "$keyboard")" 5
	exporter_start --export class:hid
	attach_keyboard "kill: a new suburbd, attached again" || return
	check "kill: types again" use_keyboard "$device"
	check "kill: detached" suburb detach all
}

disk_busy() { # ACTION NAME
	local busid disk

	busid=$(exporter_usb usb_find local 10 "product=QEMU USB HARDDRIVE") || return
	exporter_start --export "$busid"
	device=$(attach_as "product=QEMU USB HARDDRIVE")
	disk=$(usb_disk "$device")
	check "$2: attached" [ -b "$disk" ] || return
	block bash -c "echo ready >&2; exec dd if=$disk of=/dev/null bs=64k iflag=direct"
	sleep 0.3
	check "$2: gone within 2 s" within_2_s "$device" "$1"
	check_reader "$2: dd has an error"
}

unplug_disk() {
	at_exporter 'vm-monitor device_del storage'
}

need_qemu
begin
keyboard_unplugged
suburbd_killed
disk_busy kill_suburbd "disk in use, suburbd killed"
check "disk: the exporter's usb-storage has it back" \
	exporter_usb usb_disk "$(exporter_usb usb_find local 5 "product=QEMU USB HARDDRIVE")" 5
disk_busy unplug_disk "disk in use, unplugged"
at_exporter "vm-monitor drive_add 0 if=none,id=again,file.driver=null-co,file.size=64M,format=raw
	vm-monitor device_add usb-storage,bus=xhci.0,id=storage,drive=again" >/dev/null
check "disk: another one in its place is seen by the exporter" \
	exporter_usb usb_find local 10 "product=QEMU USB HARDDRIVE"
finish
