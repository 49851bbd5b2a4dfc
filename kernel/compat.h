/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions, and nowhere else. Old kernels are
 * adapted to the names of new ones; the Makefile probes headers for what
 * distributions backport.
 */
#ifndef _SUBURB_COMPAT_H
#define _SUBURB_COMPAT_H

#include <linux/bvec.h>
#include <linux/platform_device.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/sock.h>

#ifdef SUBURB_HAVE_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#ifndef SUBURB_HAVE_ITER_SOURCE
#define ITER_SOURCE WRITE
#define ITER_DEST READ
#endif

#ifndef SUBURB_HAVE_BVEC_SET_PAGE
static inline void bvec_set_page(struct bio_vec *bv, struct page *page, unsigned int len,
				 unsigned int offset)
{
	bv->bv_page = page;
	bv->bv_len = len;
	bv->bv_offset = offset;
}
#endif

/* Sockets in the memory-reclaim path must not use the task's page fragment. */
static inline void suburb_sock_no_task_frag(struct sock *sk)
{
#ifdef SUBURB_HAVE_USE_TASK_FRAG
	sk->sk_use_task_frag = false;
#endif
}

/* platform_driver.remove returns nothing since 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define SUBURB_REMOVE_TYPE void
#define SUBURB_REMOVE_DONE
#else
#define SUBURB_REMOVE_TYPE int
#define SUBURB_REMOVE_DONE (0)
#endif

/* alloc_workqueue() without WQ_PERCPU or WQ_UNBOUND warns on new kernels; ours are unbound. */
#define SUBURB_WQ_FLAGS (WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_HIGHPRI)
#define SUBURB_END_WQ_FLAGS (WQ_UNBOUND | WQ_MEM_RECLAIM)

#endif
