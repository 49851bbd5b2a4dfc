#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tool.sh - each wrong use of the suburb tool gets one clear line
#
# Needs no exporter, no module and no root. A wrong command line ends with 2
# before anything was tried, what does not work with 1; stdout stays empty.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

: "${SUBURB:=build/suburb}"
read -ra runner <<<"${SUBURB_RUN:-}"
err=$(mktemp)
trap 'rm -f "$err"' EXIT

suburb() {
	${runner[@]+"${runner[@]}"} "$SUBURB" "$@"
}

# fails STATUS PATTERN ARG...: that status, that one line, nothing on stdout
fails() {
	local status=$1 pattern=$2 out got

	shift 2
	out=$(suburb "$@" 2>"$err" </dev/null)
	got=$?
	cat "$err"
	[ "$got" = "$status" ] || { echo "exit status $got, not $status"; return 1; }
	[ -z "$out" ] || { echo "stdout: $out"; return 1; }
	[ "$(wc -l <"$err")" = 1 ] || { echo "not one line"; return 1; }
	grep -q "^suburb: .*$pattern" "$err" || { echo "lacks: $pattern"; return 1; }
}

# prints PATTERN ARG...: exit status 0, PATTERN on stdout, nothing on stderr
prints() {
	local pattern=$1 out

	shift
	out=$(suburb "$@" 2>"$err") || return 1
	cat "$err"
	[ ! -s "$err" ] || return 1
	grep -q -e "$pattern" <<<"$out" || { echo "lacks: $pattern"; return 1; }
}

usage() { # NAME PATTERN ARG...
	local name=$1

	shift
	check "$name" fails 2 "$@"
}

check "help lists the verbs" prints '^  attach' help
check "--help is help" prints '^  detach' --help
check "help about a verb" prints '^usage: suburb status' help status
check "--help behind a verb" prints '^usage: suburb list' list --help
check "--version" prints '^suburb [0-9]' --version

usage "no verb" "see 'suburb help'\|See 'suburb help'"
usage "unknown verb" "unknown verb 'fetch'" fetch lab 1-1
usage "empty verb" "unknown verb ''" ''
usage "control characters of a verb are shown" 'unknown verb .\\x1b\[2J' $'\e[2J'
usage "help about an unknown verb" "unknown verb 'x'" help x
usage "help about two verbs" "one verb" help list attach

usage "list without a host" "which host" list
usage "list with two hosts" "'b' is too much" list a b
usage "list with an option of another verb" "takes no option --watch" list --watch lab
usage "status with an option of another verb" "takes no option --digest" status --digest
usage "digests, and none" "--digest and --no-digest exclude each other" attach --digest --no-digest lab 1-1
usage "list with no read-ahead" "takes no option --no-read-ahead" list --no-read-ahead lab
usage "no read-ahead of no device" "needs a host and a device" attach --no-read-ahead lab
usage "a timeout without a number" "'--timeout' needs a number of seconds" attach --timeout
usage "a timeout of a word" "'soon' is no timeout" attach --timeout soon lab 1-1
usage "a timeout too short" "'4' is no timeout: seconds, 5 to 86400" attach --timeout=4 lab 1-1
usage "a timeout too long" "'86401' is no timeout" attach -t 86401 lab 1-1
usage "a timeout with a sign" "'+9' is no timeout" attach -t +9 lab 1-1
usage "list with a timeout" "takes no option --timeout" list --timeout 9 lab
usage "unknown option" "wrong option '--frob'" list --frob lab
usage "unknown letter" "wrong option '-x'" status -vx
usage "option with a value" "wrong option '--json=yes'" status --json=yes
usage "empty host" "no host is given" list ''
usage "port 0" "'0' is not a port" list lab:0
usage "port too large" "'65536' is not a port" list lab:65536
usage "port of letters" "'usbip' is not a port" list lab:usbip
usage "no port behind the colon" "'' is not a port" list lab:
usage "IPv6 with a port and no brackets" "\[ADDRESS\]:PORT" list fe80::zz:3240
usage "bracket without end" "\[ADDRESS\]:PORT" list '[::1'
usage "a name in brackets" "not an IPv6 address" list '[lab]:3240'

usage "unix: without a path" "'unix:' is not a socket: its path begins with '/'" list unix:
usage "unix: with a relative path" "'unix:s' is not a socket" attach unix:s 1-1
usage "unix: with a path too long" "longer than 107 bytes" list "unix:/$(printf 'p%.0s' {1..107})"
usage "unix: with control characters" "'unix:.x1b' is not a socket" list $'unix:\e'
usage "vsock: without a CID" "'vsock:' names no machine: vsock:CID" list vsock:
usage "CID 0" "'vsock:0' names no machine" attach vsock:0 1-1
usage "CID of a word" "'vsock:any:1' names no machine" list vsock:any:1
usage "CID too large" "'vsock:4294967295:1' names no machine" list vsock:4294967295:1
usage "vsock: with port 0" "'0' is not a port" list vsock:2:0
usage "vsock: with a port of letters" "'usbip' is not a port" list vsock:2:usbip

usage "attach without anything" "needs a host and a device" attach
usage "attach without a device" "needs a host and a device" attach lab
usage "attach with half an id" "'046d:' is not a device" attach lab 046d:
usage "attach with an id too long" "'046d:c31cc' is not a device" attach lab 046d:c31cc
usage "attach with an empty serial number" "'046d:c31c:' is not a device" attach lab 046d:c31c:
usage "attach with an empty device" "'' is not a device" attach lab ''
usage "attach with a bus id too long" "is not a device" attach lab 12345678901234567890123456789012
usage "one bad device among good ones" "'1 1' is not a device" attach lab 1-1 '1 1' 1-2

usage "detach without a port" "needs a port, or all" detach
usage "detach of a word" "'x' is not a port" detach x
usage "detach of a negative port" "wrong option '-1'" detach -1
usage "detach of a huge port" "'4294967296' is not a port" detach 4294967296
usage "detach of all and more" "'all' is not a port" detach 0 all
usage "status of something" "'0' is too much" status 0

fails_json() { # PATTERN ARG...
	local pattern=$1 out status

	shift
	out=$(suburb "$@" 2>"$err" </dev/null)
	status=$?
	cat "$err"
	echo "$out"
	[ "$status" = 1 ] && [ "$(wc -l <"$err")" = 1 ] &&
		grep -q '^{$' <<<"$out" && grep -q "^ *\"error\": *\".*$pattern" <<<"$out"
}

full_disk() {
	suburb help >/dev/full 2>"$err"
	[ $? = 1 ] && grep -q '^suburb: cannot write' "$err"
}

# Port 1 of the loopback: nobody listens there.
check "nobody listens" fails 1 "nothing listens on 127.0.0.1 port 1: is suburbd running" list 127.0.0.1:1
check "nobody listens, IPv6 or none" fails 1 "::1" list '[::1]:1'
check "errors as JSON, too" fails_json "nothing listens" list --json 127.0.0.1:1
check "unknown host" fails 1 "'no-such-host.invalid'" list no-such-host.invalid
check "output that cannot be written" full_disk

if [ -e /dev/suburb ] || modinfo suburb-hcd >/dev/null 2>&1; then
	skip "no module" "this machine has the module"
else
	for verb in "attach 127.0.0.1:1 1-1" "detach 0" "detach all" "status"; do
		# shellcheck disable=SC2086 # words
		check "no module: $verb" fails 1 "run 'modprobe suburb-hcd'" $verb
		# shellcheck disable=SC2086
		check "no module: $verb --json" fails_json "run 'modprobe suburb-hcd'" $verb --json
	done
fi

tap_done
