// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many remotes, connections and requests were created and freed since the
 * module was loaded. Where nothing is attached any more and the two differ,
 * something was lost, which no device shows. So they are there to be read:
 *
 *   /sys/kernel/debug/suburb/objects    KIND CREATED FREED, a line for each
 *
 * and the module does not go without a warning if they differ.
 *
 * Counted by processor, for requests come and go as fast as URBs.
 */
#include <linux/bug.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "census.h"

DEFINE_PER_CPU(struct suburb_census, suburb_census);

static struct dentry *census_dir;

static const char *const kind_names[SUBURB_KINDS] = {
	[SUBURB_REMOTES] = "remotes",
	[SUBURB_CONNECTIONS] = "connections",
	[SUBURB_REQUESTS] = "requests",
};

/* What is freed meanwhile may be missed; that more was freed than created is not seen. */
static void add_up(enum suburb_kind kind, u64 *created, u64 *freed)
{
	int cpu;

	*created = *freed = 0;
	for_each_possible_cpu(cpu) {
		*freed += per_cpu(suburb_census, cpu).freed[kind];
	}
	for_each_possible_cpu(cpu) {
		*created += per_cpu(suburb_census, cpu).created[kind];
	}
}

static int objects_show(struct seq_file *seq, void *unused)
{
	u64 created, freed;
	unsigned int kind;

	for (kind = 0; kind < SUBURB_KINDS; kind++) {
		add_up(kind, &created, &freed);
		seq_printf(seq, "%s %llu %llu\n", kind_names[kind], created, freed);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

void suburb_census_init(void)
{
	census_dir = debugfs_create_dir("suburb", NULL);
	debugfs_create_file("objects", 0400, census_dir, NULL, &objects_fops);
}

/* After all else: whoever could have freed one has done so. */
void suburb_census_exit(void)
{
	u64 created, freed;
	unsigned int kind;

	debugfs_remove_recursive(census_dir);
	for (kind = 0; kind < SUBURB_KINDS; kind++) {
		add_up(kind, &created, &freed);
		WARN(created != freed, "suburb: of %llu %s %llu were freed\n", created,
		     kind_names[kind], freed);
	}
}
