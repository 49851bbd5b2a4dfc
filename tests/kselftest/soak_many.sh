#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak_many - a hundred devices at once, each on a link of its own: attached with
# one command, all echo different bytes at the same time, half of them lose their
# link in one moment, and the rest goes on.
#
#   SUBURB_DEVICES       (default 100)
#   SUBURB_BLOCKS        of 4 KiB that each echoes (default 10)

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"
. "$here/many.sh"
. "$here/soak.sh"

devices=${SUBURB_DEVICES:-100}
blocks=${SUBURB_BLOCKS:-10}

attach_timed() {
	local start=$SECONDS

	suburb attach "$EXPORTER" all >/dev/null && wait_until 60 has_remotes "$devices" &&
		echo "# attached within $((SECONDS - start)) s"
}

links() {
	[ "$(ss -Htn state established dport = :3240 | wc -l)" -ge "$devices" ]
}

begin
options=()
for ((n = 0; n < devices; n++)); do
	options+=(--emulate loopback)
done
check "suburbd with $devices devices" exporter_start "${options[@]}"
check "attached with one command" attach_timed
grep '^# ' "$tap_log"
check "each has its link" links
mapfile -t remotes < <(usb_list remote)
check "all at once, $blocks blocks of 4 KiB each: no byte of one in another" echo_all "$blocks" "${remotes[@]}"
check "suburb status tells of $devices" [ "$(suburb status | grep -c '^port')" = "$devices" ]
check "half of them detached" eval 'suburb detach $(seq 0 2 $((devices - 1))) >/dev/null'
check "the other half is there" wait_until 30 has_remotes $((devices - (devices + 1) / 2))
mapfile -t remotes < <(usb_list remote)
check "and goes on" echo_all 2 "${remotes[@]}"
check "suburbd killed: all are gone" eval 'exporter_kill; wait_until 60 has_remotes 0'
check "nothing is left" nothing_left
check "one controller is left" wait_until 20 one_controller
check "the module is unloaded" unload
check "and loaded again" modprobe suburb-hcd
finish
