#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network_silence - a network that swallows everything, with data on its way or
# none, both ways or one; a firewall that resets; peers that are gone without the
# other's knowing. Both ends notice in the time that they were given, 20 s unless
# they were told otherwise, and not before.

. "$(dirname "$(realpath "$0")")/lib/scenario.sh"
. "$here/network.sh"

busy_black_hole() { # CASE SECONDS OPTION...
	local most

	net_late
	most=$(($2 * 1000 + late))
	check_here "$1: attached, with URBs on their way" net_begin 0 "${@:3}" || return
	net_black_hole
	net_died "$1" $(($2 * 1000 - 2000)) "$most" "$most"
}

# Nothing is sent but probes. The disk is asked now and then whether it is there.
idle_black_hole() { # CASE SECONDS OPTION...
	local most

	net_late
	most=$(($2 * 1000 + late))
	check_here "$1: attached" net_open "${@:3}" || return
	sleep 2
	net_black_hole
	took gone $(($2 + 30)) net_gone
	check "$1: device gone here in its time" between 0 "$took_gone" "$most"
	took free $(($2 + 30)) net_free
	check "$1: device free there in its time" between 0 "$took_free" "$most"
	seen "$1" "importer's device gone after $took_gone ms, exporter's free after $took_free ms"
	net_again "$1"
}

# Acknowledgements are lost, or all but them.
one_way() { # CASE END
	net_late
	check_here "$1: attached, with URBs on their way" net_begin 0 --timeout 5 || return
	trouble "$2" "$net_deaf"
	net_died "$1" 2000 $((5000 + late)) $((10000 + late))
}

# Shorter than either end's patience: nothing is lost.
short_black_hole() { # CASE
	check_here "$1: attached, with URBs on their way" net_begin 512 || return
	net_black_hole
	sleep 5
	check "$1: all is still there" net_is_here
	net_heal
	net_survived "$1" 120
}

# Detached in the black hole: the exporter is never told.
detached_unheard() { # CASE
	net_late
	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	net_black_hole
	sleep 1
	net_detach
	check "$1: detached within 2 s" between 0 "$took_detach" "$quick"
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	took free 60 net_free
	check "$1: the exporter frees the device" between 0 "$took_free" $((5000 + late))
	seen "$1" "detach $took_detach ms, exporter's free after $took_free ms, $(cat /tmp/pump.out)"
	net_again "$1"
}

# suburbd goes in the black hole: the importer is never told.
killed_unheard() { # CASE
	net_late
	check_here "$1: attached, with URBs on their way" net_begin 0 --timeout 5 || return
	net_black_hole
	exporter_kill
	took gone 60 net_gone
	check "$1: device gone here in its time" between 2000 "$took_gone" $((5000 + late))
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	seen "$1" "importer's device gone after $took_gone ms, $(cat /tmp/pump.out)"
	net_heal
	net_exporter 5
	net_again "$1"
}

# Half open: the exporter's firewall resets the importer, and the exporter hears nothing.
firewall_resets() { # CASE
	net_late
	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	trouble at_exporter "${net_deaf/drop/tcp dport 3240 reject with tcp reset}"
	net_died "$1" 0 $((2 * quick)) $((5000 + late))
}

# Who comes meanwhile is told so, and served once it is free.
next_importer() { # CASE
	net_late
	check_here "$1: attached, with URBs on their way" net_begin 0 || return
	net_black_hole
	suburb detach all >/dev/null
	net_pump_end 15
	trouble net_heal
	took gone 40 net_once_more
	check "$1: it has the device in time" between 0 "$took_gone" $((5000 + late))
	seen "$1" "next importer served after $took_gone ms"
}

net_start
net_exporter 20
busy_black_hole "black hole, 20 s" 20
idle_black_hole "idle black hole, 20 s" 20
short_black_hole "black hole of 5 s"
net_exporter 5
busy_black_hole "black hole, --timeout 5" 5 --timeout 5
idle_black_hole "idle black hole, --timeout 5" 5 --timeout 5
one_way "importer deaf" eval
one_way "exporter deaf" at_exporter
detached_unheard "detached in a black hole"
killed_unheard "suburbd killed in a black hole"
firewall_resets "reset by a firewall"
next_importer "next importer after a lost one"
finish
