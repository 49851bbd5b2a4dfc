/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/suburb. See control.c.
 */
#ifndef _SUBURB_CONTROL_H
#define _SUBURB_CONTROL_H

int suburb_control_init(void);
void suburb_control_exit(void);

#endif
