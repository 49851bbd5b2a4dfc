// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every emulated device must be, whatever its kind: descriptors without a
 * flaw, the requests of chapter 9, the states of the backend interface, and
 * plugging.
 */
/* sources: exporter/backend/emulated/[a-z]*.c tests/unit/emulated_host.c */
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "tests/unit/emulated_host.h"

static char image[] = "/tmp/suburb-emulated-XXXXXX";
static char disk_spec[64];
static const char *specs[] = { "keyboard",	"mouse",	  "serial",
			       disk_spec,	"loopback:full",  "loopback",
			       "loopback:super", "loopback:super-plus",
			       "sound",		"camera",	  "usbtest:full",
			       "usbtest",	"usbtest:super,mod63", "modeswitch" };

#define EACH_SPEC(i) for (i = 0; i < sizeof(specs) / sizeof(*specs); i++)
#define OLD_SPECS 8 /* the first ones have an endpoint 0x81 or 0x82 from the start */

static int make_image(void **state)
{
	int fd = mkstemp(image);

	snprintf(disk_spec, sizeof(disk_spec), "disk:%s", image);
	return fd < 0 || ftruncate(fd, 65536) || close(fd);
}

static int remove_image(void **state)
{
	return unlink(image);
}

static int get_descriptor(struct host *host, uint8_t type, uint8_t index, void *data, uint16_t size)
{
	return host_control(host, 0x80, USB_REQ_GET_DESCRIPTOR, type << 8 | index,
			    type == USB_DT_STRING && index ? 0x0409 : 0, data, size);
}

/* --- descriptors ---------------------------------------------------------- */

static void check_string(struct host *host, uint8_t index, const char *expected)
{
	uint8_t bytes[255];
	int i, length;

	if (!index)
		return;
	length = get_descriptor(host, USB_DT_STRING, index, bytes, sizeof(bytes));
	assert_true(length > 2);
	assert_int_equal(bytes[0], length);
	assert_int_equal(bytes[1], USB_DT_STRING);
	if (!expected)
		return;
	assert_int_equal(length, 2 + 2 * strlen(expected));
	for (i = 2; i < length; i += 2) {
		assert_int_equal(bytes[i], expected[i / 2 - 1]);
		assert_int_equal(bytes[i + 1], 0);
	}
}

static uint16_t packet_limit(enum suburb_speed speed, uint8_t type)
{
	if (type == USB_ENDPOINT_XFER_BULK) {
		switch (speed) {
		case SUBURB_SPEED_LOW:
			return 0;
		case SUBURB_SPEED_FULL:
			return 64;
		case SUBURB_SPEED_HIGH:
			return 512;
		default:
			return 1024;
		}
	}
	if (speed == SUBURB_SPEED_LOW)
		return 8;
	return speed == SUBURB_SPEED_FULL ? 64 : 1024;
}

/* USB 2.0, 5.6.3, 5.6.4 and 9.6.6; none in an alternate setting 0: 5.6.3 */
static void check_iso(const uint8_t *e, const uint8_t *interface, enum suburb_speed speed)
{
	uint16_t packet = (uint16_t)(e[4] | e[5] << 8);

	assert_in_range(packet, 1, speed == SUBURB_SPEED_FULL ? 1023 : 1024);
	assert_in_range(e[6], 1, 16);
	assert_int_equal(e[3] & 0xf0, 0);
	assert_int_not_equal(interface[3], 0);
}

static void check_endpoint(const uint8_t *e, enum suburb_speed speed)
{
	uint16_t packet = (uint16_t)(e[4] | e[5] << 8);
	uint8_t type = e[3];

	assert_int_equal(e[0], USB_DT_ENDPOINT_SIZE);
	assert_int_equal(e[2] & 0x70, 0);
	assert_int_not_equal(e[2] & 0x0f, 0);
	assert_true(type == USB_ENDPOINT_XFER_BULK || type == USB_ENDPOINT_XFER_INT);
	if (type == USB_ENDPOINT_XFER_BULK) {
		assert_int_equal(packet, packet_limit(speed, type));
		assert_int_equal(e[6], 0);
	} else {
		assert_in_range(packet, 1, packet_limit(speed, type));
		assert_in_range(e[6], speed == SUBURB_SPEED_LOW ? 10 : 1,
				speed >= SUBURB_SPEED_HIGH ? 16 : 255);
	}
}

/* Every interface has its alternates from 0 up, and as many endpoints as it says. */
static void walk(struct host *host, const uint8_t *set, size_t length, enum suburb_speed speed,
		 uint8_t type)
{
	size_t at, interfaces = 0;
	int endpoints = 0, companion = 0;
	const uint8_t *interface = NULL;

	assert_true(length >= 9);
	assert_int_equal(set[0], 9);
	assert_int_equal(set[1], type);
	assert_int_equal(set[2] | set[3] << 8, length);
	assert_int_equal(set[5], 1);
	check_string(host, set[6], NULL);
	assert_int_equal(set[7] & 0x9f, 0x80);
	for (at = 9; at < length; at += set[at]) {
		const uint8_t *d = set + at;

		assert_true(d[0] >= 2);
		assert_true(at + d[0] <= length);
		assert_int_equal(companion, d[1] == USB_DT_SS_ENDPOINT_COMP);
		companion = 0;
		switch (d[1]) {
		case USB_DT_INTERFACE:
			assert_int_equal(d[0], 9);
			assert_int_equal(endpoints, 0);
			assert_int_equal(d[2], d[3] ? interfaces - 1 : interfaces);
			if (d[3])
				assert_int_equal(d[3], interface[3] + 1);
			else
				interfaces++;
			interface = d;
			endpoints = d[4];
			check_string(host, d[8], NULL);
			break;
		case USB_DT_ENDPOINT:
			assert_non_null(interface);
			endpoints--;
			if ((d[3] & 3) == USB_ENDPOINT_XFER_ISOC)
				check_iso(d, interface, speed);
			else
				check_endpoint(d, speed);
			companion = speed >= SUBURB_SPEED_SUPER;
			break;
		case USB_DT_SS_ENDPOINT_COMP:
			assert_int_equal(d[0], 6);
			break;
		case USB_DT_INTERFACE_ASSOCIATION:
			assert_int_equal(d[0], 8);
			assert_int_equal(d[2], interfaces);
			break;
		default: /* of a class */
			assert_in_range(d[1], 0x21, 0x25);
			assert_non_null(interface);
		}
	}
	assert_int_equal(at, length);
	assert_int_equal(endpoints, 0);
	assert_int_equal(companion, 0);
	assert_int_equal(set[4], interfaces);
}

static void check_device_descriptor(struct host *host)
{
	static const uint16_t releases[] = { 0, 0x0110, 0x0200, 0x0200, 0, 0x0300, 0x0310 };
	static const uint8_t packets[] = { 0, 8, 64, 64, 0, 9, 9 };
	struct backend_device *device = host->device;
	uint8_t d[64];

	assert_int_equal(get_descriptor(host, USB_DT_DEVICE, 0, d, sizeof(d)), 18);
	assert_memory_equal(d, device->descriptor, 18);
	assert_int_equal(d[0], 18);
	assert_int_equal(d[1], USB_DT_DEVICE);
	assert_int_equal(d[2] | d[3] << 8, releases[device->speed]);
	assert_int_equal(d[7], packets[device->speed]);
	if ((d[8] | d[9] << 8) == 0x0525) { /* Gadget Zero, for usbtest */
		assert_int_equal(d[10] | d[11] << 8, 0xa4a0);
	} else {
		assert_int_equal(d[8] | d[9] << 8, 0x1209);
		assert_in_range(d[10] | d[11] << 8, 1, 0x10);
	}
	assert_int_equal(d[17], 1);
	check_string(host, d[14], device->manufacturer);
	check_string(host, d[15], device->product);
	check_string(host, d[16], device->serial);
}

static void check_other_speed(struct host *host)
{
	uint8_t q[64], set[1024];
	int length;

	if (host->device->speed != SUBURB_SPEED_HIGH) {
		assert_int_equal(get_descriptor(host, USB_DT_DEVICE_QUALIFIER, 0, q, 10),
				 -SUBURB_EPIPE);
		assert_int_equal(get_descriptor(host, USB_DT_OTHER_SPEED_CONFIG, 0, q, 9),
				 -SUBURB_EPIPE);
		return;
	}
	assert_int_equal(get_descriptor(host, USB_DT_DEVICE_QUALIFIER, 0, q, sizeof(q)), 10);
	assert_int_equal(q[0], 10);
	assert_int_equal(q[1], USB_DT_DEVICE_QUALIFIER);
	assert_memory_equal(q + 2, host->device->descriptor + 2, 5);
	assert_int_equal(q[7], 64);
	assert_int_equal(q[8], 1);
	assert_int_equal(q[9], 0);
	length = get_descriptor(host, USB_DT_OTHER_SPEED_CONFIG, 0, set, sizeof(set));
	assert_true(length > 0);
	walk(host, set, (size_t)length, SUBURB_SPEED_FULL, USB_DT_OTHER_SPEED_CONFIG);
}

static void check_bos(struct host *host)
{
	bool super = host->device->speed >= SUBURB_SPEED_SUPER;
	uint8_t bos[256];
	int at, length = get_descriptor(host, USB_DT_BOS, 0, bos, sizeof(bos));
	unsigned int seen = 0, count = 0;

	if (!super) {
		assert_int_equal(length, -SUBURB_EPIPE);
		return;
	}
	assert_int_equal(bos[0], 5);
	assert_int_equal(bos[1], USB_DT_BOS);
	assert_int_equal(bos[2] | bos[3] << 8, length);
	for (at = 5; at < length; at += bos[at], count++) {
		assert_true(bos[at] >= 3);
		assert_int_equal(bos[at + 1], USB_DT_DEVICE_CAPABILITY);
		seen |= 1u << bos[at + 2];
		if (bos[at + 2] == USB_SSP_CAP_TYPE)
			assert_int_equal(bos[at], 12 + 4 * ((bos[at + 4] & 0x1f) + 1));
	}
	assert_int_equal(at, length);
	assert_int_equal(bos[4], count);
	assert_true(seen & 1 << USB_CAP_TYPE_EXT);
	assert_true(seen & 1 << USB_SS_CAP_TYPE);
	assert_int_equal(!!(seen & 1 << USB_SSP_CAP_TYPE),
			 host->device->speed == SUBURB_SPEED_SUPER_PLUS);
}

static void test_descriptors(void **state)
{
	uint8_t set[1024], bytes[255];
	size_t i;

	EACH_SPEC(i) {
		struct host *host = host_open(specs[i]);
		int length = get_descriptor(host, USB_DT_CONFIG, 0, set, sizeof(set));

		assert_true(length > 0);
		assert_int_equal(length, host->device->configuration_length);
		assert_memory_equal(set, host->device->configuration, length);
		walk(host, set, (size_t)length, host->device->speed, USB_DT_CONFIG);
		check_device_descriptor(host);
		check_other_speed(host);
		check_bos(host);
		assert_int_equal(get_descriptor(host, USB_DT_STRING, 0, bytes, 255), 4);
		assert_memory_equal(bytes, "\4\3\x09\4", 4);
		assert_int_equal(get_descriptor(host, USB_DT_STRING, 99, bytes, 255), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x80, 6, 0x0301, 0x0407, bytes, 255),
				 -SUBURB_EPIPE);
		assert_int_equal(get_descriptor(host, USB_DT_CONFIG, 1, set, 9), -SUBURB_EPIPE);
		assert_int_equal(get_descriptor(host, USB_DT_DEBUG, 0, set, 9), -SUBURB_EPIPE);
		host_free(host);
	}
}

static void test_descriptors_are_cut(void **state)
{
	struct host *host = host_open("serial");
	uint8_t set[1024];
	struct flight *flight;

	assert_int_equal(get_descriptor(host, USB_DT_DEVICE, 0, set, 8), 8);
	assert_memory_equal(set, host->device->descriptor, 8);
	assert_int_equal(get_descriptor(host, USB_DT_CONFIG, 0, set, 9), 9);
	assert_int_equal(set[2] | set[3] << 8, host->device->configuration_length);
	assert_int_equal(get_descriptor(host, USB_DT_CONFIG, 0, set, 0), 0);
	flight = host_begin(host, 0x80, NULL, 0); /* setup of zeros: GET_STATUS as OUT */
	host_until(host, flight->done);
	assert_int_equal(flight->transfer.status, -SUBURB_EPIPE);
	flight_free(flight);
	host_free(host);
}

/* --- chapter 9 ------------------------------------------------------------ */

static int get_status(struct host *host, uint8_t recipient, uint16_t index)
{
	uint8_t status[2];
	int ret = host_control(host, 0x80 | recipient, USB_REQ_GET_STATUS, 0, index, status, 2);

	return ret < 0 ? ret : status[0] | status[1] << 8;
}

static int get_configuration(struct host *host)
{
	uint8_t value;

	assert_int_equal(host_control(host, 0x80, USB_REQ_GET_CONFIGURATION, 0, 0, &value, 1), 1);
	return value;
}

static void test_configuration(void **state)
{
	uint8_t byte;
	size_t i;

	for (i = 0; i < OLD_SPECS; i++) {
		struct host *host = host_open(specs[i]);
		uint8_t endpoint = i < 2 ? 0x81 : 0x82;
		uint32_t actual;
		struct flight *in;

		if (i == 3)
			endpoint = 0x81;
		in = host_begin(host, endpoint, NULL, 64);
		assert_int_equal(get_configuration(host), 1);
		assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 0), 0);
		assert_true(in->done); /* before the change was */
		assert_int_equal(in->transfer.status, -SUBURB_ESHUTDOWN);
		assert_null(host->device->configuration);
		assert_int_equal(host->device->configuration_length, 0);
		assert_int_equal(get_configuration(host), 0);
		assert_int_equal(host_transfer(host, endpoint, NULL, 64, &actual), -SUBURB_ENOENT);
		assert_int_equal(get_status(host, USB_RECIP_DEVICE, 0), 0);
		assert_int_equal(get_status(host, USB_RECIP_INTERFACE, 0), -SUBURB_EPIPE);
		assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, endpoint), -SUBURB_EPIPE);
		assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0), 0);
		assert_int_equal(host_control(host, 0x81, USB_REQ_GET_INTERFACE, 0, 0, &byte, 1),
				 -SUBURB_EPIPE);
		assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 0, 0), -SUBURB_EPIPE);
		assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 2),
				 -SUBURB_EPIPE);
		assert_int_equal(get_configuration(host), 0);
		assert_int_equal(host_control(host, 0, USB_REQ_SET_CONFIGURATION, 1, 0, NULL, 0), 0);
		assert_int_equal(get_configuration(host), 1);
		assert_non_null(host->device->configuration);
		assert_int_equal(host_control(host, 0, USB_REQ_SET_CONFIGURATION, 0x101, 0, NULL, 0),
				 -SUBURB_EPIPE);
		flight_free(in);
		host_free(host);
	}
}

static void test_interface(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t byte = 9;

	assert_int_equal(host_control(host, 0x81, USB_REQ_GET_INTERFACE, 0, 1, &byte, 1), 1);
	assert_int_equal(byte, 0);
	assert_int_equal(host_control(host, 0x81, USB_REQ_GET_INTERFACE, 0, 2, &byte, 1),
			 -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x01, USB_REQ_SET_INTERFACE, 1, 0, NULL, 0), 0);
	assert_int_equal(host_control(host, 0x81, USB_REQ_GET_INTERFACE, 0, 0, &byte, 1), 1);
	assert_int_equal(byte, 1);
	assert_int_equal(host_control(host, 0x01, USB_REQ_SET_INTERFACE, 1, 1, NULL, 0),
			 -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0x01, USB_REQ_SET_INTERFACE, 0, 0x100, NULL, 0),
			 -SUBURB_EPIPE);
	assert_int_equal(host_change(host, BACKEND_SET_INTERFACE, 0, 255, 0), -SUBURB_EPIPE);
	assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 1), 0);
	assert_int_equal(host_control(host, 0x81, USB_REQ_GET_INTERFACE, 0, 0, &byte, 1), 1);
	assert_int_equal(byte, 0);
	host_free(host);
}

static void test_halt(void **state)
{
	struct host *host = host_open("loopback");
	struct flight *waiting = host_begin(host, 0x81, NULL, 64);
	uint8_t data[3] = { 1, 2, 3 };
	uint32_t actual;

	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x81), 0);
	assert_int_equal(host_control(host, 2, USB_REQ_SET_FEATURE, 0, 0x81, NULL, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x81), 1);
	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x01), 0);
	host_until(host, waiting->done);
	assert_int_equal(waiting->transfer.status, -SUBURB_EPIPE);
	assert_int_equal(host_transfer(host, 0x81, NULL, 64, &actual), -SUBURB_EPIPE);
	assert_int_equal(host_transfer(host, 0x01, data, 3, &actual), 0);
	assert_int_equal(host_change(host, BACKEND_CLEAR_HALT, 0x81, 0, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x81), 0);
	assert_int_equal(host_transfer(host, 0x81, data, 3, &actual), 0);
	assert_int_equal(host_control(host, 2, USB_REQ_SET_FEATURE, 0, 0x81, NULL, 0), 0);
	assert_int_equal(host_control(host, 2, USB_REQ_CLEAR_FEATURE, 0, 0x81, NULL, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x81), 0);
	assert_int_equal(host_control(host, 2, USB_REQ_CLEAR_FEATURE, 0, 0x80, NULL, 0), 0);
	assert_int_equal(host_control(host, 2, USB_REQ_CLEAR_FEATURE, 1, 0x81, NULL, 0),
			 -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 2, USB_REQ_CLEAR_FEATURE, 0, 0x8f, NULL, 0),
			 -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 2, USB_REQ_SET_FEATURE, 0, 0x181, NULL, 0),
			 -SUBURB_EPIPE);
	assert_int_equal(host_change(host, BACKEND_CLEAR_HALT, 0x8f, 0, 0), -SUBURB_EPIPE);
	assert_int_equal(get_status(host, USB_RECIP_ENDPOINT, 0x8f), -SUBURB_EPIPE);
	flight_free(waiting);
	host_free(host);
}

static void test_remote_wakeup(void **state)
{
	struct host *host = host_open("keyboard");

	assert_int_equal(host_control(host, 0, USB_REQ_SET_FEATURE, 1, 0, NULL, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_DEVICE, 0), 2);
	assert_int_equal(host_control(host, 0, USB_REQ_CLEAR_FEATURE, 1, 0, NULL, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_DEVICE, 0), 0);
	assert_int_equal(host_control(host, 0, USB_REQ_SET_FEATURE, 1, 0, NULL, 0), 0);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
	assert_int_equal(get_status(host, USB_RECIP_DEVICE, 0), 0);
	host_free(host);
	host = host_open("serial");
	assert_int_equal(host_control(host, 0, USB_REQ_SET_FEATURE, 1, 0, NULL, 0), -SUBURB_EPIPE);
	assert_int_equal(host_control(host, 0, USB_REQ_SET_FEATURE, 2, 0, NULL, 0), -SUBURB_EPIPE);
	host_free(host);
}

static void test_super_speed_requests(void **state)
{
	static const struct {
		uint8_t type, request;
		uint16_t value, index, length;
	} rows[] = {
		{ 0, USB_REQ_SET_FEATURE, USB_DEVICE_U1_ENABLE, 0, 0 },
		{ 0, USB_REQ_CLEAR_FEATURE, USB_DEVICE_U2_ENABLE, 0, 0 },
		{ 1, USB_REQ_SET_FEATURE, 0, 0x100, 0 },
		{ 0, USB_REQ_SET_SEL, 0, 0, 6 },
		{ 0, USB_REQ_SET_ISOCH_DELAY, 40, 0, 0 },
	};
	struct host *super = host_open("loopback:super"), *high = host_open("loopback");
	uint8_t data[6] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(host_control(super, rows[i].type, rows[i].request, rows[i].value,
					      rows[i].index, data, rows[i].length),
				 rows[i].length);
		assert_int_equal(host_control(high, rows[i].type, rows[i].request, rows[i].value,
					      rows[i].index, data, rows[i].length),
				 -SUBURB_EPIPE);
	}
	host_free(super);
	host_free(high);
}

static void test_unsupported(void **state)
{
	uint8_t data[64];
	size_t i;

	EACH_SPEC(i) {
		struct host *host = host_open(specs[i]);

		assert_int_equal(host_control(host, 0, USB_REQ_SET_ADDRESS, 5, 0, NULL, 0),
				 -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0, USB_REQ_SET_DESCRIPTOR, 0x100, 0, data, 18),
				 -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x82, USB_REQ_SYNCH_FRAME, 0, 0x81, data, 2),
				 -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0xc0, 0x99, 0, 0, data, 64), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x40, 0x99, 0, 0, data, 64), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0xa1, 0x99, 0, 0, data, 64), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x21, 0x99, 0, 9, NULL, 0), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x80, 0, 1, 0, data, 2), -SUBURB_EPIPE);
		assert_int_equal(host_control(host, 0x80, 0, 0, 1, data, 2), -SUBURB_EPIPE);
		assert_int_equal(get_status(host, USB_RECIP_INTERFACE, 0), 0);
		assert_int_equal(get_status(host, USB_RECIP_INTERFACE, 9), -SUBURB_EPIPE);
		assert_int_equal(get_configuration(host), 1);
		host_free(host);
	}
}

/* --- the backend interface ------------------------------------------------ */

static void test_refused_submits(void **state)
{
	struct host *host = host_open("loopback");
	const struct backend_ops *ops = host->backend->ops;
	uint8_t buffer[18];
	struct backend_transfer t = { .endpoint = 0x80, .buffer = buffer, .length = 18 };

	memcpy(t.setup, "\x80\6\0\1\0\0\x13\0", 8); /* wLength is not 18 */
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_EINVAL);
	t.setup[6] = 18;
	t.endpoint = 0;
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_EINVAL);
	t.endpoint = 0x80;
	t.type = 2;
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_EINVAL);
	t.endpoint = 0x81;
	t.type = 1;
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_EINVAL);
	t.endpoint = 0x8f;
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_ENOENT);
	t.endpoint = 0x91;
	assert_int_equal(ops->submit(host->device, &t), -SUBURB_ENOENT);
	assert_int_equal(host_change(host, (enum backend_change_kind)99, 0, 0, 0), -SUBURB_EINVAL);
	host_free(host);
}

static void test_open_and_close(void **state)
{
	struct host *host = host_open("loopback");
	const struct backend_ops *ops = host->backend->ops;
	struct flight *in;

	assert_int_equal(ops->open(host->device), -SUBURB_EBUSY);
	assert_int_equal(host_change(host, BACKEND_SET_CONFIGURATION, 0, 0, 0), 0);
	ops->close(host->device);
	assert_non_null(host->device->configuration); /* as it was */
	in = host_begin(host, 0x81, NULL, 64);
	assert_int_equal(in->transfer.status, -SUBURB_ENODEV);
	flight_free(in);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), -SUBURB_ENODEV);
	assert_int_equal(ops->open(host->device), 0);
	assert_int_equal(get_configuration(host), 1);
	host_free(host);
}

struct again {
	struct backend_transfer transfer;
	struct host *host;
	unsigned int left;
	bool inside;
};

static void on_again(struct backend_transfer *transfer)
{
	struct again *again = transfer->owner;

	assert_false(again->inside);
	assert_int_equal(transfer->status, 0);
	if (!--again->left)
		return;
	again->inside = true;
	assert_int_equal(again->host->backend->ops->submit(again->host->device, transfer), 0);
	again->inside = false;
}

static void test_submit_within_done(void **state)
{
	struct host *host = host_open("loopback");
	uint8_t buffer[64];
	struct again again = {
		.transfer = { .endpoint = 0x03, .type = 2, .buffer = buffer, .length = 64 },
		.host = host,
		.left = 20,
	};

	again.transfer.done = on_again;
	again.transfer.owner = &again;
	assert_int_equal(host->backend->ops->submit(host->device, &again.transfer), 0);
	host_until(host, !again.left);
	host_free(host);
}

static void test_unplug(void **state)
{
	struct host *host = host_open("loopback");
	struct backend_device *first = host->device;
	const struct backend_ops *ops = host->backend->ops;
	struct flight *in = host_begin(host, 0x81, NULL, 64), *late;

	/* 99 + 2^32 is 99 in 32 bits. */
	assert_int_equal(emulated_backend_unplug(host->backend, "4294967395-1"), -SUBURB_ENODEV);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), 0);
	assert_int_equal(host->left, 0);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), -SUBURB_ENODEV);
	host_until(host, host->left);
	assert_int_equal(in->transfer.status, -SUBURB_ENODEV);
	assert_true(in->done);
	late = host_begin(host, 0x81, NULL, 64);
	assert_int_equal(late->transfer.status, -SUBURB_ENODEV);
	assert_int_equal(ops->open(first), -SUBURB_ENODEV);
	flight_free(late);
	flight_free(in);
	assert_int_equal(emulated_backend_plug(host->backend, "99-1"), 0);
	assert_int_equal(emulated_backend_plug(host->backend, "99-1"), -SUBURB_EBUSY);
	host_until(host, host->arrived == 2);
	assert_ptr_not_equal(host->device, first);
	assert_string_equal(host->device->busid, "99-1");
	assert_int_not_equal(host->device->devnum, first->devnum);
	ops->close(first);
	assert_int_equal(ops->open(host->device), 0);
	assert_int_equal(get_configuration(host), 1);
	host_free(host);
}

static void test_unplug_unheard_of(void **state)
{
	const char *one[] = { "mouse", NULL };
	struct host *host = host_new(one);
	char error[256];

	assert_int_equal(emulated_backend_add(host->backend, "keyboard", error, 256), 0);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-2"), 0);
	host_wait(host, 5);
	assert_int_equal(host->arrived, 1);
	assert_int_equal(host->left, 0);
	assert_int_equal(emulated_backend_plug(host->backend, "99-2"), 0);
	host_until(host, host->arrived == 2);
	assert_string_equal(host->device->product, "Emulated keyboard");
	assert_int_equal(emulated_backend_plug(host->backend, "99-3"), -SUBURB_ENODEV);
	assert_int_equal(emulated_backend_plug(host->backend, "99-0"), -SUBURB_ENODEV);
	assert_int_equal(emulated_backend_plug(host->backend, "1-1"), -SUBURB_ENODEV);
	assert_int_equal(emulated_backend_plug(host->backend, "99-1x"), -SUBURB_ENODEV);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), 0);
	host_until(host, host->left == 1);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-2"), 0);
	host_free(host); /* while one is leaving */
}

static void test_changes_end_when_unplugged(void **state)
{
	struct host *host = host_open("loopback");

	host->backend->ops->close(host->device);
	assert_int_equal(host->backend->ops->open(host->device), 0);
	assert_int_equal(emulated_backend_unplug(host->backend, "99-1"), 0);
	assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), -SUBURB_ENODEV);
	host->backend->ops->close(host->device);
	host_until(host, host->left);
	host_free(host);
}

static void test_specs(void **state)
{
	static const struct {
		const char *spec;
		const char *says;
	} rows[] = {
		{ "", "keyboard[:TEXT], mouse, serial, disk:FILE, loopback[:SPEED]" },
		{ "toaster", "no emulated device \"toaster\"" },
		{ "disks:/dev/null", "no emulated device" },
		{ "mouse:1", "mouse takes nothing" },
		{ "disk", "disk needs a FILE" },
		{ "disk:", "disk needs a FILE" },
		{ "disk:/nonexistent/file", "No such file" },
		{ "disk:/dev/null", "neither a file nor a block device" },
		{ "disk:/tmp", "disk: " },
		{ "loopback:warp", "no speed \"warp\"" },
		{ "usbtest:warp", "usbtest: no speed \"warp\"" },
		{ "usbtest:high,", "no pattern \"\"" },
		{ "usbtest:high,mod64", "no pattern \"mod64\"" },
		{ "usbtest:mod63,high", "no pattern \"high\"" },
		{ "sound:loud", "sound takes nothing behind a colon" },
		{ "keyboard:caf\xc3\xa9", "no key for byte 0xc3" },
	};
	struct backend *backend = emulated_backend_new();
	char error[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		error[0] = 0;
		assert_int_equal(emulated_backend_add(backend, rows[i].spec, error, 256), -1);
		assert_non_null(strstr(error, rows[i].says));
		assert_null(strchr(error, '\n'));
	}
	assert_int_equal(emulated_backend_add(backend, "mouse", error, 256), 0);
	assert_int_equal(emulated_backend_unplug(backend, "99-1"), 0);
	assert_int_equal(emulated_backend_plug(backend, "99-1"), 0);
	emulated_backend_free(backend); /* never started */
}

/* --- anything at any time ------------------------------------------------- */

#define STORM_FLIGHTS 32

static uint32_t random_below(uint32_t limit)
{
	static uint32_t x = 0x2545f491; /* xorshift; the same storm every time */

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % limit;
}

static void storm_control(struct host *host)
{
	static const uint8_t types[] = { 0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x21, 0xa1, 0x40, 0xc0 };
	static const uint16_t indexes[] = { 0, 1, 2, 0x81, 0x82, 0x01, 0x0409, 0xffff };
	uint8_t data[300] = { 0 };

	host_control(host, types[random_below(sizeof(types))], (uint8_t)random_below(16),
		     (uint16_t)(random_below(48) << 8 | random_below(4)),
		     indexes[random_below(8)], data, (uint16_t)random_below(sizeof(data)));
}

static void storm_change(struct host *host)
{
	static const enum backend_change_kind kinds[] = {
		BACKEND_SET_CONFIGURATION, BACKEND_SET_INTERFACE, BACKEND_CLEAR_HALT, BACKEND_RESET,
	};

	host_change(host, kinds[random_below(4)], (uint8_t)(random_below(4) | random_below(2) << 7),
		    (uint8_t)random_below(3), (uint8_t)random_below(3));
}

static void storm_step(struct host *host, struct flight **flight)
{
	static const uint8_t endpoints[] = { 0x01, 0x02, 0x03, 0x81, 0x82, 0x83 };
	uint8_t data[5000] = { 'U', 'S', 'B', 'C' };

	switch (random_below(8)) {
	case 0:
		storm_control(host);
		break;
	case 1:
		storm_change(host);
		break;
	case 2:
	case 3:
		if (*flight)
			host_cancel(host, *flight);
		break;
	default:
		if (*flight && !(*flight)->done)
			break;
		if (*flight)
			flight_free(*flight);
		*flight = host_begin_with(host, endpoints[random_below(6)], data,
					  random_below(2) ? random_below(100) : random_below(5000),
					  random_below(2), random_below(2));
	}
	if (!random_below(4))
		uv_run(&host->loop, UV_RUN_NOWAIT);
}

/* Whatever a host does, every transfer ends once and the device goes on. */
static void test_storm(void **state)
{
	struct flight *flights[STORM_FLIGHTS];
	unsigned int step;
	size_t i, j;

	EACH_SPEC(i) {
		struct host *host;

		if (!strcmp(specs[i], "modeswitch"))
			continue; /* would be gone with the first reset */
		host = host_open(specs[i]);
		memset(flights, 0, sizeof(flights));
		for (step = 0; step < 4000; step++)
			storm_step(host, &flights[random_below(STORM_FLIGHTS)]);
		for (j = 0; j < STORM_FLIGHTS; j++) {
			if (!flights[j])
				continue;
			host_cancel(host, flights[j]);
			host_until(host, flights[j]->done);
			flight_free(flights[j]);
		}
		assert_int_equal(host_change(host, BACKEND_RESET, 0, 0, 0), 0);
		assert_int_equal(get_configuration(host), 1);
		host->backend->ops->close(host->device);
		host_free(host);
	}
}

static void test_many(void **state)
{
	static const char *many[] = { "keyboard", "mouse", "serial", "loopback", "keyboard", NULL };
	struct host *host = host_new(many);

	assert_int_equal(host->arrived, 5);
	assert_string_equal(host->device->busid, "99-5");
	assert_string_equal(host->device->serial, "SUBURB-EMU-5");
	assert_int_equal(host->device->busnum, 99);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_descriptors_are_cut),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_interface),
		cmocka_unit_test(test_halt),
		cmocka_unit_test(test_remote_wakeup),
		cmocka_unit_test(test_super_speed_requests),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_refused_submits),
		cmocka_unit_test(test_open_and_close),
		cmocka_unit_test(test_submit_within_done),
		cmocka_unit_test(test_unplug),
		cmocka_unit_test(test_unplug_unheard_of),
		cmocka_unit_test(test_changes_end_when_unplugged),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, make_image, remove_image);
}
