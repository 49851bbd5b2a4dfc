# SPDX-License-Identifier: GPL-2.0-or-later
#
# plot.awk - for gnuplot: a block per way of ways, "X MEDIAN LEAST MOST" of quantity in
# the cells that match pattern, X being the field of the cell with that number. Needs samples.awk.

END {
	nways = split(ways, way, " ")
	for (w = 1; w <= nways; w++) {
		lines = ""
		for (i = 1; i <= ncells; i++) {
			split(cells[i], f, ",")
			if (cells[i] ~ pattern && f[field] != "loss" && count[way[w], cells[i], quantity])
				lines = lines f[field] " " median(way[w], cells[i], quantity) " " \
					least(way[w], cells[i], quantity) " " most(way[w], cells[i], quantity) "\n"
		}
		if (lines)
			printf "\"%s\"\n%s\n\n", way[w], lines
	}
}
