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

# Runs COMMAND while NODE is read; prints COUNT events.
use_events() { # NODE COUNT COMMAND...
	local pid status

	: >/tmp/evdev.err
	evdev read "$1" "$2" $((40000 * ${slow:-1})) >/tmp/evdev.out 2>/tmp/evdev.err &
	pid=$!
	wait_until 5 grep -q ready /tmp/evdev.err
	"${@:3}" >/dev/null
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
	use_events "$node" 6 at_exporter 'for k in s u b; do vm-monitor sendkey $k 20; sleep 0.3; done' &&
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

# --- network (QEMU's) --------------------------------------------------------

use_net_up() { # DEVICE
	local interface

	interface=$(usb_net "$1") || return
	ip link set "$interface" up && ip addr replace 10.0.2.15/24 dev "$interface"
}

# ping says "wrong data byte", and that is all it does about it.
use_net_ping() { # DEVICE BYTES
	ping -I "$(usb_net "$1")" -c 5 -i 0.2 -W 5 -s "$2" 10.0.2.2 >/tmp/ping.out
	set -- $?
	cat /tmp/ping.out
	! grep -q 'wrong data' /tmp/ping.out && return "$1"
}

use_net() { # DEVICE
	use_net_up "$1" && use_net_ping "$1" 56 && use_net_ping "$1" 1400
}

# --- modem (ACM gadget) ------------------------------------------------------

# BYTES from one terminal to another; each end is a line of shell that runs a
# command: "eval" here, "at_exporter" there.
tty_to_tty() { # FROM-END FROM-TTY TO-END TO-TTY BYTES
	local want got

	"$3" "stty -F $4 raw -echo
		timeout $((20 * ${slow:-1})) head -c $5 $4 >/tmp/tty.in 2>/dev/null &
		sleep 0.5"
	want=$("$1" "stty -F $2 raw -echo; head -c $5 /dev/urandom >/tmp/tty.out
		timeout $((20 * ${slow:-1})) cat /tmp/tty.out >$2; sha256sum </tmp/tty.out")
	wait_until 20 tty_received "$3" "$5"
	got=$("$3" "sha256sum </tmp/tty.in")
	echo "sent $want, got $got"
	[ -n "$want" ] && [ "$got" = "$want" ]
}

tty_received() { # END BYTES
	[ "$("$1" 'stat -c %s /tmp/tty.in')" = "$2" ]
}

use_acm() { # DEVICE EXPORTERS-TTY
	local tty

	tty=$(usb_tty "$1") || return
	tty_to_tty eval "$tty" at_exporter "$2" 4096 && tty_to_tty at_exporter "$2" eval "$tty" 4096
}

# --- HID gadgets -------------------------------------------------------------

# 16-byte reports: out to /dev/hidgN, in from it. hidraw wants the report number
# in front, 0 for "there are none".
use_hid() { # DEVICE EXPORTERS-HIDG
	local hidraw got

	hidraw=$(usb_hidraw "$1") || return
	at_exporter "timeout $((20 * ${slow:-1})) head -c 16 $2 >/tmp/hid.out &"
	sleep 0.3
	printf '\0output report 01' >"$hidraw" || return
	wait_until 10 at_exporter '[ "$(cat /tmp/hid.out)" = "output report 01" ]' || return
	timeout $((20 * ${slow:-1})) dd if="$hidraw" bs=16 count=1 status=none >/tmp/hid.in &
	sleep 0.3
	at_exporter "printf 'input report 002' >$2" || return
	wait $!
	got=$(cat /tmp/hid.in)
	echo "got '$got'"
	[ "$got" = "input report 002" ]
}

# A boot keyboard: KEY_A down and up; caps-lock LED as an output report, behind
# those that the kernel's console sent
use_hid_keyboard() { # DEVICE EXPORTERS-HIDG
	local node

	node=$(usb_event "$1") || return
	use_events "$node" 2 at_exporter "printf '\0\0\4\0\0\0\0\0' >$2; sleep 0.1; printf '\0\0\0\0\0\0\0\0' >$2" &&
		expect_events '1 30 1' '1 30 0' || return
	at_exporter "timeout $((30 * ${slow:-1})) cat $2 >/tmp/led.out & echo \$! >/tmp/led.pid"
	sleep 0.3
	evdev led "$node" 1 1 && wait_until 15 at_exporter "grep -qaP '\x02' /tmp/led.out"
	set -- $?
	at_exporter 'kill "$(cat /tmp/led.pid)"'
	return "$1"
}

# --- network gadget ----------------------------------------------------------

# In one machine both ends would answer by themselves, so ours goes into a
# network namespace.
use_ncm() { # DEVICE EXPORTERS-INTERFACE
	local interface

	interface=$(usb_net "$1") || return
	at_exporter "ip addr replace 10.99.0.1/24 dev $2 && ip link set $2 up" || return
	ip netns add suburb-ncm 2>/dev/null
	ip link set "$interface" netns suburb-ncm || return
	ip netns exec suburb-ncm ip addr add 10.99.0.2/24 dev "$interface"
	ip netns exec suburb-ncm ip link set "$interface" up
	ip netns exec suburb-ncm ping -c 5 -i 0.2 -W 10 10.99.0.1 &&
		ip netns exec suburb-ncm ping -c 3 -i 0.2 -W 10 -s 1400 10.99.0.1
	set -- $?
	ip netns del suburb-ncm
	return "$1"
}

# --- descriptors -------------------------------------------------------------

# What lsusb -v tells, without the line that says where.
use_lsusb() {
	cat <<'END'
lsusb -v -s "$(cat /sys/bus/usb/devices/$device/busnum):$(cat /sys/bus/usb/devices/$device/devnum)" 2>/dev/null |
	grep -vE '^Bus [0-9]+ Device [0-9]+'
END
}

# For exporter and importer alike
device_text() { # DEVICE
	echo "device=$1; $(use_lsusb)"
}

same_descriptors() { # DEVICE BUSID
	at_exporter "cat /sys/bus/usb/devices/$2/descriptors" >/tmp/descriptors
	[ -s /tmp/descriptors ] && cmp /tmp/descriptors "/sys/bus/usb/devices/$1/descriptors"
}
