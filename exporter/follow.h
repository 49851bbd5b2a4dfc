/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device that was reset and comes back as another one, on the same port:
 * give back the old one, wait a while for the new one, take it.
 *
 * It knows no registry: what arrives and leaves meanwhile is told to it.
 */
#ifndef EXPORTER_FOLLOW_H
#define EXPORTER_FOLLOW_H

#include "backend.h"

struct follow;

/**
 * typedef follow_done - it is over
 * @device: with @status 0 the new one, open; else one that came and was not
 *	opened, or NULL
 * @status: 0, or -SUBURB_ENODEV
 *
 * Comes from the loop, never from within a call below.
 */
typedef void (*follow_done)(void *owner, struct backend_device *device, int status);

/**
 * follow_new - begin
 * @limit_ms: to wait
 * @old: open, and every transfer and change of it is done, every buffer free.
 *	It is closed, and not touched after that
 *
 * NULL if memory is out: then nothing has happened.
 */
struct follow *follow_new(uv_loop_t *loop, unsigned int limit_ms, struct backend_device *old,
			  follow_done done, void *owner);

/* A device arrived that may be taken. */
void follow_arrived(struct follow *follow, struct backend_device *device);

/* A device left; only one that was given by follow_arrived() matters. */
void follow_left(struct follow *follow, struct backend_device *device);

/* Nobody wants it any more. done() still comes. */
void follow_stop(struct follow *follow);

#endif
