#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario_tool - the suburb tool with a kernel below it: each way to name a
# device, what it prints, and how it behaves towards exporters that stop in the
# middle, towards a user who gives up, and towards a device that goes.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"

# --- what it prints ----------------------------------------------------------

# prints STATUS PATTERN COMMAND...: exit status, and a pattern in all it says
prints() {
	local want=$1 pattern=$2 out status

	shift 2
	out=$("$@" 2>&1)
	status=$?
	printf '%s\n' "$out"
	[ "$status" = "$want" ] && grep -qe "$pattern" <<<"$out"
}

# A value of the document that COMMAND prints; the first if there are several.
value() { # KEY COMMAND...
	local key=$1

	shift
	"$@" | sed -n "s/^ *\"$key\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}

ports() {
	suburb status | grep -c '^port'
}

# --- naming a device ---------------------------------------------------------

# Says where the device is, and it is there: "port 0: 1209:0001 ... at bus 3
# device 2, /dev/bus/usb/003/002".
attach_tells_where() {
	local line node

	line=$(suburb attach "$EXPORTER" 99-1) || return
	echo "$line"
	[[ $line =~ ^port\ 0:\ 1209:0001\ .*keyboard\ at\ bus\ ([0-9]+)\ device\ ([0-9]+),\ (/dev/bus/usb/.*)$ ]] || return
	node=${BASH_REMATCH[3]}
	[ -c "$node" ] && [ "$node" = "$(printf '/dev/bus/usb/%03d/%03d' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")" ]
}

attach_is_configured() {
	local device

	device=$(usb_find remote 0 idVendor=1209) || return
	[ "$(usb_attr "$device" bConfigurationValue)" = 1 ]
}

status_tells_all() {
	local out

	out=$(suburb status --json)
	printf '%s\n' "$out"
	[ "$(value state echo "$out")" = online ] && [ "$(value busid echo "$out")" = 99-1 ] &&
		[ "$(value vendor_id echo "$out")" = 1209 ] && [ "$(value urbs echo "$out")" -gt 0 ] &&
		[ "$(value serial echo "$out")" = "$(usb_attr "$(usb_find remote 0 idVendor=1209)" serial)" ]
}

detach_leaves_nothing() {
	local device

	device=$(usb_find remote 0 idVendor=1209) || return
	suburb detach 0 && usb_gone "$device" && [ "$(ports)" = 0 ]
}

# The serial number of a device, as this machine sees it once it is attached.
learn_serial() { # BUSID
	value serial suburb attach --json "$EXPORTER" "$1"
	suburb detach all >/dev/null
}

attach_by_serial() { # SERIAL BUSID
	suburb attach "$EXPORTER" "1209:0001:$1" &&
		[ "$(value busid suburb status --json)" = "$2" ] &&
		[ "$(usb_attr "$(usb_find remote 0 idVendor=1209)" serial)" = "$1" ]
}

# --- the run of things -------------------------------------------------------

# A device goes and comes: each change is a line of --watch.
watch_sees_changes() {
	local pid

	suburb status --watch --json >/tmp/watch &
	pid=$!
	sleep 1
	suburb attach "$EXPORTER" 99-1 >/dev/null
	suburb detach all >/dev/null
	wait_until 5 watch_has 3
	kill "$pid"
	cat /tmp/watch
	watch_has 3 && grep -q '"state":"online"' /tmp/watch &&
		[ "$(tail -n 1 /tmp/watch)" = '{"ports":[]}' ] &&
		[ "$(head -n 1 /tmp/watch)" = '{"ports":[]}' ]
}

watch_has() { # LINES
	[ "$(wc -l </tmp/watch)" -ge "$1" ]
}

# Loads it as an administrator's machine would; a module that was put in by hand
# is not found again.
without_module() {
	modprobe -r suburb-hcd || return
	prints 1 "run 'modprobe suburb-hcd'" suburb status
}

# --- exporters that lie ------------------------------------------------------

zeros() { # COUNT
	head -c "$1" /dev/zero
}

# OP_REP_IMPORT of a high-speed device 046d:c31c, bus id 1-1
reply_to_import() {
	printf '\x01\x11\x00\x03\0\0\0\0'
	zeros 256
	printf '1-1'
	zeros 29
	printf '\0\0\0\1\0\0\0\2\0\0\0\3\x04\x6d\xc3\x1c\1\0\0\0\0\1\1\1'
}

# liar PORT COMMAND: an exporter here, which does COMMAND for each connection
liar() {
	socat "TCP4-LISTEN:$1,bind=127.0.0.1,reuseaddr,fork" SYSTEM:"$2" 2>/dev/null &
	liars+=($!)
	wait_until 5 eval "(: <>/dev/tcp/127.0.0.1/$1) 2>/dev/null"
}

stop_liars() {
	local pid

	for pid in "${liars[@]}"; do
		pkill -P "$pid"
		kill "$pid"
	done 2>/dev/null
}

# ends_within SECONDS STATUS PATTERN COMMAND...
ends_within() {
	local start=$SECONDS most=$1

	shift
	prints "$@" || return
	echo "took $((SECONDS - start)) s"
	[ $((SECONDS - start)) -le "$most" ] && [ "$(ports)" = 0 ]
}

giving_up() { # SIGNAL STATUS
	prints "$2" interrupted timeout --foreground --preserve-status -s "$1" 3 \
		suburb attach 127.0.0.1:4000 1-1 && [ "$(ports)" = 0 ]
}

against_liars() {
	reply_to_import >/tmp/reply
	liar 4000 'head -c 40 >/dev/null; cat /tmp/reply; sleep 60'
	liar 4001 'head -c 40 >/dev/null; cat /tmp/reply; sleep 1'
	liar 4002 'head -c 40 >/dev/null; cat /tmp/reply; head -c 48 >/dev/null; head -c 48 /dev/zero; sleep 60'
	liar 4003 'sleep 60'
	check "silent after the import: ends in 10 s, nothing stays" \
		ends_within 13 1 'did not get it ready' suburb attach 127.0.0.1:4000 1-1
	check "closes after the import: told why" \
		ends_within 8 1 'closed the connection' suburb attach 127.0.0.1:4001 1-1
	check "garbage after the import: told why" \
		ends_within 8 1 'broke the protocol' suburb attach 127.0.0.1:4002 1-1
	check "silent from the start: ends in 10 s" \
		ends_within 13 1 'does not answer' suburb attach 127.0.0.1:4003 1-1
	check "silent when asked for a serial number: ends in 10 s" \
		ends_within 13 1 'does not answer' suburb attach 127.0.0.1:4000 046d:c31c:X
	check "Ctrl-C while waiting: detached, status 130" giving_up INT 130
	check "SIGTERM while waiting: detached, status 143" giving_up TERM 143
	stop_liars
}

# --- the run -----------------------------------------------------------------

begin
exporter_start --emulate keyboard --emulate keyboard --emulate mouse

check "list shows them" prints 0 '^99-3 *1209:0002 .*full speed *HID' suburb list "$EXPORTER"
check "by bus id: says where it is" attach_tells_where
check "and then it is configured" attach_is_configured
check "status tells the same" status_tells_all
check "status -v has its endpoints" prints 0 'endpoint  0 control' suburb status -v
check "attached twice: refused" prints 1 'in use by another importer' suburb attach "$EXPORTER" 99-1
check "detach returns when it is gone" detach_leaves_nothing
check "detached again: refused" prints 1 'nothing is attached to port 0' suburb detach 0
check "detach all of nothing" prints 0 '' suburb detach all

check "by vid:pid" prints 0 '^port 0: 1209:0002' suburb attach "$EXPORTER" 1209:0002
check "several of a vid:pid: candidates are named" \
	prints 1 'several devices, name one of: 99-1, 99-2' suburb attach "$EXPORTER" 1209:0001
check "no such vid:pid" prints 1 'no device 1234:5678' suburb attach "$EXPORTER" 1234:5678
suburb detach all >/dev/null

serial=$(learn_serial 99-2)
check "by serial number: the right one of two" attach_by_serial "$serial" 99-2
suburb detach all >/dev/null
check "no such serial number" prints 1 'another serial number' suburb attach "$EXPORTER" 1209:0001:nothing
check "one of several fails, the others are attached" \
	prints 1 '^port 1: 1209:0001' suburb attach "$EXPORTER" 99-3 1-77 99-1
check "all: what is free" prints 1 '^port 2: 1209:0001' suburb attach "$EXPORTER" all
check "that makes three" [ "$(ports)" = 3 ]
check "detach of two ports and of none" prints 1 'nothing is attached to port 9' suburb detach 0 9 2
check "leaves one" [ "$(ports)" = 1 ]
check "detach all" prints 0 '^port 1: detached' suburb detach all
check "attach right after detach" prints 0 '^port 0' suburb attach "$EXPORTER" 99-3
suburb detach all >/dev/null
check "status --watch sees changes" watch_sees_changes

if modprobe -n suburb-hcd 2>/dev/null; then
	check "without the module status says what to do" without_module
	check "and attach loads it" prints 0 '^port 0' suburb attach "$EXPORTER" 99-1
	suburb detach all >/dev/null
else
	skip "without the module" "modprobe would not find it again"
fi

if command -v socat >/dev/null; then
	liars=()
	against_liars
else
	skip "exporters that lie" "needs socat"
fi
finish
