#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gcc.sh - does gcc -fanalyzer find a path on which something goes wrong? TAP

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"
# shellcheck source-path=SCRIPTDIR source=lib/flags.sh
. tests/analyse/lib/flags.sh

# Who owns what is kept in another structure is beyond gcc 12: of nine leaks that it
# found one was one. clang and AddressSanitizer look for leaks.
analyzer=(-fanalyzer -Wno-analyzer-malloc-leak)

user() { gcc "${user_flags[@]}" "${analyzer[@]}" -S -o /dev/null "$1"; }
kernel() { gcc "${kernel_flags[@]}" "${analyzer[@]}" -S -o /dev/null "$1"; }

user_flags && kernel_flags || exit 1
settings="$(gcc --version) ${user_flags[*]} ${kernel_flags[*]}"

see_paths Wanalyzer-double-free Wanalyzer-null-dereference
find_nothing
tap_done
