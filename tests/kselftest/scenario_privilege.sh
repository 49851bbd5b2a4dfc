#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_privilege - nobody is root: suburbd runs as a user to whom udev gives
# what it exports, who attaches is a member of the group of /dev/suburb, and who is
# neither is told what to do. tests/vm/sandbox.sh is the same under systemd.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

system=$tests/../../system
keyboard="product=QEMU USB Keyboard"

make_users() {
	at_exporter "grep -q ^suburbd: /etc/passwd || {
		echo suburbd:x:990:990::/:/bin/false >>/etc/passwd
		echo suburbd:x:990: >>/etc/group; }"
	grep -q ^suburb: /etc/group || echo suburb:x:991: >>/etc/group
}

give_control() {
	mkdir -p /run/udev/rules.d
	cp "$system/suburb.rules" /run/udev/rules.d/72-suburb.rules
	udevadm control --reload
	udevadm trigger --settle --action=change /dev/suburb
	[ "$(stat -c '%U:%G %a' /dev/suburb)" = 'root:suburb 660' ]
}

give_devices() {
	at_exporter 'mkdir -p /run/udev/rules.d
		suburbd --export class:hid --udev-rules >/run/udev/rules.d/72-suburbd.rules &&
		udevadm control --reload &&
		udevadm trigger --settle --action=change --subsystem-match=usb'
}

node_is() { # OWNER-AND-MODE ATTR=VALUE
	local node

	node=$(exporter_usb usb_node "$(exporter_usb usb_find local 5 "$2")")
	[ "$(at_exporter "stat -c '%U:%G %a' $node")" = "$1" ]
}

start_as_user() {
	exporter_stop
	at_exporter "setpriv --reuid=suburbd --regid=suburbd --clear-groups --no-new-privs --bounding-set=-all \
		suburbd --listen $LISTEN --foreground --export class:hid >>/run/suburbd.log 2>&1 &
		echo \$! >/run/suburbd.pid"
	wait_until 15 exporter_answers
}

has_no_capability() {
	at_exporter 'cat /proc/$(cat /run/suburbd.pid)/status' >/tmp/status
	grep -qE '^CapEff:\s0+$' /tmp/status && grep -qE '^CapBnd:\s0+$' /tmp/status
}

as() { # GROUP COMMAND...
	setpriv --reuid=1000 --regid=1000 --groups="$1" --no-new-privs --inh-caps=-all --bounding-set=-all "${@:2}"
}

is_told() {
	local said

	said=$(as 1000 suburb "$@" 2>&1) && return 1
	echo "$said"
	[[ $said = *'no permission to open /dev/suburb: become a member of the group suburb '* ]]
}

attach_as_member() {
	local busid

	busid=$(exporter_usb usb_find local 15 "$keyboard")
	as suburb suburb attach "$EXPORTER" "$busid" && usb_find remote 10 "$keyboard" >/tmp/device
}

need_qemu
[ -e "$system/suburb.rules" ] || skip_all "needs the folder system of the source"
begin
make_users
check "udev gives /dev/suburb to the group" give_control
check "udev takes the rules that suburbd makes" give_devices
check "the keyboard's node is suburbd's" node_is 'root:suburbd 660' "$keyboard"
check "the disk's is not" node_is 'root:root 664' "product=QEMU USB HARDDRIVE"
check "suburbd serves as its own user" start_as_user
check "without any capability" has_no_capability
check "who is in no group may list" as 1000 suburb list "$EXPORTER"
check "but not attach, and is told what to do" is_told attach "$EXPORTER" all
check "a member of the group may" attach_as_member
check "the keyboard types" use_keyboard "$(cat /tmp/device)"
check "suburbd killed: the keyboard is gone" exporter_kill
check "and its driver has it back" \
	exporter_usb usb_event "$(exporter_usb usb_find local 5 "$keyboard")" 10
finish
