// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scripted exporter, and runs of the tool against it. See server.h.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "client.h"
#include "server.h"

static void serve(int listener, server_script *script, const void *data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		script(fd, data);
		close(fd);
	}
}

void server_start(struct server *server, server_script *script, const void *data)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (!server->pid)
		serve(listener, script, data);
	close(listener);
}

void server_stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

static void exec_tool(const char *const words[], int out, int err)
{
	const char *run = getenv("SUBURB_RUN");
	const char *program = getenv("SUBURB");
	const char *argv[32];
	char *prefix = strdup(run ? run : "");
	size_t n = 0;

	for (char *word = strtok(prefix, " "); word && n < 20; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n++] = program ? program : "build/suburb";
	while (*words)
		argv[n++] = *words++;
	argv[n] = NULL;
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_back(FILE *file, char *text, size_t size)
{
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

void tool_start(struct tool_run *run, const struct server *server, const char *verb,
		const char *more)
{
	char host[32];

	snprintf(host, sizeof(host), "127.0.0.1:%u", server->port);
	run->started = now();
	for (int i = 0; i < 2; i++) {
		run->files[i] = tmpfile();
		assert_non_null(run->files[i]);
	}
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (!run->pid)
		exec_tool((const char *const[]){ verb, host, more, NULL }, fileno(run->files[0]),
			  fileno(run->files[1]));
}

void tool_finish(struct tool_run *run)
{
	int status;

	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	run->seconds = now() - run->started;
	read_back(run->files[0], run->out, sizeof(run->out));
	read_back(run->files[1], run->err, sizeof(run->err));
}

void tool_run(struct tool_run *run, const struct server *server, const char *verb,
	      const char *more)
{
	tool_start(run, server, verb, more);
	tool_finish(run);
}
