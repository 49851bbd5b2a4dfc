#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# reload.sh - have systemd and udev notice what "make install" and "make
# uninstall" changed. Where one is not running there is nobody to be told.

set -eu

if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ -e /run/udev/control ]; then
	udevadm control --reload
	[ ! -e /dev/suburb ] || udevadm trigger --settle --action=change /dev/suburb
fi
