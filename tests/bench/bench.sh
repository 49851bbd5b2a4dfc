#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh - measures what cells.sh lists, in virtual machines, and writes to
# build/bench: samples.csv, all that was measured; table.txt, its medians; bars.txt, what
# Suburb shall keep to, and whether it does; plots. "make bench" calls it.
#
#   bench.sh [PART...]    these parts only, the others as the last time (all)
#
# Each part of the list is a boot. When a machine dies, the cell that it was at has
# failed, and another machine does the rest of the part.

set -uo pipefail

here=$(dirname "$(realpath "$0")")
top=$(realpath "$here/../..")
build=$(realpath -m "${BUILD:-$top/build}")
out=$build/bench
. "$here/cells.sh"

boots=4
limit=2400

boot() { # PART PLAN
	local options=(--smp 2 --mem 1536)

	case $1 in
	cost) options=(--two --mem 1024) ;;
	disk) options+=(--usb 'uas,audio' --qemu "-drive if=virtio,format=raw,readonly=on,file=$("$here/fio.sh")") ;;
	esac
	"$top/tests/vm/run.sh" --quiet "${options[@]}" --name "bench-$1" --timeout "$limit" \
		--payload "$build/kselftest:build/kselftest" --payload "$build/bench-programs:build/bench-programs" \
		--payload "$2:plan" -c tests/bench/guest.sh >"$out/$1.log" 2>&1
	rm -f "$build/results/vm-bench-$1.tap"
}

# The lines of PLAN that SAMPLES have nothing of
left_of() { # PLAN SAMPLES
	awk 'NR == FNR { seen[$2, $3, $4, $5, $6, $7] = 1; next } !seen[$1, $2, $3, $4, $5, $6]' "$2" "$1"
}

measure() { # PART
	local plan=$out/$1.plan samples=$out/$1.samples start=$SECONDS n

	bench_plan "$1" >"$plan.all"
	printf '' >"$samples"
	cp "$plan.all" "$plan"
	for ((n = 0; n < boots; n++)); do
		rm -rf "$build/results/vm-bench-$1"
		boot "$1" "$plan"
		cat "$build/results/vm-bench-$1"/*/output 2>/dev/null | tr -d '\r' | tee -a "$out/$1.output" |
			grep '^sample ' >>"$samples"
		left_of "$plan.all" "$samples" >"$plan"
		[ -s "$plan" ] || break
		head -n 1 "$plan" | sed 's/^/sample /; s/ [^ ]*$/ failed/' >>"$samples"
		left_of "$plan.all" "$samples" >"$plan"
		[ -s "$plan" ] || break
	done
	sed 's/^/sample /; s/ [^ ]*$/ failed/' "$plan" >>"$samples"
	rm "$plan" "$plan.all"
	echo "$1: $(wc -l <"$samples") cells, $(grep -c 'failed$' "$samples") of them failed, in $((n + (n < boots))) boots and $((SECONDS - start)) s"
}

csv() {
	echo 'round,way,measure,size_bytes,depth,path,quantity,value,unit'
	cat "$out"/*.samples | awk -v OFS=, '
		$NF == "failed" { print $2, $3, $4, $5, $6, $7, "failed", "", ""; next }
		{
			for (i = 8; i <= NF; i++) {
				split($i, part, /[=:]/)
				print $2, $3, $4, $5, $6, $7, part[1], part[2], part[3]
			}
		}'
}

plans() {
	local part

	for part in $(bench_parts); do
		bench_plan "$part"
	done
}

judge() { # AWK-ARG...
	awk -f "$here/samples.awk" "$@"
}

mkdir -p "$out"
[ $# -gt 0 ] || {
	rm -rf "${out:?}"/*
	mapfile -t all < <(bench_parts)
	set -- "${all[@]}"
}
for part; do
	rm -f "$out/$part.output"
	measure "$part"
done
csv >"$out/samples.csv"
judge -v ways="tcp $bench_ways" -f "$here/table.awk" "$out/samples.csv" >"$out/table.txt"
judge -v plans="$(plans)" -f "$here/bars.awk" "$out/samples.csv" >"$out/bars.txt"
status=$?
cat "$out/table.txt" "$out/bars.txt"
"$here/plot.sh" "$out/samples.csv" "$out"
echo "measured in $((SECONDS / 60)) min $((SECONDS % 60)) s; see $out"
exit $status
