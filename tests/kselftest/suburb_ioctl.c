// SPDX-License-Identifier: GPL-2.0-only
/*
 * suburb_ioctl - every wrong use of /dev/suburb gets the errno that
 * linux/suburb.h promises, and the right uses that need no device work.
 *
 * No exporter takes part: a socket here is connected to nobody who speaks.
 * What happens to attached devices is for suburb_attach and its siblings.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "remote.h"

#define ROOM 4096 /* for structs larger than the kernel's */

/* --- what all calls have in common ---------------------------------------- */

FIXTURE(call)
{
	int dev;
	__u8 *arg;
};

/* otherwise: the result of the call when nothing but its size is odd */
FIXTURE_VARIANT(call)
{
	unsigned long request;
	size_t size;
	size_t oldest; /* that it had at first, 0: the same */
	int otherwise;
	size_t flags; /* offset of its flags, 0 if it has none */
};

FIXTURE_VARIANT_ADD(call, info)
{
	.request = SUBURB_IOC_INFO,
	.size = sizeof(struct suburb_info),
	.oldest = offsetof(struct suburb_info, digest_errors),
};

FIXTURE_VARIANT_ADD(call, attach)
{
	.request = SUBURB_IOC_ATTACH,
	.size = sizeof(struct suburb_attach),
	.otherwise = -EBADF,
	.flags = offsetof(struct suburb_attach, flags),
};

FIXTURE_VARIANT_ADD(call, detach)
{
	.request = SUBURB_IOC_DETACH,
	.size = sizeof(struct suburb_detach),
	.otherwise = -ENODEV,
	.flags = offsetof(struct suburb_detach, flags),
};

FIXTURE_VARIANT_ADD(call, list)
{
	.request = SUBURB_IOC_LIST,
	.size = sizeof(struct suburb_list),
	.flags = offsetof(struct suburb_list, flags),
};

FIXTURE_VARIANT_ADD(call, status)
{
	.request = SUBURB_IOC_STATUS,
	.size = sizeof(struct suburb_status),
	.oldest = offsetof(struct suburb_status, digests),
	.otherwise = -ENODEV,
	.flags = offsetof(struct suburb_status, flags),
};

FIXTURE_SETUP(call)
{
	struct suburb_attach a;

	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	self->arg = calloc(1, ROOM);
	ASSERT_NE(NULL, self->arg);
	if (variant->request == SUBURB_IOC_ATTACH) {
		remote_attach_init(&a, -1, 3, 1);
		memcpy(self->arg, &a, sizeof(a));
	}
	if (variant->request == SUBURB_IOC_DETACH)
		((struct suburb_detach *)self->arg)->port = 9999;
	if (variant->request == SUBURB_IOC_STATUS)
		((struct suburb_status *)self->arg)->port = 9999;
	*(__u32 *)self->arg = variant->size;
}

FIXTURE_TEARDOWN(call)
{
	free(self->arg);
	close(self->dev);
}

TEST_F(call, right_size)
{
	EXPECT_EQ(variant->otherwise, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, size_zero)
{
	*(__u32 *)self->arg = 0;
	EXPECT_EQ(-EINVAL, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, size_too_small)
{
	*(__u32 *)self->arg = (variant->oldest ?: variant->size) - 1;
	EXPECT_EQ(-EINVAL, remote_call(self->dev, variant->request, self->arg));
}

/* What an older program has no room for is not written. */
TEST_F(call, size_of_an_older_program)
{
	size_t i;

	if (!variant->oldest)
		return;
	memset(self->arg + variant->oldest, 0xee, 64);
	*(__u32 *)self->arg = variant->oldest;
	EXPECT_EQ(variant->otherwise, remote_call(self->dev, variant->request, self->arg));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0xee, (__u8)self->arg[variant->oldest + i]);
}

TEST_F(call, larger_with_zero_tail)
{
	*(__u32 *)self->arg = variant->size + 64;
	EXPECT_EQ(variant->otherwise, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, larger_with_unknown_field)
{
	*(__u32 *)self->arg = variant->size + 64;
	self->arg[variant->size + 63] = 1;
	EXPECT_EQ(-E2BIG, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, size_absurd)
{
	*(__u32 *)self->arg = 0xffffffff;
	EXPECT_EQ(-E2BIG, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, unknown_flag)
{
	if (!variant->flags)
		return; /* INFO has none */
	*(__u32 *)(self->arg + variant->flags) = 0x80000000;
	EXPECT_EQ(-EINVAL, remote_call(self->dev, variant->request, self->arg));
}

TEST_F(call, bad_pointer)
{
	EXPECT_EQ(-EFAULT, remote_call(self->dev, variant->request, NULL));
	EXPECT_EQ(-EFAULT, remote_call(self->dev, variant->request, (void *)~0xfffUL));
}

/* The size says that the struct goes on where no memory is. */
TEST_F(call, struct_across_a_hole)
{
	__u8 *map = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	__u8 *at = map + ROOM - variant->size / 2;

	ASSERT_NE(MAP_FAILED, (void *)map);
	munmap(map + ROOM, ROOM);
	memcpy(at, self->arg, variant->size / 2);
	EXPECT_EQ(-EFAULT, remote_call(self->dev, variant->request, at));
	munmap(map, ROOM);
}

/* --- attach --------------------------------------------------------------- */

FIXTURE(attach)
{
	int dev;
	int sv[2];
	struct suburb_attach a;
};

FIXTURE_SETUP(attach)
{
	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sv));
	remote_attach_init(&self->a, self->sv[0], 3, 0x10001);
}

FIXTURE_TEARDOWN(attach)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->dev);
}

/* The result of attaching with @self->a; a success is undone. */
static int try_attach(FIXTURE_DATA(attach) *self)
{
	int ret = remote_call(self->dev, SUBURB_IOC_ATTACH, &self->a);

	if (!ret)
		remote_detach(self->dev, self->a.port, self->a.id);
	return ret;
}

static int try_socket(FIXTURE_DATA(attach) *self, int fd)
{
	self->a.sockfd = fd;
	return try_attach(self);
}

TEST_F(attach, descriptor_that_is_none)
{
	EXPECT_EQ(-EBADF, try_socket(self, -1));
	EXPECT_EQ(-EBADF, try_socket(self, 987));
}

TEST_F(attach, descriptor_without_socket)
{
	int fd = open("/dev/null", O_RDWR), pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-ENOTSOCK, try_socket(self, fd));
	EXPECT_EQ(-ENOTSOCK, try_socket(self, pipes[0]));
	EXPECT_EQ(-ENOTSOCK, try_socket(self, self->dev));
}

TEST_F(attach, datagram_sockets)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0), dgram[2], seq[2];

	ASSERT_LE(0, udp);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, seq));
	EXPECT_EQ(-EPROTOTYPE, try_socket(self, udp));
	EXPECT_EQ(-EPROTOTYPE, try_socket(self, dgram[0]));
	EXPECT_EQ(-EPROTOTYPE, try_socket(self, seq[0]));
}

TEST_F(attach, unconnected_socket)
{
	int tcp = socket(AF_INET, SOCK_STREAM, 0), un = socket(AF_UNIX, SOCK_STREAM, 0);

	EXPECT_EQ(-ENOTCONN, try_socket(self, tcp));
	EXPECT_EQ(-ENOTCONN, try_socket(self, un));
}

TEST_F(attach, listening_socket)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr un = { .sa_family = AF_UNIX };
	int tcp = socket(AF_INET6, SOCK_STREAM, 0), u = socket(AF_UNIX, SOCK_STREAM, 0);

	ASSERT_EQ(0, bind(tcp, (void *)&any, sizeof(any)));
	ASSERT_EQ(0, listen(tcp, 1));
	ASSERT_EQ(0, bind(u, &un, sizeof(un.sa_family)));
	ASSERT_EQ(0, listen(u, 1));
	EXPECT_EQ(-ENOTCONN, try_socket(self, tcp));
	EXPECT_EQ(-ENOTCONN, try_socket(self, u));
}

TEST_F(attach, quirk_33_speed)
{
	static const __u32 bad[] = { 0, 4, 7, 99, 0xffffffff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->a.speed = bad[i];
		EXPECT_EQ(-EPROTONOSUPPORT, try_attach(self)) {
			TH_LOG("speed %u", bad[i]);
		}
	}
}

TEST_F(attach, label_without_end)
{
	memset(self->a.label, 'x', sizeof(self->a.label));
	EXPECT_EQ(-EINVAL, try_attach(self));
}

TEST_F(attach, label_with_control_characters)
{
	static const char *const bad[] = { "a\nb", "a\tb", "\033[31mred", "\x7f", "\x01" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strcpy(self->a.label, bad[i]);
		EXPECT_EQ(-EINVAL, try_attach(self)) {
			TH_LOG("label %zu", i);
		}
	}
}

TEST_F(attach, cookie_longer_than_its_room)
{
	self->a.cookie_size = SUBURB_COOKIE_SIZE + 1;
	EXPECT_EQ(-EINVAL, try_attach(self));
}

TEST_F(attach, patience_without_end)
{
	self->a.unlink_ms = SUBURB_UNLINK_MS_MOST + 1;
	EXPECT_EQ(-EINVAL, try_attach(self));
	self->a.unlink_ms = SUBURB_UNLINK_MS_MOST;
	EXPECT_EQ(0, try_attach(self));
}

/* Each field that a later version may use is refused now. */
TEST_F(attach, unknown_features)
{
	self->a.features = 1ULL << 63;
	EXPECT_EQ(-EINVAL, try_attach(self));
}

TEST_F(attach, reserved_fields)
{
	static const size_t fields[] = {
		offsetof(struct suburb_attach, session),
		offsetof(struct suburb_attach, token),
		offsetof(struct suburb_attach, token) + 15,
		offsetof(struct suburb_attach, grace_ms),
		offsetof(struct suburb_attach, keepalive_ms),
		offsetof(struct suburb_attach, largest_transfer),
		offsetof(struct suburb_attach, reserved),
		offsetof(struct suburb_attach, reserved) + 11,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		((__u8 *)&self->a)[fields[i]] = 1;
		EXPECT_EQ(-EINVAL, try_attach(self)) {
			TH_LOG("byte %zu of struct suburb_attach", fields[i]);
		}
		((__u8 *)&self->a)[fields[i]] = 0;
	}
	EXPECT_EQ(0, try_attach(self));
}

/* A refused attach leaves the socket as it was. */
TEST_F(attach, refused_then_right)
{
	char byte = 0;

	self->a.speed = 4;
	EXPECT_EQ(-EPROTONOSUPPORT, try_attach(self));
	EXPECT_EQ(1, write(self->sv[1], "x", 1));
	EXPECT_EQ(1, read(self->sv[0], &byte, 1));
	EXPECT_EQ('x', byte);
	self->a.speed = 3;
	EXPECT_EQ(0, try_attach(self));
}

/* --- detach, list, status, info ------------------------------------------- */

FIXTURE(node)
{
	int dev;
};

FIXTURE_SETUP(node)
{
	self->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(node)
{
	close(self->dev);
}

TEST_F(node, info)
{
	struct suburb_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_INFO, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(SUBURB_ABI_VERSION, info.version);
	EXPECT_EQ(SUBURB_FEATURE_STREAMS | SUBURB_FEATURE_DIGEST, info.features);
	EXPECT_LE(1, info.controllers);
}

/* Of the larger struct of a newer program, what this kernel knows not is 0. */
TEST_F(node, info_for_newer_program)
{
	struct {
		struct suburb_info info;
		__u64 later[8];
	} arg = { .info.size = sizeof(arg) };

	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_INFO, &arg));
	EXPECT_EQ(SUBURB_ABI_VERSION, arg.info.version);
	EXPECT_EQ(0, arg.later[0]);
	EXPECT_EQ(0, arg.later[7]);
}

TEST_F(node, no_such_call)
{
	struct suburb_info info = { .size = sizeof(info) };

	EXPECT_EQ(-ENOTTY, remote_call(self->dev, _IOWR(SUBURB_IOC_MAGIC, 0x7f, info), &info));
	EXPECT_EQ(-ENOTTY, remote_call(self->dev, _IOWR(0x55, 0x00, info), &info));
	EXPECT_EQ(-ENOTTY, remote_call(self->dev, _IOWR(SUBURB_IOC_MAGIC, 0x05, info), &info));
}

/* "The kernel looks at the number only": a constant of another size is the same call. */
TEST_F(node, size_in_the_number)
{
	struct suburb_info info = { .size = sizeof(info) };

	EXPECT_EQ(0, remote_call(self->dev, _IOC(_IOC_READ | _IOC_WRITE, SUBURB_IOC_MAGIC, 0, 4096),
				 &info));
	EXPECT_EQ(SUBURB_ABI_VERSION, info.version);
}

TEST_F(node, detach_of_free_port)
{
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, 9999, 0));
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, 0xffffffff, 0));
	EXPECT_EQ(-ENODEV, remote_detach(self->dev, 9999, 12345));
}

TEST_F(node, detach_reserved)
{
	struct suburb_detach d = { .size = sizeof(d), .port = 9999, .reserved = 1 };

	EXPECT_EQ(-EINVAL, remote_call(self->dev, SUBURB_IOC_DETACH, &d));
}

TEST_F(node, status_reserved)
{
	struct suburb_status st = { .size = sizeof(st), .port = 9999, .reserved = 1 };

	EXPECT_EQ(-EINVAL, remote_call(self->dev, SUBURB_IOC_STATUS, &st));
}

TEST_F(node, status_of_unknown_id)
{
	struct suburb_status st;

	EXPECT_EQ(-ENODEV, remote_status(self->dev, ~0ULL, &st));
}

TEST_F(node, list_to_bad_pointer)
{
	struct suburb_attach a;
	struct suburb_list l = { .size = sizeof(l), .ports = 8, .capacity = 16 };
	int sv[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	remote_attach_init(&a, sv[0], 3, 1);
	ASSERT_EQ(0, remote_call(self->dev, SUBURB_IOC_ATTACH, &a));
	EXPECT_EQ(-EFAULT, remote_call(self->dev, SUBURB_IOC_LIST, &l));
	EXPECT_EQ(0, remote_detach(self->dev, a.port, a.id));
}

TEST_F(node, nothing_to_read_or_write)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->dev, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->dev, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

/* --- who may -------------------------------------------------------------- */

TEST(read_only_descriptor)
{
	struct suburb_info info = { .size = sizeof(info) };
	struct suburb_status st;
	struct suburb_attach a;
	struct suburb_list l;
	int dev = open(REMOTE_NODE, O_RDONLY | O_CLOEXEC), sv[2];

	ASSERT_LE(0, dev);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	remote_attach_init(&a, sv[0], 3, 1);
	EXPECT_EQ(-EPERM, remote_call(dev, SUBURB_IOC_ATTACH, &a));
	EXPECT_EQ(-EPERM, remote_detach(dev, 9999, 0));
	EXPECT_EQ(0, remote_call(dev, SUBURB_IOC_INFO, &info));
	EXPECT_EQ(0, remote_generation(dev, &l));
	EXPECT_EQ(-ENODEV, remote_status(dev, ~0ULL, &st));
}

TEST(normal_user)
{
	int status;
	pid_t pid;

	if (getuid() != 0)
		SKIP(return, "not root");
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		if (open(REMOTE_NODE, O_RDWR) >= 0 || errno != EACCES)
			_exit(2);
		if (open(REMOTE_NODE, O_RDONLY) >= 0 || errno != EACCES)
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

int main(int argc, char **argv)
{
	remote_require();
	return test_harness_run(argc, argv);
}
