#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_usbmon - a disk, a keyboard, a serial port, a network adapter and a sound
# card, each probed by its driver and used, while usbmon records at both ends: the
# exporter's kernel and ours must have seen the same transfers with the same results.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/media.sh"
. "$here/usbmon.sh"

# Some drivers (snd-usb-audio) keep the interfaces that they took beside their first.
unbind() { # DEVICE
	local interface

	for interface in "$usb/$1/$1":1.*; do
		[ ! -e "$interface/driver" ] || echo "${interface##*/}" >"$interface/driver/unbind"
	done
}

rebind() { # DEVICE
	local driver

	driver=/sys/bus/usb/drivers/$(usb_driver "$1" 0)
	unbind "$1" && echo "$1:1.0" >"$driver/bind"
}

# At rest when it returns: what goes on and on ends at another moment here than there.
use_class() { # CLASS DEVICE
	case $1 in
	storage) use_storage_write "$2" 2 && use_storage_read "$2" 2 ;;
	keyboard) use_keyboard "$2" ;;
	serial) use_serial "$2" ;;
	net) use_net "$2" && ip link set "$(usb_net "$2")" down ;;
	audio) qemu_plays "$2" 1 ;;
	esac
}

# There once the driver is ready
ready() { # CLASS DEVICE
	case $1 in
	storage) usb_disk "$2" ;;
	keyboard) usb_event "$2" ;;
	serial) usb_tty "$2" ;;
	net) usb_net "$2" ;;
	audio) sound_card "$2" ;;
	esac
}

run() { # CLASS DEVICE
	rebind "$2" && ready "$1" "$2" && use_class "$1" "$2"
}

# udev lets a keyboard sleep 2 s after it came: not what is tested here.
stay_awake() { # DEVICE
	echo on >"$usb/$1/power/control"
}

try() { # CLASS TRANSFERS ATTR=VALUE
	local device busid

	busid=$(exporter_usb usb_find local 10 "$3")
	device=$(attach_as "$3")
	check "$1: attached" ready "$1" "$device" || return
	stay_awake "$device"
	check "$1: usbmon listens at both ends" usbmon_start "$device" "$busid"
	check "$1: used" run "$1" "$device"
	usbmon_stop
	note "$1: $(wc -l </tmp/usbmon.importer.transfers) transfers"
	check "$1: usbmon agrees, transfer by transfer" usbmon_agrees "$2"
}

need_qemu
begin
modprobe -n usbmon 2>/dev/null || skip_all "this kernel has no usbmon"
use_serial_open
qemu_listen
exporter_start --export all
try storage 100 product='QEMU USB HARDDRIVE'
try keyboard 10 product='QEMU USB Keyboard'
try serial 50 idProduct=6001
try net 50 idProduct=a4a2
try audio 200 product='QEMU USB Audio'
check "detached" suburb detach all
finish
