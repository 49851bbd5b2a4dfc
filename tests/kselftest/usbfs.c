// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "patience.h"
#include "usbfs.h"

static int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int usbfs_open(unsigned int busnum, unsigned int devnum)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", busnum, devnum);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}

int usbfs_claim(int fd, unsigned int interface)
{
	return call(fd, USBDEVFS_CLAIMINTERFACE, &interface);
}

int usbfs_set_interface(int fd, unsigned int interface, unsigned int alternate)
{
	struct usbdevfs_setinterface s = { .interface = interface, .altsetting = alternate };

	return call(fd, USBDEVFS_SETINTERFACE, &s);
}

int usbfs_control(int fd, __u8 type, __u8 request, __u16 value, __u16 index, void *data,
		  __u16 length, unsigned int timeout_ms)
{
	struct usbdevfs_ctrltransfer c = {
		.bRequestType = type,
		.bRequest = request,
		.wValue = value,
		.wIndex = index,
		.wLength = length,
		.timeout = timeout_ms,
		.data = data,
	};

	return call(fd, USBDEVFS_CONTROL, &c);
}

int usbfs_reset(int fd)
{
	return call(fd, USBDEVFS_RESET, NULL);
}

int usbfs_bulk(int fd, __u8 endpoint, void *data, unsigned int length, unsigned int timeout_ms)
{
	struct usbdevfs_bulktransfer b = {
		.ep = endpoint,
		.len = length,
		.timeout = timeout_ms,
		.data = data,
	};

	return call(fd, USBDEVFS_BULK, &b);
}

int usbfs_submit(int fd, struct usbdevfs_urb *urb, __u8 type, __u8 endpoint, void *data,
		 int length)
{
	urb->type = type;
	urb->endpoint = endpoint;
	urb->buffer = data;
	urb->buffer_length = length;
	return call(fd, USBDEVFS_SUBMITURB, urb);
}

/* usbfs signals a finished URB, and a device that is gone, as POLLOUT and POLLERR. */
struct usbdevfs_urb *usbfs_reap(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *urb = NULL;

	if (call(fd, USBDEVFS_REAPURBNDELAY, &urb) == 0)
		return urb;
	if (poll(&p, 1, patient_ms(ms)) <= 0)
		return NULL;
	return call(fd, USBDEVFS_REAPURBNDELAY, &urb) == 0 ? urb : NULL;
}

static void *discard(void *arg)
{
	struct usbfs_discard *d = arg;

	d->ret = call(d->fd, USBDEVFS_DISCARDURB, d->urb);
	return NULL;
}

int usbfs_discard_start(struct usbfs_discard *d, int fd, struct usbdevfs_urb *urb)
{
	d->fd = fd;
	d->urb = urb;
	return -pthread_create(&d->thread, NULL, discard, d);
}

bool join_within(pthread_t thread, int ms)
{
	struct timespec end;

	ms = patient_ms(ms);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_nsec -= 1000000000L;
		end.tv_sec++;
	}
	return pthread_timedjoin_np(thread, NULL, &end) == 0;
}

int usbfs_discard_done(struct usbfs_discard *d, int ms)
{
	return join_within(d->thread, ms);
}
