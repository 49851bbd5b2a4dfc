# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usbmon.sh - record what the kernels at both ends saw of a device, and compare.
# Needs scenario.sh.
#
#   usbmon_start DEVICE BUSID   DEVICE here, BUSID at the exporter
#   usbmon_stop                 both wait until the device is at rest
#   usbmon_agrees [COUNT]       both saw the same transfers, at least COUNT of them
#
# usbmon keeps the first 32 bytes of a transfer. It forgets events when its reader
# is slow, and counts them: then nothing can be said, and that is a failure.

usbmon_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
usbmon_files=/sys/kernel/debug/usb/usbmon

# For both ends: what they do is the same. When it returns the record has begun.
usbmon_begin() { # RECORD DEVICE
	local bus events

	modprobe usbmon || return
	bus=$(usb_attr "$2" busnum)
	usbmon_lost "$bus" >"$1.lost"
	printf '%d:%03d' "$bus" "$(usb_attr "$2" devnum)" >"$1.device"
	exec {events}<"$usbmon_files/${bus}u" || return
	cat <&"$events" >"$1" 2>/dev/null &
	echo $! >"$1.pid"
	exec {events}<&-
}

usbmon_lost() { # BUS
	sed 's/.*text_lost //' "$usbmon_files/${1}s"
}

usbmon_end() { # RECORD
	local device

	kill "$(cat "$1.pid")"
	device=$(<"$1.device")
	awk -v device="$device" -v side="${1##*.}" -f "$usbmon_lib/usbmon.awk" "$1" |
		LC_ALL=C sort -s -k 1,1 >"$1.transfers"
	[ "$(usbmon_lost "${device%:*}")" = "$(<"$1.lost")" ] || echo 'usbmon lost events' >>"$1.transfers"
}

# Until no transfer was begun for half a second
usbmon_rest() { # DEVICE
	local before='' i

	for ((i = 0; i < 40; i++)); do
		[ "$(usb_attr "$1" urbnum)" != "$before" ] || return 0
		before=$(usb_attr "$1" urbnum)
		sleep 0.5
	done
	echo "$1 is never at rest"
	return 1
}

usbmon_begin_both() { # DEVICE BUSID
	at_exporter ". '$usbmon_lib/usb.sh'; . '$usbmon_lib/usbmon.sh'
		usbmon_begin /tmp/usbmon.exporter '$2'" || return
	usbmon_begin /tmp/usbmon.importer "$1"
}

# The two do not begin at the same moment: nothing may have gone on in between.
usbmon_start() { # DEVICE BUSID
	local before i

	echo "$1" >/tmp/usbmon.name
	for ((i = 0; i < 5; i++)); do
		udevadm settle
		usbmon_rest "$1" || return
		before=$(usb_attr "$1" urbnum)
		usbmon_begin_both "$1" "$2" || return
		[ "$(usb_attr "$1" urbnum)" != "$before" ] || return 0
		at_exporter 'kill "$(cat /tmp/usbmon.exporter.pid)"'
		kill "$(cat /tmp/usbmon.importer.pid)"
	done
	echo "$1 was never left alone"
	return 1
}

usbmon_stop() {
	usbmon_rest "$(</tmp/usbmon.name)"
	at_exporter ". '$usbmon_lib/usbmon.sh'; usbmon_end /tmp/usbmon.exporter
		cat /tmp/usbmon.exporter.transfers" >/tmp/usbmon.there
	usbmon_end /tmp/usbmon.importer
}

# Two things may differ where a transfer was cancelled here. It may have ended over
# there in the meantime: usbcore tells the driver that it was cancelled all the same,
# as it would with a controller of this machine. Or the exporter heard of both at
# once, and never gave it to the device. All else must be equal.
usbmon_compare() {
	awk -v here=/tmp/usbmon.importer.transfers '
		function next_of_mine() {
			mine = ""
			return (getline mine <here) > 0
		}
		{
			crossed = $0
			sub(" status 0 ", " status cancelled ", crossed)
			next_of_mine()
			while (mine != $0 && mine != crossed && mine ~ / status cancelled got 0 /)
				next_of_mine()
			if (mine != $0 && mine != crossed) {
				print "there: " $0
				print "here:  " mine
				different = 1
			}
		}
		END {
			while (next_of_mine())
				if (mine !~ / status cancelled got 0 /) {
					print "only here: " mine
					different = 1
				}
			exit different
		}' /tmp/usbmon.there
}

usbmon_agrees() { # [COUNT]
	local count

	count=$(wc -l </tmp/usbmon.importer.transfers)
	echo "$count transfers"
	! grep 'lost events' /tmp/usbmon.there /tmp/usbmon.importer.transfers || return
	usbmon_compare >/tmp/usbmon.diff
	set -- "${1:-1}" $?
	head -n 40 /tmp/usbmon.diff
	[ "$2" = 0 ] && [ "$count" -ge "$1" ]
}
