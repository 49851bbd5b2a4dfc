# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ways.sh - a device of the exporter, reached by one of the ways of cells.sh; to be
# sourced in the guest. Needs scenario.sh.
#
#   make_device KIND    on the exporter: high, super: a SourceSink gadget of that speed
#                       for each way; hid, hid-full, busy (reports and bulk), disk: one gadget;
#                       uas, audio: QEMU's
#   serve_devices       suburbd and usbipd, for all that were made
#   reach WAY KIND      sets device, the importer's name of it
#   let_go WAY KIND     back to the exporter
#
# What was reached stays so, until another way takes the same device.

declare -A busids=()    # KIND or KIND.WAY: the exporter's name
declare -A reached=()   # KIND.WAY: the importer's name
declare -A holders=()   # KIND: the way that has the only one
declare -A failures=()  # KIND.WAY: how often it could not be reached
usbipd_port=3241
device=''

exporter_gadget() { # LINE
	at_exporter ". '${here:?}/tap.sh' >/dev/null; . '$here/usb.sh'; . '$here/gadget.sh'; $1"
}

# A gadget's name is short: it is part of others.
declare -A gadgets=()   # as busids

# All at once, so that they need not be waited for one by one.
make_gadgets() { # SPEED "FUNCTION..." KEY...
	local speed=$1 functions=$2 key names=() found i=0

	shift 2
	for key; do
		gadgets[$key]=${key%%.*}${#gadgets[@]}
		names+=("${gadgets[$key]}")
	done
	mapfile -t found < <(exporter_gadget "[ $speed = super ] || gadget_max_speed=$speed-speed
		for name in ${names[*]}; do gadget_create \$name $functions; done
		for name in ${names[*]}; do gadget_device \$name || echo; done")
	for key; do
		busids[$key]=${found[i++]}
		[ -n "${busids[$key]}" ] || echo "# no gadget $key"
	done
}

make_device() { # KIND
	local ways

	read -ra ways <<<"${bench_ways:?}"
	case $1 in
	high | super) make_gadgets "$1" sourcesink "${ways[@]/#/$1.}" ;;
	hid) make_gadgets high hid hid ;;
	hid-full) make_gadgets high hid:full hid-full ;;
	busy) make_gadgets high 'hid sourcesink' busy ;;
	disk)
		at_exporter 'truncate -s 64M /tmp/bench-disk'
		make_gadgets super mass_storage:/tmp/bench-disk disk
		;;
	uas | audio) busids[$1]=$(exporter_usb usb_find local 10 "$(identity local "$1")") ;;
	esac
}

serve_devices() {
	local key exports=()

	for key in "${!busids[@]}"; do
		case $key in
		*.local | *.mainline | *.*usbip-host) ;;
		*) [ -z "${busids[$key]}" ] || exports+=(--export "${busids[$key]}") ;;
		esac
	done
	modprobe suburb-hcd
	modprobe vhci-hcd
	exporter_start "${exports[@]}"
	at_exporter "modprobe usbip-host; usbipd -D -t $usbipd_port -P/run/usbipd.pid; sleep 1" >/dev/null 2>&1
}

# --- the two ends ------------------------------------------------------------

uses_usbip_host() { # WAY
	[[ $1 = mainline || $1 = *+usbip-host ]]
}

uses_vhci() { # WAY
	[[ $1 = mainline || $1 = vhci-hcd+* ]]
}

port_of() { # WAY
	if uses_usbip_host "$1"; then echo "$usbipd_port"; else echo 3240; fi
}

busid_of() { # WAY KIND
	echo "${busids[$2.$1]:-${busids[$2]:-}}"
}

# What tells a device of this kind from the others at a controller
identity() { # WAY KIND
	case $2 in
	uas) echo 'product=USB Attached SCSI HBA' ;;
	audio) echo 'product=QEMU USB Audio' ;;
	*) echo "serial=${gadgets[$2.$1]:-${gadgets[$2]}}" ;;
	esac
}

# vhci's port of a device: "hs  0000 006 002 00010002 000003 3-1"
vhci_port() { # DEVICE
	local port name

	while read -r _ port _ _ _ _ name; do
		[ "$name" != "$1" ] || echo $((10#$port))
	done < <(cat /sys/devices/platform/vhci_hcd.*/status*)
}

suburb_port() { # DEVICE
	suburb status | sed -n "s/^port \([0-9]*\):.* bus $(usb_attr "$1" busnum) device $(usb_attr "$1" devnum)\b.*/\1/p"
}

attach_way() { # WAY BUSID
	! uses_usbip_host "$1" || at_exporter "usbip bind -b $2" >/dev/null 2>&1
	if uses_vhci "$1"; then
		usbip --tcp-port "$(port_of "$1")" attach -r "$EXPORTER" -b "$2"
	else
		suburb attach "$EXPORTER:$(port_of "$1")" "$2" >/dev/null
	fi
}

# --- one device --------------------------------------------------------------

reach() { # WAY KIND
	local key=$2.$1 busid where=remote holder=${holders[$2]:-}

	device=${reached[$key]:-}
	[ -z "$device" ] || return 0
	[ "${failures[$key]:-0}" -lt 4 ] || return 1
	if [ -z "${busids[$key]:-}" ]; then
		[ -z "$holder" ] || let_go "$holder" "$2"
		holders[$2]=$1
	fi
	busid=$(busid_of "$1" "$2")
	if [ "$1" = local ]; then
		device=$busid
	else
		! uses_vhci "$1" || where=vhci
		limited 20 attach_way "$1" "$busid" >/tmp/attach.out 2>&1
		device=$(usb_find "$where" 10 "$(identity "$1" "$2")")
	fi
	if [ -z "$device" ]; then
		failures[$key]=$((${failures[$key]:-0} + 1))
		sed "s/^/# $key: /" /tmp/attach.out
		return 1
	fi
	reached[$key]=$device
}

let_go() { # WAY KIND
	local name=${reached[$2.$1]:-}

	unset "reached[$2.$1]" "holders[$2]"
	[ -n "$name" ] && [ "$1" != local ] || return 0
	if uses_vhci "$1"; then
		limited 20 usbip detach -p "$(vhci_port "$name")"
	else
		limited 20 suburb detach "$(suburb_port "$name")"
	fi >/dev/null 2>&1
	wait_until 5 usb_gone "$name"
	! uses_usbip_host "$1" || at_exporter "usbip unbind -b $(busid_of "$1" "$2")" >/dev/null 2>&1
	# Its own driver has it back before the next way takes it.
	sleep 0.5
}
