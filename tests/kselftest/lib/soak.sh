# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh - what has to be true after a soak: nothing is left of it. Needs
# scenario.sh and many.sh.

nothing_attached() {
	[ "$(remote_count)" = 0 ] && ! suburb status | grep '^port'
}

# An empty controller goes after five seconds.
nothing_left() {
	wait_until 30 nothing_attached && wait_until 30 one_controller
	set -- $?
	echo "$(remote_count) devices, $(controllers) controllers"
	suburb status
	return "$1"
}

unload() {
	wait_until 20 rmmod suburb-hcd
}

# Each can be imported again, by whoever asks for a while.
exporter_devices_free() { # BUSID...
	local busid

	for busid; do
		wait_until 20 suburb attach "$EXPORTER" "$busid" || { echo "$busid is not free"; return 1; }
	done
	suburb detach all
}

# --- memory --------------------------------------------------------------------

# What the kernel cannot free by itself; and suburbd. In KiB.
soak_memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 2
	sed -n 's/^SUnreclaim:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/meminfo
	at_exporter 'sed -n "s/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$(cat /run/suburbd.pid)/status"'
}

soak_memory_begin() {
	mapfile -t soak_before < <(soak_memory)
}

# KASAN keeps freed memory for a while, and kmemleak knows better.
soak_memory_end() {
	local after

	mapfile -t after < <(soak_memory)
	echo "# kernel: $((after[0] - soak_before[0])) KiB more than ${soak_before[0]}," \
		"suburbd: $((after[1] - soak_before[1])) KiB more than ${soak_before[1]}"
	[ $((after[1] - soak_before[1])) -le 1024 ] || return
	[ -e /sys/kernel/debug/kmemleak ] || [ $((after[0] - soak_before[0])) -le 4096 ]
}
