// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "patience.h"
#include "peer.h"

/* --- sending -------------------------------------------------------------- */

int peer_send(struct peer *p, const void *buf, size_t len)
{
	const char *at = buf;
	ssize_t n;

	while (len) {
		n = send(p->fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

static size_t put_digest(void *at, const void *data, size_t len)
{
	__be32 digest = __cpu_to_be32(suburb_crc32c(0, data, len));

	memcpy(at, &digest, sizeof(digest));
	return sizeof(digest);
}

size_t peer_put_reply(struct peer *p, __u32 seqnum, __s32 status, const void *data, __u32 len,
		      void *message)
{
	struct suburb_ret_submit r = { .seqnum = seqnum, .status = status, .actual_length = len };
	size_t size = sizeof(struct suburb_wire_header);
	char *at = message;

	suburb_put_ret_submit(message, &r);
	if (p->digest)
		size += put_digest(at + size, at, size);
	if (!data || !len)
		return size;
	memcpy(at + size, data, len);
	size += len;
	if (p->digest)
		size += put_digest(at + size, data, len);
	return size;
}

/* Header and data leave in one send(): two threads may answer at once. */
int peer_reply(struct peer *p, __u32 seqnum, __s32 status, const void *data, __u32 len)
{
	char *message = malloc((data ? len : 0) + 64);
	int ret;

	if (!message)
		return -1;
	ret = peer_send(p, message, peer_put_reply(p, seqnum, status, data, len, message));
	free(message);
	return ret;
}

int peer_reply_iso(struct peer *p, __u32 seqnum, __s32 status, const struct suburb_iso *iso,
		   __u32 packets, const void *data, __u32 len)
{
	struct suburb_ret_submit r = {
		.seqnum = seqnum, .status = status, .actual_length = len, .packets = packets,
	};
	__u32 body = data ? len : 0, i;
	size_t size = sizeof(struct suburb_wire_header) + body +
		      packets * sizeof(struct suburb_wire_iso);
	char *message = malloc(size);
	struct suburb_wire_iso *wire;
	int ret;

	if (!message)
		return -1;
	suburb_put_ret_submit((void *)message, &r);
	if (data)
		memcpy(message + sizeof(struct suburb_wire_header), data, len);
	wire = (void *)(message + sizeof(struct suburb_wire_header) + body);
	for (i = 0; i < packets; i++)
		suburb_put_iso(&wire[i], &iso[i]);
	ret = peer_send(p, message, size);
	free(message);
	return ret;
}

int peer_reply_unlink(struct peer *p, __u32 seqnum, __s32 status)
{
	struct suburb_ret_unlink r = { .seqnum = seqnum, .status = status };
	struct suburb_wire_digested w;

	suburb_put_ret_unlink(&w.header, &r);
	put_digest(&w.digest, &w.header, sizeof(w.header));
	return peer_send(p, &w, p->digest ? sizeof(w) : sizeof(w.header));
}

/* --- judging -------------------------------------------------------------- */

static void complain(struct peer *p, const char *what, __u32 value)
{
	pthread_mutex_lock(&p->lock);
	if (!p->complaint[0])
		snprintf(p->complaint, sizeof(p->complaint), "%s (0x%x)", what, value);
	pthread_mutex_unlock(&p->lock);
}

static void judge_seqnum(struct peer *p, __u32 seqnum)
{
	unsigned int i;

	for (i = 0; i < p->nseen; i++)
		if (p->seen[i] == seqnum)
			complain(p, "seqnum used twice", seqnum);
	if (p->nseen < sizeof(p->seen) / sizeof(p->seen[0]))
		p->seen[p->nseen++] = seqnum;
}

static void judge_control(struct peer *p, const struct suburb_submit *s)
{
	__u16 length = s->setup[6] | s->setup[7] << 8;

	if (length != s->length)
		complain(p, "transfer_buffer_length is not wLength", s->length);
	if (length == 0 && s->direction != SUBURB_DIR_OUT)
		complain(p, "direction IN with wLength 0", s->setup[1]);
	if (length && s->direction != (s->setup[0] >> 7))
		complain(p, "direction is not that of bmRequestType", s->setup[0]);
	if (s->setup[0] == 0 && s->setup[1] == USB_REQ_SET_ADDRESS)
		complain(p, "SET_ADDRESS on the wire", s->setup[2]);
}

static bool is_iso(const struct suburb_submit *s)
{
	return peer_is_iso(s->ep | s->direction << 7);
}

static void judge_submit(struct peer *p, const struct suburb_submit *s)
{
	struct suburb_violation v;

	judge_seqnum(p, s->seqnum);
	if (suburb_check_submit(s, is_iso(s), &v))
		complain(p, v.field, v.value);
	if (s->devid != PEER_DEVID)
		complain(p, "devid", s->devid);
	if (s->packets != 0 && !is_iso(s))
		complain(p, "number_of_packets without isochronous endpoint", s->packets);
	if (s->ep == 0)
		judge_control(p, s);
	else if (!peer_has_endpoint(p->speed, p->alternate, s->ep | s->direction << 7))
		complain(p, "endpoint that is not there", s->ep | s->direction << 7);
}

static void judge_iso(struct peer *p, const struct suburb_submit *s)
{
	__u32 offset = 0, i;

	for (i = 0; i < s->packets; i++) {
		if (p->iso[i].offset != offset)
			complain(p, "iso offset", p->iso[i].offset);
		if (p->iso[i].actual_length || p->iso[i].status)
			complain(p, "iso actual_length or status in CMD_SUBMIT", i);
		offset += p->iso[i].length;
	}
	if (offset != s->length)
		complain(p, "sum of iso lengths is not transfer_buffer_length", offset);
}

/* --- endpoint 0 ----------------------------------------------------------- */

static bool is_standard(const struct suburb_submit *s)
{
	return s->ep == 0 && (s->setup[0] & USB_TYPE_MASK) == USB_TYPE_STANDARD;
}

static int answer_get_descriptor(struct peer *p, const struct suburb_submit *s)
{
	__u8 buf[4096] = {};
	size_t len = peer_descriptor(p->speed, s->setup[3], s->setup[2], buf, sizeof(buf));

	if (p->device && s->setup[3] == USB_DT_DEVICE)
		memcpy(buf, p->device, USB_DT_DEVICE_SIZE);
	if (p->forge)
		len = p->forge(p->forger, s->setup[3], s->setup[2], buf, len);
	if (!len)
		return peer_reply(p, s->seqnum, -SUBURB_EPIPE, NULL, 0);
	return peer_reply(p, s->seqnum, 0, buf, len < s->length ? len : s->length);
}

static int answer_standard(struct peer *p, const struct suburb_submit *s)
{
	static const __u8 zeros[2];

	switch (s->setup[1]) {
	case USB_REQ_GET_DESCRIPTOR:
		return answer_get_descriptor(p, s);
	case USB_REQ_GET_STATUS:
		return peer_reply(p, s->seqnum, 0, zeros, s->length < 2 ? s->length : 2);
	case USB_REQ_SET_INTERFACE:
		p->alternate = s->setup[2];
		break;
	}
	return peer_reply(p, s->seqnum, 0, NULL, 0);
}

/* --- receiving ------------------------------------------------------------ */

static bool receive(struct peer *p, void *buf, size_t len)
{
	char *at = buf;
	ssize_t n;

	while (len) {
		pthread_mutex_lock(&p->gate);
		pthread_mutex_unlock(&p->gate);
		n = recv(p->fd, at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

static bool receive_digest(struct peer *p, __u32 crc, const char *what)
{
	__be32 digest;

	if (!receive(p, &digest, sizeof(digest)))
		return false;
	if (__be32_to_cpu(digest) != crc)
		complain(p, what, __be32_to_cpu(digest));
	return true;
}

static bool receive_payload(struct peer *p, struct peer_command *c)
{
	__u32 left = c->c.submit.length, kept = 0, crc = 0, n, i;
	bool digest = left && p->digest;
	__u8 buf[4096];

	while (left) {
		n = left < sizeof(buf) ? left : sizeof(buf);
		if (!receive(p, buf, n))
			return false;
		crc = suburb_crc32c(crc, buf, n);
		for (i = 0; i < n; i++) {
			c->sum += buf[i];
			if (kept < PEER_KEEP)
				c->data[kept++] = buf[i];
		}
		left -= n;
	}
	return !digest || receive_digest(p, crc, "digest of a payload");
}

static bool receive_iso(struct peer *p, struct peer_command *c)
{
	const struct suburb_submit *s = &c->c.submit;
	struct suburb_wire_iso w;
	__u32 i;

	if (s->packets > SUBURB_WIRE_MAX_PACKETS || s->length > PEER_KEEP_ISO)
		return false;
	if (s->direction == SUBURB_DIR_OUT && !receive(p, p->iso_data, s->length))
		return false;
	for (i = 0; i < s->packets; i++) {
		if (!receive(p, &w, sizeof(w)))
			return false;
		suburb_get_iso(&w, sizeof(w), &p->iso[i]);
	}
	judge_iso(p, s);
	return true;
}

static bool receive_command(struct peer *p, struct peer_command *c)
{
	struct suburb_wire_header w;

	memset(c, 0, sizeof(*c));
	if (!receive(p, &w, sizeof(w)))
		return false;
	if (p->digest &&
	    !receive_digest(p, suburb_crc32c(0, &w, sizeof(w)), "digest of a header"))
		return false;
	if (suburb_get_command(&w, sizeof(w), &c->c) < 0) {
		complain(p, "command", __be32_to_cpu(w.command));
		return false;
	}
	if (c->c.command == SUBURB_CMD_SUBMIT) {
		judge_submit(p, &c->c.submit);
		if (is_iso(&c->c.submit))
			return receive_iso(p, c);
		return c->c.submit.direction == SUBURB_DIR_IN || receive_payload(p, c);
	}
	judge_seqnum(p, c->c.unlink.seqnum);
	if (c->c.unlink.devid != PEER_DEVID)
		complain(p, "devid of CMD_UNLINK", c->c.unlink.devid);
	return true;
}

static void enqueue(struct peer *p, const struct peer_command *c)
{
	pthread_mutex_lock(&p->lock);
	if (p->tail - p->head < PEER_QUEUE)
		p->queue[p->tail++ % PEER_QUEUE] = *c;
	pthread_cond_broadcast(&p->arrived);
	pthread_mutex_unlock(&p->lock);
}

static bool read_flag(struct peer *p, const bool *flag)
{
	bool value;

	pthread_mutex_lock(&p->lock);
	value = *flag;
	pthread_mutex_unlock(&p->lock);
	return value;
}

static void dispatch(struct peer *p, const struct peer_command *c)
{
	if (read_flag(p, &p->mute))
		return;
	if (p->delay_ms && c->c.command == SUBURB_CMD_SUBMIT && c->c.submit.ep == 0)
		usleep(p->delay_ms * 1000);
	if (c->c.command == SUBURB_CMD_SUBMIT && is_standard(&c->c.submit))
		answer_standard(p, &c->c.submit);
	else if (c->c.command == SUBURB_CMD_UNLINK && !read_flag(p, &p->unlinks_queued))
		peer_reply_unlink(p, c->c.unlink.seqnum, -SUBURB_ECONNRESET);
	else
		enqueue(p, c);
}

static void *serve(void *arg)
{
	struct peer *p = arg;
	struct peer_command c;

	while (receive_command(p, &c))
		dispatch(p, &c);
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_broadcast(&p->arrived);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* --- for the test --------------------------------------------------------- */

int peer_start_on(struct peer *p, __u32 speed, int fd, int far)
{
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->far = far;
	p->speed = speed;
	p->iso_data = malloc(PEER_KEEP_ISO);
	if (!p->iso_data)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->gate, NULL);
	pthread_cond_init(&p->arrived, NULL);
	return -pthread_create(&p->thread, NULL, serve, p);
}

int peer_start(struct peer *p, __u32 speed)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return -errno;
	return peer_start_on(p, speed, sv[0], sv[1]);
}

void peer_cut(struct peer *p)
{
	shutdown(p->fd, SHUT_RDWR);
}

const char *peer_stop(struct peer *p)
{
	peer_cut(p);
	pthread_join(p->thread, NULL);
	free(p->iso_data);
	close(p->fd);
	if (p->far >= 0)
		close(p->far);
	return p->complaint;
}

void peer_hold(struct peer *p, bool hold)
{
	if (hold)
		pthread_mutex_lock(&p->gate);
	else
		pthread_mutex_unlock(&p->gate);
}

void peer_set_mute(struct peer *p, bool mute)
{
	pthread_mutex_lock(&p->lock);
	p->mute = mute;
	pthread_mutex_unlock(&p->lock);
}

void peer_queue_unlinks(struct peer *p, bool queue)
{
	pthread_mutex_lock(&p->lock);
	p->unlinks_queued = queue;
	pthread_mutex_unlock(&p->lock);
}

static void deadline(struct timespec *ts, int ms)
{
	ms = patient_ms(ms);
	clock_gettime(CLOCK_REALTIME, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000L) {
		ts->tv_nsec -= 1000000000L;
		ts->tv_sec++;
	}
}

bool peer_next(struct peer *p, struct peer_command *c, int ms)
{
	struct timespec end;
	bool found;

	deadline(&end, ms);
	pthread_mutex_lock(&p->lock);
	while (p->head == p->tail && !p->ended)
		if (pthread_cond_timedwait(&p->arrived, &p->lock, &end))
			break;
	found = p->head != p->tail;
	if (found)
		*c = p->queue[p->head++ % PEER_QUEUE];
	pthread_mutex_unlock(&p->lock);
	return found;
}

bool peer_ended(struct peer *p, int ms)
{
	struct timespec end;
	bool ended;

	deadline(&end, ms);
	pthread_mutex_lock(&p->lock);
	while (!p->ended)
		if (pthread_cond_timedwait(&p->arrived, &p->lock, &end))
			break;
	ended = p->ended;
	pthread_mutex_unlock(&p->lock);
	return ended;
}
