#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# module.sh - the module builds without a word from compiler or sparse: TAP
#
#   module.sh [KDIR]    default: the headers that "make module" would take
#
# In a copy, so that a build that goes on beside it is left alone.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

root=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
kdir=${1:-$(make -s -C "$root" print-kdir)}

# Warnings are what is said beside the steps of the build. BTF needs a vmlinux,
# which header packages lack; kbuild mentions it every time.
silent() { # FOLDER ARGUMENT...
	local said

	make -C "$kdir" M="$work/$1" "${@:2}" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
	said=$(grep -vE '^  [A-Z]+ |^make|^Skipping BTF generation' "$work/log")
	[ -z "$said" ] || { echo "$said"; return 1; }
}

one_product() {
	[ -f "$work/kernel/suburb-hcd.ko" ]
}

mkdir -p "$work/kernel" "$work/bad"
echo 'obj-m := bad.o' >"$work/bad/Makefile"
cat >"$work/bad/bad.c" <<'END'
#include <linux/types.h>
u32 bad(__be32 wire)
{
	return wire;
}
END
check "the compiler is shown a function without a prototype and says so" \
	says 'no previous prototype' silent bad W=1 bad.o
check "sparse is shown a byte order not minded and says so" \
	says 'different base types' silent bad C=2 bad.o

cp "$root"/kernel/*.[ch] "$root/kernel/Makefile" "$work/kernel/"
rm -f "$work"/kernel/*.mod.c
cp -r "$root/include" "$work/"
check "the module builds with W=1 and sparse, and neither has anything to say" silent kernel W=1 C=2 modules
check "suburb-hcd.ko is what comes of it" one_product
tap_done
