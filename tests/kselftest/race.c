// SPDX-License-Identifier: GPL-2.0-only
/*
 * race - everything that can be done to attached devices, at the same time
 *
 *   race HOST SECONDS SEED BUSID...
 *
 * Processes attach the exporter's devices and cut their links; detach whatever
 * is there; ask for status; send URBs, unlink them, reset; suspend, deconfigure
 * and remove devices by sysfs; read and write what drivers made of them. Nothing
 * is expected to succeed. What has to hold is that each of these returns: a
 * process that has not ended half a minute after the end is told with the place
 * in the kernel where it waits, and makes it exit with 1; so does a thing that was
 * never done.
 *
 * soak_race.sh adds what this cannot do: it unloads the module, stops the
 * exporter, unplugs. /dev/suburb is opened for each step, so that unloading finds
 * it closed now and then. Prints how often each thing was done.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "import.h"
#include "remote.h"
#include "usbfs.h"

#define URBS 8
#define GRACE_MS 30000

static const char *host;
static char **busids;
static int busid_count;
static unsigned int random_state;

static unsigned int below(unsigned int bound)
{
	random_state = random_state * 1664525 + 1013904223;
	return (unsigned long long)random_state * bound >> 32;
}

static void pause_us(unsigned int most)
{
	usleep(below(most) + 1);
}

static int open_dev(void)
{
	int dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);

	if (dev < 0)
		usleep(20000); /* unloaded */
	return dev;
}

/* Some device that is attached now. */
static bool some_remote(int dev, struct suburb_status *st)
{
	__u32 ports[256];
	struct suburb_list l = { .size = sizeof(l), .ports = (uintptr_t)ports, .capacity = 256 };

	if (remote_call(dev, SUBURB_IOC_LIST, &l) || !l.count)
		return false;
	memset(st, 0, sizeof(*st));
	st->size = sizeof(*st);
	st->port = ports[below(l.count < 256 ? l.count : 256)];
	return remote_call(dev, SUBURB_IOC_STATUS, st) == 0;
}

static bool find_remote(struct suburb_status *st)
{
	int dev = open_dev();
	bool found = dev >= 0 && some_remote(dev, st);

	if (dev >= 0)
		close(dev);
	if (!found)
		usleep(10000);
	return found;
}

/* --- attach, cut, detach, look -------------------------------------------- */

/* Each returns true if it did something. */

static bool attach_one(void)
{
	struct suburb_attach a;
	struct import import;
	int dev, ret;

	if (import_device(&import, host, busids[below(busid_count)])) {
		usleep(20000);
		return false;
	}
	remote_attach_init(&a, import.fd, import.speed, import.devid);
	dev = open_dev();
	ret = dev < 0 ? -ENODEV : remote_call(dev, SUBURB_IOC_ATTACH, &a);
	if (dev >= 0)
		close(dev);
	/* A third is cut, at any moment from now on. */
	if (below(3) == 0) {
		pause_us(below(2) ? 2000 : 5000000);
		shutdown(import.fd, below(3));
	}
	close(import.fd);
	return ret == 0;
}

static bool detach_one(void)
{
	struct suburb_status st;
	int dev = open_dev();
	bool done = dev >= 0 && some_remote(dev, &st) &&
		    remote_detach(dev, st.port, below(2) ? st.id : 0) == 0;

	if (dev >= 0)
		close(dev);
	/* Most get the time to become devices that somebody uses. */
	pause_us(below(3) ? 5000000 : 300000);
	return done;
}

static void read_file(const char *directory, const char *name)
{
	char path[512], text[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text)) < 0 && errno == EINTR)
		fprintf(stderr, "race: %s: interrupted\n", path);
	close(fd);
}

/* All of sysfs that the usb_device has. */
static bool look_at_one(void)
{
	struct suburb_status st;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	if (!find_remote(&st))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%u-%u", st.busnum, st.root_port);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_REG)
			read_file(path, entry->d_name);
	closedir(dir);
	pause_us(5000);
	return true;
}

/* --- URBs ----------------------------------------------------------------- */

static void disturb(int usb)
{
	unsigned int endpoint = below(2) ? 0x81 : 0x01;
	int value = below(2);

	switch (below(8)) {
	case 0:
		usbfs_reset(usb);
		break;
	case 1:
		ioctl(usb, USBDEVFS_CLEAR_HALT, &endpoint);
		break;
	case 2:
		usbfs_set_interface(usb, 0, below(2));
		break;
	case 3:
		ioctl(usb, USBDEVFS_SETCONFIGURATION, &value);
		break;
	case 4:
		ioctl(usb, USBDEVFS_ALLOW_SUSPEND);
		break;
	}
}

static bool urbs_of_one(void)
{
	static struct usbdevfs_urb urbs[URBS];
	static __u8 data[URBS][4096];
	static const __u8 endpoints[] = { 0x81, 0x01, 0x82, 0x83, 0x03 };
	struct usbdevfs_disconnect_claim claim = { .interface = 0 };
	struct suburb_status st;
	int usb, i;

	if (!find_remote(&st))
		return false;
	usb = usbfs_open(st.busnum, st.devnum);
	if (usb < 0)
		return false;
	if (usbfs_claim(usb, 0) && below(2))
		ioctl(usb, USBDEVFS_DISCONNECT_CLAIM, &claim);
	memset(urbs, 0, sizeof(urbs));
	for (i = 0; i < URBS; i++)
		usbfs_submit(usb, &urbs[i], USBDEVFS_URB_TYPE_BULK, endpoints[below(5)], data[i],
			     1 << below(13));
	pause_us(below(2) ? 200 : 20000);
	for (i = 0; i < URBS; i++)
		if (below(2))
			ioctl(usb, USBDEVFS_DISCARDURB, &urbs[i]);
	disturb(usb);
	while (below(4) && usbfs_reap(usb, 5))
		;
	close(usb); /* which unlinks the rest */
	return true;
}

/* --- power, configuration, removal by sysfs --------------------------------- */

static bool set_one(void)
{
	static const char *const settings[][2] = {
		{ "power/autosuspend_delay_ms", "0" }, { "power/control", "auto" },
		{ "power/control", "auto" },	       { "power/control", "on" },
		{ "authorized", "0" },		       { "authorized", "1" },
		{ "bConfigurationValue", "0" },	       { "bConfigurationValue", "1" },
		{ "remove", "1" },
	};
	const char *const *setting = settings[below(below(4) ? 4 : 9)];
	struct suburb_status st;
	char path[96];
	ssize_t n;
	int fd;

	if (!find_remote(&st))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%u-%u/%s", st.busnum, st.root_port,
		 setting[0]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, setting[1], strlen(setting[1]));
	close(fd);
	pause_us(20000);
	return n > 0;
}

/* --- what drivers made of them --------------------------------------------- */

static void make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

/* The name of something that a driver made of the device; disks are only read. */
static bool find_node(char *path, size_t size, int *flags)
{
	static const char *const patterns[] = { "host*/target*/*/block/sd*", "tty/tty*",
						"*/input/input*/event*", "*/hidraw/hidraw*" };
	static const char *const folders[] = { "/dev", "/dev", "/dev/input", "/dev" };
	unsigned int kind = below(4);
	struct suburb_status st;
	char pattern[128];
	glob_t found;

	if (!find_remote(&st))
		return false;
	snprintf(pattern, sizeof(pattern), "/sys/bus/usb/devices/%u-%u/%u-%u:*/%s", st.busnum,
		 st.root_port, st.busnum, st.root_port, patterns[kind]);
	if (glob(pattern, 0, NULL, &found))
		return false;
	snprintf(path, size, "%s%s", folders[kind], strrchr(found.gl_pathv[0], '/'));
	globfree(&found);
	*flags = (kind ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	return true;
}

static bool use_a_node(void)
{
	struct pollfd p = { .events = POLLIN };
	char path[64], data[512] = { 0 };
	int flags, fd;
	bool done;

	if (!find_node(path, sizeof(path), &flags))
		return false;
	fd = open(path, flags);
	if (fd < 0)
		return false;
	make_raw(fd);
	done = write(fd, data, sizeof(data)) > 0;
	p.fd = fd;
	poll(&p, 1, 5);
	done |= read(fd, data, sizeof(data)) > 0;
	close(fd);
	pause_us(5000);
	return done;
}

/* --- all of it ------------------------------------------------------------ */

static const struct role {
	const char *name;
	bool (*step)(void);
	int processes;
} roles[] = {
	{ "attached", attach_one, 3 },	   { "detached", detach_one, 1 },
	{ "looked at", look_at_one, 1 },   { "sent URBs to", urbs_of_one, 2 },
	{ "changed by sysfs", set_one, 1 }, { "used by its driver", use_a_node, 1 },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))
#define MOST 16

static pid_t pids[MOST];
static const struct role *role_of[MOST];

static void start(const struct role *role, int number, long long end, unsigned long *done)
{
	pid_t pid = fork();

	if (pid) {
		pids[number] = pid;
		role_of[number] = role;
		return;
	}
	random_state += number * 2654435761u;
	while (now_ms() < end)
		if (role->step())
			__atomic_fetch_add(done, 1, __ATOMIC_RELAXED);
	_exit(0);
}

static void tell_stuck(int number)
{
	char path[64], text[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", pids[number]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	printf("# stuck: what is %s; it waits in\n%s", role_of[number]->name, text);
}

/* False if one of them does not end. */
static bool all_end(int count, long long end)
{
	bool good = true;
	int i;

	for (i = 0; i < count; i++) {
		while (waitpid(pids[i], NULL, WNOHANG) == 0 && now_ms() < end + GRACE_MS)
			usleep(50000);
		if (kill(pids[i], 0) == 0) {
			tell_stuck(i);
			kill(pids[i], SIGKILL);
			good = false;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	unsigned long *done;
	int count = 0, i;
	long long end;
	size_t role;
	bool good;

	if (argc < 5) {
		fprintf(stderr, "usage: race HOST SECONDS SEED BUSID...\n");
		return 2;
	}
	host = argv[1];
	end = now_ms() + atoi(argv[2]) * 1000LL;
	random_state = atoi(argv[3]);
	busids = argv + 4;
	busid_count = argc - 4;
	done = mmap(NULL, ROLES * sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	for (role = 0; role < ROLES; role++)
		for (i = 0; i < roles[role].processes; i++)
			start(&roles[role], count++, end, &done[role]);
	good = all_end(count, end);
	printf("# %s s:", argv[2]);
	for (role = 0; role < ROLES; role++) {
		printf("%s %lu %s", role ? "," : "", done[role], roles[role].name);
		good &= done[role] != 0;
	}
	printf("\n");
	return good ? 0 : 1;
}
