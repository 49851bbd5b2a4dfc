#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mmdebstrap.sh - mmdebstrap, without the descriptors that this process inherited
#
#   mmdebstrap.sh ARGUMENT...    as for mmdebstrap
#
# It has apt call the shell with the number of a descriptor of its own, and dash
# knows only numbers of one digit: a lock and make's job server are enough to
# make that 11, and apt fail with nothing said but "apt download failed".

set -euo pipefail

for path in /proc/self/fd/*; do
	fd=${path##*/}
	# 255 is what bash reads this file from; it does not pass it on.
	[ "$fd" -le 2 ] || [ "$fd" = 255 ] || eval "exec $fd>&-"
done
exec mmdebstrap --aptopt='Acquire::Retries "3"' "$@"
