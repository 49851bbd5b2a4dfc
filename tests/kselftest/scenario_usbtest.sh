#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_usbtest - the kernel's own conformance tests for host controllers, in
# short, with a SourceSink gadget attached through Suburb at high speed: both ends
# check each byte that they get. All of the tests, at both speeds, beside the local
# device: make check-conformance.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/usbtest.sh"

gadget=(idVendor=0525 idProduct=a4a0)

plug_in() {
	at_exporter ". '$here/gadget.sh'; gadget_load high && gadget_create ss sourcesink:mod63 && gadget_device ss"
}

passes() { # CASE
	local result part=25

	# usbtest sets a timer up once and gives it up every time, which a kernel that
	# watches timers warns of: once will do.
	if [ -e /sys/kernel/debug/debug_objects ] && [[ $1 = [5-8] ]]; then
		part=500
	fi
	result=$(usbtest_run "$(usb_node "$device")" "$1" $((20 * slow)) "$part")
	echo "$result"
	[[ $result = pass* ]]
}

begin
command -v testusb >/dev/null || skip_all "testusb is not in PATH"
modprobe -n usbtest 2>/dev/null || skip_all "this kernel has no usbtest"
at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null ||
	skip_all "the exporter has no dummy_hcd"
busid=$(plug_in) || skip_all "no gadget"
check "suburbd exports the gadget" exporter_start --export "$busid"
check "attached" attach "$busid"
device=$(usb_find remote 10 "${gadget[@]}")
check "usbtest has the device" wait_until 10 usbtest_bound "$device"
echo 1 >/sys/module/usbtest/parameters/pattern
for number in 3 4 7 8 {9..14} 18 21 24 29; do
	check "usbtest $number: $(usbtest_field "$number" what)" passes "$number" || break
done
check "detached" suburb detach all
at_exporter ". '$here/gadget.sh'; gadget_unload"
finish
