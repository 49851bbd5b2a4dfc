// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scene for the hostile server. See scene.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"

#define ISO_LENGTH (SCENE_PACKETS * 100)

bool scene_is_in(enum scene_kind kind)
{
	return kind != SCENE_BULK_OUT && kind != SCENE_CONTROL_OUT && kind != SCENE_ISO_OUT;
}

bool scene_is_iso(enum scene_kind kind)
{
	return kind == SCENE_ISO_IN || kind == SCENE_ISO_OUT;
}

/* --- the device ----------------------------------------------------------- */

int scene_init(struct scene *scene, __u32 speed, __u64 features)
{
	memset(scene, 0, sizeof(*scene));
	scene->speed = speed;
	scene->features = features;
	scene->call = malloc(sizeof(*scene->call));
	scene->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (scene->log < 0 || !scene->call)
		return -errno;
	lseek(scene->log, 0, SEEK_END);
	return 0;
}

int scene_open(struct scene *scene)
{
	int ret;

	if (scene->open)
		return 0;
	ret = session_start_features(&scene->s, scene->speed, scene->features);
	scene->alternate = 0;
	scene->open = ret == 0;
	scene->back = true;
	return ret;
}

void scene_close(struct scene *scene)
{
	if (scene->open && !scene->back) /* nobody would answer its unlinking */
		peer_cut(&scene->s.peer);
	if (scene->open)
		session_stop(&scene->s);
	scene->open = false;
}

static int set_alternate(struct scene *scene, __u8 alternate)
{
	int ret = 0;

	if (scene->alternate != alternate)
		ret = usbfs_set_interface(scene->s.usb, 0, alternate);
	scene->alternate = alternate;
	return ret;
}

/* --- asking --------------------------------------------------------------- */

static int ask_urb(struct scene *scene, __u8 type, __u8 endpoint, const __u8 *setup)
{
	__u8 *at = scene->data + SCENE_BEFORE;
	int head = setup ? 8 : 0;

	memset(scene->data, SCENE_GUARD, sizeof(scene->data));
	memset(&scene->urb, 0, sizeof(scene->urb));
	if (setup)
		memcpy(at, setup, 8);
	return usbfs_submit(scene->s.usb, &scene->urb, type, endpoint, at, head + SCENE_LENGTH);
}

static int ask_control(struct scene *scene, bool in)
{
	const __u8 setup[8] = { in ? 0xc0 : 0x40, 0x77, 0, 0, 0, 0, SCENE_LENGTH, 0 };

	return ask_urb(scene, USBDEVFS_URB_TYPE_CONTROL, in ? 0x80 : 0, setup);
}

/* Packets with gaps between them; on the wire there are none. */
static int ask_iso(struct scene *scene, __u8 endpoint)
{
	urbs_init(scene->call, &scene->s, endpoint, ISO_LENGTH);
	for (int i = 0; i < SCENE_PACKETS; i++)
		urbs_add(scene->call, 100 * i + 20, SCENE_LENGTH);
	return urbs_start(scene->call);
}

static int ask(struct scene *scene)
{
	switch (scene->kind) {
	case SCENE_BULK_IN:
	case SCENE_UNLINK:
		return ask_urb(scene, USBDEVFS_URB_TYPE_BULK, PEER_BULK_IN, NULL);
	case SCENE_BULK_OUT:
		return ask_urb(scene, USBDEVFS_URB_TYPE_BULK, PEER_BULK_OUT, NULL);
	case SCENE_INT_IN:
		return ask_urb(scene, USBDEVFS_URB_TYPE_INTERRUPT, PEER_INT_IN, NULL);
	case SCENE_CONTROL_IN:
	case SCENE_CONTROL_OUT:
		return ask_control(scene, scene->kind == SCENE_CONTROL_IN);
	case SCENE_ISO_IN:
		return ask_iso(scene, PEER_ISO_IN);
	case SCENE_ISO_OUT:
		return ask_iso(scene, PEER_ISO_OUT);
	}
	return -EINVAL;
}

static int unlink_it(struct scene *scene)
{
	int ret;

	scene->target = scene->asked.c.submit.seqnum;
	peer_queue_unlinks(&scene->s.peer, true);
	ret = usbfs_discard_start(&scene->discard, scene->s.usb, &scene->urb);
	if (ret)
		return ret;
	return session_next_unlink(&scene->s, &scene->asked) ? 0 : -ETIMEDOUT;
}

int scene_ask(struct scene *scene, enum scene_kind kind)
{
	int ret = set_alternate(scene, scene_is_iso(kind) ? PEER_ALT_ISO : 0);

	scene->kind = kind;
	scene->back = false;
	if (!ret)
		ret = ask(scene);
	if (ret)
		return ret;
	if (!session_next_submit(&scene->s, &scene->asked))
		return -ETIMEDOUT;
	memcpy(scene->iso, scene->s.peer.iso, sizeof(scene->iso));
	if (kind == SCENE_UNLINK)
		ret = unlink_it(scene);
	scene->seqnum = kind == SCENE_UNLINK ? scene->asked.c.unlink.seqnum :
					       scene->asked.c.submit.seqnum;
	return ret;
}

/* --- what became of it ---------------------------------------------------- */

/* Of a device that is gone poll() does not wait, and the URB may be a moment behind. */
struct usbdevfs_urb *scene_reap(int usb, int ms)
{
	long long end = now_ms() + ms;
	struct usbdevfs_urb *urb;

	while (!(urb = usbfs_reap(usb, 100)) && now_ms() < end)
		usleep(10000);
	return urb;
}

static bool urb_is_back(struct scene *scene, int ms, int *status)
{
	if (scene_reap(scene->s.usb, ms) != &scene->urb)
		return false;
	*status = scene->urb.status;
	return scene->kind != SCENE_UNLINK || usbfs_discard_done(&scene->discard, 3000);
}

bool scene_is_back(struct scene *scene, int ms, int *status)
{
	*status = 0;
	if (scene->back)
		return true;
	if (scene_is_iso(scene->kind)) {
		scene->back = urbs_done(scene->call, ms);
		*status = scene->call->arg.status;
	} else {
		scene->back = urb_is_back(scene, ms, status);
	}
	return scene->back;
}

static bool all_guard(const __u8 *data, size_t size)
{
	while (size--)
		if (*data++ != SCENE_GUARD)
			return false;
	return true;
}

static bool packets_are_untouched(const struct scene *scene)
{
	const __u8 *data = scene->call->data;

	for (int i = 0; i < SCENE_PACKETS; i++)
		if (!all_guard(data + 100 * i, 20) ||
		    !all_guard(data + 100 * i + 20 + SCENE_LENGTH, 100 - 20 - SCENE_LENGTH))
			return false;
	return all_guard(data + ISO_LENGTH, SCENE_BEFORE);
}

bool scene_is_untouched(const struct scene *scene)
{
	if (scene_is_iso(scene->kind))
		return packets_are_untouched(scene);
	return all_guard(scene->data, SCENE_BEFORE) &&
	       all_guard(scene->data + SCENE_BEFORE + 8 + SCENE_LENGTH, SCENE_BEFORE);
}

int scene_reason(struct scene *scene, int ms)
{
	struct session *s = &scene->s;

	for (; ms > 0; ms -= 20) {
		if (remote_status(s->dev, s->a.id, &s->st) ||
		    (s->st.state == SUBURB_STATE_GONE && s->st.pending == 0))
			return s->st.reason;
		usleep(20000);
	}
	return SUBURB_REASON_NONE;
}

int scene_lines(struct scene *scene, const char *field, int *others)
{
	char line[2048], port[32];
	int count = 0;
	ssize_t n;

	*others = 0;
	snprintf(port, sizeof(port), "suburb: port %u (", scene->s.a.port);
	while ((n = read(scene->log, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		line[n] = '\0';
		if (!strstr(line, port))
			continue;
		if (strstr(line, field))
			count++;
		else
			(*others)++;
	}
	return count;
}

/* --- the honest one ------------------------------------------------------- */

static struct session neighbour;

int neighbour_start(__u32 speed)
{
	return session_start(&neighbour, speed);
}

int neighbour_ask(void)
{
	__u8 descriptor[USB_DT_DEVICE_SIZE] = { 0 };
	int ret = usbfs_control(neighbour.usb, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR,
				USB_DT_DEVICE << 8, 0, descriptor, sizeof(descriptor), 5000);

	if (ret < 0)
		return ret;
	return ret == sizeof(descriptor) && descriptor[1] == USB_DT_DEVICE ? 0 : -EPROTO;
}

const char *neighbour_stop(void)
{
	return session_stop(&neighbour);
}
