// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices reached through Linux' usbfs: opening, and what blocks. See
 * usb_access.h.
 *
 * The kernel serves a device's node under the device's lock, which a call that
 * blocks holds all the time: until it is over (pause, resume) the loop leaves
 * this device alone.
 */
#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "exporter/log.h"
#include "usbfs.h"

/* Since Linux 3.15; without one of them libusb knows how to help itself. */
#define NEEDED_CAPABILITIES (USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)

/* The numbers of errno differ between Linux' architectures, those of the wire do not. */
int usbfs_status(int error)
{
	static const struct {
		int error, status;
	} known[] = {
		{ ETIME, SUBURB_ETIME },
		{ ENOSR, SUBURB_ENOSR },
		{ ECOMM, SUBURB_ECOMM },
		{ EPROTO, SUBURB_EPROTO },
		{ EOVERFLOW, SUBURB_EOVERFLOW },
		{ EILSEQ, SUBURB_EILSEQ },
		{ EMSGSIZE, SUBURB_EMSGSIZE },
		{ ECONNRESET, SUBURB_ECONNRESET },
		{ ESHUTDOWN, SUBURB_ESHUTDOWN },
		{ ETIMEDOUT, SUBURB_ETIMEDOUT },
		{ EHOSTUNREACH, SUBURB_EHOSTUNREACH },
		{ EREMOTEIO, SUBURB_EREMOTEIO },
	};

	if (error <= SUBURB_EPIPE) /* the same everywhere */
		return -error;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].error == error)
			return -known[i].status;
	return -SUBURB_EPROTO;
}

static int result_of(int ret)
{
	return ret < 0 ? usbfs_status(errno) : 0;
}

/* --- open and close ------------------------------------------------------- */

static bool is_able(const struct usbfs *usbfs)
{
	return (usbfs->capabilities & NEEDED_CAPABILITIES) == NEEDED_CAPABILITIES;
}

static int open_node(struct usb_device *device, struct usbfs *usbfs)
{
	char node[USB_NODE_SIZE];

	usbfs->fd = open(usb_info_node(device, node), O_RDWR | O_CLOEXEC);
	if (usbfs->fd < 0) {
		/* It may have left without a word yet. */
		return errno == ENOENT ? -SUBURB_ENODEV : usbfs_status(errno);
	}
	if (ioctl(usbfs->fd, USBDEVFS_GET_CAPABILITIES, &usbfs->capabilities) == 0 &&
	    is_able(usbfs) && uv_poll_init(device->usb->loop, &usbfs->poll, usbfs->fd) == 0)
		return 0;
	close(usbfs->fd);
	return -SUBURB_ENOTSUP;
}

static int usbfs_open(struct usb_device *device)
{
	struct usbfs *usbfs = calloc(1, sizeof(*usbfs));
	int ret = usbfs ? open_node(device, usbfs) : -SUBURB_ENOMEM;

	if (ret < 0) {
		free(usbfs);
		return ret;
	}
	usbfs->device = device;
	usbfs->poll.data = usbfs;
	TAILQ_INIT(&usbfs->transfers);
	device->usbfs = usbfs;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void usbfs_close(struct usb_device *device)
{
	struct usbfs *usbfs = device->usbfs;

	device->usbfs = NULL;
	usbfs->device = NULL;
	uv_close((uv_handle_t *)&usbfs->poll, on_closed);
	close(usbfs->fd);
}

static void usbfs_pause(struct usb_device *device)
{
	device->usbfs->paused = true;
	uv_poll_stop(&device->usbfs->poll);
}

static void usbfs_resume(struct usb_device *device)
{
	device->usbfs->paused = false;
	usbfs_discard_cancelled(device->usbfs);
	usbfs_watch(device->usbfs);
}

/* --- interfaces ----------------------------------------------------------- */

static int driver_call(struct usb_device *device, uint8_t interface, unsigned int code)
{
	struct usbdevfs_ioctl command = { .ifno = interface, .ioctl_code = (int)code };

	return ioctl(device->usbfs->fd, USBDEVFS_IOCTL, &command);
}

/* A claim through usbfs, of whatever process, is no driver. */
static bool usbfs_has_driver(struct usb_device *device, uint8_t interface)
{
	struct usbdevfs_getdriver driver = { .interface = interface };

	return ioctl(device->usbfs->fd, USBDEVFS_GETDRIVER, &driver) == 0 &&
	       strcmp(driver.driver, "usbfs") != 0;
}

static int usbfs_detach_driver(struct usb_device *device, uint8_t interface)
{
	if (!usbfs_has_driver(device, interface))
		return -SUBURB_ENOENT;
	if (driver_call(device, interface, USBDEVFS_DISCONNECT) < 0)
		return errno == ENODATA ? -SUBURB_ENOENT : usbfs_status(errno);
	return 0;
}

static int usbfs_attach_driver(struct usb_device *device, uint8_t interface)
{
	return result_of(driver_call(device, interface, USBDEVFS_CONNECT));
}

static int usbfs_claim(struct usb_device *device, uint8_t interface)
{
	unsigned int number = interface;
	int ret = result_of(ioctl(device->usbfs->fd, USBDEVFS_CLAIMINTERFACE, &number));

	if (ret == 0)
		device->usbfs->claimed |= 1u << interface;
	return ret;
}

static int usbfs_release(struct usb_device *device, uint8_t interface)
{
	unsigned int number = interface;

	device->usbfs->claimed &= ~(1u << interface);
	return result_of(ioctl(device->usbfs->fd, USBDEVFS_RELEASEINTERFACE, &number));
}

/* --- state ---------------------------------------------------------------- */

static int usbfs_set_configuration(struct usb_device *device, uint8_t value)
{
	int number = value ? value : -1;

	device->usbfs->claimed = 0;
	return result_of(ioctl(device->usbfs->fd, USBDEVFS_SETCONFIGURATION, &number));
}

static int usbfs_set_interface(struct usb_device *device, uint8_t interface, uint8_t altsetting)
{
	struct usbdevfs_setinterface setting = { .interface = interface, .altsetting = altsetting };

	return result_of(ioctl(device->usbfs->fd, USBDEVFS_SETINTERFACE, &setting));
}

static int usbfs_clear_halt(struct usb_device *device, uint8_t endpoint)
{
	unsigned int address = endpoint;

	return result_of(ioctl(device->usbfs->fd, USBDEVFS_CLEAR_HALT, &address));
}

static int claim_again(struct usb_device *device, uint8_t interface)
{
	int ret = usbfs_claim(device, interface);

	if (ret != -SUBURB_EBUSY)
		return ret;
	usbfs_detach_driver(device, interface);
	return usbfs_claim(device, interface);
}

/*
 * A reset takes claimed interfaces from usbfs, which knows not how to keep
 * them, and then gives them to the kernel's own drivers. Those that nobody has
 * are left alone.
 */
static int usbfs_reset(struct usb_device *device)
{
	struct usbfs *usbfs = device->usbfs;
	uint32_t claimed = usbfs->claimed;
	int ret, claim;

	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++)
		if (claimed & 1u << i)
			usbfs_release(device, i);
	ret = result_of(ioctl(usbfs->fd, USBDEVFS_RESET, NULL));
	for (uint8_t i = 0; i < USB_MAX_INTERFACES; i++) {
		claim = claimed & 1u << i ? claim_again(device, i) : 0;
		if (claim < 0 && ret == 0)
			ret = claim;
	}
	return ret;
}

static struct usbdevfs_streams *streams_of(const struct backend_change *change)
{
	struct usbdevfs_streams *streams = malloc(sizeof(*streams) + change->endpoint_count);

	if (!streams)
		return NULL;
	streams->num_streams = change->streams;
	streams->num_eps = change->endpoint_count;
	memcpy(streams->eps, change->endpoints, change->endpoint_count);
	return streams;
}

static int usbfs_alloc_streams(struct usb_device *device, struct backend_change *change)
{
	struct usbdevfs_streams *streams = streams_of(change);
	int ret = streams ? ioctl(device->usbfs->fd, USBDEVFS_ALLOC_STREAMS, streams) : -1;
	int status = streams ? result_of(ret) : -SUBURB_ENOMEM;

	free(streams);
	change->streams = ret > 0 ? (uint32_t)ret : 0;
	return status;
}

static int usbfs_free_streams(struct usb_device *device, struct backend_change *change)
{
	struct usbdevfs_streams *streams = streams_of(change);
	int ret = -SUBURB_ENOMEM;

	if (streams)
		ret = result_of(ioctl(device->usbfs->fd, USBDEVFS_FREE_STREAMS, streams));
	free(streams);
	return ret;
}

const struct usb_access usb_access_usbfs = {
	.name = "usbfs",
	.open = usbfs_open,
	.close = usbfs_close,
	.pause = usbfs_pause,
	.resume = usbfs_resume,
	.has_driver = usbfs_has_driver,
	.detach_driver = usbfs_detach_driver,
	.attach_driver = usbfs_attach_driver,
	.claim = usbfs_claim,
	.release = usbfs_release,
	.set_configuration = usbfs_set_configuration,
	.set_interface = usbfs_set_interface,
	.clear_halt = usbfs_clear_halt,
	.reset = usbfs_reset,
	.alloc_streams = usbfs_alloc_streams,
	.free_streams = usbfs_free_streams,
	.submit = usbfs_submit,
	.cancel = usbfs_cancel,
};

#endif
