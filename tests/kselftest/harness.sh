#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# harness.sh - unpack what kselftest shares (kselftest_harness.h, kselftest.h,
# lib.mk, the runner), and testusb, out of Debian's linux-source package.
#
#   harness.sh DIR [TARBALL]
#
# Into DIR, which keeps the paths of a kernel tree. Does nothing when DIR is
# there already, since to read through the tarball takes ten seconds.

set -eu

dir=${1:?usage: harness.sh DIR [TARBALL]}
tarball=${2:-}

[ ! -e "$dir/tools/usb/testusb.c" ] || exit 0

if [ -z "$tarball" ]; then
	for tarball in /usr/src/linux-source-6.1.tar.xz /usr/src/linux-source-*.tar.xz; do
		[ ! -e "$tarball" ] || break
	done
fi
if [ ! -e "$tarball" ]; then
	echo "harness.sh: no linux-source package; run 'make deps' (apt-get install linux-source-6.1)" >&2
	exit 1
fi

echo "unpacking the kselftest harness from $tarball" >&2
mkdir -p "$dir"
work=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xf "$tarball" -C "$work" --strip-components=1 --wildcards --occurrence=1 \
	'*/tools/testing/selftests/lib.mk' \
	'*/tools/testing/selftests/kselftest.h' \
	'*/tools/testing/selftests/kselftest_harness.h' \
	'*/tools/testing/selftests/kselftest/runner.sh' \
	'*/tools/testing/selftests/kselftest/prefix.pl' \
	'*/tools/usb/testusb.c'
rm -rf "$dir"
mv "$work" "$dir"
trap - EXIT
