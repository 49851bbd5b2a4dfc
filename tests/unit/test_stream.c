// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: exporter/stream.c exporter/listener.c exporter/socket_file.c exporter/address.c */
/* sources: exporter/escape.c exporter/log.c exporter/origin.c */
/*
 * What becomes of an accepted socket before anything is said on it: its options
 * and its name, for each family.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "exporter/listener.h"
#include "exporter/stream.h"

static uv_loop_t loop;
static struct listener listener;
static struct stream stream;
static int dialled;
static unsigned int dead_s = 20;

static void on_closed(void *owner)
{
}

static const struct stream_ops ops = { .closed = on_closed };

static void on_connected(uv_stream_t *handle, int status)
{
	assert_int_equal(status, 0);
	assert_int_equal(stream_accept(&stream, &loop, handle, dead_s, NULL, &ops, NULL), 0);
	listener_close(&listener, NULL);
}

static int open_one(void *owner, const struct sockaddr *name, socklen_t length)
{
	return listener_open(&listener, &loop, owner, name, length, on_connected);
}

/* Listens at @text, dials, accepts. Returns the accepted descriptor. */
static int accepted(const char *text)
{
	struct sockaddr_storage name = { 0 };
	socklen_t length = sizeof(name);
	struct address address;
	char error[256];
	uv_os_fd_t fd;

	uv_loop_init(&loop);
	assert_int_equal(address_parse(&address, text, error, sizeof(error)), 0);
	assert_int_equal(address_each(&address, open_one, &address, error, sizeof(error)), 0);
	assert_int_equal(uv_fileno((uv_handle_t *)&listener.handle, &fd), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	dialled = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(dialled, (struct sockaddr *)&name, length), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_fileno((uv_handle_t *)&stream.tcp, &fd), 0);
	return fd;
}

static void done(void)
{
	stream_close(&stream);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(dialled);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

/* Small messages leave at once, and who vanished is noticed in 20 s. */
static void quirk_8_options_of_accepted_sockets(void **state)
{
	int fd = accepted("127.0.0.1:0");

	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE) +
				 option(fd, IPPROTO_TCP, TCP_KEEPINTVL) *
					 option(fd, IPPROTO_TCP, TCP_KEEPCNT),
			 20);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
	done();
}

/* The first probe, and those after it, have room within the time. */
static void the_shortest_timeout(void **state)
{
	int fd;

	dead_s = 5;
	fd = accepted("127.0.0.1:0");
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 2);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000);
	done();
	dead_s = 20;
}

static void quirk_25_any_stream_has_a_name(void **state)
{
	char path[64], listen[80], want[64];

	accepted("127.0.0.1:0");
	assert_memory_equal(stream.peer, "127.0.0.1:", 10);
	done();
	snprintf(path, sizeof(path), "/tmp/suburb-stream.%d", getpid());
	snprintf(listen, sizeof(listen), "unix:%s", path);
	snprintf(want, sizeof(want), "unix:pid=%d,uid=%u", getpid(), getuid());
	accepted(listen);
	assert_string_equal(stream.peer, want);
	done();
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quirk_8_options_of_accepted_sockets),
		cmocka_unit_test(the_shortest_timeout),
		cmocka_unit_test(quirk_25_any_stream_has_a_name),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
