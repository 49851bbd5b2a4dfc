# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# devices.sh - QEMU's own USB devices, by short names, for run.sh --usb.
#
# Every VM that gets devices has a qemu-xhci called "xhci" with 15 ports of each
# kind, so vm-monitor can add more: device_add usb-mouse,bus=xhci.0,id=mouse2.
# A device's QEMU id is its short name here: device_del kbd unplugs it.
#
#   storage[=FILE]  usb-storage, SuperSpeed, serial number SUBURB0001; FILE is
#                   only read (writes are lost with the VM); default: 128 MiB of zeros
#   kbd             usb-kbd; vm-monitor sendkey types on it
#   mouse, tablet   vm-monitor mouse_move and mouse_button move the one that
#                   vm-monitor mouse_set chose
#   serial          usb-serial (FTDI); the other end of its cable is
#                   /dev/virtio-ports/suburb.serial in the VM that has the device
#   net             usb-net (CDC/RNDIS); 10.0.2.2 behind it answers ping
#   ccid            usb-ccid, a smart card reader without a card

# shellcheck disable=SC2034 # for run.sh to print
usb_names='storage[=FILE] kbd mouse tablet serial net ccid'

# usb_device NAME[=VALUE] DIR: append to the array "qemu"; DIR is for its files.
usb_device() {
	local name=${1%%=*} file=

	[[ $1 != *=* ]] || file=${1#*=}
	case $name in
	storage)
		if [ -z "$file" ]; then
			file=$2/storage.img
			truncate -s 128M "$file"
		fi
		qemu+=(-drive "if=none,id=storage,format=raw,snapshot=on,file=$file"
			-device "usb-storage,bus=xhci.0,id=storage,drive=storage,serial=SUBURB0001")
		;;
	kbd | mouse | tablet | ccid)
		qemu+=(-device "usb-$name,bus=xhci.0,id=$name")
		;;
	serial)
		chardev_loop serial "$2"
		qemu+=(-device "usb-serial,bus=xhci.0,id=serial,chardev=serial")
		;;
	net)
		qemu+=(-netdev 'user,id=usbnet,restrict=on'
			-device 'usb-net,bus=xhci.0,id=net,netdev=usbnet,mac=52:54:00:83:00:99')
		;;
	*)
		return 1
		;;
	esac
}

# chardev_loop NAME DIR: a chardev NAME whose other end is the guest's port
# suburb.NAME. QEMU connects to itself: it listens on one, calls from the other.
chardev_loop() {
	qemu+=(-chardev "socket,id=$1,path=$2/$1.sock,server=on,wait=off"
		-chardev "socket,id=$1-port,path=$2/$1.sock"
		-device "virtserialport,chardev=$1-port,name=suburb.$1")
}
