#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.sh - how much of the code that faces a peer the tests have run: TAP
#
# For a build with COV=1 in $BUILD whose tests ran before; only unit tests did,
# so that a line which is merely passed on the way of a whole program does not
# count. The table goes to $BUILD/coverage.txt.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

: "${BUILD:=build/cov}"
least=85
files=(
	include/suburb/{wire,extension,crc32c}.h
	exporter/{rules,config,device,handshake,session,pipeline,request,reply,streams,digest}.c
)

measure() {
	local filters=() file

	for file in "${files[@]}"; do
		filters+=(--filter "$file\$")
	done
	gcovr --root . --fail-under-line "$least" \
		"${filters[@]}" "$BUILD/obj" >"$BUILD/coverage.txt" ||
		{ tail -n 12 "$BUILD/coverage.txt"; false; }
}

# A file that no test links would otherwise raise the percentage.
complete() {
	local file ret=0

	for file in "${files[@]}"; do
		grep -q "^$file " "$BUILD/coverage.txt" || { echo "no test runs $file"; ret=1; }
	done
	return $ret
}

check "unit tests cover $least % of codec, rules, session and request code" measure
check "none of these files is missing" complete
tap_done
