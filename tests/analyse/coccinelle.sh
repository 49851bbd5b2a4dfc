#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coccinelle.sh - do the kernel's semantic patches find anything in the module? TAP
#
# What "make coccicheck MODE=report M=kernel" does inside of a kernel tree, which
# Debian's header packages are not.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"

apply() { # SEMANTIC-PATCH FILE...
	spatch --very-quiet -D report --no-includes --include-headers --cocci-file "$1" "${@:2}"
}

module() { apply "$1" "${files[@]}"; }
null_check() { apply "$scripts/coccinelle/free/ifnullfree.cocci" "$1"; }
depends() { printf '%s\n' "$1" "${files[@]}"; }

scripts=$(tests/analyse/lib/linux-scripts.sh "$caches/linux-scripts") || exit 1
settings=$(spatch --version)
mapfile -t files < <(find kernel include -name '*.[ch]' ! -name '*.mod.c' | sort)
mapfile -t patches < <(find "$scripts/coccinelle" -name '*.cocci' | sort)

check "is shown a needless condition and says so" alive 'NULL check before' null_check <<'END'
void bad(char *p)
{
	if (p)
		kfree(p);
}
END
check "${#patches[@]} semantic patches find nothing in ${#files[@]} files" judge module "${patches[@]}"
tap_done
