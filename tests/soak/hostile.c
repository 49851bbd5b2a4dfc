// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostile - peers of all bad kinds for a running suburbd, and one honest one
 * among them
 *
 *   hostile PORT SECONDS SEED IMPORTS HONEST
 *
 * IMPORTS: devices 99-1 to that number are imported and abused; HONEST: the
 * device, a loopback, that an honest importer uses meanwhile, from an address of
 * its own. Prints how much was done, and exits with 1 if the honest one was ever
 * refused or got wrong bytes.
 *
 * Each worker is a process with a kind of its own and keeps several connections
 * in different states; nothing here waits for an answer that need not come.
 * It says nothing about what suburbd answers: that is for the protocol tests.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <suburb/wire.h>

#define WORKERS 5
#define KEPT 24 /* connections of a worker that stay for a while */
#define HONEST_ADDRESS "127.77.0.1"

/* What was done, by all workers. */
struct counts {
	unsigned long connections, imports, bytes, rounds, failures;
};

static struct counts *counts;
static struct sockaddr_in exporter;
static unsigned int imports;
static uint32_t random_state;

static uint32_t below(uint32_t bound)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * bound >> 32);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_ms(uint32_t ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void add(unsigned long *count, unsigned long n)
{
	__atomic_fetch_add(count, n, __ATOMIC_RELAXED);
}

/* --- connections ---------------------------------------------------------- */

/* From @from, or from anywhere: half of them from one address. */
static int dial(const char *from)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(0x7f000001 + (below(2) ? 0 : below(0x400000)));
	if (from)
		in.sin_addr.s_addr = inet_addr(from);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 ||
	    connect(fd, (struct sockaddr *)&exporter, sizeof(exporter)) < 0) {
		close(fd);
		return -1;
	}
	add(&counts->connections, 1);
	return fd;
}

static void hang_up(int fd)
{
	struct linger reset = { .l_onoff = 1 };

	if (fd < 0)
		return;
	if (below(2))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static void send_some(int fd, const void *bytes, size_t size)
{
	ssize_t n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		add(&counts->bytes, (unsigned long)n);
}

/* All of it, unless nothing moves for a while. */
static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno != EAGAIN || poll(&pollfd, 1, 50) <= 0))
			return false;
		if (n > 0) {
			add(&counts->bytes, (unsigned long)n);
			bytes += n;
			size -= (size_t)n;
		}
	}
	return true;
}

static void drain(int fd)
{
	static uint8_t nothing[65536];

	for (int i = 0; i < 64 && recv(fd, nothing, sizeof(nothing), MSG_DONTWAIT) > 0; i++)
		;
}

/* --- beginnings that come to nothing --------------------------------------- */

static void send_noise(int fd)
{
	uint8_t noise[256];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)below(256);
	if (below(2))
		memcpy(noise, "\x01\x11\x80\x03\0\0\0\0", 8);
	send_some(fd, noise, 1 + below(sizeof(noise) - 1));
}

static int abuse_handshake(void)
{
	int fd = dial(NULL);

	switch (below(5)) {
	case 0: /* and gone, or silent */
		break;
	case 1:
		send_noise(fd);
		break;
	case 2:
		send_some(fd, "\x01\x11\x80\x05\0\0\0\0", 1 + below(8));
		break;
	case 3: /* a list that nobody reads */
		send_some(fd, "\x01\x11\x80\x05\0\0\0\0", 8);
		break;
	case 4:
		send_some(fd, "\x01\x11\x80\x03\0\0\0\0" "99-777", 14);
		break;
	}
	return fd;
}

/* --- sessions ------------------------------------------------------------- */

static bool receive(int fd, void *bytes, size_t size)
{
	return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

/* Returns the devid; 0 if somebody else has it, or there is none. */
static uint32_t import(int fd, unsigned int device)
{
	uint8_t request[40] = { 0x01, 0x11, 0x80, 0x03 };
	uint8_t reply[8], record[sizeof(struct suburb_wire_device)];
	struct suburb_device description;

	snprintf((char *)request + 8, 32, "99-%u", device);
	if (fd < 0 || !send_all(fd, request, sizeof(request)) || !receive(fd, reply, 8) ||
	    memcmp(reply, "\x01\x11\x00\x03\0\0\0\0", 8) || !receive(fd, record, sizeof(record)) ||
	    suburb_get_device(record, sizeof(record), &description) < 0)
		return 0;
	add(&counts->imports, 1);
	return suburb_devid(description.busnum, description.devnum);
}

static uint32_t some_number(void)
{
	static const uint32_t numbers[] = { 0, 1, 2, 8, 64, 512, 4096, 65536, 1 << 20, 3 << 20,
					    16 << 20, INT_MAX, 0x80000000, UINT_MAX };

	return numbers[below(sizeof(numbers) / sizeof(numbers[0]))];
}

/* A transfer that makes sense, but for what is changed in it now and then. */
static struct suburb_submit some_submit(uint32_t seqnum, uint32_t devid)
{
	struct suburb_submit s = {
		.seqnum = below(50) ? seqnum : some_number(),
		.devid = below(50) ? devid : some_number(),
		.direction = below(2),
		.ep = below(5),
		.length = below(20) ? below(below(8) ? 600 : 70000) : some_number(),
		.packets = below(10) ? 0 : some_number(),
		.interval = 1,
	};

	if (!s.ep) {
		static const char *const setups[] = {
			"\x80\x06\x00\x01\x00\x00", "\x00\x09\x01\x00\x00\x00",
			"\x01\x0b\x01\x00\x00\x00", "\x02\x01\x00\x00\x81\x00",
			"\x23\x03\x04\x00\x01\x00",
		};

		memcpy(s.setup, setups[below(5)], 6);
		s.direction = s.setup[0] >> 7;
		s.length = s.direction ? 18 : 0;
		s.setup[6] = (uint8_t)s.length;
	}
	return s;
}

static bool send_submit(int fd, uint32_t seqnum, uint32_t devid)
{
	static const uint8_t zeros[262144];
	struct suburb_submit s = some_submit(seqnum, devid);
	struct suburb_wire_header header;

	suburb_put_submit(&header, &s);
	if (!send_all(fd, (uint8_t *)&header, sizeof(header)))
		return false;
	/* What is longer than this leaves suburbd in the middle of it. */
	return s.direction == SUBURB_DIR_IN || s.length > sizeof(zeros) ||
	       send_all(fd, zeros, s.length);
}

static bool send_unlink(int fd, uint32_t seqnum, uint32_t devid)
{
	struct suburb_unlink u = { .seqnum = seqnum, .devid = devid,
				   .target = below(4) ? below(seqnum) : some_number() };
	struct suburb_wire_header header;

	suburb_put_unlink(&header, &u);
	return send_all(fd, (uint8_t *)&header, sizeof(header));
}

static int abuse_session(void)
{
	int fd = dial(NULL);
	uint32_t devid = import(fd, 1 + below(imports));
	uint32_t messages = below(4) ? below(200) : below(20000);
	bool reads = below(3);

	if (!devid)
		return fd;
	for (uint32_t seqnum = 1; seqnum <= messages; seqnum++) {
		if (!(below(4) ? send_submit(fd, seqnum, devid) : send_unlink(fd, seqnum, devid)))
			break;
		if (reads && below(16) == 0)
			drain(fd);
	}
	return fd;
}

/* As much at once as there may be, and not a byte read of it. */
static int abuse_memory(void)
{
	int fd = dial(NULL);
	uint32_t devid = import(fd, 1 + below(imports));
	struct suburb_submit s = { .devid = devid, .direction = SUBURB_DIR_IN };
	struct suburb_wire_header header;

	if (!devid)
		return fd;
	s.length = 1u << (8 + below(16));
	for (s.seqnum = 1; s.seqnum < 6000; s.seqnum++) {
		s.ep = 1 + below(3);
		suburb_put_submit(&header, &s);
		if (!send_all(fd, (uint8_t *)&header, sizeof(header)))
			break;
	}
	return fd;
}

/* --- the honest one ------------------------------------------------------- */

static bool transfer(int fd, const struct suburb_submit *s, void *data)
{
	struct suburb_wire_header header;
	struct suburb_reply reply = { 0 };

	suburb_put_submit(&header, s);
	if (!send_all(fd, (uint8_t *)&header, sizeof(header)) ||
	    (s->direction == SUBURB_DIR_OUT && !send_all(fd, data, s->length)) ||
	    !receive(fd, &header, sizeof(header)) ||
	    suburb_get_reply(&header, sizeof(header), &reply) < 0 || reply.submit.status ||
	    reply.submit.seqnum != s->seqnum || reply.submit.actual_length != s->length)
		return false;
	return s->direction == SUBURB_DIR_OUT || receive(fd, data, s->length);
}

static bool echo(int fd, uint32_t devid, uint32_t seqnum)
{
	uint8_t sent[300], got[300] = { 0 };
	struct suburb_submit s = { .seqnum = 2 * seqnum, .devid = devid, .ep = 1,
				   .length = sizeof(sent) };

	memset(sent, (int)seqnum, sizeof(sent));
	if (!transfer(fd, &s, sent))
		return false;
	s.seqnum++;
	s.direction = SUBURB_DIR_IN;
	return transfer(fd, &s, got) && !memcmp(sent, got, sizeof(got));
}

/* Imports, echoes some, goes; a device that is not yet free again is asked for again. */
static bool honest_session(unsigned int device)
{
	struct suburb_submit configure = { .seqnum = 1, .setup = "\x00\x09\x01\x00\x00\x00" };
	uint32_t devid = 0;
	bool good;
	int fd;

	for (int i = 0; i < 50 && !devid; i++) {
		if (i)
			pause_ms(20);
		fd = dial(HONEST_ADDRESS);
		devid = import(fd, device);
		if (!devid)
			close(fd);
	}
	if (!devid)
		return false;
	configure.devid = devid;
	good = transfer(fd, &configure, NULL);
	for (uint32_t i = 1; i <= 20 && good; i++)
		good = echo(fd, devid, i);
	close(fd);
	return good;
}

static void be_honest(unsigned int device, double end)
{
	while (now() < end) {
		if (honest_session(device))
			add(&counts->rounds, 1);
		else
			add(&counts->failures, 1);
		pause_ms(50);
	}
}

/* --- workers -------------------------------------------------------------- */

static void be_hostile(int (*abuse)(void), uint32_t rest_ms, double end)
{
	int kept[KEPT];

	memset(kept, 0xff, sizeof(kept));
	while (now() < end) {
		int *place = &kept[below(KEPT)];

		hang_up(*place);
		*place = abuse();
		if (below(2)) {
			hang_up(*place);
			*place = -1;
		}
		pause_ms(below(rest_ms));
	}
	for (int i = 0; i < KEPT; i++)
		hang_up(kept[i]);
}

static void work(int worker, unsigned int honest, double end)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_state += (uint32_t)worker * 2654435761u;
	if (worker == 0)
		be_honest(honest, end);
	else if (worker == 1)
		be_hostile(abuse_memory, 200, end);
	else if (worker == 2)
		be_hostile(abuse_handshake, 2, end);
	else
		be_hostile(abuse_session, 20, end);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int honest;
	double end;

	if (argc != 6) {
		fprintf(stderr, "usage: hostile PORT SECONDS SEED IMPORTS HONEST\n");
		return 2;
	}
	exporter.sin_family = AF_INET;
	exporter.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	exporter.sin_port = htons((uint16_t)atoi(argv[1]));
	end = now() + atof(argv[2]);
	random_state = (uint32_t)atoi(argv[3]);
	imports = (unsigned int)atoi(argv[4]);
	honest = (unsigned int)atoi(argv[5]);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	for (int worker = 0; worker < WORKERS; worker++)
		if (fork() == 0)
			work(worker, honest, end);
	while (wait(NULL) > 0)
		;
	printf("%lu connections, %lu imports, %lu KiB sent; honest: %lu sessions, %lu failed\n",
	       counts->connections, counts->imports, counts->bytes >> 10, counts->rounds,
	       counts->failures);
	return counts->failures || !counts->rounds;
}
