#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_emulated - the devices that suburbd makes of software, attached to a
# real kernel: the keyboard types, the mouse moves, a disk is formatted, mounted
# and read at the exporter, the serial port and the loopback echo.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

image=/tmp/suburb-emulated.img
mount=/tmp/suburb-mount

attach_emulated() { # PRODUCT-ID
	suburb attach "$EXPORTER" "1209:$1" >/dev/null && usb_find remote 10 idVendor=1209 idProduct="$1"
}

# Types its text a second after the kernel's console began to read, and again when
# Scroll Lock (LED code 2) goes on, which is an event itself: KEY_S U B U R B
keyboard_types() { # DEVICE
	local node key want=('17 2 1')

	node=$(usb_event "$1") || return
	for key in 31 22 48 22 19 48; do
		want+=("1 $key 1" "1 $key 0")
	done
	sleep 3
	use_events "$node" 13 evdev led "$node" 2 1 && expect_events "${want[@]}"
}

# Once round a square: the sum of what it moved is nothing, and it did move.
mouse_moves() { # DEVICE
	local node

	node=$(usb_event "$1") || return
	use_events "$node" 32 true || return
	awk '$1 == 2 && $2 == 0 { x += $3; moved++ } $1 == 2 && $2 == 1 { y += $3; moved++ }
		END { print moved, x, y; exit !(moved == 32 && x == 0 && y == 0) }' /tmp/evdev.out
}

disk_mounts() { # DEVICE
	local disk

	disk=$(usb_disk "$1") || return
	mkfs.vfat "$disk" >/dev/null && mkdir -p "$mount" && mount "$disk" "$mount" || return
	cp "$(use_data 4)" "$mount/data" && umount "$mount" && mount -o ro "$disk" "$mount" || return
	echo 3 >/proc/sys/vm/drop_caches
	cmp "$(use_data 4)" "$mount/data"
	set -- $?
	umount "$mount"
	return "$1"
}

# The file's sectors are the disk's.
image_has_file() {
	local want

	want=$(sha256sum <"$(use_data 4)")
	at_exporter "mkdir -p $mount && modprobe loop && mount -o ro,loop $image $mount &&
		sha256sum <$mount/data; umount $mount" | grep -F "$want"
}

serial_echoes() { # DEVICE
	local tty

	tty=$(usb_tty "$1") || return
	stty -F "$tty" raw -echo
	head -c 2000 /dev/urandom >/tmp/serial.out
	timeout $((20 * slow)) head -c 2000 "$tty" >/tmp/serial.in &
	sleep 0.3
	cat /tmp/serial.out >"$tty"
	wait $!
	cmp /tmp/serial.out /tmp/serial.in
}

loopback_echoes() { # DEVICE
	usbio echo "$(usb_node "$1")" 7 64
}

try() { # NAME PRODUCT-ID TEST
	local device

	device=$(attach_emulated "$2")
	check "emulated $1: attached" [ -n "$device" ] || return
	check "emulated ${3//_/ }" "$3" "$device"
	check "emulated $1: detached" suburb detach all
}

begin
at_exporter "truncate -s 32M $image"
check "suburbd with five emulated devices" exporter_start --emulate keyboard --emulate mouse \
	--emulate serial --emulate "disk:$image" --emulate loopback
try keyboard 0001 keyboard_types
try mouse 0002 mouse_moves
try serial 0003 serial_echoes
try disk 0004 disk_mounts
check "emulated disk: the exporter's file has what was written" image_has_file
try loopback 0005 loopback_echoes
finish
