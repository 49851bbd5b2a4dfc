#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_gadget - gadgets of dummy_hcd through Suburb, each class in use, at
# high and at super speed (SUBURB_SPEEDS chooses): modem, HID with output
# reports, keyboard, disk, network, and three functions in one device.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

disk_image=/tmp/suburb-gadget.img

exporter_gadget() { # FUNCTION ARG...
	local line

	printf -v line '%q ' "$@"
	at_exporter ". '$here/gadget.sh'; $line"
}

# Makes the gadget, attaches it, and says what it is called here. The gadget's
# name is its serial number.
attach_gadget() { # NAME FUNCTION...
	local busid

	exporter_gadget gadget_create "$@" >&2 || return
	busid=$(exporter_gadget gadget_device "$1") || return
	exporter_start --export "$busid" >&2 || return
	attach "$busid" >/dev/null || return
	usb_find remote 10 serial="$1"
}

# The image is what the gadget serves, so what is in it was written to the disk.
use_gadget_disk() { # DEVICE
	local want got

	use_storage_write "$1" 16 && use_storage_read "$1" 16 || return
	want=$(use_sum "$(use_data 16)" 16)
	got=$(at_exporter "head -c 16M $disk_image | sha256sum")
	echo "image has $got, wrote $want"
	[ "${got%% *}" = "$want" ]
}

use_gadget() { # DEVICE NAME FUNCTION...
	local device=$1 name=$2 function

	shift 2
	for function; do
		case $function in
		acm) use_acm "$device" "$(exporter_gadget gadget_tty "$name")" ;;
		hid*) use_hid "$device" "$(exporter_gadget gadget_hidg "$name")" ;;
		keyboard) use_hid_keyboard "$device" "$(exporter_gadget gadget_hidg "$name")" ;;
		mass_storage*) use_gadget_disk "$device" ;;
		ncm) use_ncm "$device" "$(exporter_gadget gadget_netdev "$name")" ;;
		esac || return
	done
}

try_gadget() { # NAME FUNCTION...
	local name=$1 device label

	label="$speed speed: $name"
	device=$(attach_gadget "$@")
	if check "$label: attached" [ -n "$device" ]; then
		shift
		check "$label: speed is ${mbps[$speed]} Mbit/s" [ "$(usb_attr "$device" speed)" = "${mbps[$speed]}" ]
		check "$label: descriptors are the exporter's" same_descriptors "$device" "$(exporter_gadget gadget_device "$name")"
		check "$label: used" use_gadget "$device" "$name" "$@"
	fi
	check "$label: detached" suburb detach all
	exporter_stop
	exporter_gadget gadget_destroy "$name"
}

declare -A mbps=([high]=480 [super]=5000)

begin
at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null ||
	skip_all "the exporter has no dummy_hcd"
at_exporter "truncate -s 32M $disk_image"

for speed in ${SUBURB_SPEEDS:-high super}; do
	check "$speed speed: dummy_hcd is loaded" exporter_gadget gadget_load "$speed" || continue
	try_gadget acm acm
	try_gadget hid hid
	try_gadget hid-full hid:full
	try_gadget keyboard keyboard
	try_gadget storage "mass_storage:$disk_image"
	try_gadget ncm ncm
	try_gadget composite acm hid "mass_storage:$disk_image"
done
exporter_gadget gadget_unload
finish
