// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/plain.c tools/local_link.c */
/* sources: tools/client.c tools/stream.c tools/dial.c tools/lookup.c tools/host.c tools/offer.c */
/* sources: tools/serial.c tools/deadline.c tools/failure.c tools/text.c */
/*
 * The tool's side of the handshake against exporters that tell the truth, lie,
 * stop in the middle, or never begin. A child process plays the exporter: it
 * says what the test wrote down, whatever it is asked.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/client.h"
#include "tools/serial.h"

/* What the exporter says on each connection, and what happens behind it. */
struct script {
	uint8_t bytes[256 * 1024];
	size_t used;
	size_t request; /* bytes to read first */
	int connections; /* served before it goes quiet; 0: all */
	size_t first; /* the first connection hears this much only, the others the rest */
	bool stay; /* keep the connection, silently, instead of closing it */
};

static struct script script;
static struct dial dial;
static int listener = -1;
static pid_t exporter = -1;

/* --- the exporter --------------------------------------------------------- */

static void say(const void *bytes, size_t size)
{
	assert_true(script.used + size <= sizeof(script.bytes));
	memcpy(script.bytes + script.used, bytes, size);
	script.used += size;
}

static void say_op(uint16_t code, uint32_t status)
{
	struct suburb_wire_op op;

	suburb_put_op(&op, code, status);
	say(&op, sizeof(op));
}

static void say_u32(uint32_t value)
{
	__be32 wire = __cpu_to_be32(value);

	say(&wire, sizeof(wire));
}

static struct suburb_device device(const char *busid, int interfaces)
{
	struct suburb_device d = {
		.busnum = 1,
		.devnum = 2,
		.speed = SUBURB_SPEED_HIGH,
		.id_vendor = 0x046d,
		.id_product = 0xc31c,
		.num_interfaces = (uint8_t)interfaces,
	};

	snprintf(d.busid, sizeof(d.busid), "%s", busid);
	return d;
}

static void say_device(const struct suburb_device *d)
{
	struct suburb_wire_device wire;

	suburb_put_device(&wire, d);
	say(&wire, sizeof(wire));
}

/* A child has no use for cmocka: it just does or dies. */
static void serve(int fd, bool again)
{
	uint8_t request[256];
	size_t sent = again ? script.first : 0;
	size_t end = !again && script.first ? script.first : script.used;

	if (recv(fd, request, script.request, MSG_WAITALL) != (ssize_t)script.request)
		return;
	while (sent < end) {
		ssize_t n = send(fd, script.bytes + sent, end - sent, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		sent += (size_t)n;
	}
	if (script.stay)
		recv(fd, request, sizeof(request), MSG_WAITALL); /* until the tool leaves */
}

static void start_exporter(void)
{
	exporter = fork();
	assert_true(exporter >= 0);
	if (exporter)
		return;
	for (int served = 0;; served++) {
		int fd;

		if (script.connections && served == script.connections)
			pause();
		fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		serve(fd, served > 0);
		shutdown(fd, SHUT_WR); /* and no RST for what was not read */
		close(fd);
	}
}

static void listen_on_loopback(char *text, size_t size)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t length = sizeof(address);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_int_equal(listen(listener, 8), 0);
	snprintf(text, size, "127.0.0.1:%u", ntohs(address.sin_port));
}

static int setup(void **state)
{
	struct failure failure;
	struct host host;
	char text[32];

	memset(&script, 0, sizeof(script));
	listen_on_loopback(text, sizeof(text));
	assert_int_equal(host_parse(text, &host, &failure), 0);
	assert_int_equal(dial_resolve(&dial, &host, deadline_in(5000), &failure), 0);
	return 0;
}

static int teardown(void **state)
{
	if (exporter > 0) {
		kill(exporter, SIGKILL);
		waitpid(exporter, NULL, 0);
	}
	exporter = -1;
	if (listener >= 0)
		close(listener);
	dial_free(&dial);
	return 0;
}

static void assert_says(const struct failure *failure, const char *words)
{
	if (!strstr(failure->text, words))
		fail_msg("'%s' lacks '%s'", failure->text, words);
}

/* --- DEVLIST -------------------------------------------------------------- */

static int list_within(int ms, struct offer *offer, struct failure *failure)
{
	script.request = sizeof(struct suburb_wire_op);
	start_exporter();
	return client_list(&dial, deadline_in(ms), offer, failure);
}

static void assert_list_fails_within(int ms, int error, const char *words)
{
	struct failure failure;
	struct offer offer;

	assert_int_equal(list_within(ms, &offer, &failure), error);
	assert_says(&failure, words);
	assert_int_equal(offer.count, 0);
	assert_null(offer.devices);
}

static void assert_list_fails(int error, const char *words)
{
	assert_list_fails_within(5000, error, words);
}

static void lists_devices(void **state)
{
	static const uint8_t interfaces[] = { 3, 1, 2, 0, 8, 6, 80, 0 };
	struct suburb_device keyboard = device("1-1", 2);
	struct suburb_device bare = device("1-2", 0);
	struct failure failure;
	struct offer offer;

	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(2);
	say_device(&keyboard);
	say(interfaces, sizeof(interfaces));
	say_device(&bare);
	assert_int_equal(list_within(5000, &offer, &failure), 0);
	assert_int_equal(offer.count, 2);
	assert_string_equal(offer.devices[0].device.busid, "1-1");
	assert_int_equal(offer.devices[0].interfaces[0].interface_class, 3);
	assert_int_equal(offer.devices[0].interfaces[0].interface_protocol, 2);
	assert_int_equal(offer.devices[0].interfaces[1].interface_class, 8);
	assert_string_equal(offer.devices[1].device.busid, "1-2");
	offer_free(&offer);
}

static void lists_nothing(void **state)
{
	struct failure failure;
	struct offer offer;

	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(0);
	assert_int_equal(list_within(5000, &offer, &failure), 0);
	assert_int_equal(offer.count, 0);
}

static void quirk_1_other_servers_are_recognised(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";

	say(ssh, sizeof(ssh) - 1);
	assert_list_fails(-EPROTO, "does not speak USB/IP 1.1.1: it answered with version 0x5353");
}

static void a_wrong_reply_code_is_refused(void **state)
{
	say_op(SUBURB_OP_REP_IMPORT, 0);
	say_u32(0);
	assert_list_fails(-EPROTO, "reply 0x0003 where 0x0005 was due");
}

static void a_refused_list_is_told(void **state)
{
	say_op(SUBURB_OP_REP_DEVLIST, SUBURB_OP_NA);
	assert_list_fails(-EREMOTEIO, "status 1");
}

static void a_claim_of_many_devices_is_refused(void **state)
{
	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(0xffffffff);
	assert_list_fails(-EPROTO, "4294967295 devices, more than 1024");
}

static void the_largest_list_is_taken(void **state)
{
	struct suburb_device d = device("1-1", 0);
	struct failure failure;
	struct offer offer;

	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(512); /* as many as fit the script */
	for (int i = 0; i < 512; i++)
		say_device(&d);
	assert_int_equal(list_within(5000, &offer, &failure), 0);
	assert_int_equal(offer.count, 512);
	offer_free(&offer);
}

static void a_bus_id_without_end_is_refused(void **state)
{
	struct suburb_wire_device wire;
	struct suburb_device d = device("1-1", 0);

	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(1);
	suburb_put_device(&wire, &d);
	memset(wire.busid, 'x', sizeof(wire.busid));
	say(&wire, sizeof(wire));
	assert_list_fails(-EPROTO, "has no end");
}

static void a_list_that_stops_ends(void **state)
{
	struct suburb_device d = device("1-1", 255);

	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(1);
	say_device(&d);
	say_u32(0x03010200);
	assert_list_fails(-ECONNRESET, "closed the connection in the handshake");
}

static void silence_ends(void **state)
{
	script.stay = true;
	assert_list_fails_within(200, -ETIMEDOUT, "does not answer");
}

static void quirk_35_silence_in_the_middle_ends(void **state)
{
	struct suburb_device d = device("1-1", 255);

	script.stay = true;
	say_op(SUBURB_OP_REP_DEVLIST, 0);
	say_u32(1000);
	say_device(&d);
	assert_list_fails_within(200, -ETIMEDOUT, "does not answer");
}

static void nobody_listens(void **state)
{
	struct failure failure;
	struct offer offer;

	close(listener);
	listener = -1;
	assert_int_equal(client_list(&dial, deadline_in(5000), &offer, &failure), -ECONNREFUSED);
	assert_says(&failure, "is suburbd running there?");
}

/* --- IMPORT --------------------------------------------------------------- */

static int import_within(int ms, const char *busid, struct suburb_device *d,
			 struct failure *failure)
{
	static const struct client_wish wish;
	uint32_t agreed;

	script.request = sizeof(struct suburb_wire_op) + sizeof(struct suburb_wire_busid);
	start_exporter();
	return client_import(&dial, busid, &wish, deadline_in(ms), d, &agreed, failure);
}

static void assert_import_fails(int error, const char *words)
{
	struct suburb_device d;
	struct failure failure;

	assert_int_equal(import_within(5000, "1-1", &d, &failure), error);
	assert_says(&failure, words);
}

static void say_imported(const struct suburb_device *d)
{
	say_op(SUBURB_OP_REP_IMPORT, 0);
	say_device(d);
}

static void quirk_7_imports_a_device_and_reads_no_further(void **state)
{
	struct suburb_device d = device("1-1", 1);
	struct failure failure;
	char next[8];
	int fd;

	say_imported(&d);
	say("behind", 6);
	memset(&d, 0, sizeof(d));
	fd = import_within(5000, "1-1", &d, &failure);
	assert_true(fd >= 0);
	assert_int_equal(d.id_product, 0xc31c);
	assert_int_equal(d.speed, SUBURB_SPEED_HIGH);
	deadline_poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, deadline_in(5000), NULL);
	assert_int_equal(recv(fd, next, sizeof(next), 0), 6);
	assert_memory_equal(next, "behind", 6);
	close(fd);
}

static void quirk_4_another_bus_id_is_refused(void **state)
{
	struct suburb_device d = device("1-2", 1);

	say_imported(&d);
	assert_import_fails(-EPROTO, "asked for 1-1, it gave 1-2");
}

static void quirk_33_impossible_speeds_are_refused(void **state)
{
	struct suburb_device d = device("1-1", 1);

	d.speed = 4;
	say_imported(&d);
	assert_import_fails(-EPROTO, "speed 4");
}

static void a_busy_device_is_told(void **state)
{
	say_op(SUBURB_OP_REP_IMPORT, SUBURB_OP_DEV_BUSY);
	assert_import_fails(-EBUSY, "in use by another importer");
}

/* Linux hides a device for a moment after its session ended. */
static void quirk_32_busy_and_free_a_moment_later(void **state)
{
	struct suburb_device d = device("1-1", 1);
	struct failure failure;
	int fd;

	say_op(SUBURB_OP_REP_IMPORT, SUBURB_OP_NA);
	script.first = script.used;
	say_imported(&d);
	fd = import_within(5000, "1-1", &d, &failure);
	assert_true(fd >= 0);
	close(fd);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

/* What is handed to the kernel: small messages leave at once, a dead peer ends it. */
static void quirk_8_options_of_dialled_sockets(void **state)
{
	struct suburb_device d = device("1-1", 1);
	struct failure failure;
	int fd;

	say_imported(&d);
	fd = import_within(5000, "1-1", &d, &failure);
	assert_true(fd >= 0);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 5);
	close(fd);
}

/* The first probe, and those after it, have room within the time. */
static void assert_timeout(unsigned int timeout_s, int idle_s, int probes)
{
	struct suburb_device d = device("1-1", 1);
	struct failure failure;
	int fd;

	say_imported(&d);
	dial.timeout_s = timeout_s;
	fd = import_within(5000, "1-1", &d, &failure);
	assert_true(fd >= 0);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), timeout_s * 1000);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), idle_s);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), idle_s);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), probes);
	close(fd);
}

static void the_shortest_timeout(void **state)
{
	assert_timeout(5, 1, 4);
}

static void the_longest_timeout(void **state)
{
	assert_timeout(86400, 5, 127);
}

static void an_absent_device_is_told(void **state)
{
	say_op(SUBURB_OP_REP_IMPORT, SUBURB_OP_NODEV);
	assert_import_fails(-EBUSY, "exports no device 1-1: see 'suburb list 127.0.0.1:");
}

/* The exporter answers once, then accepts no more. */
static void a_refusal_outlives_a_retry_that_fails(void **state)
{
	script.connections = 1;
	say_op(SUBURB_OP_REP_IMPORT, SUBURB_OP_DEV_BUSY);
	assert_import_fails(-EBUSY, "in use by another importer");
}

static void a_device_in_error_is_told_at_once(void **state)
{
	say_op(SUBURB_OP_REP_IMPORT, SUBURB_OP_DEV_ERR);
	assert_import_fails(-EIO, "in an error state");
}

static void quirk_2_unknown_refusals_are_told(void **state)
{
	say_op(SUBURB_OP_REP_IMPORT, 77);
	assert_import_fails(-EREMOTEIO, "status 77");
}

/* --- the serial number ---------------------------------------------------- */

static struct stream stream;
static int far_end;

static int setup_pair(void **state)
{
	int fds[2];

	memset(&script, 0, sizeof(script));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	stream = (struct stream){ .fd = fds[0], .peer = "lab:3240", .deadline = deadline_in(5000) };
	far_end = fds[1];
	return 0;
}

static int teardown_pair(void **state)
{
	close(stream.fd);
	close(far_end);
	return 0;
}

/* Says a reply, with @size bytes of @data whatever @actual_length claims. */
static void reply(uint32_t seqnum, int32_t status, uint32_t actual_length, const void *data,
		  size_t size)
{
	struct suburb_ret_submit r = {
		.seqnum = seqnum,
		.status = status,
		.actual_length = actual_length,
	};
	struct suburb_wire_header wire;

	suburb_put_ret_submit(&wire, &r);
	assert_int_equal(write(far_end, &wire, sizeof(wire)), sizeof(wire));
	assert_int_equal(write(far_end, data, size), size);
}

static void reply_device(uint32_t seqnum, uint8_t serial_index)
{
	uint8_t descriptor[18] = { 18, 1, 0, 2, [16] = serial_index, 1 };

	reply(seqnum, 0, sizeof(descriptor), descriptor, sizeof(descriptor));
}

static int read_serial(char *serial, struct failure *failure)
{
	struct suburb_device d = device("1-1", 1);

	return serial_read(&stream, &d, serial, failure);
}

static void assert_serial(const char *expected)
{
	struct failure failure;
	char serial[SERIAL_SIZE];
	char left;

	assert_int_equal(read_serial(serial, &failure), 0);
	assert_string_equal(serial, expected);
	assert_int_equal(recv(stream.fd, &left, 1, 0), -1); /* all replies were read */
	assert_int_equal(errno, EAGAIN);
}

static void assert_serial_fails(int error, const char *words)
{
	struct failure failure;
	char serial[SERIAL_SIZE];

	assert_int_equal(read_serial(serial, &failure), error);
	assert_says(&failure, words);
}

static const uint8_t languages[] = { 4, 3, 0x07, 0x04 };
static const uint8_t serial_string[] = { 8, 3, 'A', 0, 0xfc, 0, '1', 0 };

/* The next request must be GET_DESCRIPTOR with this value and index. */
static void assert_asked(uint32_t seqnum, uint16_t value, uint16_t index, uint32_t length)
{
	struct suburb_wire_header wire;
	struct suburb_command c = { 0 };

	assert_int_equal(recv(far_end, &wire, sizeof(wire), 0), sizeof(wire));
	assert_int_equal(suburb_get_command(&wire, sizeof(wire), &c), sizeof(wire));
	assert_int_equal(c.command, SUBURB_CMD_SUBMIT);
	assert_int_equal(c.submit.seqnum, seqnum);
	assert_int_equal(c.submit.devid, 0x10002);
	assert_int_equal(c.submit.direction, SUBURB_DIR_IN);
	assert_int_equal(c.submit.ep, 0);
	assert_int_equal(c.submit.packets, 0);
	assert_int_equal(c.submit.length, length);
	assert_int_equal(c.submit.setup[0], 0x80);
	assert_int_equal(c.submit.setup[1], 6);
	assert_int_equal(c.submit.setup[2] | c.submit.setup[3] << 8, value);
	assert_int_equal(c.submit.setup[4] | c.submit.setup[5] << 8, index);
	assert_int_equal(c.submit.setup[6] | c.submit.setup[7] << 8, length);
}

static void reads_a_serial_number(void **state)
{
	reply_device(1, 3);
	reply(2, 0, sizeof(languages), languages, sizeof(languages));
	reply(3, 0, sizeof(serial_string), serial_string, sizeof(serial_string));
	assert_serial("Aü1");
	assert_asked(1, 0x0100, 0, 18);
	assert_asked(2, 0x0300, 0, 255);
	assert_asked(3, 0x0303, 0x0407, 255);
}

static void a_device_without_languages_is_asked_in_english(void **state)
{
	reply_device(1, 3);
	reply(2, -SUBURB_EPIPE, 0, NULL, 0);
	reply(3, 0, sizeof(serial_string), serial_string, sizeof(serial_string));
	assert_serial("Aü1");
	assert_asked(1, 0x0100, 0, 18);
	assert_asked(2, 0x0300, 0, 255);
	assert_asked(3, 0x0303, 0x0409, 255);
}

static void a_device_may_have_no_serial_number(void **state)
{
	reply_device(1, 0);
	assert_serial("");
}

static void a_stall_is_no_serial_number(void **state)
{
	reply_device(1, 3);
	reply(2, 0, sizeof(languages), languages, sizeof(languages));
	reply(3, -SUBURB_EPIPE, 0, NULL, 0);
	assert_serial("");
}

static void data_with_an_error_is_read_past(void **state)
{
	reply_device(1, 3);
	reply(2, 0, sizeof(languages), languages, sizeof(languages));
	reply(3, -SUBURB_EREMOTEIO, sizeof(serial_string), serial_string, sizeof(serial_string));
	assert_serial("");
}

static void short_and_lying_descriptors(void **state)
{
	static const uint8_t lying[] = { 200, 3, 'A', 0, 'B' };

	reply_device(1, 3);
	reply(2, 0, 1, languages, 1);
	reply(3, 0, sizeof(lying), lying, sizeof(lying));
	assert_serial("A");
}

static void a_reply_longer_than_the_request_is_refused(void **state)
{
	reply(1, 0, 19, "", 0);
	assert_serial_fails(-EPROTO, "actual_length is 0x13");
}

static void a_reply_to_another_request_is_refused(void **state)
{
	reply_device(7, 3);
	assert_serial_fails(-EPROTO, "seqnum is 0x7");
}

static void an_impossible_status_is_refused(void **state)
{
	reply(1, 5, 0, NULL, 0);
	assert_serial_fails(-EPROTO, "status is 0x5");
}

static void another_message_is_refused(void **state)
{
	struct suburb_wire_header wire;

	suburb_put_ret_unlink(&wire, &(struct suburb_ret_unlink){ .seqnum = 1 });
	assert_int_equal(write(far_end, &wire, sizeof(wire)), sizeof(wire));
	assert_serial_fails(-EPROTO, "command is 0x4");
}

static void a_silent_device_ends(void **state)
{
	stream.deadline = deadline_in(200);
	assert_serial_fails(-ETIMEDOUT, "does not answer");
}

static void half_a_reply_ends(void **state)
{
	static const uint8_t half[9] = { 18, 1 };

	reply(1, 0, 18, half, sizeof(half));
	shutdown(far_end, SHUT_WR);
	assert_serial_fails(-ECONNRESET, "closed the connection");
}

#define with_exporter(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define with_pair(test) cmocka_unit_test_setup_teardown(test, setup_pair, teardown_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_exporter(lists_devices),
		with_exporter(lists_nothing),
		with_exporter(quirk_1_other_servers_are_recognised),
		with_exporter(a_wrong_reply_code_is_refused),
		with_exporter(a_refused_list_is_told),
		with_exporter(a_claim_of_many_devices_is_refused),
		with_exporter(the_largest_list_is_taken),
		with_exporter(a_bus_id_without_end_is_refused),
		with_exporter(a_list_that_stops_ends),
		with_exporter(silence_ends),
		with_exporter(quirk_35_silence_in_the_middle_ends),
		with_exporter(nobody_listens),
		with_exporter(quirk_7_imports_a_device_and_reads_no_further),
		with_exporter(quirk_4_another_bus_id_is_refused),
		with_exporter(quirk_33_impossible_speeds_are_refused),
		with_exporter(a_busy_device_is_told),
		with_exporter(quirk_32_busy_and_free_a_moment_later),
		with_exporter(quirk_8_options_of_dialled_sockets),
		with_exporter(the_shortest_timeout),
		with_exporter(the_longest_timeout),
		with_exporter(an_absent_device_is_told),
		with_exporter(a_refusal_outlives_a_retry_that_fails),
		with_exporter(a_device_in_error_is_told_at_once),
		with_exporter(quirk_2_unknown_refusals_are_told),
		with_pair(reads_a_serial_number),
		with_pair(a_device_without_languages_is_asked_in_english),
		with_pair(a_device_may_have_no_serial_number),
		with_pair(a_stall_is_no_serial_number),
		with_pair(data_with_an_error_is_read_past),
		with_pair(short_and_lying_descriptors),
		with_pair(a_reply_longer_than_the_request_is_refused),
		with_pair(a_reply_to_another_request_is_refused),
		with_pair(an_impossible_status_is_refused),
		with_pair(another_message_is_refused),
		with_pair(a_silent_device_ends),
		with_pair(half_a_reply_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
