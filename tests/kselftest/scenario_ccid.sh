#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_ccid - QEMU's smart card reader through Suburb: it enumerates and
# answers a CCID GetSlotStatus.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

reader=(idVendor=08e6 idProduct=4433)

slot_status() { # DEVICE
	usbio ccid "$(usb_node "$1")"
}

need_qemu
begin
exporter_usb usb_find local 10 "${reader[@]}" >/dev/null || skip_all "the exporter has no QEMU smart card reader"
exporter_start --export class:smartcard

device=$(attach_as "${reader[@]}")
check "ccid: attached" [ -n "$device" ]
check "ccid: GetSlotStatus is answered" slot_status "$device"
check "ccid: and once more" slot_status "$device"
check "ccid: detached" suburb detach all
finish
