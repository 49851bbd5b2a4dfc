#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_many - many devices at once. Ten loopback gadgets of dummy_hcd, at high
# and at super speed, all echoing different bytes at the same time: none may get
# one of another's. Then forty emulated devices, for which a second controller
# has to appear, and go again.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/many.sh"

blocks=${SUBURB_BLOCKS:-100}

ten_gadgets() {
	local n rules=() busids=() remotes

	at_exporter ". '$here/gadget.sh'; gadget_load super 10 && for n in 0 1 2 3 4 5 6 7 8 9; do
		gadget_max_speed=\$([ \$((n % 2)) = 0 ] || echo high-speed)
		gadget_create loop\$n loopback || exit
	done" || return
	for ((n = 0; n < 10; n++)); do
		busids+=("$(at_exporter ". '$here/gadget.sh'; gadget_device loop$n")")
		rules+=(--export "${busids[-1]}")
	done
	exporter_start "${rules[@]}"
	check "ten devices attached with one command" attach "${busids[@]}"
	wait_until 10 has_remotes 10
	mapfile -t remotes < <(usb_list remote)
	check "ten devices are here" [ "${#remotes[@]}" = 10 ]
	check "five of them at high speed" [ "$(remotes_at 480)" = 5 ]
	check "five of them at super speed" [ "$(remotes_at 5000)" = 5 ]
	check "ten devices at once, $blocks blocks of 4 KiB each: no byte of one in another" \
		echo_all "$blocks" "${remotes[@]}"
	check "ten devices detached" suburb detach all
	check "ten devices gone" wait_until 10 has_remotes 0
	exporter_stop
	at_exporter ". '$here/gadget.sh'; gadget_unload"
}

forty_emulated() {
	local n options=() remotes

	for ((n = 0; n < 40; n++)); do
		options+=(--emulate loopback)
	done
	exporter_start "${options[@]}"
	check "forty devices attached with one command" suburb attach "$EXPORTER" all
	check "forty devices are here" wait_until 60 has_remotes 40
	check "a second controller has appeared" [ "$(controllers)" -ge 2 ]
	mapfile -t remotes < <(usb_list remote)
	check "forty devices at once, 10 blocks each" echo_all 10 "${remotes[@]}"
	check "suburb status tells of forty" [ "$(suburb status | grep -c '^port')" = 40 ]
	check "forty devices detached" suburb detach all
	check "forty devices gone" wait_until 20 has_remotes 0
	check "one controller is left" wait_until 10 one_controller
}

begin
if at_exporter 'modprobe -n dummy_hcd && modprobe libcomposite' 2>/dev/null; then
	ten_gadgets
else
	skip "ten devices at once" "the exporter has no dummy_hcd"
fi
forty_emulated
finish
