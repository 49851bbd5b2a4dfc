// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scripted USB/IP client. See client.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "client.h"

#define MAX_FD 4096

static bool is_open[MAX_FD];
static const char *source;

/* --- bytes ---------------------------------------------------------------- */

void dial_from(const char *address)
{
	source = address;
}

static void bind_source(int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (!source || !over_tcp())
		return;
	in.sin_addr.s_addr = inet_addr(source);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
}

int dial(const struct exporter *exporter)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int one = 1;
	int fd = socket(exporter->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (over_tcp())
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	bind_source(fd);
	if (connect(fd, (const struct sockaddr *)&exporter->name, exporter->length) < 0)
		fail_msg("cannot connect: %s", strerror(errno));
	assert_true(fd < MAX_FD);
	is_open[fd] = true;
	return fd;
}

void hang_up(int fd)
{
	is_open[fd] = false;
	close(fd);
}

void hang_up_all(void)
{
	for (int fd = 0; fd < MAX_FD; fd++)
		if (is_open[fd])
			hang_up(fd);
}

void send_bytes(int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

		if (n < 0)
			fail_msg("cannot send: %s", strerror(errno));
		at += n;
		size -= (size_t)n;
	}
}

void receive_bytes(int fd, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size) {
		ssize_t n = recv(fd, at, size, 0);

		if (n <= 0)
			fail_msg("%zu bytes did not come: %s", size,
				 n ? strerror(errno) : "connection closed");
		at += n;
		size -= (size_t)n;
	}
}

void assert_ends(int fd)
{
	uint8_t byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	/* Unread input makes the kernel send a reset instead of an end. */
	if (n > 0 || (n < 0 && errno != ECONNRESET))
		fail_msg("the connection did not end: %s", n > 0 ? "a byte came" : strerror(errno));
	hang_up(fd);
}

void assert_silence(int fd, int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&pollfd, 1, ms), 0);
}

/* --- operations ----------------------------------------------------------- */

static void send_op(int fd, uint16_t code)
{
	struct suburb_wire_op op;

	suburb_put_op(&op, code, 0);
	send_bytes(fd, &op, sizeof(op));
}

static uint32_t receive_op(int fd, uint16_t code)
{
	uint8_t bytes[sizeof(struct suburb_wire_op)];
	struct suburb_op op = { 0 };

	receive_bytes(fd, bytes, sizeof(bytes));
	assert_int_equal(suburb_get_op(bytes, sizeof(bytes), &op), sizeof(bytes));
	assert_int_equal(op.code, code);
	return op.status;
}

static void receive_device(int fd, struct suburb_device *device)
{
	uint8_t bytes[sizeof(struct suburb_wire_device)];

	receive_bytes(fd, bytes, sizeof(bytes));
	assert_int_equal(suburb_get_device(bytes, sizeof(bytes), device), sizeof(bytes));
}

size_t devlist(const struct exporter *exporter, struct listed *listed, size_t max)
{
	int fd = dial(exporter);
	__be32 count;

	send_op(fd, SUBURB_OP_REQ_DEVLIST);
	assert_int_equal(receive_op(fd, SUBURB_OP_REP_DEVLIST), 0);
	receive_bytes(fd, &count, sizeof(count));
	assert_true(__be32_to_cpu(count) <= max);
	for (uint32_t i = 0; i < __be32_to_cpu(count); i++) {
		receive_device(fd, &listed[i].device);
		assert_true(listed[i].device.num_interfaces <= ARRAY_SIZE(listed[i].interface));
		receive_bytes(fd, listed[i].interface,
			      listed[i].device.num_interfaces * sizeof(listed[i].interface[0]));
	}
	assert_ends(fd);
	return __be32_to_cpu(count);
}

uint32_t try_import(struct client *client, const struct exporter *exporter, const char *busid)
{
	struct suburb_wire_busid wire;
	uint32_t status;

	memset(client, 0, sizeof(*client));
	client->fd = dial(exporter);
	suburb_put_busid(&wire, busid);
	send_op(client->fd, SUBURB_OP_REQ_IMPORT);
	send_bytes(client->fd, &wire, sizeof(wire));
	status = receive_op(client->fd, SUBURB_OP_REP_IMPORT);
	if (status) {
		assert_ends(client->fd);
		return status;
	}
	receive_device(client->fd, &client->device);
	client->devid = suburb_devid(client->device.busnum, client->device.devnum);
	return 0;
}

void import(struct client *client, const struct exporter *exporter, const char *busid)
{
	static const struct timespec moment = { 0, 20000000 };
	uint32_t status = SUBURB_OP_DEV_BUSY;

	for (int i = 0; i < PATIENCE_S * 50 && status == SUBURB_OP_DEV_BUSY; i++) {
		if (i)
			nanosleep(&moment, NULL);
		status = try_import(client, exporter, busid);
	}
	assert_int_equal(status, 0);
	assert_string_equal(client->device.busid, busid);
}

void client_close(struct client *client)
{
	hang_up(client->fd);
}

void client_reset(struct client *client)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	hang_up(client->fd);
}

void assert_alive(const struct exporter *exporter, const char *busid)
{
	struct client *client = malloc(sizeof(*client));
	uint8_t descriptor[18];

	assert_non_null(client);
	import(client, exporter, busid);
	assert_int_equal(control_in(client, GET_DEVICE_DESCRIPTOR, descriptor, 18), 18);
	assert_int_equal(descriptor[0], 18);
	assert_int_equal(descriptor[1], 1);
	client_close(client);
	free(client);
}

/* --- URBs ----------------------------------------------------------------- */

struct suburb_submit to_endpoint(struct client *client, uint8_t endpoint, uint32_t length)
{
	struct suburb_submit submit = {
		.seqnum = ++client->seqnum,
		.devid = client->devid,
		.direction = endpoint & IN ? SUBURB_DIR_IN : SUBURB_DIR_OUT,
		.ep = endpoint & 0x0f,
		.length = length,
	};

	return submit;
}

uint32_t submit(struct client *client, const struct suburb_submit *submit, const void *payload)
{
	struct suburb_wire_header header;

	client->direction[submit->seqnum & 0xffff] = (uint8_t)submit->direction;
	suburb_put_submit(&header, submit);
	send_bytes(client->fd, &header, sizeof(header));
	if (submit->direction == SUBURB_DIR_OUT && payload)
		send_bytes(client->fd, payload, submit->length);
	return submit->seqnum;
}

uint32_t submit_in(struct client *client, uint8_t endpoint, uint32_t length)
{
	struct suburb_submit s = to_endpoint(client, endpoint, length);

	return submit(client, &s, NULL);
}

uint32_t submit_out(struct client *client, uint8_t endpoint, const void *data, uint32_t length)
{
	struct suburb_submit s = to_endpoint(client, endpoint, length);

	return submit(client, &s, data);
}

uint32_t submit_control(struct client *client, const char *setup, uint16_t length,
			const void *data)
{
	struct suburb_submit s = to_endpoint(client, setup[0] & 0x80 && length ? IN : 0, length);

	memcpy(s.setup, setup, 6);
	s.setup[6] = (uint8_t)length;
	s.setup[7] = (uint8_t)(length >> 8);
	return submit(client, &s, data);
}

uint32_t client_unlink(struct client *client, uint32_t target)
{
	struct suburb_unlink u = {
		.seqnum = ++client->seqnum,
		.devid = client->devid,
		.target = target,
	};
	struct suburb_wire_header header;

	suburb_put_unlink(&header, &u);
	send_bytes(client->fd, &header, sizeof(header));
	return u.seqnum;
}

void next_answer(struct client *client, struct answer *answer)
{
	static uint8_t payload[1 << 20];
	uint8_t bytes[sizeof(struct suburb_wire_header)];
	const struct suburb_ret_submit *ret = &answer->reply.submit;

	receive_bytes(client->fd, bytes, sizeof(bytes));
	assert_int_equal(suburb_get_reply(bytes, sizeof(bytes), &answer->reply), sizeof(bytes));
	/* devid, direction and ep are 0 in replies. */
	for (int i = 8; i < 20; i++)
		assert_int_equal(bytes[i], 0);
	answer->payload = payload;
	if (answer->reply.command == SUBURB_RET_UNLINK ||
	    client->direction[ret->seqnum & 0xffff] != SUBURB_DIR_IN)
		return;
	assert_true(ret->actual_length <= sizeof(payload));
	receive_bytes(client->fd, payload, ret->actual_length);
}

uint32_t expect_submit(struct client *client, uint32_t seqnum, int32_t status,
		       struct answer *answer)
{
	struct answer local = { 0 };

	if (!answer)
		answer = &local;
	next_answer(client, answer);
	assert_int_equal(answer->reply.command, SUBURB_RET_SUBMIT);
	assert_int_equal(answer->reply.submit.seqnum, seqnum);
	assert_int_equal(answer->reply.submit.status, status);
	return answer->reply.submit.actual_length;
}

void expect_unlink(struct client *client, uint32_t seqnum, int32_t status)
{
	struct answer answer;

	next_answer(client, &answer);
	assert_int_equal(answer.reply.command, SUBURB_RET_UNLINK);
	assert_int_equal(answer.reply.unlink.seqnum, seqnum);
	assert_int_equal(answer.reply.unlink.status, status);
}

static uint32_t take_in(struct client *client, uint32_t seqnum, void *data, uint32_t length)
{
	struct answer answer;
	uint32_t actual = expect_submit(client, seqnum, 0, &answer);

	assert_true(actual <= length);
	memcpy(data, answer.payload, actual);
	return actual;
}

uint32_t control_in(struct client *client, const char *setup, void *data, uint16_t length)
{
	return take_in(client, submit_control(client, setup, length, NULL), data, length);
}

void control_out(struct client *client, const char *setup, const void *data, uint16_t length)
{
	uint32_t seqnum = submit_control(client, setup, length, data);

	assert_int_equal(expect_submit(client, seqnum, 0, NULL), length);
}

uint32_t read_from(struct client *client, uint8_t endpoint, void *data, uint32_t length)
{
	return take_in(client, submit_in(client, endpoint, length), data, length);
}

void write_to(struct client *client, uint8_t endpoint, const void *data, uint32_t length)
{
	uint32_t seqnum = submit_out(client, endpoint, data, length);

	assert_int_equal(expect_submit(client, seqnum, 0, NULL), length);
}
