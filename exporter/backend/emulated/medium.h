/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium of an emulated disk: a regular file or a block device, as
 * sectors of 512 bytes.
 *
 * Reading, writing and flushing may block for as long as the file's own
 * storage takes: they are for worker threads, not for the loop. They may run
 * at the same time.
 */
#ifndef EXPORTER_BACKEND_EMULATED_MEDIUM_H
#define EXPORTER_BACKEND_EMULATED_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMULATED_SECTOR 512

/**
 * struct emulated_medium
 * @fd: -1 if not open
 * @sectors: at least one
 * @read_only: it could only be opened for reading
 */
struct emulated_medium {
	int fd;
	uint64_t sectors;
	bool read_only;
};

/* 0, or -1 with one line in @error, which names the file. */
int emulated_medium_open(struct emulated_medium *medium, const char *path, char *error,
			 size_t size);
void emulated_medium_close(struct emulated_medium *medium);

/* All of @length bytes, or -1. */
int emulated_medium_read(const struct emulated_medium *medium, uint64_t offset, void *buffer,
			 size_t length);
int emulated_medium_write(const struct emulated_medium *medium, uint64_t offset, const void *buffer,
			  size_t length);
int emulated_medium_flush(const struct emulated_medium *medium);

#endif
