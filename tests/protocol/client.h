/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scripted USB/IP client, and the suburbd that it talks to.
 *
 * Everything blocks, with a limit of PATIENCE_S seconds; whatever goes wrong
 * fails the test. The client sends what it is told, right or wrong: it has no
 * rules of its own.
 *
 * SUBURBD      the program; SUBURBD_RUN goes before it ("qemu-s390x -L DIR")
 * TEST_LINK    what goes between: tcp (if unset) or unix
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include <suburb/wire.h>

#define PATIENCE_S 30
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * struct exporter - a running suburbd
 * @log: name of the file that has its stderr
 * @name, @length: socket address where it listens
 */
struct exporter {
	int pid;
	char log[32];
	struct sockaddr_storage name;
	socklen_t length;
};

/* Do the tests run over TCP, where some things can be seen that others lack? */
bool over_tcp(void);

/*
 * Starts suburbd in the foreground on a free address, with @args (NULL at the
 * end).
 */
void exporter_start(struct exporter *exporter, const char *const args[]);

/* Ends it by SIGTERM; it must exit with 0 (and a sanitizer's report does not). */
void exporter_stop(struct exporter *exporter);

/* Does the log have that text? Waits for it. */
void exporter_assert_logged(const struct exporter *exporter, const char *text);

/* --- bytes ---------------------------------------------------------------- */

int dial(const struct exporter *exporter);
void dial_from(const char *address); /* from now on; of 127.0.0.0/8. NULL: any */
void hang_up(int fd);
void hang_up_all(void); /* what a failed test left open */
void send_bytes(int fd, const void *bytes, size_t size);
void receive_bytes(int fd, void *bytes, size_t size);

/* The peer ends the connection, having sent nothing more; hangs up. */
void assert_ends(int fd);

/* Nothing comes for @ms milliseconds, and the connection stays. */
void assert_silence(int fd, int ms);

/* --- operations ----------------------------------------------------------- */

struct listed {
	struct suburb_device device;
	struct suburb_wire_interface interface[32];
};

/* OP_REQ_DEVLIST on a connection of its own; how many devices there are. */
size_t devlist(const struct exporter *exporter, struct listed *listed, size_t max);

/**
 * struct client - an importer
 * @seqnum: last one used
 */
struct client {
	int fd;
	uint32_t seqnum;
	uint32_t devid;
	struct suburb_device device;
	uint8_t direction[65536];
};

/* OP_REQ_IMPORT; the reply's status. The connection is closed if that is not 0. */
uint32_t try_import(struct client *client, const struct exporter *exporter, const char *busid);

/* The same until it is not busy: giving a device back takes the exporter a moment. */
void import(struct client *client, const struct exporter *exporter, const char *busid);

void client_close(struct client *client);
void client_reset(struct client *client); /* RST instead of FIN */

/* That device can be imported and asked for its descriptor: all is well there. */
void assert_alive(const struct exporter *exporter, const char *busid);

/* --- URBs ----------------------------------------------------------------- */

#define IN 0x80

/**
 * struct answer - a reply taken apart
 * @payload: of an IN; the next call overwrites it
 */
struct answer {
	struct suburb_reply reply;
	uint8_t *payload;
};

/* The parts of a submit that go with an endpoint (address) and a length. */
struct suburb_submit to_endpoint(struct client *client, uint8_t endpoint, uint32_t length);

/* Sends as is, @payload if it is an OUT. Returns its seqnum. */
uint32_t submit(struct client *client, const struct suburb_submit *submit, const void *payload);
uint32_t submit_in(struct client *client, uint8_t endpoint, uint32_t length);
uint32_t submit_out(struct client *client, uint8_t endpoint, const void *data, uint32_t length);
uint32_t submit_control(struct client *client, const char *setup, uint16_t length,
			const void *data);
uint32_t client_unlink(struct client *client, uint32_t target);

void next_answer(struct client *client, struct answer *answer);

/* The next reply is the RET_SUBMIT of @seqnum with @status; actual_length. */
uint32_t expect_submit(struct client *client, uint32_t seqnum, int32_t status,
		       struct answer *answer);
void expect_unlink(struct client *client, uint32_t seqnum, int32_t status);

/* One after the other: submit and wait. Must succeed; actual_length. */
uint32_t control_in(struct client *client, const char *setup, void *data, uint16_t length);
void control_out(struct client *client, const char *setup, const void *data, uint16_t length);
uint32_t read_from(struct client *client, uint8_t endpoint, void *data, uint32_t length);
void write_to(struct client *client, uint8_t endpoint, const void *data, uint32_t length);

/* Setup packets without wLength. */
#define GET_DEVICE_DESCRIPTOR "\x80\x06\x00\x01\x00\x00"
#define SET_CONFIGURATION "\x00\x09\x01\x00\x00\x00"

#endif
