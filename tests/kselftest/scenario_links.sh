#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_links - links that are not TCP, within this machine: over a unix socket
# and over a vsock a disk has the right bytes, a keyboard types, and when the
# device is unplugged or suburbd is killed it is gone at once, as with TCP. Then
# everything that can be wrong with a vsock gets one line.
#
# The exporter is this machine even where there is another one: a unix socket
# ends here, and between two emulated machines there is no vsock.

unset AT_EXPORTER
. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/reader.sh"
. "$here/sleep.sh"

image=/tmp/suburb-links.img
device=

attach_emulated() { # LINK PRODUCT-ID
	suburb attach "$EXPORTER" "1209:$2" >/dev/null
	device=$(usb_find remote 10 idVendor=1209 idProduct="$2")
	check "$1: $3 attached" [ -n "$device" ]
}

disk_has_the_right_bytes() { # DEVICE
	use_storage_write "$1" 4 && use_storage_read "$1" 4 &&
		cmp -n $((4 << 20)) "$(use_data 4)" "$image"
}

# It types "suburb" when somebody listens, and again when Scroll Lock (LED code 2)
# goes on. Wherever in the word a busy machine begins to listen, it is that word.
keyboard_types() { # DEVICE
	local node got word="31/1 31/0 22/1 22/0 48/1 48/0 22/1 22/0 19/1 19/0 48/1 48/0 "

	node=$(usb_event "$1") || return
	sleep 3
	use_events "$node" 13 evdev led "$node" 2 1 || return
	got=$(awk '$1 == 1 { printf "%s/%s ", $2, $3 }' /tmp/evdev.out)
	[ -n "$got" ] && [[ $word$word == *"$got"* ]]
}

tells_the_link() { # LABEL
	suburb status | grep -F "from $1 99-2" && suburb status --json | grep -F "\"$1 99-2\""
}

suburbd_killed() { # LINK
	block evdev read "$(usb_event "$device")" 1 60000
	check "$1: suburbd killed, device gone within 2 s" within_2_s "$device" exporter_kill
	check_reader "$1: the blocked reader has an error"
}

unplug() {
	vm-monitor device_del links
}

# A device of QEMU's, for the emulated ones cannot be unplugged; one more mouse, by its serial.
unplugged() { # LINK
	command -v vm-monitor >/dev/null || return
	vm-monitor device_add usb-mouse,bus=xhci.0,id=links,serial=links
	exporter_start --export "$(usb_find local 10 serial=links)"
	device=$(attach_as serial=links)
	check "$1: mouse attached" [ -n "$device" ] || return
	block evdev read "$(usb_event "$device")" 1 60000
	check "$1: unplugged, gone within 2 s" within_2_s "$device" unplug
	check_reader "$1: the blocked reader has an error"
}

try() { # LINK LABEL
	check "$1: suburbd" exporter_start --emulate "disk:$image" --emulate keyboard
	attach_emulated "$1" 0004 disk
	check "$1: 4 MiB written, read, and in the exporter's file" disk_has_the_right_bytes "$device"
	check_fails "$1: no sleep with this disk, whose exporter would be frozen" sleep_test devices 1
	check "$1: disk detached" suburb detach all
	attach_emulated "$1" 0001 keyboard
	check "$1: keyboard types" keyboard_types "$device"
	check "$1: status tells of it" tells_the_link "$2"
	suburbd_killed "$1"
	unplugged "$1"
}

# fails PATTERN COMMAND...: status 1 and that one line
fails() {
	local pattern=$1

	shift
	timeout $((30 * slow)) "$@" >/tmp/links.out 2>&1
	set -- $?
	cat /tmp/links.out
	[ "$1" = 1 ] && [ "$(wc -l </tmp/links.out)" = 1 ] && grep -e "$pattern" /tmp/links.out
}

wrong_vsocks() {
	local suburbd=(suburbd --foreground --log-level error --emulate mouse)

	check "vsock: a CID that is not ours" fails "no such CID" "${suburbd[@]}" --listen vsock:77:3240
	check "vsock: a port that somebody has" fails "somebody listens there" \
		"${suburbd[@]}" --listen vsock:3241
	check "vsock: a port where nobody listens" fails "nothing listens on vsock:1:3242" \
		suburb list vsock:local:3242
	check "vsock: a machine that is not there" fails "no machine with CID 77" suburb list vsock:77
}

begin
truncate -s 8M "$image"
LISTEN=unix:/run/suburb-links.sock EXPORTER=unix:/run/suburb-links.sock
try unix unix:/run/suburb-links.sock
modprobe vsock_loopback
LISTEN=vsock:3241 EXPORTER=vsock:local:3241
try vsock vsock:1:3241
exporter_start --emulate mouse
wrong_vsocks
finish
