// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must not change. See watch.h.
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "watch.h"

#define ECHO_OUT 1
#define ECHO_IN (IN | 1)

static struct client neighbour;
static uint8_t turn;

void watch_begin(const struct exporter *exporter, const char *busid)
{
	import(&neighbour, exporter, busid);
	control_out(&neighbour, SET_CONFIGURATION, NULL, 0);
}

void watch_neighbour(void)
{
	uint8_t data[100], back[100] = { 0 };

	memset(data, ++turn, sizeof(data));
	write_to(&neighbour, ECHO_OUT, data, sizeof(data));
	assert_int_equal(read_from(&neighbour, ECHO_IN, back, sizeof(back)), sizeof(back));
	assert_memory_equal(back, data, sizeof(back));
}

void watch_end(void)
{
	watch_neighbour();
	client_close(&neighbour);
}

/* --- what is held --------------------------------------------------------- */

static long resident_kib(int pid)
{
	char name[64], line[128];
	long kib = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	file = fopen(name, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

static long open_fds(int pid)
{
	char name[64];
	DIR *directory;
	long count = 0;

	snprintf(name, sizeof(name), "/proc/%d/fd", pid);
	directory = opendir(name);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

struct held held_by(const struct exporter *exporter)
{
	return (struct held){ resident_kib(exporter->pid), open_fds(exporter->pid) };
}

/* A sanitizer keeps what was freed, and an emulator has memory of its own. */
static bool tells_memory(void)
{
	const char *program = getenv("SUBURBD");
	const char *run = getenv("SUBURBD_RUN");

	return !(run && *run) && !(program && strstr(program, "asan"));
}

void assert_held(const struct exporter *exporter, const struct held *before, long kib)
{
	static const struct timespec moment = { 0, 10000000 };
	struct held now = held_by(exporter);

	/* What was closed a moment ago is being closed there. */
	for (int i = 0; i < 500 && now.fds > before->fds; i++) {
		nanosleep(&moment, NULL);
		now = held_by(exporter);
	}
	if (now.fds > before->fds)
		fail_msg("%ld descriptors are open, %ld before", now.fds, before->fds);
	if (tells_memory() && now.kib > before->kib + kib)
		fail_msg("%ld KiB are resident, %ld before", now.kib, before->kib);
	printf("# held: %ld KiB before, %ld after; %ld descriptors\n", before->kib, now.kib,
	       now.fds - 2);
}

unsigned int logged(const struct exporter *exporter, const char *text)
{
	FILE *file = fopen(exporter->log, "r");
	unsigned int lines = 0;
	char line[2048];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		lines += strstr(line, text) != NULL;
	fclose(file);
	return lines;
}
