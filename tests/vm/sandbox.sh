#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sandbox.sh - in a guest with systemd, after "make install": suburbd.service
# exports QEMU's devices as its own user and without any privilege, they are used
# by somebody who is not root, and the local drivers have them back afterwards,
# also if suburbd is killed. Called by "make check-sandbox".
#
# /suburb/sandbox is what "make install" put into its DESTDIR.

export OUTPUT=/suburb/build/kselftest
# shellcheck source=../kselftest/lib/scenario.sh
. "$(dirname "$(realpath "$0")")/../kselftest/lib/scenario.sh"
# shellcheck source=../kselftest/lib/use.sh
. "$here/use.sh"

unit=/usr/local/lib/systemd/system/suburbd.service
keyboard="product=QEMU USB Keyboard"
disk="product=QEMU USB HARDDRIVE"

# --- installing --------------------------------------------------------------

install_suburb() {
	tar -C /suburb/sandbox -c . | tar -C / -x --keep-directory-symlink && depmod && /suburb/system/reload.sh &&
		systemctl restart systemd-modules-load
}

configure() {
	cat >/etc/suburb/suburbd.conf <<-END
		[suburbd]
		export = class:hid
		export = 46f4:0001:SUBURB0001
		listen = 127.0.0.1
		listen = unix:/run/suburbd/socket
	END
}

# drop_in NAME LINE...: in [Service]; without lines it is removed
drop_in() {
	local file=/run/systemd/system/suburbd.service.d/$1.conf

	mkdir -p "${file%/*}"
	rm -f "$file"
	shift
	[ $# = 0 ] || printf '%s\n' '[Service]' "$@" >"$file"
	systemctl daemon-reload
}

node_is() { # DEVICE OWNER-AND-MODE
	stat -c '%U:%G %a' "$(usb_node "$1")"
	[ "$(stat -c '%U:%G %a' "$(usb_node "$1")")" = "$2" ]
}

control_is_the_groups() {
	[ "$(stat -c '%U:%G %a' /dev/suburb)" = 'root:suburb 660' ]
}

hubs_are_roots() {
	local hub

	for hub in /sys/bus/usb/devices/usb*; do
		node_is "${hub##*/}" 'root:root 664' || return
	done
}

# --- who runs ----------------------------------------------------------------

main_pid() {
	systemctl show -p MainPID --value suburbd
}

# Both processes: suburbd and its guardian
without_privilege() {
	local pid pids

	mapfile -t pids </sys/fs/cgroup/system.slice/suburbd.service/cgroup.procs
	for pid in "${pids[@]}"; do
		grep -E '^(Name|Uid|Gid|Cap...|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr '\n' ' '
		echo
		awk -v uid="$(id -u suburbd)" '
			/^[UG]id:/ && ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0) { bad = 1 }
			/^Uid:/ && $2 != uid { bad = 1 }
			/^Cap/ && $2 !~ /^0+$/ { bad = 1 }
			/^NoNewPrivs:/ { new = $2 }
			/^Seccomp:/ { filter = $2 }
			END { exit bad || new != 1 || filter != 2 }' "/proc/$pid/status" || return
	done
	[ ${#pids[@]} = 2 ]
}

# The same sandbox around a shell that looks how far it gets.
probe() {
	drop_in probe 'Type=oneshot' 'Restart=no' 'ExecStart=' \
		"ExecStart=/bin/bash /suburb/tests/vm/sandbox-probe.sh $1 $2"
	rm -f /var/lib/suburbd/probe
	systemctl start suburbd
	drop_in probe
	cat /var/lib/suburbd/probe
	[ "$(tail -n 1 /var/lib/suburbd/probe)" = 'probe: done' ] &&
		! grep -q '^reached' /var/lib/suburbd/probe
}

# --- importers ---------------------------------------------------------------

as() { # USER COMMAND...
	setpriv --reuid "$1" --regid "$1" --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all "${@:2}"
}

is_refused() {
	local said

	said=$(as stranger suburb "$@" 2>&1) && return 1
	echo "$said"
	[[ $said = *'become a member of the group suburb (as root: usermod -aG suburb NAME)'* ]]
}

# The second try is for what was plugged in just now.
attach_by_member() { # ATTR=VALUE
	local busid

	busid=$(usb_find local 15 "$1") || return
	as member suburb attach localhost "$busid" >/dev/null || {
		sleep 2
		as member suburb attach localhost "$busid" >/dev/null || return
	}
	usb_find remote 10 "$1"
}

# --- the service -------------------------------------------------------------

service_is() { # STATE
	systemctl show -p ActiveState,SubState,Result,NRestarts suburbd
	[ "$(systemctl is-active suburbd)" = "$1" ]
}

# Up again by itself, as another process, and the guardian of the old one gone.
restarted() { # OLD-PID
	[ "$(systemctl is-active suburbd)" = active ] && [ "$(main_pid)" != "$1" ] &&
		as stranger suburb list localhost >/dev/null 2>&1
}

local_drivers() {
	usb_event "$(usb_find local 5 "$keyboard")" 10 && usb_disk "$(usb_find local 5 "$disk")" 15
}

reset_device() { # DEVICE
	local node

	node=$(usb_node "$1")
	usbreset "${node#/dev/bus/usb/}"
}

use_both() { # WHEN
	local device

	device=$(attach_by_member "$keyboard")
	check "$1: the keyboard is attached by a member of the group" [ -n "$device" ] || return
	check "$1: it types" use_keyboard "$device"
	device=$(attach_by_member "$disk")
	check "$1: the disk is attached" [ -n "$device" ] || return
	check "$1: it is written" use_storage_write "$device" 4
	check "$1: it is read" use_storage_read "$device" 4
	check "$1: its reset reaches it" reset_device "$device"
	check "$1: it is read again" use_storage_read "$device" 4
}

# --- cases -------------------------------------------------------------------

installed() {
	check "installed, and systemd and udev told" install_suburb
	useradd_all
	check "the unit has no mistake" systemd-analyze verify --man=no "$unit"
	note "$(systemd-analyze security --offline=true --no-pager "$unit" | tail -n 1)"
	check "systemd-analyze security: at most 2.0" \
		systemd-analyze security --offline=true --no-pager --threshold=20 "$unit"
	check "/dev/suburb is the group's" wait_until 10 control_is_the_groups
	[ "$tap_failed" = 0 ]
}

useradd_all() {
	echo 'member:x:1000:1000::/:/bin/sh' >>/etc/passwd
	echo 'stranger:x:1001:1001::/:/bin/sh' >>/etc/passwd
	printf 'member:x:1000:\nstranger:x:1001:\n' >>/etc/group
	sed -i 's/^suburb:.*/&member/' /etc/group
}

as_installed() {
	check "exports nothing before it is configured" systemctl start suburbd
	check "and runs" service_is active
	[ "$tap_failed" = 0 ] || finish
	check "no device is given to it" node_is "$(usb_find local 5 "$keyboard")" 'root:root 664'
}

given_devices() {
	check "the keyboard is given to it" node_is "$(usb_find local 5 "$keyboard")" 'root:suburbd 660'
	check "the disk is given to it" node_is "$(usb_find local 5 "$disk")" 'root:suburbd 660'
	check "what is not exported is not" \
		node_is "$(usb_find local 5 idVendor=0403)" 'root:root 664'
	check "hubs are not" hubs_are_roots
}

strangers() {
	check "who is in no group may list" as stranger suburb list localhost
	check "but not attach, and is told what to do" is_refused attach localhost all
	check "nor detach" is_refused detach all
	check "nor see the status" is_refused status
}

given_back() {
	check "detached by the member" as member suburb detach all
	check "the local drivers have both" local_drivers
}

replugged() {
	local device

	device=$(usb_find local 5 "$keyboard")
	vm-monitor device_del kbd
	wait_until 5 usb_gone "$device"
	vm-monitor device_add usb-kbd,bus=xhci.0,id=kbd
	device=$(attach_by_member "$keyboard")
	check "plugged in anew, it can be attached" [ -n "$device" ]
	as member suburb detach all >/dev/null
}

# The rule of docs/SECURITY.md: what appears waits for root's word.
authorized() {
	local device pid

	sed -n 's/^\t\(ACTION.*authorized_default\)/\1/p' /suburb/docs/SECURITY.md >/run/udev/rules.d/80-authorize.rules
	udevadm control --reload
	udevadm trigger --settle --action=add --subsystem-match=usb
	as member suburb attach localhost "$(usb_find local 15 "$keyboard")" >/tmp/attach.out &
	pid=$!
	device=$(usb_find remote 10 idVendor=0627)
	check "authorize: attached, the keyboard waits" [ "$(usb_attr "$device" authorized)" = 0 ]
	check_fails "authorize: and has no driver" usb_driver "$device" 0
	echo 1 >"/sys/bus/usb/devices/$device/authorized"
	wait "$pid"
	check "authorize: with root's word it is attached" [ $? = 0 ]
	check "authorize: and types" use_keyboard "$device"
	rm /run/udev/rules.d/80-authorize.rules
	for device in /sys/bus/usb/devices/usb*; do
		echo 1 >"$device/authorized_default"
	done
	udevadm control --reload
	as member suburb detach all >/dev/null
}

killed() {
	local old device

	device=$(attach_by_member "$keyboard")
	check "kill: keyboard attached" [ -n "$device" ]
	device=$(attach_by_member "$disk")
	check "kill: disk attached" usb_disk "$device"
	old=$(main_pid)
	check "kill: suburbd killed" systemctl kill --signal=KILL --kill-who=main suburbd
	check "kill: gone from the importer" wait_until 5 usb_gone "$device"
	check "kill: the local drivers have both back" local_drivers
	check "kill: it is started again" wait_until 30 restarted "$old"
}

stopped() {
	local device

	device=$(attach_by_member "$keyboard")
	check "stop: keyboard attached" [ -n "$device" ]
	check "stop: stopped" systemctl stop suburbd
	check "stop: without a failure" service_is inactive
	check "stop: nothing is left" [ ! -e /sys/fs/cgroup/system.slice/suburbd.service/cgroup.procs ]
	check "stop: the local drivers have both back" local_drivers
	check "stop: its socket is gone" [ ! -e /run/suburbd ]
}

export PATH=/usr/local/sbin:/usr/local/bin:$PATH
installed || finish
as_installed
configure
# Whatever the system call filter was too narrow for ends the process.
drop_in strict 'SystemCallErrorNumber=kill'
check "restarted with devices to export" systemctl restart suburbd
check "it runs with no privilege, and so does its guardian" without_privilege
given_devices
strangers
use_both "in use"
given_back
replugged
authorized
check "no system call was refused so far" service_is active
check "that is the first process" [ "$(systemctl show -p NRestarts --value suburbd)" = 0 ]
drop_in strict
killed
use_both "after the kill"
given_back
stopped
check "the sandbox holds" probe "$(usb_node "$(usb_find local 5 idVendor=0403)")" "$(usb_node "$(usb_find local 5 "$keyboard")")"
[ "$tap_failed" = 0 ] || journalctl -b --no-pager -u suburbd | tail -n 60 | sed 's/^/# /'
finish
