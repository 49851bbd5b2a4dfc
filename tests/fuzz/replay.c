// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target on what is in the tree: TAP with one line, that it came
 * through all of its corpus and its regressions. With arguments it is these
 * files and folders. Needs no libFuzzer.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static const char *current = "nothing";
static unsigned int count;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* The sanitizers then end by the signal below. */
const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void on_abort(int signal)
{
	static const char text[] = "this was input ";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, current, strlen(current)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(3);
}

static void replay_file(const char *name)
{
	FILE *file = fopen(name, "re");
	uint8_t *bytes = NULL, *exact;
	struct stat st;

	if (!file || fstat(fileno(file), &st) || !(bytes = malloc((size_t)st.st_size + 1)) ||
	    fread(bytes, 1, (size_t)st.st_size, file) != (size_t)st.st_size) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		exit(1);
	}
	fclose(file);
	/* Of the very size: the sanitizer sees who reads on. */
	exact = realloc(bytes, st.st_size ? (size_t)st.st_size : 1);
	if (!exact)
		abort();
	current = name;
	LLVMFuzzerTestOneInput(exact, (size_t)st.st_size);
	count++;
	free(exact);
}

static void replay(const char *name)
{
	char path[4096];
	struct dirent **entries;
	int n = scandir(name, &entries, NULL, alphasort);

	if (n < 0 && errno == ENOTDIR)
		replay_file(name);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", name, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			replay_file(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	char path[512];

	signal(SIGABRT, on_abort);
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1) {
		snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", program_invocation_short_name);
		replay(path);
		snprintf(path, sizeof(path), "tests/fuzz/regressions/%s",
			 program_invocation_short_name);
		replay(path);
	}
	printf("1..1\n%sok 1 - %u inputs\n", count ? "" : "not ", count);
	return !count;
}
