#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh - kernels for the guest, besides the stock one of its image.
#
#   kernel.sh debug   built from Debian's linux-source with debug.config
#   kernel.sh rt      Debian's PREEMPT_RT kernel
#
# Makes it if it is not there, and prints its folder:
#
#   vmlinux       entered by QEMU directly; or bzImage, for KASAN cannot be entered so
#   initramfs     with what is needed to mount the guest's root
#   modules.img   a file system for /lib/modules
#   release       what uname -r says
#   build         KDIR of modules for it
#
# The folder's name is a hash of everything that goes in, so a kernel is built once per
# machine (15 minutes on two processors, 4 GB on the way). Kernels that nobody used for
# two weeks are removed.
#
#   LINUX_SOURCE=FILE   another tarball of the source (default: of Debian's package)
#   DEBUG_KERNEL=PATH   do not build: PATH is such a folder, or a tar file of it, from
#                       tar -caf FILE -C "$(kernel.sh debug)" .

set -euo pipefail

here=$(dirname "$(realpath "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-vm/kernel
source=${LINUX_SOURCE:-/usr/src/linux-source-6.1.tar.xz}
config=$here/debug.config
PATH=$PATH:/usr/sbin:/sbin

# What Debian's kernel needs before it has its root (see image.sh); debug.config
# has all of it built in.
rt_boot_modules='virtio_pci virtio_blk ext4 crc32c-intel virtio_console virtio_net xhci_pci configfs'

die() {
	echo "kernel.sh: $*" >&2
	exit 1
}

need() { # TOOL...
	local tool

	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing; run 'tests/deps.sh vm debug'"
	done
}

# --- the folder ----------------------------------------------------------------

make_initramfs() { # [FOLDER with modules/]
	local dir=$work/initramfs.d

	mkdir -p "$dir"/{bin,dev,proc,sys,root,modules}
	[ $# = 0 ] || cp "$1"/modules/* "$dir/modules/"
	install -m 755 "$(command -v busybox)" "$dir/bin/busybox"
	install -m 755 "$here/initramfs-init" "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc --owner=0:0) >"$work/initramfs"
	rm -r "$dir"
}

make_modules_image() { # FOLDER of /lib/modules
	local size

	size=$(du -sm "$1" | cut -f 1)
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1" "$work/modules.img" "$((size * 5 / 4 + 16))M" >/dev/null
}

# --- debug ---------------------------------------------------------------------

source_version() {
	if [ -n "${LINUX_SOURCE:-}" ]; then
		sha256sum <"$source"
	else
		dpkg-query -W -f '${Version}' linux-source-6.1
	fi
}

# What Kconfig made of the requests: one that it dropped would be a checker less.
check_config() { # CONFIG
	local line lost=

	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$1" || lost+=" ${line#CONFIG_}" ;;
		'# CONFIG_'*) ! grep -q "^$(cut -d ' ' -f 2 <<<"$line")=" "$1" || lost+=" $line" ;;
		esac
	done <"$config"
	[ -z "$lost" ] || die "this source cannot do what debug.config asks for:$lost"
}

# Of the source and all that was built, what modules are built with.
keep_for_modules() { # LINUX
	mkdir "$work/build"
	(
		cd "$1"
		parts=(Makefile .config Module.symvers include scripts arch/x86/include arch/x86/Makefile*)
		[ ! -e tools/objtool/objtool ] || parts+=(tools/objtool/objtool)
		tar -cf - --exclude='*.o' --exclude='*.a' "${parts[@]}"
	) | tar -xf - -C "$work/build"
}

build_debug() {
	local linux=$work/linux make

	# Not what a make above us was told.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make=(make -s -C "$linux" "-j$(nproc)" LOCALVERSION= KBUILD_BUILD_USER=suburb KBUILD_BUILD_HOST=suburb)
	need bc bison flex lz4 cpio mke2fs depmod busybox
	[ -e "$source" ] || die "no linux-source package; run 'tests/deps.sh vm debug'"
	mkdir "$linux"
	tar -xf "$source" -C "$linux" --strip-components=1
	"${make[@]}" KCONFIG_ALLCONFIG="$config" allnoconfig
	check_config "$linux/.config"
	"${make[@]}" bzImage modules
	"${make[@]}" INSTALL_MOD_PATH="$work/root" INSTALL_MOD_STRIP=1 modules_install
	"${make[@]}" kernelrelease >"$work/release"
	cp "$linux/arch/x86/boot/bzImage" "$work/bzImage"
	rm -f "$work"/root/lib/modules/*/{build,source}
	make_modules_image "$work/root/lib/modules"
	make_initramfs
	keep_for_modules "$linux"
	rm -rf "$linux" "$work/root"
}

# --- rt ------------------------------------------------------------------------

newest_rt() {
	apt-cache show --no-all-versions linux-image-rt-amd64 |
		sed -n 's/^Depends: linux-image-\([0-9].*-rt-amd64\) (= \(.*\))$/\1 \2/p'
}

# The hook of the guest's image, on a root that has nothing else; without its last
# step, which links busybox where there is a system.
unpack_rt_kernel() { # RELEASE ROOT
	mkdir -p "$2"/{boot,tmp,usr/local/lib} "$work/shim"
	ln -s /bin/true "$work/shim/chroot"
	: >"$work/apt.conf"
	PATH=$work/shim:$PATH MMDEBSTRAP_APT_CONFIG=$work/apt.conf SUBURB_KERNEL=$1 \
		SUBURB_MODULES=$rt_boot_modules "$here/image-kernel.sh" "$2"
}

# Not installed: the headers of another flavour would be taken for this machine's.
unpack_rt_headers() { # RELEASE
	local common=linux-headers-${1%-rt-amd64}-common-rt deb

	mkdir "$work/debs" "$work/headers"
	(cd "$work/debs" && apt-get -qq -o APT::Sandbox::User=root download "linux-headers-$1" "$common" linux-kbuild-6.1)
	for deb in "$work"/debs/*.deb; do
		dpkg-deb -x "$deb" "$work/headers"
	done
	rm -r "$work/debs"
	# shellcheck disable=SC2016 # for make
	echo 'include $(dir $(lastword $(MAKEFILE_LIST)))../'"$common/Makefile" \
		>"$work/headers/usr/src/linux-headers-$1/Makefile"
	ln -s "headers/usr/src/linux-headers-$1" "$work/build"
}

build_rt() { # RELEASE
	local root=$work/root

	need cpio xz mke2fs depmod busybox apt-get dpkg-deb
	unpack_rt_kernel "$1" "$root"
	cp "$root/boot/vmlinux" "$work/vmlinux"
	tar -xf "$root/boot/modules.tar" -C "$work"
	make_initramfs "$work"
	make_modules_image "$root/lib/modules"
	unpack_rt_headers "$1"
	echo "$1" >"$work/release"
	rm -rf "$root" "$work/modules" "$work/shim" "$work/apt.conf"
}

# --- once per machine ------------------------------------------------------------

# hash_of NAME WORD...: of these, and of what makes the kernel NAME.
hash_of() {
	{
		echo "$@"
		declare -f make_initramfs make_modules_image
		cat "$here/initramfs-init"
		case $1 in
		debug)
			declare -f check_config keep_for_modules build_debug
			cat "$config"
			;;
		rt)
			declare -f unpack_rt_kernel unpack_rt_headers build_rt
			cat "$here/image-kernel.sh"
			;;
		esac
	} | sha256sum | cut -c 1-16
}

# once NAME HASH COMMAND...: COMMAND fills $work, which becomes the folder.
once() {
	local dir=$cache/$1-$2 start=$SECONDS

	mkdir -p "$cache"
	exec 9>"$cache/.lock.$1"
	flock 9
	if ! [ -e "$dir/release" ]; then
		echo "making the $1 kernel in $dir" >&2
		rm -rf "$cache/new-$1".*
		work=$(mktemp -d "$cache/new-$1.XXXXXX")
		chmod 755 "$work"
		("${@:3}") >"$work/log" 2>&1 8>&- 9>&- &
		wait $! || { tail -n 20 "$work/log" >&2; die "that failed; see $work/log"; }
		mv "$work" "$dir"
		echo "made in $((SECONDS - start)) s" >&2
	fi
	touch "$dir"
	find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +14 -exec rm -rf {} +
	echo "$dir"
}

unpack_prebuilt() {
	tar -xf "$DEBUG_KERNEL" -C "$work"
	[ -e "$work/release" ] || die "$DEBUG_KERNEL holds no kernel of kernel.sh"
}

debug() {
	local version

	if [ -z "${DEBUG_KERNEL:-}" ]; then
		[ -e "$source" ] || die "no $source; run 'tests/deps.sh vm debug'"
		version=$(source_version)
		once debug "$(hash_of debug "$version")" build_debug
	elif [ -d "$DEBUG_KERNEL" ]; then
		[ -e "$DEBUG_KERNEL/release" ] || die "$DEBUG_KERNEL holds no kernel of kernel.sh"
		realpath "$DEBUG_KERNEL"
	elif [ -e "$DEBUG_KERNEL" ]; then
		once debug "$(sha256sum <"$DEBUG_KERNEL" | cut -c 1-16)" unpack_prebuilt
	else
		die "there is no $DEBUG_KERNEL"
	fi
}

rt() {
	local release version

	read -r release version < <(newest_rt) || die "apt knows no linux-image-rt-amd64; run 'apt-get update'"
	once rt "$(hash_of rt "$release" "$version")" build_rt "$release"
}

case ${1:-} in
debug | rt) "$1" ;;
*)
	echo "usage: kernel.sh debug|rt" >&2
	exit 2
	;;
esac
