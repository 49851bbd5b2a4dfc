/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usbfs: transfers on a device through /dev/bus/usb, for tests and figures.
 *
 * usbfs and not libusb: it tells the true errno of a URB (QUIRKS 27), and
 * the tests need nothing installed. Calls return 0 or more, or a negative errno.
 */
#ifndef SUBURB_TEST_USBFS_H
#define SUBURB_TEST_USBFS_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>
#include <linux/usbdevice_fs.h>

int usbfs_open(unsigned int busnum, unsigned int devnum);
int usbfs_claim(int fd, unsigned int interface);
int usbfs_set_interface(int fd, unsigned int interface, unsigned int alternate);

/* usb_reset_device() */
int usbfs_reset(int fd);

/* One control transfer: bytes moved. */
int usbfs_control(int fd, __u8 type, __u8 request, __u16 value, __u16 index, void *data,
		  __u16 length, unsigned int timeout_ms);

/* One bulk or interrupt transfer: bytes moved. */
int usbfs_bulk(int fd, __u8 endpoint, void *data, unsigned int length, unsigned int timeout_ms);

int usbfs_submit(int fd, struct usbdevfs_urb *urb, __u8 type, __u8 endpoint, void *data,
		 int length);

/* The next finished URB, NULL if none finishes within @ms or the device is gone. */
struct usbdevfs_urb *usbfs_reap(int fd, int ms);

/*
 * USBDEVFS_DISCARDURB returns when the URB is back, so a test that is to answer
 * the unlink lets a thread do it. The result is the ioctl's.
 */
struct usbfs_discard {
	int fd;
	struct usbdevfs_urb *urb;
	int ret;
	pthread_t thread;
};

int usbfs_discard_start(struct usbfs_discard *d, int fd, struct usbdevfs_urb *urb);
/* False if it does not return within @ms. */
int usbfs_discard_done(struct usbfs_discard *d, int ms);


/* False if the thread does not end within @ms. */
bool join_within(pthread_t thread, int ms);

#endif
