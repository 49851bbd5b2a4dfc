# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# network.sh - a network that is broken, and what must be true whatever breaks.
# Needs scenario.sh, and two machines with tc and nft whose link is eth0; the
# exporter must be reached by other means than that link, too (AT_EXPORTER).
#
# The device is the emulated loopback, with URBs always on their way (pump), or
# the emulated disk. Of each case a line "# seen" tells how long things took; they
# are measured at the importer, whose clock stands still with it.

net_device=      # the importer's name of it
net_pump=        # pid of pump
took_gone='' took_free='' took_detach=''
net_began=0      # when the last trouble did
quick=2000       # ms; see net_quick()
# shellcheck disable=SC2034 # for the scripts
late=8000        # ms; see net_late()
net_image=/tmp/suburb-network.img

# --- trouble -----------------------------------------------------------------

at_both() { # LINE
	bash -c "$1" && at_exporter "$1"
}

# netem ARG...: on what this machine sends
net_here() {
	tc qdisc replace dev eth0 root netem limit 10000 "$@"
}

net_there() {
	at_exporter "tc qdisc replace dev eth0 root netem limit 10000 $*"
}

net_both() {
	net_here "$@" && net_there "$@"
}

# What arrives is lost; nobody is told.
net_deaf='nft -f - <<-END
	table inet trouble {
		chain in {
			type filter hook input priority 0
			iifname eth0 drop
		}
	}
END'

# trouble COMMAND...: from before it times are measured
trouble() {
	net_began=$(uptime_ms)
	"$@"
}

net_black_hole() {
	trouble at_both "$net_deaf"
}

net_heal() {
	at_both 'tc qdisc del dev eth0 root 2>/dev/null
		nft delete table inet trouble 2>/dev/null; true'
}

# --- the two ends ------------------------------------------------------------

# suburbd with a loopback and a disk, and so many seconds for a silent importer.
net_exporter() { # SECONDS
	at_exporter "[ -e $net_image ] || truncate -s 16M $net_image"
	exporter_start --limit "link-timeout-s=$1" --emulate loopback --emulate "disk:$net_image"
}

net_attach() { # PRODUCT-ID OPTION...
	local product=$1

	shift
	suburb attach "$@" "$EXPORTER" "1209:$product" >/dev/null &&
		usb_find remote 10 idVendor=1209 idProduct="$product"
}

# The loopback with URBs on their way; BLOCKS as for pump.
net_open() { # OPTION...
	at_exporter ': >/run/suburbd.log'
	net_device=$(net_attach 0005 "$@")
}

net_begin() { # BLOCKS OPTION...
	net_open "${@:2}" && net_pump_start "$1"
}

net_pump_start() { # BLOCKS
	: >/tmp/pump.err
	pump "$(usb_node "$net_device")" "$RANDOM" "$1" >/tmp/pump.out 2>/tmp/pump.err &
	net_pump=$!
	wait_until 20 grep -q ready /tmp/pump.err
}

pump_ended() {
	! kill -0 "$net_pump" 2>/dev/null
}

# Its exit status; call it outside of check, which is not its parent.
net_pump_end() { # SECONDS
	wait_until "$1" pump_ended || { kill -KILL "$net_pump"; echo "pump hangs" >>/tmp/pump.err; }
	wait "$net_pump"
	pump_status=$?
	return "$pump_status"
}

pump_was() { # STATUS
	cat /tmp/pump.out /tmp/pump.err
	[ "$pump_status" = "$1" ]
}

# --- how long things take --------------------------------------------------------

# took NAME SECONDS COMMAND...: waits for it; sets took_NAME to ms since the trouble
# began, or to "never"
took() {
	local ms=never status

	wait_until "$2" "${@:3}"
	status=$?
	[ "$status" != 0 ] || ms=$(($(uptime_ms) - net_began))
	printf -v "took_$1" %s "$ms"
	return "$status"
}

net_gone() {
	[ -z "$(usb_list remote)" ] && [ "$(suburb status)" = "no device is attached" ]
}

net_is_here() {
	! usb_gone "$net_device"
}

net_free() {
	at_exporter "grep -q 'is free again' /run/suburbd.log"
}

between() { # LEAST-MS VALUE MOST-MS
	echo "$2 ms, expected $1 to $3"
	[[ $2 =~ ^[0-9]+$ ]] && [ "$2" -ge "$1" ] && [ "$2" -le "$3" ]
}

# Two seconds, or where a machine is so busy that it takes longer to start programs,
# ten times what one takes that waits for nothing.
net_quick() {
	local start

	start=$(uptime_ms)
	suburb status >/dev/null
	quick=$((10 * ($(uptime_ms) - start)))
	[ "$quick" -ge 2000 ] || quick=2000
}

# Retransmissions and probes have intervals of their own: late by so much.
net_late() {
	net_quick
	# shellcheck disable=SC2034 # for the scripts
	late=$((4 * quick))
}

net_detach() {
	local start

	net_quick
	start=$(uptime_ms)
	suburb detach all >/tmp/detach.out 2>&1
	took_detach=$(($(uptime_ms) - start))
}

no_stuck_process() {
	local stuck

	stuck=$(ps -eo state,pid,wchan:30,comm | awk '$1 == "D"')
	echo "$stuck"
	[ -z "$stuck" ]
}

# --- verdicts ------------------------------------------------------------------

seen() { # CASE TEXT
	note "seen | $1 | $2"
}

# After trouble that the link survives: all bytes, the same device, a quick detach.
net_survived() { # CASE SECONDS
	local start

	start=$(uptime_ms)
	net_pump_end "$2"
	start=$(($(uptime_ms) - start))
	check "$1: every byte came back, and every URB once" pump_was 0
	check "$1: it is the same device still" net_is_here
	net_detach
	check "$1: detached within 2 s" between 0 "$took_detach" "$quick"
	seen "$1" "survived, data through in $start ms, detach $took_detach ms"
	net_again "$1"
}

# After trouble that it does not: both ends notice within their time.
net_died() { # CASE IMPORTER-LEAST-MS IMPORTER-MOST-MS EXPORTER-MOST-MS
	took gone $(($3 / 1000 + 30)) net_gone
	check "$1: device gone here in its time" between "$2" "$took_gone" "$3"
	took free $(($4 / 1000 + 30)) net_free
	check "$1: device free there in its time" between 0 "$took_free" "$4"
	net_pump_end 15
	check "$1: every URB came back once" pump_was 3
	seen "$1" "importer's device gone after $took_gone ms, exporter's free after $took_free ms, $(cat /tmp/pump.out)"
	net_again "$1"
}

# Nothing is left of it, and the next importer has the device.
net_again() { # CASE
	net_heal
	check "$1: no process is stuck" wait_until 5 no_stuck_process
	check "$1: no port is stuck" wait_until 5 net_gone
	check "$1: free for the next importer" net_once_more
}

net_once_more() {
	local device status

	device=$(net_attach 0005) && usbio echo "$(usb_node "$device")" 5 4
	status=$?
	suburb detach all
	return "$status"
}

need_network() {
	[ -n "${AT_EXPORTER:-}" ] || skip_all "needs two machines"
	at_both 'command -v nft && command -v tc && modprobe sch_netem' >/dev/null ||
		skip_all "needs tc, nft and netem"
}

net_clean_up() {
	local status=$?

	net_heal
	(exit "$status")
	clean_up
}

net_start() {
	need_network
	begin
	trap net_clean_up EXIT
	# What is lost shall be a packet, not 64 KiB.
	at_both 'ethtool -K eth0 tso off gso off gro off'
}
