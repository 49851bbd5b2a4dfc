// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include "pair.h"

static socklen_t name_tcp4(void *name)
{
	struct sockaddr_in *in = name;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static socklen_t name_tcp6(void *name)
{
	struct sockaddr_in6 *in6 = name;

	in6->sin6_family = AF_INET6;
	in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static socklen_t name_unix(void *name)
{
	struct sockaddr_un *un = name;

	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "/tmp/suburb-links.%d", getpid());
	unlink(un->sun_path);
	return sizeof(*un);
}

static socklen_t name_vsock(void *name)
{
	struct sockaddr_vm *vm = name;

	vm->svm_family = AF_VSOCK;
	vm->svm_cid = VMADDR_CID_LOCAL;
	vm->svm_port = VMADDR_PORT_ANY;
	return sizeof(*vm);
}

static int dial(int protocol, struct sockaddr_storage *name, socklen_t length, int sv[2])
{
	int listener = socket(name->ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	struct sockaddr *any = (struct sockaddr *)name;

	sv[1] = socket(name->ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (listener < 0 || sv[1] < 0 || bind(listener, any, length) || listen(listener, 1) ||
	    getsockname(listener, any, &length) || connect(sv[1], any, length))
		return -errno;
	sv[0] = accept(listener, NULL, NULL);
	close(listener);
	return sv[0] < 0 ? -errno : 0;
}

int pair_open(enum pair_kind kind, int sv[2])
{
	struct sockaddr_storage name = {};
	int ret;

	switch (kind) {
	case PAIR_TCP4:
		return dial(0, &name, name_tcp4(&name), sv);
	case PAIR_TCP6:
		return dial(0, &name, name_tcp6(&name), sv);
	case PAIR_MPTCP:
		return dial(IPPROTO_MPTCP, &name, name_tcp4(&name), sv);
	case PAIR_VSOCK:
		return dial(0, &name, name_vsock(&name), sv);
	case PAIR_UNIX:
		ret = dial(0, &name, name_unix(&name), sv);
		unlink(((struct sockaddr_un *)&name)->sun_path);
		return ret;
	default:
		return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) ? -errno : 0;
	}
}
