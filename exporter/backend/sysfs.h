/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Linux' sysfs says of a USB device: what the kernel read when it was
 * plugged in. Nothing is asked from the device.
 *
 * Devices are named by their bus id. Where there is no sysfs nothing is found.
 */
#ifndef EXPORTER_BACKEND_SYSFS_H
#define EXPORTER_BACKEND_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <suburb/wire.h>

#define SYSFS_DESCRIPTOR_SIZE 18

/* One attribute, without its newline, for free(); NULL if it is absent or empty. */
char *sysfs_text(const char *busid, const char *name);

/* 0 if it is absent. */
unsigned long sysfs_number(const char *busid, const char *name);

/* Descriptors of the active configuration, for free(); NULL if there is none. */
uint8_t *sysfs_configuration(const char *busid, size_t *length);

/* The device descriptor; false if it is not there. */
bool sysfs_descriptor(const char *busid, uint8_t *descriptor);

enum suburb_speed sysfs_speed(const char *busid);

/* Where it sits, through which controller; for free(), NULL if it is not there. */
char *sysfs_path(const char *busid);

/* Calls @found with the bus id of every device but root hubs. */
void sysfs_scan(void (*found)(void *owner, const char *busid), void *owner);

#endif
