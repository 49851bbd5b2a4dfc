#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-tidy.sh - does clang-tidy see anything that is written amiss? TAP
#
# What it is not asked for, and why, is in .clang-tidy. It reads the module as one
# file: the kernel's headers take it five seconds each time, all of the module one.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"
# shellcheck source-path=SCRIPTDIR source=lib/flags.sh
. tests/analyse/lib/flags.sh

of_kernel='
bugprone-implicit-widening-of-multiplication-result   SZ and HZ are plain numbers
bugprone-narrowing-conversions                        PTR_ERR() is a long, and an error an int
bugprone-suspicious-include                           the one file includes the others
'

tidy() { # ARGUMENT...
	local said status

	said=$(clang-tidy --quiet --config-file=.clang-tidy \
		--header-filter="^(\./)?(exporter|include|kernel|tools|$work)/" "$@" 2>&1)
	status=$?
	grep -vE '^([0-9]+ warnings?)?( and )?([0-9]+ errors?)? generated\.$' <<<"$said"
	return "$status"
}

user() { tidy "$@" -- "${user_flags[@]}"; }

# Two files may have a macro of the same name.
kernel() {
	printf '#include "%s"\n' "$@" >"$work/one.c"
	tidy --checks="$(awk 'NF { printf "-%s,", $1 }' <<<"$of_kernel")" "$work/one.c" -- \
		"${kernel_clang_flags[@]}" -I. -Wno-macro-redefined
}

user_flags && kernel_flags || exit 1
batch=30 # all of the module
settings="$(clang-tidy --version) $(cat .clang-tidy) ${user_flags[*]} ${kernel_clang_flags[*]}"

check "is shown a condition without a consequence and says so" alive bugprone-suspicious-semicolon user <<'END'
int bad(int p);
int bad(int p)
{
	if (p);
		p = 1;
	return p;
}
END
check "is shown a bit too many in kernel code and says so" alive misc-redundant-expression kernel <<'END'
#include <linux/types.h>
bool bad(int p);
bool bad(int p)
{
	return p == 1 || p == 1;
}
END
find_nothing
tap_done
