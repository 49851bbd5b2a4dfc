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

check "is shown memory freed twice and says so" alive Wanalyzer-double-free user <<'END'
#include <stdlib.h>
void bad(char *p);
void bad(char *p)
{
	free(p);
	free(p);
}
END
check "is shown kernel code with a null pointer and says so" alive Wanalyzer-null-dereference kernel <<'END'
#include <linux/slab.h>
int bad(int *p);
int bad(int *p)
{
	if (!p)
		return *p;
	return 0;
}
END
mapfile -t files < <(sources exporter tools)
check "finds nothing in ${#files[@]} files of suburbd and suburb" judge user "${files[@]}"
mapfile -t files < <(sources kernel)
check "finds nothing in ${#files[@]} files of the module" judge kernel "${files[@]}"
tap_done
