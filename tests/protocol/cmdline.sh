#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cmdline.sh - each wrong use of suburbd gets one clear line: TAP
#
# A wrong command line ends with 2 before anything was opened, what does not
# work with 1, a wrong configuration file with 1; stdout stays empty. Right
# uses are here as far as they end by themselves.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

: "${SUBURBD:=build/suburbd}"
read -ra runner <<<"${SUBURBD_RUN:-}"
work=$(mktemp -d)
err=$work/err
trap 'rm -rf "$work"' EXIT

suburbd() {
	timeout -k 5 30 ${runner[@]+"${runner[@]}"} "$SUBURBD" "$@"
}

# fails STATUS PATTERN ARG...: that status, that one line, nothing on stdout
fails() {
	local status=$1 pattern=$2 out got

	shift 2
	out=$(suburbd "$@" 2>"$err" </dev/null)
	got=$?
	cat "$err"
	[ "$got" = "$status" ] || { echo "exit status $got, not $status"; return 1; }
	[ -z "$out" ] || { echo "stdout: $out"; return 1; }
	[ "$(wc -l <"$err")" = 1 ] || { echo "not one line"; return 1; }
	grep -q -e "^suburbd: .*$pattern" "$err" || { echo "lacks: $pattern"; return 1; }
}

# prints PATTERN ARG...: exit status 0, PATTERN on stdout, nothing on stderr
prints() {
	local pattern=$1 out

	shift
	out=$(suburbd "$@" 2>"$err" </dev/null) || { cat "$err"; return 1; }
	cat "$err"
	[ ! -s "$err" ] || return 1
	grep -q -e "$pattern" <<<"$out" || { echo "lacks: $pattern"; return 1; }
}

usage() { # NAME PATTERN ARG...
	local name=$1

	shift
	check "$name" fails 2 "$@"
}

# config NAME PATTERN TEXT: a file with TEXT (printf's escapes) is refused
config() {
	# shellcheck disable=SC2059 # TEXT is a format
	printf "$3" >"$work/conf"
	check "config: $1" fails 1 "$2" --foreground --config "$work/conf"
}

check "--help" prints '--emulate KIND' --help
check "--version" prints '^suburbd [0-9]' --version
check "--list of emulated devices" prints '1209:0001' --list --emulate keyboard
check "--list says which rule" prints 'emulate' --list --emulate mouse
check "--udev-rules says what a rule exports" prints '^KERNEL=="1-1.2", GROUP="suburbd"' \
	--udev-rules --export 1-1.2

rules_nowhere() {
	! suburbd --udev-rules --export all >/dev/full 2>"$err" && cat "$err" && grep -q 'cannot write the rules' "$err"
}

check "--udev-rules that cannot be written are no success" rules_nowhere

usage "unknown option" "unknown.*option '--exprot'" --exprot all
usage "unknown short option" "unknown.*option '-x'" -x
usage "ambiguous option" "ambiguous option '--e'" --e all
usage "unexpected argument" "unexpected argument '1-1'" 1-1
usage "control characters are escaped" "unexpected argument 'a.x1b.x07'" $'a\x1b\a'
for option in listen export emulate backend features limit log-level config; do
	usage "--$option without a value" "--$option needs a value" "--$option"
done
usage "a value for an option without one" "--list" --list=all
usage "an empty rule" "'' is no rule" --export ''
usage "a rule that is none" "'1:2:3:4' is no rule\|no rule" --export 'x y'
usage "vid:pid too long" "'12345:1' is no rule" --export 12345:1
usage "vid:pid not hexadecimal" "'12g4:1234' is no rule" --export 12g4:1234
usage "an empty serial" "'1234:5678:' is no rule" --export 1234:5678:
usage "an unknown class" "unknown class 'hidd'; classes are: audio" --export class:hidd
usage "hubs" "hubs are never exported" --export class:hub
usage "a log level" "'loud' is no log level; use error" --log-level loud
for features in '' all 'streams;digest' 'streams,' ',digest' none,digest; do
	usage "--features '$features'" "is no list of features; use streams,digest or none" --features "$features"
done
usage "a backend" "'winusb' is no backend; use usbfs or libusb" --backend winusb
usage "a limit that is none" "'max=1' is no limit; use KEY=NUMBER" --limit max=1
usage "a limit without a number" "'max-bytes' is no limit" --limit max-bytes
usage "a limit out of range" "'0' is out of range; use 1 to 65536" --limit max-connections=0
usage "two config files" "only one configuration file" --config /dev/null --config /dev/null
usage "an unknown kind to emulate" "toaster" --emulate toaster
usage "a disk without a file" "disk" --emulate disk
usage "a disk without a file's name" "disk" --emulate disk:
usage "text that a keyboard cannot type" "keyboard" --emulate $'keyboard:\xc3\xa9'
for address in '' ':' ':3240' '127.0.0.1:' '127.0.0.1:x' '127.0.0.1:65536' '127.0.0.1:-1' '[::1' '[::1]x'; do
	usage "--listen '$address'" "--listen: " --listen "$address"
done

long=/$(printf 'p%.0s' {1..107})
usage "--listen unix: without a path" "--listen: 'unix:' is no socket; use unix:/PATH" --listen unix:
usage "--listen unix: with a relative path" "'unix:s' is no socket" --listen unix:s
usage "--listen unix: with a path too long" "is too long; a socket's path has 107 bytes" --listen "unix:$long"
usage "--listen unix: with a wrong mode" "no valid mode; use 600" --listen unix:/s,mode=9
usage "--listen unix: with control characters" "'unix:a.x1b' is no socket" --listen $'unix:a\e'
for address in vsock: vsock:x vsock:1:x vsock:-1 vsock:4294967295 vsock:host; do
	usage "--listen '$address'" "no valid port; use vsock:PORT" --listen "$address"
done
for address in vsock:0:1 vsock:x:1 vsock:4294967295:1 vsock::1; do
	usage "--listen '$address'" "no valid CID; use vsock:PORT" --listen "$address"
done

usage "a disk that is not there" "cannot open /nonexistent/disk" --emulate disk:/nonexistent/disk
check "a name that does not resolve" fails 1 "cannot listen on 'no.such.invalid'" --foreground \
	--log-level error --listen no.such.invalid:1 --emulate mouse
check "an address that is not ours" fails 1 "cannot listen on 192.0.2.1:3240" --foreground \
	--log-level error --listen 192.0.2.1 --emulate mouse
check "a config file that is not there" fails 1 "/nonexistent/conf: No such file" \
	--config /nonexistent/conf
check "a directory as config file" fails 1 "cannot be read" --config /

config "a key before any section" "conf:1: a key before any section" 'export = all\n'
config "an unknown section" "conf:3: unknown section 'usb'" '\n[usb]\na = b\n'
config "an unknown key" "conf:2: unknown key 'exprot' in \[suburbd\]" '[suburbd]\nexprot = all\n'
config "an unknown limit" "conf:2: unknown key 'max' in \[limits\]" '[limits]\nmax = 1\n'
config "neither section nor key" "conf:2: neither" '[suburbd]\nhello\n'
config "a section without its end" "conf:1: neither" '[suburbd\n'
config "a bad rule" "conf:3: 'x' is no rule" '[suburbd]\nexport = all\nexport = x\n'
config "a bad log level" "conf:2: 'loud' is no log level" '[suburbd]\nlog-level = loud\n'
config "a bad backend" "conf:2: 'x' is no backend" '[suburbd]\nbackend = x\n'
config "a limit of 0" "conf:2: '0' is out of range; use 1 to" '[limits]\nmax-connections = 0\n'
config "a negative limit" "conf:2: '-1' is out of range" '[limits]\nmax-bytes = -1\n'
config "a limit beyond all numbers" "conf:2: '9\\{30\\}' is out of range" \
	"[limits]\nmax-parked = $(printf '9%.0s' {1..30})\n"
config "a limit that is no number" "conf:2: '5x' is out of range" '[limits]\nmax-requests = 5x\n'
config "a line without end" "conf:2: this line is too long" "[suburbd]\nexport = $(printf 'a%.0s' {1..5000})\n"
config "a bad address" "conf:2: " '[suburbd]\nlisten = [::1\n'
config "a bad socket" "conf:2: 'unix:s' is no socket" '[suburbd]\nlisten = unix:s\n'
config "a bad CID" "conf:2: 'vsock:0:1' has no valid CID" '[suburbd]\nlisten = vsock:0:1\n'
config "control characters" "conf:2: unknown key 'a.x1bb'" '[suburbd]\na\033b = 1\n'
tap_done
