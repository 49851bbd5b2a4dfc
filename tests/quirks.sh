#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quirks.sh - does every line of docs/QUIRKS.md have its tests? TAP
#
# A line has a number, and names tests that have it, too. Each of them must be one
# that is run (a function that nobody calls is none), and each test with such a
# name must be in the page. A number that is missing is a failure.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source-path=SCRIPTDIR source=tap.sh
. tests/tap.sh

page=docs/QUIRKS.md
last=39

# All that is run: cmocka's tests by their entry in a table, kselftests as they are.
run=$(grep -rhoE '^TEST(_F)?\((\w+, )?\w+\)|^\s+(cmocka_unit_test\w*|TEST|with_\w+)\(\w+' tests --include='*.c' |
	sed -E 's/.*[( ](\w+)\)?$/\1/')

# Lines of the page from "NUMBER. " to the next number.
entry() { # NUMBER
	awk -v want="$1." '/^[0-9]+\. / { at = $1 == want } /^#/ { at = 0 } at' "$page"
}

named() { # NUMBER
	entry "$1" | grep -oE '\bquirk_[0-9]+_\w+' | sort -u
}

has_tests() { # NUMBER
	local tests name failed=0

	tests=$(named "$1")
	[ -n "$tests" ] || { echo "line $1 is missing in $page, or names no test"; return 1; }
	for name in $tests; do
		[[ $name == quirk_"$1"_* ]] || { echo "$name has another number"; failed=1; }
		grep -qx "$name" <<<"$run" || { echo "$name is not run"; failed=1; }
	done
	return "$failed"
}

all_are_in_the_page() {
	local name failed=0

	while read -r name; do
		grep -qw "$name" "$page" || { echo "$name is not in $page"; failed=1; }
	done < <(grep '^quirk_' <<<"$run" | sort -u)
	return "$failed"
}

no_other_numbers() {
	! grep -oE '^[0-9]+\. ' "$page" | awk -v last="$last" '$1 + 0 < 1 || $1 + 0 > last || seen[$1]++' | grep .
}

for ((number = 1; number <= last; number++)); do
	check "quirk $number has its tests" has_tests "$number"
done
check "every test of a quirk is in the page" all_are_in_the_page
check "numbers are 1 to $last, once each" no_other_numbers
tap_done
