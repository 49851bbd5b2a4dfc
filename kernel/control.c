// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/suburb: the ioctls of include/uapi/linux/suburb.h, and poll(). Judges
 * what userspace says (sizes, flags, reserved fields, ranges, strings) and
 * copies; what it means is registry.c's.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "controller.h"
#include "registry.h"
#include "remote.h"
#include "request.h"

/* What an open /dev/suburb remembers: the generation that it has seen. */
struct suburb_file {
	u64 seen;
};

/* What may be agreed with an exporter. */
#define FEATURES (SUBURB_FEATURE_STREAMS | SUBURB_FEATURE_DIGEST)

/* @oldest: the size that the struct had at first; later fields are 0 then. */
static int get_struct(void *to, size_t size, size_t oldest, const void __user *arg)
{
	u32 told;

	if (get_user(told, (const u32 __user *)arg))
		return -EFAULT;
	if (told < oldest)
		return -EINVAL;
	return copy_struct_from_user(to, size, arg, told);
}

/* As much as the caller has room for: @from begins with the size that he told. */
static int put_struct(void __user *arg, const void *from, size_t size)
{
	u32 told = *(const u32 *)from;

	return copy_to_user(arg, from, min_t(size_t, size, told)) ? -EFAULT : 0;
}

static bool all_zero(const void *bytes, size_t size)
{
	return !memchr_inv(bytes, 0, size);
}

/* --- one ioctl each ------------------------------------------------------- */

static long control_info(void __user *arg)
{
	struct suburb_info info;
	int ret = get_struct(&info, sizeof(info), offsetof(struct suburb_info, digest_errors), arg);

	if (ret)
		return ret;
	info.version = SUBURB_ABI_VERSION;
	info.features = FEATURES;
	info.digest_errors = atomic64_read(&suburb_digest_errors);
	info.controllers = suburb_controllers_count();
	info.remotes = suburb_registry_list(NULL, 0, NULL);
	return put_struct(arg, &info, sizeof(info));
}

/* For the log and for terminals: ended, and nothing that moves a cursor. */
static bool label_is_fit(const char *label)
{
	size_t length = strnlen(label, SUBURB_LABEL_SIZE);
	size_t i;

	if (length == SUBURB_LABEL_SIZE)
		return false;
	for (i = 0; i < length; i++)
		if ((u8)label[i] < 0x20 || label[i] == 0x7f)
			return false;
	return true;
}

static int judge_attach(const struct suburb_attach *attach)
{
	if (attach->flags & ~SUBURB_ATTACH_NO_READ_AHEAD || attach->features & ~FEATURES ||
	    attach->session || attach->grace_ms || attach->keepalive_ms ||
	    attach->largest_transfer || attach->unlink_ms > SUBURB_UNLINK_MS_MOST)
		return -EINVAL;
	if (!all_zero(attach->token, sizeof(attach->token)) ||
	    !all_zero(attach->reserved, sizeof(attach->reserved)))
		return -EINVAL;
	if (attach->cookie_size > SUBURB_COOKIE_SIZE || !label_is_fit(attach->label))
		return -EINVAL;
	return suburb_speed_valid(attach->speed) ? 0 : -EPROTONOSUPPORT;
}

static long control_attach(void __user *arg)
{
	struct suburb_attach *attach = kmalloc(sizeof(*attach), GFP_KERNEL);
	int ret;

	if (!attach)
		return -ENOMEM;
	ret = get_struct(attach, sizeof(*attach), sizeof(*attach), arg);
	if (!ret)
		ret = judge_attach(attach);
	if (!ret)
		ret = suburb_registry_attach(attach);
	/* Attached and not told: the caller could not even detach it. */
	if (!ret && put_struct(arg, attach, sizeof(*attach))) {
		suburb_registry_detach(attach->port, attach->id);
		ret = -EFAULT;
	}
	kfree(attach);
	return ret;
}

static long control_detach(void __user *arg)
{
	struct suburb_detach detach;
	int ret = get_struct(&detach, sizeof(detach), sizeof(detach), arg);

	if (ret)
		return ret;
	if (detach.flags || detach.reserved)
		return -EINVAL;
	return suburb_registry_detach(detach.port, detach.id);
}

static long control_list(struct suburb_file *file, void __user *arg)
{
	struct suburb_list list;
	unsigned int fits;
	u32 *ports = NULL;
	int ret = get_struct(&list, sizeof(list), sizeof(list), arg);

	if (ret)
		return ret;
	if (list.flags || (list.capacity && !list.ports))
		return -EINVAL;
	/* No more than there can be by the time we look again. */
	fits = min(list.capacity, suburb_registry_list(NULL, 0, NULL) + 16);
	if (fits) {
		ports = kvmalloc_array(fits, sizeof(*ports), GFP_KERNEL);
		if (!ports)
			return -ENOMEM;
	}
	list.count = suburb_registry_list(ports, fits, &list.generation);
	if (copy_to_user(u64_to_user_ptr(list.ports), ports,
			 min(fits, list.count) * sizeof(*ports)))
		ret = -EFAULT;
	kvfree(ports);
	if (!ret)
		ret = put_struct(arg, &list, sizeof(list));
	if (!ret)
		WRITE_ONCE(file->seen, list.generation);
	return ret;
}

static int put_endpoints(const struct suburb_status *status,
			 const struct suburb_endpoint_status *endpoints)
{
	unsigned int count = min(status->endpoints_capacity, status->endpoints_count);

	return copy_to_user(u64_to_user_ptr(status->endpoints), endpoints,
			    count * sizeof(*endpoints)) ? -EFAULT : 0;
}

/* The whole answer, of which only what the caller asks by is taken from it. */
struct suburb_status_answer {
	struct suburb_status status;
	struct suburb_endpoint_status endpoints[SUBURB_ENDPOINTS];
};

static long fill_answer(struct suburb_status_answer *answer, void __user *arg)
{
	struct suburb_status asked;
	int ret;

	ret = get_struct(&answer->status, sizeof(answer->status),
			 offsetof(struct suburb_status, digests), arg);
	if (ret)
		return ret;
	asked = answer->status;
	if (asked.flags || asked.reserved || (asked.endpoints_capacity && !asked.endpoints))
		return -EINVAL;
	memset(&answer->status, 0, sizeof(answer->status));
	answer->status.size = asked.size;
	answer->status.id = asked.id;
	answer->status.port = asked.port;
	answer->status.endpoints = asked.endpoints;
	answer->status.endpoints_capacity = asked.endpoints_capacity;
	return suburb_registry_status(&answer->status, answer->endpoints);
}

static long control_status(void __user *arg)
{
	struct suburb_status_answer *answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	long ret;

	if (!answer)
		return -ENOMEM;
	ret = fill_answer(answer, arg);
	if (!ret)
		ret = put_endpoints(&answer->status, answer->endpoints);
	if (!ret)
		ret = put_struct(arg, &answer->status, sizeof(answer->status));
	kfree(answer);
	return ret;
}

/* --- the file ------------------------------------------------------------- */

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (_IOC_TYPE(cmd) != SUBURB_IOC_MAGIC || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(SUBURB_IOC_INFO):
		return control_info(user);
	case _IOC_NR(SUBURB_IOC_ATTACH):
		return file->f_mode & FMODE_WRITE ? control_attach(user) : -EPERM;
	case _IOC_NR(SUBURB_IOC_DETACH):
		return file->f_mode & FMODE_WRITE ? control_detach(user) : -EPERM;
	case _IOC_NR(SUBURB_IOC_LIST):
		return control_list(file->private_data, user);
	case _IOC_NR(SUBURB_IOC_STATUS):
		return control_status(user);
	default:
		return -ENOTTY;
	}
}

static __poll_t control_poll(struct file *file, poll_table *wait)
{
	struct suburb_file *state = file->private_data;

	poll_wait(file, &suburb_registry_wait, wait);
	return READ_ONCE(state->seen) != suburb_registry_generation() ? EPOLLIN | EPOLLRDNORM : 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	struct suburb_file *state = kzalloc(sizeof(*state), GFP_KERNEL);

	if (!state)
		return -ENOMEM;
	state->seen = suburb_registry_generation();
	file->private_data = state;
	return nonseekable_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = control_poll,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "suburb",
	.mode = 0600,
	.fops = &control_fops,
};

int suburb_control_init(void)
{
	return misc_register(&control_device);
}

void suburb_control_exit(void)
{
	misc_deregister(&control_device);
}
