# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# gadget.sh - USB devices made of Linux's gadget functions on dummy_hcd; to be
# sourced. Needs root and the kernel options in ../config.
#
#   gadget_load high|super [NUM]    NUM empty host/device pairs (default 1, at most
#                                   32) of that speed; unloads what was there
#   gadget_create NAME FUNCTION...  a device on the first free pair, plugged in:
#       acm                   a modem; our side: gadget_tty NAME
#       hid, hid:full         16-byte reports both ways; our side: gadget_hidg
#                             NAME. "full" ones fill the endpoint's packet
#       keyboard              a boot keyboard with LEDs; our side: gadget_hidg
#       mass_storage:FILE     a disk on FILE
#       ncm                   Ethernet; our side: gadget_netdev NAME
#       sourcesink, loopback  bulk endpoints; sourcesink is what usbtest wants
#       sourcesink:short      its source gives 100 bytes at a time
#       sourcesink:mod63      its data is not zeros but counts to 62 in each packet
#     Several functions make a composite device. If gadget_max_speed is set
#     (high-speed), it is no faster than that.
#   gadget_unplug, gadget_plug NAME  take it off the bus, put it back
#   gadget_destroy NAME, gadget_destroy_all, gadget_unload
#   gadget_device NAME              its name in /sys/bus/usb/devices, once it
#                                   is there and configured
#
# They return non-zero and say why on stderr when they cannot. The device's
# serial number is NAME.

gadget_fs=/sys/kernel/config/usb_gadget

gadget_fail() {
	echo "gadget.sh: $*" >&2
	return 1
}

# Two pairs more, for gadget_create to try.
gadget_load() {
	local speed=${1:-high} num=${2:-1} option

	case $speed in
	high) option=is_high_speed=1 ;;
	super) option=is_super_speed=1 ;;
	*) gadget_fail "no speed '$speed'" || return ;;
	esac
	gadget_unload && modprobe libcomposite && modprobe dummy_hcd "num=$((num + 2))" "$option"
}

gadget_unload() {
	gadget_destroy_all
	[ ! -e /sys/module/dummy_hcd ] || rmmod dummy_hcd
}

gadget_free_udc() { # TRIED...
	local used n

	used=" $(cat "$gadget_fs"/*/UDC 2>/dev/null | tr '\n' ' ') $* "
	for ((n = 0; ; n++)); do
		[ -e "/sys/class/udc/dummy_udc.$n" ] ||
			gadget_fail 'every dummy_hcd pair has its device' || return
		if [[ $used != *" dummy_udc.$n "* ]]; then
			echo "dummy_udc.$n"
			return
		fi
	done
}

# A network function leaves its folder behind in the kernel, under the address of its
# device. When dummy_hcd was loaded anew and another has that address by chance, it
# cannot register its interface ("kobject_add_internal failed ... parent: net"), and the
# UDC is said to be busy: then the next one is taken.
gadget_create() { # NAME FUNCTION...
	local udc tried=()

	while [ ${#tried[@]} -lt 3 ]; do
		udc=$(gadget_free_udc "${tried[@]}") || return
		! gadget_make "$udc" "$@" || return 0
		tried+=("$udc")
	done
	return 1
}

# Linux Foundation's vendor id, except for what usbtest binds to.
gadget_make() { # UDC NAME FUNCTION...
	local udc=$1 name=$2 dir=$gadget_fs/$2 function vendor=0x1d6b product=0x0104 n=0

	shift 2
	mkdir "$dir" "$dir/strings/0x409" "$dir/configs/c.1" "$dir/configs/c.1/strings/0x409" || return
	if [ "$1" = sourcesink ] || [ "$1" = sourcesink:mod63 ]; then
		vendor=0x0525 product=0xa4a0
	fi
	echo "$vendor" >"$dir/idVendor"
	echo "$product" >"$dir/idProduct"
	echo 0x0100 >"$dir/bcdDevice"
	if [ $# -gt 1 ]; then
		# Interface association descriptors group the functions.
		echo 0xef >"$dir/bDeviceClass"
		echo 0x02 >"$dir/bDeviceSubClass"
		echo 0x01 >"$dir/bDeviceProtocol"
	fi
	echo Suburb >"$dir/strings/0x409/manufacturer"
	echo "Gadget $*" >"$dir/strings/0x409/product"
	echo "$name" >"$dir/strings/0x409/serialnumber"
	echo "$*" >"$dir/configs/c.1/strings/0x409/configuration"
	for function; do
		if ! gadget_add_function "$dir" "$function" "$name-$((n++))"; then
			gadget_destroy "$name"
			return 1
		fi
	done
	[ -z "${gadget_max_speed:-}" ] || echo "$gadget_max_speed" >"$dir/max_speed"
	if ! echo "$udc" >"$dir/UDC"; then
		gadget_destroy "$name"
		return 1
	fi
}

gadget_add_function() { # DIR FUNCTION INSTANCE
	local type kind=${2#*:} function

	case $2 in
	acm | ncm) type=$2 ;;
	hid | hid:full | keyboard) type=hid ;;
	mass_storage:*) type=mass_storage ;;
	sourcesink | sourcesink:short | sourcesink:mod63) type=SourceSink ;;
	loopback) type=Loopback ;;
	*) gadget_fail "no function '$2'" || return ;;
	esac
	function=$1/functions/$type.$3
	mkdir "$function" || return
	case $type in
	hid) gadget_set_hid "$function" "$kind" || return ;;
	mass_storage) echo "$kind" >"$function/lun.0/file" || return ;;
	SourceSink) gadget_set_source "$function" "$kind" || return ;;
	esac
	ln -s "$function" "$1/configs/c.1/"
}

gadget_set_source() { # FUNCTION-DIR KIND
	case $2 in
	short) echo 100 >"$1/bulk_buflen" ;;
	mod63) echo 1 >"$1/pattern" ;;
	esac
}

# f_hid's packets are report_length long and it ends a full one with an empty
# one, so plain "hid" has short ones. The output report goes to an endpoint.
gadget_set_hid() { # FUNCTION-DIR KIND
	local report_length=64 protocol=0 descriptor

	descriptor='06 00 ff 09 01 a1 01 15 00 26 ff 00 75 08 95 10 09 01 81 02 09 02 91 02 c0'
	case $2 in
	full) report_length=16 ;;
	keyboard)
		report_length=8 protocol=1
		descriptor='05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02
			95 01 75 08 81 01 95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01
			95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0'
		;;
	esac
	echo "$protocol" >"$1/protocol"
	echo "$protocol" >"$1/subclass"
	echo "$report_length" >"$1/report_length"
	# shellcheck disable=SC2059,SC2086 # a format of bytes, made of many words
	printf "$(printf '\\x%s' $descriptor)" >"$1/report_desc"
}

# Like pulling the cable. The gadget keeps its pair, hence its bus id. Not by
# taking it from its UDC: with a control request on its way, dummy_hcd warns.
gadget_unplug() {
	local udc

	udc=$(<"$gadget_fs/$1/UDC") && echo disconnect >"/sys/class/udc/$udc/soft_connect"
}

# A soft "connect" would leave dummy_hcd deaf.
gadget_plug() {
	local udc

	udc=$(<"$gadget_fs/$1/UDC") &&
		echo >"$gadget_fs/$1/UDC" && echo "$udc" >"$gadget_fs/$1/UDC"
}

# Prints the host side's device, if there is one.
gadget_host_side() { # UDC
	local path

	for path in "/sys/devices/platform/dummy_hcd.${1#*.}"/usb*/*-1; do
		[ ! -e "$path" ] || echo "$path"
	done
}

# Configfs wants everything taken out in the order opposite to its making.
gadget_destroy() {
	local dir=$gadget_fs/$1 udc i

	[ -d "$dir" ] || gadget_fail "no gadget '$1'" || return
	udc=$(<"$dir/UDC")
	if [ -n "$udc" ]; then
		gadget_unplug "$1"
		for ((i = 0; i < 50; i++)); do
			[ -n "$(gadget_host_side "$udc")" ] || break
			sleep 0.1
		done
		echo >"$dir/UDC"
	fi
	find "$dir/configs" -type l -delete
	rmdir "$dir"/configs/c.1/strings/0x409 "$dir/configs/c.1"
	find "$dir/functions" -mindepth 1 -maxdepth 1 -exec rmdir {} +
	rmdir "$dir/strings/0x409" "$dir"
}

gadget_destroy_all() {
	local dir

	for dir in "$gadget_fs"/*/; do
		[ ! -d "$dir" ] || gadget_destroy "$(basename "$dir")" || return
	done
}

# dummy_udc.N is the other side of dummy_hcd.N, which has one device at most.
gadget_device() {
	local udc path configuration i

	udc=$(<"$gadget_fs/$1/UDC") || return
	for ((i = 0; i < 100; i++)); do
		path=$(gadget_host_side "$udc")
		configuration=
		[ -z "$path" ] || read -r configuration 2>/dev/null <"$path/bConfigurationValue"
		if [ -n "$configuration" ]; then
			echo "${path##*/}"
			return
		fi
		sleep 0.1
	done
	gadget_fail "the host side does not see '$1'"
}

gadget_tty() {
	cat "$gadget_fs/$1"/functions/acm.*/port_num | sed 's|^|/dev/ttyGS|'
}

gadget_hidg() {
	local number

	cat "$gadget_fs/$1"/functions/hid.*/dev | while read -r number; do
		echo "/dev/$(sed -n 's/^DEVNAME=//p' "/sys/dev/char/$number/uevent")"
	done
}

gadget_netdev() {
	cat "$gadget_fs/$1"/functions/ncm.*/ifname
}
