/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scripted exporter for tests of the suburb tool: it answers what a test
 * tells it to, sense or nonsense, in a process of its own.
 *
 * SUBURB      the tool; SUBURB_RUN goes before it
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <suburb/wire.h>

/**
 * struct server - a running server
 * @port: where it listens on 127.0.0.1
 */
struct server {
	int pid;
	uint16_t port;
};

/* What is done with an accepted connection; it is closed afterwards. */
typedef void server_script(int fd, const void *data);

void server_start(struct server *server, server_script *script, const void *data);
void server_stop(struct server *server);

/**
 * struct tool_run - a run of the tool, and how it went
 * @status: exit status, -1 if it died
 * @seconds: that it took
 */
struct tool_run {
	int pid;
	FILE *files[2];
	double started;
	int status;
	double seconds;
	char out[65536];
	char err[4096];
};

/* "suburb VERB 127.0.0.1:PORT [MORE]", and until it ends. */
void tool_start(struct tool_run *run, const struct server *server, const char *verb,
		const char *more);
void tool_finish(struct tool_run *run);
void tool_run(struct tool_run *run, const struct server *server, const char *verb,
	      const char *more);

#endif
