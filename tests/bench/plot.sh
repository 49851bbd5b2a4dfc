#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plot.sh SAMPLES.CSV FOLDER - the medians as pictures, SVG and PNG, with the least and
# the most of each.

set -uo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/bench/cells.sh
. "$here/cells.sh"
samples=$1 folder=$2

command -v gnuplot >/dev/null || {
	echo "plot.sh: no pictures: gnuplot is missing; run 'tests/deps.sh bench'" >&2
	exit 1
}

blocks() { # PATTERN FIELD QUANTITY WAYS
	awk -v ways="$4" -v pattern="$1" -v field="$2" -v quantity="$3" -f "$here/samples.awk" -f "$here/plot.awk" "$samples"
}

plot() { # NAME TITLE XLABEL YLABEL SCALE PATTERN FIELD QUANTITY [WAY]
	local data=$folder/$1.data n type

	blocks "$6" "$7" "$8" "${9:-} $bench_ways" >"$data"
	# One point is no picture.
	[ "$(sed -n 's/^\([0-9]*\) .*/\1/p' "$data" | sort -u | wc -l)" -gt 1 ] || { rm "$data"; return; }
	n=$(grep -c '^"' "$data")
	for type in svg png; do
		gnuplot <<-END
			set terminal $type size 800,500
			set output '$folder/$1.$type'
			set title '$2'
			set xlabel '$3'
			set ylabel '$4'
			set key outside
			set grid
			$5
			plot for [i=0:$((n - 1))] '$data' index i using 1:2:3:4 with yerrorlines title columnheader(1)
		END
	done
	rm "$data"
}

log='set logscale xy; set xtics ("512" 512, "1 KiB" 1024, "4 KiB" 4096, "16 KiB" 16384, "64 KiB" 65536, "1 MiB" 1048576)'
for depth in 1 4 16 32; do
	for direction in in out; do
		plot "bulk-$direction-x$depth" "Bulk $direction, $depth in flight" 'bytes per transfer' 'MB/s' \
			"$log" "^$direction,[0-9]*,$depth,0\$" 2 rate
	done
done
plot latency-bulk 'Bulk of 512 bytes, round trip, median' 'added round trip, ms' 'us' 'set logscale y' '^(in,512|tcp-ping,48),1,' 4 p50 tcp
plot latency-control 'Control of 8 bytes, round trip, median' 'added round trip, ms' 'us' 'set logscale y' '^(control,8|tcp-ping,48),1,' 4 p50 tcp
plot latency-interrupt 'Interrupt of 8 bytes, round trip, median' 'added round trip, ms' 'us' 'set logscale y' '^(interrupt,8|tcp-ping,48),1,' 4 p50 tcp
plot delay-in 'Bulk in, 64 KiB x 16' 'added round trip, ms' 'MB/s' 'set yrange [0:]' '^(in,65536,16|tcp-in,0,1),' 4 rate tcp
plot delay-in-small 'Bulk in, 1 KiB x 16' 'added round trip, ms' 'MB/s' 'set yrange [0:]' '^in,1024,16,' 4 rate
plot reports 'HID reports that came, of 1000 a second' 'added round trip, ms' '1/s' 'set yrange [0:]' '^reports,' 4 reports
plot reports-age 'HID reports, median age at the reader' 'added round trip, ms' 'us' 'set logscale y' '^reports,' 4 age_p50
plot in-flight 'Time of all processors per bulk transfer of 1 KiB' 'in flight' 'us' 'set logscale xy' '^in,1024,[0-9]*,0$' 3 cpu
plot storage 'Disk, sequential read' 'added round trip, ms' 'MB/s' 'set yrange [0:]' '^disk-read,' 4 rate
