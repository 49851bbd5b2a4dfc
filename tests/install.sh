#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh - "make install" puts everything in its place, "make uninstall"
# takes it all away again: TAP
#
# Into a folder, from a copy of the source; programs are those of $BUILD.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

root=$(realpath "$(dirname "$0")/..")
build=$(realpath "${BUILD:-$root/build}")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
dest=$work/dest
kdir=$(make -s -C "$root" print-kdir)
release=$(basename "$kdir" | sed 's/^linux-headers-//')
[ "$release" != build ] || release=$(basename "$(dirname "$kdir")")

make_there() {
	make -s -C "$work/source" DESTDIR="$dest" PREFIX=/usr "$@"
}

# With what is built of it, and the times: only the module is built anew.
copy_source() {
	mkdir -p "$work/source/build/obj"
	cp -rp "$root"/{Makefile,include,exporter,tools,docs,system} "$work/source/"
	cp -rp "$build"/{suburb,suburbd} "$work/source/build/"
	cp -rp "$build"/obj/{exporter,tools} "$work/source/build/obj/"
	mkdir -p "$work/source/kernel" "$work/source/tests"
	cp "$root"/kernel/*.[ch] "$root/kernel/Makefile" "$work/source/kernel/"
	rm -f "$work"/source/kernel/*.mod.c
	cp -r "$root/tests/vm" "$work/source/tests/"
	(cd "$root" && find tests -name "*.mk" -exec cp --parents {} "$work/source" \;)
}

installed() {
	(cd "$dest" && find . -type f -printf '%m %P\n' | sort -k 2)
}

expected() {
	cat <<-END
		644 etc/suburb/suburbd.conf
		644 lib/modules/$release/updates/suburb-hcd.ko
		755 usr/bin/suburb
		644 usr/lib/modules-load.d/suburb.conf
		644 usr/lib/systemd/system/suburbd.service
		644 usr/lib/sysusers.d/suburb.conf
		644 usr/lib/udev/rules.d/72-suburb.rules
		755 usr/sbin/suburbd
		644 usr/share/bash-completion/completions/suburb
		644 usr/share/bash-completion/completions/suburbd
		644 usr/share/man/man1/suburb.1
		644 usr/share/man/man8/suburbd.8
	END
}

exactly_these_files() {
	diff <(expected) <(installed)
}

# What uname -r would have to say for modprobe to find it.
module_is_for_its_folder() {
	[ "$(modinfo -F vermagic "$dest/lib/modules/$release/updates/suburb-hcd.ko" |
		cut -d ' ' -f 1)" = "$release" ]
}

programs_run() {
	"$dest/usr/bin/suburb" --version && "$dest/usr/sbin/suburbd" --version
}

pages_name_themselves() {
	grep -q '^\.Dt SUBURB 1' "$dest/usr/share/man/man1/suburb.1" &&
		grep -q '^\.Dt SUBURBD 8' "$dest/usr/share/man/man8/suburbd.8"
}

# Nothing is left to fill in, and what it starts is where it was put.
unit_names_what_is_there() {
	local unit=$dest/usr/lib/systemd/system/suburbd.service

	! grep '@[a-z]*@' "$unit" &&
		grep -q '^ExecStart=/usr/sbin/suburbd .*--config /etc/suburb/suburbd\.conf$' "$unit"
}

# The one of the unit; it exports nothing, and says so.
configuration_is_valid() {
	"$dest/usr/sbin/suburbd" --config "$dest/etc/suburb/suburbd.conf" --udev-rules
}

change_configuration() {
	echo '# mine' >>"$dest/etc/suburb/suburbd.conf"
}

only_the_changed_configuration() {
	installed
	[ "$(installed)" = "644 etc/suburb/suburbd.conf" ] &&
		grep -q '^# mine$' "$dest/etc/suburb/suburbd.conf"
}

change_back() {
	cp "$root/system/suburbd.conf" "$dest/etc/suburb/suburbd.conf"
}

nothing_is_left() {
	[ -z "$(installed)" ] || { installed; false; }
}

copy_source
check "make install succeeds" make_there install
check "these files, with these modes, and no others" exactly_these_files
check "the module is for the kernel in whose folder it is" module_is_for_its_folder
check "suburb and suburbd run from where they are" programs_run
check "the man pages are those of the two programs" pages_name_themselves
check "the unit starts what was installed" unit_names_what_is_there
check "the configuration is one" configuration_is_valid
change_configuration
check "installing again is no error" make_there install
check "make uninstall succeeds" make_there uninstall
check "only the configuration is left, which was changed" only_the_changed_configuration
change_back
check "uninstalling again is no error" make_there uninstall
check "nothing is left" nothing_is_left
tap_done
