// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Going to the background. See background.h.
 *
 * The working directory stays what it was: files named on the command line may
 * be opened again later.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "background.h"

/* The first process: waits for the word, or for the end of the second. */
static void wait_ready(int fd, pid_t child)
{
	int status = 0;
	ssize_t n;
	char ready;

	do
		n = read(fd, &ready, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

int background_begin(void)
{
	int fd[2];
	pid_t child;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(fd[1]);
		wait_ready(fd[0], child);
	}
	close(fd[0]);
	setsid();
	return fd[1];
}

void background_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	/* If the first process is gone, there is nobody to be told. */
	if (write(fd, "", 1) < 0)
		errno = 0;
	close(fd);
}
