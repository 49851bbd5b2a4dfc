#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# figures.sh - bulk throughput and round trip of the local device, of mainline
# USB/IP and of Suburb, in one VM and over two, as tables. "make figures" calls it.
#
# The device is a SourceSink gadget on dummy_hcd. All of a table was measured in
# one run of the same machine; without hardware virtualisation the figures are
# the emulator's, and their ratios are what to look at. FIGURES_SECONDS is how
# long each is measured (5).

set -euo pipefail

here=$(dirname "$(realpath "$0")")
build=${BUILD:-$here/../../build}
seconds=${FIGURES_SECONDS:-5}


figures() { # NAME WAYS OPTION...
	local name=$1 ways=$2

	shift 2
	"$here/run.sh" --quiet "$@" --payload "$build/kselftest:build/kselftest" --name "figures-$name" \
		--timeout 900 -c "FIGURES_SECONDS=$seconds tests/vm/figures-guest.sh $ways" >&2 ||
		echo "figures.sh: the run $name failed, its table may lack lines" >&2
	table "$build/results/vm-figures-$name"/*/output
	rm -f "$build/results/vm-figures-$name.tap"
}

# CPU: of one processor of the importing (and of the exporting) machine, while
# the figure was measured; the exporter's includes the start of the run.
table() { # FILE...
	cat "$@" | awk '
		BEGIN { printf "%-10s %-18s %9s %9s %9s %9s %8s %8s\n", "", "transfer", "MB/s",
			"per s", "p50 us", "p99 us", "CPU %", "far %" }
		NF >= 8 && $1 ~ /^(local|mainline|suburb)$/ {
			split($2, cell, ",")
			size = cell[2] >= 1048576 ? cell[2] / 1048576 " MiB" : cell[2] >= 1024 ? cell[2] / 1024 " KiB" : cell[2] " B"
			printf "%-10s %-18s %9.2f %9d %9d %9d %8.0f %8s\n", $1,
				cell[1] " " size " x " cell[3] (cell[4] ? " @" cell[4] : ""), $3, $4, $6, $7, $8 * $4 / 10000,
				(NF > 8 ? sprintf("%.0f", $9 / (seconds * 10000)) : "")
		}
		$3 == "failed" { print $1, $2, "failed" }' seconds="$seconds"
}

echo "One VM, both ends over loopback"
figures one 'local mainline suburb'
echo
echo "Two VMs joined by a virtual network"
figures two 'mainline suburb' --two
