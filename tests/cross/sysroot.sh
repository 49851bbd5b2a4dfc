#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sysroot.sh - the headers and libraries of another architecture, in a folder
#
#   sysroot.sh ARCH            prints the folder's path, fills it first if need be
#   sysroot.sh --cached ARCH   the same, but fails rather than download
#
# ARCH is Debian's name: i386, s390x. Packages are unpacked, never installed:
# nothing foreign runs, and this system's own dpkg learns of no architecture.
# They come from this machine's Debian sources, whatever its mirror is.
#
# The folder's name has a hash of this script, so a changed list of packages
# makes a new one. Concurrent calls wait for each other.

set -euo pipefail

suite=bookworm
packages=(libc6-dev libusb-1.0-0-dev libuv1-dev libinih-dev libjson-c-dev libcmocka-dev)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-sysroot

die() {
	echo "sysroot.sh: $*" >&2
	exit 1
}

# Origin in the Release file tells Debian from third-party repositories. The
# plain suite is enough: nothing of it leaves this test.
debian_sources() {
	# shellcheck disable=SC2016 # $(…) are apt's own field names
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' | grep " $suite main\$" | sort -u
}

# An absolute link would leave the sysroot.
relative_links() { # DIR
	local link target

	find "$1" -type l -lname '/*' | while read -r link; do
		target=$1$(readlink "$link")
		ln -sfn "$(realpath -ms --relative-to="$(dirname "$link")" "$target")" "$link"
	done
}

fill() { # DIR ARCH
	local include options=()

	include=$(IFS=,; echo "${packages[*]}")
	# Not every machine lets a plain user have uids of his own.
	[ "$(id -u)" = 0 ] || options+=(--mode=chrootless)
	debian_sources | "$(dirname "$0")/../mmdebstrap.sh" --quiet --variant=extract --architectures="$2" \
		--include="$include" "${options[@]}" "$suite" - - |
		tar -x -C "$1" --no-same-owner --exclude='./dev' ./usr ./lib || return
	relative_links "$1"
}

cached=
[ "${1-}" = --cached ] && { cached=1; shift; }
[ $# = 1 ] || { echo "usage: sysroot.sh [--cached] ARCH" >&2; exit 2; }
arch=$1
dir=$cache/$arch-$(sha256sum <"$0" | cut -c 1-12)

if [ ! -d "$dir" ]; then
	[ -z "$cached" ] || exit 1
	command -v mmdebstrap >/dev/null || die "mmdebstrap is missing; run 'make deps'"
	[ -n "$(debian_sources)" ] || die "apt knows no Debian $suite sources; run 'apt-get update'"
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
fi
if [ ! -d "$dir" ]; then
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	fill "$work" "$arch" || die "cannot unpack the packages of $arch"
	chmod 755 "$work"
	mv "$work" "$dir"
fi
echo "$dir"
