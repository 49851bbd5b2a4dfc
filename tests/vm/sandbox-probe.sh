#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sandbox-probe.sh - run in the place of suburbd, it tries what suburbd never
# needs to do. Called by sandbox.sh with the node of a device that is not
# exported and that of one that is.
#
# Says "reached WHAT" for everything that worked and should not have.

exec >/var/lib/suburbd/probe 2>&1
others=$1 ours=$2

refused() { # WHAT COMMAND...
	local what=$1

	shift
	if "$@"; then
		echo "reached: $what"
	fi
}

can_open() { # FILE
	(exec 3<>"$1")
}

can_read() { # FILE
	(exec 3<"$1")
}

# What it must be able to do; else the rest would prove little.
can_open "$ours" || echo "reached: nothing, not even the device that is exported"

refused "a device that is not exported" can_open "$others"
refused "the disk of this machine" can_read /dev/vda
refused "its memory" can_read /dev/mem
refused "the importing side" can_open /dev/suburb
refused "the kernel's log" can_read /dev/kmsg
refused "passwords" can_read /etc/shadow
refused "root's home" ls /root/
refused "other processes" [ -e /proc/1/status ]
refused "/etc" touch /etc/probe
refused "/usr" touch /usr/probe
refused "/run" touch /run/probe
refused "kernel settings" can_open /proc/sys/kernel/panic
refused "a mount" mount -t tmpfs none /tmp
refused "a namespace" unshare --net true
refused "a name for the machine" hostname probe
refused "a module" modprobe dummy
refused "a program with the rights of its owner" chmod u+s /var/lib/suburbd/probe
echo 'probe: done'
