// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking up names. The database is a text file: a vendor is a line of four
 * hex digits, two blanks and a name; its products follow, indented by a tab.
 * Sections of other things come behind, each line of them with a word first.
 *
 * It is searched, not parsed: a list has few devices, and a program that runs
 * for a moment should not build tables of 20000 products.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <suburb/wire.h>

#include "usbids.h"

#define LARGEST_FILE (16 << 20)

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	struct stat st;
	char *text = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= LARGEST_FILE)
		text = malloc((size_t)st.st_size + 1);
	while (text && used < (size_t)st.st_size) {
		ssize_t got = read(fd, text + used, (size_t)st.st_size - used);

		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (text)
		text[used] = '\0';
	close(fd);
	return text;
}

void usbids_open_at(struct usbids *usbids, const char *path)
{
	usbids->text = read_file(path);
}

void usbids_open(struct usbids *usbids)
{
	static const char *const paths[] = {
		"/var/lib/usbutils/usb.ids", /* the administrator's, so newer */
		"/usr/share/misc/usb.ids",
		"/usr/share/hwdata/usb.ids",
	};

	usbids->text = NULL;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !usbids->text; i++)
		usbids_open_at(usbids, paths[i]);
}

void usbids_close(struct usbids *usbids)
{
	free(usbids->text);
	usbids->text = NULL;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

/* What stands behind "xxxx  " on @line; NULL if it is another line. */
static const char *name_on(const char *line, const char *id)
{
	return strncmp(line, id, 6) == 0 ? line + 6 : NULL;
}

static void copy_name(char *out, const char *name)
{
	size_t length = strcspn(name, "\r\n");

	snprintf(out, USBIDS_NAME_SIZE, "%.*s", (int)length, name);
}

void usbids_lookup(const struct usbids *usbids, uint16_t id_vendor, uint16_t id_product,
		   struct usbids_name *name)
{
	const char *line = usbids->text;
	const char *found = NULL;
	char vendor[16];
	char product[16];

	name->vendor[0] = '\0';
	name->product[0] = '\0';
	snprintf(vendor, sizeof(vendor), "%04x  ", id_vendor);
	snprintf(product, sizeof(product), "%04x  ", id_product);
	for (; line && !found; line = next_line(line))
		found = name_on(line, vendor);
	if (!found)
		return;
	copy_name(name->vendor, found);
	for (; line && (*line == '\t' || *line == '#'); line = next_line(line)) {
		found = *line == '\t' ? name_on(line + 1, product) : NULL;
		if (found) {
			copy_name(name->product, found);
			return;
		}
	}
}

const char *usbids_speed(uint32_t speed)
{
	switch (speed) {
	case SUBURB_SPEED_LOW:
		return "low";
	case SUBURB_SPEED_FULL:
		return "full";
	case SUBURB_SPEED_HIGH:
		return "high";
	case SUBURB_SPEED_SUPER:
		return "super";
	case SUBURB_SPEED_SUPER_PLUS:
		return "super-plus";
	default:
		return "unknown";
	}
}

const char *usbids_class(uint8_t class_code)
{
	static const struct {
		uint8_t code;
		const char *name;
	} classes[] = {
		{ 0x01, "audio" },
		{ 0x02, "communications" },
		{ 0x03, "HID" },
		{ 0x05, "physical" },
		{ 0x06, "imaging" },
		{ 0x07, "printer" },
		{ 0x08, "mass storage" },
		{ 0x09, "hub" },
		{ 0x0a, "CDC data" },
		{ 0x0b, "smart card" },
		{ 0x0d, "content security" },
		{ 0x0e, "video" },
		{ 0x0f, "healthcare" },
		{ 0x10, "audio/video" },
		{ 0x11, "billboard" },
		{ 0x12, "type-C bridge" },
		{ 0xdc, "diagnostic" },
		{ 0xe0, "wireless" },
		{ 0xef, "miscellaneous" },
		{ 0xfe, "application specific" },
		{ 0xff, "vendor specific" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].code == class_code)
			return classes[i].name;
	return NULL;
}
