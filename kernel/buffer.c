// SPDX-License-Identifier: GPL-2.0-only
/*
 * URB buffers, linear or scatter-gather, as bio_vecs for a socket.
 *
 * A driver hands usbcore either transfer_buffer or a scatterlist; a socket
 * wants one iterator over header, payload and descriptors. Page pieces can
 * describe all, in high memory, too. Nothing is allocated: a cursor walks the
 * buffer, or the isochronous packets in it wherever they lie, and a caller
 * takes as many pieces at a time as its array has room for. A body is a few
 * cursors one after the other: what follows the header of a message.
 *
 * No locks, any context. The caller sees to it that the URB is not given back
 * while pieces of its buffer are in use.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/usb.h>
#include <linux/vmalloc.h>

#include "buffer.h"
#include "compat.h"

/* Pieces written at a time. */
#define WRITE_PIECES 8

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

/* Direction of the data, as usbcore set it; OUT for a control transfer without any. */
bool suburb_buffer_is_in(const struct urb *urb)
{
	return (urb->transfer_flags & URB_DIR_MASK) == URB_DIR_IN;
}

/* --- a cursor ------------------------------------------------------------- */

static void skip_finished_sg(struct suburb_cursor *cursor)
{
	while (cursor->run && cursor->sg && cursor->sg_offset == cursor->sg->length) {
		cursor->sg_start += cursor->sg->length;
		cursor->sg = sg_next(cursor->sg);
		cursor->sg_offset = 0;
	}
}

/*
 * Stands @offset bytes into the buffer, with a run of @length bytes there. Goes on
 * from where it stands if it can: a thousand packets need not walk a long list each.
 */
static void seek(struct suburb_cursor *cursor, const struct urb *urb, unsigned int offset,
		 unsigned int length)
{
	cursor->run = length;
	if (!length)
		return;
	if (!urb->num_sgs) {
		cursor->buffer = (u8 *)urb->transfer_buffer + offset;
		return;
	}
	if (!cursor->sg || offset < cursor->sg_start) {
		cursor->sg = urb->sg;
		cursor->sg_start = 0;
	}
	while (offset - cursor->sg_start > cursor->sg->length) {
		cursor->sg_start += cursor->sg->length;
		cursor->sg = sg_next(cursor->sg);
	}
	cursor->sg_offset = offset - cursor->sg_start;
	skip_finished_sg(cursor);
}

/**
 * suburb_cursor_init - stand somewhere in a URB's buffer
 * @cursor: set
 * @urb: whose buffer; suburb_buffer_holds() is true of it
 * @offset: where
 * @length: bytes to be moved; @offset + @length is at most
 *	transfer_buffer_length
 */
void suburb_cursor_init(struct suburb_cursor *cursor, const struct urb *urb, unsigned int offset,
			unsigned int length)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->left = length;
	seek(cursor, urb, offset, length);
}

/* Goes to the next packet with bytes in it, and takes those that lie right behind it, too. */
static void next_run(struct suburb_cursor *cursor)
{
	const struct urb *urb = cursor->urb;
	const struct usb_iso_packet_descriptor *packet;
	unsigned int start = 0, length = 0;

	for (; cursor->packet < urb->number_of_packets; cursor->packet++) {
		packet = &urb->iso_frame_desc[cursor->packet];
		if (!packet->length)
			continue;
		if (!length)
			start = packet->offset;
		else if (packet->offset != start + length)
			break;
		length += packet->length;
	}
	seek(cursor, urb, start, length);
}

/**
 * suburb_cursor_packets - stand at the first byte of a URB's packets
 * @cursor: set; runs over all packets in order, without the gaps between them
 * @urb: isochronous, and suburb_iso_check_urb() found nothing wrong with it
 */
void suburb_cursor_packets(struct suburb_cursor *cursor, const struct urb *urb)
{
	int i;

	memset(cursor, 0, sizeof(*cursor));
	for (i = 0; i < urb->number_of_packets; i++)
		cursor->left += urb->iso_frame_desc[i].length;
	cursor->urb = urb;
	next_run(cursor);
}

/**
 * suburb_cursor_memory - stand at the start of memory that is not a URB's
 * @cursor: set
 * @address: from kmalloc() or vmalloc()
 * @length: bytes
 */
void suburb_cursor_memory(struct suburb_cursor *cursor, void *address, unsigned int length)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->buffer = address;
	cursor->left = length;
	cursor->run = length;
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
	unsigned int length = min(cursor->run, cursor->sg->length - cursor->sg_offset);

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
			piece = piece_of_linear(&bvec[*count], cursor.buffer, cursor.run);
		else
			piece = piece_of_sg(&bvec[*count], &cursor);
		(*count)++;
		total += piece;
		suburb_cursor_advance(&cursor, piece);
	}
	return total;
}

/* @bytes of the run, at most. */
static void advance_in_run(struct suburb_cursor *cursor, unsigned int bytes)
{
	unsigned int step;

	cursor->left -= bytes;
	if (cursor->buffer) {
		cursor->buffer += bytes;
		cursor->run -= bytes;
		return;
	}
	while (bytes) {
		step = min(bytes, cursor->sg->length - cursor->sg_offset);
		cursor->sg_offset += step;
		cursor->run -= step;
		bytes -= step;
		skip_finished_sg(cursor);
	}
}

/**
 * suburb_cursor_advance - move on
 * @cursor: moved
 * @bytes: at most cursor->left
 */
void suburb_cursor_advance(struct suburb_cursor *cursor, unsigned int bytes)
{
	unsigned int step;

	while (bytes) {
		step = min(bytes, cursor->run);
		advance_in_run(cursor, step);
		bytes -= step;
		if (!cursor->run && cursor->left)
			next_run(cursor);
	}
}

/**
 * suburb_cursor_write - copy to where a cursor stands, and move it on
 * @cursor: moved
 * @data: from here
 * @bytes: at most cursor->left
 *
 * Return: 0, or -EFAULT, which memory of the kernel does not give.
 */
int suburb_cursor_write(struct suburb_cursor *cursor, const void *data, unsigned int bytes)
{
	struct bio_vec pieces[WRITE_PIECES];
	unsigned int count, step;
	struct iov_iter iter;

	while (bytes) {
		count = 0;
		step = suburb_cursor_peek(*cursor, pieces, &count, WRITE_PIECES);
		iov_iter_bvec(&iter, ITER_DEST, pieces, count, step);
		step = min(step, bytes);
		if (copy_to_iter(data, step, &iter) != step)
			return -EFAULT;
		data += step;
		bytes -= step;
		suburb_cursor_advance(cursor, step);
	}
	return 0;
}

/**
 * suburb_cursor_read - copy from where a cursor stands, and move it on
 * @cursor: moved
 * @data: to here
 * @bytes: at most cursor->left
 *
 * Return: 0, or -EFAULT, which memory of the kernel does not give.
 */
int suburb_cursor_read(struct suburb_cursor *cursor, void *data, unsigned int bytes)
{
	struct bio_vec pieces[WRITE_PIECES];
	unsigned int count, step;
	struct iov_iter iter;

	while (bytes) {
		count = 0;
		step = suburb_cursor_peek(*cursor, pieces, &count, WRITE_PIECES);
		iov_iter_bvec(&iter, ITER_SOURCE, pieces, count, step);
		step = min(step, bytes);
		if (copy_from_iter(data, step, &iter) != step)
			return -EFAULT;
		data += step;
		bytes -= step;
		suburb_cursor_advance(cursor, step);
	}
	return 0;
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

/* --- a body --------------------------------------------------------------- */

/**
 * suburb_body_none - nothing follows the header
 * @body: set; parts may be put in with the functions above
 */
void suburb_body_none(struct suburb_body *body)
{
	memset(body, 0, sizeof(*body));
}

unsigned int suburb_body_left(const struct suburb_body *body)
{
	unsigned int left = 0, i;

	for (i = 0; i < SUBURB_PARTS; i++)
		left += body->parts[i].left;
	return left;
}

/**
 * suburb_body_peek - describe what lies ahead, part after part
 * @body: not moved
 * @bvec: array to fill
 * @count: elements used, raised by those added
 * @max: elements in @bvec
 *
 * Return: bytes described; less than suburb_body_left() if @bvec is full.
 */
unsigned int suburb_body_peek(const struct suburb_body *body, struct bio_vec *bvec,
			      unsigned int *count, unsigned int max)
{
	unsigned int total = 0, bytes, i;

	for (i = 0; i < SUBURB_PARTS; i++) {
		bytes = suburb_cursor_peek(body->parts[i], bvec, count, max);
		total += bytes;
		if (bytes < body->parts[i].left)
			break;
	}
	return total;
}

/**
 * suburb_body_advance - move on
 * @body: moved
 * @bytes: at most suburb_body_left()
 */
void suburb_body_advance(struct suburb_body *body, unsigned int bytes)
{
	unsigned int step, i;

	for (i = 0; i < SUBURB_PARTS && bytes; i++) {
		step = min(bytes, body->parts[i].left);
		suburb_cursor_advance(&body->parts[i], step);
		bytes -= step;
	}
}

/**
 * suburb_body_write - copy bytes to where they belong, and move on
 * @body: moved
 * @data: from here
 * @bytes: of these, as many as are left of the body
 *
 * Return: bytes used.
 */
unsigned int suburb_body_write(struct suburb_body *body, const void *data, unsigned int bytes)
{
	unsigned int used = 0, step, i;

	for (i = 0; i < SUBURB_PARTS; i++) {
		step = min(bytes - used, body->parts[i].left);
		if (suburb_cursor_write(&body->parts[i], data + used, step))
			break;
		used += step;
	}
	return used;
}

/**
 * suburb_body_read - copy bytes from where they lie, and move on
 * @body: moved
 * @data: to here
 * @bytes: as many, if so many are left of the body
 *
 * Return: bytes copied.
 */
unsigned int suburb_body_read(struct suburb_body *body, void *data, unsigned int bytes)
{
	unsigned int used = 0, step, i;

	for (i = 0; i < SUBURB_PARTS; i++) {
		step = min(bytes - used, body->parts[i].left);
		if (suburb_cursor_read(&body->parts[i], data + used, step))
			break;
		used += step;
	}
	return used;
}
