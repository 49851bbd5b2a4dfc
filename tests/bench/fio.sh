#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fio.sh - Debian's fio for a guest whose image has none: prints a file system, labelled
# suburb-fio, with it and the libraries that it is linked with.
#
# The packages are unpacked, not installed, and kept by version in the cache. They are a disk
# and no payload, for of all these libraries next to nothing is ever read.

set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-vm-fio

# All that fio needs, and what that needs, down to what every Debian has. Python is
# for its other programs, and daemons of libraries are not used.
packages() {
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances --no-pre-depends fio |
		grep -E '^(fio|lib[a-z0-9.+-]*)$' |
		grep -vE '^lib(c6|c-bin|gcc-s1|crypt1|python3.*|perl.*|pam.*|apt.*|systemd.*|debconf.*)$' |
		sort -u
}

unpack() { # DIR
	local deb list

	mapfile -t list < <(packages)
	mkdir -p "$1/debs" "$1/root"
	(cd "$1/debs" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "${list[@]}") >&2
	for deb in "$1"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1/root" --no-same-owner \
			--wildcards './usr/bin/fio' './usr/lib/x86_64-linux-gnu/*.so*' './lib/x86_64-linux-gnu/*.so*' 2>/dev/null || :
	done
	[ -x "$1/root/usr/bin/fio" ]
	mke2fs -q -t ext4 -L suburb-fio -O ^has_journal -m 0 -d "$1/root" "$1/fio.img" \
		$(($(du -sm "$1/root" | cut -f 1) * 5 / 4 + 16))M >&2
	rm -r "$1/debs" "$1/root"
}

PATH=$PATH:/usr/sbin:/sbin
version=$(apt-cache show --no-all-versions fio | sed -n 's/^Version: //p')
[ -n "$version" ] || {
	echo "fio.sh: apt knows no fio; run 'apt-get update'" >&2
	exit 1
}
dir=$cache/$(sha256sum "$0" | cut -c 1-16)-$version
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if ! [ -d "$dir" ]; then
	echo "unpacking fio $version in $dir" >&2
	rm -rf "${cache:?}"/*/
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	unpack "$work"
	mv "$work" "$dir"
	trap - EXIT
fi
echo "$dir/fio.img"
