/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory, locks, works, time, waiting. See shim.h.
 *
 * There is one thread: a lock that is taken twice would never be free again,
 * and who must not sleep must not allocate with GFP_KERNEL. Works run when the
 * target says so.
 */
#ifndef TESTS_FUZZ_SHIM_RUN_H
#define TESTS_FUZZ_SHIM_RUN_H

/* --- memory --------------------------------------------------------------- */

#define GFP_ATOMIC 0
#define GFP_KERNEL 1
#define GFP_NOIO 2

#define gfpflags_allow_blocking(gfp) ((gfp) != GFP_ATOMIC)

void *kmalloc(size_t size, gfp_t gfp);
void *kzalloc(size_t size, gfp_t gfp);
void kfree(const void *memory);

#define kmalloc_array(n, size, gfp) kmalloc((size_t)(n) * (size), gfp)
#define kvmalloc(size, gfp) kmalloc(size, gfp)
#define kvmalloc_array(n, size, gfp) kmalloc_array(n, size, gfp)
#define kvfree(memory) kfree(memory)

struct kmem_cache {
	size_t size;
};

#define KMEM_CACHE(name, flags) shim_cache(sizeof(struct name))
struct kmem_cache *shim_cache(size_t size);
#define kmem_cache_destroy(cache) kfree(cache)
#define kmem_cache_zalloc(cache, gfp) kzalloc((cache)->size, gfp)
#define kmem_cache_free(cache, memory) ((void)(cache), kfree(memory))

static inline unsigned int memalloc_noio_save(void)
{
	return 0;
}

#define memalloc_noio_restore(flags) ((void)(flags))

/* --- locks ---------------------------------------------------------------- */

/* Spinlocks held now, and callbacks of a socket that run: these may give URBs back. */
extern unsigned int shim_atomic;
extern unsigned int shim_softirq;

typedef struct {
	bool held;
} spinlock_t;

#define spin_lock_init(lock) ((lock)->held = false)

static inline void spin_lock(spinlock_t *lock)
{
	shim_assert(!lock->held);
	lock->held = true;
	shim_atomic++;
}

static inline void spin_unlock(spinlock_t *lock)
{
	shim_assert(lock->held);
	lock->held = false;
	shim_atomic--;
}

#define spin_lock_irq spin_lock
#define spin_unlock_irq spin_unlock
#define spin_lock_irqsave(lock, flags) ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))
#define lockdep_assert_held(lock) shim_assert((lock)->held)

typedef struct {
	unsigned int readers;
	bool writer;
} rwlock_t;

static inline void read_lock_bh(rwlock_t *lock)
{
	shim_assert(!lock->writer);
	lock->readers++;
	shim_softirq++;
}

static inline void read_unlock_bh(rwlock_t *lock)
{
	shim_assert(lock->readers);
	lock->readers--;
	shim_softirq--;
}

static inline void write_lock_bh(rwlock_t *lock)
{
	shim_assert(!lock->writer && !lock->readers);
	lock->writer = true;
	shim_atomic++;
}

static inline void write_unlock_bh(rwlock_t *lock)
{
	shim_assert(lock->writer);
	lock->writer = false;
	shim_atomic--;
}

#define local_bh_disable() ((void)0)
#define local_bh_enable() ((void)0)

struct mutex {
	bool held;
};

#define DEFINE_MUTEX(name) struct mutex name
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/* --- numbers that others see ---------------------------------------------- */

typedef struct {
	s64 value;
} atomic64_t;

#define ATOMIC64_INIT(n) { n }
#define atomic64_read(atomic) ((atomic)->value)
#define atomic64_inc(atomic) ((void)(atomic)->value++)

#define smp_mb__after_atomic() ((void)0)
#define set_bit(n, flags) ((void)(*(flags) |= BIT(n)))
#define clear_bit(n, flags) ((void)(*(flags) &= ~BIT(n)))
#define test_bit(n, flags) (!!(*(flags) & BIT(n)))

static inline bool test_and_set_bit(int n, unsigned long *flags)
{
	bool was = test_bit(n, flags);

	set_bit(n, flags);
	return was;
}

static inline bool test_and_clear_bit(int n, unsigned long *flags)
{
	bool was = test_bit(n, flags);

	clear_bit(n, flags);
	return was;
}

#define try_cmpxchg(flags, old, new) \
	(*(flags) == *(old) ? (*(flags) = (new), true) : (*(old) = *(flags), false))

/* Lets works run until somebody has cleared it. */
void wait_on_bit(unsigned long *flags, int n, unsigned int mode);
#define wake_up_bit(flags, n) ((void)(flags))
#define TASK_UNINTERRUPTIBLE 2

struct kref {
	int count;
};

#define kref_init(ref) ((ref)->count = 1)

static inline void kref_get(struct kref *ref)
{
	shim_assert(ref->count > 0);
	ref->count++;
}

static inline void kref_put(struct kref *ref, void (*release)(struct kref *ref))
{
	shim_assert(ref->count > 0);
	if (!--ref->count)
		release(ref);
}

/* --- works ---------------------------------------------------------------- */

struct workqueue_struct {
	int unused;
};

struct work_struct {
	struct list_head node;
	void (*run)(struct work_struct *work);
	bool pending;
};

/* Of time there is only order: a target lets it pass for all of them. */
struct delayed_work {
	struct work_struct work;
	bool waiting;
};

#define WQ_UNBOUND 0
#define WQ_MEM_RECLAIM 0
#define WQ_HIGHPRI 0

extern struct workqueue_struct shim_system_wq;
#define system_unbound_wq (&shim_system_wq)
#define system_freezable_wq (&shim_system_wq)

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int most);
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work, unsigned long delay);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work_sync(struct delayed_work *work);

#define INIT_WORK(work, function) (*(work) = (struct work_struct){ .run = (function) })
#define INIT_DELAYED_WORK(delayed, function) \
	(*(delayed) = (struct delayed_work){ .work = { .run = (function) } })
#define DECLARE_DELAYED_WORK(name, function) \
	struct delayed_work name = { .work = { .run = (function) } }
#define to_delayed_work(pointer) container_of(pointer, struct delayed_work, work)

/* --- time and waiting ----------------------------------------------------- */

#define HZ 250
/* A target lets it pass. */
extern unsigned long jiffies;
#define time_before(a, b) ((long)((a) - (b)) < 0)
#define time_is_before_eq_jiffies(a) ((long)(jiffies - (a)) >= 0)
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL
#define nsecs_to_jiffies(ns) ((unsigned long)((ns) / NSEC_PER_MSEC))
#define msecs_to_jiffies(ms) ((unsigned long)(ms))

/* Passes a little with each question. */
u64 ktime_get_ns(void);

struct completion {
	bool done;
};

static inline void init_completion(struct completion *completion)
{
	completion->done = false;
}

static inline void complete(struct completion *completion)
{
	completion->done = true;
}

bool wait_for_completion_timeout(struct completion *completion, unsigned long timeout);
void wait_for_completion(struct completion *completion);

typedef struct {
	unsigned int woken;
} wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name
#define wake_up_interruptible_all(queue) ((void)(queue)->woken++)

#endif
