// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "patience.h"
#include "urbs.h"

/* The module lies beside the program. */
static int load(void)
{
	char path[PATH_MAX + 32] = "";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	int fd, ret;

	if (n < 0)
		return -1;
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "suburb_urbs.ko");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return ret && errno != EEXIST ? -1 : 0;
}

void urbs_require(void)
{
	if (access(URBS_NODE, F_OK) == 0 || load() == 0)
		return;
	printf("Bail out! suburb_urbs.ko cannot be loaded: %s\n", strerror(errno));
	fflush(stdout);
	_exit(1);
}

void urbs_init(struct urbs_call *call, struct session *s, __u8 endpoint, __u32 length)
{
	memset(call, 0, sizeof(*call));
	memset(call->data, URBS_GUARD, sizeof(call->data));
	call->arg.busnum = s->st.busnum;
	call->arg.devnum = s->st.devnum;
	call->arg.endpoint = endpoint;
	call->arg.asap = 1;
	call->arg.interval = s->a.speed >= SUBURB_SPEED_HIGH ? 8 : 1;
	call->arg.length = length;
	call->arg.timeout_ms = 5000;
	call->arg.packets = (uintptr_t)call->packets;
	call->arg.buffer = (uintptr_t)call->data;
}

void urbs_add(struct urbs_call *call, __u32 offset, __u32 length)
{
	struct urbs_packet *p = &call->packets[call->arg.number_of_packets++];

	p->offset = offset;
	p->length = length;
}

static void *run(void *data)
{
	struct urbs_call *call = data;
	int fd = open(URBS_NODE, O_RDWR | O_CLOEXEC);

	call->ret = ioctl(fd, URBS_IOC_ISO, &call->arg) < 0 ? -errno : 0;
	close(fd);
	return NULL;
}

int urbs_start(struct urbs_call *call)
{
	return -pthread_create(&call->thread, NULL, run, call);
}

bool urbs_done(struct urbs_call *call, int ms)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += patient_ms(ms) / 1000 + 1;
	return pthread_timedjoin_np(call->thread, NULL, &end) == 0;
}
