// SPDX-License-Identifier: GPL-2.0-only
/*
 * URB buffers, linear or scatter-gather, as bio_vecs for a socket.
 *
 * A driver hands usbcore either transfer_buffer or a scatterlist; a socket
 * wants one iterator over header and payload. Page pieces can describe both,
 * in high memory, too. Nothing is allocated: a cursor walks the buffer, and a
 * caller takes as many pieces at a time as its array has room for.
 *
 * No locks, any context. The caller sees to it that the URB is not given back
 * while pieces of its buffer are in use.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/usb.h>
#include <linux/vmalloc.h>

#include "buffer.h"
#include "compat.h"

/**
 * suburb_buffer_holds - is there memory for all of transfer_buffer_length?
 * @urb: from a driver
 *
 * A message must be as long as its header says, so this is asked once, before
 * a URB is taken.
 */
bool suburb_buffer_holds(const struct urb *urb)
{
	unsigned int left = urb->transfer_buffer_length;
	struct scatterlist *sg;
	int i;

	if (!urb->num_sgs)
		return !left || urb->transfer_buffer;
	for_each_sg(urb->sg, sg, urb->num_sgs, i) {
		if (left <= sg->length)
			return true;
		left -= sg->length;
	}
	return false;
}

static void skip_finished_sg(struct suburb_cursor *cursor)
{
	while (cursor->left && cursor->sg && cursor->sg_offset == cursor->sg->length) {
		cursor->sg = sg_next(cursor->sg);
		cursor->sg_offset = 0;
	}
}

/**
 * suburb_cursor_init - stand at the start of a URB's buffer
 * @cursor: set
 * @urb: whose buffer; suburb_buffer_holds() is true of it
 * @length: bytes to be moved, at most transfer_buffer_length
 */
void suburb_cursor_init(struct suburb_cursor *cursor, const struct urb *urb, unsigned int length)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->left = min(length, urb->transfer_buffer_length);
	if (urb->num_sgs)
		cursor->sg = urb->sg;
	else
		cursor->buffer = urb->transfer_buffer;
	skip_finished_sg(cursor);
}

/* One piece of kernel address space, at most up to the next page of vmalloc memory. */
static unsigned int piece_of_linear(struct bio_vec *bvec, u8 *address, unsigned int left)
{
	unsigned int offset = offset_in_page(address);

	if (is_vmalloc_addr(address)) {
		left = min_t(unsigned int, left, PAGE_SIZE - offset);
		bvec_set_page(bvec, vmalloc_to_page(address), left, offset);
	} else {
		bvec_set_page(bvec, virt_to_page(address), left, offset);
	}
	return left;
}

static unsigned int piece_of_sg(struct bio_vec *bvec, const struct suburb_cursor *cursor)
{
	unsigned int length = min(cursor->left, cursor->sg->length - cursor->sg_offset);

	bvec_set_page(bvec, sg_page(cursor->sg), length, cursor->sg->offset + cursor->sg_offset);
	return length;
}

/**
 * suburb_cursor_peek - describe what lies ahead
 * @cursor: where to begin; not moved
 * @bvec: array to fill
 * @count: elements used, raised by those added
 * @max: elements in @bvec
 *
 * Return: bytes described; less than cursor.left if @bvec is full.
 */
unsigned int suburb_cursor_peek(struct suburb_cursor cursor, struct bio_vec *bvec,
				unsigned int *count, unsigned int max)
{
	unsigned int total = 0;
	unsigned int piece;

	while (cursor.left && *count < max) {
		if (cursor.buffer)
			piece = piece_of_linear(&bvec[*count], cursor.buffer, cursor.left);
		else
			piece = piece_of_sg(&bvec[*count], &cursor);
		(*count)++;
		total += piece;
		suburb_cursor_advance(&cursor, piece);
	}
	return total;
}

/**
 * suburb_cursor_advance - move on
 * @cursor: moved
 * @bytes: at most cursor->left
 */
void suburb_cursor_advance(struct suburb_cursor *cursor, unsigned int bytes)
{
	unsigned int step;

	if (cursor->buffer) {
		cursor->buffer += bytes;
		cursor->left -= bytes;
		return;
	}
	while (bytes && cursor->left) {
		step = min(bytes, cursor->sg->length - cursor->sg_offset);
		cursor->sg_offset += step;
		cursor->left -= step;
		bytes -= step;
		skip_finished_sg(cursor);
	}
}

/**
 * suburb_bvec_virt - describe a piece of kmalloc memory
 * @bvec: set
 * @address: from kmalloc
 * @length: bytes
 */
void suburb_bvec_virt(struct bio_vec *bvec, void *address, unsigned int length)
{
	bvec_set_page(bvec, virt_to_page(address), length, offset_in_page(address));
}
