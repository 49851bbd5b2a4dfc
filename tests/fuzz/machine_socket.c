// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine's sockets, and pieces of memory as they are given to them. See
 * machine.h.
 */
#include "machine.h"

/* --- pieces --------------------------------------------------------------- */

void iov_iter_bvec(struct iov_iter *iter, unsigned int direction, const struct bio_vec *bvec,
		   unsigned long pieces, size_t count)
{
	*iter = (struct iov_iter){ bvec, pieces, count, 0, direction == WRITE };
}

void iov_iter_advance(struct iov_iter *iter, size_t bytes)
{
	size_t step;

	shim_assert(bytes <= iter->count);
	while (bytes) {
		shim_assert(iter->pieces);
		step = min(bytes, (size_t)iter->bvec->bv_len - iter->offset);
		iter->offset += step;
		iter->count -= step;
		bytes -= step;
		if (iter->offset == iter->bvec->bv_len) {
			iter->bvec++;
			iter->pieces--;
			iter->offset = 0;
		}
	}
}

/* The next bytes that lie next to each other, @most of them. */
static u8 *run_of(const struct iov_iter *iter, size_t most, size_t *size)
{
	const struct bio_vec *bvec = iter->bvec;

	shim_assert(iter->pieces);
	*size = min(most, (size_t)bvec->bv_len - iter->offset);
	return (u8 *)bvec->bv_page + bvec->bv_offset + iter->offset;
}

size_t copy_to_iter(const void *data, size_t bytes, struct iov_iter *iter)
{
	size_t done, size;
	u8 *to;

	shim_assert(!iter->source);
	bytes = min(bytes, iter->count);
	for (done = 0; done < bytes; done += size) {
		to = run_of(iter, bytes - done, &size);
		memcpy(to, (const u8 *)data + done, size);
		iov_iter_advance(iter, size);
	}
	return bytes;
}

size_t copy_from_iter(void *data, size_t bytes, struct iov_iter *iter)
{
	size_t done, size;
	u8 *from;

	shim_assert(iter->source);
	bytes = min(bytes, iter->count);
	for (done = 0; done < bytes; done += size) {
		from = run_of(iter, bytes - done, &size);
		memcpy((u8 *)data + done, from, size);
		iov_iter_advance(iter, size);
	}
	return bytes;
}

/* --- sockets -------------------------------------------------------------- */

static void nothing(struct sock *sk)
{
}

static void on_arrival(struct work_struct *work)
{
	struct machine_socket *s = container_of(work, struct machine_socket, arrival);

	s->sk.sk_data_ready(&s->sk);
}

struct machine_socket *machine_socket_new(unsigned int fd)
{
	struct machine_socket *s = calloc(1, sizeof(*s));

	shim_assert(s && fd < MACHINE_SOCKETS && !machine.sockets[fd]);
	s->socket = (struct socket){ SOCK_STREAM, &s->sk, &s->file };
	s->sk.sk_state = TCP_ESTABLISHED;
	s->sk.sk_data_ready = nothing;
	s->sk.sk_write_space = nothing;
	s->sk.sk_state_change = nothing;
	s->sk.sk_error_report = nothing;
	s->sk.tcp = true;
	s->sk.writeable = true;
	s->file.references = 1;
	INIT_WORK(&s->arrival, on_arrival);
	s->piece = SIZE_MAX;
	s->room = SIZE_MAX;
	machine.sockets[fd] = s;
	return s;
}

/* The module has put back all that it took of it. */
void machine_socket_free(unsigned int fd)
{
	struct machine_socket *s = machine.sockets[fd];

	shim_assert(s->file.references == 1 && !s->sk.sk_user_data);
	shim_assert(s->sk.sk_data_ready == nothing && s->sk.sk_write_space == nothing);
	shim_assert(s->sk.sk_state_change == nothing && s->sk.sk_error_report == nothing);
	cancel_work_sync(&s->arrival);
	machine.sockets[fd] = NULL;
	free(s->in);
	free(s);
}

static struct machine_socket *socket_of(struct socket *socket)
{
	return container_of(socket, struct machine_socket, socket);
}

struct socket *sockfd_lookup(int fd, int *error)
{
	if (fd < 0 || fd >= MACHINE_SOCKETS || !machine.sockets[fd]) {
		*error = fd == MACHINE_SOCKETS ? -ENOTSOCK : -EBADF;
		return NULL;
	}
	machine.sockets[fd]->file.references++;
	return &machine.sockets[fd]->socket;
}

void fput(struct file *file)
{
	shim_assert(file->references > 1);
	file->references--;
}

int sock_recvmsg(struct socket *sock, struct msghdr *msg, int flags)
{
	struct machine_socket *s = socket_of(sock);
	size_t size = min(min(s->in_size - s->taken, msg->msg_iter.count), s->piece);

	shim_assert(!shim_atomic && !shim_softirq && msg->msg_iter.count);
	if (s->shut)
		return 0;
	if (size) {
		copy_to_iter(s->in + s->taken, size, &msg->msg_iter);
		s->taken += size;
		if (s->sk.tcp && s->taken < s->in_size)
			queue_work(&shim_system_wq, &s->arrival);
		return (int)size;
	}
	if (s->error)
		return -s->error;
	return s->eof ? 0 : -EAGAIN;
}

int skb_copy_datagram_iter(const struct sk_buff *skb, int offset, struct iov_iter *iter, int bytes)
{
	return copy_to_iter(skb->data + offset, (size_t)bytes, iter) != (size_t)bytes;
}

/* What is not used stays for sock_recvmsg(). */
int tcp_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor)
{
	struct machine_socket *s = container_of(sk, struct machine_socket, sk);
	struct sk_buff skb;
	size_t size;
	int used = 1;

	shim_assert(shim_softirq && !shim_atomic);
	while (used > 0 && s->taken < s->in_size && !s->shut) {
		size = min(s->in_size - s->taken, s->piece);
		skb.data = s->in;
		used = actor(desc, &skb, (unsigned int)s->taken, size);
		shim_assert(used >= 0 && (size_t)used <= size);
		s->taken += (size_t)used;
	}
	return used;
}

int sock_sendmsg(struct socket *sock, struct msghdr *msg)
{
	struct machine_socket *s = socket_of(sock);
	size_t size = min(msg->msg_iter.count, s->room);
	u8 *bytes;

	shim_assert(!shim_atomic && !shim_softirq && msg->msg_iter.count);
	if (s->shut || s->error)
		return s->error ? -s->error : -EPIPE;
	if (!size)
		return -EAGAIN;
	bytes = malloc(size);
	shim_assert(bytes);
	copy_from_iter(bytes, size, &msg->msg_iter);
	s->sk.tcp_state.write_seq += (u32)size;
	if (s->room != SIZE_MAX)
		s->room -= size;
	else
		s->sk.tcp_state.snd_nxt = s->sk.tcp_state.write_seq;
	if (s->sent)
		s->sent(s, bytes, size);
	free(bytes);
	return (int)size;
}

int kernel_sock_shutdown(struct socket *sock, int how)
{
	socket_of(sock)->shut = true;
	return 0;
}

/* --- the peer ------------------------------------------------------------- */

void machine_receive(struct machine_socket *s, const void *bytes, size_t size)
{
	if (s->in_size + size > s->in_capacity) {
		s->in_capacity = 2 * (s->in_size + size);
		s->in = realloc(s->in, s->in_capacity);
		shim_assert(s->in);
	}
	if (size)
		memcpy(s->in + s->in_size, bytes, size);
	s->in_size += size;
	s->sk.sk_data_ready(&s->sk);
}

void machine_drain(struct machine_socket *s, size_t more)
{
	s->room = more > SIZE_MAX - s->room ? SIZE_MAX : s->room + more;
	s->sk.sk_write_space(&s->sk);
}

void machine_close(struct machine_socket *s, int error)
{
	s->eof = true;
	s->error = error;
	s->sk.sk_shutdown = RCV_SHUTDOWN;
	s->sk.sk_state_change(&s->sk);
}
