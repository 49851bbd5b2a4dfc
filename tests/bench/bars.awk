# SPDX-License-Identifier: GPL-2.0-or-later
#
# bars.awk - what Suburb shall keep to, and whether it does: "met", "not met" or, where a
# figure is not there, "failed", with the numbers. What the quick run leaves out is "not
# run". Ends with status 1 only if something failed. Needs samples.awk; plans: the lines
# of all parts' plans.


function bar(name, holds, what) {
	printf "%-8s %s: %s\n", holds ? "met" : "not met", name, what
}

function no_figure(name, way, cell) {
	if ((way, cell) in planned) {
		printf "%-8s %s: no figure for %s\n", "failed", name, way
		missing = 1
	} else if (!told[name]++) {
		printf "%-8s %s\n", "not run", name
	}
	return -1
}

# median of a cell that has to be there
function need(name, way, cell, quantity, v) {
	v = median(way, cell, quantity)
	return v == "" ? no_figure(name, way, cell) : v
}

# For what mainline and Suburb are compared by, and whether more of it is better
function better(cell, f) {
	split(cell, f, ",")
	if (f[1] ~ /^(in|out|control|interrupt)/ && f[3] == 1)
		return "p50"
	if (f[1] ~ /^(in|out|disk|uas)/)
		return "rate"
	return f[1] ~ /^reports/ ? "reports" : f[1] == "attach" ? "attach" : ""
}

function never_slower(i, q, a, b, n, n_slower, slower, name) {
	name = "never slower than mainline"
	for (i = 1; i <= ncells; i++) {
		q = better(cells[i])
		if (q == "" || !(("suburb", cells[i]) in tried) || !(("mainline", cells[i]) in tried))
			continue
		a = median("suburb", cells[i], q)
		b = median("mainline", cells[i], q)
		if (a == "") {
			no_figure(name " in " cell_name(cells[i]), "suburb", cells[i])
			continue
		}
		if (b == "")
			continue
		n++
		if (!(q ~ /p50|attach/ ? a > b : a < b))
			continue
		n_slower++
		slower = slower sprintf("\n           %s: %s against %s %s", cell_name(cells[i]), short(a), short(b), unit[q])
	}
	bar(name, n && !n_slower, sprintf("slower in %d of %d cells", n_slower, n) slower)
}

function round_trip(cell, name, s, l, t) {
	name = cell_name(cell) " at most 1.1 x (local + TCP ping-pong)"
	s = need(name, "suburb", cell, "p50")
	l = need(name, "local", cell, "p50")
	t = need(name, "tcp", "tcp-ping,48,1,0", "p50")
	if (s >= 0 && l >= 0 && t >= 0)
		bar(name, s <= 1.1 * (l + t), sprintf("%s us; local %s, TCP %s: %.2f x", short(s), short(l), short(t), s / (l + t)))
}

function faster(cell, times, name, s, m) {
	name = cell_name(cell) " at least " times " x mainline"
	s = need(name, "suburb", cell, "rate")
	m = need(name, "mainline", cell, "rate")
	if (s >= 0 && m > 0)
		bar(name, s >= times * m, sprintf("%s against %s MB/s: %.2f x", short(s), short(m), s / m))
}

function of_the_possible(cell, tcp, f, name, s, l, t, least_of) {
	name = cell_name(cell) " at least 0.8 x min(local, TCP)"
	s = need(name, "suburb", cell, "rate")
	l = need(name, "local", cell, "rate")
	t = need(name, "tcp", tcp, "rate")
	least_of = l < t ? l : t
	if (s >= 0 && l >= 0 && t > 0)
		bar(name, s >= 0.8 * least_of, sprintf("%s MB/s; local %s, TCP %s: %.2f x", short(s), short(l), short(t), s / least_of))
}

function all_of_the_possible(i, f) {
	for (i = 1; i <= ncells; i++) {
		split(cells[i], f, ",")
		if (f[1] ~ /^(in|out)$/ && f[2] >= 65536 && f[3] > 1 && f[4] == "0")
			of_the_possible(cells[i], "tcp-" f[1] ",0,1,0")
	}
}

function cheaper(cell, name, s, m) {
	name = "suburb-hcd at most 0.6 x the CPU of vhci-hcd, " cell_name(cell)
	s = need(name, "suburb-hcd+usbip-host", cell, "importer_cpu")
	m = need(name, "mainline", cell, "importer_cpu")
	if (s >= 0 && m > 0)
		bar(name, s <= 0.6 * m, sprintf("%s against %s us per URB: %.2f x", short(s), short(m), s / m))
}

function all_reports(kind, ms, cell, name, l, s, lost, disorder, age) {
	cell = kind ",16,1," ms
	name = kind " at " ms " ms at least 0.95 x local, in order"
	s = need(name, "suburb", cell, "reports")
	l = need(name, "local", kind ",16,1,0", "reports")
	lost = need(name, "suburb", cell, "lost")
	disorder = need(name, "suburb", cell, "disordered")
	if (s >= 0 && l > 0)
		bar(name, s >= 0.95 * l && most("suburb", cell, "lost") + most("suburb", cell, "disordered") == 0,
		    sprintf("%s against %s /s: %.2f x, %d lost, %d out of order", short(s), short(l), s / l, lost, disorder))
	name = kind " at " ms " ms: median age at most " (ms / 2 + 5) " ms"
	age = need(name, "suburb", cell, "age_p50")
	if (age >= 0)
		bar(name, age <= ms * 500 + 5000, sprintf("%.1f ms", age / 1000))
}

function flat(a, b, name) {
	name = "CPU per URB with 1000 in flight at most 1.2 x that with 1"
	a = need(name, "suburb", "in,1024,1,0", "cpu")
	b = need(name, "suburb", "in,1024,1000,0", "cpu")
	if (a > 0 && b >= 0)
		bar(name, b <= 1.2 * a, sprintf("%s against %s us: %.2f x", short(b), short(a), b / a))
}

function busy(cell, name, s, idle) {
	name = "99th percentile of " cell_name(cell)
	s = need(name, "suburb", cell, "p99")
	idle = need(name, "suburb", "interrupt,8,1,0", "p99")
	if (s >= 0 && idle >= 0)
		printf "%-8s %s: %s us; nothing else going on %s; mainline %s, local %s\n", "figure", name, short(s), short(idle),
			short(median("mainline", cell, "p99")), short(median("local", cell, "p99"))
}

function failures(i, w) {
	for (w in failed) {
		i = index(w, SUBSEP)
		printf "failed   %s: %s (%d)\n", substr(w, 1, i - 1), cell_name(substr(w, i + 1)), failed[w] | "sort"
		missing = 1
	}
	close("sort")
}

END {
	n = split(plans, lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], f, " ")
		planned[f[2], f[3] "," f[4] "," f[5] "," f[6]] = 1
	}
	never_slower()
	round_trip("control,8,1,0")
	round_trip("in,512,1,0")
	round_trip("out,512,1,0")
	faster("in,1024,16,0", 3)
	faster("out,1024,16,0", 3)
	faster("in,16384,16,0", 1.5)
	faster("out,16384,16,0", 1.5)
	all_of_the_possible()
	cheaper("cost-in,1024,16,0")
	all_reports("reports", 10)
	all_reports("reports", 50)
	all_reports("reports-full", 10)
	all_reports("reports-full", 50)
	flat()
	busy("interrupt-same,8,1,0")
	busy("interrupt-other,8,1,0")
	failures()
	exit missing
}
