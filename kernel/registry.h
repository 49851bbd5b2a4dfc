/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is attached. See registry.c.
 */
#ifndef _SUBURB_REGISTRY_H
#define _SUBURB_REGISTRY_H

#include <linux/types.h>
#include <linux/wait.h>
#include <uapi/linux/suburb.h>

int suburb_registry_attach(struct suburb_attach *attach);
int suburb_registry_detach(u32 port, u64 id);
void suburb_registry_detach_all(void);
int suburb_registry_status(struct suburb_status *status,
			   struct suburb_endpoint_status *endpoints);
unsigned int suburb_registry_list(u32 *ports, unsigned int capacity, u64 *at);
u64 suburb_registry_generation(void);

/* Woken when the generation moves. */
extern wait_queue_head_t suburb_registry_wait;

#endif
