/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bulk streams. See streams.c.
 */
#ifndef _SUBURB_STREAMS_H
#define _SUBURB_STREAMS_H

#include <linux/types.h>

struct suburb_remote;
struct urb;
struct usb_device;
struct usb_hcd;
struct usb_host_endpoint;

bool suburb_streams_reserved(const struct suburb_remote *remote, const struct urb *urb);
bool suburb_streams_judge(const struct urb *urb);

/* hc_driver */
int suburb_alloc_streams(struct usb_hcd *hcd, struct usb_device *udev,
			 struct usb_host_endpoint **eps, unsigned int num_eps,
			 unsigned int num_streams, gfp_t gfp);
int suburb_free_streams(struct usb_hcd *hcd, struct usb_device *udev,
			struct usb_host_endpoint **eps, unsigned int num_eps, gfp_t gfp);

#endif
