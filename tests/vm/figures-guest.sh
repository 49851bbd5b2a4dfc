#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# figures-guest.sh - in a guest of figures.sh: measure a SourceSink gadget of
# dummy_hcd through the ways named, streams at super speed and round trips of 512
# bytes at high speed (whose packets are 512 bytes), also at the 12 MB/s of a 100
# Mbit/s network; and print per measurement
#
#   WAY CELL MB/s TRANSFERS/s MEAN P50 P99 BUSY EXPORTER-BUSY
#
# times in us; busy: CPU time of the importing and, if it is another one, of the
# exporting machine, per transfer.
#
#   figures-guest.sh WAY...    WAY: local, mainline, suburb

export OUTPUT=/suburb/build/kselftest
if [ "$VM_ROLE" = importer ]; then
	export AT_EXPORTER=vm-other EXPORTER=exporter LISTEN=10.83.0.1
fi
# shellcheck source=tests/kselftest/lib/scenario.sh
. /suburb/tests/kselftest/lib/scenario.sh >/dev/null

seconds=${FIGURES_SECONDS:-5}
declare -A cells=(
	[super]='in,65536,16 out,65536,16 in,1048576,4 out,1048576,4 in,65536,4,12 out,65536,4,12'
	[high]='in,512,1 out,512,1'
)
gadget=(idVendor=0525 idProduct=a4a0)

exporter_busy() {
	local user nice system irq softirq

	[ -n "${AT_EXPORTER:-}" ] || return 0
	read -r _ user nice system _ _ irq softirq _ <<<"$(at_exporter 'head -n 1 /proc/stat')"
	echo $(((user + nice + system + irq + softirq) * 10000))
}

measure() { # WAY DEVICE
	local cell direction size depth rate node figures before after

	node=$(usb_node "$2")
	for cell in ${cells[$speed]}; do
		IFS=, read -r direction size depth rate <<<"$cell"
		before=$(exporter_busy)
		figures=$(throughput "$node" "$direction" "$size" "$depth" "$seconds" ${rate:+"$rate"}) || figures=failed
		after=$(exporter_busy)
		echo "$1 $cell $figures ${before:+$((after - before))}"
	done
}

through_local() {
	measure local "$busid"
}

through_mainline() {
	at_exporter "modprobe usbip-host && usbip bind -b $busid &&
		usbipd -D -P/run/usbipd.pid && sleep 1" >/dev/null 2>&1
	modprobe vhci-hcd
	usbip attach -r "$EXPORTER" -b "$busid"
	measure mainline "$(usb_find vhci 20 "${gadget[@]}")"
	usbip detach -p "$(usbip port 2>/dev/null |
		sed -n 's/^Port \([0-9]*\): <Port in Use>.*/\1/p')" >/dev/null 2>&1
	at_exporter "kill \$(cat /run/usbipd.pid); usbip unbind -b $busid; sleep 1" >/dev/null 2>&1
}

through_suburb() {
	modprobe suburb-hcd
	exporter_start --export "$busid"
	attach "$busid" >/dev/null
	measure suburb "$(usb_find remote 20 "${gadget[@]}")"
	suburb detach all >/dev/null
	exporter_stop
}

for speed in super high; do
	busid=$(at_exporter ". '$here/gadget.sh'; gadget_load $speed &&
		gadget_create ss sourcesink && gadget_device ss") || exit
	for way; do
		"through_$way"
	done
done
at_exporter ". '$here/gadget.sh'; gadget_unload"
