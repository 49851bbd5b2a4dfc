// SPDX-License-Identifier: GPL-2.0-or-later
/* sources: tools/plain.c tools/local_link.c */
/* sources: tools/client.c tools/stream.c tools/dial.c tools/lookup.c tools/host.c tools/offer.c */
/* sources: tools/serial.c tools/deadline.c tools/failure.c tools/text.c */
/*
 * A hostile exporter against the tool: every field of OP_REP_DEVLIST, of
 * OP_REP_IMPORT with its answer, and of the replies by which it reads a serial
 * number, at every value of lie.h, by itself and in pairs; and descriptors that
 * lie. The tool says in one line what is wrong, or it believes what might be
 * true; it ends soon, and prints nothing that a terminal would obey.
 *
 * "suburb list" is run as it is; an import, which would need the module, is
 * the tool's own code called from here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lie.h"
#include "tests/protocol/client.h"
#include "tests/protocol/server.h"
#include "tools/client.h"
#include "tools/serial.h"

#define BUSID "3-1"
#define FEATURES (SUBURB_WIRE_FEATURE_STREAMS | SUBURB_WIRE_FEATURE_DIGEST)

/* What the server says next: shared with its process. */
struct script {
	size_t request; /* bytes to read first */
	size_t size;
	bool dribble;
	bool answer; /* the check value is of what was offered */
	struct lies lies;
	uint8_t bytes[1024];
};

static struct script *script;
static struct server server;
static struct tool_run run;
static struct dial dial_to;
static char runtime_dir[] = "/tmp/suburb-peer.XXXXXX";
static unsigned int cases;

/* --- the server ------------------------------------------------------------ */

static void play(int fd, const void *data)
{
	uint8_t request[64] = { 0 }, bytes[1024];
	struct suburb_wire_busid *busid = (void *)(request + 8);

	if (recv(fd, request, script->request, MSG_WAITALL) != (ssize_t)script->request)
		return;
	memcpy(bytes, script->bytes, script->size);
	if (script->answer && suburb_get_offer(busid))
		suburb_put_answer((void *)(bytes + 8), busid, suburb_get_offer(busid) & FEATURES);
	lies_tell(&script->lies, bytes);
	for (size_t at = 0; at < script->size; at += script->dribble ? 1 : script->size)
		send(fd, bytes + at, script->dribble ? 1 : script->size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	while (recv(fd, request, sizeof(request), 0) > 0)
		;
}

static int start(void **state)
{
	struct host host;
	struct failure failure;
	char text[32];

	assert_non_null(mkdtemp(runtime_dir));
	setenv("SUBURB_RUNTIME_DIR", runtime_dir, 1);
	script = mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_ptr_not_equal(script, MAP_FAILED);
	server_start(&server, play, NULL);
	snprintf(text, sizeof(text), "127.0.0.1:%u", server.port);
	assert_int_equal(host_parse(text, &host, &failure), 0);
	assert_int_equal(dial_resolve(&dial_to, &host, deadline_in(10000), &failure), 0);
	return 0;
}

static void forget_plain_hosts(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/plain-hosts", runtime_dir);
	unlink(name);
}

static int stop(void **state)
{
	dial_free(&dial_to);
	server_stop(&server);
	forget_plain_hosts();
	rmdir(runtime_dir);
	munmap(script, sizeof(*script));
	printf("# hostile exporter for the tool: %u cases, seed %u\n", cases, lies_seed());
	return 0;
}

static size_t put_record(uint8_t *at)
{
	const struct suburb_device device = {
		.path = "/sys/devices/3-1", .busid = BUSID, .busnum = 3, .devnum = 2,
		.speed = SUBURB_SPEED_HIGH, .id_vendor = 0x1209, .id_product = 5,
		.bcd_device = 0x100, .configuration_value = 1, .num_configurations = 1,
		.num_interfaces = 2,
	};

	suburb_put_device((void *)at, &device);
	return sizeof(struct suburb_wire_device);
}

/* --- suburb list ----------------------------------------------------------- */

static void put_list(void)
{
	const __be32 count = __cpu_to_be32(1);
	uint8_t *at = script->bytes;

	memset(script, 0, sizeof(*script));
	script->request = 8;
	suburb_put_op((void *)at, SUBURB_OP_REP_DEVLIST, 0);
	memcpy(at + 8, &count, 4);
	at += 12;
	at += put_record(at);
	memcpy(at, "\x03\x01\x01\x00\xff\x00\x00\x00", 8);
	script->size = (size_t)(at + 8 - script->bytes);
}

static void assert_harmless(const char *text)
{
	for (const char *c = text; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
			fail_msg("%s: control character %#x in \"%s\"", lies_text(&script->lies),
				 *c, text);
}

/* True if it was believed. */
static bool listed(const char *option)
{
	const char *end;

	cases++;
	tool_run(&run, &server, "list", option);
	assert_harmless(run.out);
	assert_harmless(run.err);
	if (run.status == 0)
		return true;
	end = strchr(run.err, '\n');
	if (run.status != 1 || strncmp(run.err, "suburb: ", 8) || !end || end[1])
		fail_msg("%s: status %d, stderr \"%s\"", lies_text(&script->lies), run.status,
			 run.err);
	return false;
}

static uint32_t told(const char *field, const struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		if (!strcmp(layout->fields[i].name, field)) {
			uint8_t bytes[1024];

			memcpy(bytes, script->bytes, sizeof(bytes));
			lies_tell(&script->lies, bytes);
			return lies_get(bytes, &layout->fields[i]);
		}
	fail_msg("no field %s", field);
	return 0;
}

static bool list_is_possible(void)
{
	const struct layout *l = &layout_listed;

	if (told("version", l) != 0x0111 || told("code", l) != 0x0005 || told("status", l))
		return false;
	if (told("count", l) == 0)
		return true;
	return told("count", l) == 1 && told("bNumInterfaces", l) <= 2;
}

static void list_once(size_t n)
{
	bool believed = listed(n % 2 ? "--json" : NULL);

	if (believed != list_is_possible())
		fail_msg("%s: %s, \"%s\"", lies_text(&script->lies),
			 believed ? "believed" : "not believed", run.err);
}

static void lists_that_lie(void **state)
{
	uint32_t seed = lies_seed();

	for (size_t n = 0; n < lies_singles(&layout_listed) + lies_pairs(60); n++) {
		put_list();
		if (n < lies_singles(&layout_listed))
			lies_single(&script->lies, &layout_listed, script->bytes, 312, n);
		else
			lies_pair(&script->lies, &layout_listed, script->bytes, 312, &seed);
		script->dribble = n % 11 == 3;
		list_once(n);
	}
}

/* Every byte that can be, in the place of a name. */
static void names_in_lists(void **state)
{
	for (int byte = 1; byte < 256; byte += 3) {
		put_list();
		memset(script->bytes + 12, byte, 255);
		memset(script->bytes + 12 + 256, byte, 31);
		assert_true(listed(byte % 2 ? "--json" : NULL));
		memset(script->bytes + 12 + 256, byte, 32);
		assert_false(listed(NULL));
	}
}

static void lists_cut_at_every_byte(void **state)
{
	put_list();
	for (size_t whole = script->size, cut = 0; cut < whole; cut += cut < 20 ? 1 : 13) {
		script->size = cut;
		assert_false(listed(NULL));
	}
}

/* --- import ----------------------------------------------------------------- */

static void put_import(void)
{
	memset(script, 0, sizeof(*script));
	script->request = 40;
	script->answer = true;
	suburb_put_op((void *)script->bytes, SUBURB_OP_REP_IMPORT, 0);
	script->size = 8 + put_record(script->bytes + 8);
}

static void assert_tells(const struct failure *failure)
{
	assert_int_not_equal(failure->text[0], 0);
	assert_null(strchr(failure->text, '\n'));
}

/* As the tool does, and in time. A descriptor, or a negative errno. */
static int import_it(uint32_t offered, struct suburb_device *device, uint32_t *agreed)
{
	const struct client_wish wish = { .features = offered };
	struct deadline deadline = deadline_in(10000);
	struct failure failure = { .text = "" };
	int ret;

	cases++;
	forget_plain_hosts();
	ret = client_import(&dial_to, BUSID, &wish, deadline, device, agreed, &failure);
	assert_true(deadline_left(deadline) > 3000);
	if (ret < 0)
		assert_tells(&failure);
	return ret;
}

static void judge_import(uint32_t offered)
{
	struct suburb_device device = { 0 };
	uint32_t agreed = 0;
	int fd = import_it(offered, &device, &agreed);

	if (fd < 0)
		return;
	close(fd);
	assert_string_equal(device.busid, BUSID);
	assert_true(suburb_speed_valid(device.speed));
	assert_int_equal(agreed & ~offered, 0);
}

static void imports_that_lie(void **state)
{
	const struct layout *layout = &layout_imported;
	uint32_t seed = lies_seed();

	for (size_t n = 0; n < lies_singles(layout) + lies_pairs(60); n++) {
		put_import();
		if (n < lies_singles(layout))
			lies_single(&script->lies, layout, script->bytes, 312, n);
		else
			lies_pair(&script->lies, layout, script->bytes, 312, &seed);
		script->dribble = n % 11 == 3;
		/* Each status that says "later" costs a second. */
		if (script->lies.lie[0].field == &layout->fields[2] && n % 3)
			continue;
		judge_import(n % 3 ? FEATURES : 0);
	}
}

/* With the right check value: an answer that agrees to what was not offered. */
static void answers_to_what_was_not_offered(void **state)
{
	struct suburb_wire_busid offered;

	for (unsigned int bit = 0; bit < 32; bit++) {
		put_import();
		script->answer = false;
		suburb_put_busid(&offered, BUSID);
		suburb_put_offer(&offered, SUBURB_WIRE_FEATURE_STREAMS);
		suburb_put_answer((void *)(script->bytes + 8), &offered, 1u << bit);
		judge_import(SUBURB_WIRE_FEATURE_STREAMS);
	}
}

/* --- a serial number --------------------------------------------------------- */

/**
 * struct spoken - the three replies by which a serial number is told
 * @at: offsets of the headers
 */
struct spoken {
	uint8_t bytes[4096];
	size_t size;
	size_t at[3];
};

static void put_reply(struct spoken *s, int n, const uint8_t *data, size_t size,
		      const struct lies *lies, bool digest)
{
	const struct suburb_ret_submit ret = { .seqnum = (uint32_t)n + 1,
					       .actual_length = (uint32_t)size };
	uint8_t *at = s->bytes + s->size;
	__be32 crc;

	s->at[n] = s->size;
	suburb_put_ret_submit((void *)at, &ret);
	if (lies)
		lies_tell(lies, at);
	s->size += 48;
	crc = __cpu_to_be32(suburb_crc32c(0, at, 48));
	if (digest)
		memcpy(s->bytes + s->size, &crc, 4), s->size += 4;
	memcpy(s->bytes + s->size, data, size);
	s->size += size;
	crc = __cpu_to_be32(suburb_crc32c(0, data, size));
	if (digest && size)
		memcpy(s->bytes + s->size, &crc, 4), s->size += 4;
}

static const uint8_t device_descriptor[18] = {
	18, 1, 0, 2, 0xff, 0, 0, 64, 9, 0x12, 5, 0, 0, 1, 1, 2, 3, 1,
};
static const uint8_t languages[4] = { 4, 3, 9, 4 };
static const uint8_t serial_descriptor[12] = { 12, 3, 'A', 0, 'B', 0, 'C', 0, '1', 0, '2', 0 };

/* All is said before it is asked; what is missing then never comes. */
static int read_serial(const struct spoken *s, bool digest, char *serial)
{
	const struct suburb_device device = { .busnum = 3, .devnum = 2 };
	struct failure failure = { .text = "" };
	struct stream stream = { .peer = "peer", .digest = digest,
				 .deadline = deadline_in(2000) };
	int sv[2], ret;

	cases++;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(send(sv[0], s->bytes, s->size, 0), s->size);
	shutdown(sv[0], SHUT_WR);
	stream.fd = sv[1];
	ret = serial_read(&stream, &device, serial, &failure);
	if (ret < 0)
		assert_tells(&failure);
	close(sv[0]);
	close(sv[1]);
	return ret;
}

static void replies_that_lie(void **state)
{
	const struct layout *layout = &layout_ret_submit;
	uint32_t seed = lies_seed();
	char serial[SERIAL_SIZE];

	for (size_t n = 0; n < 6 * (lies_singles(layout) + lies_pairs(300)); n++) {
		struct suburb_wire_header truth = { 0 };
		struct spoken s = { .size = 0 };
		bool digest = n / 3 % 2;
		struct lies lies;
		int which = n % 3;

		if (n / 6 < lies_singles(layout))
			lies_single(&lies, layout, &truth, 18, n / 6);
		else
			lies_pair(&lies, layout, &truth, 255, &seed);
		put_reply(&s, 0, device_descriptor, 18, which == 0 ? &lies : NULL, digest);
		put_reply(&s, 1, languages, 4, which == 1 ? &lies : NULL, digest);
		put_reply(&s, 2, serial_descriptor, 12, which == 2 ? &lies : NULL, digest);
		memset(serial, 0x55, sizeof(serial));
		read_serial(&s, digest, serial);
		assert_non_null(memchr(serial, 0, sizeof(serial)));
	}
}

/* Lengths that are not there, and types that are others. */
static void descriptors_that_lie(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 4, 9, 17, 19, 127, 128, 254, 255 };
	char serial[SERIAL_SIZE];
	uint8_t first[18], second[4], third[255];

	for (int field = 0; field < 8; field++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			for (size_t size = 0; size <= 255; size += size < 16 ? 1 : 239) {
				uint8_t *fields[] = { &first[0], &first[1], &first[16], &second[0],
						      &second[1], &third[0], &third[1], &third[2] };
				struct spoken s = { .size = 0 };

				memcpy(first, device_descriptor, 18);
				memcpy(second, languages, 4);
				memset(third, 0xd8, sizeof(third));
				memcpy(third, serial_descriptor, 12);
				third[0] = (uint8_t)size;
				*fields[field] = values[v];
				put_reply(&s, 0, first, field < 3 && size < 18 ? size : 18, NULL, false);
				put_reply(&s, 1, second, field > 2 && size < 4 ? size : 4, NULL, false);
				put_reply(&s, 2, third, size, NULL, false);
				assert_int_equal(read_serial(&s, false, serial), 0);
				assert_non_null(memchr(serial, 0, sizeof(serial)));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_that_lie),
		cmocka_unit_test(names_in_lists),
		cmocka_unit_test(lists_cut_at_every_byte),
		cmocka_unit_test(imports_that_lie),
		cmocka_unit_test(answers_to_what_was_not_offered),
		cmocka_unit_test(replies_that_lie),
		cmocka_unit_test(descriptors_that_lie),
	};

	return cmocka_run_group_tests_name("tool", tests, start, stop);
}
