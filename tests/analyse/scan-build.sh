#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scan-build.sh - does clang's analyzer find a path on which something goes wrong? TAP
#
# scan-build would also compile; "true" does for the compiler, whose warnings are
# another layer's.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"
# shellcheck source-path=SCRIPTDIR source=lib/flags.sh
. tests/analyse/lib/flags.sh

checkers=(
	-enable-checker security.FloatLoopCounter
	-disable-checker deadcode.DeadStores
)

scan() { # FILE OPTION... COMPILER FLAG...
	local reports said status

	reports=$(mktemp -d -p "$work")
	said=$(scan-build --status-bugs --use-cc=true -o "$reports" "${checkers[@]}" "${@:2}" -c "$1" 2>&1)
	status=$?
	grep -v '^scan-build: ' <<<"$said"
	return "$status"
}

# The kernel's headers have strcpy() in them; of ours in the module checkpatch tells.
user() { scan "$1" -enable-checker security.insecureAPI.strcpy gcc "${user_flags[@]}"; }
kernel() { scan "$1" gcc "${kernel_clang_flags[@]}"; }

user_flags && kernel_flags || exit 1
settings="$(clang --version) ${user_flags[*]} ${kernel_clang_flags[*]}"

see_paths unix.Malloc core.NullDereference
find_nothing
tap_done
