#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network_reset - the connection is reset at random bytes, of what goes or of what
# comes: while a device is attached and enumerated, and with URBs on their way. The
# device is gone at once, all URBs are back, and it can be attached again.
#
#   SEED=N CUTS=N network_reset.sh     what was random before; how many of each kind

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/network.sh"

orders=/tmp/suburb-flip
port=3321
cuts=${CUTS:-10}
seed=${SEED:-$((RANDOM + 1))}
RANDOM=$seed

proxy_start() {
	rm -f "$orders"
	mkfifo "$orders"
	flip "$port" "$EXPORTER" 3240 "$orders" >/tmp/flip.out &
	proxy=$!
	sleep 0.5
}

way() {
	((RANDOM % 2)) && echo reset-up || echo reset-down
}

order() { # WAY BYTE
	: >/tmp/flip.out
	echo "$1 $2" >"$orders"
	sleep 0.2
}

was_reset() {
	grep -q reset /tmp/flip.out
}

# 2000 bytes are the import and most of what the kernel asks of a new device. A reset
# in the import may have been taken for the answer to an offer, and the tool have
# dialled again; and a device that was attached before its byte came goes then, for
# it is read until it does.
while_attached() { # NUMBER
	local busid status start way=$1 byte=$2

	order "$way" "$byte"
	start=$(uptime_ms)
	timeout 60 suburb attach "127.0.0.1:$port" 99-1 >/tmp/attach.out 2>&1
	status=$?
	echo "attach: status $status after $(($(uptime_ms) - start)) ms: $(cat /tmp/attach.out)"
	[ "$status" != 124 ] || return
	if [ "$status" = 0 ] && was_reset; then
		suburb detach all
	elif [ "$status" = 0 ]; then
		net_device=$(usb_find remote 5 idVendor=1209 idProduct=0005) &&
			timeout 30 usbio echo "$(usb_node "$net_device")" 1 1000
	else
		[ "$status" = 1 ] && [ "$(wc -l </tmp/attach.out)" = 1 ] || return
	fi
	wait_until 5 was_reset && wait_until 5 net_gone && free_in_time
}

free_in_time() {
	wait_until 10 net_once_more
}

cut_attaching() {
	local i way byte

	for ((i = 0; i < cuts; i++)); do
		way=$(way) byte=$((RANDOM % 2000))
		check "while attaching: $way at byte $byte" while_attached "$way" "$byte"
	done
}

# URBs of 4 KiB in both directions.
cut_busy() {
	local i way byte most=0

	for ((i = 0; i < cuts; i++)); do
		way=$(way) byte=$((RANDOM * 4 % 100000))
		net_device=$(EXPORTER=127.0.0.1:$port net_attach 0005)
		net_pump_start 0 || { check "busy: URBs on their way" false; return; }
		net_quick
		trouble order "$way" "$byte"
		took gone 30 net_gone
		net_pump_end 15
		check "busy: $way at byte $byte: gone within 2 s" between 0 "$took_gone" "$quick"
		check "busy: $way at byte $byte: every URB came back once" pump_was 3
		check "busy: $way at byte $byte: free for the next importer" free_in_time
		[ "$took_gone" = never ] || ((took_gone < most)) || most=$took_gone
	done
	seen "reset at $cuts random bytes" "importer's device gone after $most ms at most"
}

end_proxy() {
	local status=$?

	kill "$proxy"
	(exit "$status")
	net_clean_up
}

net_start
note "SEED=$seed"
net_exporter 5
proxy_start
trap end_proxy EXIT
cut_attaching
cut_busy
check "no process is stuck" wait_until 5 no_stuck_process
finish
