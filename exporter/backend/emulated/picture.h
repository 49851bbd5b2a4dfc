/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moving test picture of the emulated camera, in YUY2 (two pixels in four
 * bytes: Y U Y V), and what makes it checkable. The first 16 bytes, a stain in
 * the upper left corner, are
 *
 *   0   4   "SBRB"
 *   4   4   number of the picture, little endian
 *   8   2   width    10   2   height, little endian
 *   12  4   check, little endian: FNV-1a (32 bits) of bytes 4 to 11 and of all
 *           behind byte 15
 *
 * The rest are eight colour bars that move two pixels to the left from picture
 * to picture, over a brightness that grows from top to bottom.
 */
#ifndef EXPORTER_BACKEND_EMULATED_PICTURE_H
#define EXPORTER_BACKEND_EMULATED_PICTURE_H

#include <stdint.h>

#define EMULATED_PICTURE_MARK 16 /* bytes of the stain */

/* Bytes of a picture. */
static inline uint32_t emulated_picture_size(uint16_t width, uint16_t height)
{
	return 2u * width * height;
}

/* @width: even, at least 8 */
void emulated_picture_paint(uint8_t *bytes, uint16_t width, uint16_t height, uint32_t number);

#endif
