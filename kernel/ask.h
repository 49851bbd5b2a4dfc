/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control requests of our own to an exporter. See ask.c.
 */
#ifndef _SUBURB_ASK_H
#define _SUBURB_ASK_H

#include <linux/types.h>
#include <linux/usb/ch9.h>

struct suburb_remote;
struct urb;
struct usb_device;

int suburb_ask(struct suburb_remote *remote, struct usb_device *udev,
	       const struct usb_ctrlrequest *setup, void *data, unsigned int seconds);
bool suburb_ask_is_ours(const struct urb *urb);

#endif
