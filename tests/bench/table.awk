# SPDX-License-Identifier: GPL-2.0-or-later
#
# table.awk - medians of all cells, with the least and the most, and what Suburb at both
# ends is to the local device and to mainline. Needs samples.awk; ways: the columns.


function value(way, cell, quantity, text) {
	text = short(median(way, cell, quantity))
	if (count[way, cell, quantity] > 1)
		text = text " (" short(least(way, cell, quantity)) ".." short(most(way, cell, quantity)) ")"
	if (has_failed(way, cell))
		text = (text == "-" ? "" : text " ") "failed"
	return (way, cell) in tried ? text : ""
}

# The local device knows no path.
function local_cell(cell) {
	sub(/[^,]*$/, "0", cell)
	return cell
}

function ratio(way, other, cell, other_cell, quantity, a, b) {
	a = median(way, cell, quantity)
	b = median(other, other_cell, quantity)
	return a == "" || b == "" || b == 0 ? "" : sprintf("%.2f", a / b)
}

function row(cell, quantity, i, line, any) {
	line = sprintf("%-34s", cell_name(cell))
	for (i = 1; i <= nways; i++) {
		any = any || ((way[i], cell) in tried)
		line = line sprintf(" %-24s", value(way[i], cell, quantity))
	}
	line = line sprintf(" %7s %7s", ratio("suburb", "local", cell, local_cell(cell), quantity),
			    ratio("suburb", "mainline", cell, cell, quantity))
	sub(/ +$/, "", line)
	return line
}

function section(title, quantity, i, w, lines) {
	for (i = 1; i <= ncells; i++) {
		any = 0
		for (w = 1; w <= nways; w++)
			if (count[way[w], cells[i], quantity] || quantity == "rate" && has_failed(way[w], cells[i]))
				any = 1
		if (any)
			lines = lines row(cells[i], quantity) "\n"
	}
	if (lines == "")
		return
	printf "%s, %s\n%-34s", title, unit[quantity], ""
	for (w = 1; w <= nways; w++)
		printf " %-24s", way[w]
	printf " %7s %7s\n%s\n", "/local", "/mainl.", lines
}

function both(title, quantity) {
	section("Importer: " title, "importer_" quantity)
	section("Exporter: " title, "exporter_" quantity)
}

END {
	nways = split(ways, way, " ")
	print "Medians (least..most). The last columns: suburb at both ends to the local device, to mainline."
	print ""
	section("Submit to completion, median", "p50")
	section("Submit to completion, 90th percentile", "p90")
	section("Submit to completion, 99th percentile", "p99")
	section("Throughput (MB are 10^6 bytes)", "rate")
	section("Transfers", "transfers")
	section("Time of all processors per transfer, both ends in one machine", "cpu")
	section("HID reports that came, of 1000 a second", "reports")
	section("HID reports: lost", "lost")
	section("HID reports: out of order", "disordered")
	section("HID reports: age at the reader, median", "age_p50")
	section("HID reports: age at the reader, 99th percentile", "age_p99")
	both("processor time per transfer, in two machines of one processor", "cpu")
	both("processor time per MiB", "cpu_mib")
	both("context switches per transfer", "switches")
	both("packets sent per transfer", "sent")
	both("bytes sent per transfer", "bytes_sent")
	both("system calls per transfer", "syscalls")
	both("tcp_sendmsg per transfer", "sendmsg")
	both("tcp_recvmsg per transfer", "recvmsg")
	section("Guest instructions per transfer", "instructions")
	section("Attach until it is usable", "attach")
	section("Round trips in an attach", "round_trips")
	section("Memory of an idle device, importer", "importer_memory")
	section("Memory of an idle device, exporter", "exporter_memory")
	section("Disk operations", "iops")
	section("Sound, 2 s: 1 if it never ran dry", "streams")
	section("Memory per idle device, both ends in one machine", "memory")
}
