// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paints the camera's test picture. See picture.h.
 */
#include <string.h>

#include "exporter/backend/emulated/descriptors.h"
#include "exporter/backend/emulated/picture.h"

#define BARS 8

static uint32_t fnv1a(uint32_t hash, const uint8_t *bytes, uint32_t length)
{
	while (length--)
		hash = (hash ^ *bytes++) * 16777619u;
	return hash;
}

static void paint_line(uint8_t *line, uint16_t width, uint8_t brightness, uint32_t shift)
{
	/* U and V of white, yellow, cyan, green, magenta, red, blue, grey */
	static const uint8_t colours[BARS][2] = {
		{ 128, 128 }, { 44, 142 }, { 156, 44 }, { 72, 58 },
		{ 184, 198 }, { 100, 212 }, { 212, 114 }, { 128, 128 },
	};
	uint32_t x;

	for (x = 0; x < width; x += 2, line += 4) {
		const uint8_t *colour = colours[(x + shift) % width * BARS / width];

		line[0] = brightness;
		line[1] = colour[0];
		line[2] = brightness;
		line[3] = colour[1];
	}
}

void emulated_picture_paint(uint8_t *bytes, uint16_t width, uint16_t height, uint32_t number)
{
	uint32_t size = emulated_picture_size(width, height), y, check;

	for (y = 0; y < height; y++)
		paint_line(bytes + 2 * (size_t)width * y, width, (uint8_t)(16 + 219 * y / height),
			   2 * (number % width));
	memcpy(bytes, "SBRB", 4);
	emulated_put_le32(bytes + 4, number);
	emulated_put_le16(bytes + 8, width);
	emulated_put_le16(bytes + 10, height);
	check = fnv1a(2166136261u, bytes + 4, 8);
	check = fnv1a(check, bytes + EMULATED_PICTURE_MARK, size - EMULATED_PICTURE_MARK);
	emulated_put_le32(bytes + 12, check);
}
