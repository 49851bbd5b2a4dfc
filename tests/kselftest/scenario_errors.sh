#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_errors - errors are the same errors: one program makes transfers go
# wrong on a device, first at the exporter, where the device is, then here, on
# its remote copy. What it prints (errno and bytes moved, case by case) must be
# the same; at high and at super speed, and at high speed by both ways in which
# suburbd reaches a device (SUBURB_SPEEDS and SUBURB_BACKENDS choose).

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

exporter_gadget() { # FUNCTION ARG...
	local line

	printf -v line '%q ' "$@"
	at_exporter ". '$here/gadget.sh'; $line"
}

plug() { # SPEED
	exporter_gadget gadget_load "$1" 1 && exporter_gadget gadget_create errors sourcesink:short hid
}

local_node() {
	exporter_usb usb_node "$(exporter_gadget gadget_device errors)"
}

# At the exporter, where tests and programs lie at the same paths.
table_local() {
	local node

	node=$(local_node) || return
	at_exporter "PATH='$PATH' usberrors table $node"
}

unplug() {
	exporter_gadget gadget_unplug errors
}

# usberrors gone, with the cable pulled under it: at the exporter, whose output
# comes here only when a command has ended,
gone_local() {
	local node

	node=$(local_node) || return
	at_exporter "PATH='$PATH' usberrors gone $node >/run/gone.out 2>&1 &"
	wait_until 15 at_exporter 'grep -q ready /run/gone.out' || return
	unplug && wait_until 15 at_exporter 'grep -q "has gone" /run/gone.out'
	at_exporter 'grep -v ready /run/gone.out'
}

# and here.
gone_remote() {
	usberrors gone "$(usb_node "$device")" >/tmp/gone.out 2>/tmp/gone.err &
	local reader=$!

	wait_until 15 grep -q ready /tmp/gone.err || { cat /tmp/gone.err; return 1; }
	unplug && wait "$reader" && cat /tmp/gone.out
}

same_table() {
	diff /tmp/table.local /tmp/table.remote
}

# usbfs ends what it has in flight in one of two ways, as the race goes.
same_end() {
	[ "$(grep -c . /tmp/gone.local)" = 2 ] || return
	sed -i -E 's/(ENOENT|ESHUTDOWN|EPROTO)/ENDED/' /tmp/gone.local /tmp/gone.remote
	diff /tmp/gone.local /tmp/gone.remote
}

attach_gadget() {
	device=$(attach_as serial=errors)
	[ -n "$device" ]
}

try_backend() { # SPEED BACKEND
	local label="$1 speed, $2"

	exporter_start --backend "$2" --export 1d6b:0104
	attach_gadget
	check "$label: attached" [ -n "$device" ] || return
	usberrors table "$(usb_node "$device")" >/tmp/table.remote
	check "$label: every case as at the exporter" same_table
	gone_remote >/tmp/gone.remote
	check "$label: unplugged in use, as at the exporter" same_end
	exporter_stop
	check "$label: plugged in again" exporter_gadget gadget_plug errors
}

try_speed() { # SPEED
	local backend

	check "$1 speed: plugged in" plug "$1" || return
	table_local >/tmp/table.local
	check "$1 speed: cases at the exporter" [ "$(grep -c . /tmp/table.local)" -gt 30 ]
	sed 's/^/# /' /tmp/table.local
	gone_local >/tmp/gone.local
	sed 's/^/# /' /tmp/gone.local
	check "$1 speed: plugged in again" exporter_gadget gadget_plug errors
	for backend in ${SUBURB_BACKENDS:-${backends[$1]}}; do
		try_backend "$1" "$backend"
	done
}

# QEMU's disk, which hangs on a controller of another kind (xHCI).
try_disk() {
	local busid

	busid=$(exporter_usb usb_find local 1 product="QEMU USB HARDDRIVE") || return 0
	at_exporter "PATH='$PATH' usberrors disk $(exporter_usb usb_node "$busid")" >/tmp/table.local
	check "disk: cases at the exporter" [ "$(grep -c . /tmp/table.local)" -gt 20 ]
	sed 's/^/# /' /tmp/table.local
	exporter_start --export "$busid"
	device=$(attach_as product="QEMU USB HARDDRIVE")
	check "disk: attached" [ -n "$device" ] || return
	usberrors disk "$(usb_node "$device")" >/tmp/table.remote
	check "disk: every case as at the exporter" same_table
	check "disk: detached" suburb detach all
	exporter_stop
	check "disk: the exporter's usb-storage has it back" exporter_usb usb_disk "$busid"
}

declare -A backends=([high]='usbfs libusb' [super]=usbfs)

begin
at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null ||
	skip_all "the exporter has no dummy_hcd"
for speed in ${SUBURB_SPEEDS:-high super}; do
	try_speed "$speed"
done
exporter_gadget gadget_unload
try_disk
finish
