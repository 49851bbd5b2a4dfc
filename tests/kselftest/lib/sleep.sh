# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sleep.sh - this machine goes to sleep, and wakes up by itself: the kernel's own
# test of it goes all the way but for the last step or steps, which a level of
# /sys/power/pm_test leaves out. "core" leaves out only the firmware's part, with
# which a machine of QEMU's without hardware virtualisation does not come back.

sleep_test() { # LEVEL SECONDS
	local state=freeze slept=0

	[ "$1" != core ] || state=mem
	echo "$2" >/sys/module/suspend/parameters/pm_test_delay &&
		echo "$1" >/sys/power/pm_test || return
	echo "$state" >/sys/power/state || slept=1
	echo none >/sys/power/pm_test
	return "$slept"
}
