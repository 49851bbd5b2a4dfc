# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# qemu.sh - the command line of one VM, for run.sh.
#
# Everything that a VM says goes to files in its own folder: console (the
# kernel's log as it comes), dmesg (the log of all levels, when it ended well),
# output (stdout and stderr of the script), result ("exit STATUS", written last)
# and qemu (what QEMU itself complained about).

# Debian's kernel with the figures that an emulated machine needs: lost ticks and
# a busy host must not look like a hang, but a real hang must end the run.
kernel_options='console=ttyS0 loglevel=5 log_buf_len=4M no_timer_check net.ifnames=0
	panic=-1 oops=panic hung_task_panic=1 sysctl.kernel.hung_task_timeout_secs=60
	watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 sysctl.kernel.sysrq=1'

# What a checker of the debug kernel finds is the end; and it is slow.
debug_options='panic_on_warn=1 sysctl.kernel.hung_task_timeout_secs=240
	rcupdate.rcu_cpu_stall_timeout=300'

# Whether /dev/kvm works can only be found out by trying: it may be there and
# hang. A machine is asked once per boot.
accelerator() { # IMAGE
	local answer
	answer=$1/accelerator-$(cat /proc/sys/kernel/random/boot_id)

	if ! [ -s "$answer" ]; then
		echo tcg,thread=multi >"$answer.$$"
		if [ -w /dev/kvm ] && grep -qwE 'svm|vmx' /proc/cpuinfo &&
			[[ $(trial_boot "$1") = *'trial: running'* ]]; then
			echo kvm >"$answer.$$"
		fi
		mv "$answer.$$" "$answer"
	fi
	cat "$answer"
}

trial_boot() { # IMAGE
	timeout --kill-after=3 12 qemu-system-x86_64 -accel kvm -cpu max -M q35 -m 256 \
		-nodefaults -no-reboot -display none -serial stdio \
		-kernel "$1/vmlinux" -initrd "$1/initramfs" \
		-append 'console=ttyS0 panic=-1 suburb.trial' </dev/null 2>/dev/null
}

# qemu_command ROLE DIR: set the array "qemu". DIR has the payload; the caller's
# options are in image, boot, boot_kernel, kernel, modules, append, accel, smp, mem, usb, qemu_extra
# and shell.
qemu_command() {
	local role=$1 dir=$2 port device cpu=max options=$kernel_options

	: "${accel:?}" "${boot:?}" "${boot_kernel:?}" "${kernel:?}" "${modules=}" "${append=}" "${usb=}" "${qemu_extra=}" "${shell=}"
	[ "$kernel" != debug ] || options="$options $debug_options"
	options="$options $append"
	# With "erms" the guest copies by rep movsb, which TCG does byte by byte.
	[ "$accel" = kvm ] || cpu=max,-erms
	qemu=(qemu-system-x86_64 -name "suburb-$role" -accel "$accel" -cpu "$cpu"
		-M "q35,i8042=off,vmport=off,sata=off,smbus=off" -smp "$smp" -m "$mem"
		-nodefaults -no-user-config -no-reboot -display none
		-kernel "$boot_kernel" -initrd "$boot/initramfs" -append "${options//[$'\n\t']/ }"
		-serial "file:$dir/console"
		-drive "if=virtio,format=raw,snapshot=on,file=$image/root.img"
		-drive "if=virtio,format=raw,readonly=on,file=$dir/payload.tar"
		-device "virtio-serial-pci,max_ports=16")
	[ -z "$modules" ] || qemu+=(-drive "if=virtio,format=raw,readonly=on,file=$boot/modules.img")
	for port in output dmesg result; do
		qemu+=(-chardev "file,id=$port,path=$dir/$port"
			-device "virtserialport,chardev=$port,name=suburb.$port")
	done
	chardev_loop monitor "$dir"
	qemu+=(-mon "chardev=monitor,mode=control")
	if [ -n "$shell" ] && [ "$role" != exporter ]; then
		qemu+=(-chardev "stdio,id=shell,signal=off" -device "virtconsole,chardev=shell")
	fi
	case $role in
	exporter) network "$dir" server=on 01 && far_monitor "$dir" ,server=on,wait=off importer ;;
	importer) network "$dir" server=off 02 && far_monitor "$dir" '' exporter ;;
	esac
	qemu+=(-device "qemu-xhci,id=xhci,p2=15,p3=15")
	if [ "$role" != importer ]; then
		for device in ${usb//,/ }; do
			usb_device "$device" "$dir" || return
		done
		# shellcheck disable=SC2206 # several words by intention
		qemu+=($qemu_extra)
	fi
}

# A monitor for the other VM, for who wants to stop or to reset the one that he is
# not in: its port there is suburb.far. The first VM makes both sockets.
far_monitor() { # DIR SERVER-OPTIONS OTHER-ROLE
	local role=${1##*/}

	qemu+=(-chardev "socket,id=for-far,path=${1%/*}/monitor-$role.sock$2"
		-mon "chardev=for-far,mode=control"
		-chardev "socket,id=far,path=${1%/*}/monitor-$3.sock$2"
		-device "virtserialport,chardev=far,name=suburb.far")
}

# Two cables between the VMs: the link under test and the one for the helpers.
network() { # DIR SERVER-OPTION NUMBER
	local cable

	for cable in link control; do
		qemu+=(-netdev "stream,id=$cable,addr.type=unix,addr.path=${1%/*}/$cable.sock,$2")
	done
	qemu+=(-device "virtio-net-pci,netdev=link,mac=52:54:00:83:00:$3"
		-device "virtio-net-pci,netdev=control,mac=52:54:00:84:00:$3")
}
