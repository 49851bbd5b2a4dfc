/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine that the module runs on, as a target drives it: it loads the
 * module, lets its works run, is the far end of its links, plays usbcore and
 * the program that has /dev/suburb open. See shim.h.
 */
#ifndef TESTS_FUZZ_MACHINE_H
#define TESTS_FUZZ_MACHINE_H

#define MACHINE_SOCKETS 4

/**
 * struct machine_socket - one socket, and what its peer does
 * @in: bytes that the peer sent, of which @taken are read
 * @piece: bytes that one recvmsg gives at most; over TCP the rest has not come yet
 * @arrival: it comes
 * @room: bytes that the peer takes until it is told to take more
 * @sent: called with what the module sent
 * @eof: the peer sends no more
 * @error: of the link, positive
 * @shut: the module closed it
 */
struct machine_socket {
	struct socket socket;
	struct sock sk;
	struct file file;
	struct work_struct arrival;
	u8 *in;
	size_t in_size;
	size_t in_capacity;
	size_t taken;
	size_t piece;
	size_t room;
	void (*sent)(struct machine_socket *s, const void *bytes, size_t size);
	bool eof;
	int error;
	bool shut;
};

/**
 * struct machine - the state of it
 * @allocated: pieces of memory in use
 * @fail: 0: none; else as many allocations succeed, less one, and the next fails
 * @user, @user_size: all of the program's memory
 * @sockets: by descriptor
 * @wait: something waits for a completion: let the others do something
 * @children: a device hangs on every port still
 */
struct machine {
	unsigned int allocated;
	unsigned int fail;
	u8 *user;
	size_t user_size;
	struct machine_socket *sockets[MACHINE_SOCKETS];
	void (*wait)(void);
	bool children;
	const struct file_operations *fops;
};

extern struct machine machine;

/* Loads the module: 0 or its errno. */
int machine_load(void);

/* Unloads it; nothing may be left of it. */
void machine_unload(void);

/* Lets the works run that are due, and those that these make due. */
void machine_run(void);

/* Time passes for all that waits for it. */
void machine_later(void);

struct machine_socket *machine_socket_new(unsigned int fd);
void machine_socket_free(unsigned int fd);

/* The peer sends; the peer takes @more bytes; it goes, in good order or not. */
void machine_receive(struct machine_socket *s, const void *bytes, size_t size);
void machine_drain(struct machine_socket *s, size_t more);
void machine_close(struct machine_socket *s, int error);

/* usbcore's part in submitting: 0 or an errno. machine.h's owner has complete(). */
int machine_submit(struct urb *urb);

#endif
