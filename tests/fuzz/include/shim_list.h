/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists and hash tables, by the names and rules of linux/list.h. See shim.h.
 */
#ifndef TESTS_FUZZ_SHIM_LIST_H
#define TESTS_FUZZ_SHIM_LIST_H

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	shim_assert(list->prev->next == list && list->next->prev == list);
	node->next = list;
	node->prev = list->prev;
	list->prev->next = node;
	list->prev = node;
}

static inline void shim_list_unlink(struct list_head *node)
{
	shim_assert(node->next->prev == node && node->prev->next == node);
	node->next->prev = node->prev;
	node->prev->next = node->next;
}

/* Used again, it is found out. */
static inline void list_del(struct list_head *node)
{
	shim_list_unlink(node);
	node->next = NULL;
	node->prev = NULL;
}

static inline void list_del_init(struct list_head *node)
{
	shim_list_unlink(node);
	INIT_LIST_HEAD(node);
}

static inline void list_move_tail(struct list_head *node, struct list_head *list)
{
	shim_list_unlink(node);
	list_add_tail(node, list);
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline bool list_is_singular(const struct list_head *list)
{
	return !list_empty(list) && list->next == list->prev;
}

static inline bool list_is_first(const struct list_head *node, const struct list_head *list)
{
	return node->prev == list;
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first_entry_or_null(list, type, member) \
	(list_empty(list) ? NULL : list_entry((list)->next, type, member))

#define list_for_each_entry(at, list, member)                               \
	for (at = list_entry((list)->next, __typeof__(*at), member);        \
	     &at->member != (list);                                         \
	     at = list_entry(at->member.next, __typeof__(*at), member))

#define list_for_each_entry_safe(at, then, list, member)                    \
	for (at = list_entry((list)->next, __typeof__(*at), member),        \
	    then = list_entry(at->member.next, __typeof__(*at), member);    \
	     &at->member != (list);                                         \
	     at = then, then = list_entry(then->member.next, __typeof__(*at), member))

/* --- hash tables ---------------------------------------------------------- */

/* @back: what points to it; NULL: it is in no table. */
struct hlist_node {
	struct hlist_node *next, **back;
};

struct hlist_head {
	struct hlist_node *first;
};

#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define hash_init(table) memset(table, 0, sizeof(table))
#define SHIM_BUCKET(table, key) (&(table)[(key) % (sizeof(table) / sizeof((table)[0]))])
#define hash_add(table, node, key) shim_hash_add(SHIM_BUCKET(table, key), node)

static inline void shim_hash_add(struct hlist_head *head, struct hlist_node *node)
{
	shim_assert(!node->back);
	node->next = head->first;
	node->back = &head->first;
	if (node->next)
		node->next->back = &node->next;
	head->first = node;
}

static inline void hash_del(struct hlist_node *node)
{
	if (!node->back)
		return;
	*node->back = node->next;
	if (node->next)
		node->next->back = node->back;
	node->back = NULL;
}

#define SHIM_HASH_ENTRY(node, at, member) \
	((node) ? container_of(node, __typeof__(*(at)), member) : NULL)
#define hash_for_each_possible(table, at, member, key)                       \
	for (at = SHIM_HASH_ENTRY(SHIM_BUCKET(table, key)->first, at, member); at; \
	     at = SHIM_HASH_ENTRY(at->member.next, at, member))

#endif
