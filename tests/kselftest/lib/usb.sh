# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usb.sh - find USB devices in sysfs, and what their drivers made of them.
#
# A device is named as sysfs names it: "3-1". In a single machine the exported
# and the imported copy of a device look the same: they are told apart by the
# controller, whose name is the serial number of its root hub. WHERE is
#
#   local    any controller but the two below: what an exporter has
#   remote   suburb-hcd
#   vhci     mainline USB/IP
#
# Nearly all of this is shell built-ins: starting a process costs 50 ms and more
# in an emulated machine.

usb=/sys/bus/usb/devices

usb_where() { # DEVICE
	local serial=

	read -r serial 2>/dev/null <"$usb/usb${1%%-*}/serial"
	case $serial in
	*suburb*) echo remote ;;
	*vhci*) echo vhci ;;
	*) echo local ;;
	esac
}

# One attribute, "" if it is not there.
usb_attr() { # DEVICE FILE
	local value=

	read -r value 2>/dev/null <"$usb/$1/$2"
	echo "$value"
}

# All devices at WHERE, without root hubs.
usb_list() { # WHERE
	local dir name

	for dir in "$usb"/[0-9]*-*; do
		name=${dir##*/}
		if [[ $name != *:* ]] && [ -e "$dir" ] && [ "$(usb_where "$name")" = "$1" ]; then
			echo "$name"
		fi
	done
}

# The first device at WHERE whose attributes are these; waits for it.
#   usb_find remote 10 product="QEMU USB Keyboard"
usb_find() { # WHERE SECONDS ATTR=VALUE...
	local where=$1 end=$((SECONDS + $2 * ${slow:-1} + 1)) name attr

	shift 2
	while :; do
		for name in $(usb_list "$where"); do
			for attr; do
				[ "$(usb_attr "$name" "${attr%%=*}")" = "${attr#*=}" ] || continue 2
			done
			echo "$name"
			return
		done
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# The node in /dev/bus/usb.
usb_node() { # DEVICE
	printf '/dev/bus/usb/%03d/%03d\n' "$(usb_attr "$1" busnum)" "$(usb_attr "$1" devnum)"
}

usb_gone() { # DEVICE
	[ ! -e "$usb/$1" ]
}

usb_driver() { # DEVICE INTERFACE
	local link

	link=$(readlink "$usb/$1/$1:1.$2/driver") && echo "${link##*/}"
}

# /dev/KIND of the first of these places below the device, once it is there.
usb_made() { # SECONDS PATTERN...
	local end=$((SECONDS + $1 * ${slow:-1} + 1)) pattern found

	shift
	while :; do
		for pattern; do
			for found in $pattern; do
				[ -e "$found" ] && echo "${found##*/}" && return
			done
		done
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

usb_disk() { # DEVICE [SECONDS]
	local name

	name=$(usb_made "${2:-30}" "$usb/$1/$1:1.*/host*/target*/*/block/sd*") || return
	wait_until 10 [ -b "/dev/$name" ] && echo "/dev/$name"
}

usb_tty() { # DEVICE [SECONDS]
	local name

	name=$(usb_made "${2:-15}" "$usb/$1/$1:1.*/ttyUSB*" "$usb/$1/$1:1.*/tty/tty*") || return
	wait_until 10 [ -c "/dev/$name" ] && echo "/dev/$name"
}

usb_event() { # DEVICE [SECONDS]
	local name

	name=$(usb_made "${2:-15}" "$usb/$1/$1:1.*/*/input/input*/event*") || return
	wait_until 10 [ -c "/dev/input/$name" ] && echo "/dev/input/$name"
}

usb_hidraw() { # DEVICE [SECONDS]
	local name

	name=$(usb_made "${2:-15}" "$usb/$1/$1:1.*/*/hidraw/hidraw*") || return
	wait_until 10 [ -c "/dev/$name" ] && echo "/dev/$name"
}

usb_net() { # DEVICE [SECONDS]
	usb_made "${2:-15}" "$usb/$1/$1:1.*/net/*"
}

usb_card() { # DEVICE [SECONDS]
	usb_made "${2:-15}" "$usb/$1/$1:1.*/sound/card*"
}

usb_video() { # DEVICE [SECONDS]
	usb_made "${2:-15}" "$usb/$1/$1:1.*/video4linux/video*"
}
