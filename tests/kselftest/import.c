// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <suburb/wire.h>

#include "import.h"
#include "remote.h"

static int set_patience(int fd, int seconds)
{
	struct timeval patience = { .tv_sec = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static int dial(const char *host)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, one = 1, ret = 0;

	if (getaddrinfo(host, "3240", &hints, &found))
		return -EHOSTUNREACH;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		ret = -errno;
	freeaddrinfo(found);
	if (ret) {
		if (fd >= 0)
			close(fd);
		return ret;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_patience(fd, 10);
	return fd;
}

static int receive(int fd, void *bytes, size_t size)
{
	ssize_t n = recv(fd, bytes, size, MSG_WAITALL);

	if (n < 0)
		return -errno;
	return n == (ssize_t)size ? 0 : -ECONNRESET;
}

static int ask(int fd, const char *busid)
{
	struct {
		struct suburb_wire_op op;
		struct suburb_wire_busid busid;
	} request;

	suburb_put_op(&request.op, SUBURB_OP_REQ_IMPORT, 0);
	suburb_put_busid(&request.busid, busid);
	return send(fd, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request) ? 0 : -errno;
}

static int answered(int fd, struct suburb_device *device)
{
	__u8 bytes[sizeof(struct suburb_wire_device)];
	struct suburb_op op;
	int ret = receive(fd, bytes, sizeof(struct suburb_wire_op));

	if (ret)
		return ret;
	if (suburb_get_op(bytes, sizeof(struct suburb_wire_op), &op) < 0)
		return -EPROTO;
	if (op.status)
		return op.status == SUBURB_OP_DEV_BUSY ? -EBUSY : -ENODEV;
	ret = receive(fd, bytes, sizeof(bytes));
	if (ret)
		return ret;
	return suburb_get_device(bytes, sizeof(bytes), device) < 0 ? -EPROTO : 0;
}

int import_device(struct import *import, const char *host, const char *busid)
{
	struct suburb_device device;
	int fd = dial(host);
	int ret;

	if (fd < 0)
		return fd;
	ret = ask(fd, busid);
	if (!ret)
		ret = answered(fd, &device);
	if (ret) {
		close(fd);
		return ret;
	}
	set_patience(fd, 0);
	import->fd = fd;
	import->speed = device.speed;
	import->devid = suburb_devid(device.busnum, device.devnum);
	return 0;
}

int import_free_device(struct import *import, const char *host, const char *busid, int ms)
{
	long long end = now_ms() + ms;
	int ret;

	while ((ret = import_device(import, host, busid)) == -EBUSY && now_ms() < end)
		usleep(10000);
	return ret;
}
