# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# leftovers.sh - what a suite must have left nothing of in the kernel; for suite.sh.
#
#   objects   every remote, connection and request that was created was freed: by
#             the module's own count (kernel/census.c), which also has it warn when
#             it is unloaded with something left
#   memory    on a kernel with kmemleak: nothing is lost. Whoever lost it: what we keep
#             and do not give back (a URB, a device, a socket) was allocated by others,
#             and the backtrace has their names

census=/sys/kernel/debug/suburb/objects
kmemleak=/sys/kernel/debug/kmemleak
patience=$((20 * ${TEST_SLOW:-1}))
leftovers_count=0
leftovers_bad=0

leftovers_say() { # STATUS NAME
	leftovers_count=$((leftovers_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $leftovers_count - $2"
	else
		echo "not ok $leftovers_count - $2"
		leftovers_bad=1
	fi
}

all_freed() {
	awk '$2 != $3 { differ = 1 } END { exit differ || NR != 3 }' "$census"
}

check_objects() {
	local end=$((SECONDS + patience))

	suburb detach all >/dev/null 2>&1
	until all_freed || ((SECONDS >= end)); do
		sleep 0.2
	done
	sed 's/^/# created and freed: /' "$census"
	all_freed
	leftovers_say $? "every remote, connection and request was freed"
}

check_unload() {
	timeout "$patience" rmmod suburb-hcd
	leftovers_say $? "the module can be unloaded"
}

# kmemleak looks at what is 5 s old, and only believes what it finds twice.
scan() {
	sleep 6
	echo scan >"$kmemleak"
	echo scan >"$kmemleak"
	sed 's/^/# /' "$kmemleak"
	[ -z "$(head -c 1 "$kmemleak")" ]
}

check_memory() { # WHEN
	[ -e "$kmemleak" ] || return 0
	scan
	leftovers_say $? "kmemleak finds nothing lost $1"
	echo clear >"$kmemleak"
}

# While the module is loaded its functions have names in a backtrace; what only its
# variables knew of is lost when it is gone.
leftovers_check() {
	if [ -e /sys/module/suburb_hcd ]; then
		check_objects
		check_memory "with the module loaded"
		check_unload
	fi
	check_memory "at the end"
	echo "1..$leftovers_count"
	return "$leftovers_bad"
}
