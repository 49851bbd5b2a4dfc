#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network_reboot - one machine is reset, the other, then both, while a disk is
# written to: what was flushed before is on it, the port and the device are free,
# and it is attached again. The importer's script begins anew after each boot, and
# goes on where the file "phase" says. Needs tests/vm: vm-monitor --far.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/network.sh"

state=/var/tmp/suburb-reboot # lasts, when it was synced

attach_disk() {
	local busid

	busid=$(exporter_usb usb_find local 20 serial=SUBURB0001) || return
	attach "$busid" >/dev/null || return
	net_device=$(usb_find remote 10 serial=SUBURB0001)
	disk=$(usb_disk "$net_device")
	[ -b "$disk" ]
}

start_suburbd() {
	wait_until 300 timeout 5 "$AT_EXPORTER" true
	at_exporter 'rm -f /run/suburbd.pid; : >/run/suburbd.log'
	exporter_start --export class:storage
}

# The first MiB is flushed and shall last; the writing goes on behind it.
write_on() {
	dd if="$state/data" of="$disk" bs=64k conv=fsync status=none
	{
		echo ready >&2
		exec dd if=/dev/urandom of="$disk" bs=64k seek=64 oflag=direct status=none
	} 2>/tmp/dd.err &
	writer=$!
	sleep 2
}

data_is_there() {
	cmp -n 1048576 "$state/data" "$disk"
}

again() { # CASE
	local start

	start=$(uptime_ms)
	check_here "$1: attached again within 30 s" wait_until 30 attach_disk
	seen "$1" "attached again after $(($(uptime_ms) - start)) ms"
	check "$1: what was flushed is there" data_is_there
}

next_phase() { # NAME
	echo "$1" >"$state/phase"
	sync
	echo "1..$tap_count"
}

exporter_reset() {
	write_on
	trouble vm-monitor --far reset >/dev/null
	took gone 60 net_gone
	check "exporter reset: device gone here in its time" between 0 "$took_gone" 30000
	wait "$writer"
	check "exporter reset: no process is stuck" wait_until 5 no_stuck_process
	seen "exporter reset" "importer's device gone after $took_gone ms"
	check "exporter reset: suburbd runs again" start_suburbd
	again "exporter reset"
}

importer_reset() {
	write_on
	next_phase importer
	at_exporter '(sleep 1; vm-monitor --far reset) >/dev/null 2>&1 &'
	sleep 100
	echo "not ok - importer reset: it was not"
}

both_reset() {
	write_on
	next_phase both
	at_exporter '(sleep 1; vm-monitor --far reset; vm-monitor reset) >/dev/null 2>&1 &'
	sleep 100
	echo "not ok - both reset: they were not"
}

need_network
mkdir -p "$state"
[ -s "$state/data" ] || head -c 1M /dev/urandom >"$state/data"
begin
case $(cat "$state/phase" 2>/dev/null) in
'')
	check "suburbd runs" start_suburbd
	check_here "attached" attach_disk
	exporter_reset
	importer_reset
	;;
importer)
	again "importer reset"
	both_reset
	;;
both)
	check "both reset: suburbd runs again" start_suburbd
	again "both reset"
	net_detach
	check "both reset: detached within 2 s" between 0 "$took_detach" "$quick"
	;;
esac
finish
