// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/usbids.c */
/*
 * Names of vendors, products, speeds and classes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/usbids.h"

static struct usbids open_text(const char *text)
{
	char path[] = "/tmp/test_usbids.XXXXXX";
	int fd = mkstemp(path);
	struct usbids usbids;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	usbids_open_at(&usbids, path);
	unlink(path);
	assert_non_null(usbids.text);
	return usbids;
}

static void assert_names(const struct usbids *usbids, uint16_t id_vendor, uint16_t id_product,
			 const char *vendor, const char *product)
{
	struct usbids_name name;

	usbids_lookup(usbids, id_vendor, id_product, &name);
	assert_string_equal(name.vendor, vendor);
	assert_string_equal(name.product, product);
}

static const char database[] = "# comment\n"
			       "\n"
			       "046d  Logitech, Inc.\n"
			       "\tc31b  Compact Keyboard\n"
			       "# in between\n"
			       "\tc31c  Keyboard K120\n"
			       "\t\tc31d  an interface, not a product\n"
			       "0951  Kingston\r\n"
			       "\t1666  DataTraveler\r\n"
			       "0952  Without products\n"
			       "0953  Next\n"
			       "\tc31e  of another vendor\n"
			       "C 03  Human Interface Device\n"
			       "\t01  Boot\n"
			       "0abc  Last";

static void known_devices(void **state)
{
	struct usbids usbids = open_text(database);

	assert_names(&usbids, 0x046d, 0xc31c, "Logitech, Inc.", "Keyboard K120");
	assert_names(&usbids, 0x046d, 0xc31b, "Logitech, Inc.", "Compact Keyboard");
	assert_names(&usbids, 0x0951, 0x1666, "Kingston", "DataTraveler");
	assert_names(&usbids, 0x0abc, 0x0001, "Last", "");
	usbids_close(&usbids);
}

static void unknown_devices(void **state)
{
	struct usbids usbids = open_text(database);

	assert_names(&usbids, 0x046d, 0xc31d, "Logitech, Inc.", "");
	assert_names(&usbids, 0x046d, 0xc31e, "Logitech, Inc.", "");
	assert_names(&usbids, 0x0952, 0xc31e, "Without products", "");
	assert_names(&usbids, 0xc31c, 0x0001, "", "");
	assert_names(&usbids, 0xffff, 0xffff, "", "");
	usbids_close(&usbids);
}

static void odd_files(void **state)
{
	char text[1024] = "0001  ";
	struct usbids usbids = open_text("");

	assert_names(&usbids, 1, 1, "", "");
	usbids_close(&usbids);
	usbids = open_text("0001  \n\t0001 \n\t0001");
	assert_names(&usbids, 1, 1, "", "");
	usbids_close(&usbids);
	usbids = open_text("0001  vendor\n\t0001  ");
	assert_names(&usbids, 1, 1, "vendor", "");
	usbids_close(&usbids);

	memset(text + 6, 'x', sizeof(text) - 7);
	usbids = open_text(text);
	text[6 + USBIDS_NAME_SIZE - 1] = '\0';
	assert_names(&usbids, 1, 1, text + 6, "");
	usbids_close(&usbids);
}

static void no_file(void **state)
{
	struct usbids usbids;

	usbids_open_at(&usbids, "/nonexistent/usb.ids");
	assert_null(usbids.text);
	assert_names(&usbids, 0x046d, 0xc31c, "", "");
	usbids_open_at(&usbids, "/"); /* not a file */
	assert_null(usbids.text);
	usbids_close(&usbids);
}

static void speeds_and_classes(void **state)
{
	assert_string_equal(usbids_speed(1), "low");
	assert_string_equal(usbids_speed(2), "full");
	assert_string_equal(usbids_speed(3), "high");
	assert_string_equal(usbids_speed(4), "unknown");
	assert_string_equal(usbids_speed(5), "super");
	assert_string_equal(usbids_speed(6), "super-plus");
	assert_string_equal(usbids_speed(0xffffffff), "unknown");
	assert_string_equal(usbids_class(0x03), "HID");
	assert_string_equal(usbids_class(0xff), "vendor specific");
	assert_null(usbids_class(0x00));
	assert_null(usbids_class(0x77));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_devices),      cmocka_unit_test(unknown_devices),
		cmocka_unit_test(odd_files),	      cmocka_unit_test(no_file),
		cmocka_unit_test(speeds_and_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
