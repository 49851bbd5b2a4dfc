#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_digest - one bit is flipped between exporter and importer, in a header
# or in data, on the way to the disk or back: the link ends, and neither the disk
# nor who reads it ever has a byte of that message. Without digests it has.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

image=/tmp/suburb-digest.img
orders=/tmp/suburb-flip
port=3321

# Bytes of Bulk-Only Transport on a link with digests. Up: a command (header 52,
# 31 bytes, 4), then data; down: the answer to the command (52), then data.
up_header=10
up_data=$((52 + 31 + 4 + 52 + 100))
down_header=30
down_data=$((52 + 52 + 100))

proxy_start() {
	rm -f "$orders"
	mkfifo "$orders"
	flip "$port" "$EXPORTER" 3240 "$orders" >/tmp/flip.out &
	proxy=$!
}

# The disk behind the proxy, once it is at rest: nobody asks whether it is there,
# and it is open, as opening it would be commands of their own.
attach_disk() { # OPTION...
	local device

	suburb attach "$@" "127.0.0.1:$port" 1209:0004 >/dev/null || return
	device=$(usb_find remote 10 idVendor=1209 idProduct=0004) || return
	disk=$(usb_disk "$device") || return
	echo 0 >"/sys/block/${disk#/dev/}/events_poll_msecs"
	udevadm settle
	sleep 0.5
	exec 3<>"$disk"
	dd of=/dev/null bs=4k count=1 skip=7 iflag=direct status=none <&3
}

order() { # WAY BYTE
	: >/tmp/flip.out
	echo "$1 $2" >"$orders"
	sleep 0.2
}

# The block that the disk is at: number 8, of zeros.
write_block() {
	dd if=/dev/zero bs=4k count=1 status=none | tr '\0' w |
		timeout $((30 * slow)) dd bs=4k oflag=direct iflag=fullblock conv=notrunc status=none >&3
}

# Number 100, of random bytes.
read_block() {
	timeout $((30 * slow)) dd bs=4k count=1 skip=92 iflag=direct status=none <&3
}

# At the exporter; "" if all of it is zeros.
block_at_exporter() {
	at_exporter "dd if=$image bs=4k count=1 skip=8 status=none | tr -d '\\0'"
}

nothing_attached() {
	[ "$(suburb status)" = "no device is attached" ] && [ -z "$(usb_list remote)" ]
}

ended_for_damage() {
	wait_until 10 nothing_attached && grep -q flipped /tmp/flip.out
}

# One case; whatever became of it, the next begins with nothing attached.
case_of() { # COMMAND...
	local status

	"$@"
	status=$?
	suburb detach all >/dev/null 2>&1
	wait_until 10 nothing_attached
	return "$status"
}

damaged_write() { # BYTE
	attach_disk --digest || return
	order up "$1"
	! write_block 2>/dev/null || { echo "written"; return 1; }
	ended_for_damage && [ -z "$(block_at_exporter)" ] &&
		at_exporter 'tail -n 3 /run/suburbd.log | grep "damaged on the way"'
}

damaged_read() { # BYTE
	attach_disk --digest || return
	order down "$1"
	[ -z "$(read_block 2>/dev/null | tr -d '\0')" ] || { echo "read"; return 1; }
	ended_for_damage && dmesg | tail -n 20 | grep "suburb:.*damaged on the way"
}

# The same bit, with nobody to notice: what digests are for.
unnoticed() {
	attach_disk --no-digest || return
	order up $((up_data - 4 - 4 - 4))
	write_block && grep -q flipped /tmp/flip.out &&
		[ "$(block_at_exporter | tr -d w)" = g ]
}

end_proxy() {
	local status=$?

	kill "$proxy"
	(exit "$status")
	clean_up
}

begin
at_exporter "truncate -s 8M $image; dd if=/dev/urandom of=$image bs=4k count=64 seek=64 conv=notrunc status=none"
exporter_start --emulate "disk:$image"
proxy_start
trap end_proxy EXIT
sleep 0.5

check "digest: a bit of the header of a write" case_of damaged_write "$up_header"
check "digest: a bit of the data of a write" case_of damaged_write "$up_data"
check "digest: a bit of the header of a reply" case_of damaged_read "$down_header"
check "digest: a bit of what is read" case_of damaged_read "$down_data"
check "digest: without, the same bit reaches the disk" case_of unnoticed
finish
