# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# reader.sh - somebody who reads from a device and blocks, and what becomes of
# him when the device goes. Needs scenario.sh.

# Starts COMMAND, which prints "ready" on stderr before it blocks.
block() { # COMMAND...
	: >/tmp/reader.err
	"$@" >/tmp/reader.out 2>/tmp/reader.err &
	reader=$!
	wait_until 10 grep -q ready /tmp/reader.err
}

reader_ended() {
	! kill -0 "$reader" 2>/dev/null
}

gone_and_reader_too() { # DEVICE
	usb_gone "$1" && reader_ended
}

# Measured from the return of the command that unplugs, in this machine's time.
within_2_s() { # DEVICE ACTION...
	local device=$1 start ms

	shift
	"$@" || return
	start=$(uptime_ms)
	wait_until 20 gone_and_reader_too "$device"
	ms=$(($(uptime_ms) - start))
	echo "took $ms ms"
	[ "$ms" -lt $((2000 * ${slow:-1})) ]
}

reader_failed() {
	local status

	wait "$reader"
	status=$?
	cat /tmp/reader.err /tmp/reader.out
	[ "$status" != 0 ] || grep -qE '^(ENODEV|ESHUTDOWN|EIO|EPROTO|ECONNRESET|ENOENT)$' /tmp/reader.out
}

# check runs in a subshell, which does not have our reader as its child.
check_reader() { # NAME
	if reader_failed >/tmp/reader.log; then
		check "$1" true
	else
		check "$1" eval 'cat /tmp/reader.log; false'
	fi
}
