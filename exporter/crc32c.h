/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C of whole messages, by the processor's own instruction where it has
 * one; else by the small routine of <suburb/crc32c.h>.
 */
#ifndef EXPORTER_CRC32C_H
#define EXPORTER_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Begin with 0, go on with what it returned. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
