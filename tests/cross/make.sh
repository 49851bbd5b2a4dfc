#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make.sh - make for another architecture, and for running what it made
#
#   make.sh ARCH MAKE-ARGUMENT...
#
# ARCH is i386 or s390x. i386 programs run on this machine's kernel, with the
# sysroot's own loader; s390x programs run under qemu-user.

set -euo pipefail

[ $# -ge 2 ] || { echo "usage: make.sh ARCH MAKE-ARGUMENT..." >&2; exit 2; }
arch=$1
shift
sysroot=$("$(dirname "$0")/sysroot.sh" "$arch")

case $arch in
i386)
	libs=$sysroot/usr/lib/i386-linux-gnu
	cc="gcc-12 -m32 --sysroot=$sysroot"
	# Old-style rpath: it also holds for the libraries' own libraries.
	ldflags="-Wl,--disable-new-dtags,-rpath=$libs:$sysroot/lib/i386-linux-gnu"
	ldflags+=" -Wl,--dynamic-linker=$sysroot/lib/ld-linux.so.2"
	run=
	;;
s390x)
	libs=$sysroot/usr/lib/s390x-linux-gnu
	cc="s390x-linux-gnu-gcc --sysroot=$sysroot"
	ldflags=
	run="qemu-s390x -L $sysroot"
	;;
*)
	echo "make.sh: unknown architecture '$arch'; there are i386 and s390x" >&2
	exit 2
	;;
esac

export PKG_CONFIG_LIBDIR=$libs/pkgconfig:$sysroot/usr/share/pkgconfig
export PKG_CONFIG_SYSROOT_DIR=$sysroot
exec make "$@" CC="$cc" LDFLAGS="$ldflags" TEST_RUN="$run" VARIANT="$arch"
