#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh - what can be said of the source without building it: TAP
#
# What is only lying around is not judged (files.sh). Analysers, which take seconds
# per file, are in analyse.
#
# A tool that finds nothing because it does nothing must not pass: each is shown
# something bad, too.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source-path=SCRIPTDIR source=tap.sh
. tests/tap.sh
# shellcheck source-path=SCRIPTDIR source=files.sh
. tests/files.sh

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

mapfile -t files < <(source_files)
mapfile -t pages < <(printf '%s\n' "${files[@]}" | grep '\.[1-8]$')

every_file_has_spdx() {
	local without

	without=$(printf '%s\n' "${files[@]}" | grep -v '^\.git' |
		xargs -d '\n' grep -L 'SPDX-License-Identifier: ')
	[ -z "$without" ] || { echo "$without"; false; }
}

# Where a thing is tracked is not the source.
nothing_left_to_do() {
	! printf '%s\n' "${files[@]}" | grep -v '^tests/lint\.sh$' |
		xargs -d '\n' grep -nwE 'TODO|FIXME|XXX'
}

no_trailing_space() {
	! grep -nIE '[[:space:]]+$' -- "${files[@]}"
}

# inout, ser: names in descriptors and structures.
words() {
	codespell --ignore-words-list=inout,ser,hda,creat,fo,ba,nd -- "${files[@]}"
}

# Our own pages refer to each other, and are not installed.
man_pages() {
	! mandoc -T lint -W style "${pages[@]}" |
		grep -v 'referenced manual not found: Xr suburbd\? '
}

printf 'reci%s\n' eve >"$work/word"
printf '.Dd today\n.Zz\n' >"$work/page.8"

check "every file has its SPDX line" every_file_has_spdx
check "nothing is left to do in the source" nothing_left_to_do
check "no white space at the end of a line" no_trailing_space
check "a wrong word is seen" says 'receive' codespell "$work/word"
check "words are spelled right" words
check "an unknown macro is seen" says 'unknown macro: .Zz' mandoc -T lint "$work/page.8"
if [ ${#pages[@]} -gt 0 ]; then
	check "mandoc is content with ${#pages[@]} man pages" man_pages
fi
tap_done
