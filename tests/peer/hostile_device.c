// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_device - a device whose descriptors lie, attached to the kernel: each
 * byte of each descriptor at values that hurt, lengths that promise more or
 * less than there is, counts without what they count, and names that would
 * command a terminal.
 *
 *   hostile_device [-s high|super] [-r SEED] [-n RANDOM] [-c COMMAND]
 *   hostile_device [-s SPEED] -l LIE [-c COMMAND]
 *
 * usbcore makes of it what it can, or nothing. Either way the honest device
 * beside answers, the device can be detached, and COMMAND, which is run (by
 * /bin/sh) while it is attached, if it became one, ends with status 0: with it the tool and
 * suburbd look at what the kernel tells of such a device. Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lie.h"
#include "scene.h"

/* Until usbcore has made up its mind about a device that it can do nothing with. */
#define SETTLE_MS 1200

/**
 * struct forgery - what is changed
 * @type: of the descriptor; others are told as they are
 * @index: of a string
 * @at: offset of the byte
 * @cut: told only so far, if not 0
 * @text: a string of these bytes, in place of the characters
 */
struct forgery {
	const char *name;
	__u8 type;
	__u8 index;
	__u16 at;
	__u8 value;
	__u16 cut;
	const char *text;
};

#define DEVICE USB_DT_DEVICE, 0
#define CONFIG USB_DT_CONFIG, 0
#define BOS USB_DT_BOS, 0
#define STRING(index) USB_DT_STRING, (index)

/* Of the configuration: 9 bytes of its own, 9 of interface 0, 7 of an endpoint. */
static const struct forgery forgeries[] = {
	{ "device: bLength 0", DEVICE, 0, 0, 0, NULL },
	{ "device: bLength 1", DEVICE, 0, 1, 0, NULL },
	{ "device: bLength 255", DEVICE, 0, 255, 0, NULL },
	{ "device: another type", DEVICE, 1, 2, 0, NULL },
	{ "device: bMaxPacketSize0 0", DEVICE, 7, 0, 0, NULL },
	{ "device: bMaxPacketSize0 255", DEVICE, 7, 255, 0, NULL },
	{ "device: bNumConfigurations 0", DEVICE, 17, 0, 0, NULL },
	{ "device: bNumConfigurations 255", DEVICE, 17, 255, 0, NULL },
	{ "device: a hub", DEVICE, 4, 9, 0, NULL },
	{ "device: 8 bytes of it", DEVICE, 0, 18, 8, NULL },
	{ "device: none", DEVICE, 0, 18, 1, NULL },
	{ "configuration: bLength 0", CONFIG, 0, 0, 0, NULL },
	{ "configuration: bLength 255", CONFIG, 0, 255, 0, NULL },
	{ "configuration: wTotalLength 0", CONFIG, 2, 0, 0, NULL },
	{ "configuration: wTotalLength 9", CONFIG, 2, 9, 0, NULL },
	{ "configuration: wTotalLength one less", CONFIG, 2, 254, 0, NULL },
	{ "configuration: wTotalLength 64 KiB", CONFIG, 3, 255, 0, NULL },
	{ "configuration: bNumInterfaces 0", CONFIG, 4, 0, 0, NULL },
	{ "configuration: bNumInterfaces 32", CONFIG, 4, 32, 0, NULL },
	{ "configuration: bNumInterfaces 255", CONFIG, 4, 255, 0, NULL },
	{ "configuration: value 0", CONFIG, 5, 0, 0, NULL },
	{ "configuration: ends after its head", CONFIG, 0, 9, 9, NULL },
	{ "configuration: ends in an interface", CONFIG, 0, 9, 12, NULL },
	{ "configuration: ends in an endpoint", CONFIG, 0, 9, 20, NULL },
	{ "interface: bLength 0", CONFIG, 9, 0, 0, NULL },
	{ "interface: bLength 1", CONFIG, 9, 1, 0, NULL },
	{ "interface: bLength 255", CONFIG, 9, 255, 0, NULL },
	{ "interface: number 255", CONFIG, 11, 255, 0, NULL },
	{ "interface: setting 255", CONFIG, 12, 255, 0, NULL },
	{ "interface: bNumEndpoints 0", CONFIG, 13, 0, 0, NULL },
	{ "interface: bNumEndpoints 31", CONFIG, 13, 31, 0, NULL },
	{ "interface: bNumEndpoints 255", CONFIG, 13, 255, 0, NULL },
	{ "interface: a hub", CONFIG, 14, 9, 0, NULL },
	{ "interface: a disk", CONFIG, 14, 8, 0, NULL },
	{ "interface: a configuration inside", CONFIG, 10, 2, 0, NULL },
	{ "interface: an association inside", CONFIG, 10, 11, 0, NULL },
	{ "endpoint: bLength 0", CONFIG, 18, 0, 0, NULL },
	{ "endpoint: bLength 1", CONFIG, 18, 1, 0, NULL },
	{ "endpoint: bLength 255", CONFIG, 18, 255, 0, NULL },
	{ "endpoint: address 0", CONFIG, 20, 0, 0, NULL },
	{ "endpoint: address 0x80", CONFIG, 20, 0x80, 0, NULL },
	{ "endpoint: address 255", CONFIG, 20, 255, 0, NULL },
	{ "endpoint: address of the next one", CONFIG, 20, 2, 0, NULL },
	{ "endpoint: control", CONFIG, 21, 0, 0, NULL },
	{ "endpoint: isochronous", CONFIG, 21, 1, 0, NULL },
	{ "endpoint: packets of 0", CONFIG, 23, 0, 0, NULL },
	{ "endpoint: packets of 64 KiB", CONFIG, 23, 255, 0, NULL },
	{ "BOS: bLength 0", BOS, 0, 0, 0, NULL },
	{ "BOS: wTotalLength 0", BOS, 2, 0, 0, NULL },
	{ "BOS: wTotalLength 64 KiB", BOS, 3, 255, 0, NULL },
	{ "BOS: 255 capabilities", BOS, 4, 255, 0, NULL },
	{ "BOS: capability of length 0", BOS, 5, 0, 0, NULL },
	{ "BOS: capability of length 1", BOS, 5, 1, 0, NULL },
	{ "BOS: capability of length 255", BOS, 5, 255, 0, NULL },
	{ "BOS: cut", BOS, 0, 5, 6, NULL },
	{ "languages: bLength 0", STRING(0), 0, 0, 0, NULL },
	{ "languages: bLength 2", STRING(0), 0, 2, 0, NULL },
	{ "languages: bLength 3", STRING(0), 0, 3, 0, NULL },
	{ "string: bLength 0", STRING(2), 0, 0, 0, NULL },
	{ "string: bLength 1", STRING(2), 0, 1, 0, NULL },
	{ "string: odd bLength", STRING(2), 0, 9, 0, NULL },
	{ "string: bLength 255", STRING(2), 0, 255, 0, NULL },
	{ "string: another type", STRING(2), 1, 1, 0, NULL },
	{ "string: commands for a terminal", STRING(2), 0, 0, 0, "\x1b]0;owned\a\x1b[2J\r\n" },
	{ "string: a quotation mark", STRING(2), 0, 0, 0, "\"}],\"x\":[{\"" },
	{ "string: a rule's end", STRING(3), 0, 0, 0, "x\n[export]\nall" },
	{ "string: half a surrogate", STRING(3), 3, 0xd8, 0, NULL },
	{ "serial: commands for a terminal", STRING(3), 0, 0, 0, "\x9b\x31;31m\x7f" },
};
#define FORGERIES (sizeof(forgeries) / sizeof(forgeries[0]))

static const struct forgery *forgery;
static const char *command;
static unsigned int tests, failures, online;

/* --- forging -------------------------------------------------------------- */

static size_t put_text(__u8 *buf, const char *text)
{
	size_t len = strlen(text);

	buf[0] = 2 + 2 * len;
	buf[1] = USB_DT_STRING;
	for (size_t i = 0; i < len; i++) {
		buf[2 + 2 * i] = text[i];
		buf[3 + 2 * i] = 0;
	}
	return buf[0];
}

static size_t forge(void *owner, __u8 type, __u8 index, __u8 *buf, size_t len)
{
	const struct forgery *f = owner;

	if (!len || f->type != type || (type == USB_DT_STRING && f->index != index))
		return len;
	if (f->text)
		return put_text(buf, f->text);
	buf[f->at % len] = f->value;
	return f->cut && f->cut < len ? f->cut : len;
}

/* --- one device ----------------------------------------------------------- */

static bool gone_for_good(int dev, const struct suburb_attach *a)
{
	struct suburb_status st;
	long long start = now_ms();
	int ret = remote_detach(dev, a->port, a->id);

	if (ret && ret != -ENODEV)
		return false;
	return remote_wait_state(dev, a->id, SUBURB_STATE_GONE, &st) == 0 &&
	       now_ms() - start < 5000;
}

static bool settle(int dev, __u64 id)
{
	struct suburb_status st;

	for (int ms = 0; ms < SETTLE_MS; ms += 50) {
		if (remote_status(dev, id, &st) || st.state != SUBURB_STATE_ATTACHING)
			break;
		usleep(50000);
	}
	online += st.state == SUBURB_STATE_ONLINE;
	return st.state == SUBURB_STATE_ONLINE;
}

static bool attach_it(int dev, __u32 speed, const struct forgery *f, struct suburb_attach *a,
		      struct peer *peer)
{
	int ret = peer_start(peer, speed);

	if (ret)
		return false;
	peer->forge = forge;
	peer->forger = (void *)f;
	remote_attach_init(a, peer->far, speed, PEER_DEVID);
	ret = remote_call(dev, SUBURB_IOC_ATTACH, a);
	close(peer->far);
	peer->far = -1;
	return ret == 0;
}

static const char *look_at(__u32 speed, const struct forgery *f)
{
	int dev = open(REMOTE_NODE, O_RDWR | O_CLOEXEC);
	struct suburb_attach a;
	const char *why = NULL;
	struct peer peer;

	if (!attach_it(dev, speed, f, &a, &peer))
		return "cannot attach";
	if (settle(dev, a.id) && command && system(command))
		why = "the command failed";
	if (neighbour_ask())
		why = "the honest device does not answer";
	if (!gone_for_good(dev, &a))
		why = "it cannot be detached";
	peer_stop(&peer);
	close(dev);
	return why;
}

static void try(__u32 speed, const struct forgery *f)
{
	const char *why = look_at(speed, f);

	printf("%sok %u - hostile device, %s speed: %s\n", why ? "not " : "", ++tests,
	       speed == SUBURB_SPEED_SUPER ? "super" : "high", f->name);
	if (why)
		printf("# %s\n", why);
	fflush(stdout);
	failures += why != NULL;
}

/* --- all ------------------------------------------------------------------ */

static void try_random(__u32 speed, uint32_t *seed)
{
	static const __u8 types[] = { USB_DT_DEVICE, USB_DT_CONFIG, USB_DT_CONFIG, USB_DT_BOS };
	static const __u8 values[] = { 0, 1, 2, 0x7f, 0x80, 0xfe, 0xff };
	char name[64];
	struct forgery f = {
		.name = name,
		.type = types[lies_random(seed) % 4],
		.at = lies_random(seed) % 128,
		.value = values[lies_random(seed) % 7],
		.cut = lies_random(seed) % 4 ? 0 : 2 + lies_random(seed) % 100,
	};

	snprintf(name, sizeof(name), "random: type %u byte %u is %u, cut %u", f.type, f.at, f.value,
		 f.cut);
	try(speed, &f);
}

static const struct forgery *find(const char *name)
{
	for (size_t i = 0; i < FORGERIES; i++)
		if (!strcmp(forgeries[i].name, name))
			return &forgeries[i];
	fprintf(stderr, "hostile_device: no lie '%s'\n", name);
	exit(2);
}

static void usage(void)
{
	fprintf(stderr, "usage: hostile_device [-s high|super] [-r SEED] [-n RANDOM] [-c COMMAND] "
			"[-l LIE]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	__u32 speed = SUBURB_SPEED_HIGH;
	unsigned int random = 20;
	uint32_t seed = 1;
	int option;

	while ((option = getopt(argc, argv, "s:r:n:c:l:")) >= 0) {
		switch (option) {
		case 's':
			speed = strcmp(optarg, "super") ? SUBURB_SPEED_HIGH : SUBURB_SPEED_SUPER;
			break;
		case 'r':
			seed = strtoul(optarg, NULL, 0) ?: 1;
			break;
		case 'n':
			random = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			command = optarg;
			break;
		case 'l':
			forgery = find(optarg);
			break;
		default:
			usage();
		}
	}
	remote_require();
	printf("TAP version 13\n# seed %u\n", seed);
	if (neighbour_start(speed)) {
		printf("Bail out! cannot attach the honest device\n");
		return 1;
	}
	for (size_t i = 0; i < FORGERIES; i++)
		if (!forgery || forgery == &forgeries[i])
			try(speed, &forgeries[i]);
	for (unsigned int i = 0; !forgery && i < random; i++)
		try_random(speed, &seed);
	neighbour_stop();
	printf("# hostile device: %u cases, %u failed; %u became devices\n1..%u\n", tests, failures,
	       online, tests);
	return failures != 0;
}
