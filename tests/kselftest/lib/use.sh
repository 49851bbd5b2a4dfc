# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# use.sh - use an attached device as a person would, and see that the exporter's
# end of it saw the same: for the scenarios of each class, and for interop, where
# the same use goes through other implementations.
#
# DEVICE is the importer's name of it ("5-1"). Each returns 0 if all was right
# and says what was wrong otherwise. Needs scenario.sh.

# --- storage -----------------------------------------------------------------

# Random bytes, the same ones for a whole run.
use_data() { # MIB
	local file=/tmp/suburb-data.$1

	[ -e "$file" ] || dd if=/dev/urandom of="$file" bs=1M count="$1" status=none
	echo "$file"
}

use_sum() { # FILE MIB
	local sum

	sum=$(dd if="$1" bs=1M count="$2" iflag="${3:-fullblock}" status=none | sha256sum)
	echo "${sum%% *}"
}

use_storage_write() { # DEVICE MIB
	local disk

	disk=$(usb_disk "$1") || return
	dd if="$(use_data "$2")" of="$disk" bs=1M count="$2" conv=fsync status=none
}

use_storage_read() { # DEVICE MIB
	local disk got want

	disk=$(usb_disk "$1") || return
	echo 3 >/proc/sys/vm/drop_caches
	got=$(use_sum "$disk" "$2" direct)
	want=$(use_sum "$(use_data "$2")" "$2")
	echo "read $got, wrote $want"
	[ "$got" = "$want" ]
}

# The same bytes at the exporter, through its own driver.
use_storage_at_exporter() { # BUSID MIB
	local disk got want

	disk=$(exporter_usb usb_disk "$1") || return
	got=$(at_exporter "echo 3 >/proc/sys/vm/drop_caches
		dd if=$disk bs=1M count=$2 iflag=direct status=none | sha256sum")
	want=$(use_sum "$(use_data "$2")" "$2")
	echo "exporter has ${got%% *}, wrote $want"
	[ "${got%% *}" = "$want" ]
}

# --- keyboard, mouse, tablet -------------------------------------------------

# Runs ACTION at the exporter while NODE is read; prints COUNT events.
use_events() { # NODE COUNT ACTION
	local pid status

	: >/tmp/evdev.err
	evdev read "$1" "$2" 15000 >/tmp/evdev.out 2>/tmp/evdev.err &
	pid=$!
	wait_until 5 grep -q ready /tmp/evdev.err
	at_exporter "$3" >/dev/null
	wait "$pid"
	status=$?
	cat /tmp/evdev.err /tmp/evdev.out
	return "$status"
}

expect_events() { # LINE...
	local want

	printf -v want '%s\n' "$@"
	[ "$(cat /tmp/evdev.out)" = "${want%$'\n'}" ]
}

# KEY_S KEY_U KEY_B, each down and up
use_keyboard() { # DEVICE
	local node

	node=$(usb_event "$1") || return
	use_events "$node" 6 'for k in s u b; do vm-monitor sendkey $k 20; sleep 0.3; done' &&
		expect_events '1 31 1' '1 31 0' '1 22 1' '1 22 0' '1 48 1' '1 48 0'
}

# --- serial ------------------------------------------------------------------

# Keeps the far end of QEMU's serial cable open: it opens only once. What comes
# out of it is gathered in /run/serial.in, what appears as /run/serial.send is
# sent.
use_serial_open() {
	at_exporter '[ ! -e /run/serial.pid ] || exit 0
		bash -c '\''exec 3<>/dev/virtio-ports/suburb.serial
			cat <&3 >>/run/serial.in &
			while :; do
				sleep 0.1
				[ -e /run/serial.send ] || continue
				cat /run/serial.send >&3
				rm /run/serial.send
			done'\'' >/dev/null 2>&1 &
		echo $! >/run/serial.pid'
}

serial_has() { # BYTES FILE
	[ "$(stat -c %s "$2" 2>/dev/null)" -ge "$1" ] 2>/dev/null
}

exporter_serial_has() { # BYTES
	[ "$(at_exporter 'stat -c %s /run/serial.in')" -ge "$1" ]
}

use_serial_out() { # DEVICE BYTES
	local tty want got

	tty=$(usb_tty "$1") || return
	at_exporter ': >/run/serial.in'
	head -c "$2" /dev/urandom >/tmp/serial.out
	stty -F "$tty" raw -echo 115200
	cat /tmp/serial.out >"$tty"
	wait_until 20 exporter_serial_has "$2"
	want=$(sha256sum </tmp/serial.out)
	got=$(at_exporter 'sha256sum </run/serial.in')
	echo "sent $want, exporter got $(at_exporter 'stat -c %s /run/serial.in') bytes: $got"
	[ "$got" = "$want" ]
}

use_serial_in() { # DEVICE BYTES
	local tty want got pid

	tty=$(usb_tty "$1") || return
	stty -F "$tty" raw -echo 115200
	: >/tmp/serial.in
	cat "$tty" >/tmp/serial.in &
	pid=$!
	sleep 0.5
	want=$(at_exporter "head -c $2 /dev/urandom >/run/serial.new; sha256sum </run/serial.new
		mv /run/serial.new /run/serial.send")
	wait_until 20 serial_has "$2" /tmp/serial.in
	kill "$pid"
	got=$(sha256sum </tmp/serial.in)
	echo "exporter sent $want, got $(stat -c %s /tmp/serial.in) bytes: $got"
	[ "$got" = "$want" ]
}

use_serial() { # DEVICE
	use_serial_open && use_serial_out "$1" 4096 && use_serial_in "$1" 4096
}
