#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_interop - Suburb with mainline USB/IP at the other end, each with a
# disk, a keyboard and a serial port:
#
#   suburbd:vhci    usbip attach, vhci-hcd  <->  suburbd
#   usbipd:suburb   suburb attach           <->  usbipd, usbip-host
#
# Neither needs to know of the other. SUBURB_INTEROP chooses pairs, also
# suburbd:suburb and usbipd:vhci, in which nothing is ours: then the scenario tests
# itself. SUBURB_INTEROP_CLASSES chooses classes, network and audio among them.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/media.sh"

# How QEMU's device of a class is known
declare -A devices=(
	[storage]="product=QEMU USB HARDDRIVE"
	[HID]="product=QEMU USB Keyboard"
	[serial]="product=QEMU USB SERIAL"
	[network]="idProduct=a4a2"
	[audio]="product=QEMU USB Audio"
)

# --- the two exporters -------------------------------------------------------

start_suburbd() {
	exporter_start --export "$@"
}

start_usbipd() { # BUSID
	at_exporter "modprobe usbip-host && usbip bind -b $1 &&
		usbipd -D -P/run/usbipd.pid && sleep 1"
}

stop_suburbd() {
	exporter_stop
}

# usbipd has no end but a signal; the device stays with usbip-host until unbound.
stop_usbipd() { # BUSID
	at_exporter "kill \$(cat /run/usbipd.pid); usbip unbind -b $1; true" 2>/dev/null
}

# --- the two importers -------------------------------------------------------

attach_vhci() { # BUSID
	modprobe vhci-hcd && usbip attach -r "$EXPORTER" -b "$1"
}

attach_suburb() {
	attach "$1"
}

detach_vhci() {
	usbip detach -p "$(usbip port 2>/dev/null | sed -n 's/^Port \([0-9]*\): <Port in Use>.*/\1/p')"
}

detach_suburb() {
	detach_all
}

# Where its devices are found, in the words of usb.sh
where_vhci() { echo vhci; }
where_suburb() { echo remote; }

# vhci-hcd lets usbcore suspend a keyboard that nothing can wake then; udev asks
# for it after 2 s. That is mainline's own affair and not what is tested here.
keep_awake() { # DEVICE
	[ ! -e "$usb/$1/power/control" ] || echo on >"$usb/$1/power/control"
}

# --- one device through one pair ---------------------------------------------

use_device() { # DEVICE CLASS
	case $2 in
	storage) use_storage_write "$1" 8 && use_storage_read "$1" 8 ;;
	HID) use_keyboard "$1" ;;
	serial) use_serial "$1" ;;
	network) use_net "$1" ;;
	audio) qemu_plays "$1" 2 ;;
	esac
}

through() { # SERVER CLIENT CLASS
	local busid device name="$1 with $2: $3" wanted=${devices[$3]}

	busid=$(exporter_usb usb_find local 10 "$wanted")
	check "$name: exported" "start_$1" "$busid" || return
	check "$name: attached" "attach_$2" "$busid"
	device=$(usb_find "$("where_$2")" 20 "$wanted")
	keep_awake "$device"
	check "$name: is a device here" [ -n "$device" ] && check "$name: used" use_device "$device" "$3"
	check "$name: detached" "detach_$2"
	check "$name: gone" wait_until 10 usb_gone "${device:-none}"
	"stop_$1" "$busid"
}

need_qemu
[ "${SUBURB_INTEROP:-}" = usbipd:vhci ] || begin
command -v usbip >/dev/null || skip_all "usbip is not installed"
use_serial_open
qemu_listen
for pair in ${SUBURB_INTEROP:-suburbd:vhci usbipd:suburb}; do
	for class in ${SUBURB_INTEROP_CLASSES:-storage HID serial}; do
		through "${pair%:*}" "${pair#*:}" "$class"
	done
done
check "the exporter's drivers have all of them back" \
	exporter_usb usb_disk "$(exporter_usb usb_find local 10 "${devices[storage]}")"
finish
