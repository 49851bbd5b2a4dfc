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

#define SYSFS "/sys/bus/usb/devices/"
#define DEVICE_DESCRIPTOR_SIZE 18
#define FILE_MAX 65553 /* as much as sysfs gives of one device's descriptors */

/* --- sysfs ---------------------------------------------------------------- */

/* A file of at most FILE_MAX bytes, and a NUL; NULL if it is not there. */
static uint8_t *read_file(const char *busid, const char *name, size_t *size)
{
	char path[128];
	uint8_t *bytes = malloc(FILE_MAX + 1);
	FILE *file;

	snprintf(path, sizeof(path), SYSFS "%s/%s", busid, name);
	file = bytes ? fopen(path, "re") : NULL;
	if (!file) {
		free(bytes);
		return NULL;
	}
	*size = fread(bytes, 1, FILE_MAX, file);
	bytes[*size] = 0;
	fclose(file);
	return bytes;
}

/* One line of text, exactly as the device gave it but for its newline. */
static char *read_text(const char *busid, const char *name)
{
	size_t size;
	char *text = (char *)read_file(busid, name, &size);

	if (!text)
		return NULL;
	if (size && text[size - 1] == '\n')
		text[--size] = 0;
	if (!size) {
		free(text);
		return NULL;
	}
	return realloc(text, size + 1);
}

/* Configurations lie back to back behind the device descriptor. */
static uint8_t *find_configuration(const uint8_t *bytes, size_t size, unsigned int value,
				   size_t *length)
{
	size_t at = DEVICE_DESCRIPTOR_SIZE;

	while (at + 9 <= size && bytes[at + 1] == DESCRIPTOR_CONFIGURATION) {
		size_t total = (size_t)(bytes[at + 2] | bytes[at + 3] << 8);
		uint8_t *copy;

		if (total < 9)
			break;
		if (total > size - at)
			total = size - at;
		if (bytes[at + 5] == value) {
			copy = malloc(total);
			if (copy)
				memcpy(copy, bytes + at, total);
			*length = copy ? total : 0;
			return copy;
		}
		at += total;
	}
	return NULL;
}

static uint8_t *sysfs_configuration(const char *busid, size_t *length)
{
	char *value = read_text(busid, "bConfigurationValue");
	uint8_t *bytes, *set = NULL;
	size_t size;

	bytes = value ? read_file(busid, "descriptors", &size) : NULL;
	if (bytes)
		set = find_configuration(bytes, size, (unsigned int)strtoul(value, NULL, 10),
					 length);
	free(value);
	free(bytes);
	return set;
}

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
	const uint8_t raw[DEVICE_DESCRIPTOR_SIZE] = {
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
	char link[128];
	char *path;

	snprintf(link, sizeof(link), SYSFS "%s", device->busid);
	path = realpath(link, NULL);
	if (!path)
		return;
	snprintf(device->path, sizeof(device->path), "%s", path);
	device->imported = strstr(path, "/suburb-hcd") || strstr(path, "/vhci_hcd");
	free(path);
}

int usb_info_fill(struct usb_device *device)
{
	struct backend_device *backend = &device->device;
	struct libusb_device_descriptor descriptor;
	int ret = libusb_get_device_descriptor(device->libusb, &descriptor);

	if (ret < 0)
		return ret;
	put_device_descriptor(backend->descriptor, &descriptor);
	set_busid(backend, device->libusb);
	backend->speed = speed_of(device->libusb);
	set_path(backend);
	backend->manufacturer = read_text(backend->busid, "manufacturer");
	backend->product = read_text(backend->busid, "product");
	backend->serial = read_text(backend->busid, "serial");
	backend->configuration = usb_info_configuration(device, &backend->configuration_length);
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
