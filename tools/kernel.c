// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls to the suburb-hcd module, and what its errors mean to a person.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"

#define DEVICE "/dev/suburb"
#define MODULE "suburb-hcd"

/* --- opening -------------------------------------------------------------- */

/* Tries; whether it helped is seen when the device is opened. */
static void load_module(void)
{
	char *argv[] = { "modprobe", "-q", MODULE, NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, "/sbin/modprobe", &actions, NULL, argv, envp) == 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
}

/* Its group is the one that system/suburb.rules gives it, or what else root chose. */
static int no_permission(int error, struct failure *failure)
{
	const struct group *group = NULL;
	struct stat node;

	if (stat(DEVICE, &node) == 0 && node.st_gid && (node.st_mode & 0060) == 0060)
		group = getgrgid(node.st_gid);
	if (group)
		return failure_set(failure, -error,
				   "no permission to open " DEVICE
				   ": become a member of the group %s (as root: usermod -aG %s "
				   "NAME) and log in again, or run as root",
				   group->gr_name, group->gr_name);
	return failure_set(failure, -error,
			   "no permission to open " DEVICE
			   ": run as root, or let udev give it to a group (see suburb(1), FILES)");
}

static int open_failed(int error, struct failure *failure)
{
	switch (error) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return failure_set(failure, -error,
				   "the " MODULE " module is not loaded: run 'modprobe " MODULE
				   "' as root");
	case EACCES:
	case EPERM:
		return no_permission(error, failure);
	default:
		return failure_set(failure, -error, "cannot open " DEVICE ": %s", strerror(error));
	}
}

static int ask_module(int fd, struct suburb_info *info, struct failure *failure)
{
	*info = (struct suburb_info){ .size = sizeof(*info) };
	if (ioctl(fd, SUBURB_IOC_INFO, info) == 0)
		return 0;
	return failure_set(failure, -errno,
			   DEVICE " does not answer as the " MODULE " module does: %s",
			   strerror(errno));
}

static int check_module(int fd, struct failure *failure)
{
	struct suburb_info info;
	int ret = ask_module(fd, &info, failure);

	if (ret)
		return ret;
	if (info.version < SUBURB_ABI_VERSION)
		return failure_set(failure, -EPROTO,
				   "the " MODULE
				   " module is too old: it speaks version %u, this tool %d",
				   info.version, SUBURB_ABI_VERSION);
	return 0;
}

int kernel_open(enum kernel_access access, struct failure *failure)
{
	int flags = (access == KERNEL_LOOK ? O_RDONLY : O_RDWR) | O_CLOEXEC;
	int fd = open(DEVICE, flags);
	int ret;

	if (fd < 0 && errno == ENOENT && access == KERNEL_LOAD && geteuid() == 0) {
		load_module();
		fd = open(DEVICE, flags);
	}
	if (fd < 0)
		return open_failed(errno, failure);
	ret = check_module(fd, failure);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

/* --- calls ---------------------------------------------------------------- */

int kernel_features(int fd, uint64_t *features, struct failure *failure)
{
	struct suburb_info info;
	int ret = ask_module(fd, &info, failure);

	*features = info.features;
	return ret;
}

int kernel_attach(int fd, struct suburb_attach *attach, struct failure *failure)
{
	attach->size = sizeof(*attach);
	if (ioctl(fd, SUBURB_IOC_ATTACH, attach) == 0)
		return 0;
	switch (errno) {
	case EPERM:
		return failure_set(failure, -EPERM, "no permission to attach devices: run as root");
	case EPROTONOSUPPORT:
		return failure_set(failure, -EPROTONOSUPPORT,
				   "the " MODULE " module does not support speed %u",
				   attach->speed);
	case ENOTCONN:
		return failure_set(failure, -ENOTCONN,
				   "the exporter closed the connection right after the handshake");
	case ENOSPC:
		return failure_set(failure, -ENOSPC,
				   "the kernel has no room for another controller");
	default:
		return failure_set(failure, -errno, "the kernel refuses to attach it: %s",
				   strerror(errno));
	}
}

int kernel_detach(int fd, uint32_t port, uint64_t id, struct failure *failure)
{
	struct suburb_detach detach = { .size = sizeof(detach), .port = port, .id = id };

	if (ioctl(fd, SUBURB_IOC_DETACH, &detach) == 0)
		return 0;
	switch (errno) {
	case ENODEV:
		return failure_set(failure, -ENODEV,
				   "nothing is attached to port %u: see 'suburb status'", port);
	case EPERM:
		return failure_set(failure, -EPERM, "no permission to detach devices: run as root");
	default:
		return failure_set(failure, -errno, "cannot detach port %u: %s", port,
				   strerror(errno));
	}
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes what ports points at */
static int list(int fd, uint32_t *ports, size_t capacity, size_t *count, struct failure *failure)
{
	struct suburb_list list = {
		.size = sizeof(list),
		.ports = (uintptr_t)ports,
		.capacity = (uint32_t)capacity,
	};

	if (ioctl(fd, SUBURB_IOC_LIST, &list) < 0)
		return failure_set(failure, -errno, "cannot list the ports in use: %s",
				   strerror(errno));
	*count = list.count;
	return 0;
}

int kernel_ports(int fd, uint32_t **ports, size_t *count, struct failure *failure)
{
	size_t capacity = 0;
	int ret;

	*ports = NULL;
	for (;;) {
		ret = list(fd, *ports, capacity, count, failure);
		if (ret || *count <= capacity)
			break;
		free(*ports);
		capacity = *count + 16; /* more may come meanwhile */
		*ports = calloc(capacity, sizeof(**ports));
		if (!*ports) {
			ret = failure_set(failure, -ENOMEM, "out of memory");
			break;
		}
	}
	if (ret) {
		free(*ports);
		*ports = NULL;
	}
	return ret;
}

int kernel_settle(int fd, struct failure *failure)
{
	size_t count;

	return list(fd, NULL, 0, &count, failure);
}

int kernel_status(int fd, struct suburb_status *status, struct suburb_endpoint_status *endpoints,
		  struct failure *failure)
{
	status->size = sizeof(*status);
	status->endpoints = (uintptr_t)endpoints;
	status->endpoints_capacity = endpoints ? KERNEL_ENDPOINTS : 0;
	if (ioctl(fd, SUBURB_IOC_STATUS, status) == 0)
		return 0;
	if (errno == ENODEV)
		return failure_set(failure, -ENODEV, "nothing is attached to port %u",
				   status->port);
	return failure_set(failure, -errno, "cannot ask for the status of port %u: %s",
			   status->port, strerror(errno));
}

int kernel_wait(int fd, struct deadline deadline, const sigset_t *mask)
{
	struct pollfd change = { .fd = fd, .events = POLLIN };

	return deadline_poll(&change, 1, deadline, mask);
}

/* --- words ---------------------------------------------------------------- */

const char *kernel_state_name(uint32_t state)
{
	switch (state) {
	case SUBURB_STATE_ATTACHING:
		return "attaching";
	case SUBURB_STATE_ONLINE:
		return "online";
	case SUBURB_STATE_LOST:
		return "lost";
	case SUBURB_STATE_DETACHING:
		return "detaching";
	case SUBURB_STATE_GONE:
		return "gone";
	default:
		return "unknown";
	}
}

void kernel_reason_text(char *text, size_t size, const struct suburb_status *status)
{
	switch (status->reason) {
	case SUBURB_REASON_DETACHED:
		snprintf(text, size, "it was detached");
		break;
	case SUBURB_REASON_CLOSED:
		snprintf(text, size, "the exporter closed the connection");
		break;
	case SUBURB_REASON_LINK:
		snprintf(text, size, "the connection failed: %s",
			 strerror((int)status->link_error));
		break;
	case SUBURB_REASON_PROTOCOL:
		snprintf(text, size,
			 "the exporter broke the protocol: the kernel log names the field");
		break;
	case SUBURB_REASON_DIGEST:
		snprintf(text, size, "a message was damaged on the way");
		break;
	case SUBURB_REASON_UNLOAD:
		snprintf(text, size, "its controller was removed");
		break;
	default:
		snprintf(text, size, "it ended for a reason unknown to this tool (%u)",
			 status->reason);
		break;
	}
}
