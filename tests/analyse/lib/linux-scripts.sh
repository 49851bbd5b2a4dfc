#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux-scripts.sh - unpack checkpatch.pl and the semantic patches out of Debian's
# linux-source package, and print the folder that they are in
#
#   linux-scripts.sh DIR      the folder's name begins so, and ends with the package's version
#
# Does nothing but print when it is there already, since to read through the
# package takes ten seconds. Concurrent calls wait for each other.

set -eu

dir=${1:?usage: linux-scripts.sh DIR}
tarball=/usr/src/linux-source-6.1.tar.xz

if [ ! -e "$tarball" ]; then
	echo "linux-scripts.sh: no linux-source package; run 'make deps' (apt-get install linux-source-6.1)" >&2
	exit 1
fi
dir=$dir-$(dpkg-query -W -f '${Version}' linux-source-6.1)
mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock"
flock 9
if [ ! -e "$dir" ]; then
	work=$(mktemp -d "$dir.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	tar -xf "$tarball" -C "$work" --strip-components=2 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' \
		'*/scripts/coccinelle/*.cocci'
	mv "$work" "$dir"
fi
echo "$dir"
