// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: suburb */
/*
 * The tool's side of the handshake: a list of devices, an import, and the
 * serial number of what was imported, from an exporter that may say anything.
 * All that it says on a connection is there before it is asked.
 *
 * A device that is imported is the one that was asked for, at a speed that USB
 * has, with nothing agreed that was not offered.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/client.h"
#include "tools/plain.h"
#include "tools/select.h"
#include "tools/serial.h"
#include "tools/text.h"

#include "fuzz.h"

#define LONGEST 60000
#define CONNECTIONS 8

static struct input *choice;
static struct dial dial = { .host = { .text = "host:3240" } };
static const char *busid;
static uint32_t wished;
static bool digest;
static unsigned int connections;
static bool plain;
static int64_t now_ms;

/* --- what the exporter says ------------------------------------------------------ */

static uint8_t script[LONGEST];
static size_t script_size;

static void say(const void *bytes, size_t size)
{
	if (script_size + size > sizeof(script))
		return;
	memcpy(script + script_size, bytes, size);
	script_size += size;
}

static void say_op(uint16_t code)
{
	struct suburb_wire_op op;

	suburb_put_op(&op, code, input_once_in(choice, 4) ? input_number(choice, 2) : 0);
	say(&op, sizeof(op));
}

static void put_device(struct suburb_wire_device *wire)
{
	struct suburb_device device = {
		.busnum = 1,
		.devnum = 2,
		.speed = input_once_in(choice, 4) ? input_number(choice, 3) : 3,
		.id_vendor = 0x1234,
		.id_product = input_u8(choice),
		.num_interfaces = input_u8(choice) % 4,
	};

	strcpy(device.path, "/path");
	snprintf(device.busid, sizeof(device.busid), "%s",
		 input_once_in(choice, 4) ? "2-1" : busid);
	if (input_once_in(choice, 8))
		device.num_interfaces = input_u8(choice);
	suburb_put_device(wire, &device);
	while (input_once_in(choice, 4))
		((uint8_t *)wire)[input_upto(choice, sizeof(*wire) - 1)] = input_u8(choice);
}

static void say_devlist(void)
{
	struct suburb_wire_device device;
	uint32_t n = input_upto(choice, 5), i;
	__be32 count = __cpu_to_be32(input_once_in(choice, 4) ? input_number(choice, n) : n);
	static const uint8_t interfaces[255 * 4];

	say_op(SUBURB_OP_REP_DEVLIST);
	say(&count, sizeof(count));
	for (i = 0; i < n; i++) {
		put_device(&device);
		say(&device, sizeof(device));
		say(interfaces, device.num_interfaces * sizeof(struct suburb_wire_interface));
	}
}

/* The digest of the very bytes, or not quite. */
static void say_digest(const void *bytes, size_t size)
{
	uint32_t crc = suburb_crc32c(0, bytes, size);
	__be32 wire = __cpu_to_be32(input_once_in(choice, 8) ? crc + 1 : crc);

	if (digest && size)
		say(&wire, sizeof(wire));
}

/* A descriptor of the type that is asked for, if its length is as it says. */
static void say_descriptor(uint32_t seqnum, uint8_t type, uint8_t length)
{
	struct suburb_ret_submit ret = {
		.seqnum = input_once_in(choice, 8) ? input_number(choice, seqnum) : seqnum,
		.status = input_once_in(choice, 4) ? (int32_t)input_number(choice, -32) : 0,
		.actual_length = input_once_in(choice, 4) ? input_number(choice, length) : length,
	};
	struct suburb_wire_header header;
	uint8_t data[255] = { 0 };
	size_t size = ret.actual_length < sizeof(data) ? ret.actual_length : sizeof(data);

	input_bytes(choice, data, length);
	data[0] = input_once_in(choice, 4) ? input_u8(choice) : length;
	data[1] = input_once_in(choice, 4) ? input_u8(choice) : type;
	suburb_put_ret_submit(&header, &ret);
	say(&header, sizeof(header));
	say_digest(&header, sizeof(header));
	say(data, size);
	say_digest(data, size);
}

static void say_import(void)
{
	struct suburb_wire_busid offered;
	struct suburb_wire_device device;

	suburb_put_busid(&offered, busid);
	suburb_put_offer(&offered, wished);
	say_op(SUBURB_OP_REP_IMPORT);
	put_device(&device);
	if (input_once_in(choice, 2))
		suburb_put_answer(&device, &offered, input_upto(choice, 7) & (wished | 1));
	say(&device, sizeof(device));
	digest = input_once_in(choice, 2);
	say_descriptor(1, 1, 18);
	say_descriptor(2, 3, 4);
	say_descriptor(3, 3, (uint8_t)(2 + input_upto(choice, 250)));
}

/* --- what stands in for the network -------------------------------------------------- */

int dial_connect(const struct dial *dial_, struct deadline deadline, struct failure *failure)
{
	int fds[2];

	if (connections++ == CONNECTIONS)
		return failure_set(failure, -ECONNREFUSED, "refused");
	script_size = 0;
	if (input_once_in(choice, 16)) {
		input_bytes(choice, script, 400);
		script_size = input_upto(choice, 400);
	} else if (busid) {
		say_import();
	} else {
		busid = "1-1";
		say_devlist();
		busid = NULL;
	}
	if (input_once_in(choice, 8))
		script_size = input_upto(choice, (uint32_t)script_size);
	fuzz_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	fuzz_assert(send(fds[1], script, script_size, MSG_DONTWAIT) == (ssize_t)script_size);
	shutdown(fds[1], SHUT_WR);
	/* Kept, lest the tool's own words meet a closed end: see finish(). */
	fuzz_assert(dup2(fds[1], 100 + (int)connections) >= 0);
	close(fds[1]);
	return fds[0];
}

bool plain_known(const char *host)
{
	return plain;
}

void plain_remember(const char *host)
{
	plain = true;
}

struct deadline deadline_in(int ms)
{
	return (struct deadline){ now_ms + ms };
}

struct deadline deadline_sooner(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

int deadline_left(struct deadline deadline)
{
	return deadline.at_ms > now_ms ? (int)(deadline.at_ms - now_ms) : 0;
}

void deadline_pause(struct deadline deadline, int ms)
{
	now_ms += ms;
}

int deadline_poll(struct pollfd *fds, nfds_t count, struct deadline deadline, const sigset_t *mask)
{
	return poll(fds, count, 0);
}

/* --- what the tool makes of it ---------------------------------------------------------- */

static void check_text(const char *text)
{
	char safe[4 * SERIAL_SIZE];

	text_escape(safe, sizeof(safe), text);
	for (const char *c = safe; *c; c++)
		fuzz_assert((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void find(const struct offer *offer)
{
	static const char *const words[] = { "all", "1-1", "1234:0000", "1234:0000:serial" };
	const struct offered *found[8];
	struct failure failure;
	struct select select;
	int n;

	fuzz_assert(select_parse(words[input_upto(choice, 3)], &select, &failure) == 0);
	n = select_find(&select, offer, found, &failure);
	fuzz_assert(n <= (int)offer->count);
	for (int i = 0; i < n; i++)
		fuzz_assert(select_matches(&select, &found[i]->device));
}

static void list(void)
{
	struct failure failure = { "" };
	struct offer offer;
	int ret;

	busid = NULL;
	ret = client_list(&dial, deadline_in(1000), &offer, &failure);
	if (ret) {
		fuzz_assert(ret < 0 && *failure.text && !offer.count);
		check_text(failure.text);
		return;
	}
	fuzz_assert(offer.count <= OFFER_MOST_DEVICES);
	for (size_t i = 0; i < offer.count; i++)
		check_text(offer.devices[i].device.busid);
	if (offer.count <= 8)
		find(&offer);
	offer_free(&offer);
}

static void read_serial(int fd, const struct suburb_device *device)
{
	struct stream stream = { fd, "host", deadline_in(1000), digest };
	struct failure failure = { "" };
	char serial[SERIAL_SIZE];
	int ret = serial_read(&stream, device, serial, &failure);

	fuzz_assert(memchr(serial, 0, sizeof(serial)));
	fuzz_assert(ret == 0 || *failure.text);
	check_text(serial);
}

static void import(void)
{
	struct client_wish wish = { .features = input_upto(choice, 3) * 2, .far = input_upto(choice, 2) * 2 };
	struct failure failure = { "" };
	struct suburb_device device;
	uint32_t agreed = 0;
	int fd;

	busid = input_once_in(choice, 8) ? "a name of thirty-one letters.." : "1-1";
	/* The far ones are left out, for this link is of this machine. */
	wished = wish.features & ~wish.far;
	fd = client_import(&dial, busid, &wish, deadline_in(1000), &device, &agreed, &failure);
	if (fd < 0) {
		fuzz_assert(*failure.text);
		check_text(failure.text);
		return;
	}
	fuzz_assert(!strcmp(device.busid, busid) && suburb_speed_valid(device.speed));
	fuzz_assert(!(agreed & ~wished));
	read_serial(fd, &device);
	close(fd);
}

static void finish(void)
{
	for (unsigned int i = 1; i <= connections && i <= CONNECTIONS; i++)
		close(100 + (int)i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	choice = &input;
	connections = 0;
	plain = false;
	now_ms = 0;
	if (input_u8(&input) & 1)
		list();
	else
		import();
	finish();
	return 0;
}
