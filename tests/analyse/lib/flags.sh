# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# flags.sh - for analysers that compile: how, and what they are asked; to be sourced
#
#   user_flags     fills the array of that name with what make gives the compiler
#   kernel_flags   the same with what kbuild does, and kernel_clang_flags with those
#                  of them that clang knows: the kernel was configured for gcc
#   see_paths DOUBLE-FREE NULL   user and kernel, which are to be commands that take a
#                  file, are shown a path to each of these, and must name it so
#   find_nothing   the same two must find nothing in our sources
#
# Folders of ours are relative to the root. Needs judge.sh.

: "${work:?}"
user_flags=()
kernel_flags=()
kernel_clang_flags=()

user_flags() {
	eval "user_flags=($(make -s --no-print-directory print-cflags))"
	[ ${#user_flags[@]} -gt 0 ]
}

# kbuild writes down how it made a file. The smallest of its jobs is enough.
kbuild_command() { # KDIR
	local module=$work/module

	mkdir -p "$module/kernel"
	cp kernel/*.[ch] kernel/Makefile "$module/kernel/"
	cp -r include "$module/"
	make -s -C "$1" M="$module/kernel" port.i >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
	sed -n "1s|^[^=]*:= *||; 1s|$module|.|g; 1p" "$module/kernel/.port.i.cmd"
}

kernel_flags() {
	local kdir words word i

	kdir=$(realpath "$(make -s --no-print-directory print-kdir)") || return
	eval "words=($(kbuild_command "$kdir"))"
	kernel_flags=()
	for ((i = 1; i < ${#words[@]}; i++)); do
		word=${words[i]}
		case $word in
		-E | -Wp,-MMD,* | *.c) ;;
		-o) i=$((i + 1)) ;;
		-include)
			i=$((i + 1))
			kernel_flags+=(-include "$(absolute "$kdir" "${words[i]}")")
			;;
		-I./kernel*) kernel_flags+=("$word") ;;
		-I*) kernel_flags+=("-I$(absolute "$kdir" "${word#-I}")") ;;
		*) kernel_flags+=("$word") ;;
		esac
	done
	clang_knows
}

absolute() { # KDIR PATH
	(cd "$1" && realpath -m "$2")
}

clang_knows() {
	local word after=

	kernel_clang_flags=()
	for word in "${kernel_flags[@]}"; do
		case $after$word in
		-include* | -nostdinc | -[ID]* | -std=* | -O2 | -m64 | -fshort-wchar | -fno-strict-aliasing | \
			-fno-common | -fno-delete-null-pointer-checks | -Wno-pointer-sign | \
			-Wno-address-of-packed-member)
			kernel_clang_flags+=("$word") ;;
		esac
		after=
		[ "$word" != -include ] || after=$word
	done
}

see_paths() {
	check "is shown memory freed twice and says so" alive "$1" user <<'END'
#include <stdlib.h>
void bad(char *p);
void bad(char *p)
{
	free(p);
	free(p);
}
END
	check "is shown kernel code with a null pointer and says so" alive "$2" kernel <<'END'
#include <linux/slab.h>
int bad(int *p);
int bad(int *p)
{
	if (!p)
		return *p;
	return 0;
}
END
}

find_nothing() {
	local files

	mapfile -t files < <(sources exporter tools)
	check "finds nothing in ${#files[@]} files of suburbd and suburb" judge user "${files[@]}"
	mapfile -t files < <(sources kernel)
	check "finds nothing in ${#files[@]} files of the module" judge kernel "${files[@]}"
}
