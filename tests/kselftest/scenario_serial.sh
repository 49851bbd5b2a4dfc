#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_serial - QEMU's FTDI serial port through Suburb, bytes both ways, and
# at the exporter again afterwards.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

port=(idVendor=0403 idProduct=6001)

works_at_exporter() {
	local tty

	tty=$(exporter_usb usb_tty "$(exporter_usb usb_find local 5 "${port[@]}")") || return
	at_exporter ": >/run/serial.in; stty -F $tty raw -echo; echo again >$tty"
	wait_until 10 exporter_serial_has 6
	at_exporter 'grep -x again /run/serial.in'
}

need_qemu
begin
busid=$(exporter_usb usb_find local 10 "${port[@]}") || skip_all "the exporter has no QEMU serial port"
use_serial_open
exporter_start --export 0403:6001

device=$(attach_as "${port[@]}")
check "serial: attached" [ -n "$device" ]
check "serial: ftdi_sio is its driver" [ "$(usb_driver "$device" 0)" = ftdi_sio ]
check "serial: 4096 bytes to the exporter" use_serial_out "$device" 4096
check "serial: 4096 bytes from the exporter" use_serial_in "$device" 4096
check "serial: detached" suburb detach all
check "serial: gone from the importer" wait_until 5 usb_gone "$device"
check "serial: the exporter's own driver works again" works_at_exporter
finish
