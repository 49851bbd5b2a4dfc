#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coccinelle.sh - do the kernel's semantic patches find anything in the module? TAP
#
# What "make coccicheck MODE=report M=kernel" does inside of a kernel tree, which
# Debian's header packages are not. Two that need an OCaml compiler are left out: one is
# for another driver, and of pointers that are compared with 0 sparse tells, too.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"

# Of a folder it parses only the files that have the words of the patch in them. It tells
# how many they are, and what of the patch itself it has doubts about.
apply() { # SEMANTIC-PATCH FOLDER
	spatch --very-quiet -D report --no-includes --include-headers --use-coccigrep \
		--cocci-file "$1" --dir "$2" 2>&1 |
		grep -vE '^([0-9]+ files match|warning: line [0-9]+: should \w+ be a metavariable\?)$'
	return "${PIPESTATUS[0]}"
}

module() { apply "$1" "$work/module"; }
null_check() { apply "$scripts/coccinelle/free/ifnullfree.cocci" "$(dirname "$1")"; }
depends() { printf '%s\n' "$1" "${files[@]}"; }

scripts=$(tests/analyse/lib/linux-scripts.sh "$caches/linux-scripts") || exit 1
settings=$(spatch --version)
mapfile -t files < <(find kernel include -name '*.[ch]' ! -name '*.mod.c' | sort)
mapfile -t patches < <(grep -rL --include='*.cocci' ':ocaml@' "$scripts/coccinelle" | sort)

check "is shown a needless condition and says so" alive 'NULL check before' null_check <<'END'
void bad(char *p)
{
	if (p)
		kfree(p);
}
END
mkdir "$work/module"
cp --parents "${files[@]}" "$work/module"
check "${#patches[@]} semantic patches find nothing in ${#files[@]} files" judge module "${patches[@]}"
tap_done
