# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# judge.sh - what the scripts of one analyser each have in common; to be sourced
#
#   judge COMMAND FILE...   COMMAND FILE... must succeed and say nothing of the files,
#                           $batch at a time
#   alive PATTERN COMMAND   COMMAND must say PATTERN of the bad code in stdin
#   sources FOLDER...       the C files there
#
# An analyser that finds nothing because it looks at nothing is worse than none:
# each is shown something bad first, by the very command that the sources get.
#
# A file that was found clean is not looked at again before it, a header that it
# may see, or anything that decides how it is looked at is another: the script
# itself, and $settings, where the script puts the tool's version. What was found
# clean is remembered in $XDG_CACHE_HOME, for all builds and clones, for a month.

cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 1
# shellcheck source-path=SCRIPTDIR source=../../tap.sh
. tests/tap.sh

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/said"
script=$(realpath "$0")
caches=${XDG_CACHE_HOME:-$HOME/.cache}/suburb-analyse
cache=$caches/$(basename "$0" .sh)
mkdir -p "$cache"
find "$cache" -type f -mtime +30 -delete
settings=
batch=1

sources() {
	find "$@" -name '*.c' ! -name '*.mod.c' | sort
}

# The files that a verdict on FILE depends on. Tests see the headers of what they test.
depends() { # FILE
	local folders=("${1%%/*}" include)

	[ "${folders[0]}" != tests ] || folders+=(exporter kernel tools)
	echo "$1"
	find "${folders[@]}" -name '*.h' | sort
}

fingerprint() { # FILE
	{
		printf '%s\n' "$settings" "$1"
		cat "$script"
		depends "$1" | xargs -d '\n' cat
	} | sha256sum | cut -c 1-40
}

judge_some() { # COMMAND FILE...
	local command=$1 file clean said new=() marks=()

	shift
	for file; do
		clean=$cache/$(fingerprint "$file")
		touch -c "$clean"
		[ -e "$clean" ] || { new+=("$file"); marks+=("$clean"); }
	done
	[ ${#new[@]} -gt 0 ] || return 0
	if said=$("$command" "${new[@]}" 2>&1) && [ -z "$said" ]; then
		touch "${marks[@]}"
	else
		echo "${said:-$command failed: ${new[*]}}" >"$work/said/${1//\//,}"
	fi
}

judge() {
	local command=$1 running=0

	shift
	[ $# -gt 0 ] || { echo "no files to look at"; return 1; }
	rm -f "$work"/said/*
	while [ $# -gt 0 ]; do
		[ $((running += 1)) -le 2 ] || wait -n
		judge_some "$command" "${@:1:batch}" &
		shift $((batch < $# ? batch : $#))
	done
	wait
	cat /dev/null "$work"/said/*
	[ -z "$(ls "$work/said")" ]
}

alive() {
	cat >"$work/bad.c"
	says "$1" "$2" "$work/bad.c"
}
