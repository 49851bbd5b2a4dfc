# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scenario.sh - an exporter and an importer, for the scenario scripts.
#
# The script runs on the importer. The exporter is the same machine, over
# loopback, or another one; the script is the same. The environment says:
#
#   AT_EXPORTER   command that runs a line of shell at the exporter, as root and
#                 where the tests lie at the same path: "vm-other", "ssh HOST"
#                 (default: this machine)
#   EXPORTER      its name or address (default: localhost)
#   LISTEN        address that suburbd binds there (default: 127.0.0.1)
#
# suburbd is started per script and stopped at its end, and all is detached.

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
tests=$(dirname "$here")
. "$here/tap.sh"
. "$here/usb.sh"

EXPORTER=${EXPORTER:-localhost}
LISTEN=${LISTEN:-127.0.0.1}
PATH=${OUTPUT:-$tests}:$PATH

at_exporter() { # LINE
	if [ -n "${AT_EXPORTER:-}" ]; then
		$AT_EXPORTER "$1"
	else
		bash -c "$1" </dev/null
	fi
}

# A function of usb.sh at the exporter.
exporter_usb() { # FUNCTION ARG...
	local line

	printf -v line '%q ' "$@"
	at_exporter "TEST_SLOW=$slow; . '$here/tap.sh' >/dev/null; . '$here/usb.sh'; $line"
}

# --- suburbd -----------------------------------------------------------------

exporter_start() { # ARG...
	local line

	exporter_stop
	printf -v line '%q ' --listen "$LISTEN" --foreground "$@"
	at_exporter "suburbd $line >>/run/suburbd.log 2>&1 & echo \$! >/run/suburbd.pid"
	wait_until 15 exporter_answers
}

exporter_answers() {
	suburb list "$EXPORTER" >/dev/null 2>&1
}

# Ends it as an administrator would; what does not go within 5 s is killed.
exporter_stop() {
	at_exporter 'read -r pid 2>/dev/null </run/suburbd.pid || exit 0
		rm /run/suburbd.pid
		kill "$pid" 2>/dev/null || exit 0
		for ((i = 0; i < 50; i++)); do
			kill -0 "$pid" 2>/dev/null || exit 0
			sleep 0.1
		done
		kill -KILL "$pid"
		echo "suburbd had to be killed"'
}

exporter_kill() {
	at_exporter 'kill -KILL "$(cat /run/suburbd.pid)"; rm /run/suburbd.pid'
}

# --- suburb ------------------------------------------------------------------

# attach BUSID...: the exporter may have to let go of a device first, which its
# own list does not tell (QUIRKS 32), hence the second try.
attach() {
	suburb attach "$EXPORTER" "$@" || { sleep 1; suburb attach "$EXPORTER" "$@"; }
}

detach_all() {
	suburb detach all
}

# Attaches the exporter's device with these attributes; prints its name here.
attach_as() { # ATTR=VALUE...
	local busid

	busid=$(exporter_usb usb_find local 15 "$@") || return
	attach "$busid" >/dev/null || return
	usb_find remote 10 "$@"
}

# --- frame -------------------------------------------------------------------

need_module() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -e /dev/suburb ] || modprobe suburb-hcd 2>/dev/null || true
	wait_until 5 [ -e /dev/suburb ] || skip_all "/dev/suburb is not there: load suburb-hcd"
	command -v suburb >/dev/null || skip_all "suburb is not in PATH"
	at_exporter 'command -v suburbd >/dev/null' || skip_all "suburbd is not in PATH"
}

# Runs where QEMU lends the exporter its devices and its monitor only.
need_qemu() {
	at_exporter 'command -v vm-monitor >/dev/null' || skip_all "needs QEMU's devices (tests/vm)"
}

clean_up() {
	local status=$?

	suburb detach all >/dev/null 2>&1
	exporter_stop
	[ "$tap_failed" = 0 ] || exporter_log
	exit "$status"
}

exporter_log() {
	at_exporter 'tail -n 20 /run/suburbd.log 2>/dev/null' | sed 's/^/# suburbd: /'
}

begin() {
	need_module
	at_exporter ': >/run/suburbd.log'
	trap clean_up EXIT
}
