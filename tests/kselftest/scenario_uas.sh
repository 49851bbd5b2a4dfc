#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_uas - UAS disks through Suburb: driven by uas, with streams, 32 commands
# at a time; the data is the same on both sides. With an exporter that grants no
# streams the same disk is driven by usb-storage.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

image=/tmp/suburb-uas.img
mib=32
jobs=64
blocks=32 # of 16 KiB for each job: all of the image
least=32 # commands that have to be under way at once

# With a few milliseconds on the way commands overlap however fast the disk is.
link_delay() { # MS, 0: none
	local dev=eth0

	[ "$EXPORTER" != localhost ] || dev=lo
	tc qdisc del dev "$dev" root 2>/dev/null
	[ "$1" = 0 ] || tc qdisc add dev "$dev" root netem delay "$1ms" limit 10000
}

attach_emulated() {
	attach 1209:000a >/dev/null && usb_find remote 10 idVendor=1209 idProduct=000a
}

scsi_host() { # DEVICE
	local host

	for host in "$usb/$1/$1:1.0"/host*; do
		echo "/sys/class/scsi_host/${host##*/}"
	done
}

# $jobs processes, each with its own part of the disk; all begin together. Prints
# the most commands that were under way at once.
at_once() { # DEVICE dd-ARG...
	local host i most=0 busy=0

	host=$(scsi_host "$1")
	rm -f /tmp/uas-go
	for ((i = 0; i < jobs; i++)); do
		(
			until [ -e /tmp/uas-go ]; do sleep 0.1; done
			exec dd bs=16k count="$blocks" skip=$((i * blocks)) seek=$((i * blocks)) \
				conv=notrunc status=none "${@:2}"
		) &
	done
	sleep 4
	: >/tmp/uas-go
	while [ -n "$(jobs -r)" ]; do
		read -r busy <"$host/host_busy"
		((busy <= most)) || most=$busy
	done
	wait
	echo "$most"
}

# The importer's write, 32 at a time; the file behind the disk has it.
writes_at_once() { # DEVICE
	local most

	most=$(at_once "$1" if="$(use_data "$mib")" of="$disk" iflag=fullblock oflag=direct)
	echo "$most commands at once"
	((most >= least)) && sync &&
		[ "$(at_exporter "sha256sum <$image")" = "$(sha256sum <"$(use_data "$mib")")" ]
}

reads_at_once() { # DEVICE
	local most

	truncate -s "${mib}M" /tmp/uas-read
	most=$(at_once "$1" if="$disk" of=/tmp/uas-read iflag=direct)
	echo "$most commands at once"
	((most >= least)) && cmp /tmp/uas-read "$(use_data "$mib")"
}

says_streams() {
	suburb status | grep "super speed, streams"
}

pending_urbs() {
	suburb status | sed -n 's/.* \([0-9]*\) pending/\1/p'
}

begin
at_exporter "truncate -s ${mib}M $image"
exporter_start --emulate "uas:$image" --export 46f4:0003

device=$(attach_emulated)
check "uas: attached" [ -n "$device" ]
check "uas: uas is its driver" [ "$(usb_driver "$device" 0)" = uas ]
check "uas: streams were agreed on" says_streams
disk=$(usb_disk "$device") || finish
check "uas: 64 streams make 62 commands" [ "$(cat "$(scsi_host "$device")/can_queue")" = 62 ]
link_delay 4
check "uas: $jobs writers, $mib MiB, $least commands at once" writes_at_once "$device"
check "uas: $jobs readers read the same" reads_at_once "$device"
link_delay 0
check "uas: nothing is left pending" [ "$(pending_urbs)" -le 1 ]
check "uas: reset" usbio reset "$(usb_node "$device")"
check "uas: streams are there again, and data" use_storage_read "$device" "$mib"
check "uas: detached" suburb detach all

if exporter_usb usb_find local 1 idVendor=46f4 idProduct=0003 >/dev/null; then
	qemu=$(attach_as idVendor=46f4 idProduct=0003)
	check "uas: QEMU's disk is driven by uas" [ "$(usb_driver "$qemu" 0)" = uas ]
	check "uas: QEMU's 16 streams make 14 commands" [ "$(cat "$(scsi_host "$qemu")/can_queue")" = 14 ]
	check "uas: QEMU's disk: 16 MiB written" use_storage_write "$qemu" 16
	check "uas: QEMU's disk: read back, sha256 is equal" use_storage_read "$qemu" 16
	check "uas: QEMU's disk is detached" suburb detach all
	check "uas: the exporter's own uas has the same bytes" use_storage_at_exporter \
		"$(exporter_usb usb_find local 5 idVendor=46f4 idProduct=0003)" 16
fi

exporter_start --emulate "uas:$image" --features none
device=$(attach_emulated)
check "uas: without streams usb-storage drives it" [ "$(usb_driver "$device" 0)" = usb-storage ]
check "uas: and reads the same" use_storage_read "$device" "$mib"
finish
