// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_urbs: submits isochronous URBs as a test says, see suburb_urbs.h. It
 * claims no interface: a test does that through usbfs.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/usb.h>

#include "suburb_urbs.h"

#define MAX_PACKETS 2048
#define MAX_LENGTH (16 << 20)

struct call {
	struct urbs_iso arg;
	struct urbs_packet *packets;
	struct usb_device *udev;
	struct urb *urb;
	struct sg_table table;
	u8 *buffer;
	struct completion done;
};

static int is_wanted(struct usb_device *udev, void *data)
{
	struct call *call = data;

	if (udev->bus->busnum != call->arg.busnum || udev->devnum != call->arg.devnum)
		return 0;
	call->udev = usb_get_dev(udev);
	return 1;
}

static void urb_done(struct urb *urb)
{
	struct call *call = urb->context;

	complete(&call->done);
}

/* Entries of chunk bytes, which begin at odd addresses. */
static int make_scatterlist(struct call *call)
{
	unsigned int left = call->arg.length, step, i;
	struct scatterlist *sg;

	if (sg_alloc_table(&call->table, DIV_ROUND_UP(left, call->arg.chunk), GFP_KERNEL))
		return -ENOMEM;
	for_each_sg(call->table.sgl, sg, call->table.nents, i) {
		u8 *memory = kzalloc(call->arg.chunk + 1, GFP_KERNEL);

		if (!memory)
			return -ENOMEM;
		step = min(left, call->arg.chunk);
		sg_set_buf(sg, memory + 1, step);
		left -= step;
	}
	sg_copy_from_buffer(call->table.sgl, call->table.nents, call->buffer, call->arg.length);
	call->urb->sg = call->table.sgl;
	call->urb->num_sgs = call->table.nents;
	return 0;
}

static void free_scatterlist(struct call *call)
{
	struct scatterlist *sg;
	unsigned int i;

	if (!call->table.sgl)
		return;
	for_each_sg(call->table.sgl, sg, call->table.nents, i)
		if (sg_page(sg))
			kfree((u8 *)sg_virt(sg) - 1);
	sg_free_table(&call->table);
}

static int prepare(struct call *call)
{
	const struct urbs_iso *arg = &call->arg;
	struct urb *urb = call->urb;
	u32 i;

	urb->dev = call->udev;
	urb->pipe = arg->endpoint & USB_DIR_IN ?
			    usb_rcvisocpipe(call->udev, arg->endpoint & 0xf) :
			    usb_sndisocpipe(call->udev, arg->endpoint & 0xf);
	urb->transfer_flags = arg->asap ? URB_ISO_ASAP : 0;
	urb->transfer_buffer_length = arg->length;
	urb->interval = arg->interval;
	urb->number_of_packets = arg->number_of_packets;
	urb->complete = urb_done;
	urb->context = call;
	for (i = 0; i < arg->number_of_packets; i++) {
		urb->iso_frame_desc[i].offset = call->packets[i].offset;
		urb->iso_frame_desc[i].length = call->packets[i].length;
	}
	if (arg->chunk)
		return make_scatterlist(call);
	urb->transfer_buffer = call->buffer;
	return 0;
}

static void run(struct call *call)
{
	struct urbs_iso *arg = &call->arg;
	struct urb *urb = call->urb;

	arg->frame = usb_get_current_frame_number(call->udev);
	arg->submitted = usb_submit_urb(urb, GFP_KERNEL);
	if (arg->submitted)
		return;
	arg->start_frame_early = urb->start_frame;
	if (!wait_for_completion_timeout(&call->done, msecs_to_jiffies(arg->timeout_ms))) {
		usb_kill_urb(urb);
		wait_for_completion(&call->done);
	}
	arg->status = urb->status;
	arg->actual_length = urb->actual_length;
	arg->error_count = urb->error_count;
	arg->start_frame = urb->start_frame;
	arg->interval_used = urb->interval;
	if (arg->chunk)
		sg_copy_to_buffer(call->table.sgl, call->table.nents, call->buffer, arg->length);
}

static int copy_out(struct call *call, struct urbs_iso __user *user)
{
	const struct urbs_iso *arg = &call->arg;
	u32 i;

	for (i = 0; i < arg->number_of_packets; i++) {
		call->packets[i].actual_length = call->urb->iso_frame_desc[i].actual_length;
		call->packets[i].status = call->urb->iso_frame_desc[i].status;
	}
	if (copy_to_user(u64_to_user_ptr(arg->packets), call->packets,
			 arg->number_of_packets * sizeof(*call->packets)) ||
	    copy_to_user(u64_to_user_ptr(arg->buffer), call->buffer, arg->length) ||
	    copy_to_user(user, arg, sizeof(*arg)))
		return -EFAULT;
	return 0;
}

static int submit(struct call *call, struct urbs_iso __user *user)
{
	int ret = -ENOMEM;

	call->urb = usb_alloc_urb(call->arg.number_of_packets, GFP_KERNEL);
	if (!call->urb)
		return -ENOMEM;
	ret = prepare(call);
	if (!ret) {
		run(call);
		ret = copy_out(call, user);
	}
	free_scatterlist(call);
	usb_free_urb(call->urb);
	return ret;
}

static int copy_in(struct call *call)
{
	const struct urbs_iso *arg = &call->arg;

	if (arg->number_of_packets > MAX_PACKETS || arg->length > MAX_LENGTH)
		return -EINVAL;
	call->packets = memdup_user(u64_to_user_ptr(arg->packets),
				    arg->number_of_packets * sizeof(*call->packets));
	if (IS_ERR(call->packets))
		return PTR_ERR(call->packets);
	call->buffer = memdup_user(u64_to_user_ptr(arg->buffer), arg->length);
	if (!IS_ERR(call->buffer))
		return 0;
	kfree(call->packets);
	return PTR_ERR(call->buffer);
}

static long urbs_ioctl(struct file *file, unsigned int cmd, unsigned long data)
{
	struct urbs_iso __user *user = (void __user *)data;
	struct call call = {};
	long ret;

	if (cmd != URBS_IOC_ISO)
		return -ENOTTY;
	if (copy_from_user(&call.arg, user, sizeof(call.arg)))
		return -EFAULT;
	init_completion(&call.done);
	ret = copy_in(&call);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (usb_for_each_dev(&call, is_wanted))
		ret = submit(&call, user);
	usb_put_dev(call.udev);
	kfree(call.buffer);
	kfree(call.packets);
	return ret;
}

static const struct file_operations urbs_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = urbs_ioctl,
};

static struct miscdevice urbs_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "suburb-urbs",
	.fops = &urbs_fops,
};

module_misc_device(urbs_device);

MODULE_DESCRIPTION("Isochronous URBs as a test says");
MODULE_LICENSE("GPL");
