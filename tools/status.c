// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburb status: what is attached, where it is, and what it has done.
 *
 * A port that empties between being listed and being asked is left out: one
 * device that goes never spoils the sight of the others.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cookie.h"
#include "features.h"
#include "json.h"
#include "kernel.h"
#include "local.h"
#include "text.h"
#include "verb.h"

struct snapshot {
	struct suburb_status status;
	struct suburb_endpoint_status endpoints[KERNEL_ENDPOINTS];
	struct local local;
};

/* --- for people ----------------------------------------------------------- */

static void print_endpoints(const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->status.endpoints_count && i < KERNEL_ENDPOINTS; i++) {
		const struct suburb_endpoint_status *e = &snapshot->endpoints[i];
		const char *direction = e->address & 0x80 ? "in" : "out";

		printf("        endpoint %2u %-7s  %" PRIu64 " URBs, %" PRIu64 " bytes, %" PRIu64
		       " errors, %" PRIu64 " unlinks",
		       e->address & 0x0f, e->address & 0x0f ? direction : "control",
		       (uint64_t)e->urbs, (uint64_t)e->bytes, (uint64_t)e->errors,
		       (uint64_t)e->unlinks);
		if (e->read_ahead)
			printf(", %u requests ahead", e->read_ahead);
		printf("\n");
	}
}

static void print_text(const struct snapshot *snapshot, bool verbose)
{
	const struct suburb_status *s = &snapshot->status;
	char label[4 * SUBURB_LABEL_SIZE];
	char where[2048] = "";
	char features[64];

	text_escape(label, sizeof(label), s->label);
	if (snapshot->local.present)
		local_describe(where, sizeof(where), &snapshot->local);
	printf("port %u: %s%s%s\n", s->port, kernel_state_name(s->state), where[0] ? ", " : "",
	       where);
	features_text(features, sizeof(features), s->features);
	printf("        from %s, %s speed%s\n", label, usbids_speed(s->speed), features);
	printf("        %" PRIu64 " URBs, %" PRIu64 " bytes, %" PRIu64 " errors, %" PRIu64
	       " unlinks, %u pending\n",
	       (uint64_t)s->urbs, (uint64_t)s->bytes, (uint64_t)s->errors, (uint64_t)s->unlinks,
	       s->pending);
	if (!verbose)
		return;
	print_endpoints(snapshot);
	printf("        link: %" PRIu64 " bytes sent, %" PRIu64 " bytes received\n",
	       (uint64_t)s->wire_sent, (uint64_t)s->wire_received);
	if (s->features & SUBURB_FEATURE_DIGEST)
		printf("        %" PRIu64 " digests received, all right\n", (uint64_t)s->digests);
}

/* --- for programs --------------------------------------------------------- */

static void add_counters(struct json_object *object, uint64_t urbs, uint64_t bytes, uint64_t errors,
			 uint64_t unlinks)
{
	json_add_number(object, "urbs", urbs);
	json_add_number(object, "bytes", bytes);
	json_add_number(object, "errors", errors);
	json_add_number(object, "unlinks", unlinks);
}

/* What the cookie tells; nothing if another program made it. */
static void add_exporter(struct json_object *object, const struct suburb_status *s)
{
	size_t size = s->cookie_size < sizeof(s->cookie) ? s->cookie_size : sizeof(s->cookie);
	const char *host = cookie_get(s->cookie, size, "host");
	const char *port = cookie_get(s->cookie, size, "port");
	const char *busid = cookie_get(s->cookie, size, "busid");
	struct json_object *exporter;

	if (!host || !busid)
		return;
	exporter = json_object_new_object();
	json_add_text(exporter, "host", host);
	if (port)
		json_add_number(exporter, "port", strtoul(port, NULL, 10));
	json_add_text(exporter, "busid", busid);
	json_object_object_add(object, "exporter", exporter);
}

static void add_endpoints(struct json_object *object, const struct snapshot *snapshot)
{
	struct json_object *endpoints = json_add_array(object, "endpoints");

	for (uint32_t i = 0; i < snapshot->status.endpoints_count && i < KERNEL_ENDPOINTS; i++) {
		const struct suburb_endpoint_status *e = &snapshot->endpoints[i];
		struct json_object *entry = json_append_object(endpoints);

		json_add_number(entry, "address", e->address);
		add_counters(entry, e->urbs, e->bytes, e->errors, e->unlinks);
		json_add_number(entry, "read_ahead", e->read_ahead);
	}
}

static void add_snapshot(struct json_object *ports, const struct snapshot *snapshot)
{
	const struct suburb_status *s = &snapshot->status;
	struct json_object *entry = json_append_object(ports);

	json_add_number(entry, "port", s->port);
	json_add_number(entry, "id", s->id);
	json_add_text(entry, "state", kernel_state_name(s->state));
	json_add_text(entry, "label", s->label);
	add_exporter(entry, s);
	json_add_text(entry, "speed", usbids_speed(s->speed));
	features_add_json(entry, s->features);
	local_add_json(entry, &snapshot->local);
	json_add_number(entry, "pending", s->pending);
	add_counters(entry, s->urbs, s->bytes, s->errors, s->unlinks);
	json_add_number(entry, "wire_sent", s->wire_sent);
	json_add_number(entry, "wire_received", s->wire_received);
	json_add_number(entry, "digests", s->digests);
	add_endpoints(entry, snapshot);
}

/* --- the run -------------------------------------------------------------- */

static int take(int kernel, uint32_t port, const struct usbids *usbids, struct snapshot *snapshot,
		struct failure *failure)
{
	int ret;

	*snapshot = (struct snapshot){ .status = { .port = port } };
	ret = kernel_status(kernel, &snapshot->status, snapshot->endpoints, failure);
	if (ret)
		return ret;
	snapshot->status.label[SUBURB_LABEL_SIZE - 1] = '\0';
	local_find(&snapshot->local, &snapshot->status, usbids);
	return 0;
}

static int show_ports(int kernel, const struct verb_options *options, const struct usbids *usbids,
		      const uint32_t *ports, size_t count, struct failure *failure)
{
	struct json_object *document = options->json ? json_object_new_object() : NULL;
	struct json_object *array = document ? json_add_array(document, "ports") : NULL;
	struct snapshot snapshot;
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		ret = take(kernel, ports[i], usbids, &snapshot, failure);
		if (ret == -ENODEV)
			ret = 0;
		else if (!ret && array)
			add_snapshot(array, &snapshot);
		else if (!ret)
			print_text(&snapshot, options->verbose);
	}
	if (document && !ret)
		json_print(document, options->watch);
	else if (document)
		json_object_put(document);
	else if (!ret && count == 0)
		printf("no device is attached\n");
	return ret;
}

/* Lists the ports first: what changes from then on ends the wait of --watch. */
static int show(int kernel, const struct verb_options *options, const struct usbids *usbids,
		struct failure *failure)
{
	uint32_t *ports;
	size_t count;
	int ret = kernel_ports(kernel, &ports, &count, failure);

	if (ret)
		return ret;
	ret = show_ports(kernel, options, usbids, ports, count, failure);
	free(ports);
	return ret;
}

static int watch(int kernel, const struct verb_options *options, const struct usbids *usbids,
		 struct failure *failure)
{
	for (;;) {
		int ret = show(kernel, options, usbids, failure);

		if (ret)
			return ret;
		if (fflush(stdout))
			return failure_set(failure, -errno, "cannot write: %s", strerror(errno));
		do
			ret = kernel_wait(kernel, deadline_in(INT_MAX), NULL);
		while (ret == 0);
		if (ret < 0)
			return failure_set(failure, ret, "poll: %s", strerror(-ret));
		if (!options->json)
			printf("\n");
	}
}

static int run(const struct verb_options *options, int argc, char **argv)
{
	struct failure failure;
	struct usbids usbids;
	int kernel = kernel_open(KERNEL_LOOK, &failure);
	int ret = kernel < 0 ? kernel : 0;

	if (!ret) {
		usbids_open(&usbids);
		ret = options->watch ? watch(kernel, options, &usbids, &failure)
				     : show(kernel, options, &usbids, &failure);
		usbids_close(&usbids);
		close(kernel);
	}
	if (ret) {
		failure_print("%s", failure.text);
		if (options->json)
			json_print_error(failure.text);
	}
	return ret ? VERB_FAILED : VERB_OK;
}

const struct verb verb_status = {
	.name = "status",
	.operands = "",
	.options = "jvw",
	.least = 0,
	.most = 0,
	.missing = "",
	.summary = "show what is attached, where it is and what it has done",
	.help = "Shows every port in use with its device and its counters.\n",
	.run = run,
};
