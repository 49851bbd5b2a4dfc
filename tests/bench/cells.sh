# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cells.sh - what "make bench" measures, as data; to be sourced.
#
#   bench_plan PART    the lines of that part, in the order they are measured:
#                      ROUND WAY MEASURE SIZE DEPTH PATH SECONDS
#   bench_parts        the parts, each of which is a boot; "two" are two machines
#
# WAY is how a device is reached; "tcp" is no device but the network itself. PATH is
# what the network adds: round trip in ms, or loss. The local device knows no path but
# "0". Of MEASUREs guest.sh has one function each, and says what SIZE and DEPTH are.
#
# WAYS are all, all but the local one (far), or named. A UAS disk takes streams, which
# neither vhci-hcd nor usbip-host has.
#
# In a part of many devices, one per way, the ways take turns cell by cell; where the
# device is only one, way by way.

bench_ways='local mainline suburb suburb-hcd+usbip-host vhci-hcd+suburbd'

# PART MEASURE WAYS SIZES DEPTHS PATHS SECONDS ROUNDS [ROUNDS of the quick one]
bench_cells='
bulk    tcp-ping        tcp   48             1          0,2,10,50,loss   0.5  3 2
bulk    tcp-in          tcp   0              1          0,2,10,50,loss   1    3 1
bulk    tcp-out         tcp   0              1          0,2,10,50,loss   1    3 1
bulk    control         all   8              1          0                0.5  3 2
bulk    in              all   512            1          0                0.5  3 2
bulk    out             all   512            1          0                0.5  3 1
bulk    control         far   8              1          2,10,50,loss     0.6  1 0
bulk    in              far   512            1          2,10,50,loss     0.6  1 0
bulk    out             far   512            1          2,10,50,loss     0.6  1 0
bulk    in              all   1024,16384     16         0                0.5  3 2
bulk    out             all   1024,16384     16         0                0.5  3 1
bulk    in              all   65536,1048576  16         0                0.6  3 1
bulk    out             all   65536          16         0                0.6  3 1
bulk    in              all   512            4,16,32    0                0.4  1 0
bulk    out             all   512            4,16,32    0                0.4  1 0
bulk    in              all   1024,4096      1,4,32     0                0.4  2 0
bulk    out             all   1024,4096      1,4,32     0                0.4  1 0
bulk    in,out          all   4096           16         0                0.4  2 0
bulk    in,out          all   16384,65536    1,4,32     0                0.4  1 0
bulk    in,out          all   1048576        1,4,32     0                0.6  1 0
bulk    out             all   1048576        16         0                0.6  1 0
bulk    in              far   1024,65536     16         2,10,50,loss     1    2 0
bulk    out             far   1024,65536     16         2,10,50,loss     1    1 0
bulk    in              far   65536          16         10               1.2  0 1
bulk    in              all   1024           10,100,1000  0              0.5  2 0
bulk    in              all   1024           1,1000     0                0.4  0 1
hid     reports         all   16             1          0                1.5  2 1
hid     reports         far   16             1          2,10,50,loss     1.5  2 0
hid     reports         mainline,suburb  16      1          10,50            1.5  0 1
hid     reports-full    all   16             1          0                1.5  2 0
hid     reports-full    far   16             1          10,50            1.5  2 0
hid     reports-full    local,suburb  16        1          0                1.5  0 1
hid     reports-full    mainline,suburb  16      1          10,50            1.5  0 1
hid     interrupt       all   8              1          0                0.5  3 1
hid     interrupt       far   8              1          2,10,50,loss     0.6  1 0
hid     interrupt-same,interrupt-other  all  8  1       0                1    2 0
hid     interrupt-same,interrupt-other  local,mainline,suburb  8  1  0  1  0 1
cost    cost-in         all   1024           1,16       0                1    3 1
cost    cost-in         all   65536          16         0                1    3 0
cost    cost-out        all   1024,65536     16         0                1    2 0
cost    cost-control    all   8              1          0                1    2 0
cost    calls-in        all   1024           1,16       0                1    1 0
cost    calls-in        all   65536          16         0                1    1 1
cost    calls-out       all   65536          16         0                1    1 0
cost    calls-control   all   8              1          0                1    1 0
cost    attach          far   0              1          0,50             0    2 1
disk    disk-read       all   131072         1          0                1    2 1
disk    disk-write      all   131072         1          0                1    2 1
disk    disk-random     all   4096           1          0                1    2 1
disk    disk-read       far   131072         1          2,10,50,loss     1    1 0
disk    disk-random     far   4096           1          2,10,50,loss     1    1 0
disk    uas-read        local,suburb  131072   8       0                1    2 0
disk    uas-write       local,suburb  131072   8       0                1    2 0
disk    uas-random      local,suburb  4096     8       0                1    2 0
disk    uas-read        suburb  131072       8          2,10,50          1    1 0
disk    uas-random      suburb  4096         8          2,10,50          1    1 0
disk    sound           all   0              1          0                2    1 0
disk    sound           far   0              1          10,50            2    1 0
disk    devices         suburb  1024         1,10,50    0                2    1 0
'

bench_parts() {
	awk 'NF && !seen[$1]++ { print $1 }' <<<"$bench_cells"
}

bench_plan() { # PART
	awk -v part="$1" -v quick="${QUICK:-}" -v all="$bench_ways" '
		function ways_of(word) {
			gsub(",", " ", word)
			return word == "all" ? all : word == "far" ? substr(all, index(all, " ") + 1) : word
		}
		function line(row, way, measure, size, depth, path) {
			return round " " way " " measure " " size " " depth " " path " " seconds[row]
		}
		# One row of the table, for one way or, word is empty, for those of the row in turn
		function expand(row, word, p, m, s, d, w, paths, measures, sizes, depths, ways, np, nm, ns, nd, nw) {
			np = split(path_list[row], paths, ",")
			nm = split(measure_list[row], measures, ",")
			ns = split(size_list[row], sizes, ",")
			nd = split(depth_list[row], depths, ",")
			nw = split(ways_of(way_list[row]), ways, " ")
			for (p = 1; p <= np; p++)
				for (m = 1; m <= nm; m++)
					for (s = 1; s <= ns; s++)
						for (d = 1; d <= nd; d++)
							for (w = 1; w <= nw; w++)
								if (word == "" || word == ways[w])
									print line(row, ways[w], measures[m], sizes[s], depths[d], paths[p])
		}
		NF && $1 == part {
			rows++
			measure_list[rows] = $2
			way_list[rows] = $3
			size_list[rows] = $4
			depth_list[rows] = $5
			path_list[rows] = $6
			seconds[rows] = $7
			rounds[rows] = quick == "" ? $8 : $9
			most = rounds[rows] > most ? rounds[rows] : most
		}
		END {
			nturns = part == "bulk" || part == "cost" ? 1 : split(all, turns, " ")
			for (round = 1; round <= most; round++)
				for (turn = 1; turn <= nturns; turn++)
					for (row = 1; row <= rows; row++)
						if (rounds[row] >= round)
							expand(row, turns[turn])
		}' <<<"$bench_cells"
}
