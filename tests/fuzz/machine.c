// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine: memory, locks, works, time, the module's beginning and end,
 * userspace's memory. See machine.h.
 */
#include <suburb/crc32c.h>

#include "machine.h"

#define MOST_WORKS 100000
#define LATER_JIFFIES msecs_to_jiffies(3000)
/* More than any honest peer makes the module need at once. */
#define LARGEST_ALLOCATION (64 << 20)

struct machine machine;
unsigned int shim_atomic;
unsigned int shim_softirq;
bool shim_vmalloc;
struct workqueue_struct shim_system_wq;
unsigned long jiffies;

static LIST_HEAD(due);
static LIST_HEAD(sleeping);
static u64 now_ns;

void shim_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* Whoever reads the log sees one line, whatever a peer or a program has said. */
void shim_log(const char *format, ...)
{
	char line[1024];
	va_list args;
	size_t i;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (i = 0; line[i] && line[i + 1]; i++)
		shim_assert((u8)line[i] >= 0x20 && line[i] != 0x7f);
	shim_assert(line[i] == '\n');
}

u32 crc32c(u32 crc, const void *data, unsigned int bytes)
{
	return ~suburb_crc32c(~crc, data, bytes);
}

/* --- memory --------------------------------------------------------------- */

void *kmalloc(size_t size, gfp_t gfp)
{
	void *memory;

	shim_assert(gfp == GFP_ATOMIC || (!shim_atomic && !shim_softirq));
	shim_assert(size <= LARGEST_ALLOCATION);
	if (machine.fail && !--machine.fail)
		return NULL;
	memory = malloc(size ? size : 1);
	shim_assert(memory);
	memset(memory, 0xa5, size);
	machine.allocated++;
	return memory;
}

void *kzalloc(size_t size, gfp_t gfp)
{
	void *memory = kmalloc(size, gfp);

	return memory ? memset(memory, 0, size) : NULL;
}

void kfree(const void *memory)
{
	if (memory)
		machine.allocated--;
	free((void *)memory);
}

struct kmem_cache *shim_cache(size_t size)
{
	struct kmem_cache *cache = kmalloc(sizeof(*cache), GFP_KERNEL);

	if (cache)
		cache->size = size;
	return cache;
}

/* --- locks ---------------------------------------------------------------- */

void mutex_lock(struct mutex *mutex)
{
	shim_assert(!shim_atomic && !mutex->held);
	mutex->held = true;
}

void mutex_unlock(struct mutex *mutex)
{
	shim_assert(mutex->held);
	mutex->held = false;
}

/* --- works ---------------------------------------------------------------- */

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int most)
{
	return kmalloc(sizeof(struct workqueue_struct), GFP_KERNEL);
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	machine_run();
	kfree(wq);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	shim_assert(wq);
	if (work->pending)
		return false;
	work->pending = true;
	list_add_tail(&work->node, &due);
	return true;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	if (work->waiting || work->work.pending)
		return false;
	work->waiting = true;
	list_add_tail(&work->work.node, &sleeping);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work, unsigned long delay)
{
	return !queue_delayed_work(wq, work, delay);
}

bool cancel_work_sync(struct work_struct *work)
{
	shim_assert(!shim_atomic);
	if (!work->pending)
		return false;
	work->pending = false;
	list_del(&work->node);
	return true;
}

void wait_on_bit(unsigned long *flags, int n, unsigned int mode)
{
	shim_assert(!shim_atomic && !shim_softirq);
	if (test_bit(n, flags))
		machine_run();
	shim_assert(!test_bit(n, flags));
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	if (work->waiting) {
		work->waiting = false;
		list_del(&work->work.node);
		return true;
	}
	return cancel_work_sync(&work->work);
}

void machine_run(void)
{
	struct work_struct *work;
	unsigned int n = 0;

	while ((work = list_first_entry_or_null(&due, struct work_struct, node))) {
		shim_assert(n++ < MOST_WORKS);
		list_del(&work->node);
		work->pending = false;
		work->run(work);
		shim_assert(!shim_atomic);
	}
}

void machine_later(void)
{
	struct delayed_work *work;

	jiffies += LATER_JIFFIES;
	while ((work = list_first_entry_or_null(&sleeping, struct delayed_work, work.node))) {
		list_del(&work->work.node);
		work->waiting = false;
		queue_work(&shim_system_wq, &work->work);
	}
}

/* --- time and waiting ----------------------------------------------------- */

u64 ktime_get_ns(void)
{
	return now_ns += 10000;
}

bool wait_for_completion_timeout(struct completion *completion, unsigned long timeout)
{
	unsigned int turns;

	shim_assert(!shim_atomic);
	for (turns = 0; turns < 4 && !completion->done; turns++) {
		machine_run();
		if (machine.wait && !completion->done)
			machine.wait();
	}
	machine_run();
	return completion->done;
}

void wait_for_completion(struct completion *completion)
{
	wait_for_completion_timeout(completion, 0);
	shim_assert(completion->done);
}

/* --- the module ----------------------------------------------------------- */

int machine_load(void)
{
	shim_assert(!machine.allocated);
	return suburb_module_init();
}

void machine_unload(void)
{
	machine.fail = 0;
	machine_run();
	suburb_module_exit();
	shim_assert(!machine.allocated);
	shim_assert(list_empty(&due) && list_empty(&sleeping));
	now_ns = 0;
	jiffies = 0;
}

/* --- userspace ------------------------------------------------------------ */

static bool is_users(const void *address, unsigned long size)
{
	uintptr_t start = (uintptr_t)machine.user, at = (uintptr_t)address;

	return at >= start && at - start <= machine.user_size &&
	       size <= machine.user_size - (at - start);
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long size)
{
	shim_assert(!shim_atomic);
	if (size && !is_users(from, size)) {
		memset(to, 0, size);
		return size;
	}
	if (size)
		memcpy(to, from, size);
	return 0;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long size)
{
	shim_assert(!shim_atomic);
	if (size && !is_users(to, size))
		return size;
	if (size)
		memcpy(to, from, size);
	return 0;
}

int copy_struct_from_user(void *to, size_t size, const void __user *from, size_t told)
{
	size_t common = min(size, told);
	const u8 *rest = (const u8 *)from + common;

	if (told > size) {
		if (!is_users(rest, told - size))
			return -EFAULT;
		if (memchr_inv(rest, 0, told - size))
			return -E2BIG;
	}
	memset((u8 *)to + common, 0, size - common);
	return copy_from_user(to, from, common) ? -EFAULT : 0;
}

int misc_register(struct miscdevice *device)
{
	if (machine.fail && !--machine.fail)
		return -ENOMEM;
	machine.fops = device->fops;
	return 0;
}

void misc_deregister(struct miscdevice *device)
{
	machine.fops = NULL;
}
