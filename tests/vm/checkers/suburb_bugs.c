// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_bugs: one bug of each kind that the debug kernel is there to find, made
 * when it is asked for:
 *
 *	insmod suburb_bugs.ko bugs=leak,sleep,shift,timer,order,slab
 *
 * in that order. For checkers.sh, which wants to see each of them found.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *bugs[8];
static int bugs_count;
module_param_array(bugs, charp, &bugs_count, 0);
MODULE_PARM_DESC(bugs, "which");

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static DEFINE_SPINLOCK(spinlock);

/* Forgotten at once. */
static void leak(void)
{
	void *memory = kmalloc(77, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spinlock);
	might_sleep();
	spin_unlock(&spinlock);
}

static void shift_too_far(void)
{
	unsigned int places = 32, value = 1;

	OPTIMIZER_HIDE_VAR(places);
	value <<= places;
	OPTIMIZER_HIDE_VAR(value);
}

static void timer_rings(struct timer_list *unused)
{
}

static void free_running_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, timer_rings, 0);
	mod_timer(timer, jiffies + HZ);
	kfree(timer);
}

static void lock_in_both_orders(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);

	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static void read_behind_the_end(void)
{
	u8 *bytes = kmalloc(16, GFP_KERNEL);
	u8 byte;

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(bytes);
	byte = READ_ONCE(bytes[16]);
	OPTIMIZER_HIDE_VAR(byte);
	kfree(bytes);
}

static const struct {
	const char *name;
	void (*make)(void);
} known[] = {
	{ "leak", leak },
	{ "sleep", sleep_in_atomic },
	{ "shift", shift_too_far },
	{ "timer", free_running_timer },
	{ "order", lock_in_both_orders },
	{ "slab", read_behind_the_end },
};

static int __init make_bugs(void)
{
	unsigned int i, j;

	for (i = 0; i < bugs_count; i++)
		for (j = 0; j < ARRAY_SIZE(known); j++)
			if (!strcmp(bugs[i], known[j].name))
				known[j].make();
	return 0;
}
module_init(make_bugs);

static void __exit bugs_exit(void)
{
}
module_exit(bugs_exit);

MODULE_DESCRIPTION("Bugs for checkers to find");
MODULE_LICENSE("GPL");
