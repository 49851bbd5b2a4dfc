/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel macros that look like statements, in words that cppcheck understands;
 * it is not given the kernel's headers.
 */
#define list_for_each_entry(e, list, node) for ((e) = first(list); (e); (e) = next(e))
#define list_for_each_entry_safe(e, n, list, node) \
	for ((e) = first(list), (n) = next(e); (e); (e) = (n), (n) = next(e))
#define hash_for_each_possible(table, e, node, key) for ((e) = first(table); (e); (e) = next(e))
