#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_ccid - QEMU's smart card reader through Suburb: it enumerates and
# answers a CCID GetSlotStatus.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

usbio=$(command -v usbio)
reader=(idVendor=08e6 idProduct=4433)

# The reader says of its slot what it said before it was exported.
slot_status() { # DEVICE
	local said

	said=$(usbio ccid "$(usb_node "$1")") || return
	echo "here: $said, there: $expected"
	[ "$said" = "$expected" ]
}

need_qemu
begin
busid=$(exporter_usb usb_find local 10 "${reader[@]}") || skip_all "the exporter has no QEMU smart card reader"
expected=$(at_exporter "$usbio ccid $(exporter_usb usb_node "$busid")")
exporter_start --export class:smartcard

device=$(attach_as "${reader[@]}")
check "ccid: attached" [ -n "$device" ]
check "ccid: GetSlotStatus is answered" slot_status "$device"
check "ccid: and once more" slot_status "$device"
check "ccid: detached" suburb detach all
finish
