// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A suburbd for the tests: starts it on a free port, finds out which from its
 * log, or on a unix socket beside its log; and ends it. See client.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "client.h"

#define MAX_ARGS 64
#define POLL_MS 10

static void pause_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static char *read_log(const struct exporter *exporter)
{
	FILE *file = fopen(exporter->log, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

static void show_log(const struct exporter *exporter, const char *why)
{
	char *text = read_log(exporter);

	fprintf(stderr, "suburbd %s; its log:\n%s\n", why, text);
	free(text);
}

bool over_tcp(void)
{
	const char *link = getenv("TEST_LINK");

	return !link || !strcmp(link, "tcp");
}

/* Words of the environment, then the program, then the arguments. */
static void build_argv(char **argv, const char *listen, const char *const args[])
{
	const char *program = getenv("SUBURBD");
	const char *run = getenv("SUBURBD_RUN");
	char *words = strdup(run ? run : "");
	size_t n = 0;

	for (char *word = strtok(words, " "); word && n < MAX_ARGS; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n++] = strdup(program ? program : "build/suburbd");
	argv[n++] = strdup("--foreground");
	argv[n++] = strdup("--listen");
	argv[n++] = strdup(listen);
	for (; *args && n < MAX_ARGS; args++)
		argv[n++] = strdup(*args);
	argv[n] = NULL;
}

static void child(int log, const char *listen, const char *const args[])
{
	char *argv[MAX_ARGS + 1];
	int null = open("/dev/null", O_RDONLY);

	/* It must not outlive a test that crashed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	build_argv(argv, listen, args);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static bool has_ended(const struct exporter *exporter)
{
	return waitpid(exporter->pid, NULL, WNOHANG) == exporter->pid;
}

/* It listens: what is left to learn is the port. */
static void learn_port(struct exporter *exporter, const char *text)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&exporter->name;

	exporter->length = sizeof(*in);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons((uint16_t)strtoul(text, NULL, 10));
}

static bool listens(struct exporter *exporter)
{
	const char *mark = over_tcp() ? "listening on 127.0.0.1:" : "listening on unix:";
	char *text = read_log(exporter);
	const char *at = strstr(text, mark);
	bool found = at && strchr(at, '\n');

	if (found && over_tcp())
		learn_port(exporter, at + strlen(mark));
	free(text);
	return found;
}

/* The argument of --listen. */
static void choose_address(struct exporter *exporter, char *listen, size_t size)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&exporter->name;

	snprintf(listen, size, "127.0.0.1:0");
	if (over_tcp())
		return;
	exporter->length = sizeof(*un);
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s.sock", exporter->log);
	snprintf(listen, size, "unix:%s", un->sun_path);
}

void exporter_start(struct exporter *exporter, const char *const args[])
{
	char listen[128];
	int log;

	memset(exporter, 0, sizeof(*exporter));
	strcpy(exporter->log, "/tmp/suburbd-test.XXXXXX");
	log = mkstemp(exporter->log);
	assert_true(log >= 0);
	choose_address(exporter, listen, sizeof(listen));
	exporter->pid = fork();
	assert_true(exporter->pid >= 0);
	if (!exporter->pid)
		child(log, listen, args);
	close(log);
	for (int ms = 0; ms < PATIENCE_S * 1000; ms += POLL_MS) {
		if (listens(exporter))
			return;
		if (has_ended(exporter))
			break;
		pause_ms(POLL_MS);
	}
	show_log(exporter, "did not start");
	fail();
}

void exporter_stop(struct exporter *exporter)
{
	int status = 0;
	int ms;

	kill(exporter->pid, SIGTERM);
	for (ms = 0; ms < PATIENCE_S * 1000; ms += POLL_MS) {
		if (waitpid(exporter->pid, &status, WNOHANG) == exporter->pid)
			break;
		pause_ms(POLL_MS);
	}
	if (ms >= PATIENCE_S * 1000) {
		kill(exporter->pid, SIGKILL);
		waitpid(exporter->pid, &status, 0);
	}
	if (status)
		show_log(exporter, "did not end well");
	unlink(exporter->log);
	assert_int_equal(status, 0);
}

void exporter_assert_logged(const struct exporter *exporter, const char *text)
{
	for (int ms = 0; ms < PATIENCE_S * 1000; ms += POLL_MS) {
		char *log = read_log(exporter);
		bool found = strstr(log, text);

		free(log);
		if (found)
			return;
		pause_ms(POLL_MS);
	}
	show_log(exporter, "did not log what it should");
	fail_msg("not logged: %s", text);
}
