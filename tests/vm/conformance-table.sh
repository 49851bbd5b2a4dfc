# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# conformance-table.sh - docs/CONFORMANCE.md out of the results of conformance.sh,
# which sources this and gives it outcome(), the cases, and the variables here,
# results and runs.
#
# shellcheck disable=SC2154 # are set there

# An outcome as a cell of the table
cell() { # DEVICE WAY CASE
	local what

	what=$(outcome "$@")
	case $what in
	pass*) echo pass ;;
	apply) echo - ;;
	hang) echo '**hangs**' ;;
	crash*) echo '**crashes**' ;;
	fail*) sed 's/^fail \([0-9]*\) (.*/fails: error \1/; s/^fail /fails: /' <<<"$what" ;;
	*) echo 'not reached' ;;
	esac
}

table() { # HEADING... -- DEVICE.WAY...
	local headings=() columns number row column rule='|---|---|'

	while [ "$1" != -- ]; do
		headings+=("$1")
		rule+='---|'
		shift
	done
	shift
	columns=("$@")
	printf '| case | what it does |%s\n%s\n' "$(printf ' %s |' "${headings[@]}")" "$rule"
	for number in {0..29}; do
		row="| $number | $(usbtest_field "$number" what) |"
		for column in "${columns[@]}"; do
			row+=" $(cell "${column%.*}" "${column#*.}" "$number") |"
		done
		echo "$row"
	done
	row='| | **passed** |'
	for column in "${columns[@]}"; do
		row+=" **$(grep -c ' pass' "$results/$column" 2>/dev/null)** |"
	done
	echo "$row"
}

# The line of the kernel's log that told of each crash
crashes() {
	local run number what

	for run in "${runs[@]}"; do
		[ -e "$results/$run" ] || continue
		while read -r number what; do
			[[ $what = crash* ]] || continue
			what=$(sed 's/^\[[^]]*\] *//; s/\([0-9a-f]\{8\}\)[0-9a-f]\{8\}/\1…/g' <<<"${what#crash }")
			echo "- $run, case $number: \`$what\`"
		done <"$results/$run"
	done
}

conformance_page() {
	local release

	release=$("$here/image.sh" --release)
	cat <<-END
	<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
	<!-- written by make check-conformance: changes made by hand are lost -->
	# Conformance

	The kernel's own tests for USB host controllers, the driver \`usbtest\` with its program
	\`testusb\`, all cases: with the device used locally, through Suburb (\`suburbd\` and
	\`suburb-hcd\`) and through mainline USB/IP (\`usbip-host\` and \`vhci-hcd\`), both ends in
	one virtual machine over loopback.

	Made by \`make check-conformance\` on $(date -u +%Y-%m-%d) with Debian's kernel $release,
	QEMU with $(sed 's/tcg.*/no hardware virtualisation/; s/kvm/KVM/' <"$(accelerator_file)").
	The command fails if a case that passes locally does not pass through Suburb.

	- Arguments of each case: \`tests/kselftest/lib/usbtest.sh\`.
	- "-": the device has not the endpoints that the case is for.
	- **hangs**: it has not ended after 60 s and cannot be killed. **crashes**: the kernel
	  says so, or stops. The rest is done by a new machine.
	- After a failure, too, a new machine goes on with the next case.

	## A gadget: bulk and control

	SourceSink on dummy_hcd, which has no isochronous transfers and whose source and sink are bulk.

	END
	table 'high speed: local' Suburb mainline 'super speed: local' Suburb mainline -- \
		high.local high.suburb high.mainline super.local super.suburb super.mainline
	cat <<-END

	## An emulated device: isochronous and interrupt, too

	Made of software by \`suburbd --emulate usbtest\`, so there is no local way to use it:
	through Suburb, and with mainline's \`vhci-hcd\` as the importer.

	END
	table 'high speed: Suburb' 'vhci-hcd' 'super speed: Suburb' 'vhci-hcd' -- \
		emulated-high.suburb emulated-high.mainline emulated-super.suburb emulated-super.mainline
	if [ -n "$(crashes)" ]; then
		printf '\n## What the kernel said of the crashes\n\n'
		crashes
	fi
}

accelerator_file() {
	echo "$("$here/image.sh")/accelerator-$(cat /proc/sys/kernel/random/boot_id)"
}
