#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# conformance-guest.sh - in a guest of conformance.sh: usbtest's cases with one
# device, used one way. Prints, per case,
#
#   usbtest CASE begins
#   usbtest CASE pass SECONDS | fail ERROR | apply | hang
#
# and ends after the first that did not go well: what it left behind must not be
# blamed on the next. The host starts another machine for the rest.
#
#   conformance-guest.sh DEVICE WAY CASE...
#
#   DEVICE   high, super: a SourceSink gadget of that speed; emulated-high,
#            emulated-super: a device that suburbd makes, with isochronous and
#            interrupt endpoints
#   WAY      local; suburb (suburbd, suburb-hcd); mainline (usbip-host, vhci-hcd;
#            with an emulated device, suburbd and vhci-hcd)
#
# The device checks what it gets, and what it sends is checked: every byte has its
# value. Only the cases that measure speed, 27 and 28, want zeros; for them the
# device is plugged in again.

export OUTPUT=/suburb/build/kselftest
# shellcheck source=tests/kselftest/lib/scenario.sh
. /suburb/tests/kselftest/lib/scenario.sh >/dev/null
# shellcheck source=tests/kselftest/lib/gadget.sh
. "$here/gadget.sh"
# shellcheck source=tests/kselftest/lib/usbtest.sh
. "$here/usbtest.sh"

limit=${CONFORMANCE_SECONDS:-60}
device_is=(idVendor=0525 idProduct=a4a0)

die() {
	echo "conformance-guest.sh: $*"
	exit 1
}

is_emulated() { # DEVICE
	[[ $1 = emulated-* ]]
}

# Of a device with several alternate settings usbtest takes the one that it is told.
load_usbtest() { # DEVICE
	local alt=0

	! is_emulated "$1" || alt=1
	modprobe usbtest "alt=$alt"
}

plug_in() { # DEVICE PATTERN
	if is_emulated "$1"; then
		exporter_start --emulate "usbtest:${1#*-}${2/mod63/,mod63}" &&
			busid=$(suburb list localhost | sed 's/ .*//')
	else
		gadget_load "$1" && gadget_create ss "sourcesink${2/mod63/:mod63}" && busid=$(gadget_device ss)
	fi || die "no device"
}

attach_local() {
	device=$busid
}

attach_suburb() { # DEVICE
	modprobe suburb-hcd
	is_emulated "$1" || exporter_start --export "$busid"
	attach "$busid" >/dev/null
	device=$(usb_find remote 20 "${device_is[@]}")
}

attach_mainline() { # DEVICE
	is_emulated "$1" || {
		modprobe usbip-host && usbip bind -b "$busid" && usbipd -D && sleep 1
	} >/dev/null 2>&1
	modprobe vhci-hcd && usbip attach -r localhost -b "$busid"
	device=$(usb_find vhci 20 "${device_is[@]}")
}

run_cases() { # CASE...
	local node number result

	node=$(usb_node "$device")
	for number; do
		echo "usbtest $number begins"
		result=$(usbtest_run "$node" "$number" "$limit")
		echo "usbtest $number $result"
		case $result in
		pass* | apply) ;;
		hang) leave ;;
		*) exit 1 ;;
		esac
	done
}

# Nothing can be ended in an orderly way once usbtest waits for ever.
leave() {
	dmesg | tail -n 60 >/dev/virtio-ports/suburb.dmesg
	sleep 1
	busybox poweroff -f
}

# mainline's two halves do not let go of a device in one machine without trouble of
# their own: a new machine does what is left.
unplug() {
	case $way in
	mainline) leave ;;
	suburb) suburb detach all >/dev/null || die "detach failed" ;;
	esac
	exporter_stop
	is_emulated "$kind" || gadget_unload || die "the gadget does not go"
}

session() { # PATTERN CASE...
	local pattern=$1

	shift
	[ $# != 0 ] || return 0
	if [ "$pattern" = mod63 ]; then echo 1; else echo 0; fi >/sys/module/usbtest/parameters/pattern
	plug_in "$kind" "$pattern"
	"attach_$way" "$kind"
	wait_until 20 usbtest_bound "${device:-none}" || die "usbtest has no device ($device)"
	run_cases "$@"
	unplug
}

kind=$1 way=$2
shift 2
checked=() speed=()
for number; do
	case $number in
	27 | 28) speed+=("$number") ;;
	*) checked+=("$number") ;;
	esac
done
load_usbtest "$kind"
session mod63 "${checked[@]}"
session '' "${speed[@]}"
