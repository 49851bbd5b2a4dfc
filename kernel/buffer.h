/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transfer buffer of a URB as a sequence of page pieces, and what follows
 * the header of a message as a sequence of such. See buffer.c.
 */
#ifndef _SUBURB_BUFFER_H
#define _SUBURB_BUFFER_H

#include <linux/bvec.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct urb;

/**
 * struct suburb_cursor - a place in memory, and how much is left
 * @buffer: linear memory from here on; NULL with a scatterlist
 * @sg: entry the cursor is in
 * @sg_start: bytes of the buffer before @sg
 * @sg_offset: bytes of @sg behind the cursor
 * @left: bytes from here to the end of what is to be moved
 * @run: of these, how many lie here in one go; the rest is elsewhere
 * @urb: says where, by its packets; NULL if everything lies here
 * @packet: of @urb that comes behind @run
 *
 * Copyable. Valid as long as the URB is not given back.
 */
struct suburb_cursor {
	u8 *buffer;
	struct scatterlist *sg;
	unsigned int sg_start;
	unsigned int sg_offset;
	unsigned int left;
	unsigned int run;
	const struct urb *urb;
	int packet;
};

/* What may follow a header, in this order. */
enum suburb_part {
	SUBURB_PART_PAYLOAD,
	SUBURB_PART_ISO, /* descriptors of isochronous packets */
	SUBURB_PARTS
};

/**
 * struct suburb_body - all that follows the header of one message
 * @parts: each where it lies; left = 0: it is not there, or is done
 *
 * Copyable, and used up like a cursor.
 */
struct suburb_body {
	struct suburb_cursor parts[SUBURB_PARTS];
};

bool suburb_buffer_holds(const struct urb *urb);
bool suburb_buffer_is_in(const struct urb *urb);

void suburb_cursor_init(struct suburb_cursor *cursor, const struct urb *urb, unsigned int offset,
			unsigned int length);
void suburb_cursor_packets(struct suburb_cursor *cursor, const struct urb *urb);
void suburb_cursor_memory(struct suburb_cursor *cursor, void *address, unsigned int length);
unsigned int suburb_cursor_peek(struct suburb_cursor cursor, struct bio_vec *bvec,
				unsigned int *count, unsigned int max);
void suburb_cursor_advance(struct suburb_cursor *cursor, unsigned int bytes);
int suburb_cursor_read(struct suburb_cursor *cursor, void *data, unsigned int bytes);
int suburb_cursor_write(struct suburb_cursor *cursor, const void *data, unsigned int bytes);
void suburb_bvec_virt(struct bio_vec *bvec, void *address, unsigned int length);

void suburb_body_none(struct suburb_body *body);
unsigned int suburb_body_left(const struct suburb_body *body);
unsigned int suburb_body_peek(const struct suburb_body *body, struct bio_vec *bvec,
			      unsigned int *count, unsigned int max);
void suburb_body_advance(struct suburb_body *body, unsigned int bytes);
unsigned int suburb_body_read(struct suburb_body *body, void *data, unsigned int bytes);
unsigned int suburb_body_write(struct suburb_body *body, const void *data, unsigned int bytes);

#endif
