#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkpatch.sh - is all in kernel style, as checkpatch.pl sees it? TAP
#
# Its strict form; tests as a reviewer of kselftests would, without it. Below is
# what it is not asked for: a type a line, with the reason.

set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/judge.sh
. "$(dirname "$0")/lib/judge.sh"

everywhere='
OPEN_ENDED_LINE                  clang-format breaks so where a call would not fit otherwise
LONG_LINE_COMMENT                counts the bytes of drawings, which have fewer columns
'
kernel='
BIT_MACRO                        not for userspace, which reads include/ too
CAMELCASE                        bmRequestType and its like are names of the USB specification
COMPLEX_MACRO                    pr_fmt(), and lists of bytes
CONSTANT_COMPARISON              misled by KERNEL_VERSION() in compat.h
LINUX_VERSION_CODE               one module for kernels of many years; compat.h alone has it
PARENTHESIS_ALIGNMENT            TRACE_EVENT() is laid out so everywhere
PREFER_DEFINED_ATTRIBUTE_MACRO   include/ defines these macros for userspace
'
userspace='
ARRAY_SIZE                       a macro of the kernel
CAMELCASE                        bmRequestType and its like are names of the USB specification
COMPLEX_MACRO                    lists of bytes
EMBEDDED_FUNCTION_NAME           words that are no names there
LINE_SPACING                     takes TAILQ_ENTRY() members for statements
MACRO_ARG_REUSE                  iterators
PREFER_DEFINED_ATTRIBUTE_MACRO   macros of the kernel
PREFER_FALLTHROUGH               a macro of the kernel
PREFER_KERNEL_TYPES              userspace has uint8_t and so on
SPLIT_STRING                     sentences for people are longer than a line
STATIC_CONST_CHAR_ARRAY          argv of a child is not const
UNNECESSARY_PARENTHESES          they show what is compared with what
VOLATILE                         sig_atomic_t of signal handlers
'
tests='
ARRAY_SIZE                       a macro of the kernel
AVOID_EXTERNS                    what the linker gives another name is in no header
BRACES                           kselftest_harness.h makes blocks of what looks like a statement
COMPLEX_MACRO                    initializers
EMBEDDED_FUNCTION_NAME           words that are no names there
PREFER_DEFINED_ATTRIBUTE_MACRO   macros of the kernel
SPACING                          takes FIXTURE_DATA(name) *self for a multiplication
'

types() {
	awk 'NF { printf "%s%s", sep, $1; sep = "," }' <<<"$*"
}

# It keeps a cache in the folder where it runs.
checkpatch() { # IGNORED OPTION FILE...
	local ignored=$1 option=$2 root=$PWD files

	mapfile -t files < <(realpath "${@:3}")
	(cd "$work" && "$scripts/checkpatch.pl" --no-tree --root="$root" --show-types --terse --quiet --no-summary \
		--max-line-length=100 "$option" --ignore "$(types "$ignored")" -f "${files[@]}")
}

module() { checkpatch "$everywhere$kernel" --strict "$@"; }
user() { checkpatch "$everywhere$userspace" --strict "$@"; }
kselftest() { checkpatch "$everywhere$tests" --no-strict "$@"; }
depends() { echo "$1"; }

scripts=$(tests/analyse/lib/linux-scripts.sh "$caches/linux-scripts") || exit 1
settings=$(sha256sum <"$scripts/checkpatch.pl")
batch=10

check "is shown a missing space and says so" alive SPACING module <<'END'
// SPDX-License-Identifier: GPL-2.0-or-later
static int bad(int p)
{
	if(p)
		return 1;
	return 0;
}
END
mapfile -t files < <(find kernel include -name '*.[ch]' ! -name '*.mod.c' | sort)
check "has nothing to say of ${#files[@]} files of the module" judge module "${files[@]}"
mapfile -t files < <(find exporter tools -name '*.[ch]' | sort)
check "has nothing to say of ${#files[@]} files of suburbd and suburb" judge user "${files[@]}"
mapfile -t files < <(find tests/kselftest -name '*.[ch]' | sort)
check "has nothing to say of ${#files[@]} files of kselftest" judge kselftest "${files[@]}"
tap_done
