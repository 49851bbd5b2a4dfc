// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/client.c tools/stream.c tools/dial.c tools/host.c tools/offer.c tools/lookup.c */
/* sources: tools/plain.c tools/local_link.c tools/deadline.c tools/failure.c tools/text.c */
/*
 * The tool's half of the negotiation, against servers that know nothing of it
 * in different ways. A child process is the server; what it was sent lies in
 * memory that the test shares, so that every byte can be looked at.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/client.h"
#include "tools/plain.h"

#define REQUEST_SIZE 40
#define MOST 64

enum kind {
	PLAIN,	/* looks at the bus id up to its NUL */
	STRICT, /* compares all 32 bytes: refuses */
	CLOSER, /* likewise: closes the connection */
	BUSY,	/* refuses whatever comes, for the device is in use */
	AGREES, /* to @agrees */
};

struct seen {
	int count;
	uint8_t request[MOST][REQUEST_SIZE];
};

static enum kind kind;
static uint32_t agrees;
static struct seen *seen;
static struct dial dial;
static int listener = -1;
static pid_t server = -1;
static char directory[] = "/tmp/suburb-offer.XXXXXX";

/* --- the server ----------------------------------------------------------- */

static const struct suburb_wire_busid *busid_of(const uint8_t *request)
{
	return (const void *)(request + sizeof(struct suburb_wire_op));
}

static void answer(int fd, const uint8_t *request)
{
	struct {
		struct suburb_wire_op op;
		struct suburb_wire_device device;
	} reply;
	struct suburb_device d = { .path = "/sys/x", .busnum = 1, .devnum = 2, .speed = 5 };

	memcpy(d.busid, busid_of(request)->busid, sizeof(d.busid) - 1);
	suburb_put_op(&reply.op, SUBURB_OP_REP_IMPORT, SUBURB_OP_OK);
	suburb_put_device(&reply.device, &d);
	if (kind == AGREES)
		suburb_put_answer(&reply.device, busid_of(request), agrees);
	send(fd, &reply, sizeof(reply), MSG_NOSIGNAL);
}

static void refuse(int fd, uint32_t status)
{
	struct suburb_wire_op op;

	suburb_put_op(&op, SUBURB_OP_REP_IMPORT, status);
	send(fd, &op, sizeof(op), MSG_NOSIGNAL);
}

static bool is_plain(const uint8_t *request)
{
	return suburb_string_within((const char *)request + 8, 32);
}

static void serve(int fd)
{
	uint8_t *request = seen->request[seen->count];

	if (recv(fd, request, REQUEST_SIZE, MSG_WAITALL) != REQUEST_SIZE)
		return;
	seen->count++;
	if (kind == BUSY)
		refuse(fd, SUBURB_OP_DEV_BUSY);
	else if (kind == STRICT && !is_plain(request))
		refuse(fd, SUBURB_OP_NODEV);
	else if (kind != CLOSER || is_plain(request))
		answer(fd, request);
}

static void start_server(enum kind of, uint32_t features)
{
	kind = of;
	agrees = features;
	server = fork();
	assert_true(server >= 0);
	while (!server && seen->count < MOST) {
		int fd = accept(listener, NULL, NULL);

		serve(fd);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
}

static int setup(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t size = sizeof(address);
	struct failure failure;
	struct host host;
	char text[32];

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seen != MAP_FAILED);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(listener, 8), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(host_parse(text, &host, &failure), 0);
	assert_int_equal(dial_resolve(&dial, &host, deadline_in(5000), &failure), 0);
	return 0;
}

static int teardown(void **state)
{
	char name[64];

	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(listener);
	dial_free(&dial);
	munmap(seen, sizeof(*seen));
	snprintf(name, sizeof(name), "%s/plain-hosts", directory);
	unlink(name);
	return 0;
}

static int make_directory(void **state)
{
	assert_non_null(mkdtemp(directory));
	return setenv("SUBURB_RUNTIME_DIR", directory, 1);
}

static int remove_directory(void **state)
{
	return rmdir(directory);
}

/* --- asking --------------------------------------------------------------- */

static int ask_for(const char *busid, uint32_t features, uint32_t far, uint32_t *agreed)
{
	const struct client_wish wish = { .features = features, .far = far };
	struct suburb_device d;
	struct failure failure;
	int ret = client_import(&dial, busid, &wish, deadline_in(5000), &d, agreed, &failure);

	if (ret >= 0)
		close(ret);
	return ret < 0 ? ret : 0;
}

static const uint8_t plain_request[REQUEST_SIZE] = { 1, 0x11, 0x80, 3, 0, 0, 0, 0, '1', '-', '1' };

static void assert_offered(int request, uint32_t features)
{
	struct suburb_wire_busid expected;

	suburb_put_busid(&expected, "1-1");
	if (features)
		suburb_put_offer(&expected, features);
	assert_memory_equal(seen->request[request], plain_request, 8);
	assert_memory_equal(seen->request[request] + 8, &expected, sizeof(expected));
	if (!features)
		assert_memory_equal(seen->request[request], plain_request, REQUEST_SIZE);
}

static void without_a_wish_it_is_plain(void **state)
{
	uint32_t agreed = 0xee;

	start_server(PLAIN, 0);
	assert_int_equal(ask_for("1-1", 0, 0, &agreed), 0);
	assert_int_equal(agreed, 0);
	assert_int_equal(seen->count, 1);
	assert_offered(0, 0);
}

static void a_plain_server_does_not_notice(void **state)
{
	uint32_t agreed = 0xee;

	start_server(PLAIN, 0);
	assert_int_equal(ask_for("1-1", 6, 0, &agreed), 0);
	assert_int_equal(agreed, 0);
	assert_int_equal(seen->count, 1);
	assert_offered(0, 6);
	assert_false(plain_known(dial.host.text));
}

static void what_is_agreed_is_told(void **state)
{
	uint32_t agreed;

	start_server(AGREES, 2);
	assert_int_equal(ask_for("1-1", 6, 0, &agreed), 0);
	assert_int_equal(agreed, 2);
	assert_int_equal(seen->count, 1);
}

static void more_than_was_offered_is_refused(void **state)
{
	uint32_t agreed;

	start_server(AGREES, 6);
	assert_int_equal(ask_for("1-1", 2, 0, &agreed), -EPROTO);
	assert_int_equal(seen->count, 1);
}

/* An answer although nothing was offered. */
static void an_answer_to_nothing_is_refused(void **state)
{
	uint32_t agreed;

	start_server(AGREES, 2);
	assert_int_equal(ask_for("1-1", 0, 0, &agreed), -EPROTO);
}

static void assert_falls_back(void)
{
	uint32_t agreed = 0xee;

	assert_int_equal(ask_for("1-1", 6, 0, &agreed), 0);
	assert_int_equal(agreed, 0);
	assert_int_equal(seen->count, 2);
	assert_offered(0, 6);
	assert_offered(1, 0);
	/* It is remembered, in a file. */
	assert_true(plain_known(dial.host.text));
	assert_int_equal(ask_for("1-1", 6, 0, &agreed), 0);
	assert_int_equal(seen->count, 3);
	assert_offered(2, 0);
}

static void a_strict_server_is_asked_again(void **state)
{
	start_server(STRICT, 0);
	assert_falls_back();
}

static void a_server_that_closes_is_asked_again(void **state)
{
	start_server(CLOSER, 0);
	assert_falls_back();
}

/* "Busy" says that the bus id was understood. */
static void a_busy_server_is_not_asked_plainly(void **state)
{
	uint32_t agreed;

	start_server(BUSY, 0);
	assert_int_equal(ask_for("1-1", 6, 0, &agreed), -EBUSY);
	assert_in_range(seen->count, 2, 8);
	for (int i = 0; i < seen->count; i++)
		assert_offered(i, 6);
	assert_false(plain_known(dial.host.text));
}

static void digests_are_left_out_on_this_machine(void **state)
{
	uint32_t agreed;

	start_server(PLAIN, 0);
	assert_int_equal(ask_for("1-1", 6, 4, &agreed), 0);
	assert_offered(0, 2);
	assert_int_equal(ask_for("1-1", 4, 4, &agreed), 0);
	assert_offered(1, 0);
}

static void a_long_bus_id_leaves_no_room(void **state)
{
	uint32_t agreed;

	start_server(PLAIN, 0);
	assert_int_equal(ask_for("12345678901234567890", 6, 0, &agreed), 0);
	assert_int_equal(agreed, 0);
	assert_true(is_plain(seen->request[0]));
}

/* --- the file ------------------------------------------------------------- */

static void write_file(const char *text)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "%s/plain-hosts", directory);
	file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void memory_fades(void **state)
{
	long long now = time(NULL);
	char text[256];

	start_server(PLAIN, 0);
	snprintf(text, sizeof(text), "%lld lab:3240\n%lld old:3240\n%lld later:3240\nrubbish\n",
		 now - 3590, now - 3601, now + 100);
	write_file(text);
	assert_true(plain_known("lab:3240"));
	assert_false(plain_known("old:3240"));
	assert_false(plain_known("later:3240"));
	assert_false(plain_known("lab:3241"));
	plain_remember("new:1");
	assert_true(plain_known("new:1"));
	assert_true(plain_known("lab:3240"));
	assert_false(plain_known("old:3240"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_wish_it_is_plain, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plain_server_does_not_notice, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_agreed_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_was_offered_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_to_nothing_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_strict_server_is_asked_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_server_that_closes_is_asked_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_busy_server_is_not_asked_plainly, setup,
						teardown),
		cmocka_unit_test_setup_teardown(digests_are_left_out_on_this_machine, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_long_bus_id_leaves_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_fades, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
