#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network_loss - a network that loses, doubles, reorders, delays, and that is slow:
# not a byte is lost, what is attached stays, what is not can be attached, and it is
# detached at once. What is written to a disk meanwhile is on it.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/network.sh"

# WHERE is here, there or both; the rest is netem's.
survives() { # CASE BLOCKS SECONDS WHERE NETEM...
	check_here "$1: attached" net_open || return
	"net_$4" "${@:5}"
	check_here "$1: URBs on their way" net_pump_start "$2"
	net_survived "$1" "$3"
}

# Attached and enumerated in the midst of it.
attaches() { # CASE WHERE NETEM...
	local start

	"net_$2" "${@:3}"
	start=$(uptime_ms)
	check_here "$1: attached meanwhile" net_begin 4
	seen "$1" "attached, with its first block back, in $(($(uptime_ms) - start)) ms"
	net_pump_end 60
	check "$1: every byte came back" pump_was 0
	net_detach
	check "$1: detached within 2 s meanwhile" between 0 "$took_detach" "$quick"
	net_heal
}

# Four MiB are on their way to the exporter, for a minute: nobody waits for them.
detached_busy() { # CASE
	check_here "$1: attached" net_open || return
	net_here rate 512kbit limit 100
	throughput "$(usb_node "$net_device")" out 262144 16 60 >/tmp/throughput.out 2>&1 &
	net_pump=$!
	sleep 5
	trouble net_detach
	check "$1: detached within 2 s" between 0 "$took_detach" "$quick"
	took free 90 net_free
	check "$1: free for the next importer soon" between 0 "$took_free" 15000
	seen "$1" "detach $took_detach ms, exporter's free after $took_free ms"
	wait "$net_pump"
	net_again "$1"
}

disk_is_right() { # MIB
	use_storage_write "$net_device" "$1" && use_storage_read "$net_device" "$1" && disk_has "$1"
}

# The bytes are in the exporter's file.
disk_has() { # MIB
	local want

	want=$(use_sum "$(use_data "$1")" "$1")
	at_exporter "dd if=$net_image bs=1M count=$1 status=none | sha256sum" | grep -F "$want"
}

# A disk, written and read whole.
writes() { # CASE WHERE NETEM...
	local start

	net_device=$(net_attach 0004)
	check "$1: disk attached" usb_disk "$net_device" || return
	"net_$2" "${@:3}"
	start=$(uptime_ms)
	check "$1: 1 MiB written, read, and in the exporter's file" disk_is_right 1
	seen "$1" "1 MiB written and read in $(($(uptime_ms) - start)) ms"
	net_detach
	check "$1: detached within 2 s" between 0 "$took_detach" "$quick"
	net_heal
}

net_start
net_exporter 20
survives "loss of 1 %" 512 120 both loss 1%
survives "loss of 5 %" 512 120 both loss 5%
survives "loss of 20 % towards the exporter" 128 180 here loss 20%
survives "loss of 20 % towards the importer" 128 180 there loss 20%
survives "reordering" 512 120 both delay 10ms reorder 50% 50%
survives "duplicates" 512 120 both duplicate 20%
survives "damaged packets" 128 120 both corrupt 2%
survives "jitter of 500 ms" 64 180 both delay 500ms 500ms
survives "64 KiB/s" 256 120 both rate 512kbit
attaches "attach with a loss of 5 %" both loss 5%
attaches "attach with a jitter of 500 ms" both delay 250ms 250ms
attaches "attach at 64 KiB/s" both rate 512kbit
detached_busy "detached at 64 KiB/s"
writes "disk with a loss of 5 %" both loss 5%
writes "disk at 64 KiB/s" both rate 512kbit
finish
