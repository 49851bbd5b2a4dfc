// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linux' sysfs on USB devices. See sysfs.h.
 *
 * The attributes are those of Documentation/ABI/testing/sysfs-bus-usb. Strings
 * and descriptors in them are the device's word.
 */
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/descriptors.h"
#include "sysfs.h"

#define SYSFS "/sys/bus/usb/devices/"
#define FILE_MAX 65553 /* as much as sysfs gives of one device's descriptors */

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
char *sysfs_text(const char *busid, const char *name)
{
	size_t size;
	char *text = (char *)read_file(busid, name, &size), *exact;

	if (!text)
		return NULL;
	if (size && text[size - 1] == '\n')
		text[--size] = 0;
	if (!size) {
		free(text);
		return NULL;
	}
	exact = realloc(text, size + 1);
	if (exact)
		text = exact;
	return text;
}

/* Configurations lie back to back behind the device descriptor. */
static uint8_t *find_configuration(const uint8_t *bytes, size_t size, unsigned int value,
				   size_t *length)
{
	size_t at = SYSFS_DESCRIPTOR_SIZE;

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

/*
 * The active configuration, as the names of its interfaces tell it: BUSID:C.I.
 * bConfigurationValue tells it, too, but waits for the device's lock, which a
 * driver or the hub worker may hold for as long as a device takes to answer.
 */
static unsigned int active_configuration(const char *busid)
{
	unsigned int value = 0;
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), SYSFS "%s/%s:*", busid, busid);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		value = (unsigned int)strtoul(strrchr(found.gl_pathv[0], ':') + 1, NULL, 10);
	globfree(&found);
	return value;
}

uint8_t *sysfs_configuration(const char *busid, size_t *length)
{
	unsigned int value = active_configuration(busid);
	uint8_t *bytes, *set = NULL;
	size_t size;

	bytes = value ? read_file(busid, "descriptors", &size) : NULL;
	if (bytes)
		set = find_configuration(bytes, size, value, length);
	free(bytes);
	return set;
}

unsigned long sysfs_number(const char *busid, const char *name)
{
	char *text = sysfs_text(busid, name);
	unsigned long number = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return number;
}

/* sysfs has it in Mbit/s; "1.5" reads as 1. */
enum suburb_speed sysfs_speed(const char *busid)
{
	switch (sysfs_number(busid, "speed")) {
	case 1:
		return SUBURB_SPEED_LOW;
	case 480:
		return SUBURB_SPEED_HIGH;
	case 5000:
		return SUBURB_SPEED_SUPER;
	case 10000:
	case 20000:
		return SUBURB_SPEED_SUPER_PLUS;
	default:
		return SUBURB_SPEED_FULL;
	}
}

bool sysfs_descriptor(const char *busid, uint8_t *descriptor)
{
	size_t size = 0;
	uint8_t *bytes = read_file(busid, "descriptors", &size);

	if (size >= SYSFS_DESCRIPTOR_SIZE)
		memcpy(descriptor, bytes, SYSFS_DESCRIPTOR_SIZE);
	free(bytes);
	return size >= SYSFS_DESCRIPTOR_SIZE;
}

char *sysfs_path(const char *busid)
{
	char link[128];

	snprintf(link, sizeof(link), SYSFS "%s", busid);
	return realpath(link, NULL);
}

/* Interfaces have a colon in their names; root hubs are none of interest. */
void sysfs_scan(void (*found)(void *owner, const char *busid), void *owner)
{
	DIR *directory = opendir(SYSFS);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strchr(entry->d_name, '-') && !strchr(entry->d_name, ':'))
			found(owner, entry->d_name);
	if (directory)
		closedir(directory);
}
