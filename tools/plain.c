// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of plain hosts: a line each, the time when it was written (seconds
 * since the epoch) and the host. A new one is made beside it and renamed, so
 * that it is whole for every reader; of two runs that write at once one wins,
 * which costs a later run one more connection.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "plain.h"

#define DIRECTORY "/run/suburb"
#define FILE_NAME "plain-hosts"
#define HOLDS_S 3600
#define MOST 64

struct entry {
	int64_t written;
	char host[HOST_NAME_SIZE + 8];
};

struct entries {
	struct entry entry[MOST];
	size_t count;
};

/*
 * Who is not root has a place of his own: where root writes nobody else shall be
 * able to put a link. SUBURB_RUNTIME_DIR is for tests.
 */
static const char *directory(void)
{
	static char own[256];
	const char *given = getenv("SUBURB_RUNTIME_DIR");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (given && *given)
		return given;
	if (geteuid() == 0 || !runtime || *runtime != '/')
		return DIRECTORY;
	snprintf(own, sizeof(own), "%s/suburb", runtime);
	return own;
}

static void file_name(char *name, size_t size, const char *suffix)
{
	snprintf(name, size, "%s/" FILE_NAME "%s", directory(), suffix);
}

static bool is_fresh(const struct entry *entry)
{
	int64_t age = (int64_t)time(NULL) - entry->written;

	return age >= 0 && age < HOLDS_S;
}

static void read_entries(struct entries *entries)
{
	char name[512], line[HOST_NAME_SIZE + 64], *end;
	FILE *file;

	entries->count = 0;
	file_name(name, sizeof(name), "");
	file = fopen(name, "re");
	if (!file)
		return;
	while (entries->count < MOST && fgets(line, sizeof(line), file)) {
		struct entry *entry = &entries->entry[entries->count];

		entry->written = strtoll(line, &end, 10);
		if (sscanf(end, " %263s", entry->host) == 1 && is_fresh(entry))
			entries->count++;
	}
	fclose(file);
}

static const struct entry *find(const struct entries *entries, const char *host)
{
	for (size_t i = 0; i < entries->count; i++)
		if (!strcmp(entries->entry[i].host, host))
			return &entries->entry[i];
	return NULL;
}

bool plain_known(const char *host)
{
	struct entries entries;

	read_entries(&entries);
	return find(&entries, host);
}

static bool write_entries(const struct entries *entries, FILE *file)
{
	for (size_t i = 0; i < entries->count; i++)
		fprintf(file, "%" PRId64 " %s\n", entries->entry[i].written,
			entries->entry[i].host);
	return !ferror(file);
}

void plain_remember(const char *host)
{
	char name[512], new_name[512];
	struct entries entries;
	struct entry *entry;
	FILE *file;
	bool whole;

	read_entries(&entries);
	if (find(&entries, host) || entries.count == MOST)
		return;
	entry = &entries.entry[entries.count++];
	entry->written = time(NULL);
	snprintf(entry->host, sizeof(entry->host), "%s", host);

	mkdir(directory(), 0755);
	file_name(name, sizeof(name), "");
	file_name(new_name, sizeof(new_name), ".new");
	file = fopen(new_name, "we");
	if (!file)
		return;
	whole = write_entries(&entries, file);
	if (fclose(file) == 0 && whole)
		rename(new_name, name);
	else
		unlink(new_name);
}
