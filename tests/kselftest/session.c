// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

static int attach(struct session *s)
{
	int ret;

	ret = remote_call(s->dev, SUBURB_IOC_ATTACH, &s->a);
	close(s->peer.far);
	s->peer.far = -1;
	if (ret)
		return ret;
	return remote_wait_state(s->dev, s->a.id, SUBURB_STATE_ONLINE, &s->st);
}

static int open_usb(struct session *s)
{
	s->usb = usbfs_open(s->st.busnum, s->st.devnum);
	return s->usb < 0 ? s->usb : usbfs_claim(s->usb, 0);
}

static int open_dev(struct session *s)
{
	memset(s, 0, sizeof(*s));
	s->usb = -1;
	s->dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	return s->dev < 0 ? -errno : 0;
}

int session_start_on(struct session *s, __u32 speed, int fd, int far)
{
	int ret = open_dev(s);

	if (!ret)
		ret = peer_start_on(&s->peer, speed, fd, far);
	if (ret)
		return ret;
	remote_attach_init(&s->a, far, speed, PEER_DEVID);
	ret = attach(s);
	return ret ? ret : open_usb(s);
}

int session_start_slow(struct session *s, __u32 speed, unsigned int delay_ms,
		       const struct suburb_attach *like)
{
	int ret = open_dev(s);

	if (!ret)
		ret = peer_start(&s->peer, speed);
	if (ret)
		return ret;
	remote_attach_init(&s->a, s->peer.far, speed, PEER_DEVID);
	s->a.flags = like->flags;
	s->a.window_requests = like->window_requests;
	s->a.window_bytes = like->window_bytes;
	s->a.unlink_ms = like->unlink_ms;
	s->a.features = like->features;
	s->peer.digest = like->features & SUBURB_FEATURE_DIGEST;
	s->peer.delay_ms = delay_ms;
	ret = attach(s);
	return ret ? ret : open_usb(s);
}

static int start(struct session *s, __u32 speed, const struct suburb_attach *like)
{
	return session_start_slow(s, speed, 0, like);
}

int session_start_window(struct session *s, __u32 speed, __u32 requests, __u32 bytes)
{
	const struct suburb_attach like = { .window_requests = requests, .window_bytes = bytes };

	return start(s, speed, &like);
}

int session_start_unlink_ms(struct session *s, __u32 speed, __u32 unlink_ms)
{
	const struct suburb_attach like = { .unlink_ms = unlink_ms };

	return start(s, speed, &like);
}

int session_start_features(struct session *s, __u32 speed, __u64 features)
{
	const struct suburb_attach like = { .features = features };

	return start(s, speed, &like);
}

int session_start(struct session *s, __u32 speed)
{
	const struct suburb_attach like = {};

	return start(s, speed, &like);
}

const char *session_stop(struct session *s)
{
	if (s->usb >= 0)
		close(s->usb);
	remote_detach(s->dev, s->a.port, s->a.id);
	close(s->dev);
	return peer_stop(&s->peer);
}

int session_status(struct session *s)
{
	return remote_status(s->dev, s->a.id, &s->st);
}

struct suburb_endpoint_status session_endpoint(struct session *s, __u8 address)
{
	struct suburb_endpoint_status ep[31] = {}, none = {};
	struct suburb_status st = { .size = sizeof(st), .id = s->a.id };
	__u32 i;

	st.endpoints = (uintptr_t)ep;
	st.endpoints_capacity = 31;
	if (remote_call(s->dev, SUBURB_IOC_STATUS, &st))
		return none;
	for (i = 0; i < st.endpoints_count && i < 31; i++)
		if (ep[i].address == address)
			return ep[i];
	return none;
}

bool session_next_submit(struct session *s, struct peer_command *c)
{
	return peer_next(&s->peer, c, 3000) && c->c.command == SUBURB_CMD_SUBMIT;
}

bool session_next_unlink(struct session *s, struct peer_command *c)
{
	return peer_next(&s->peer, c, 3000) && c->c.command == SUBURB_CMD_UNLINK;
}
