// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

#define DEBUG "/sys/kernel/debug/"
#define TRACING "/sys/kernel/tracing/"
#define INSTANCE TRACING "instances/suburb_faults/"
#define EVENTS INSTANCE "events/suburb_faults/"
#define MODULE " [suburb_hcd]"
#define MOST_WORKERS 256
#define MOST_SITES 256
#define MOST_STACKS 16384
#define MOST_SYMBOLS 1024

/* What is refused and where, and that no memory of the kernel's is too good for it. */
static struct {
	const char *path;
	const char *value;
	char saved[32];
} settings[] = {
	{ DEBUG "failslab/ignore-gfp-wait", "N" },
	{ DEBUG "failslab/verbose", "0" },
	{ DEBUG "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUG "fail_page_alloc/min-order", "0" },
	{ DEBUG "fail_page_alloc/verbose", "0" },
	{ DEBUG "fail_usercopy/verbose", "0" },
};

#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Who decides of slabs, and of pages. What decides of user copies cannot be probed. */
static const char *const probes[] = {
	"p:suburb_faults/slab_asked __should_failslab",
	"r:suburb_faults/slab_refused __should_failslab yes=$retval:u8",
	"p:suburb_faults/page_asked should_fail_alloc_page",
	"r:suburb_faults/page_refused should_fail_alloc_page yes=$retval:u8",
};

#define NPROBES (sizeof(probes) / sizeof(probes[0]))

/* A place in our module, or else in the kernel. */
struct site {
	char name[72];
	unsigned int count, ways;
};

static struct shared {
	unsigned int refused, nsites, nothers, nstacks;
	struct site sites[MOST_SITES], others[4 * MOST_SITES];
	uint64_t stacks[MOST_STACKS];
} *shared;

static struct {
	unsigned long address;
	char name[64];
} symbols[MOST_SYMBOLS];
static unsigned int nsymbols;
static int tracing_on;

/* --- files ---------------------------------------------------------------- */

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	n = n < 0 ? -errno : n;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n < 0 ? n : 0;
}

static void forget_trace(void)
{
	int fd = open(INSTANCE "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

/* By a file that is open: to open one asks for memory. */
static void turn(const char *on)
{
	if (write(tracing_on, on, 1) < 0)
		perror(INSTANCE "tracing_on");
}

/* --- beginning and end ---------------------------------------------------- */

static bool set_all(const char **why)
{
	unsigned int i;

	for (i = 0; i < NSETTINGS; i++) {
		*why = settings[i].path;
		if (get(settings[i].path, settings[i].saved, sizeof(settings[i].saved)) ||
		    put(settings[i].path, settings[i].value))
			return false;
	}
	return true;
}

static bool trace_all(const char **why)
{
	unsigned int i;

	*why = TRACING "kprobe_events";
	for (i = 0; i < NPROBES; i++) {
		int ret = put(*why, probes[i]);

		if (ret && ret != -EEXIST)
			return false;
	}
	*why = INSTANCE;
	if ((mkdir(INSTANCE, 0700) && errno != EEXIST) || put(INSTANCE "buffer_size_kb", "4096") ||
	    put(INSTANCE "options/sym-offset", "1"))
		return false;
	*why = INSTANCE "tracing_on";
	tracing_on = open(*why, O_WRONLY | O_CLOEXEC);
	if (tracing_on < 0)
		return false;
	*why = EVENTS "slab_refused/trigger";
	return !put(*why, "stacktrace if yes == 1") &&
	       !put(EVENTS "page_refused/trigger", "stacktrace if yes == 1");
}

bool faults_begin(const char **why)
{
	*why = "/proc/thread-self/fail-nth";
	if (access(*why, W_OK))
		return false;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || !set_all(why) || !trace_all(why)) {
		faults_end();
		return false;
	}
	forget_trace();
	return true;
}

void faults_end(void)
{
	unsigned int i;

	put(EVENTS "slab_refused/trigger", "!stacktrace");
	put(EVENTS "page_refused/trigger", "!stacktrace");
	close(tracing_on);
	rmdir(INSTANCE);
	put(TRACING "kprobe_events", "-:suburb_faults/slab_asked");
	put(TRACING "kprobe_events", "-:suburb_faults/slab_refused");
	put(TRACING "kprobe_events", "-:suburb_faults/page_asked");
	put(TRACING "kprobe_events", "-:suburb_faults/page_refused");
	for (i = 0; i < NSETTINGS; i++)
		if (settings[i].saved[0])
			put(settings[i].path, settings[i].saved);
}

/* --- counting down -------------------------------------------------------- */

/* By thread, for a test is another process than the one before. */
static int own_file(void)
{
	static __thread int fd = -1;
	static __thread pid_t owner;

	if (owner == gettid())
		return fd;
	owner = gettid();
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	while (pwrite(fd, text, length, 0) < 0 && errno == EFAULT)
		;
}

void faults_arm(unsigned int nth)
{
	arm(own_file(), nth);
}

/* Reading, too, copies to user space, and may be what is refused: then it was not reached. */
bool faults_disarm(void)
{
	char text[16] = "";
	ssize_t n = pread(own_file(), text, sizeof(text) - 1, 0);
	bool reached = n > 0 && atoi(text) == 0;

	arm(own_file(), 0);
	return reached;
}

static bool is_worker(const char *pid)
{
	char path[280], comm[32];

	if (!isdigit(pid[0]))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	return get(path, comm, sizeof(comm)) == 0 && strncmp(comm, "kworker/", 8) == 0;
}

/* Opened first, and then told as one: the workers begin while they are told. */
void faults_arm_workers(unsigned int nth)
{
	DIR *proc = opendir("/proc");
	int fds[MOST_WORKERS], n = 0;
	struct dirent *entry;
	char path[280];

	while (proc && n < MOST_WORKERS && (entry = readdir(proc))) {
		if (!is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fail-nth", entry->d_name);
		fds[n] = open(path, O_WRONLY | O_CLOEXEC);
		n += fds[n] >= 0;
	}
	if (proc)
		closedir(proc);
	while (n--) {
		arm(fds[n], nth);
		close(fds[n]);
	}
}

void faults_disarm_workers(void)
{
	faults_arm_workers(0);
}

/* --- what the trace says -------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void faults_know_module(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[256], module[64], name[64];
	unsigned long address;

	nsymbols = 0;
	while (file && nsymbols < MOST_SYMBOLS && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %63s [%63[^]]]", &address, name, module) != 3 ||
		    strcmp(module, "suburb_hcd"))
			continue;
		symbols[nsymbols].address = address;
		snprintf(symbols[nsymbols++].name, sizeof(symbols[0].name), "%s", name);
	}
	if (file)
		fclose(file);
	qsort(symbols, nsymbols, sizeof(symbols[0]), by_address);
}

/* "0xffffffffa0001234" into "name+0x34/0x0 [suburb_hcd]": it is loaded to where it was. */
static void give_name(char *frame, size_t size)
{
	unsigned long address;
	unsigned int i;

	if (sscanf(frame, "0x%lx", &address) != 1 || !nsymbols ||
	    address < symbols[0].address || address > symbols[nsymbols - 1].address + 4096)
		return;
	for (i = nsymbols; i-- && symbols[i].address > address;)
		;
	snprintf(frame, size, "%s+0x%lx/0x0" MODULE, symbols[i].name,
		 address - symbols[i].address);
}

/* Those of the probe, and of who asks whether to refuse. */
static bool is_machinery(const char *frame)
{
	return strstr(frame, "kretprobe") || strstr(frame, "should_fail");
}

static void add_frame(struct fault *f, char *frame)
{
	size_t length = strlen(f->stack);
	char name[160];

	snprintf(name, sizeof(name), "%s", frame);
	give_name(name, sizeof(name));
	if (is_machinery(name)) {
		f->stack[0] = '\0';
		return;
	}
	snprintf(f->stack + length, sizeof(f->stack) - length, "%s\n", name);
}

/* "  kworker/0:1-15  [000] d..2.  12.345: <stack trace>" */
static pid_t pid_of(const char *line)
{
	const char *end = strstr(line, " [");

	while (end && end > line && end[-1] == ' ')
		end--;
	while (end && end > line && isdigit(end[-1]))
		end--;
	return end ? atoi(end) : 0;
}

/* The next one in the trace, of anybody. */
static bool read_fault(FILE *file, char **line, size_t *size, struct fault *f)
{
	while (!strstr(*line, "<stack trace>"))
		if (getline(line, size, file) < 0)
			return false;
	f->pid = pid_of(*line);
	f->stack[0] = '\0';
	for (;;) {
		if (getline(line, size, file) < 0) {
			(*line)[0] = '\0';
			break;
		}
		if (strncmp(*line, " => ", 4))
			break;
		(*line)[strcspn(*line, "\n")] = '\0';
		add_frame(f, *line + 4);
	}
	return true;
}

static size_t read_trace(struct fault **faults, size_t most)
{
	FILE *file = fopen(INSTANCE "trace", "re");
	char *line = calloc(1, 512);
	size_t size = 512, n = 0;

	*faults = calloc(most, sizeof(**faults));
	while (file && n < most && read_fault(file, &line, &size, *faults + n))
		n++;
	free(line);
	if (file)
		fclose(file);
	forget_trace();
	return n;
}

void faults_record(bool workers)
{
	char trigger[96];

	snprintf(trigger, sizeof(trigger),
		 workers ? "stacktrace if comm ~ \"kworker*\"" :
			   "stacktrace if common_pid == %d", gettid());
	turn("0");
	put(EVENTS "slab_asked/trigger", trigger);
	put(EVENTS "page_asked/trigger", trigger);
	forget_trace();
	turn("1");
}

static unsigned int count_of(const struct fault *faults, size_t n, pid_t pid)
{
	while (n--)
		if (faults[n].pid == pid)
			return faults[n].nth;
	return 0;
}

size_t faults_recorded(struct fault **faults, size_t most)
{
	size_t i, n;

	turn("0");
	put(EVENTS "slab_asked/trigger", "!stacktrace");
	put(EVENTS "page_asked/trigger", "!stacktrace");
	n = read_trace(faults, most);
	turn("1");
	for (i = 0; i < n; i++)
		(*faults)[i].nth = count_of(*faults, i, (*faults)[i].pid) + 1;
	return n;
}

size_t faults_refused(struct fault **faults, size_t most)
{
	return read_trace(faults, most);
}

/* --- the account ---------------------------------------------------------- */

static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h;
}

static uint64_t hash_of(const char *flow, const struct fault *f)
{
	return hash(hash(0xcbf29ce484222325, flow), f->stack);
}

bool faults_seen(const char *flow, const struct fault *f)
{
	uint64_t h = hash_of(flow, f);
	unsigned int i;

	for (i = 0; i < shared->nstacks; i++)
		if (shared->stacks[i] == h)
			return true;
	return false;
}

static void count_site(struct site *sites, unsigned int *n, unsigned int most, const char *name,
		       bool is_new)
{
	unsigned int i;

	for (i = 0; i < *n && strcmp(sites[i].name, name); i++)
		;
	if (i == most)
		return;
	if (i == *n)
		snprintf(sites[(*n)++].name, sizeof(sites[0].name), "%s", name);
	sites[i].count++;
	sites[i].ways += is_new;
}

/* Who allocates for others. */
static bool is_allocator(const char *frame)
{
	static const char *const names[] = {
		"kmem_cache_alloc", "__kmem_cache_alloc", "kmalloc", "__kmalloc", "kvmalloc", "kmemdup",
		"kstrdup", "kasprintf", "kvasprintf", "slab_", "___slab", "__slab", "new_slab",
		"allocate_slab", "alloc_pages", "__alloc_pages", "prepare_alloc_pages", "__vmalloc",
		"__get_free_pages", "get_page_from", "_copy_", "copy_",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(frame, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* A frame without its function's size. */
static void name_site(char *name, size_t size, const char *frame)
{
	snprintf(name, size, "%.*s", (int)strcspn(frame, "/\n"), frame);
}

/* The innermost function of ours that is in it; true, or else the innermost of the kernel's. */
static bool find_site(const struct fault *f, char *name, size_t size)
{
	const char *frame, *next, *other = f->stack;
	bool found = false;

	for (frame = f->stack; *frame; frame = next) {
		next = frame + strcspn(frame, "\n");
		if (memmem(frame, next - frame, MODULE, strlen(MODULE))) {
			name_site(name, size, frame);
			return true;
		}
		if (!found && !is_allocator(frame)) {
			other = frame;
			found = true;
		}
		next += *next != '\0';
	}
	name_site(name, size, other);
	return false;
}

void faults_note(const char *flow, const struct fault *f)
{
	bool is_new = !faults_seen(flow, f);
	char name[72];

	shared->refused++;
	if (is_new && shared->nstacks < MOST_STACKS)
		shared->stacks[shared->nstacks++] = hash_of(flow, f);
	if (find_site(f, name, sizeof(name)))
		count_site(shared->sites, &shared->nsites, MOST_SITES, name, is_new);
	else
		count_site(shared->others, &shared->nothers, 4 * MOST_SITES, name, is_new);
}

void faults_print(void)
{
	unsigned int i;

	printf("# faults: %u injected, %u sites in the module, %u elsewhere, %u stacks\n",
	       shared->refused, shared->nsites, shared->nothers, shared->nstacks);
	for (i = 0; i < shared->nsites; i++)
		printf("# site %s: %u faults, %u ways\n", shared->sites[i].name,
		       shared->sites[i].count, shared->sites[i].ways);
	for (i = 0; i < shared->nothers && getenv("SUBURB_FAULTS_ALL"); i++)
		printf("# elsewhere %s: %u faults, %u ways\n", shared->others[i].name,
		       shared->others[i].count, shared->others[i].ways);
	fflush(stdout);
}
