#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh - the guest image: a minimal Debian root on ext4, Debian's stock
# kernel, and an initramfs of our own that finds the one from the other.
#
#   image.sh            build the image if it is not there; print its folder
#   image.sh --release  print the release of the kernel that it has
#
# The folder holds root.img, vmlinux, initramfs and release. Its name is a hash
# of everything that goes in, so a change of these scripts or a new kernel
# package makes a new image; images that nobody runs any more are removed.
# Nothing of ours is inside: run.sh brings that with every run.
#
# Needs root, or newuidmap for mmdebstrap's unshare mode.

set -euo pipefail

here=$(dirname "$(realpath "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-vm
suite=bookworm
size=2G

packages=(
	udev kmod util-linux procps mount iproute2 iputils-ping ethtool nftables
	usbutils usb.ids usbip libusb-1.0-0 libuv1 libinih1 libjson-c5
	e2fsprogs dosfstools busybox-static socat strace tcpdump vim-tiny less make
	alsa-utils v4l-utils
)

# What the initramfs needs to mount the root and unpack the payload, and what
# every guest uses.
boot_modules=(virtio_pci virtio_blk ext4 crc32c-intel virtio_console virtio_net
	xhci_pci configfs)

die() {
	echo "image.sh: $*" >&2
	exit 1
}

# The host's own Debian sources, whatever its files look like; the Origin in
# the Release file tells them from third-party repositories.
debian_sources() {
	# shellcheck disable=SC2016 # $(…) are apt's own field names
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' |
		grep -E " $suite(-updates|-security)? main\$" | sort -u
}

# The settings that decide how apt reaches its sources.
apt_settings() {
	apt-config dump Acquire |
		grep -E '^Acquire::(https?|ftp|Check-|Retries)' |
		grep -vE ' "";$' || true
}

# "RELEASE VERSION" of the newest kernel package that apt knows of.
newest_kernel() {
	apt-cache show --no-all-versions linux-image-amd64 |
		sed -n 's/^Depends: linux-image-\([0-9].*-amd64\) (= \(.*\))$/\1 \2/p'
}

image_hash() {
	{
		echo "$release $version"
		cat "$here/image.sh" "$here/image-kernel.sh" "$here/initramfs-init"
	} | sha256sum | cut -c 1-16
}

# uid 0 for what follows: unpacking files of many owners.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-root-user --map-auto -- "$@"
	fi
}

bootstrap() { # TARFILE
	local opts=() line

	while read -r line; do
		opts+=("--aptopt=$line")
	done < <(apt_settings)
	# shellcheck disable=SC2016 # $1 is for the hook's shell
	debian_sources | SUBURB_KERNEL=$release SUBURB_OUT=$work \
		SUBURB_MODULES=${boot_modules[*]} "$here/../mmdebstrap.sh" --quiet --variant=essential \
		--include="$(IFS=,; echo "${packages[*]}")" "${opts[@]}" \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/bug/*' \
		--customize-hook="$here/image-kernel.sh" \
		--customize-hook="download /boot/vmlinux '$work/vmlinux'" \
		--customize-hook="download /boot/modules.tar '$work/modules.tar'" \
		--customize-hook='rm -r "$1/boot"; mkdir "$1/boot"' \
		"$suite" "$1" -
}

# mke2fs copies from a folder only, so the tar is unpacked on the way.
make_root_image() { # TARFILE
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root bash -euc '
		mkdir "$1/root"
		tar -xf "$2" -C "$1/root" --exclude="./dev/*"
		mkdir -p "$1/root/suburb"
		mke2fs -q -t ext4 -L suburb-vm -O ^has_journal -m 0 \
			-d "$1/root" "$1/root.img" "$3" >/dev/null
		cp "$1/root/bin/busybox" "$1/busybox"
		rm -rf "$1/root"
	' - "$work" "$1" "$size"
}

make_initramfs() {
	local dir=$work/initramfs.d

	mkdir -p "$dir"/{bin,dev,proc,sys,root}
	tar -xf "$work/modules.tar" -C "$dir"
	install -m 755 "$work/busybox" "$dir/bin/busybox"
	install -m 755 "$here/initramfs-init" "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc --owner=0:0) >"$work/initramfs"
	rm -r "$dir"
}

build() {
	local start=$SECONDS

	for tool in mmdebstrap mke2fs cpio xz depmod; do
		command -v "$tool" >/dev/null || die "$tool is missing; run 'make deps'"
	done
	[ -n "$(debian_sources)" ] ||
		die "apt knows no Debian $suite sources; run 'apt-get update'"
	echo "building the guest image ($release) in $cache/$hash" >&2
	as_root rm -rf "$cache"/build.*
	work=$(mktemp -d "$cache/build.XXXXXX")
	chmod 755 "$work"
	trap 'as_root rm -rf "$work"' EXIT
	bootstrap "$work/root.tar" >&2
	make_root_image "$work/root.tar"
	make_initramfs
	echo "$release" >"$work/release"
	: >"$work/lock"
	rm "$work"/{root.tar,modules.tar,busybox}
	mv "$work" "$cache/$hash"
	trap - EXIT
	echo "guest image built in $((SECONDS - start)) s" >&2
}

# A run holds a shared lock on its image.
remove_old() {
	local dir

	for dir in "$cache"/*/; do
		[ "$dir" = "$cache/$hash/" ] && continue
		[ -e "$dir/lock" ] || continue
		flock -n -x "$dir/lock" rm -rf "$dir" || true
	done
}

PATH=$PATH:/usr/sbin:/sbin
read -r release version < <(newest_kernel) ||
	die "apt knows no linux-image-amd64; run 'apt-get update'"
case ${1:-} in
'') ;;
--release)
	echo "$release"
	exit
	;;
*)
	echo "usage: image.sh [--release]" >&2
	exit 2
	;;
esac

hash=$(image_hash)
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if ! [ -d "$cache/$hash" ]; then
	build >&2
	remove_old
fi
echo "$cache/$hash"
