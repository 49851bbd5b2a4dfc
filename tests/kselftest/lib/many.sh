# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# many.sh - many devices at once: how many there are, and all of them in use at
# the same time. Needs scenario.sh.

# Every device of DEVICES echoes blocks of its own; all must have succeeded.
echo_all() { # BLOCKS DEVICE...
	local count=$1 device seed=100 pids=() pid failed=0

	shift
	for device; do
		usbio echo "$(usb_node "$device")" "$((seed++))" "$count" >"/tmp/echo.$device" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || failed=1
	done
	tail -n 2 /tmp/echo.*
	return "$failed"
}

# Root hubs of ours come in pairs, one pair per controller.
controllers() {
	local serial count=0 name

	for serial in "${usb:?}"/usb*/serial; do
		read -r name <"$serial"
		[[ $name != *suburb* ]] || count=$((count + 1))
	done
	echo $((count / 2))
}

remote_count() {
	local all

	mapfile -t all < <(usb_list remote)
	echo ${#all[@]}
}

remotes_at() { # SPEED
	local device count=0

	for device in $(usb_list remote); do
		[ "$(usb_attr "$device" speed)" != "$1" ] || count=$((count + 1))
	done
	echo "$count"
}

has_remotes() { # COUNT
	[ "$(remote_count)" = "$1" ]
}

one_controller() {
	[ "$(controllers)" = 1 ]
}
