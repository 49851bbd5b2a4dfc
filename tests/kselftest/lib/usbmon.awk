# SPDX-License-Identifier: GPL-2.0-only
#
# usbmon.awk - one line per ended transfer of one device, out of usbmon's text
# ("u"), in a form in which an exporter's and an importer's record are equal:
#
#   ENDPOINT asked LENGTH status STATUS got LENGTH [SETUP] [ISO] = DATA
#
#   awk -v device=3:005 -v side=importer -f usbmon.awk RECORD | sort -s -k 1,1
#
# Where the two machines may differ, this says so and how:
#
# - How a transfer was cancelled is the importer's affair: killed (-ENOENT), unlinked
#   (-ECONNRESET), or its endpoint was shut, which is how a driver that lets go of
#   the device ends it (-ESHUTDOWN). The exporter always kills.
# - usbmon tells the status of an interrupt transfer with its interval, of an
#   isochronous one also with the frame, which each controller counts for itself.
# - A request that one machine makes of its own link, not the driver's, has no
#   other side: SET_ADDRESS, SET_SEL, SET_ISOCH_DELAY, U1 and U2.
# - What had not ended when the record did is no transfer yet, and what had begun
#   before it did is none any more.
#
# A request that the exporter carries out by a call (SET_CONFIGURATION,
# SET_INTERFACE, CLEAR_FEATURE) is the same request in both records.

function own(setup) {
	return setup ~ /^00 (05|30|31) / || setup ~ /^00 0[13] 003[01] /
}

function cancelled(status) {
	return status == -2 || side == "importer" && (status == -104 || status == -108)
}

function data_from(first,  i, data) {
	for (i = first; i <= NF; i++)
		data = data $i
	return data
}

# A line is TAG TIME EVENT ADDRESS, and either "s" and the five fields of a
# request, or STATUS; then, if isochronous, the number of packets and the first
# five of them; then the length, a mark and data.
{
	split($4, address, ":")
	if (address[2] ":" address[3] != device)
		next
	endpoint = address[1] ":" address[4]
	n = 6
	if ($5 == "s") {
		setup[$1] = $6 " " $7 " " $8 " " $9 " " $10
		n = 11
	}
	packets = ""
	moved = 0
	if (address[1] ~ /^Z/) {
		count = $(n++)
		for (i = 0; i < count && i < 5; i++) {
			packets = packets " " $n
			split($(n++), packet, ":")
			moved += packet[3]
		}
	}
}

$3 == "S" {
	asked[$1] = $n
	sent[$1] = $(n + 1) == "=" ? data_from(n + 2) : ""
	if ($5 != "s")
		delete setup[$1]
}

$3 == "C" && $1 in asked {
	split($5, status, ":")
	state = cancelled(status[1]) ? "cancelled" : status[1]
	# Of an isochronous one usbmon tells the length of its buffer, moved or not.
	unmoved = packets != "" && state == "cancelled" && !moved
	line = endpoint " asked " asked[$1] " status " state " got " (unmoved ? 0 : $n)
	if ($1 in setup)
		line = line " setup " setup[$1]
	if (packets != "" && !unmoved)
		line = line " errors " status[4] " packets " count ":" packets
	if (!($1 in setup) || !own(setup[$1]))
		print line " = " ($(n + 1) == "=" ? data_from(n + 2) : sent[$1])
	delete setup[$1]
	delete asked[$1]
	delete sent[$1]
}

# Refused by usbcore or by the controller: no transfer.
$3 == "E" {
	print endpoint " refused " $5
}
