#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# systemd.sh - Debian's systemd for a guest whose image has none: prints a folder
# to bring along with run.sh --payload FOLDER:systemd. The guest's init puts it
# into the root and has it run as PID 1 (guest/init).
#
# The packages are unpacked, not installed, and kept by version in the cache:
# an image with systemd in it would make every other test boot slower.

set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-vm-systemd

# systemd, and of the libraries that it needs those that the image may lack.
packages=(
	systemd libsystemd-shared libsystemd0 libapparmor1 libargon2-1 libcryptsetup12
	libdevmapper1.02.1 libfdisk1 libffi8 libip4tc2 libp11-kit0 libseccomp2
)

left_out=(
	./usr/share/doc ./usr/share/man ./usr/share/locale ./usr/share/bash-completion
	./usr/share/zsh ./usr/share/polkit-1 ./usr/share/bug ./usr/share/lintian
)

unpack() { # DIR
	local deb path opts=()

	for path in "${left_out[@]}"; do
		opts+=("--exclude=$path")
	done
	mkdir -p "$1"/debs "$1"/root/usr/{bin,sbin,lib,lib64}
	for path in bin sbin lib lib64; do
		ln -s "usr/$path" "$1/root/$path"
	done
	(cd "$1/debs" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 \
		download "${packages[@]}") >&2
	for deb in "$1"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1/root" --no-same-owner \
			--keep-directory-symlink "${opts[@]}"
	done
	rm -r "$1"/debs "$1"/root/{bin,sbin,lib,lib64}
}

version=$(apt-cache show --no-all-versions systemd | sed -n 's/^Version: //p')
[ -n "$version" ] || {
	echo "systemd.sh: apt knows no systemd; run 'apt-get update'" >&2
	exit 1
}
dir=$cache/$(sha256sum "$0" | cut -c 1-16)-$version
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if ! [ -d "$dir" ]; then
	echo "unpacking systemd $version in $dir" >&2
	rm -rf "${cache:?}"/*/
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	unpack "$work"
	mv "$work/root" "$dir"
fi
echo "$dir"
