# SPDX-License-Identifier: GPL-2.0-or-later
#
# samples.awk - reads samples.csv, for table.sh, bars.sh and plot.sh: a cell is
# "MEASURE,SIZE,DEPTH,PATH"; of its samples by one way
#
#   median(way, cell, quantity), least(...), most(...)    "" if there is none
#   has_failed(way, cell)                                 one of them at least
#
# cells[1..ncells] is all there are, sorted.

BEGIN { FS = OFS = "," }

FNR > 1 {
	cell = $3 "," $4 "," $5 "," $6
	if (!(cell in known)) {
		known[cell] = 1
		place(cell)
	}
	tried[$2, cell] = 1
	if ($7 == "failed") {
		failed[$2, cell]++
		next
	}
	unit[$7] = $9
	add($2 SUBSEP cell SUBSEP $7, $8 + 0)
}

function path_order(path) {
	return path == "loss" ? 1000 : path + 0
}

function sort_key(cell, f) {
	split(cell, f, ",")
	return sprintf("%-16s %04d %08d %04d", f[1], path_order(f[4]), f[2], f[3])
}

function place(cell, i) {
	for (i = ++ncells; i > 1 && sort_key(cells[i - 1]) > sort_key(cell); i--)
		cells[i] = cells[i - 1]
	cells[i] = cell
}

function add(key, value, i) {
	for (i = ++count[key]; i > 1 && sorted[key, i - 1] > value; i--)
		sorted[key, i] = sorted[key, i - 1]
	sorted[key, i] = value
}

function median(way, cell, quantity, key, n) {
	key = way SUBSEP cell SUBSEP quantity
	n = count[key]
	if (!n)
		return ""
	return n % 2 ? sorted[key, (n + 1) / 2] : (sorted[key, n / 2] + sorted[key, n / 2 + 1]) / 2
}

function least(way, cell, quantity) {
	return sorted[way, cell, quantity, 1]
}

function most(way, cell, quantity) {
	return sorted[way, cell, quantity, count[way, cell, quantity]]
}

function has_failed(way, cell) {
	return (way, cell) in failed
}

# "1 KiB"
function bytes(n) {
	return n >= 1048576 ? n / 1048576 " MiB" : n >= 1024 ? n / 1024 " KiB" : n " B"
}

# "bulk in 1 KiB x 16, 10 ms"
function cell_name(cell, f, name) {
	split(cell, f, ",")
	name = f[1] ~ /^(in|out)$/ ? "bulk " f[1] : f[1]
	if (f[2] + 0)
		name = name " " bytes(f[2])
	if (f[3] != 1 || f[1] ~ /^(in|out)$/)
		name = name " x " f[3]
	return name (f[4] == "0" ? "" : f[4] == "loss" ? ", 1 % lost" : ", " f[4] " ms")
}

# Three digits that say something
function short(v) {
	return v == "" ? "-" : v >= 100 || v == int(v) ? sprintf("%.0f", v) : v >= 10 ? sprintf("%.1f", v) : sprintf("%.2f", v)
}
