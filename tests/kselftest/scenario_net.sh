#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_net - QEMU's network adapter through Suburb: ping the network behind it.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

adapter=(idVendor=0525 idProduct=a4a2)

need_qemu
begin
busid=$(exporter_usb usb_find local 10 "${adapter[@]}") || skip_all "the exporter has no QEMU network adapter"
exporter_start --export "$busid"

device=$(attach_as "${adapter[@]}")
check "net: attached" [ -n "$device" ]
check "net: has a network interface, which is up" use_net_up "$device"
check "net: small pings are answered" use_net_ping "$device" 56
check "net: large pings are answered" use_net_ping "$device" 1400
check "net: detached" suburb detach all
check "net: gone from the importer" wait_until 5 usb_gone "$device"
check "net: the exporter's own driver has it back" exporter_usb usb_net "$busid"
finish
