#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# freestanding.sh - the codec on a bare Cortex-M0+: TAP
#
# It compiles there without any library's header, without a warning, and every
# function of it needs nothing but memcpy and memset: no 64-bit division (the
# chip has none and the run-time library's is slow), no access that the chip
# traps on.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "$(dirname "$0")/../tap.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
root=$(dirname "$0")/../..

compile() {
	echo '#include <suburb/extension.h>' |
		arm-none-eabi-gcc -x c - -mcpu=cortex-m0plus -mthumb -std=gnu11 -ffreestanding -nostdinc \
			-isystem "$(arm-none-eabi-gcc -print-file-name=include)" -I"$root/include" \
			-O2 -fkeep-inline-functions -Wall -Wextra -Wcast-align=strict -Werror \
			-c -o "$work/wire.o"
}

# Without these the check below would pass on an empty object.
has_functions() {
	local count

	count=$(arm-none-eabi-nm "$work/wire.o" | grep -c ' t suburb_')
	[ "$count" -ge 20 ] || { echo "only $count functions in the object"; false; }
}

needs_nothing() {
	local needs

	needs=$(arm-none-eabi-nm --undefined-only "$work/wire.o" | awk '{ print $2 }' |
		grep -vxE 'memcpy|memset|__aeabi_mem(cpy|set|clr)[48]?')
	[ -z "$needs" ] || { echo "needs: $needs"; false; }
}

check "the codec compiles for a Cortex-M0+" compile
check "every function of it is in the object" has_functions
check "it needs nothing but memcpy and memset" needs_nothing
tap_done
