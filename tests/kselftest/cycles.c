// SPDX-License-Identifier: GPL-2.0-only
/*
 * cycles - attach a device, use it, detach it; and again
 *
 *   cycles HOST COUNT WORKERS BLOCKS
 *
 * Each worker is a process and has a loopback device of its own, 99-1 and so on.
 * In a cycle it echoes BLOCKS blocks of 512 bytes; every other time the device is
 * detached with reads pending and usbfs open. Everything has to succeed within
 * its time. Prints how often and how long; exits with 1 if anything failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "import.h"
#include "remote.h"
#include "usbfs.h"

#define BULK_OUT 0x01
#define BULK_IN 0x81
#define INTERRUPT_IN 0x82
#define BLOCK 512
#define PENDING 8
#define TIMEOUT_MS 30000

/* Milliseconds. */
struct tally {
	unsigned long cycles;
	unsigned long long attach_ms, detach_ms;
	long long longest_attach_ms, longest_detach_ms;
};

struct cycle {
	const char *host;
	char busid[16];
	unsigned int number, blocks;
	int dev, usb;
	struct suburb_attach a;
	struct suburb_status st;
};

static int fail(const struct cycle *c, const char *what, int error)
{
	printf("# %s, cycle %u: %s: %s\n", c->busid, c->number, what,
	       error < 0 ? strerror(-error) : "wrong bytes");
	return -1;
}

static int attach(struct cycle *c)
{
	struct import import;
	int ret = import_free_device(&import, c->host, c->busid, TIMEOUT_MS);

	if (ret)
		return fail(c, "import", ret);
	remote_attach_init(&c->a, import.fd, import.speed, import.devid);
	ret = remote_call(c->dev, SUBURB_IOC_ATTACH, &c->a);
	close(import.fd);
	if (ret)
		return fail(c, "attach", ret);
	ret = remote_wait_state(c->dev, c->a.id, SUBURB_STATE_ONLINE, &c->st);
	return ret ? fail(c, "wait until it is online", ret) : 0;
}

/* The node comes a moment after the device. */
static int open_usb(struct cycle *c)
{
	long long end = now_ms() + TIMEOUT_MS;
	int ret;

	do {
		c->usb = usbfs_open(c->st.busnum, c->st.devnum);
		if (c->usb != -ENOENT)
			break;
		usleep(5000);
	} while (now_ms() < end);
	ret = c->usb < 0 ? c->usb : usbfs_claim(c->usb, 0);
	return ret < 0 ? fail(c, "usbfs", ret) : 0;
}

static int echo(struct cycle *c)
{
	__u8 sent[BLOCK], got[BLOCK];
	unsigned int i;
	int ret;

	for (i = 0; i < c->blocks; i++) {
		memset(sent, c->number + i, sizeof(sent));
		memset(got, 0, sizeof(got));
		ret = usbfs_bulk(c->usb, BULK_OUT, sent, BLOCK, TIMEOUT_MS);
		if (ret != BLOCK)
			return fail(c, "write", ret < 0 ? ret : -EIO);
		ret = usbfs_bulk(c->usb, BULK_IN, got, BLOCK, TIMEOUT_MS);
		if (ret != BLOCK)
			return fail(c, "read", ret < 0 ? ret : -EIO);
		if (memcmp(sent, got, BLOCK))
			return fail(c, "read", 0);
	}
	return 0;
}

static int use(struct cycle *c)
{
	static struct usbdevfs_urb urbs[PENDING];
	static __u8 data[PENDING][64];
	int i, ret;

	if (open_usb(c) || echo(c))
		return -1;
	if (c->number % 2)
		return 0;
	memset(urbs, 0, sizeof(urbs));
	for (i = 0; i < PENDING; i++) {
		ret = usbfs_submit(c->usb, &urbs[i], USBDEVFS_URB_TYPE_INTERRUPT, INTERRUPT_IN,
				   data[i], sizeof(data[i]));
		if (ret)
			return fail(c, "submit", ret);
	}
	return 0;
}

static int detach(struct cycle *c)
{
	int ret;

	if (c->number % 2) {
		close(c->usb);
		c->usb = -1;
	}
	ret = remote_detach(c->dev, c->a.port, c->a.id);
	if (ret)
		return fail(c, "detach", ret);
	ret = remote_wait_state(c->dev, c->a.id, SUBURB_STATE_GONE, &c->st);
	if (ret)
		return fail(c, "wait until it is gone", ret);
	if (c->usb >= 0)
		close(c->usb);
	return 0;
}

static void note(long long ms, unsigned long long *sum, long long *longest)
{
	__atomic_fetch_add(sum, ms, __ATOMIC_RELAXED);
	if (ms > *longest) /* of two at a time one may be lost */
		*longest = ms;
}

static int run_cycle(struct cycle *c, struct tally *tally)
{
	long long start = now_ms();

	c->usb = -1;
	if (attach(c))
		return -1;
	note(now_ms() - start, &tally->attach_ms, &tally->longest_attach_ms);
	if (use(c))
		return -1;
	start = now_ms();
	if (detach(c))
		return -1;
	note(now_ms() - start, &tally->detach_ms, &tally->longest_detach_ms);
	__atomic_fetch_add(&tally->cycles, 1, __ATOMIC_RELAXED);
	return 0;
}

static int work(const char *host, int worker, unsigned int count, unsigned int blocks,
		struct tally *tally)
{
	struct cycle c = { .host = host, .blocks = blocks };

	snprintf(c.busid, sizeof(c.busid), "99-%d", worker + 1);
	c.dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	if (c.dev < 0)
		return fail(&c, REMOTE_NODE, -errno);
	for (c.number = 0; c.number < count; c.number++)
		if (run_cycle(&c, tally))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct tally *tally;
	int workers, worker, status, failed = 0;
	unsigned int count;
	long long start;

	if (argc != 5) {
		fprintf(stderr, "usage: cycles HOST COUNT WORKERS BLOCKS\n");
		return 2;
	}
	remote_require();
	workers = atoi(argv[3]);
	count = (atoi(argv[2]) + workers - 1) / workers;
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	start = now_ms();
	for (worker = 0; worker < workers; worker++) {
		if (fork() == 0) {
			status = work(argv[1], worker, count, atoi(argv[4]), tally);
			fflush(stdout);
			_exit(status ? 1 : 0);
		}
	}
	while (wait(&status) > 0)
		failed += status != 0;
	printf("# %lu cycles in %lld s\n", tally->cycles, (now_ms() - start + 500) / 1000);
	if (tally->cycles)
		printf("# attach until online: %llu ms, at most %lld; detach until gone: %llu ms, at most %lld\n",
		       tally->attach_ms / tally->cycles, tally->longest_attach_ms,
		       tally->detach_ms / tally->cycles, tally->longest_detach_ms);
	return failed || !tally->cycles;
}
