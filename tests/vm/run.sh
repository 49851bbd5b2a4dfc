#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh - run a script in a VM, or in two VMs joined by a virtual network, and
# say whether it went well. See README.md beside this file, and usage below.
#
# Exit status: 0 passed, 1 failed, 2 wrong usage, 4 skipped by the script.

set -euo pipefail

here=$(dirname "$(realpath "$0")")
top=$(realpath "$here/../..")
# shellcheck source=devices.sh
. "$here/devices.sh"
# shellcheck source=qemu.sh
. "$here/qemu.sh"
# shellcheck source=judge.sh
. "$here/judge.sh"

two='' shell='' quiet='' command='' usb='' qemu_extra='' name=''
timeout=300 smp='' mem='' kernel=stock append=''
payload=()

usage() {
	cat >&2 <<-END
	usage: run.sh [OPTION...] SCRIPT [ARG...]
	       run.sh [OPTION...] -c 'SHELL LINE'
	       run.sh [OPTION...] --two [EXPORTER_SCRIPT] IMPORTER_SCRIPT
	       run.sh [OPTION...] [--two] --shell
	  --two             two VMs, exporter and importer; SCRIPT runs in the importer
	  --usb LIST        QEMU USB devices for the single VM or the exporter, of:
	                    $usb_names
	  --payload PATH[:DEST]  also bring PATH to /suburb/DEST (default: the same
	                    path, from the top of the source); repeatable
	  --name NAME       results go to build/results/vm-NAME.tap (default: the script's name)
	  --timeout SECS    kill the VMs after that time (default $timeout)
	  --smp N           processors per VM (default 2; with --two: 1 each)
	  --mem M           MiB of memory per VM (default 768; with --kernel debug: 1280)
	  --kernel NAME     another kernel than the image's own: debug or rt (kernel.sh)
	  --append 'ARGS'   more words for the kernel's command line
	  --qemu 'ARGS'     more arguments for QEMU (single VM or exporter)
	  --quiet           do not show the script's output while it runs
	  --shell           a shell in the VM (with --two: in the importer)
	END
	exit 2
}

die() {
	echo "run.sh: $*" >&2
	exit 2
}

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--two) two=2 ;;
		--shell) shell=yes ;;
		--quiet) quiet=yes ;;
		-c | --usb | --payload | --name | --timeout | --smp | --mem | --kernel | --append | --qemu)
			[ $# -ge 2 ] || die "$1 needs a value"
			case $1 in
			-c) command=$2 ;;
			--usb) usb=$2 ;;
			--payload) payload+=("$2") ;;
			--name) name=$2 ;;
			--timeout) timeout=$2 ;;
			--smp) smp=$2 ;;
			--mem) mem=$2 ;;
			--kernel) kernel=$2 ;;
			--append) append="$append $2" ;;
			--qemu) qemu_extra="$qemu_extra $2" ;;
			esac
			shift
			;;
		-*) usage ;;
		*) break ;;
		esac
		shift
	done
	scripts=("$@")
}

check_options() {
	local number script

	: "${smp:=$((two ? 1 : 2))}"
	case $kernel in
	stock | rt) : "${mem:=768}" ;;
	debug) : "${mem:=1280}" ;;
	*) die "--kernel is stock, debug or rt" ;;
	esac
	for number in "$timeout" "$smp" "$mem"; do
		[[ $number =~ ^[1-9][0-9]*$ ]] || die "'$number' is not a number"
	done
	if [ -n "$shell" ]; then
		[ ${#scripts[@]} = 0 ] || usage
		[ -t 0 ] || die '--shell needs a terminal'
		: "${name:=shell}"
	elif [ -n "$command" ]; then
		[ ${#scripts[@]} = 0 ] || usage
		: "${name:=command}"
	else
		[ ${#scripts[@]} -gt 0 ] || usage
		[ -z "$two" ] || [ ${#scripts[@]} -le 2 ] || usage
		for script in "${scripts[@]:0:${two:-1}}"; do
			[ -x "$script" ] || die "'$script' is no executable script"
		done
	fi
	if [ -z "$name" ]; then
		name=$(basename "${scripts[0]}" .sh)
	fi
	[[ $name =~ ^[A-Za-z0-9._-]+$ ]] || die "'$name' is no good as a name"
}

# Where a file of the host is found in the guest: below /suburb, as in the source.
guest_path() { # FILE
	local path

	path=$(realpath "$1")
	case $path in
	"$top"/*) echo "${path#"$top"/}" ;;
	*) echo "scripts/${path##*/}" ;;
	esac
}

add_payload() { # PATH DEST
	[ -e "$1" ] || die "no '$1' to bring into the VM"
	mkdir -p "$(dirname "$work/payload/$2")"
	cp -rpT "$1" "$work/payload/$2"
}

check_module() { # FILE
	local made_for release

	made_for=$(PATH=$PATH:/sbin modinfo -F vermagic "$1")
	release=$(cat "$boot/release")
	[ "${made_for%% *}" = "$release" ] ||
		die "suburb-hcd.ko is for kernel ${made_for%% *}, the guest has $release; run 'make $vm_ready'"
}

gather_payload() {
	local item product

	add_payload "$top/tests" tests
	for product in suburbd suburb; do
		if [ -e "$build/$product" ]; then
			add_payload "$build/$product" "bin/$product"
		fi
	done
	if [ -e "$module" ]; then
		check_module "$module"
		add_payload "$module" suburb-hcd.ko
	fi
	for item in "${payload[@]}"; do
		if [[ $item = *:* ]]; then
			add_payload "${item%%:*}" "${item#*:}"
		else
			add_payload "$item" "$(guest_path "$item")"
		fi
	done
	for item in "${scripts[@]:0:${two:-1}}"; do
		add_payload "$item" "$(guest_path "$item")"
	done
}

# vm_command ROLE: set the array "words" to what the VM shall run.
vm_command() {
	words=(true)
	if [ -n "$shell" ]; then
		return
	elif [ -n "$command" ]; then
		[ "$1" = exporter ] || words=(bash -c "$command")
	elif [ -z "$two" ]; then
		words=("/suburb/$(guest_path "${scripts[0]}")" "${scripts[@]:1}")
	elif [ "$1" = importer ]; then
		words=("/suburb/$(guest_path "${scripts[-1]}")")
	elif [ ${#scripts[@]} -gt 1 ]; then
		words=("/suburb/$(guest_path "${scripts[0]}")")
	fi
}

# Where vmlinux and initramfs are, and which disk has the modules.
choose_kernel() {
	boot=$image module=$top/kernel/suburb-hcd.ko vm_ready=vm-ready modules=''
	boot_kernel=$boot/vmlinux
	[ "$kernel" != stock ] || return 0
	boot=$("$here/kernel.sh" "$kernel")
	boot_kernel=$boot/vmlinux
	[ -e "$boot_kernel" ] || boot_kernel=$boot/bzImage
	module=$build/$kernel/kernel/suburb-hcd.ko vm_ready="KERNEL=$kernel vm-ready" modules=/dev/vdc
}

start_vm() { # ROLE
	local dir=$work/$1 words terminal=

	mkdir "$dir"
	vm_command "$1"
	if [ -n "$shell" ] && [ "$1" != exporter ]; then
		terminal=$(stty size)
	fi
	printf 'VM_ROLE=%q\nVM_SHELL=%q\nVM_MODULES=%q\nVM_COMMAND=(%s)\n' "$1" "$terminal" \
		"$modules" "$(printf '%q ' "${words[@]}")" >"$work/payload/vm.env"
	tar -cf "$dir/payload.tar" -C "$work/payload" --owner=0 --group=0 .
	: >"$dir/output"
	qemu_command "$1" "$dir" || die "--usb knows no such device; it knows $usb_names"
	if [ -n "$terminal" ]; then
		"${qemu[@]}" <&0 2>"$dir/qemu" &
		pids[$!]=$1
	else
		"${qemu[@]}" </dev/null >"$dir/qemu" 2>&1 &
		pids[$!]=$1
		show_output "$1" $!
	fi
}

show_output() { # ROLE PID
	local prefix=${two:+$1: }

	[ -z "$quiet" ] || return 0
	tail -q -n +1 -s 0.2 -f --pid="$2" "$work/$1/output" | sed -u "s/^/$prefix/" &
	viewers+=($!)
}

# A QEMU that does not start makes no socket; wait_for_vms will find out.
wait_for_socket() { # FILE
	until [ -S "$1" ] || ! kill -0 "${!pids[@]}" 2>/dev/null; do
		sleep 0.05
	done
}

# Of two that end at the same moment, wait -n may tell of one only.
forget_ended() {
	local pid

	for pid in "${!pids[@]}"; do
		kill -0 "$pid" 2>/dev/null || unset "pids[$pid]"
	done
}

# Until every VM has ended. When one of two dies, the other would wait for it for
# ever: it gets a few seconds to end by itself.
wait_for_vms() {
	local ended timer

	sleep "$timeout" &
	timer=$!
	while [ ${#pids[@]} -gt 0 ]; do
		ended=
		wait -n -p ended "${!pids[@]}" "$timer" || true
		if [ "$ended" = "$timer" ]; then
			overtime=${overtime:-no end within $timeout s}
			kill -KILL "${!pids[@]}" 2>/dev/null || true
			forget_ended
			sleep 10 &
			timer=$!
		else
			if ! [ -s "$work/${pids[$ended]}/result" ] && [ -z "$overtime" ] && [ ${#pids[@]} -gt 1 ]; then
				kill "$timer"
				overtime="the ${pids[$ended]} died"
				sleep 5 &
				timer=$!
			fi
			unset "pids[$ended]"
		fi
	done
	kill "$timer" 2>/dev/null || true
}

clean_up() {
	if [ ${#pids[@]} -gt 0 ]; then
		kill -KILL "${!pids[@]}" 2>/dev/null || true
	fi
	if [ ${#helpers[@]} -gt 0 ]; then
		kill "${helpers[@]}" 2>/dev/null || true
	fi
	rm -rf "$work"
}

# Leaves the logs of all VMs in build/results/vm-NAME/ for a person to read.
report() {
	local role reason verdict='' skipped='' logs=$build/results/vm-$name outputs=()

	rm -rf "$logs"
	for role in "${roles[@]}"; do
		mkdir -p "$logs/$role"
		for file in console dmesg output result qemu; do
			cp "$work/$role/$file" "$logs/$role/" 2>/dev/null || true
		done
		outputs+=("$work/$role/output")
		[ "$(cat "$work/$role/result" 2>/dev/null)" != 'exit 4' ] || skipped=yes
		reason=$(vm_verdict "$work/$role")
		[ "$reason" != 'the guest ended without a result' ] || reason=${overtime:-$reason}
		[ -n "$reason" ] || continue
		echo "--- $name${two:+, $role}: $reason" >&2
		show_log "$work/$role" >&2
		verdict=${verdict:-${two:+$role: }$reason}
	done
	if [ -z "$verdict" ] && [ -n "$skipped" ]; then
		verdict=skipped
	fi
	write_tap "$name" "$verdict" "$build/results/vm-$name.tap" "${outputs[@]}"
	grep -E '^(not )?ok ' "$build/results/vm-$name.tap" | tail -n 1
	case $verdict in
	'') ! grep -q '^not ok' "$build/results/vm-$name.tap" || return 1 ;;
	skipped) return 4 ;;
	*) return 1 ;;
	esac
}

parse_options "$@"
check_options
command -v qemu-system-x86_64 >/dev/null || die "QEMU is missing; run 'make deps'"
build=$(realpath -m "${BUILD:-$top/build}")
image=$("$here/image.sh")
exec 8<"$image/lock"
flock -s 8
accel=$(accelerator "$image")
choose_kernel

declare -A pids=()
viewers=() helpers=()
overtime=''
work=$(mktemp -d "${TMPDIR:-/tmp}/suburb-vm.XXXXXX")
trap clean_up EXIT
trap 'exit 1' INT TERM
mkdir -p "$build/results"
gather_payload
if [ -n "$two" ]; then
	roles=(exporter importer)
	start_vm exporter
	wait_for_socket "$work/link.sock"
	wait_for_socket "$work/control.sock"
	start_vm importer
else
	roles=(single)
	start_vm single
fi
wait_for_vms
[ ${#viewers[@]} = 0 ] || wait "${viewers[@]}" || true
if [ -z "$shell" ]; then
	report
fi
