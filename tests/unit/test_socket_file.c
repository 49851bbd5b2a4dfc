// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: exporter/socket_file.c */
/*
 * The file of a unix socket: it appears with its permissions, replaces what was
 * left behind and nothing else, and goes again.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "exporter/socket_file.h"

static char directory[] = "/tmp/suburb-socket.XXXXXX";
static char path[64];

static int make_directory(void **state)
{
	strcpy(directory, "/tmp/suburb-socket.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/s", directory);
	return 0;
}

/* Whatever the test left there; the directory itself must be empty then. */
static int remove_directory(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static int listen_there(struct socket_file *file, int *fd)
{
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	return socket_file_listen(file, *fd, path, 0600, 8);
}

static int dial(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	strcpy(name.sun_path, path);
	ret = connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static bool exists(void)
{
	struct stat found;

	return lstat(path, &found) == 0;
}

static void it_appears_and_goes(void **state)
{
	struct socket_file file;
	struct stat found;
	int fd;

	assert_int_equal(listen_there(&file, &fd), 0);
	assert_int_equal(stat(path, &found), 0);
	assert_true(S_ISSOCK(found.st_mode));
	assert_int_equal(found.st_mode & 0777, 0600);
	assert_int_equal(dial(), 0);
	close(fd);
	socket_file_remove(&file);
	assert_false(exists());
	socket_file_remove(&file);
}

/* Neither more nor less than was asked for, whatever the umask is. */
static void its_mode_is_what_was_asked_for(void **state)
{
	mode_t mask = umask(0077);
	struct socket_file file;
	struct stat found;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(socket_file_listen(&file, fd, path, 0666, 8), 0);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0666);
	assert_int_equal(umask(mask), 0077);
	close(fd);
	socket_file_remove(&file);
}

/* As after SIGKILL: the file is there, nobody is behind it. */
static void a_stale_one_is_replaced(void **state)
{
	struct socket_file stale, file;
	int fd;

	assert_int_equal(listen_there(&stale, &fd), 0);
	close(fd);
	assert_int_equal(dial(), -ECONNREFUSED);
	assert_int_equal(listen_there(&file, &fd), 0);
	assert_int_equal(dial(), 0);
	/* The first one's end does not take the second one's file with it. */
	socket_file_remove(&stale);
	assert_int_equal(dial(), 0);
	close(fd);
	socket_file_remove(&file);
	assert_false(exists());
}

static void one_in_use_stays(void **state)
{
	struct socket_file first, second;
	int fds[2];

	assert_int_equal(listen_there(&first, &fds[0]), 0);
	assert_int_equal(listen_there(&second, &fds[1]), -EADDRINUSE);
	assert_null(second.path);
	assert_int_equal(dial(), 0);
	close(fds[0]);
	socket_file_remove(&first);
	close(fds[1]);
}

/* Its owner is slow, not gone. */
static void one_with_a_full_queue_is_in_use(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct socket_file file, second;
	int fds[16], fd, n = 0;

	assert_int_equal(listen_there(&file, &fd), 0);
	strcpy(name.sun_path, path);
	for (; n < 15; n++) {
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fds[n], (struct sockaddr *)&name, sizeof(name)) < 0)
			break;
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(listen_there(&second, &fds[15]), -EADDRINUSE);
	for (int i = 0; i <= n; i++)
		close(fds[i]);
	close(fds[15]);
	close(fd);
	socket_file_remove(&file);
}

static void a_socket_of_another_type_is_in_use(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int datagram = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct socket_file file;
	int fd;

	strcpy(name.sun_path, path);
	assert_int_equal(bind(datagram, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen_there(&file, &fd), -EADDRINUSE);
	assert_true(exists());
	close(fd);
	close(datagram);
}

static void other_files_stay(void **state)
{
	struct socket_file file;
	int fd;

	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(listen_there(&file, &fd), -EEXIST);
	assert_true(exists());
	close(fd);
	unlink(path);
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(listen_there(&file, &fd), -EEXIST);
	assert_true(exists());
	close(fd);
}

static void a_file_that_took_its_place_stays(void **state)
{
	struct socket_file file;
	int fd;

	assert_int_equal(listen_there(&file, &fd), 0);
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	close(fd);
	socket_file_remove(&file);
	assert_true(exists());
}

static void what_cannot_be_bound(void **state)
{
	struct socket_file file;
	char text[200];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(socket_file_listen(&file, fd, "/nonexistent/s", 0600, 8), -ENOENT);
	assert_int_equal(socket_file_listen(&file, fd, "/dev/null/s", 0600, 8), -ENOTDIR);
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[199] = '\0';
	assert_int_equal(socket_file_listen(&file, fd, text, 0600, 8), -ENAMETOOLONG);
	assert_null(file.path);
	close(fd);
}

/* Anybody who may read the directory can hold its lock: not for ever. */
static void a_lock_that_is_held_does_not_stop_us(void **state)
{
	int holder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct socket_file file;
	time_t start = time(NULL);
	int fd;

	assert_int_equal(flock(holder, LOCK_EX), 0);
	assert_int_equal(listen_there(&file, &fd), 0);
	assert_in_range(time(NULL) - start, 1, 10);
	close(fd);
	socket_file_remove(&file);
	close(holder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_appears_and_goes),
		TEST(its_mode_is_what_was_asked_for),
		TEST(a_stale_one_is_replaced),
		TEST(one_in_use_stays),
		TEST(one_with_a_full_queue_is_in_use),
		TEST(a_socket_of_another_type_is_in_use),
		TEST(other_files_stay),
		TEST(a_file_that_took_its_place_stays),
		TEST(what_cannot_be_bound),
		TEST(a_lock_that_is_held_does_not_stop_us),
	};

	return cmocka_run_group_tests_name("socket_file", tests, NULL, NULL);
}
