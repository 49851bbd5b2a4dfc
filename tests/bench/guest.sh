#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh - in a guest of bench.sh: does what the file "plan" says, line by line
# (cells.sh), and prints for each
#
#   sample ROUND WAY MEASURE SIZE DEPTH PATH NAME=VALUE...
#
# or "failed" in place of the values. Whatever is measured is given up after a time,
# so that what hangs costs one line of the plan; and what a way lost is reached anew.

export OUTPUT=/suburb/build/kselftest
if [ "$VM_ROLE" = importer ]; then
	export AT_EXPORTER=vm-other EXPORTER=exporter LISTEN=10.83.0.1
fi
# shellcheck source=tests/kselftest/lib/scenario.sh
. /suburb/tests/kselftest/lib/scenario.sh >/dev/null
# shellcheck source=tests/kselftest/lib/media.sh
. "$here/media.sh"
# shellcheck source=tests/bench/cells.sh
. /suburb/tests/bench/cells.sh
# shellcheck source=tests/bench/ways.sh
. /suburb/tests/bench/ways.sh
programs=/suburb/build/bench-programs
PATH=$programs:$PATH
tcp_port=3242
link=lo
[ "$VM_ROLE" = single ] || link=eth0

# limited SECONDS COMMAND...: its status; what does not end is killed and, since not
# even that ends everything, left behind.
limited() {
	local pid timer ended='' status

	"${@:2}" &
	pid=$!
	sleep "$1" &
	timer=$!
	wait -n -p ended "$pid" "$timer"
	status=$?
	if [ "$ended" = "$timer" ]; then
		echo "# given up after $1 s: ${*:2}"
		kill -KILL "$pid"
		return 124
	fi
	kill "$timer"
	wait "$timer" 2>/dev/null
	return "$status"
}

# --- path --------------------------------------------------------------------

path=0

# Over loopback a packet passes the same interface on both ways, and is as long as
# what was sent; so that a lost one is a packet and not 64 KiB, packets get short.
set_path() { # PATH
	local line

	[ "$1" != "$path" ] || return 0
	case $1 in
	0) line="tc qdisc del dev $link root" ;;
	loss) line="tc qdisc replace dev $link root netem limit 20000 loss 1%" ;;
	*) line="tc qdisc replace dev $link root netem limit 20000 delay $(($1 * 500))us" ;;
	esac
	if [ "$link" = lo ] && [ "$1" = loss ]; then
		line="$line; ip link set lo mtu 1500; ethtool -K lo tso off gso off"
	elif [ "$link" = lo ] && [ "$path" = loss ]; then
		line="$line; ip link set lo mtu 65536; ethtool -K lo tso on gso on"
	fi
	bash -c "$line" >/dev/null 2>&1
	[ "$link" = lo ] || at_exporter "$line" >/dev/null 2>&1
	path=$1
}

# --- measures ----------------------------------------------------------------
#
# Each sets result to NAME=VALUE words. They are called with WAY SIZE DEPTH SECONDS,
# and device is reached.

# run SECONDS COMMAND...: the words of its one line, in words; it has three times as
# long and some, since queues have to be filled and emptied.
run() {
	local seconds=${1%.*}

	limited $((${seconds:-0} * 3 + 15)) "${@:2}" >/tmp/bench.out 2>/tmp/bench.err || {
		sed "s/^/# $way $measure: /" /tmp/bench.out /tmp/bench.err
		return 1
	}
	read -r -d '' -a words </tmp/bench.out
	return 0
}

# Of several the first is the one that is measured.
kind_of() { # MEASURE SIZE
	case $1 in
	control) echo high ;;
	in | out) if [ "$2" -lt 1024 ]; then echo high; else echo super; fi ;;
	cost-* | calls-*) kind_of "${1#*-}" "$2" ;;
	reports | interrupt) echo hid ;;
	disk-*) echo disk ;;
	uas-*) echo uas ;;
	attach) echo super ;;
	sound) echo audio ;;
	interrupt-same) echo busy ;;
	interrupt-other) echo busy super ;;
	reports-full) echo hid-full ;;
	esac
}

transfers() { # DIRECTION SIZE DEPTH SECONDS
	run "$4" throughput "$(usb_node "$device")" "$@" || return
	result="rate=${words[0]}:MB/s transfers=${words[1]}:1/s p50=${words[3]}:us p90=${words[4]}:us
		p99=${words[5]}:us cpu=${words[6]}:us/transfer"
}

measure_control() { transfers control "${@:2}"; }
measure_in() { transfers in "${@:2}"; }
measure_out() { transfers out "${@:2}"; }

# A reader at the gadget takes them. usbfs takes the interface from usbhid, which
# gets it back.
measure_interrupt() {
	local status

	transfers int-out "${@:2}"
	status=$?
	echo "$device:1.0" >/sys/bus/usb/drivers/usbhid/bind
	return "$status"
}

# While NODE is read with all that it gives. The figure is none if it is not.
beside_a_stream() { # NODE SIZE DEPTH SECONDS
	local pid status

	limited $((${4%.*} + 20)) throughput "$1" in 65536 16 "$((${4%.*} + 2))" >/tmp/stream.out 2>&1 &
	pid=$!
	sleep 0.7
	measure_interrupt "$way" "${@:2}"
	status=$?
	wait "$pid" || { sed 's/^/# the stream: /' /tmp/stream.out; return 1; }
	return "$status"
}

measure_interrupt-same() {
	beside_a_stream "$(usb_node "$device")" "${@:2}"
}

measure_interrupt-other() {
	local node

	reach "$1" super || return
	node=$(usb_node "$device")
	reach "$1" busy && beside_a_stream "$node" "${@:2}"
}

# What it costs, in a pair of machines: throughput's figures, and what was spent
# between two marks, of the exporter and of the importer in turn. Of the local device
# there is the exporter only.
cost() { # WAY DIRECTION SIZE DEPTH SECONDS
	local mark line

	mark="tcp spent 127.0.0.1 $tcp_port $link >>/tmp/marks"
	if [ "$1" = local ]; then
		printf -v line '%q ' throughput "$(exporter_usb usb_node "$device")" "${@:2}"
		run "$5" at_exporter "PATH=$PATH; rm -f /tmp/marks
			THROUGHPUT_MARK='$mark' $line && cat /tmp/marks"
	else
		mark="tcp spent $(</run/vm/other) $tcp_port $link >>/tmp/marks; $mark"
		rm -f /tmp/marks
		THROUGHPUT_MARK=$mark run "$5" throughput "$(usb_node "$device")" "${@:2}" &&
			read -r -d '' -a words < <(cat /tmp/bench.out /tmp/marks; printf '\0')
	fi
}

# What is printed of the two ends, per transfer. The time of the end that asks is
# throughput's: it does not have the marks in it.
spent() { # NAME...: in the order of "tcp spent", "-" for none
	result=$(awk -v names="$*" -v size="$size" '{
		ends = NF == 26 ? 1 : 2
		n = split(names, name, " ")
		for (end = 0; end < ends; end++)
			for (i = 1; i <= n; i++) {
				if (name[i] == "-")
					continue
				split(name[i], part, ":")
				at = 8 + 9 * end + i
				value = ($(at + 9 * ends) - $at) / $8
				if (i == 1 && end == ends - 1)
					value = $7
				where = end == 0 ? "exporter_" : "importer_"
				printf "%s%s=%.2f:%s ", where, part[1], value, part[2]
				if (i == 1)
					printf "%s%s_mib=%.0f:us/MiB ", where, part[1], value * 1048576 / size
			}
	}' <<<"${words[*]}")
}

measure_cost-in() {
	cost "$1" in "${@:2}" && spent cpu:us switches:1 received:packets bytes_received:B sent:packets bytes_sent:B
}

measure_cost-out() {
	cost "$1" out "${@:2}" && spent cpu:us switches:1 received:packets bytes_received:B sent:packets bytes_sent:B
}

measure_cost-control() {
	cost "$1" control "${@:2}" && spent cpu:us switches:1 received:packets bytes_received:B sent:packets bytes_sent:B
}

# Whoever calls them, the module or a program. To trace takes time, so these
# are measured by themselves.
tracing() { # LINE-OF-TRIGGER
	at_both "cd /sys/kernel/tracing
		[ -e events/bench ] || printf 'p:bench/%s tcp_%s\n' sendmsg sendmsg recvmsg recvmsg >kprobe_events
		for event in raw_syscalls/sys_enter bench/sendmsg bench/recvmsg; do
			echo '$1' >events/\$event/trigger
		done"
}

at_both() { # LINE
	bash -c "$1" && at_exporter "$1"
}

calls() { # as cost
	local status

	tracing 'hist:keys=common_pid' || return
	cost "$@" && spent - - - - - - syscalls:1 sendmsg:1 recvmsg:1
	status=$?
	tracing '!hist:keys=common_pid'
	return "$status"
}

measure_calls-in() { calls "$1" in "${@:2}"; }
measure_calls-out() { calls "$1" out "${@:2}"; }
measure_calls-control() { calls "$1" control "${@:2}"; }

reports() { # KIND SECONDS
	local hidraw

	hidraw=$(usb_hidraw "$device" 10) || return
	run "$2" hid "${hidg[$1]}" "$hidraw" 1000 "$2" || return
	result="reports=${words[0]}:1/s lost=${words[1]}:reports disordered=${words[2]}:reports
		age_p50=${words[3]}:us age_p99=${words[4]}:us"
}

measure_reports() { reports hid "$4"; }
measure_reports-full() { reports hid-full "$4"; }

# SIZE is the block's, DEPTH how many are asked for at once.
storage() { # RW SIZE DEPTH SECONDS
	local disk rate iops

	disk=$(usb_disk "$device" 20) || { echo "# $way: $device is no disk"; return 1; }
	[ -e /run/fio/usr ] || { mkdir -p /run/fio && mount -o ro LABEL=suburb-fio /run/fio; } || return
	LD_LIBRARY_PATH=/run/fio/usr/lib/x86_64-linux-gnu:/run/fio/lib/x86_64-linux-gnu:/run/fio/usr/lib/x86_64-linux-gnu/ceph \
		run "$((${4%.*} + 5))" /run/fio/usr/bin/fio --name=bench "--filename=$disk" "--rw=$1" "--bs=$2" \
		"--iodepth=$3" "--runtime=$4" --ioengine=libaio --direct=1 --time_based --ramp_time=0.3 \
		--output-format=terse --terse-version=3 || return
	IFS=';' read -ra words <<<"$(grep '^3;' /tmp/bench.out)"
	rate=${words[6]} iops=${words[7]}
	[[ $1 != *write ]] || rate=${words[47]} iops=${words[48]}
	result="rate=$(awk -v kib="$rate" 'BEGIN { printf "%.3f", kib * 1024 / 1e6 }'):MB/s iops=$iops:1/s"
}

measure_disk-read() { storage read "${@:2}"; }
measure_disk-write() { storage write "${@:2}"; }
measure_disk-random() { storage randread "${@:2}"; }
measure_uas-read() { storage read "${@:2}"; }
measure_uas-write() { storage write "${@:2}"; }
measure_uas-random() { storage randread "${@:2}"; }

# kB of the kernel and of programs, without what is only kept for later
memory() {
	awk '/^(Slab|KernelStack|PageTables|AnonPages|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}

memory_of_both() {
	memory
	at_exporter "$(declare -f memory); memory"
}

appears() { # WAY KIND
	local where=remote end=$((SECONDS + 30)) name

	! uses_vhci "$1" || where=vhci
	while ((SECONDS < end)); do
		for name in $(usb_list "$where"); do
			if [ "serial=$(usb_attr "$name" serial)" = "$(identity "$@")" ] && [ -n "$(usb_attr "$name" bConfigurationValue)" ]; then
				reached[$2.$1]=$name
				return
			fi
		done
		read -r -t 0.01 -u 8
	done
	return 1
}

# Until the kernel has configured it. Round trips follow from how much longer it
# takes where each is longer.
declare -A attach_ms=()   # WAY: without any delay

measure_attach() { # WAY
	local start ms before after limited_pid

	set_path 0
	let_go "$1" super
	mapfile -t before < <(memory_of_both)
	set_path "$path_wanted"
	start=${EPOCHREALTIME/./}
	attach_way "$1" "$(busid_of "$1" super)" >/tmp/attach.out 2>&1 &
	limited_pid=$!
	appears "$1" super || return
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	wait "$limited_pid"
	result="attach=$ms:ms"
	if [ "$path" = 0 ]; then
		attach_ms[$1]=$ms
		mapfile -t after < <(memory_of_both)
		result+=" importer_memory=$((after[0] - before[0])):KiB exporter_memory=$((after[1] - before[1])):KiB"
	elif [ -n "${attach_ms[$1]:-}" ]; then
		result+=" round_trips=$(awk -v a="${attach_ms[$1]}" -v b="$ms" -v rtt="$path" 'BEGIN { printf "%.1f", (b - a) / rtt }'):1"
	fi
	set_path 0
}

# --- many devices ------------------------------------------------------------

emulated() {
	local name

	for name in $(usb_list remote); do
		[ "$(usb_attr "$name" idVendor):$(usb_attr "$name" idProduct)" != 1209:0005 ] || usb_node "$name"
	done
}

has_emulated() { # COUNT
	[ "$(emulated | wc -l)" = "$1" ]
}

# As many devices as DEPTH, which suburbd makes, each with four transfers on its way;
# what all of the machine does for one of them, and what it keeps for a device.
measure_devices() { # WAY SIZE DEPTH SECONDS
	local count=$3 options=() n before pid status

	for ((n = 0; n < count; n++)); do
		options+=(--emulate loopback:super)
	done
	before=$(memory)
	suburbd --foreground --listen 127.0.0.1:3243 "${options[@]}" >/tmp/many.log 2>&1 &
	pid=$!
	wait_until 10 suburb list localhost:3243 >/dev/null 2>&1
	limited $((20 + count * 2)) suburb attach localhost:3243 all >/dev/null &&
		wait_until 20 has_emulated "$count" &&
		result="memory=$((($(memory) - before) / count)):KiB/device" && use_all "$2" "$4"
	status=$?
	kill "$pid"
	wait_until 20 has_emulated 0
	[ "$status" = 0 ] || { tail -n 3 /tmp/many.log | sed 's/^/# /'; return 1; }
}

# All begin when the last one is there.
use_all() { # SIZE SECONDS
	local node pids=() pid failed=0

	rm -rf /tmp/go /tmp/many
	mkdir /tmp/many
	mapfile -t nodes < <(emulated)
	for node in "${nodes[@]}"; do
		# shellcheck disable=SC2016 # the parent of the mark's shell
		THROUGHPUT_MARK=': >/tmp/many/$PPID.ready; until [ -e /tmp/go ]; do sleep 0.1; done' \
			throughput "$node" in "$1" 4 "$2" >"/tmp/many/${node//\//-}.out" 2>>/tmp/many.log &
		pids+=($!)
	done
	wait_until 60 all_ready "${#nodes[@]}"
	touch /tmp/go
	for pid in "${pids[@]}"; do
		limited_wait "$((${2%.*} + 30))" "$pid" || failed=1
	done
	[ "$failed" = 0 ] || return
	result+=" $(awk '{ rate += $1; transfers += $2; busy += $7 * $2 } END {
		printf "rate=%.3f:MB/s transfers=%.0f:1/s cpu=%.1f:us/transfer", rate, transfers, busy / NR / transfers }' /tmp/many/*.out)"
}

all_ready() { # COUNT
	local all=(/tmp/many/*.ready)

	[ ${#all[@]} = "$1" ]
}

limited_wait() { # SECONDS PID
	wait_until "$1" eval "! kill -0 $2 2>/dev/null" || { kill -KILL "$2"; return 1; }
	wait "$2"
}

# --- sound -------------------------------------------------------------------

# A stream of isochronous packets for SECONDS: whether it never ran dry.
measure_sound() { # WAY SIZE DEPTH SECONDS
	local card

	card=$(sound_card "$device") || return
	sound_make /tmp/played "$4" 0
	if limited $(($4 * 2 + 15)) sound_play "$card" /tmp/played >/tmp/aplay.err 2>&1 && no_xrun /tmp/aplay.err; then
		result=streams=1:1
	else
		sed "s/^/# $way: /" /tmp/aplay.err
		result=streams=0:1
	fi
}

# --- the network itself ------------------------------------------------------

measure_tcp-ping() {
	run "$4" tcp ping "$EXPORTER" "$tcp_port" "$4" || return
	result="transfers=${words[0]}:1/s p50=${words[1]}:us p90=${words[2]}:us p99=${words[3]}:us"
}

measure_tcp-in() {
	run "$4" tcp in "$EXPORTER" "$tcp_port" "$4" && result="rate=${words[0]}:MB/s"
}

measure_tcp-out() {
	run "$4" tcp out "$EXPORTER" "$tcp_port" "$4" && result="rate=${words[0]}:MB/s"
}

# --- plan --------------------------------------------------------------------

declare -A hidg=()

drain() { # KIND
	hidg[$1]=$(exporter_gadget "gadget_hidg ${gadgets[$1]}")
	at_exporter "cat ${hidg[$1]} >/dev/null 2>&1 &"
}

prepare() { # FILE
	local kinds kind

	mapfile -t kinds < <(while read -r _ _ measure size _; do
		kind_of "$measure" "$size"
	done <"$1" | tr ' ' '\n' | sort -u)
	at_both "echo 0 >/sys/module/usbcore/parameters/usbfs_memory_mb
		[ -e /run/tcp.pid ] || { $programs/tcp serve $tcp_port >/dev/null 2>&1 & echo \$! >/run/tcp.pid; }"
	exporter_gadget 'gadget_load super 16'
	for kind in "${kinds[@]}"; do
		make_device "$kind"
		[[ $kind != hid* && $kind != busy ]] || drain "$kind"
	done
	serve_devices
}

one_cell() { # ROUND WAY MEASURE SIZE DEPTH PATH SECONDS
	local way=$2 measure=$3 size=$4 path_wanted=$6 kind words=() result=''

	kind=$(kind_of "$3" "$4")
	kind=${kind%% *}
	if [ -n "$kind" ] && ! reached_without_path "$2" "$kind"; then
		echo "sample ${*:1:6} failed"
		return
	fi
	set_path "$6"
	if "measure_$3" "$2" "$4" "$5" "$7" && [ -n "$result" ]; then
		echo "sample ${*:1:6} ${result//[$'\n\t']/ }"
		return
	fi
	echo "sample ${*:1:6} failed"
	if [ -n "$kind" ]; then
		set_path 0
		failures[$kind.$2]=$((${failures[$kind.$2]:-0} + 1))
		let_go "$2" "$kind"
	fi
}

# A device is not to be reached over a bad network, when that is not what is measured.
reached_without_path() { # WAY KIND
	device=${reached[$2.$1]:-}
	[ -z "$device" ] || return 0
	set_path 0
	reach "$@"
}

# The machine goes as it is: taking everything down in order would take a minute.
mkfifo /tmp/never
exec 8<>/tmp/never
prepare /suburb/plan
while read -r -u 7 -a cell; do
	one_cell "${cell[@]}"
done 7</suburb/plan
