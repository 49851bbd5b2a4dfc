#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_net - QEMU's network adapter through Suburb: ping the network behind it.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

adapter=(idVendor=0525 idProduct=a4a2)

bring_up() { # INTERFACE
	ip link set "$1" up && ip addr add 10.0.2.15/24 dev "$1"
}

# ping says "wrong data byte", and that is all it does about it.
pings() { # BYTES
	ping -I "$interface" -c 5 -i 0.2 -W 5 -s "$1" 10.0.2.2 >/tmp/ping.out
	set -- $?
	cat /tmp/ping.out
	! grep -q 'wrong data' /tmp/ping.out && return "$1"
}

need_qemu
begin
busid=$(exporter_usb usb_find local 10 "${adapter[@]}") || skip_all "the exporter has no QEMU network adapter"
exporter_start --export "$busid"

device=$(attach_as "${adapter[@]}")
check "net: attached" [ -n "$device" ]
interface=$(usb_net "$device")
check "net: has a network interface" [ -n "$interface" ]
check "net: interface is up" bring_up "$interface"
check "net: small pings are answered" pings 56
check "net: large pings are answered" pings 1400
check "net: detached" suburb detach all
check "net: gone from the importer" wait_until 5 usb_gone "$device"
check "net: the exporter's own driver has it back" exporter_usb usb_net "$busid"
finish
