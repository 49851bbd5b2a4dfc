/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where USB devices come from. A backend finds devices, says when they come
 * and go, and moves transfers; it knows no sockets, no sessions and no USB/IP.
 * "libusb" has the devices of this machine, "emulated" has devices made of
 * software.
 *
 * Everything runs on the one event loop. A backend never calls back from
 * within a call made to it: done(), arrived() and left() come from the loop.
 * (start() is the exception: devices already there are announced from it.)
 *
 * Status values are those of the wire: 0 or a negative SUBURB_E*.
 */
#ifndef EXPORTER_BACKEND_H
#define EXPORTER_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <suburb/wire.h>

struct backend;
struct backend_device;

/**
 * struct backend_transfer - one transfer on its way through a backend
 *
 * Belongs to the caller, who keeps it alive until @done ran. Endpoint 0 is a
 * control transfer; the types of the others are in the descriptors.
 *
 * Isochronous data lies at its packet's offset in the buffer, in both
 * directions, with gaps where a packet moved less than was asked. The backend
 * fills actual_length and status of every packet; if the transfer fails as a
 * whole, what no packet was moved for stays 0 with -SUBURB_EXDEV.
 */
struct backend_transfer {
	/* Filled by the caller: */
	uint8_t endpoint;	/* bEndpointAddress; for control 0x00 or 0x80 by direction */
	uint8_t type;		/* bmAttributes & 3: 0 control, 1 iso, 2 bulk, 3 interrupt */
	bool short_not_ok;	/* a short IN ends with -SUBURB_EREMOTEIO */
	bool zero_packet;	/* end a full OUT with an empty packet */
	bool iso_asap;		/* iso: @start_frame is the backend's to choose */
	uint8_t setup[8];	/* control only */
	uint8_t *buffer;	/* from ops->alloc(); may be NULL if length is 0 */
	uint32_t length;	/* bytes in the buffer, without setup */
	uint32_t stream_id;	/* bulk: one of those allocated; 0 none */
	uint32_t packets;	/* iso: how many, 1 to SUBURB_WIRE_MAX_PACKETS */
	struct suburb_iso *iso; /* each inside the buffer, in ascending order, no overlap */
	void (*done)(struct backend_transfer *transfer);
	void *owner;

	/* Filled by the backend before done(): */
	int32_t status;
	uint32_t actual_length; /* iso: the sum over the packets */
	uint32_t start_frame;	/* iso; by the caller, too, without iso_asap */
	uint32_t error_count;	/* iso: packets with a status */

	/* The backend's own: */
	void *priv;
};

#define BACKEND_MAX_ENDPOINTS 30 /* without endpoint 0 */

enum backend_change_kind {
	BACKEND_SET_CONFIGURATION, /* value: bConfigurationValue, 0 unconfigures */
	BACKEND_SET_INTERFACE,	   /* interface, value: bAlternateSetting */
	BACKEND_CLEAR_HALT,	   /* endpoint */
	BACKEND_RESET,		   /* -SUBURB_ENODEV: gone, or about to arrive as another device */
	BACKEND_ALLOC_STREAMS,	   /* endpoints, streams wanted; streams granted */
	BACKEND_FREE_STREAMS,	   /* endpoints */
	/* Only for a backend whose ops leave @open and @close NULL: */
	BACKEND_OPEN,
	BACKEND_CLOSE,
};

/**
 * struct backend_change - a change of the device's state on its way
 *
 * Runs through the call made for it and never as a raw control transfer, and
 * never blocks the loop. Belongs to the caller until @done ran. The caller
 * sends nothing on endpoint 0 meanwhile.
 */
struct backend_change {
	/* Filled by the caller: */
	enum backend_change_kind kind;
	uint8_t endpoint;
	uint8_t interface;
	uint8_t value;
	uint8_t endpoints[BACKEND_MAX_ENDPOINTS]; /* addresses */
	unsigned int endpoint_count;
	uint32_t streams; /* ids 1 to this; as many for each endpoint */
	void (*done)(struct backend_change *change);
	void *owner;

	/* Filled by the backend before done(): */
	int32_t status;

	/* The backend's own: */
	void *priv;
};

/**
 * struct backend_events - what a backend tells its owner
 * @arrived: a device is there, and may be opened at once
 * @left: a device has gone. What was in flight ends with -SUBURB_ENODEV, with
 *	-SUBURB_ESHUTDOWN, or with what the bus saw of the unplugging. If it
 *	is open its object lives until close(), else until this returns
 * @owner: given back in both
 */
struct backend_events {
	void (*arrived)(void *owner, struct backend_device *device);
	void (*left)(void *owner, struct backend_device *device);
	void *owner;
};

/**
 * struct backend_ops - what a backend can do
 * @name: "libusb", "emulated"
 * @start: begin to watch @loop; announce every device that is there. 0 or
 *	negative errno, with one line in the log
 * @stop: end; every device was closed before. Its handles on the loop are
 *	closed when the loop has run once more
 * @open: take the device away from the local kernel's drivers. 0 or a negative
 *	SUBURB_E*. A backend that may block for long in it leaves @open and @close
 *	NULL, and gets BACKEND_OPEN and BACKEND_CLOSE by way of @change
 * @close: give it back to them. Every transfer and change is done before
 * @submit: 0 and later done(); or a negative SUBURB_E* and no done()
 * @cancel: ask for an end; done() still comes, with -SUBURB_ECONNRESET or with
 *	whatever happened first. Bytes moved until then count
 * @change: 0 and later done(); or a negative SUBURB_E* and no done(). A kind
 *	that the backend or the device cannot do is -SUBURB_EINVAL
 * @alloc: a buffer for transfers of this (open) device, NULL if memory is out
 * @free: its opposite
 */
struct backend_ops {
	const char *name;
	int (*start)(struct backend *backend, uv_loop_t *loop, const struct backend_events *events);
	void (*stop)(struct backend *backend);
	int (*open)(struct backend_device *device);
	void (*close)(struct backend_device *device);
	int (*submit)(struct backend_device *device, struct backend_transfer *transfer);
	void (*cancel)(struct backend_device *device, struct backend_transfer *transfer);
	int (*change)(struct backend_device *device, struct backend_change *change);
	uint8_t *(*alloc)(struct backend_device *device, size_t size);
	void (*free)(struct backend_device *device, uint8_t *buffer, size_t size);
};

struct backend {
	const struct backend_ops *ops;
};

/**
 * struct backend_device - what is known of a device without opening it
 *
 * The backend embeds it in an object of its own. @configuration is that of the
 * active configuration and follows a SET_CONFIGURATION before its done().
 */
struct backend_device {
	struct backend *backend;
	char busid[SUBURB_WIRE_BUSID_SIZE]; /* "1-1.2", as in sysfs; unique */
	char path[SUBURB_WIRE_PATH_SIZE];   /* sysfs path or the like, for humans */
	uint16_t busnum;
	uint16_t devnum;
	enum suburb_speed speed;
	uint8_t descriptor[18];	     /* device descriptor, as on the wire of USB */
	uint8_t *configuration;	     /* whole descriptor set, NULL if unconfigured */
	size_t configuration_length; /* bytes; lengths inside are the device's word */
	char *manufacturer;	     /* UTF-8, or NULL; control characters and all */
	char *product;
	char *serial;
	bool imported; /* sits on a virtual controller: is itself a remote device */
};

#endif
