// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of a unix socket. See socket_file.h.
 *
 * Between looking whether a file is stale and having one that is not, nobody
 * else may do the same: of two that start at once, the second would remove the
 * socket of the first. A lock on the directory keeps them apart, which leaves
 * nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "socket_file.h"

#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 10000000L

/* Who may read a directory can lock it, too: waiting has an end. */
static void lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		nanosleep(&pause, NULL);
}

/* The directory of @path, locked; negative errno. */
static int lock_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd, ret;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = fd < 0 ? -errno : fd;
	free(directory);
	if (fd >= 0)
		lock(fd);
	return ret;
}

/* Would somebody accept a connection there? */
static int try_connect(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

static int remove_stale(const struct sockaddr_un *name)
{
	struct stat found;

	if (lstat(name->sun_path, &found) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(found.st_mode))
		return -EEXIST;
	/* Any other answer than this one comes from somebody. */
	if (try_connect(name) != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(name->sun_path) < 0 ? -errno : 0;
}

static int bind_with_mode(int fd, const struct sockaddr_un *name, mode_t mode)
{
	mode_t mask = umask(~mode & 0777);
	int ret = bind(fd, (const struct sockaddr *)name, sizeof(*name)) < 0 ? -errno : 0;

	umask(mask);
	return ret;
}

static int listen_locked(struct socket_file *file, int fd, const struct sockaddr_un *name,
			 mode_t mode, int backlog)
{
	int ret = remove_stale(name);

	if (ret == 0)
		ret = bind_with_mode(fd, name, mode);
	if (ret < 0)
		return ret;
	file->path = strdup(name->sun_path);
	if (!file->path)
		ret = -ENOMEM;
	else if (listen(fd, backlog) < 0)
		ret = -errno;
	if (ret < 0) {
		unlink(name->sun_path);
		free(file->path);
		file->path = NULL;
	}
	return ret;
}

int socket_file_listen(struct socket_file *file, int fd, const char *path, mode_t mode, int backlog)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int directory, ret;

	*file = (struct socket_file){ 0 };
	if (strlen(path) >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	memcpy(name.sun_path, path, strlen(path));
	directory = lock_directory(path);
	if (directory < 0)
		return directory;
	ret = listen_locked(file, fd, &name, mode, backlog);
	close(directory);
	return ret;
}

/* Another one may have removed our file; but on its own somebody listens. */
void socket_file_remove(struct socket_file *file)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int directory;

	if (!file->path)
		return;
	directory = lock_directory(file->path);
	memcpy(name.sun_path, file->path, strlen(file->path));
	remove_stale(&name);
	if (directory >= 0)
		close(directory);
	free(file->path);
	file->path = NULL;
}
