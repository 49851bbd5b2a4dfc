// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a device without opening it or asking it anything: a device
 * that answers slowly, or never, must not hold up the others.
 *
 * On Linux sysfs has it all: the strings as the kernel read them when the
 * device was plugged in, and its descriptors byte for byte. Elsewhere libusb's
 * cached descriptors are written out again, and there are no strings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/descriptors.h"
#include "libusb_private.h"
#include "sysfs.h"

/* --- libusb's cache ------------------------------------------------------- */

/**
 * struct writer - descriptors being written out
 * @bytes: NULL to count only
 */
struct writer {
	uint8_t *bytes;
	size_t size;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	if (writer->bytes && size)
		memcpy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
}

static void put_altsetting(struct writer *writer, const struct libusb_interface_descriptor *d)
{
	const uint8_t head[9] = {
		9,
		DESCRIPTOR_INTERFACE,
		d->bInterfaceNumber,
		d->bAlternateSetting,
		d->bNumEndpoints,
		d->bInterfaceClass,
		d->bInterfaceSubClass,
		d->bInterfaceProtocol,
		d->iInterface,
	};

	put(writer, head, sizeof(head));
	put(writer, d->extra, (size_t)d->extra_length);
	for (int i = 0; i < d->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e = &d->endpoint[i];
		const uint8_t endpoint[7] = {
			7,
			DESCRIPTOR_ENDPOINT,
			e->bEndpointAddress,
			e->bmAttributes,
			(uint8_t)e->wMaxPacketSize,
			(uint8_t)(e->wMaxPacketSize >> 8),
			e->bInterval,
		};

		put(writer, endpoint, sizeof(endpoint));
		put(writer, e->extra, (size_t)e->extra_length);
	}
}

static void put_configuration(struct writer *writer, const struct libusb_config_descriptor *d)
{
	const uint8_t head[9] = {
		9,
		DESCRIPTOR_CONFIGURATION,
		(uint8_t)d->wTotalLength,
		(uint8_t)(d->wTotalLength >> 8),
		d->bNumInterfaces,
		d->bConfigurationValue,
		d->iConfiguration,
		d->bmAttributes,
		d->MaxPower,
	};

	put(writer, head, sizeof(head));
	put(writer, d->extra, (size_t)d->extra_length);
	for (int i = 0; i < d->bNumInterfaces; i++)
		for (int j = 0; j < d->interface[i].num_altsetting; j++)
			put_altsetting(writer, &d->interface[i].altsetting[j]);
}

static uint8_t *cached_configuration(libusb_device *device, size_t *length)
{
	struct libusb_config_descriptor *config;
	struct writer writer = { NULL, 0 };

	if (libusb_get_active_config_descriptor(device, &config) < 0)
		return NULL;
	put_configuration(&writer, config);
	writer.bytes = malloc(writer.size);
	writer.size = 0;
	if (writer.bytes)
		put_configuration(&writer, config);
	libusb_free_config_descriptor(config);
	*length = writer.size;
	return writer.bytes;
}

uint8_t *usb_info_configuration(const struct usb_device *device, size_t *size)
{
	uint8_t *set;

	*size = 0;
	set = sysfs_configuration(device->device.busid, size);
	/* Without sysfs only: what libusb has cached may be older. */
	if (!set && !*device->device.path)
		set = cached_configuration(device->libusb, size);
	return set;
}

/* --- all of it ------------------------------------------------------------ */

static void set_busid(struct backend_device *device, libusb_device *libusb)
{
	uint8_t ports[8];
	int n = libusb_get_port_numbers(libusb, ports, sizeof(ports));
	size_t size = sizeof(device->busid);
	size_t used;

	device->busnum = libusb_get_bus_number(libusb);
	device->devnum = libusb_get_device_address(libusb);
	if (n <= 0) { /* a root hub */
		snprintf(device->busid, size, "usb%u", device->busnum);
		return;
	}
	used = (size_t)snprintf(device->busid, size, "%u-%u", device->busnum, ports[0]);
	for (int i = 1; i < n && used < size; i++)
		used += (size_t)snprintf(device->busid + used, size - used, ".%u", ports[i]);
}

static enum suburb_speed speed_of(libusb_device *libusb)
{
	switch (libusb_get_device_speed(libusb)) {
	case LIBUSB_SPEED_LOW:
		return SUBURB_SPEED_LOW;
	case LIBUSB_SPEED_HIGH:
		return SUBURB_SPEED_HIGH;
	case LIBUSB_SPEED_SUPER:
		return SUBURB_SPEED_SUPER;
	case LIBUSB_SPEED_SUPER_PLUS:
		return SUBURB_SPEED_SUPER_PLUS;
	default:
		return SUBURB_SPEED_FULL;
	}
}

static void put_device_descriptor(uint8_t *bytes, const struct libusb_device_descriptor *d)
{
	const uint8_t raw[SYSFS_DESCRIPTOR_SIZE] = {
		d->bLength,
		d->bDescriptorType,
		(uint8_t)d->bcdUSB,
		(uint8_t)(d->bcdUSB >> 8),
		d->bDeviceClass,
		d->bDeviceSubClass,
		d->bDeviceProtocol,
		d->bMaxPacketSize0,
		(uint8_t)d->idVendor,
		(uint8_t)(d->idVendor >> 8),
		(uint8_t)d->idProduct,
		(uint8_t)(d->idProduct >> 8),
		(uint8_t)d->bcdDevice,
		(uint8_t)(d->bcdDevice >> 8),
		d->iManufacturer,
		d->iProduct,
		d->iSerialNumber,
		d->bNumConfigurations,
	};

	memcpy(bytes, raw, sizeof(raw));
}

/* Where the device sits; and whether that is a controller of remote devices. */
static void set_path(struct backend_device *device)
{
	char *path = sysfs_path(device->busid);

	if (!path)
		return;
	snprintf(device->path, sizeof(device->path), "%s", path);
	device->imported = strstr(path, "/suburb-hcd") || strstr(path, "/vhci_hcd");
	free(path);
}

static void set_texts(struct usb_device *device)
{
	struct backend_device *backend = &device->device;

	set_path(backend);
	/*
	 * The strings wait for the device's lock. The hub worker has that of a
	 * remote device while it enumerates it, and may be waiting for our own
	 * answers: of those no string is read.
	 */
	if (!backend->imported) {
		backend->manufacturer = sysfs_text(backend->busid, "manufacturer");
		backend->product = sysfs_text(backend->busid, "product");
		backend->serial = sysfs_text(backend->busid, "serial");
	}
	backend->configuration = usb_info_configuration(device, &backend->configuration_length);
}

int usb_info_fill(struct usb_device *device)
{
	struct libusb_device_descriptor descriptor;
	int ret = libusb_get_device_descriptor(device->libusb, &descriptor);

	if (ret < 0)
		return ret;
	put_device_descriptor(device->device.descriptor, &descriptor);
	set_busid(&device->device, device->libusb);
	device->device.speed = speed_of(device->libusb);
	set_texts(device);
	return 0;
}

void usb_info_free(struct usb_device *device)
{
	struct backend_device *backend = &device->device;

	free(backend->configuration);
	free(backend->manufacturer);
	free(backend->product);
	free(backend->serial);
}

/* --- without libusb's help ------------------------------------------------ */

int usb_info_fill_sysfs(struct usb_device *device, const char *busid)
{
	struct backend_device *backend = &device->device;

	backend->busnum = (uint16_t)sysfs_number(busid, "busnum");
	backend->devnum = (uint16_t)sysfs_number(busid, "devnum");
	if (!sysfs_descriptor(busid, backend->descriptor) || !backend->devnum)
		return LIBUSB_ERROR_NO_DEVICE;
	snprintf(backend->busid, sizeof(backend->busid), "%s", busid);
	backend->speed = sysfs_speed(busid);
	set_texts(device);
	return 0;
}

bool usb_info_present(const struct usb_device *device)
{
	const struct backend_device *backend = &device->device;

	return !*backend->path || sysfs_number(backend->busid, "devnum") == backend->devnum;
}

const char *usb_info_node(const struct usb_device *device, char node[USB_NODE_SIZE])
{
	snprintf(node, USB_NODE_SIZE, "/dev/bus/usb/%03u/%03u", device->device.busnum,
		 device->device.devnum);
	return node;
}

/* 1-1.2 hangs on port 2 of 1-1, and 1-3 on port 3 of usb1. */
bool usb_info_hub(const struct usb_device *device, char *node, size_t size, unsigned int *port)
{
	const struct backend_device *backend = &device->device;
	const char *dash = strchr(backend->busid, '-');
	const char *dot = strrchr(backend->busid, '.');
	char hub[sizeof(backend->busid)];

	if (!dash)
		return false;
	*port = (unsigned int)strtoul((dot ? dot : dash) + 1, NULL, 10);
	if (dot)
		snprintf(hub, sizeof(hub), "%.*s", (int)(dot - backend->busid), backend->busid);
	else
		snprintf(hub, sizeof(hub), "usb%u", backend->busnum);
	snprintf(node, size, "/dev/bus/usb/%03u/%03lu", backend->busnum,
		 sysfs_number(hub, "devnum"));
	return true;
}
