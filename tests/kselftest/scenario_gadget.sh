#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_gadget - gadgets of dummy_hcd through Suburb, each class in use, at
# high and at super speed (SUBURB_SPEEDS chooses): modem, HID with output
# reports, keyboard, disk, network, and three functions in one device.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

# Name and functions; all of them are plugged in at once. The name is the serial
# number, by which one is found here.
gadgets=(
	'acm acm'
	'hid hid'
	'hid-full hid:full'
	'keyboard keyboard'
	'storage mass_storage:/tmp/suburb-storage.img'
	'ncm ncm'
	'composite acm hid mass_storage:/tmp/suburb-composite.img'
)
declare -A mbps=([high]=480 [super]=5000)

exporter_gadget() { # FUNCTION ARG...
	local line

	printf -v line '%q ' "$@"
	at_exporter ". '$here/gadget.sh'; $line"
}

create_gadgets() {
	local gadget line="gadget_load $speed ${#gadgets[@]}"

	for gadget in "${gadgets[@]}"; do
		line+=" && gadget_create $gadget"
	done
	at_exporter ". '$here/gadget.sh'; truncate -s 32M /tmp/suburb-storage.img /tmp/suburb-composite.img; $line"
}

# "NAME BUSID" of each
find_gadgets() {
	local gadget line='true'

	for gadget in "${gadgets[@]}"; do
		line+=" && echo ${gadget%% *} \$(gadget_device ${gadget%% *})"
	done
	at_exporter ". '$here/gadget.sh'; $line"
}

# The image is what the gadget serves, so what is in it was written to the disk.
use_gadget_disk() { # DEVICE IMAGE
	local want got

	use_storage_write "$1" 16 && use_storage_read "$1" 16 || return
	want=$(use_sum "$(use_data 16)" 16)
	got=$(at_exporter "head -c 16M $2 | sha256sum")
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
		mass_storage:*) use_gadget_disk "$device" "${function#*:}" ;;
		ncm) use_ncm "$device" "$(exporter_gadget gadget_netdev "$name")" ;;
		esac || return
	done
}

try_gadget() { # NAME FUNCTION...
	local name=$1 device label

	label="$speed speed: $name"
	device=$(usb_find remote 10 serial="$name")
	check "$label: is a device here" [ -n "$device" ] || return
	check "$label: speed is ${mbps[$speed]} Mbit/s" [ "$(usb_attr "$device" speed)" = "${mbps[$speed]}" ]
	check "$label: descriptors are the exporter's" same_descriptors "$device" "${busids[$name]}"
	shift
	check "$label: used" use_gadget "$device" "$name" "$@"
}

try_speed() {
	local rules=() name busid gadget

	check "$speed speed: gadgets plugged in" create_gadgets || return
	while read -r name busid; do
		busids[$name]=$busid
		rules+=(--export "$busid")
	done < <(find_gadgets)
	exporter_start "${rules[@]}"
	for name in "${!busids[@]}"; do
		check "$speed speed: $name: attached" attach "${busids[$name]}"
	done
	for gadget in "${gadgets[@]}"; do
		# shellcheck disable=SC2086 # several words
		try_gadget $gadget
	done
	check "$speed speed: detached" suburb detach all
	exporter_stop
	check "$speed speed: the exporter's cdc_acm has its modem back" \
		exporter_usb usb_tty "${busids[acm]}"
}

declare -A busids=()
begin
at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null ||
	skip_all "the exporter has no dummy_hcd"
for speed in ${SUBURB_SPEEDS:-high super}; do
	try_speed
done
exporter_gadget gadget_unload
finish
