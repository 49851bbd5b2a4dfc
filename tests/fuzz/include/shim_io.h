/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages, pieces of memory, sockets. See shim.h.
 *
 * A page is named by its address, and its bytes are where they are: what a
 * piece describes is copied from and to the very memory, under the sanitizer's
 * eyes.
 */
#ifndef TESTS_FUZZ_SHIM_IO_H
#define TESTS_FUZZ_SHIM_IO_H

#define PAGE_SIZE 4096UL

struct page;

#define offset_in_page(address) ((unsigned int)((uintptr_t)(address) & (PAGE_SIZE - 1)))
#define virt_to_page(address) ((struct page *)((uintptr_t)(address) & ~(PAGE_SIZE - 1)))
#define vmalloc_to_page(address) virt_to_page(address)

/* Is memory taken as pages that do not lie next to each other? The target's choice. */
extern bool shim_vmalloc;
#define is_vmalloc_addr(address) ((void)(address), shim_vmalloc)

struct scatterlist {
	struct page *page;
	unsigned int offset;
	unsigned int length;
	bool last;
};

#define sg_page(sg) ((sg)->page)
#define sg_next(sg) ((sg)->last ? NULL : (sg) + 1)
#define for_each_sg(list, sg, n, i) for (i = 0, sg = (list); i < (n); i++, sg = sg_next(sg))

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};

#define READ 0
#define WRITE 1

/* @source: data is read from it */
struct iov_iter {
	const struct bio_vec *bvec;
	size_t pieces;
	size_t count;
	size_t offset;
	bool source;
};

void iov_iter_bvec(struct iov_iter *iter, unsigned int direction, const struct bio_vec *bvec,
		   unsigned long pieces, size_t count);
void iov_iter_advance(struct iov_iter *iter, size_t bytes);
size_t copy_to_iter(const void *data, size_t bytes, struct iov_iter *iter);
size_t copy_from_iter(void *data, size_t bytes, struct iov_iter *iter);

/* --- sockets -------------------------------------------------------------- */

#define SOCK_STREAM 1
#define IPPROTO_MPTCP 262
#define TCP_ESTABLISHED 1
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define SHUT_RDWR 2
#define RCV_SHUTDOWN 1

struct msghdr {
	struct iov_iter msg_iter;
	unsigned int msg_flags;
};

/* Of what was written, what was sent. */
struct tcp_sock {
	u32 write_seq;
	u32 snd_nxt;
};

struct inet_connection_sock {
	const void *icsk_ulp_ops;
};

struct sock {
	struct tcp_sock tcp_state;
	struct inet_connection_sock connection;
	rwlock_t sk_callback_lock;
	void *sk_user_data;
	void (*sk_data_ready)(struct sock *sk);
	void (*sk_write_space)(struct sock *sk);
	void (*sk_state_change)(struct sock *sk);
	void (*sk_error_report)(struct sock *sk);
	gfp_t sk_allocation;
	bool sk_use_task_frag;
	int sk_err;
	int sk_shutdown;
	int sk_state;
	int sk_protocol;
	bool tcp;
	bool writeable;
};

struct file;

struct socket {
	int type;
	struct sock *sk;
	struct file *file;
};

#define sk_is_tcp(sk) ((sk)->tcp)
#define sk_stream_is_writeable(sk) ((sk)->writeable)
#define tcp_sock_set_nodelay(sk) ((void)(sk))
#define tcp_sk(sk) (&(sk)->tcp_state)
#define inet_csk(sk) (&(sk)->connection)
#define sock_no_linger(sk) ((void)(sk))

struct sk_buff {
	const u8 *data;
};

typedef struct {
	union {
		void *data;
	} arg;
	size_t count;
} read_descriptor_t;

typedef int (*sk_read_actor_t)(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset,
			       size_t length);

int tcp_read_sock(struct sock *sk, read_descriptor_t *desc, sk_read_actor_t actor);
int skb_copy_datagram_iter(const struct sk_buff *skb, int offset, struct iov_iter *iter, int bytes);

struct socket *sockfd_lookup(int fd, int *error);
int sock_recvmsg(struct socket *sock, struct msghdr *msg, int flags);
int sock_sendmsg(struct socket *sock, struct msghdr *msg);
int kernel_sock_shutdown(struct socket *sock, int how);

#endif
