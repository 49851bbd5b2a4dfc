// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburb detach: unplug remote devices, by port.
 *
 * A port may be given to another device while this runs, so what is detached
 * is the attachment that was seen on it. The kernel ends it at once, but its
 * drivers let go of the device a moment later: this waits for them, so that a
 * script finds it gone; not for ever, since a driver may hang.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "json.h"
#include "kernel.h"
#include "local.h"
#include "text.h"
#include "verb.h"

#define GONE_MS 5000
#define LOOK_MS 20

struct detach {
	int kernel;
	struct suburb_status *detached; /* what was there; room for all */
	size_t count;
	struct json_object *ports; /* NULL without --json */
	bool failed;
};

static int detach_port(int kernel, uint32_t port, struct suburb_status *status,
		       struct failure *failure)
{
	int ret;

	*status = (struct suburb_status){ .port = port };
	ret = kernel_status(kernel, status, NULL, failure);
	if (ret)
		return ret;
	status->label[SUBURB_LABEL_SIZE - 1] = '\0';
	return kernel_detach(kernel, port, status->id, failure);
}

static void wait_gone(const struct detach *detach)
{
	struct deadline deadline = deadline_in(GONE_MS);

	for (size_t i = 0; i < detach->count; i++)
		while (local_lingers(&detach->detached[i]) && deadline_left(deadline))
			deadline_pause(deadline, LOOK_MS);
}

static void tell(struct detach *detach, uint32_t port, const char *label,
		 const struct failure *failure)
{
	struct json_object *entry = detach->ports ? json_append_object(detach->ports) : NULL;
	char safe[4 * SUBURB_LABEL_SIZE];

	if (entry) {
		json_add_number(entry, "port", port);
		json_add_text(entry, failure ? "error" : "label", failure ? failure->text : label);
	} else if (!failure) {
		text_escape(safe, sizeof(safe), label);
		printf("port %u: detached %s\n", port, safe);
	}
	if (failure) {
		failure_print("%s", failure->text);
		detach->failed = true;
	}
}

/* With @may_be_gone a port that is empty by now is as good as detached. */
static void detach_one(struct detach *detach, uint32_t port, bool may_be_gone)
{
	struct suburb_status *status = &detach->detached[detach->count];
	struct failure failure;
	int ret = detach_port(detach->kernel, port, status, &failure);

	if (ret == -ENODEV && may_be_gone)
		return;
	tell(detach, port, status->label, ret ? &failure : NULL);
	detach->count += !ret;
}

static int detach_each(struct detach *detach, const uint32_t *ports, size_t count, bool may_be_gone,
		       struct failure *failure)
{
	detach->detached = calloc(count + 1, sizeof(*detach->detached));
	if (!detach->detached)
		return failure_set(failure, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		detach_one(detach, ports[i], may_be_gone);
	wait_gone(detach);
	free(detach->detached);
	return 0;
}

static int detach_all(struct detach *detach, struct failure *failure)
{
	uint32_t *ports;
	size_t count;
	int ret = kernel_ports(detach->kernel, &ports, &count, failure);

	if (ret)
		return ret;
	ret = detach_each(detach, ports, count, true, failure);
	free(ports);
	return ret;
}

static int parse_port(const char *text, uint32_t *port)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits]) {
		failure_print("'%s' is not a port: a number that 'suburb status' shows, or all",
			      text);
		return -EINVAL;
	}
	*port = (uint32_t)strtoul(text, NULL, 10);
	return 0;
}

/* @ports NULL: all. */
static int detach_run(const struct verb_options *options, const uint32_t *ports, size_t count)
{
	struct json_object *document = json_object_new_object();
	struct detach detach = { 0 };
	struct failure failure;
	int ret = detach.kernel = kernel_open(KERNEL_CHANGE, &failure);

	if (ret >= 0) {
		if (options->json)
			detach.ports = json_add_array(document, "ports");
		ret = ports ? detach_each(&detach, ports, count, false, &failure)
			    : detach_all(&detach, &failure);
		close(detach.kernel);
	}
	if (ret < 0) {
		failure_print("%s", failure.text);
		json_add_text(document, "error", failure.text);
	}
	if (options->json)
		json_print(document, false);
	else
		json_object_put(document);
	return ret < 0 || detach.failed ? VERB_FAILED : VERB_OK;
}

static int run(const struct verb_options *options, int argc, char **argv)
{
	uint32_t *ports = calloc((size_t)argc, sizeof(*ports));
	int code = VERB_USAGE;
	int parsed = 0;

	if (!ports) {
		failure_print("out of memory");
		return VERB_FAILED;
	}
	if (argc == 1 && strcmp(argv[0], "all") == 0) {
		code = detach_run(options, NULL, 0);
	} else {
		while (parsed < argc && !parse_port(argv[parsed], &ports[parsed]))
			parsed++;
		if (parsed == argc)
			code = detach_run(options, ports, (size_t)argc);
	}
	free(ports);
	return code;
}

const struct verb verb_detach = {
	.name = "detach",
	.operands = "PORT...|all",
	.options = "j",
	.least = 1,
	.most = -1,
	.missing = "detach needs a port, or all: 'suburb status' shows the ports",
	.summary = "unplug attached devices",
	.help = "PORT is a number that 'suburb status' shows.\n",
	.run = run,
};
