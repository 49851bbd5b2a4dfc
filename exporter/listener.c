// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A socket that is listened on. See listener.h.
 *
 * libuv's TCP handle takes any stream socket (uv_tcp_open()), so from here on
 * there is one kind of listener and one kind of connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"

#define BACKLOG 128

static int make_socket(const struct sockaddr *name)
{
	int one = 1;
	int fd = socket(name->sa_family, SOCK_STREAM, 0);

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (name->sa_family == AF_INET || name->sa_family == AF_INET6)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (name->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return fd;
}

static int bind_and_listen(struct listener *listener, int fd, const struct sockaddr *name,
			   socklen_t length, mode_t mode)
{
	const struct sockaddr_un *file = (const void *)name;

	if (name->sa_family == AF_UNIX)
		return socket_file_listen(&listener->file, fd, file->sun_path, mode, BACKLOG);
	if (bind(fd, name, length) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int listener_open(struct listener *listener, uv_loop_t *loop, const struct address *address,
		  const struct sockaddr *name, socklen_t length, uv_connection_cb connected)
{
	int fd, ret;

	listener->file = (struct socket_file){ 0 };
	uv_tcp_init(loop, &listener->handle);
	fd = make_socket(name);
	if (fd < 0)
		return fd;
	ret = bind_and_listen(listener, fd, name, length, address->mode);
	if (ret == 0)
		ret = uv_tcp_open(&listener->handle, fd);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return uv_listen((uv_stream_t *)&listener->handle, BACKLOG, connected);
}

void listener_close(struct listener *listener, uv_close_cb closed)
{
	uv_close((uv_handle_t *)&listener->handle, closed); /* its socket, at once */
	socket_file_remove(&listener->file);
}

/* --- telling -------------------------------------------------------------- */

void listener_tell(const struct listener *listener)
{
	struct sockaddr_storage name = { 0 };
	socklen_t length = sizeof(name);
	char text[ADDRESS_TEXT_SIZE];
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&listener->handle, &fd) == 0 &&
	    getsockname(fd, (struct sockaddr *)&name, &length) == 0)
		log_info("listening on %s", address_text((struct sockaddr *)&name, text));
}

static const char *explain_unix(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "somebody listens there; stop that (another suburbd?) or take another path";
	case -EEXIST:
		return "a file that is no socket has this name; remove it or choose another path";
	case -ENOENT:
		return "there is no such directory; make it or choose another path";
	case -EACCES:
		return "permission denied; choose a directory that you may write to";
	default:
		return strerror(-error);
	}
}

static const char *explain_vsock(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "somebody listens there; stop that (another suburbd?) or take another port";
	case -EACCES:
		return "permission denied; choose a port above 1023";
	case -EADDRNOTAVAIL:
		return "this machine has no such CID; vsock:PORT is for all that it has";
	case -EAFNOSUPPORT:
		return "this machine has no vsock; load vhost_vsock, or vsock_loopback to try it";
	default:
		return strerror(-error);
	}
}

static const char *explain_inet(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "address already in use; stop what listens there (another suburbd or "
		       "usbipd?) or choose another port with --listen";
	case -EACCES:
		return "permission denied; choose a port above 1023";
	default:
		return strerror(-error);
	}
}

void listener_complain(const struct sockaddr *name, int error)
{
	const char *why = explain_inet(error);
	char text[ADDRESS_TEXT_SIZE];

	if (name->sa_family == AF_UNIX)
		why = explain_unix(error);
	else if (name->sa_family != AF_INET && name->sa_family != AF_INET6)
		why = explain_vsock(error);
	log_error("cannot listen on %s: %s", address_text(name, text), why);
}
