/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device node, userspace's memory, platform devices. See shim.h.
 */
#ifndef TESTS_FUZZ_SHIM_FILE_H
#define TESTS_FUZZ_SHIM_FILE_H

#include <linux/ioctl.h>

#define THIS_MODULE NULL
#define FMODE_WRITE 2
#define EPOLLIN 0x01U
#define EPOLLRDNORM 0x40U

typedef struct {
	int unused;
} poll_table;

struct inode;

struct file {
	unsigned int f_mode;
	void *private_data;
	unsigned int references;
};

void fput(struct file *file);

#define nonseekable_open(inode, file) 0
#define poll_wait(file, queue, table) ((void)(queue))
#define compat_ptr_ioctl NULL

struct file_operations {
	void *owner;
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	void *compat_ioctl;
	__poll_t (*poll)(struct file *file, poll_table *wait);
};

#define MISC_DYNAMIC_MINOR 255

struct miscdevice {
	int minor;
	const char *name;
	unsigned int mode;
	const struct file_operations *fops;
};

int misc_register(struct miscdevice *device);
void misc_deregister(struct miscdevice *device);

/* --- userspace's memory --------------------------------------------------- */

/* Bytes that could not be copied, for they are not the program's. */
unsigned long copy_from_user(void *to, const void __user *from, unsigned long size);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long size);
int copy_struct_from_user(void *to, size_t size, const void __user *from, size_t told);

#define get_user(x, pointer) (copy_from_user(&(x), pointer, sizeof(x)) ? -EFAULT : 0)
#define u64_to_user_ptr(address) ((void *)(uintptr_t)(address))

/* --- platform devices ----------------------------------------------------- */

#define DMA_BIT_MASK(n) (~0ULL)
#define PROBE_FORCE_SYNCHRONOUS 1
#define pm_sleep_ptr(ops) (ops)

struct dev_pm_ops {
	int unused;
};

struct platform_device {
	struct device dev;
};

struct platform_driver {
	int (*probe)(struct platform_device *pdev);
	int (*remove)(struct platform_device *pdev);
	struct {
		const char *name;
		bool suppress_bind_attrs;
		const struct dev_pm_ops *pm;
		int probe_type;
	} driver;
};

struct platform_device_info {
	const char *name;
	int id;
	u64 dma_mask;
	const void *data;
	size_t size_data;
};

#define dev_name(dev) ((void)(dev), "suburb-hcd.0")
#define dev_get_platdata(dev) ((dev)->platform_data)
#define platform_set_drvdata(pdev, data) ((pdev)->dev.driver_data = (data))
#define platform_get_drvdata(pdev) ((pdev)->dev.driver_data)

int platform_driver_register(struct platform_driver *driver);
void platform_driver_unregister(struct platform_driver *driver);
struct platform_device *platform_device_register_full(const struct platform_device_info *info);
void platform_device_unregister(struct platform_device *pdev);

/* --- counts by processor, of which there is one, and debugfs ----------------- */

#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name) __typeof__(type) name
#define this_cpu_inc(count) ((count)++)
#define per_cpu(counts, cpu) (counts)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < 1; (cpu)++)

#define WARN(condition, ...)                       \
	({                                         \
		if (condition)                     \
			shim_log(__VA_ARGS__);     \
		shim_assert(!(condition));         \
	})

struct seq_file;
struct dentry;

struct shim_show {
	int (*show)(struct seq_file *seq, void *unused);
};

#define DEFINE_SHOW_ATTRIBUTE(name) static const struct shim_show name##_fops = { name##_show }
#define seq_printf(seq, ...) ((void)(seq))
#define debugfs_create_dir(name, parent) NULL
#define debugfs_create_file(name, mode, dir, data, fops) ((void)(dir), (void)(fops))
#define debugfs_remove_recursive(dir) ((void)(dir))

#endif
