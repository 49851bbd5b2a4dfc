#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network_stop - one end stands still: suburbd, or a whole machine, for 10 s, which
# nobody may notice but by waiting, and for a minute, after which all that is
# attached may be gone but nothing else. Needs machines that can stop each other
# (tests/vm: vm-monitor --far).

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/network.sh"

suburbd_signal() { # SIGNAL
	at_exporter "kill -$1 \$(cat /run/suburbd.pid)"
}

exporter_machine() { # stop | cont
	vm-monitor --far "$1" >/dev/null
}

# This machine stands still, and its clock: somebody else has to wake it up.
importer_stops() { # SECONDS
	at_exporter "(sleep 1; vm-monitor --far stop; sleep $1; vm-monitor --far cont) >/dev/null 2>&1 &"
	sleep 3
}

# --- 10 s ----------------------------------------------------------------------

suburbd_stopped() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 512 || return
	suburbd_signal STOP
	sleep 10
	check "$1: all is still there" net_is_here
	suburbd_signal CONT
	net_survived "$1" 120
}

exporter_stopped() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 512 || return
	exporter_machine stop
	sleep 10
	check "$1: all is still there" net_is_here
	exporter_machine cont
	net_survived "$1" 120
}

importer_stopped() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 512 || return
	importer_stops 10
	net_survived "$1" 120
}

# --- a minute --------------------------------------------------------------------

# Its kernel goes on acknowledging until there is no room. Detached meanwhile.
suburbd_stopped_long() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	suburbd_signal STOP
	sleep 2
	net_detach
	check "$1: detached within 2 s" between 0 "$took_detach" "$quick"
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	trouble suburbd_signal CONT
	took free 30 net_free
	check "$1: the exporter frees the device" between 0 "$took_free" 10000
	seen "$1" "detach $took_detach ms, exporter's free $took_free ms after it goes on"
	net_again "$1"
}

disk_writes() {
	dd if="$(use_data 4)" of="$disk" bs=64k oflag=direct status=none 2>/tmp/dd.err
}

# A disk that is written to: its driver gives up after 30 s and takes its URB back,
# and nobody says what became of it.
disk_stopped() { # CASE
	local pid

	at_exporter ': >/run/suburbd.log'
	net_device=$(net_attach 0004)
	disk=$(usb_disk "$net_device")
	check "$1: disk attached" [ -b "$disk" ] || return
	trouble suburbd_signal STOP
	disk_writes &
	pid=$!
	took gone 100 net_gone
	suburbd_signal CONT
	wait "$pid"
	check "$1: who wrote to it has an error" [ -s /tmp/dd.err ]
	seen "$1" "importer's device gone after $took_gone ms, writer told after $(($(uptime_ms) - net_began)) ms"
	check "$1: gone in the time of its driver and ours" between 0 "$took_gone" 85000
	net_detach
	net_again "$1"
	disk_again "$1"
}

disk_is_right() {
	use_storage_write "$net_device" 1 && use_storage_read "$net_device" 1
}

disk_again() { # CASE
	net_device=$(net_attach 0004)
	check "$1: the disk is right afterwards" disk_is_right
	suburb detach all >/dev/null
}

# Nothing on its way but a read of an idle device: it may wait as long as it likes.
suburbd_stopped_idle() { # CASE
	check_here "$1: attached" net_open || return
	suburbd_signal STOP
	sleep 60
	suburbd_signal CONT
	check "$1: the same device" net_is_here
	check "$1: works" usbio echo "$(usb_node "$net_device")" 5 8
	net_detach
	seen "$1" "survived, detach $took_detach ms"
}

exporter_stopped_long() { # CASE
	local gone

	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	trouble exporter_machine stop
	took gone 60 net_gone
	gone=$took_gone
	check "$1: device gone here in its time" between 18000 "$gone" 30000
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	sleep $((60 - gone / 1000))
	trouble exporter_machine cont
	took free 40 net_free
	check "$1: the exporter frees the device" between 0 "$took_free" 25000
	seen "$1" "importer's device gone after $gone ms, exporter's free $took_free ms after it goes on"
	net_again "$1"
}


importer_stopped_long() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	importer_stops 60
	trouble check "$1: the exporter has freed the device meanwhile" wait_until 3 net_free
	took gone 30 net_gone
	check "$1: device gone here once it goes on" between 0 "$took_gone" 10000
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	seen "$1" "importer's device gone $took_gone ms after it goes on"
	net_again "$1"
}

net_start
vm-monitor --far info status >/dev/null 2>&1 || skip_all "needs machines that can stop each other"
net_exporter 20
suburbd_stopped "suburbd stopped for 10 s"
exporter_stopped "exporting machine stopped for 10 s"
importer_stopped "importing machine stopped for 10 s"
suburbd_stopped_long "suburbd stopped, detached meanwhile"
suburbd_stopped_idle "suburbd stopped for 60 s, idle"
disk_stopped "suburbd stopped, disk written to"
exporter_stopped_long "exporting machine stopped for 60 s"
importer_stopped_long "importing machine stopped for 60 s"
finish
