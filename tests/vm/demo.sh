#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh - the main job, to watch: two virtual machines, one with USB devices,
# one where they appear. On the host it makes a small disk with a file on it
# and starts both VMs; in the importing VM (where VM_ROLE is set) it does, step
# by step, what a person would type, and stops at the first step that does not
# do what it should. QEMU's own storage, keyboard and serial devices are used.

set -eu -o pipefail

say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}

# A command as it would be typed on the machine named, and what it prints.
at_exporter() {
	printf 'exporter# %s\n' "$*"
	vm-other "$*"
}

at_importer() {
	printf 'importer# %s\n' "$*"
	eval "$*"
}

fail() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local tries=$(($1 * 5))

	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "waited in vain for: $*"
		sleep 0.2
	done
}

export_devices() {
	say "One machine has three USB devices, and exports them."
	at_exporter lsusb
	at_exporter suburbd --listen 10.83.0.1 --export all
}

attach_devices() {
	say "Another machine has none of them."
	at_importer modprobe suburb-hcd
	at_importer lsusb -t
	at_importer suburb list exporter
	at_importer suburb attach exporter all
	say "Now it has all three. To its kernel they are like any other."
	at_importer lsusb
	at_importer lsusb -t
	at_importer suburb status
}

use_disk() {
	say "The disk: mount it, read a file."
	wait_for 15 test -b /dev/sda
	at_importer mount -o ro /dev/sda /mnt
	at_importer cat /mnt/hello.txt
	grep -q 'Hello from the other machine' /mnt/hello.txt || fail "that is not the file"
	at_importer umount /mnt
}

use_keyboard() {
	local reader

	say "The keyboard: what is typed on it arrives on this machine's console."
	wait_for 15 sh -c 'ls -l /sys/class/input | grep suburb-hcd'
	timeout 60 head -n 1 </dev/tty1 >/tmp/typed &
	reader=$!
	# shellcheck disable=SC2016 # for the shell over there
	vm-other 'for key in s u b u r b ret; do vm-monitor "sendkey $key"; sleep 0.2; done'
	wait "$reader" || fail "no line arrived"
	printf 'typed at the exporter:  suburb\n'
	printf 'arrived at /dev/tty1:   %s\n' "$(cat /tmp/typed)"
	[ "$(cat /tmp/typed)" = suburb ] || fail "that is not what was typed"
}

use_serial() {
	say "The serial adapter: a line each way."
	wait_for 15 test -c /dev/ttyUSB0
	at_importer stty -F /dev/ttyUSB0 raw -echo 115200
	# shellcheck disable=SC2016 # for the shell over there
	vm-other 'exec 3<>/dev/virtio-ports/suburb.serial; (read -r line <&3; echo "$line" >/tmp/heard; echo "hello back" >&3; sleep 5) >/dev/null 2>&1 &'
	exec 3<>/dev/ttyUSB0
	printf 'importer# echo "hello over there" >/dev/ttyUSB0\n'
	echo "hello over there" >&3
	wait_for 10 vm-other test -s /tmp/heard
	printf 'came out of the adapter:  %s\n' "$(vm-other cat /tmp/heard)"
	read -r -t 10 line <&3 || fail "nothing came back"
	printf 'and its answer:           %s\n' "$line"
	[ "$line" = "hello back" ] || fail "that is not the answer"
	exec 3>&-
}

detach_devices() {
	say "Enough: give them back."
	at_importer suburb detach all
	wait_for 10 vm-other test -b /dev/sda
	at_exporter lsusb -t
}

if [ -n "${VM_ROLE:-}" ]; then
	export_devices
	attach_devices
	use_disk
	use_keyboard
	use_serial
	detach_devices
	say "That was it. 'make vm-shell TWO=1 USB=storage,kbd,serial' lets you try it yourself."
	exit 0
fi

here=$(dirname "$(realpath "$0")")
disk=$(mktemp -d)
trap 'rm -rf "$disk"' EXIT
mkdir "$disk/files"
echo 'Hello from the other machine: this file is on its disk.' >"$disk/files/hello.txt"
truncate -s 16M "$disk/image"
/sbin/mke2fs -q -d "$disk/files" "$disk/image"
# What the importer prints is the show; its name before every line is not.
"$here/run.sh" --two --timeout 240 --name demo --usb "storage=$disk/image,kbd,serial" "$(realpath "$0")" |
	sed -u "s/^importer: //"
