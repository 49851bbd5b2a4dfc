// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "patience.h"
#include "remote.h"

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int remote_call(int dev, unsigned long request, void *arg)
{
	return ioctl(dev, request, arg) < 0 ? -errno : 0;
}

void remote_attach_init(struct suburb_attach *a, int sockfd, __u32 speed, __u32 devid)
{
	memset(a, 0, sizeof(*a));
	a->size = sizeof(*a);
	a->sockfd = sockfd;
	a->speed = speed;
	a->devid = devid;
	strcpy(a->label, "kselftest 1-1");
}

int remote_status(int dev, __u64 id, struct suburb_status *st)
{
	memset(st, 0, sizeof(*st));
	st->size = sizeof(*st);
	st->id = id;
	return remote_call(dev, SUBURB_IOC_STATUS, st);
}

int remote_detach(int dev, __u32 port, __u64 id)
{
	struct suburb_detach d = { .size = sizeof(d), .port = port, .id = id };

	return remote_call(dev, SUBURB_IOC_DETACH, &d);
}

int remote_generation(int dev, struct suburb_list *l)
{
	memset(l, 0, sizeof(*l));
	l->size = sizeof(*l);
	return remote_call(dev, SUBURB_IOC_LIST, l);
}

int remote_wait_state(int dev, __u64 id, __u32 state, struct suburb_status *st)
{
	long long end = now_ms() + patient_ms(REMOTE_WAIT_MS);
	int ret;

	do {
		ret = remote_status(dev, id, st);
		if (ret || st->state == state)
			return ret;
		usleep(20000);
	} while (now_ms() < end);
	return -ETIMEDOUT;
}

int remote_poll(int dev, int ms)
{
	struct pollfd p = { .fd = dev, .events = POLLIN };

	return poll(&p, 1, patient_ms(ms)) == 1 && (p.revents & POLLIN);
}

const char *remote_sysfs(const struct suburb_status *st, const char *file)
{
	static char text[256];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%u-%u/%s", st->busnum, st->root_port,
		 file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "";
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void remote_require(void)
{
	if (access(REMOTE_NODE, F_OK) == 0)
		return;
	printf("TAP version 13\n1..0 # SKIP %s is not there: load suburb-hcd\n", REMOTE_NODE);
	fflush(stdout);
	_exit(4);
}
