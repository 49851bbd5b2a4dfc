// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburb detach: unplug remote devices, by port.
 *
 * A port may be given to another device while this runs, so what is detached
 * is the attachment that was seen on it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "kernel.h"
#include "text.h"
#include "verb.h"

struct detach {
	int kernel;
	struct json_object *ports; /* NULL without --json */
	bool failed;
};

/* Returns 0 or a negative errno; @label is what was there. */
static int detach_port(int kernel, uint32_t port, char *label, struct failure *failure)
{
	struct suburb_status status = { .port = port };
	int ret = kernel_status(kernel, &status, NULL, failure);

	if (ret)
		return ret;
	snprintf(label, SUBURB_LABEL_SIZE, "%.*s", SUBURB_LABEL_SIZE - 1, status.label);
	return kernel_detach(kernel, port, status.id, failure);
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
	char label[SUBURB_LABEL_SIZE];
	struct failure failure;
	int ret = detach_port(detach->kernel, port, label, &failure);

	if (ret == -ENODEV && may_be_gone)
		return;
	tell(detach, port, label, ret ? &failure : NULL);
}

static int detach_all(struct detach *detach, struct failure *failure)
{
	uint32_t *ports;
	size_t count;
	int ret = kernel_ports(detach->kernel, &ports, &count, failure);

	if (ret)
		return ret;
	for (size_t i = 0; i < count; i++)
		detach_one(detach, ports[i], true);
	free(ports);
	return 0;
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

static int detach_run(const struct verb_options *options, const uint32_t *ports, int count)
{
	struct json_object *document = options->json ? json_object_new_object() : NULL;
	struct detach detach = { 0 };
	struct failure failure;
	int ret = 0;

	detach.kernel = kernel_open(KERNEL_CHANGE, &failure);
	if (document && detach.kernel >= 0)
		detach.ports = json_add_array(document, "ports");
	if (detach.kernel < 0)
		ret = detach.kernel;
	else if (ports)
		for (int i = 0; i < count; i++)
			detach_one(&detach, ports[i], false);
	else
		ret = detach_all(&detach, &failure);
	if (ret) {
		failure_print("%s", failure.text);
		if (document)
			json_add_text(document, "error", failure.text);
	}
	if (document)
		json_print(document, false);
	if (detach.kernel >= 0)
		close(detach.kernel);
	return ret || detach.failed ? VERB_FAILED : VERB_OK;
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
			code = detach_run(options, ports, argc);
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
