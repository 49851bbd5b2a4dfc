#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_descriptors - every device of QEMU's, at the importer, equals itself at
# the exporter: the raw descriptors byte for byte, and what lsusb -v says in text,
# strings and device status included.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

same_text() { # DEVICE
	bash -c "$(device_text "$1")" >/tmp/lsusb.remote
	[ -s /tmp/lsusb.local ] && diff /tmp/lsusb.local /tmp/lsusb.remote
}

compare() { # BUSID
	local product device

	product=$(exporter_usb usb_attr "$1" product)
	at_exporter "$(device_text "$1")" >/tmp/lsusb.local
	exporter_start --export "$1"
	attach "$1" >/dev/null
	device=$(usb_find remote 10 product="$product")
	check "$product: raw descriptors are equal" same_descriptors "$device" "$1"
	check "$product: lsusb -v is equal" same_text "$device"
	check "$product: speed is equal" \
		[ "$(usb_attr "$device" speed)" = "$(exporter_usb usb_attr "$1" speed)" ]
	suburb detach all >/dev/null
}

begin
devices=$(exporter_usb usb_list local)
[ -n "$devices" ] || skip_all "the exporter has no USB device"
for busid in $devices; do
	compare "$busid"
done
finish
