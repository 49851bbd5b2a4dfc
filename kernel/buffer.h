/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transfer buffer of a URB as a sequence of page pieces. See buffer.c.
 */
#ifndef _SUBURB_BUFFER_H
#define _SUBURB_BUFFER_H

#include <linux/bvec.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct urb;

/**
 * struct suburb_cursor - a place in a URB's buffer, and how much is left
 * @buffer: linear buffer from here on; NULL with a scatterlist
 * @sg: entry the cursor is in
 * @sg_offset: bytes of @sg behind the cursor
 * @left: bytes from here to the end of what is to be moved
 *
 * Copyable. Valid as long as the URB is not given back.
 */
struct suburb_cursor {
	u8 *buffer;
	struct scatterlist *sg;
	unsigned int sg_offset;
	unsigned int left;
};

bool suburb_buffer_holds(const struct urb *urb);
void suburb_cursor_init(struct suburb_cursor *cursor, const struct urb *urb, unsigned int length);
unsigned int suburb_cursor_peek(struct suburb_cursor cursor, struct bio_vec *bvec,
				unsigned int *count, unsigned int max);
void suburb_cursor_advance(struct suburb_cursor *cursor, unsigned int bytes);
void suburb_bvec_virt(struct bio_vec *bvec, void *address, unsigned int length);

#endif
