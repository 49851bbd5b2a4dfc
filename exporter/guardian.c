// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guardian. See guardian.h.
 *
 * usbfs releases a dead process' interfaces but binds no driver to them. So
 * the guardian does, for exactly those interfaces that had one: USBDEVFS_CONNECT
 * per interface, after the configuration that the device had.
 *
 * The pipe ends a moment before the last claim of a dying process does; until
 * then the kernel answers EBUSY, so it is tried again for a while.
 *
 * On other systems than Linux there is no guardian, for there is no driver to
 * be bound again by hand.
 */
#include <errno.h>
#include <string.h>

#include "guardian.h"
#include "log.h"

#ifdef __linux__

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "suburb-guardian" /* 15 characters: all that the kernel keeps */
#define RETRY_US 100000
#define RETRIES 100

/**
 * struct note - what goes through the pipe
 * @held: false: it was returned
 */
struct note {
	struct libusb_hold hold;
	bool held;
};

struct held_device {
	struct held_device *next;
	struct libusb_hold hold;
};

/* --- giving back ---------------------------------------------------------- */

static bool driver_is_usbfs(int fd, unsigned int interface)
{
	struct usbdevfs_getdriver driver = { .interface = interface };

	return ioctl(fd, USBDEVFS_GETDRIVER, &driver) == 0 && !strcmp(driver.driver, "usbfs");
}

static bool restore_configuration(int fd, const struct libusb_hold *hold)
{
	int value = hold->configuration ? hold->configuration : -1;

	if (!hold->changed)
		return true;
	return ioctl(fd, USBDEVFS_SETCONFIGURATION, &value) == 0 || errno != EBUSY;
}

static bool restore_driver(int fd, unsigned int interface)
{
	struct usbdevfs_ioctl command = {
		.ifno = (int)interface,
		.ioctl_code = USBDEVFS_CONNECT,
	};

	if (ioctl(fd, USBDEVFS_IOCTL, &command) >= 0 || errno != EBUSY)
		return true;
	/* Busy with a driver is what is wanted, unless it is the dead process' claim. */
	return !driver_is_usbfs(fd, interface);
}

/* True if there is no more to do. */
static bool restore(const struct libusb_hold *hold)
{
	char node[64];
	bool done;
	int fd;

	snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", hold->busnum, hold->devnum);
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return true; /* unplugged */
	done = restore_configuration(fd, hold);
	for (unsigned int i = 0; i < 32; i++)
		if (hold->drivers & 1u << i && !restore_driver(fd, i))
			done = false;
	close(fd);
	return done;
}

static void restore_all(struct held_device *list)
{
	for (struct held_device *at = list; at; at = at->next) {
		int tries = RETRIES;

		while (!restore(&at->hold) && --tries)
			usleep(RETRY_US);
		log_warning("suburbd died: device %u of bus %u %s", at->hold.devnum,
			    at->hold.busnum,
			    tries ? "was given back" : "cannot be given back: it is still busy");
	}
}

/* --- the process ---------------------------------------------------------- */

static void forget(struct held_device **list, const struct libusb_hold *hold)
{
	while (*list) {
		struct held_device *device = *list;

		if (device->hold.busnum == hold->busnum && device->hold.devnum == hold->devnum) {
			*list = device->next;
			free(device);
		} else {
			list = &device->next;
		}
	}
}

static void remember(struct held_device **list, const struct libusb_hold *hold)
{
	struct held_device *device = malloc(sizeof(*device));

	if (!device)
		return;
	device->hold = *hold;
	device->next = *list;
	*list = device;
}

static void watch_pipe(int fd)
{
	struct held_device *list = NULL;
	struct note note;
	ssize_t n;

	for (;;) {
		n = read(fd, &note, sizeof(note));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(note))
			break;
		forget(&list, &note.hold);
		if (note.held)
			remember(&list, &note.hold);
	}
	restore_all(list);
	while (list) {
		struct held_device *device = list;

		list = device->next;
		free(device);
	}
}

/* Another name for ps, pkill and pidof. The settings hold copies of all this. */
static void rename_process(int argc, char **argv)
{
	char *end = argv[argc - 1] + strlen(argv[argc - 1]);
	size_t size = (size_t)(end - argv[0]);

	prctl(PR_SET_NAME, NAME);
	memset(argv[0], 0, size);
	if (size >= sizeof(NAME))
		memcpy(argv[0], NAME, sizeof(NAME));
}

/* Nothing else of suburbd's stays open in here, above all no socket. */
static void keep_only(int fd, bool foreground)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!foreground)
		dup2(null, STDERR_FILENO);
	for (int i = STDERR_FILENO + 1; i < 256; i++)
		if (i != fd)
			close(i);
}

static void guard(int fd, int argc, char **argv, bool foreground)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	setsid();
	rename_process(argc, argv);
	keep_only(fd, foreground);
	if (!foreground)
		log_use_syslog();
	watch_pipe(fd);
	_exit(EXIT_SUCCESS);
}

int guardian_start(struct guardian *guardian, int argc, char **argv, bool foreground)
{
	int fd[2];
	int ret;

	guardian->fd = -1;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	guardian->pid = fork();
	if (guardian->pid < 0) {
		ret = -errno;
		close(fd[0]);
		close(fd[1]);
		return ret;
	}
	if (guardian->pid == 0) {
		close(fd[1]);
		guard(fd[0], argc, argv, foreground);
	}
	close(fd[0]);
	/* A guardian that hangs must not make suburbd hang. */
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	guardian->fd = fd[1];
	return 0;
}

/* In any thread: a note is shorter than PIPE_BUF, so it is written whole. */
static void tell(struct guardian *guardian, const struct libusb_hold *hold, bool held)
{
	struct note note;

	if (guardian->fd < 0)
		return;
	memset(&note, 0, sizeof(note));
	note.hold = *hold;
	note.held = held;
	if (write(guardian->fd, &note, sizeof(note)) < 0)
		log_debug("the guardian is gone: %s", strerror(errno));
}

void guardian_stop(struct guardian *guardian)
{
	if (guardian->fd < 0)
		return;
	close(guardian->fd);
	guardian->fd = -1;
	while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

#else

int guardian_start(struct guardian *guardian, int argc, char **argv, bool foreground)
{
	guardian->fd = -1;
	return -ENOTSUP;
}

static void tell(struct guardian *guardian, const struct libusb_hold *hold, bool held)
{
}

void guardian_stop(struct guardian *guardian)
{
}

#endif

static void on_held(void *owner, const struct libusb_hold *hold)
{
	tell(owner, hold, true);
}

static void on_returned(void *owner, const struct libusb_hold *hold)
{
	tell(owner, hold, false);
}

struct libusb_backend_watch guardian_watch(struct guardian *guardian)
{
	return (struct libusb_backend_watch){
		.held = on_held,
		.returned = on_returned,
		.owner = guardian,
	};
}
