/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drivers come and go. See binding.c.
 */
#ifndef _SUBURB_BINDING_H
#define _SUBURB_BINDING_H

int suburb_binding_init(void);
void suburb_binding_exit(void);

#endif
