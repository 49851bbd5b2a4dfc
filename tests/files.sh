# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# files.sh - which files there are to judge; to be sourced, in the project's root
#
#   source_files   the files that git knows, but for inputs of fuzz targets; without
#                  git everything outside of build
#   script_files   those of them that are shell scripts

source_files() {
	local file

	{ git -c safe.directory='*' ls-files 2>/dev/null || find . -type f ! -path './build/*' -printf '%P\n'; } |
		grep -vE '^(LICENSES|tests/fuzz/(corpus|regressions))/' | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

script_files() {
	local files

	mapfile -t files < <(source_files)
	{
		printf '%s\n' "${files[@]}" | grep '\.sh$'
		grep -lE '^#!(/usr)?/bin/(env )?(ba)?sh' -- "${files[@]}"
	} | sort -u
}
