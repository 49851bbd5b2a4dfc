#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# links.sh - suburbd and suburb over a unix socket: it appears with its
# permissions and goes again, one that was left behind is replaced, what belongs
# to somebody else stays; and each thing that can be wrong gets one clear line.
#
# vsock is in tests/kselftest/scenario_links.sh: not every machine has it.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

: "${SUBURBD:=build/suburbd}" "${SUBURB:=build/suburb}"
read -ra runner <<<"${SUBURBD_RUN:-}"
read -ra tool_runner <<<"${SUBURB_RUN:-}"
work=$(mktemp -d)
socket=$work/s
server=
trap 'stop KILL; rm -rf "$work"' EXIT

suburb() {
	timeout -k 5 60 ${tool_runner[@]+"${tool_runner[@]}"} "$SUBURB" "$@" </dev/null
}

# start ARG...: its log goes to $work/log; returns when it listens
start() {
	: >"$work/log"
	${runner[@]+"${runner[@]}"} "$SUBURBD" --foreground --emulate keyboard "$@" </dev/null >"$work/log" 2>&1 &
	server=$!
	for _ in {1..600}; do
		! grep -q "listening on unix:" "$work/log" || return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/log"
	return 1
}

stop() { # SIGNAL
	[ -n "$server" ] || return 0
	kill "-$1" "$server"
	wait "$server" 2>/dev/null
	set -- $?
	server=
	return "$1"
}

# check runs its command in a process of its own, which has no such child.
starts() { # NAME ARG...
	local name=$1

	shift
	start "$@" >"$work/out"
	check "$name" result $?
}

ends() { # NAME
	stop TERM
	check "$1" result $?
}

result() { # STATUS
	cat "$work/out" "$work/log"
	return "$1"
}

logged() {
	grep -q -e "$1" "$work/log" || { cat "$work/log"; return 1; }
}

# refuses PATTERN ARG...: suburbd ends with 1 and that one line
refuses() {
	local pattern=$1

	shift
	timeout -k 5 60 ${runner[@]+"${runner[@]}"} "$SUBURBD" --foreground --log-level error --emulate mouse \
		"$@" </dev/null >"$work/err" 2>&1
	set -- $? "$@"
	cat "$work/err"
	[ "$1" = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -e "$pattern" "$work/err"
}

# fails PATTERN HOST: "suburb list HOST" ends with 1 and that one line
fails() {
	suburb list "$2" >"$work/out" 2>"$work/err"
	set -- $? "$1"
	cat "$work/out" "$work/err"
	[ "$1" = 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -e "$2" "$work/err"
}

lists() { # HOST
	suburb list "$1" | grep '1209:0001'
}

json() {
	suburb list --json "unix:$socket" >"$work/out" || return
	cat "$work/out"
	grep -q "\"host\": *\"unix:$socket\"" "$work/out" && ! grep -q '"port"' "$work/out"
}

has_mode() { # MODE FILE
	stat -c '%F %a' "$2"
	[ "$(stat -c '%F %a' "$2")" = "socket $1" ]
}

starts "suburbd listens on a socket" --listen "unix:$socket"
check "its owner's alone" has_mode 600 "$socket"
check "suburb lists over it" lists "unix:$socket"
check "and says as JSON what it dialled" json
check "a second suburbd leaves it alone" refuses "cannot listen on unix:$socket: somebody listens there" \
	--listen "unix:$socket"
check "the first one still answers" lists "unix:$socket"
ends "suburbd ends"
check "and its socket is gone" [ ! -e "$socket" ]

start --listen "unix:$socket" >/dev/null
stop KILL
check "killed: its socket stays" has_mode 600 "$socket"
check "suburb says that nobody is behind it" fails "nothing listens on unix:$socket any more" "unix:$socket"
starts "the next suburbd replaces it" --listen "unix:$socket,mode=660" --listen "unix:$work/t" \
	--listen 127.0.0.1:0
check "with the mode that was asked for" has_mode 660 "$socket"
check "and can listen in several places" lists "unix:$work/t"
check "one of them over TCP" logged 'listening on 127.0.0.1:'
ends "all of its sockets go"
check "the first is gone" [ ! -e "$socket" ]
check "the second is gone" [ ! -e "$work/t" ]

printf '[suburbd]\nlisten = unix:%s\n' "$socket" >"$work/conf"
starts "a configuration file may say so" --config "$work/conf" --log-level debug
check "over it too" lists "unix:$socket"
check "the log names a peer by process and user" logged "unix:pid=[0-9]*,uid=$(id -u): "
mv "$socket" "$work/moved"
echo precious >"$socket"
ends "suburbd ends, its socket was moved"
check "a file in its place stays" grep precious "$socket"

check "suburbd: a file that is no socket" refuses "a file that is no socket has this name" --listen "unix:$socket"
check "suburb: a file that is no socket" fails "$socket is not a socket" "unix:$socket"
check "suburbd: no such directory" refuses "there is no such directory" --listen "unix:$work/no/s"
check "suburb: no such file" fails "no socket $work/no: does suburbd run with --listen unix:$work/no" "unix:$work/no"
check "suburbd: not a directory" refuses "Not a directory" --listen "unix:$socket/s"
check "suburb: control characters" fails 'no socket /no.x1b.2J' $'unix:/no\e[2J'

# A variant may need a runner, or libraries in a place that is root's: the plain
# build is enough for this.
nobody=(setpriv --reuid=65534 --clear-groups)
chmod 711 "$work"
cp "$SUBURB" "$SUBURBD" "$work"
if [ "$(id -u)" != 0 ]; then
	skip "permissions" "needs root"
elif [ -z "${runner[*]}${tool_runner[*]}" ] && "${nobody[@]}" "$work/suburb" --version >/dev/null 2>&1; then
	start --listen "unix:$work/mine" >/dev/null
	SUBURB=$work/suburb tool_runner=("${nobody[@]}")
	check "suburb: somebody else's socket" fails "unix:$work/mine may not be used" "unix:$work/mine"
	SUBURBD=$work/suburbd runner=("${nobody[@]}")
	check "suburbd: somebody else's directory" refuses "permission denied; choose a directory" \
		--listen "unix:$work/theirs"
	stop TERM
fi
tap_done
