// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The medium of an emulated disk.
 *
 * A file of its own because a program of 32 bits sees files above 2 GiB only
 * with the define below, which would change structures of libuv where its
 * headers are included.
 */
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter/backend/emulated/medium.h"

static int judge(struct emulated_medium *medium, const char *path, char *error, size_t size)
{
	struct stat st;
	off_t bytes;

	if (fstat(medium->fd, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))) {
		snprintf(error, size, "disk: %s is neither a file nor a block device", path);
		return -1;
	}
	bytes = lseek(medium->fd, 0, SEEK_END);
	if (bytes <= 0) {
		snprintf(error, size, "disk: %s is empty: make it a multiple of %d bytes long",
			 path, EMULATED_SECTOR);
		return -1;
	}
	if (bytes % EMULATED_SECTOR) {
		snprintf(error, size,
			 "disk: %s is %" PRIu64 " bytes long: make it a multiple of %d", path,
			 (uint64_t)bytes, EMULATED_SECTOR);
		return -1;
	}
	medium->sectors = (uint64_t)bytes / EMULATED_SECTOR;
	return 0;
}

int emulated_medium_open(struct emulated_medium *medium, const char *path, char *error, size_t size)
{
	/* A FIFO must not make us wait before we have seen what it is. */
	const int flags = O_CLOEXEC | O_NONBLOCK;

	medium->fd = open(path, O_RDWR | flags);
	medium->read_only = medium->fd < 0;
	if (medium->fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM))
		medium->fd = open(path, O_RDONLY | flags);
	if (medium->fd < 0) {
		snprintf(error, size, "disk: cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	if (!judge(medium, path, error, size))
		return 0;
	emulated_medium_close(medium);
	return -1;
}

void emulated_medium_close(struct emulated_medium *medium)
{
	if (medium->fd >= 0)
		close(medium->fd);
	medium->fd = -1;
}

int emulated_medium_read(const struct emulated_medium *medium, uint64_t offset, void *buffer,
			 size_t length)
{
	uint8_t *at = buffer;
	ssize_t n;

	for (; length; at += n, offset += (uint64_t)n, length -= (size_t)n) {
		n = pread(medium->fd, at, length, (off_t)offset);
		if (n <= 0) /* 0: somebody cut the file */
			return -1;
	}
	return 0;
}

int emulated_medium_write(const struct emulated_medium *medium, uint64_t offset, const void *buffer,
			  size_t length)
{
	const uint8_t *at = buffer;
	ssize_t n;

	for (; length; at += n, offset += (uint64_t)n, length -= (size_t)n) {
		n = pwrite(medium->fd, at, length, (off_t)offset);
		if (n <= 0)
			return -1;
	}
	return 0;
}

int emulated_medium_flush(const struct emulated_medium *medium)
{
	return fdatasync(medium->fd);
}
