#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.sh - what run.sh promises, held to it: good runs pass, and every way
# in which a run can go wrong fails. Prints TAP.
#
# The runs that must fail go on beside those that must pass. Their results are
# kept out of build/results: they would count as failures.

set -uo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=../tap.sh
. "$here/../tap.sh"
# shellcheck source=judge.sh
. "$here/judge.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/build"

# boot NAME OPTION...: a run whose exit status and messages are kept.
boot() {
	local name=$1

	shift
	mkdir "$work/tmp-$name"
	TMPDIR=$work/tmp-$name BUILD=$work/build "$here/run.sh" --name "$name" "$@" >"$work/$name.log" 2>&1 </dev/null
	echo $? >"$work/$name.status"
}

passed() { # NAME
	cat "$work/$1.log" "$work/build/results/vm-$1"/*/output
	[ "$(cat "$work/$1.status")" = 0 ]
}

printed() { # NAME PATTERN
	grep -hqE "$2" "$work/build/results/vm-$1"/*/output
}

tap_has() { # NAME PATTERN
	cat "$work/build/results/vm-$1.tap"
	grep -qE "$2" "$work/build/results/vm-$1.tap"
}

failed_by() { # NAME REASON
	cat "$work/$1.log"
	[ "$(cat "$work/$1.status")" = 1 ] && tap_has "$1" "^not ok [0-9]+ - $1: .*$2"
}

# QEMU is named by the files that it was given.
left_nothing() { # NAME
	ls -A "$work/tmp-$1"
	[ -z "$(ls -A "$work/tmp-$1")" ] && ! pgrep -af "$work/tmp-$1"
}

# One line of the log, of the console or only of dmesg, decides.
log_is_bad() { # LINE
	mkdir -p "$work/judge"
	echo 'exit 0' >"$work/judge/result"
	: >"$work/judge/console"
	printf '[    1.000000] quiet\n[    2.000000] %s\n' "$1" >"$work/judge/dmesg"
	[ -n "$(vm_verdict "$work/judge")" ]
}

log_is_good() {
	! log_is_bad "$1"
}

check_judge() {
	local line

	while read -r line; do
		check "the log is bad with: $line" log_is_bad "$line"
	done <<-'END'
		WARNING: CPU: 0 PID: 1 at drivers/usb/core/hcd.c:1 usb_hcd_giveback_urb+0x1/0x2
		WARNING: possible circular locking dependency detected
		BUG: kernel NULL pointer dereference, address: 0000000000000008
		BUG: sleeping function called from invalid context at kernel/workqueue.c:3010
		INFO: task kworker/0:1:12 blocked for more than 60 seconds.
		rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
		general protection fault, probably for non-canonical address 0xdead000000000108
		UBSAN: array-index-out-of-bounds in drivers/usb/core/hub.c:1
		refcount_t: underflow; use-after-free.
		BUG kmalloc-64 (Tainted: G           O      ): Poison overwritten
		INFO: trying to register non-static key.
		INFO: lockdep is turned off.
	END
	while read -r line; do
		check "the log is good with: $line" log_is_good "$line"
	done <<-'END'
		usb 1-1: device descriptor read/64, error -71
		rcu: Hierarchical RCU implementation.
		Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
		kasan: KernelAddressSanitizer initialized
		kmemleak: Kernel memory leak detector initialized (mem pool available: 15700)
		I/O error, dev sda, sector 1024 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2
	END
}

good_runs() {
	cat >"$work/alone.sh" <<-'END'
		#!/bin/bash
		echo "ok 1 - says the guest"
		sleep 1000 &
		echo "stderr again" >/dev/stderr
		vm-other 'cat /proc/sys/kernel/hostname; exit 5'
		echo "other $?"

		until [ -e /dev/input/by-id/*event-kbd ] && [ -e /dev/ttyUSB0 ]; do sleep 0.1; done
		stdbuf -oL od -An -t u2 -w24 -v /dev/input/by-id/*event-kbd >/tmp/keys &
		for ((i = 0; i < 20; i++)); do
			vm-monitor sendkey a
			sleep 0.3
			grep -q ' 1 *30 *1 *0$' /tmp/keys && echo "key a" && break
		done
		vm-monitor no-such-command || echo "monitor refuses"

		stty -F /dev/ttyUSB0 raw -echo
		exec 5<>/dev/virtio-ports/suburb.serial 6<>/dev/ttyUSB0
		echo to the end >&6
		timeout 5 head -n 1 <&5
		echo to the device >&5
		timeout 5 head -n 1 <&6
	END
	cat >"$work/pair.sh" <<-'END'
		#!/bin/bash
		ping -4 -c 1 -W 5 exporter && ping -6 -c 1 -W 5 exporter && echo "both pings"
		ip link set eth0 down
		vm-other 'echo out; echo err >&2; exit 7' 2>/tmp/err
		echo "status $? $(cat /tmp/err)"
		echo "through stdin" | vm-other --stdin 'rev; sleep 1000 &'
		vm-other '(vm-wait there && vm-signal back) >/dev/null 2>&1 &'
		vm-signal there
		vm-wait back 20 && echo "signals"
		vm-other vm-monitor info usb
	END
	chmod +x "$work"/*.sh
	boot alone --usb kbd,serial --timeout 120 "$work/alone.sh"
	boot pair --two --usb kbd --timeout 120 "$work/pair.sh"
}

check_good_runs() {
	check 'a script that ends with 0 passes' passed alone
	check 'its tests are gathered' tap_has alone '^ok 1 - alone: says the guest$'
	check 'it may open /dev/stderr' printed alone '^stderr again$'
	check 'in one VM, vm-other runs right there' printed alone '^other 5$'
	check 'a key that the monitor sends arrives at usb-kbd' printed alone '^key a$'
	check 'vm-monitor fails with its command' printed alone '^monitor refuses$'
	check 'usb-serial: out' printed alone '^to the end$'
	check 'usb-serial: in' printed alone '^to the device$'
	check 'two VMs pass' passed pair
	check 'they reach each other by name, IPv4 and IPv6' printed pair '^both pings$'
	check 'vm-other returns status, stdout and stderr, with the link down' printed pair '^status 7 err$'
	check 'vm-other passes stdin on and waits for no background' printed pair '^nidts hguorht$'
	check 'vm-signal and vm-wait meet' printed pair '^signals$'
	check 'the monitor of the exporter can be reached' printed pair 'ID: kbd'
}

bad_runs() {
	boot hang --smp 1 --timeout 30 -c 'sleep 1000'
	boot status --smp 1 -c 'echo "ok 1 - fine"; exit 3'
	boot warning --smp 1 -c 'echo "<7>WARNING: CPU: fake" >/dev/kmsg'
	boot panic --smp 1 -c 'echo c >/proc/sysrq-trigger; sleep 100'
	boot partner --two -c 'vm-other busybox poweroff -f; sleep 1000'
}

check_bad_runs() {
	check 'a hang fails' failed_by hang 'no end within 30 s'
	check 'after a hang, nothing is left' left_nothing hang
	check 'after a partner has died, nothing is left' left_nothing partner
	check 'an exit status fails' failed_by status 'status 3'
	check 'a test not planned is not lost' tap_has status '^ok 1 - status: fine$'
	check 'a warning that no console shows fails' failed_by warning 'WARNING: CPU: fake'
	check 'a panic fails' failed_by panic 'kernel log: .*panic'
	check 'a VM that powers off early fails, and its partner ends' failed_by partner 'the exporter died'
}

check_judge
bad_runs &
good_runs
wait
check_good_runs
check_bad_runs
tap_done
