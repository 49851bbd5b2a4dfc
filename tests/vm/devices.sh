# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# devices.sh - QEMU's own USB devices, by short names, for run.sh --usb.
#
# Every VM that gets devices has a qemu-xhci called "xhci" with 15 ports of each
# kind, so vm-monitor can add more: device_add usb-mouse,bus=xhci.0,id=mouse2.
# A device's QEMU id is its short name here: device_del kbd unplugs it.
#
#   storage[=FILE]  usb-storage, SuperSpeed, serial number SUBURB0001, with a
#                   copy of FILE or 128 MiB of zeros
#   uas             usb-uas, SuperSpeed, 16 streams, with a disk of 64 MiB of zeros
#   kbd             usb-kbd; vm-monitor sendkey types on it
#   mouse, tablet   pointers; see README.md for how to move them
#   serial          usb-serial (FTDI); the other end of its cable is
#                   /dev/virtio-ports/suburb.serial in the VM that has the device
#   net             usb-net (CDC/RNDIS); 10.0.2.2 behind it answers ping
#   ccid            usb-ccid, a smart card reader without a card
#   audio           usb-audio, a sound card to play on; what it is given comes out
#                   of /dev/virtio-ports/suburb.audio, as a WAV file

# shellcheck disable=SC2034 # for run.sh to print
usb_names='storage[=FILE] uas kbd mouse tablet serial net ccid audio'

# usb_device NAME[=VALUE] DIR: append to the array "qemu"; DIR is for its files.
usb_device() {
	local name=${1%%=*} file=

	[[ $1 != *=* ]] || file=${1#*=}
	case $name in
	storage)
		if [ -n "$file" ]; then
			cp --sparse=always --reflink=auto "$file" "$2/storage.img" || return
		else
			truncate -s 128M "$2/storage.img"
		fi
		# A -drive would go with its device; this stays to be plugged in again.
		qemu+=(-blockdev "raw,node-name=storage,file.driver=file,file.filename=$2/storage.img"
			-device "usb-storage,bus=xhci.0,id=storage,drive=storage,serial=SUBURB0001")
		;;
	uas)
		truncate -s 64M "$2/uas.img"
		qemu+=(-blockdev "raw,node-name=uas,file.driver=file,file.filename=$2/uas.img"
			-device "usb-uas,bus=xhci.0,id=uas"
			-device "scsi-hd,bus=uas.0,scsi-id=0,lun=0,drive=uas,serial=SUBURB0002")
		;;
	kbd | mouse | tablet | ccid)
		qemu+=(-device "usb-$name,bus=xhci.0,id=$name")
		;;
	serial)
		serial_cable "$2"
		qemu+=(-device "usb-serial,bus=xhci.0,id=serial,chardev=serial")
		;;
	net)
		qemu+=(-netdev 'user,id=usbnet,restrict=on'
			-device 'usb-net,bus=xhci.0,id=net,netdev=usbnet,mac=52:54:00:83:00:99')
		;;
	audio)
		sound_file "$2"
		qemu+=(-device "usb-audio,bus=xhci.0,id=audio,audiodev=audio,buffer=1048576")
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

# serial_cable DIR: the chardev "serial" and, at its other end, the guest's port
# suburb.serial. Not a loop like the above: usb-serial writes with QEMU's lock
# held until all is taken, so what takes it must have no end: a file, from which
# tail feeds the port.
serial_cable() {
	mkfifo "$1/serial.in" "$1/port.in"
	: >"$1/serial.out"
	ln -s serial.in "$1/port.out"
	tail -q -c +1 -f "$1/serial.out" >"$1/port.in" &
	helpers+=($!)
	qemu+=(-chardev "pipe,id=serial,path=$1/serial"
		-chardev "pipe,id=serial-port,path=$1/port"
		-device "virtserialport,chardev=serial-port,name=suburb.serial")
}

# sound_file DIR: the audiodev "audio", which writes what is played to a file, from
# which tail feeds the guest's port. At full volume it is the same, bit for bit.
sound_file() {
	mkfifo "$1/audio-port.in"
	: >"$1/audio.wav"
	: >"$1/audio-port.out"
	tail -q -c +1 -f "$1/audio.wav" >"$1/audio-port.in" 2>/dev/null &
	helpers+=($!)
	qemu+=(-audiodev "wav,id=audio,path=$1/audio.wav,out.frequency=48000"
		-chardev "pipe,id=audio-port,path=$1/audio-port"
		-device "virtserialport,chardev=audio-port,name=suburb.audio")
}
