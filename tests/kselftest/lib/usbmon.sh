# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usbmon.sh - record what the kernels at both ends saw of a device, and compare.
# Needs scenario.sh.
#
#   usbmon_start DEVICE BUSID   DEVICE here, BUSID at the exporter
#   usbmon_stop                 when there was time for what is on its way
#   usbmon_agrees [COUNT]       both saw the same transfers, at least COUNT of them
#
# usbmon keeps the first 32 bytes of a transfer. It forgets events when its reader
# is slow, and counts them: then nothing can be said, and that is a failure.

usbmon_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
usbmon_files=/sys/kernel/debug/usb/usbmon

# For both ends: what they do is the same.
usbmon_begin() { # RECORD DEVICE
	local bus

	modprobe usbmon || return
	bus=$(usb_attr "$2" busnum)
	usbmon_lost "$bus" >"$1.lost"
	printf '%d:%03d' "$bus" "$(usb_attr "$2" devnum)" >"$1.device"
	cat "$usbmon_files/${bus}u" >"$1" 2>/dev/null &
	echo $! >"$1.pid"
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

usbmon_start() { # DEVICE BUSID
	at_exporter ". '$usbmon_lib/usb.sh'; . '$usbmon_lib/usbmon.sh'
		usbmon_begin /tmp/usbmon.exporter '$2'" || return
	usbmon_begin /tmp/usbmon.importer "$1"
}

usbmon_stop() {
	sleep 1
	at_exporter ". '$usbmon_lib/usbmon.sh'; usbmon_end /tmp/usbmon.exporter
		cat /tmp/usbmon.exporter.transfers" >/tmp/usbmon.there
	usbmon_end /tmp/usbmon.importer
}

# A transfer may have ended over there while it was being cancelled here: then
# usbcore tells the driver that it was cancelled, and with a controller of this
# machine it would be the same. All else must be equal.
usbmon_compare() {
	awk -v here=/tmp/usbmon.importer.transfers '
		{
			mine = ""
			getline mine <here
			crossed = $0
			sub(" status 0 ", " status cancelled ", crossed)
			if (mine != $0 && mine != crossed) {
				print "there: " $0
				print "here:  " mine
				different = 1
			}
		}
		END {
			while ((getline mine <here) > 0) {
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
