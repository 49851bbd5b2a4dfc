#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_badinput - wrong uses of suburb that only a kernel can answer: each
# gets one clear line on stderr, nothing on stdout, a non-zero exit, and changes
# nothing. Then garbage for suburbd while a device of its is in use: that
# connection ends, the device goes on.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/use.sh"

# refuses NAME WORD COMMAND...: WORD must be in the line, whatever its case
refuses() {
	check "$1" refuses_in_one_line "${@:2}"
}

refuses_in_one_line() { # WORD COMMAND...
	local word=$1 status

	shift
	timeout $((20 * slow)) "$@" >/tmp/bad.out 2>/tmp/bad.err
	status=$?
	echo "status $status, stdout: $(cat /tmp/bad.out), stderr: $(cat /tmp/bad.err)"
	[ "$status" = 1 ] || [ "$status" = 2 ] || return 1
	[ ! -s /tmp/bad.out ] && [ "$(wc -l </tmp/bad.err)" = 1 ] && grep -qi -- "$word" /tmp/bad.err
}

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

wrong_uses() {
	refuses "attach: no such device" 1-99 suburb attach "$EXPORTER" 1-99
	refuses "attach: nobody listens" 'nothing listens' suburb attach "$EXPORTER:9" 99-1
	refuses "attach: no such host" 'no\.such\.host' suburb attach no.such.host 99-1
	refuses "attach: attached already" 'busy\|in use\|already' suburb attach "$EXPORTER" 99-1
	refuses "attach: without privilege" 'root\|permi\|privilege' "${nobody[@]}" "$suburb" attach "$EXPORTER" 99-2
	refuses "detach: without privilege" 'root\|permi\|privilege' "${nobody[@]}" "$suburb" detach all
	refuses "detach: port that is free" 77 suburb detach 77
	refuses "detach: not a number" xyz suburb detach xyz
	refuses "detach: number too large" 4294967296 suburb detach 4294967296
	refuses "detach: nothing named" detach suburb detach
	refuses "status: too many words" status suburb status 1 2 3
	check "the device in use is still there" [ -b "$disk" ]
}

# --- garbage -----------------------------------------------------------------

# What a client may send, as printf(1) formats. CMD_SUBMIT and its like are only
# understood after an import, so some begin with one of a device that is free.
import99_2='\x01\x11\x80\x03\0\0\0\0'"99-2$(printf '\\0%.0s' {1..28})"
garbage=(
	'GET / HTTP/1.1\r\n\r\n'
	'\x01\x11\x80\x05'
	'\x01\x10\x80\x05\0\0\0\0'
	'\x01\x11\x12\x34\0\0\0\0'
	'\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'
	'\x01\x11\x80\x03\0\0\0\0no such device\0\0\0'
	'\x01\x11\x80\x03\0\0\0\0'"$(printf 'A%.0s' {1..32})"
	"$import99_2"'\0\0\0\x63\0\0\0\x01'
	"$import99_2"'\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\xff\xff\xff\xff'"$(printf '\\0%.0s' {1..20})"
)

send() { # FORMAT
	# shellcheck disable=SC2059 # it is a format
	printf "$1" | timeout 2 socat -u - "TCP:$EXPORTER:3240" 2>/dev/null
	return 0
}

# Reads the disk all the while, and compares.
garbage_while_in_use() {
	local sum text pid status

	sum=$(use_sum "$(use_data 4)" 4)
	for text in "${garbage[@]}"; do
		use_sum "$disk" 4 direct >/tmp/sum &
		pid=$!
		send "$text"
		wait "$pid"
		status=$?
		if [ "$status" != 0 ] || [ "$(cat /tmp/sum)" != "$sum" ]; then
			echo "after $text: status $status, $(cat /tmp/sum), wrote $sum"
			return 1
		fi
	done
}

idle_connections() {
	local i fds=() fd

	for ((i = 0; i < 200; i++)); do
		exec {fd}<>"/dev/tcp/$EXPORTER/3240" || return
		fds+=("$fd")
	done
	timeout $((10 * slow)) suburb list "$EXPORTER"
	set -- $?
	for fd in "${fds[@]}"; do
		exec {fd}>&-
	done
	return "$1"
}

begin
suburb=$(command -v suburb)
at_exporter 'truncate -s 8M /tmp/suburb-bad.img'
exporter_start --emulate disk:/tmp/suburb-bad.img --emulate loopback
check "a disk is attached" suburb attach "$EXPORTER" 99-1
disk=$(usb_disk "$(usb_find remote 10 idVendor=1209)")
check "and written to" use_storage_write "$(usb_find remote 10 idVendor=1209)" 4
wrong_uses
check "the disk goes on while suburbd is fed garbage" garbage_while_in_use
check "the other device can still be attached" suburb attach "$EXPORTER" 99-2
check "200 idle connections do not stop the next one" idle_connections
check "both devices are still there" [ "$(suburb status | grep -c '^port')" = 2 ]
check "detached" suburb detach all
finish
