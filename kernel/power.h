/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleep of this machine with devices attached. See power.c.
 */
#ifndef _SUBURB_POWER_H
#define _SUBURB_POWER_H

#include <linux/pm.h>
#include <linux/types.h>

struct suburb_controller;
struct urb;

extern const struct dev_pm_ops suburb_power_ops;

bool suburb_power_answers(const struct suburb_controller *controller, struct urb *urb);
void suburb_power_forget(struct suburb_controller *controller);

int suburb_power_init(void);
void suburb_power_exit(void);

#endif
