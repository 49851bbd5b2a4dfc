#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh - installs the Debian packages that are missing, and says which and why
#
#   deps.sh [--dry-run] [build|check|fuzz|vm|debug|bench]...
#
# No group means all of them but fuzz, debug and bench. Needs nothing but bash, dpkg and apt. If all is
# there it says nothing and touches nothing; as a plain user it prints the
# command that installs the rest, and fails.

set -euo pipefail

# group package reason
table='
build gcc                   compiles everything
build make                  runs everything
build libc6-dev             the C library
build pkg-config            finds the libraries
build libusb-1.0-0-dev      suburbd: reaches USB devices
build libuv1-dev            suburbd: event loop
build libinih-dev           suburbd: configuration file
build libjson-c-dev         suburb: --json
build linux-headers-amd64   the kernel module
build kmod                  loads the kernel module
check libcmocka-dev         unit and protocol tests
check valgrind              finds wrong use of memory
check gcovr                 make coverage
check shellcheck            lint of scripts
check codespell             lint of words
check mandoc                lint of man pages
check sparse                lint of the kernel module
check clang                 lint: analyser
check clang-tools           lint: scan-build
check clang-tidy            lint of C
check cppcheck              lint of C
check coccinelle            lint of the kernel module
check perl                  lint: checkpatch.pl
check linux-source-6.1      lint: checkpatch.pl and semantic patches
check xz-utils              lint: unpacks linux-source
check gcc-12-multilib       32-bit tests
check gcc-s390x-linux-gnu   big-endian tests
check qemu-user             runs the big-endian tests
check gcc-arm-none-eabi     the codec on a bare board
check mmdebstrap            libraries of other architectures, guest image
fuzz  clang                 fuzz targets
fuzz  libclang-rt-14-dev    libFuzzer and sanitizers
fuzz  llvm                  their stack traces
vm    mmdebstrap            guest image
vm    qemu-system-x86       virtual machines
vm    e2fsprogs             guest image
vm    cpio                  guest image
vm    xz-utils              guest image
vm    busybox-static        guest image
vm    linux-source-6.1      the kernel test harness
debug linux-source-6.1      the debug kernel
debug bc                    builds the debug kernel
debug bison                 builds the debug kernel
debug flex                  builds the debug kernel
debug libelf-dev            builds the debug kernel
debug lz4                   builds the debug kernel
bench gnuplot-nox           plots
'

dry_run=
[ "${1-}" = --dry-run ] && { dry_run=1; shift; }
groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(build check vm)
for group in "${groups[@]}"; do
	case $group in
	build|check|fuzz|vm|debug|bench) ;;
	*) echo "deps.sh: unknown group '$group'; there are build, check, fuzz, vm, debug and bench" >&2; exit 2 ;;
	esac
done

# The guest has the newest stock kernel that apt knows, which linux-headers-amd64
# may not have caught up with.
guest_headers() {
	{ apt-cache show --no-all-versions linux-image-amd64 2>/dev/null || :; } |
		sed -n 's/^Depends: linux-image-\([0-9].*-amd64\) (= .*/linux-headers-\1/p'
}

# The guest image is made from what apt knows, so apt has to know something.
case " ${groups[*]} " in
*" vm "*)
	headers=$(guest_headers)
	if [ -z "$headers" ] && [ -z "$dry_run" ] && [ "$(id -u)" = 0 ]; then
		apt-get update
		headers=$(guest_headers)
	fi
	[ -z "$headers" ] || table+="vm $headers   the module for the guest"
	;;
esac

# Lines "package reason" of the groups asked for, each package once.
wanted() {
	local group package reason

	while read -r group package reason; do
		case " ${groups[*]} " in
		*" ${group:--} "*) echo "$package $reason" ;;
		esac
	done <<<"$table" | sort -u -k 1,1
}

missing() {
	local package reason installed

	installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null |
		sed -n 's/^.i \(.*\)/\1/p' | tr '\n' ' ') "
	wanted | while read -r package reason; do
		case $installed in
		*" $package "*) ;;
		*) echo "$package $reason" ;;
		esac
	done
}

install_packages() {
	DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y --no-install-recommends "$@"
}

lines=$(missing)
[ -n "$lines" ] || exit 0
read -ra packages <<<"$(cut -d ' ' -f 1 <<<"$lines" | tr '\n' ' ')"
echo "missing Debian packages:"
while read -r package reason; do
	printf '  %-22s%s\n' "$package" "$reason"
done <<<"$lines"
[ -z "$dry_run" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "deps.sh: only root can install them; run: sudo apt-get install ${packages[*]}" >&2
	exit 1
fi
# Package lists may be absent, or older than what the mirror still has.
apt-cache show "${packages[@]}" >/dev/null 2>&1 || apt-get update
install_packages "${packages[@]}" || { apt-get update && install_packages "${packages[@]}"; }
