// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libusb's file descriptors and timeouts in the event loop.
 *
 * libusb tells which descriptors it waits for; each gets a uv_poll_t. When one
 * is ready, libusb runs without waiting, and completions are called from
 * there. Devices are opened and closed on the loop's thread only, so the list
 * of descriptors changes on it only.
 *
 * Where libusb has no descriptor for its timeouts, a timer does for it.
 */
#include <poll.h>
#include <stdlib.h>

#include "exporter/log.h"
#include "libusb_private.h"

struct usb_fd {
	struct usb_fd *next;
	struct usb_loop *loop;
	uv_poll_t poll;
	int fd;
};

/**
 * struct usb_loop - see above
 * @handles: libuv handles that are open
 */
struct usb_loop {
	uv_loop_t *loop;
	libusb_context *context;
	struct usb_fd *fds;
	uv_timer_t timer;
	bool needs_timer;
	bool stopped;
	unsigned int handles;
};

static void run_libusb(struct usb_loop *loop);

static void let_go(struct usb_loop *loop)
{
	if (!--loop->handles)
		free(loop);
}

static void on_timer(uv_timer_t *timer)
{
	run_libusb(timer->data);
}

static void set_timer(struct usb_loop *loop)
{
	struct timeval left;
	int ret;

	if (!loop->needs_timer)
		return;
	ret = libusb_get_next_timeout(loop->context, &left);
	if (ret > 0)
		uv_timer_start(&loop->timer, on_timer,
			       (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1, 0);
	else
		uv_timer_stop(&loop->timer);
}

static void run_libusb(struct usb_loop *loop)
{
	struct timeval none = { 0, 0 };
	int ret = libusb_handle_events_timeout_completed(loop->context, &none, NULL);

	if (ret < 0 && ret != LIBUSB_ERROR_INTERRUPTED)
		log_error("libusb: %s", libusb_strerror(ret));
	if (!loop->stopped)
		set_timer(loop);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct usb_fd *fd = poll->data;

	/* An error of the descriptor is libusb's to find out: a device that left. */
	run_libusb(fd->loop);
}

static void on_fd_closed(uv_handle_t *handle)
{
	struct usb_fd *fd = handle->data;
	struct usb_loop *loop = fd->loop;

	free(fd);
	let_go(loop);
}

static void on_fd_added(int number, short events, void *owner)
{
	struct usb_loop *loop = owner;
	struct usb_fd *fd = calloc(1, sizeof(*fd));

	if (!fd || uv_poll_init(loop->loop, &fd->poll, number) < 0) {
		log_error("libusb: descriptor %d cannot be watched", number);
		free(fd);
		return;
	}
	fd->loop = loop;
	fd->fd = number;
	fd->poll.data = fd;
	fd->next = loop->fds;
	loop->fds = fd;
	loop->handles++;
	uv_poll_start(&fd->poll,
		      (events & POLLIN ? UV_READABLE : 0) | (events & POLLOUT ? UV_WRITABLE : 0),
		      on_ready);
}

static void on_fd_removed(int number, void *owner)
{
	struct usb_loop *loop = owner;
	struct usb_fd **at = &loop->fds;
	struct usb_fd *fd;

	while (*at && (*at)->fd != number)
		at = &(*at)->next;
	fd = *at;
	if (!fd)
		return;
	*at = fd->next;
	uv_poll_stop(&fd->poll);
	uv_close((uv_handle_t *)&fd->poll, on_fd_closed);
}

static void on_timer_closed(uv_handle_t *handle)
{
	let_go(handle->data);
}

struct usb_loop *usb_loop_new(uv_loop_t *uv_loop, libusb_context *context)
{
	struct usb_loop *loop = calloc(1, sizeof(*loop));
	const struct libusb_pollfd **fds;

	if (!loop)
		return NULL;
	loop->loop = uv_loop;
	loop->context = context;
	loop->needs_timer = !libusb_pollfds_handle_timeouts(context);
	uv_timer_init(uv_loop, &loop->timer);
	loop->timer.data = loop;
	loop->handles = 1;
	libusb_set_pollfd_notifiers(context, on_fd_added, on_fd_removed, loop);
	fds = libusb_get_pollfds(context);
	for (size_t i = 0; fds && fds[i]; i++)
		on_fd_added(fds[i]->fd, fds[i]->events, loop);
	libusb_free_pollfds(fds);
	return loop;
}

void usb_loop_stop(struct usb_loop *loop)
{
	libusb_set_pollfd_notifiers(loop->context, NULL, NULL, NULL);
	loop->stopped = true;
	while (loop->fds)
		on_fd_removed(loop->fds->fd, loop);
	uv_close((uv_handle_t *)&loop->timer, on_timer_closed);
}
