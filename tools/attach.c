// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburb attach: devices of an exporter become devices of this machine.
 *
 * Devices are attached one after the other, each on a connection of its own
 * and with its own 10 s (the first one's begin with the run), for the kernel
 * brings up the ports of a hub one at a time anyway. One that fails does not keep the others from
 * being attached.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "features.h"
#include "handover.h"
#include "json.h"
#include "kernel.h"
#include "local.h"
#include "select.h"
#include "serial.h"
#include "verb.h"

#define DEVICE_MS 10000
#define RETRY_FOR_MS 1000
#define RETRY_PAUSE_MS 200

/* One run of the verb. */
struct attach {
	const struct verb_options *options;
	int kernel;
	struct deadline deadline; /* of the device that is next */
	struct dial dial;
	struct client_wish wish;
	struct usbids usbids;
	struct offer offer;	     /* empty unless a selector needs it */
	struct json_object *devices; /* NULL without --json */
	bool failed;
};

/* --- telling -------------------------------------------------------------- */

static void tell_failure(struct attach *attach, const char *device, const struct failure *failure)
{
	attach->failed = true;
	failure_print("%s", failure->text);
	if (attach->devices) {
		struct json_object *entry = json_append_object(attach->devices);

		json_add_text(entry, "device", device);
		json_add_text(entry, "error", failure->text);
	}
}

static void tell_json(struct attach *attach, const char *device, const char *busid,
		      const struct suburb_status *status, const struct local *local)
{
	struct json_object *entry = json_append_object(attach->devices);

	json_add_text(entry, "device", device);
	json_add_text(entry, "busid", busid);
	json_add_number(entry, "port", status->port);
	json_add_number(entry, "id", status->id);
	features_add_json(entry, status->features);
	local_add_json(entry, local);
}

static void tell_success(struct attach *attach, const char *device, const char *busid,
			 const struct suburb_status *status)
{
	struct local local;
	char text[2048];

	local_find(&local, status, &attach->usbids);
	if (attach->devices) {
		tell_json(attach, device, busid, status, &local);
		return;
	}
	local_describe(text, sizeof(text), &local);
	printf("port %u: %s\n", status->port, text);
	fflush(stdout);
}

/* --- one device ----------------------------------------------------------- */

/*
 * Imports @busid and, if @serial is not NULL, looks whether it has that serial
 * number. Returns the socket; -ENOMSG: it has another one.
 */
static int import(struct attach *attach, const char *busid, const char *serial,
		  struct suburb_device *device, uint32_t *agreed, struct failure *failure)
{
	struct stream stream = { .peer = attach->dial.host.text, .deadline = attach->deadline };
	char found[SERIAL_SIZE];
	int ret;

	stream.fd = client_import(&attach->dial, busid, &attach->wish, attach->deadline, device,
				  agreed, failure);
	if (stream.fd < 0)
		return stream.fd;
	stream.digest = *agreed & SUBURB_WIRE_FEATURE_DIGEST;
	if (attach->options->digest && !stream.digest) {
		close(stream.fd);
		return failure_set(failure, -EOPNOTSUPP,
				   "%s does no digests: attach without --digest", stream.peer);
	}
	if (!serial)
		return stream.fd;
	ret = serial_read(&stream, device, found, failure);
	if (!ret && strcmp(found, serial) != 0)
		ret = failure_set(failure, -ENOMSG, "%s on %s has another serial number", busid,
				  stream.peer);
	if (ret)
		close(stream.fd);
	return ret ? ret : stream.fd;
}

/* 0, or a negative errno that has not been told yet. */
static int attach_busid(struct attach *attach, const char *device_text, const char *busid,
			const char *serial, struct failure *failure)
{
	struct suburb_device device;
	struct suburb_status status;
	uint32_t agreed;
	int ret = import(attach, busid, serial, &device, &agreed, failure);

	if (ret >= 0)
		ret = handover(attach->kernel, ret, &attach->dial, &device,
			       attach->options->no_read_ahead ? SUBURB_ATTACH_NO_READ_AHEAD : 0,
			       agreed, attach->deadline, &status, failure);
	if (!ret)
		tell_success(attach, device_text, busid, &status);
	attach->deadline = deadline_in(DEVICE_MS);
	return ret;
}

/* --- selectors ------------------------------------------------------------ */

static void attach_each(struct attach *attach, const struct offered **found, int count)
{
	struct failure failure;

	for (int i = 0; i < count && !handover_signal(); i++) {
		const char *busid = found[i]->device.busid;

		if (attach_busid(attach, busid, busid, NULL, &failure))
			tell_failure(attach, busid, &failure);
	}
}

/*
 * Asks the candidates one by one. One that cannot be asked may still be the
 * one meant, so that is what is told if no other is.
 */
static int attach_by_serial(struct attach *attach, const struct select *select,
			    const struct offered **found, int count, struct failure *failure)
{
	struct failure attempt;
	int result = failure_set(
		failure, -ENODEV,
		"%s offers no device %s: each %04x:%04x there has another serial number",
		attach->dial.host.text, select->text, select->id_vendor, select->id_product);

	for (int i = 0; i < count; i++) {
		int ret = attach_busid(attach, select->text, found[i]->device.busid, select->serial,
				       &attempt);

		if (ret == 0)
			return 0;
		if (ret != -ENOMSG) {
			*failure = attempt;
			result = ret;
		}
		if (handover_signal())
			break;
	}
	return result;
}

static int attach_found(struct attach *attach, const struct select *select,
			const struct offered **found, struct failure *failure)
{
	int count = select_find(select, &attach->offer, found, failure);

	if (count < 0)
		return count;
	if (select->kind == SELECT_SERIAL)
		return attach_by_serial(attach, select, found, count, failure);
	if (select->kind == SELECT_ID)
		return attach_busid(attach, select->text, found[0]->device.busid, NULL, failure);
	attach_each(attach, found, count);
	return 0;
}

static void attach_selected(struct attach *attach, const struct select *select)
{
	const struct offered **found;
	struct failure failure;
	int ret;

	if (select->kind == SELECT_BUSID) {
		/* An exporter may know a bus id that it does not list. */
		ret = attach_busid(attach, select->text, select->text, NULL, &failure);
	} else {
		found = calloc(attach->offer.count + 1, sizeof(*found));
		ret = found ? attach_found(attach, select, found, &failure)
			    : failure_set(&failure, -ENOMEM, "out of memory");
		free(found);
	}
	if (ret)
		tell_failure(attach, select->text, &failure);
}

static bool all_offered(const struct offer *offer, const struct select *selects, int count)
{
	for (int i = 0; i < count; i++) {
		bool found = selects[i].kind == SELECT_BUSID;

		for (size_t d = 0; d < offer->count && !found; d++)
			found = select_matches(&selects[i], &offer->devices[d].device);
		if (!found)
			return false;
	}
	return true;
}

/* A device that was detached just now may need a moment to be offered again. */
static int get_offer(struct attach *attach, const struct select *selects, int count,
		     struct failure *failure)
{
	struct deadline retry = deadline_in(RETRY_FOR_MS);

	for (;;) {
		int ret = client_list(&attach->dial, attach->deadline, &attach->offer, failure);

		if (ret || all_offered(&attach->offer, selects, count) ||
		    deadline_left(retry) <= RETRY_PAUSE_MS)
			return ret;
		offer_free(&attach->offer);
		deadline_pause(retry, RETRY_PAUSE_MS);
	}
}

/* --- the run -------------------------------------------------------------- */

/* Whatever the module can; digests only where something can happen to bytes. */
static int make_wish(struct attach *attach, struct failure *failure)
{
	uint64_t features;
	int ret = kernel_features(attach->kernel, &features, failure);

	if (ret)
		return ret;
	features &= SUBURB_WIRE_FEATURE_STREAMS | SUBURB_WIRE_FEATURE_DIGEST;
	if (attach->options->no_digest)
		features &= ~(uint64_t)SUBURB_WIRE_FEATURE_DIGEST;
	attach->wish.features = (uint32_t)features;
	if (!attach->options->digest)
		attach->wish.far = SUBURB_WIRE_FEATURE_DIGEST;
	return 0;
}

/* What can fail for all devices at once. */
static int prepare(struct attach *attach, const struct host *host, const struct select *selects,
		   int count, struct failure *failure)
{
	int ret;

	attach->kernel = kernel_open(KERNEL_LOAD, failure);
	if (attach->kernel < 0)
		return attach->kernel;
	ret = make_wish(attach, failure);
	if (ret)
		return ret;
	ret = dial_resolve(&attach->dial, host, attach->deadline, failure);
	if (ret)
		return ret;
	attach->dial.timeout_s = attach->options->timeout_s;
	if (count == 1 && selects[0].kind == SELECT_BUSID)
		return 0;
	return get_offer(attach, selects, count, failure);
}

static int attach_all(struct attach *attach, const struct select *selects, int count)
{
	struct json_object *document = NULL;

	if (attach->options->json) {
		document = json_object_new_object();
		attach->devices = json_add_array(document, "devices");
	}
	usbids_open(&attach->usbids);
	for (int i = 0; i < count && !handover_signal(); i++)
		attach_selected(attach, &selects[i]);
	usbids_close(&attach->usbids);
	if (document)
		json_print(document, false);
	if (handover_signal())
		return 128 + handover_signal();
	return attach->failed ? VERB_FAILED : VERB_OK;
}

static int attach_run(const struct verb_options *options, const struct host *host,
		      const struct select *selects, int count)
{
	struct attach attach = {
		.options = options,
		.kernel = -1,
		.deadline = deadline_in(DEVICE_MS),
	};
	struct failure failure;
	int code = VERB_FAILED;

	if (prepare(&attach, host, selects, count, &failure)) {
		failure_print("%s", failure.text);
		if (options->json)
			json_print_error(failure.text);
	} else {
		code = attach_all(&attach, selects, count);
	}
	offer_free(&attach.offer);
	dial_free(&attach.dial);
	if (attach.kernel >= 0)
		close(attach.kernel);
	return code;
}

static int run(const struct verb_options *options, int argc, char **argv)
{
	struct select *selects = calloc((size_t)argc, sizeof(*selects));
	struct failure failure;
	struct host host;
	int ret = selects ? 0 : failure_set(&failure, -ENOMEM, "out of memory");
	int code = VERB_USAGE;

	if (!ret)
		ret = host_parse(argv[0], &host, &failure);
	for (int i = 1; i < argc && !ret; i++)
		ret = select_parse(argv[i], &selects[i - 1], &failure);
	if (!ret && options->digest && options->no_digest)
		ret = failure_set(&failure, -EINVAL, "--digest and --no-digest exclude each other");
	if (ret || !selects)
		failure_print("%s", failure.text);
	else
		code = attach_run(options, &host, selects, argc - 1);
	free(selects);
	return code;
}

const struct verb verb_attach = {
	.name = "attach",
	.operands = "HOST[:PORT] DEVICE...",
	.options = "jdDrt",
	.least = 2,
	.most = -1,
	.missing = "attach needs a host and a device: 'suburb list HOST' shows what it offers",
	.summary = "make devices of an exporter devices of this machine",
	.help = "DEVICE is a bus id (1-1.2), vid:pid (046d:c31c), vid:pid:serial, or all.\n"
		"Returns when each device is usable, and says where it is.\n",
	.run = run,
};
