#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image-kernel.sh - put Debian's kernel package into the root of the guest.
#
# Called by mmdebstrap as a hook with the root's folder, from image.sh, which
# sets SUBURB_KERNEL (release) and SUBURB_MODULES. The package is unpacked, not
# installed: a guest that is started with -kernel needs no boot loader and no
# initramfs-tools. Drivers for hardware that QEMU cannot have are left out.
#
# Leaves two files in the root's /boot for image.sh to take away: vmlinux, the
# kernel without its compression (QEMU enters it directly, which saves seconds
# per boot without hardware virtualisation), and modules.tar for the initramfs.

set -euo pipefail

root=$1
release=$SUBURB_KERNEL
read -ra modules <<<"$SUBURB_MODULES"

left_out=(
	drivers/gpu drivers/infiniband drivers/net/ethernet drivers/net/wireless
	drivers/media/pci drivers/platform drivers/iio drivers/comedi
	sound/soc sound/pci fs/ocfs2
)

unpack_package() {
	local deb opts=() path

	for path in "${left_out[@]}"; do
		opts+=("--exclude=./lib/modules/$release/kernel/$path")
	done
	(cd "$root/tmp" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG \
		apt-get -qq -o APT::Sandbox::User=root download "linux-image-$release")
	deb=$(echo "$root/tmp/linux-image-$release"_*.deb)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$root" --keep-directory-symlink "${opts[@]}" ./boot ./lib
	rm "$deb" "$root/boot/System.map-$release"
	depmod -b "$root" "$release"
}

le32() { # FILE OFFSET
	od -An -t u4 -j "$2" -N 4 "$1" | tr -d ' '
}

# Documentation/x86/boot.rst: the payload starts payload_offset bytes after the
# (setup_sects + 1) * 512 bytes of real-mode code; Debian compresses with xz.
extract_vmlinux() { # BZIMAGE
	local setup start length

	setup=$(od -An -t u1 -j $((0x1f1)) -N 1 "$1" | tr -d ' ')
	start=$(((setup + 1) * 512 + $(le32 "$1" $((0x248)))))
	length=$(le32 "$1" $((0x24c)))
	dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$start" count="$length" status=none |
		xz -dc --single-stream
}

# Files in the order in which they must be loaded, named so that a glob keeps it.
collect_modules() {
	local dir=$root/boot/modules file n=100

	mkdir "$dir"
	modprobe -d "$root" -S "$release" --show-depends -a "${modules[@]}" |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' |
		while read -r file; do
			cp "$file" "$dir/$((n++))-${file##*/}"
		done
	tar -cf "$root/boot/modules.tar" -C "$root/boot" modules
	rm -r "$dir"
}

unpack_package
extract_vmlinux "$root/boot/vmlinuz-$release" >"$root/boot/vmlinux"
collect_modules
mkdir -p "$root/usr/local/lib/busybox"
chroot "$root" busybox --install -s /usr/local/lib/busybox
