#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_state - what changes a device's state changes it at both ends: resets
# (with and without another device coming of them), configurations, altsettings,
# halts, remote wakeup, port suspend.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

prints() { # TEXT COMMAND...
	local got

	got=$("${@:2}") || true
	echo "printed: $got"
	[ "${got% }" = "$1" ]
}

attach_emulated() { # PRODUCT-ID
	suburb attach "$EXPORTER" "1209:$1" >/dev/null && usb_find remote 10 idVendor=1209 idProduct="$1"
}

sessions() {
	suburb status --json | grep -c '"wire_sent"'
}

# --- devices of software ---------------------------------------------------------

# Vendor and product change with a reset, and the session goes on.
mode_switch() {
	local device other

	device=$(attach_emulated 0008)
	check "mode switch: attached as 0008" [ -n "$device" ] || return
	check "mode switch: the first face echoes" usbio echo "$(usb_node "$device")" 3 8
	usbio reset "$(usb_node "$device")" >/dev/null 2>&1
	other=$(usb_find remote 15 idVendor=1209 idProduct=0009)
	check "mode switch: a reset makes it 0009" [ -n "$other" ] || return
	check "mode switch: on the same port" [ "$other" = "$device" ]
	check "mode switch: by the same session" [ "$(sessions)" = 1 ]
	usbio reset "$(usb_node "$other")" >/dev/null 2>&1
	device=$(usb_find remote 15 idVendor=1209 idProduct=0008)
	check "mode switch: another reset makes it 0008 again" [ "$other" = "$device" ]
	check "mode switch: and it echoes" usbio echo "$(usb_node "$device")" 4 8
	check "mode switch: detached" suburb detach all
}

configured() { # DEVICE VALUE
	[ "$(usb_attr "$1" bConfigurationValue)" = "$2" ]
}

# GET_CONFIGURATION, GET_STATUS: what the device itself says.
says() { # DEVICE TYPE REQUEST LENGTH
	usbio control "$(usb_node "$1")" "$2" "$3" 0 0 "$4"
}

loopback() {
	local device node i

	device=$(attach_emulated 0005)
	check "loopback: attached" [ -n "$device" ] || return
	node=$(usb_node "$device")
	check "altsetting 1 has the bulk endpoints only" prints '1: 01 81' usbio interface "$node" 1
	check "altsetting 0 has all" prints '0: 01 81 02 82' usbio interface "$node" 0
	check "an altsetting that is not there is refused" prints '-EPIPE' \
		usbio control "$node" 1 11 7 0
	check "a halt stalls, and is cleared" prints 'EPIPE 0' usbio halt "$node"
	check "it echoes after that: the toggles agree" usbio echo "$node" 5 8
	check "it is configured" prints 01 says "$device" 0x80 8 1
	echo 0 >"$usb/$device/bConfigurationValue"
	check "set to 0: the device is unconfigured" prints 00 says "$device" 0x80 8 1
	check "set to 0: it has no interface" [ ! -e "$usb/$device/$device:1.0" ]
	echo 1 >"$usb/$device/bConfigurationValue"
	check "set to 1: it is configured again" prints 01 says "$device" 0x80 8 1
	check "set to 1: it echoes" usbio echo "$node" 6 8
	check "a configuration that is not there is refused" prints '-EPIPE' \
		usbio control "$node" 0 9 9 0
	for i in 1 2 3; do
		check "reset $i" usbio reset "$node"
	done
	check "it is the same device, and echoes" usbio echo "$node" 7 8
	port_sleeps "$device"
	check "loopback: detached" suburb detach all
}

wakeup() {
	local device node

	device=$(attach_emulated 0001)
	check "keyboard: attached" [ -n "$device" ] || return
	node=$(usb_node "$device")
	check "remote wakeup is off" prints 0000 says "$device" 0x80 0 2
	check "SET_FEATURE(REMOTE_WAKEUP) reaches the device" prints '' usbio control "$node" 0 3 1 0
	check "it says so" prints 0200 says "$device" 0x80 0 2
	check "and CLEAR_FEATURE does" prints '' usbio control "$node" 0 1 1 0
	check "keyboard: detached" suburb detach all
}

runtime_status() { # DEVICE STATUS
	[ "$(usb_attr "$1" power/runtime_status)" = "$2" ]
}

port_sleeps() { # DEVICE
	echo 0 >"$usb/$1/power/autosuspend_delay_ms"
	echo auto >"$usb/$1/power/control"
	check "autosuspend: its port sleeps when nobody uses it" wait_until 5 runtime_status "$1" suspended
	check "autosuspend: the next use wakes it up" usbio echo "$(usb_node "$1")" 8 8
	check "autosuspend: and it sleeps again" wait_until 5 runtime_status "$1" suspended
}

# --- a gadget on the exporter's bus ----------------------------------------------

at_gadget() { # LINE
	at_exporter ". '$here/gadget.sh'; $1"
}

# Two configurations of one gadget: 1 sources and sinks, 2 echoes.
create_two() {
	at_gadget 'gadget_load high 1 && gadget_create two loopback && cd "$gadget_fs/two" &&
		udc=$(cat UDC) && echo >UDC && mkdir -p configs/c.2/strings/0x409 &&
		echo second >configs/c.2/strings/0x409/configuration &&
		mkdir functions/SourceSink.s && ln -s functions/SourceSink.s configs/c.2/ &&
		echo "$udc" >UDC && gadget_device two'
}

destroy_two() {
	at_gadget 'cd "$gadget_fs/two" && echo >UDC && rm configs/c.2/SourceSink.s &&
		rmdir configs/c.2/strings/0x409 configs/c.2 functions/SourceSink.s; cd /; gadget_unload'
}

far_configuration() { # VALUE
	[ "$(exporter_usb usb_attr "$busid" bConfigurationValue)" = "$1" ]
}

# SET_FEATURE and CLEAR_FEATURE(ENDPOINT_HALT) on the exporter's bus.
far_halt_cleared() {
	at_exporter "grep -q ' s 02 01 0000 0081 0000 0' /run/usbmon.out"
}

far_resets() {
	at_exporter "dmesg | grep -c 'usb $busid: reset '"
}

gadget() {
	local device node resets

	busid=$(create_two)
	check "gadget: two configurations, plugged in" [ -n "$busid" ] || return
	exporter_start --export "$busid"
	attach "$busid" >/dev/null
	device=$(usb_find remote 10 serial=two)
	check "gadget: attached" [ -n "$device" ] || return
	node=$(usb_node "$device")
	check "gadget: configuration 1 echoes" usbio echo "$node" 9 4
	echo 2 >"$usb/$device/bConfigurationValue"
	check "gadget: configuration 2 is set at the device" far_configuration 2
	check "gadget: configuration 2 is another function" prints '02' says "$device" 0x80 8 1
	echo 0 >"$usb/$device/bConfigurationValue"
	check "gadget: configuration 0 unconfigures the device" far_configuration ''
	echo 1 >"$usb/$device/bConfigurationValue"
	check "gadget: configuration 1 again" far_configuration 1
	check "gadget: and it echoes" usbio echo "$node" 10 4
	at_exporter "modprobe usbmon
		timeout $((20 * slow)) cat /sys/kernel/debug/usb/usbmon/${busid%%-*}u >/run/usbmon.out 2>/dev/null &"
	sleep 1
	check "gadget: clear halt" usbio control "$node" 2 1 0 0x81
	check "gadget: is made on the exporter's bus" wait_until 5 far_halt_cleared
	check "gadget: it echoes, the toggles agree" usbio echo "$node" 11 4
	resets=$(far_resets)
	check "gadget: reset" usbio reset "$node"
	check "gadget: the exporter reset it, too" [ "$(far_resets)" -gt "$resets" ]
	check "gadget: it echoes" usbio echo "$node" 12 4
	becomes_another "$device"
	check "gadget: detached" suburb detach all
	exporter_stop
	destroy_two
}

# Its descriptors change, which a reset lets both kernels see.
becomes_another() { # DEVICE
	local device

	at_gadget 'echo 0x0177 >"$gadget_fs/two/idProduct"'
	usbio reset "$(usb_node "$1")" >/dev/null 2>&1
	device=$(usb_find remote 15 serial=two idProduct=0177)
	check "gadget: comes back as another one on the same port" [ "$device" = "$1" ] || return
	check "gadget: by the same session" [ "$(sessions)" = 1 ]
	check "gadget: and echoes" usbio echo "$(usb_node "$device")" 13 4
}

begin
exporter_start --emulate modeswitch --emulate loopback --emulate keyboard
mode_switch
loopback
wakeup
if at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null; then
	gadget
else
	skip "gadget" "the exporter has no dummy_hcd"
fi
finish
