#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# interop.sh - each exporter with each importer, Suburb's and mainline's, over two
# virtual machines, with a device of every class: tests/kselftest/scenario_interop.sh
# for all of them. Prints TAP; the table goes into docs/INTEROP.md, of which what
# is below its marker was written by hand and stays. "make check-interop" calls it.
#
# Mainline with mainline has a machine of its own: it is there to compare, and what
# it does is no failure of ours.

set -uo pipefail

here=$(dirname "$(realpath "$0")")
top=$(realpath "$here/../..")
build=$(realpath -m "${BUILD:-$top/build}")
page=$top/docs/INTEROP.md
marker='<!-- Below this line: by hand. make check-interop leaves it alone. -->'
. "$top/tests/tap.sh"

ours='suburbd:suburb suburbd:vhci usbipd:suburb'
mainline=usbipd:vhci
classes='storage HID serial network audio'
declare -A called=([suburbd]=suburbd [usbipd]='usbipd, usbip-host' [suburb]='suburb, suburb-hcd'
	[vhci]='usbip, vhci-hcd')

# What is judged afterwards is of this boot, or not there.
boot() { # NAME PAIRS
	rm -rf "$build/results/vm-$1" "$build/results/vm-$1.tap"
	"$here/run.sh" --quiet --two --usb storage,kbd,serial,net,audio --name "$1" --timeout 1000 \
		--payload "$build/kselftest:build/kselftest" \
		-c "SUITE_TIMEOUT=900 SUBURB_INTEROP='$2' SUBURB_INTEROP_CLASSES='$classes' tests/vm/suite.sh scenario_interop.sh" \
		>"$build/results/vm-$1.log" 2>&1
}

# All that was seen of a class through a pair: "pass", or what failed first.
outcome() { # PAIR CLASS
	cat "$build"/results/vm-interop*/importer/output 2>/dev/null | tr -d '\r' |
		awk -v name="- ${1%:*} with ${1#*:}: $2: " '
			(at = index($0, name)) {
				seen++
				step = substr($0, at + length(name))
				if (/^not ok/ && failed == "") failed = step
				if (/^ok/ && step == "used") used = 1
				if (/^ok/ && step == "gone") gone = 1
			}
			END { print failed != "" ? "fails: " failed : used && gone ? "pass" : "not run" }'
}

table() {
	local class pair

	printf '| | %s | %s | %s | %s |\n|---|---|---|---|---|\n' \
		"suburb ↔ suburbd" "vhci ↔ suburbd" "suburb ↔ usbipd" "vhci ↔ usbipd"
	for class in $classes; do
		printf '| %s |' "$class"
		for pair in $ours $mainline; do
			printf ' %s |' "$(outcome "$pair" "$class")"
		done
		echo
	done
}

write_page() {
	cat <<-END
	<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
	# Interoperability

	Each importer with each exporter over two virtual machines: \`suburb\` and \`suburb-hcd\`, or
	mainline's \`usbip\` and \`vhci-hcd\`; \`suburbd\`, or mainline's \`usbipd\` and \`usbip-host\`.
	The devices are QEMU's. A disk is written and read back, keys are typed, bytes go both ways
	through a serial port, a network is pinged, sound is played at its pace; then the device is
	detached, and its driver at the exporter has it back.

	Made by \`make check-interop\` on $(date -u +%Y-%m-%d) with Debian's kernel $("$here/image.sh" --release)
	and its package usbip. The last column has nothing of ours: it is there to compare.

	END
	table
	echo
	echo "$marker"
}

keep_what_is_by_hand() {
	sed "1,/^$marker\$/d" "$page" 2>/dev/null
}

is_pass() { # PAIR CLASS
	outcome "$@"
	[ "$(outcome "$@")" = pass ]
}

went_well() {
	cat "$build/results/vm-interop.log"
	grep -q '^ok' "$build/results/vm-interop.tap" && ! grep -q '^not ok' "$build/results/vm-interop.tap"
}

mkdir -p "$build/results"
boot interop "$ours"
boot interop-mainline "$mainline"
rm -f "$build/results/vm-interop-mainline.tap"
for pair in $ours; do
	for class in $classes; do
		check "${called[${pair#*:}]} with ${called[${pair%:*}]}: $class" is_pass "$pair" "$class"
	done
done
check "both machines ended well" went_well
{
	write_page
	keep_what_is_by_hand
} >"$build/results/interop.md"
cp "$build/results/interop.md" "$page"
tap_done
