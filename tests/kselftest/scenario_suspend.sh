#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_suspend - the importing machine sleeps with devices attached: a disk is
# mounted, a keyboard is being read, a serial port has bytes under way. Afterwards
# all work, and nothing was plugged out and in. In one machine the exporter sleeps
# with it, and is frozen first: with a disk that is refused, the rest goes. With two
# machines the link also ends during sleep: the device is gone afterwards, and the
# machine wakes up in time.
#
# How it sleeps: lib/sleep.sh (SUBURB_SLEEPS chooses, of devices, platform, core).
# SUBURB_BLACKHOLE=1 has the network vanish during sleep, too.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/sleep.sh"

image=/tmp/suburb-suspend.img
mount=/tmp/suburb-mount
# Longest way through a sleep of one second; unanswered control requests take 5 s.
limit=20

# --- sleeping ------------------------------------------------------------------

fell_asleep() {
	dmesg | grep -c 'PM: suspend entry'
}

# Prints how long it took; fails if the machine refused, or was too slow.
sleep_within() { # HOW...
	local before start=$SECONDS

	before=$(fell_asleep)
	"$@" || return
	echo "slept and woke up within $((SECONDS - start)) s"
	[ "$(fell_asleep)" -gt "$before" ] && ((SECONDS - start <= limit))
}

# --- devices in use --------------------------------------------------------------

attach_emulated() { # PRODUCT-ID
	suburb attach "$EXPORTER" "1209:$1" >/dev/null && usb_find remote 10 idVendor=1209 idProduct="$1"
}

disk_mount() {
	local disk

	disk=$(usb_disk "$device_disk") || return
	mkfs.vfat "$disk" >/dev/null && mkdir -p "$mount" && mount "$disk" "$mount" || return
	cp "$(use_data 2)" "$mount/before"
}

disk_works() { # NAME
	cp "$(use_data 2)" "$mount/$1" && sync && echo 3 >/proc/sys/vm/drop_caches &&
		cmp "$(use_data 2)" "$mount/$1" && cmp "$(use_data 2)" "$mount/before"
}

# KEY_S, down: first of what the emulated keyboard types again after Scroll Lock's LED.
keyboard_works() {
	local node

	node=$(usb_event "$device_keyboard") || return
	use_events "$node" 4 evdev led "$node" 2 1
	set -- $?
	evdev led "$node" 2 0
	return "$1"
}

# Echoes, with a reader that was there before.
serial_works() {
	local size

	size=$(stat -c %s /tmp/serial.in)
	head -c 500 /dev/zero | tr '\0' "$1" >"$tty"
	wait_until 20 serial_has $((size + 500)) /tmp/serial.in &&
		[ "$(tail -c 500 /tmp/serial.in | tr -d "$1" | wc -c)" = 0 ]
}

# The devices are the same objects as before: nothing was plugged out.
identity() {
	local device

	for device in $device_disk "$device_keyboard" "$device_serial"; do
		echo "$device $(usb_attr "$device" devnum) $(stat -c %i "$usb/$device/")"
	done
}

same_devices() {
	echo "before: $devices; now: $(identity)"
	[ "$(identity)" = "$devices" ]
}

use_all() { # LABEL LETTER
	check "$1: the same devices, never unplugged" same_devices
	[ -z "$device_disk" ] ||
		check "$1: the mounted disk reads and writes" disk_works "${1// /-}"
	check "$1: the keyboard types, the LED is heard" keyboard_works
	check "$1: the serial port echoes" serial_works "$2"
}

attach_all() {
	device_disk=$(attach_emulated 0004)
	device_keyboard=$(attach_emulated 0001)
	device_serial=$(attach_emulated 0003)
	check "attached" [ -n "$device_disk" -a -n "$device_keyboard" -a -n "$device_serial" ] || return
	check "disk mounted" disk_mount
	cat "$(usb_event "$device_keyboard")" >/dev/null &
	readers=$!
	tty=$(usb_tty "$device_serial")
	stty -F "$tty" raw -echo
	: >/tmp/serial.in
	cat "$tty" >/tmp/serial.in &
	readers+=" $!"
	devices=$(identity)
}

# The link ends while this machine sleeps: it wakes up, and unplugs the devices.
ends_asleep() { # LABEL SECONDS LINE
	local device disk

	exporter_start --emulate keyboard --emulate serial --emulate "disk:$image"
	device=$(attach_emulated 0001)
	disk=$(attach_emulated 0004)
	check "$1: attached" [ -n "$device" -a -n "$disk" ] || return
	usb_event "$device" >/dev/null && usb_disk "$disk" >/dev/null
	at_exporter "(sleep 3; $3) >/dev/null 2>&1 &"
	check "$1: sleeps, and wakes up" sleep_within sleep_test devices 6
	check "$1: the keyboard is unplugged" wait_until "$2" usb_gone "$device"
	check "$1: the disk is unplugged" wait_until "$2" usb_gone "$disk"
}

begin
[ -e /sys/power/pm_test ] || skip_all "this kernel cannot test its suspending"
at_exporter "truncate -s 32M $image"
exporter_start --emulate keyboard --emulate serial --emulate "disk:$image"
attach_all || finish
use_all "before" a

if [ -z "${AT_EXPORTER:-}" ]; then
	start=$SECONDS
	check_fails "one machine: no sleep with a disk" sleep_test devices 1
	check "one machine: refused at once" [ $((SECONDS - start)) -le 10 ]
	check "one machine: the log says why" grep -q 'port 0 .*: no sleep' <(dmesg)
	use_all "after that" A
	umount "$mount"
	check "one machine: the disk, detached" suburb detach 0
	device_disk=
	devices=$(identity)
fi

letter=b
for level in ${SUBURB_SLEEPS:-devices core}; do
	# Bytes are under way while it falls asleep.
	head -c 3000 /dev/zero | tr '\0' x >"$tty" &
	check "$level: sleeps, and wakes up" sleep_within sleep_test "$level" 1
	wait $!
	wait_until 10 serial_has 1 /tmp/serial.in
	sleep 1
	use_all "$level" "$letter"
	letter=$(tr a-y b-z <<<"$letter")
done
[ -z "$device_disk" ] || umount "$mount"
# shellcheck disable=SC2086 # several
kill $readers
check "detached" suburb detach all
if [ -n "${AT_EXPORTER:-}" ]; then
	ends_asleep "killed" 10 'kill -KILL "$(cat /run/suburbd.pid)"'
	if [ -n "${SUBURB_BLACKHOLE:-}" ]; then
		ends_asleep "black hole" 40 'ip link set eth0 down'
		at_exporter 'ip link set eth0 up'
	fi
else
	skip "the link ends during sleep" "one machine: its other end sleeps, too"
fi
finish
