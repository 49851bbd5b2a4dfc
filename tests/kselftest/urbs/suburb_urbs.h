/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/suburb-urbs: isochronous URBs as a kernel driver may make them and usbfs
 * does not: with gaps between packets, in a scatterlist, with more packets than
 * 128, or wrong. For tests only.
 */
#ifndef SUBURB_TEST_URBS_H
#define SUBURB_TEST_URBS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define URBS_NODE "/dev/suburb-urbs"

struct urbs_packet {
	__u32 offset;
	__u32 length;
	__u32 actual_length; /* out */
	__s32 status; /* out */
};

/**
 * struct urbs_iso - one URB, from submitting to its end
 * @busnum: of the device, with @devnum
 * @devnum: its address
 * @endpoint: bEndpointAddress
 * @asap: URB_ISO_ASAP
 * @chunk: bytes of each entry of a scatterlist; 0: one linear buffer
 * @interval: the driver's
 * @number_of_packets: and elements of @packets
 * @length: transfer_buffer_length, and bytes at @buffer
 * @timeout_ms: then it is killed
 * @packets: address of struct urbs_packet[]
 * @buffer: address of its data, in and out
 * @submitted: out: what usb_submit_urb() said; what follows is set only if 0
 * @status: out
 * @actual_length: out
 * @error_count: out
 * @start_frame: out: after the end
 * @start_frame_early: out: right behind usb_submit_urb()
 * @frame: out: usb_get_current_frame_number() just before
 * @interval_used: out: urb->interval
 */
struct urbs_iso {
	__u32 busnum;
	__u32 devnum;
	__u32 endpoint;
	__u32 asap;
	__u32 chunk;
	__u32 interval;
	__u32 number_of_packets;
	__u32 length;
	__u32 timeout_ms;
	__u32 reserved;
	__u64 packets;
	__u64 buffer;
	__s32 submitted;
	__s32 status;
	__u32 actual_length;
	__s32 error_count;
	__s32 start_frame;
	__s32 start_frame_early;
	__s32 frame;
	__s32 interval_used;
};

#define URBS_IOC_ISO _IOWR(0xBC, 0x80, struct urbs_iso)

#endif
