// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suburbd: starts and stops everything, in order and in reverse.
 *
 *   settings -> background -> guardian -> backends -> server -> loop
 *
 * SIGTERM and SIGINT end it: connections close, devices are given back, then
 * it exits. A second one ends it at once.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend/emulated/emulated.h"
#include "backend/libusb_backend.h"
#include "background.h"
#include "config.h"
#include "escape.h"
#include "guardian.h"
#include "list.h"
#include "memory.h"
#include "options.h"
#include "server.h"
#include "udev.h"

#define EXIT_USAGE 2

/**
 * struct exporter - the running program
 * @limits: those of the settings, as far as this machine has room for them
 * @usb: backend of this machine's devices; NULL if nothing asks for it
 * @emulated: backend of software devices; NULL without --emulate
 * @result: exit code
 */
struct exporter {
	const struct settings *settings;
	struct limits limits;
	uv_loop_t loop;
	struct devices devices;
	struct guardian guardian;
	struct backend *usb;
	struct backend *emulated;
	struct server *server;
	uv_signal_t signals[3];
	int result;
};

/* --- backends ------------------------------------------------------------- */

static int make_emulated(struct exporter *exporter)
{
	const struct string_list *kinds = &exporter->settings->emulate;
	char error[256];

	if (!kinds->count)
		return 0;
	exporter->emulated = emulated_backend_new();
	if (!exporter->emulated) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < kinds->count; i++) {
		if (emulated_backend_add(exporter->emulated, kinds->item[i], error,
					 sizeof(error)) == 0)
			continue;
		log_error("--emulate: %s", error);
		return EXIT_USAGE;
	}
	return 0;
}

static int make_usb(struct exporter *exporter)
{
	const struct libusb_backend_watch watch = guardian_watch(&exporter->guardian);
	const struct usb_access *access;

	if (!exporter->settings->rules.count && !exporter->settings->list)
		return 0;
	access = usb_access_find(exporter->settings->backend);
	if (!access) {
		log_error("--backend: %s exists on Linux only; use libusb",
			  exporter->settings->backend);
		return EXIT_USAGE;
	}
	exporter->usb = libusb_backend_new(&watch, access);
	if (exporter->usb)
		return 0;
	log_error("out of memory");
	return EXIT_FAILURE;
}

static int start_backends(struct exporter *exporter)
{
	int ret = 0;

	if (exporter->usb)
		ret = devices_watch(&exporter->devices, exporter->usb, &exporter->loop, false);
	if (exporter->emulated && ret == 0)
		ret = devices_watch(&exporter->devices, exporter->emulated, &exporter->loop, true);
	return ret < 0 ? EXIT_FAILURE : 0;
}

/* A rule may be right and its device in a drawer; or it has a wrong digit. */
static void tell_idle_rules(const struct exporter *exporter)
{
	const struct rules *rules = &exporter->settings->rules;
	const struct device *device;
	char shown[128];

	for (size_t i = 0; i < rules->count; i++) {
		TAILQ_FOREACH(device, &exporter->devices.list, entry)
		if (rules_one_matches(&rules->rule[i], device->backend))
			break;
		if (!device)
			log_info("nothing matches '%s' yet (suburbd --list shows all devices)",
				 escape(shown, sizeof(shown), rules->rule[i].text));
	}
}

static void free_backends(struct exporter *exporter)
{
	if (exporter->usb)
		libusb_backend_free(exporter->usb);
	if (exporter->emulated)
		emulated_backend_free(exporter->emulated);
}

/* --- --list --------------------------------------------------------------- */

static void list_arrived(void *owner, struct backend_device *device)
{
	const struct exporter *exporter = owner;
	const struct rule *rule = rules_match(&exporter->settings->rules, device);

	if (device->backend == exporter->emulated)
		list_device(stdout, device, "--emulate");
	else
		list_device(stdout, device, rule ? rule->text : NULL);
}

static void list_left(void *owner, struct backend_device *device)
{
}

static int list_backend(struct exporter *exporter, struct backend *backend)
{
	const struct backend_events events = {
		.arrived = list_arrived,
		.left = list_left,
		.owner = exporter,
	};

	if (!backend)
		return 0;
	if (backend->ops->start(backend, &exporter->loop, &events) < 0)
		return EXIT_FAILURE;
	backend->ops->stop(backend);
	uv_run(&exporter->loop, UV_RUN_DEFAULT);
	return 0;
}

static int list(struct exporter *exporter)
{
	int ret;

	uv_loop_init(&exporter->loop);
	ret = list_backend(exporter, exporter->usb);
	if (!ret)
		ret = list_backend(exporter, exporter->emulated);
	uv_loop_close(&exporter->loop);
	return ret;
}

/* --- serving -------------------------------------------------------------- */

static void on_stopped(void *owner)
{
	struct exporter *exporter = owner;

	devices_stop(&exporter->devices);
	for (size_t i = 0; i < sizeof(exporter->signals) / sizeof(exporter->signals[0]); i++)
		uv_close((uv_handle_t *)&exporter->signals[i], NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct exporter *exporter = handle->data;

	log_info("%s: giving all devices back", strsignal(number));
	/* The next one finds the default: somebody is in a hurry. */
	for (size_t i = 0; i < sizeof(exporter->signals) / sizeof(exporter->signals[0]); i++)
		uv_signal_stop(&exporter->signals[i]);
	server_stop(exporter->server);
}

static void watch_signals(struct exporter *exporter)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uv_signal_init(&exporter->loop, &exporter->signals[i]);
		exporter->signals[i].data = exporter;
		uv_signal_start(&exporter->signals[i], on_signal, numbers[i]);
	}
}

static int start_listening(struct exporter *exporter)
{
	const struct string_list *addresses = &exporter->settings->listen;
	int ret = 0;

	if (!addresses->count) {
		ret = server_listen(exporter->server, "127.0.0.1", false);
		/* A machine without IPv6 is no mistake of the user's. */
		if (ret == 0)
			ret = server_listen(exporter->server, "::1", true);
	}
	for (size_t i = 0; i < addresses->count && ret == 0; i++)
		ret = server_listen(exporter->server, addresses->item[i], false);
	return ret < 0 ? EXIT_FAILURE : 0;
}

static void warn_if_useless(const struct settings *settings)
{
	if (!settings->rules.count && !settings->emulate.count)
		log_warning("nothing is exported: name devices with --export RULE "
			    "(suburbd --list shows them)");
}

/*
 * Every connection is a descriptor, and every open device one or two: half of
 * them for each. So connections find their own bound, where the oldest idle one
 * goes, before accept() finds the system's, where the newest would.
 */
static void fit_descriptor_limit(struct limits *limits)
{
	struct rlimit limit;
	rlim_t half;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	half = limit.rlim_cur > 32 ? (limit.rlim_cur - 16) / 2 : 8;
	if (half >= limits->connections)
		return;
	limits->connections = (unsigned int)half;
	log_info("at most %u connections: RLIMIT_NOFILE allows no more", limits->connections);
}

static void start(struct exporter *exporter, int background)
{
	warn_if_useless(exporter->settings);
	exporter->result = start_backends(exporter);
	if (!exporter->result) {
		tell_idle_rules(exporter);
		exporter->result = start_listening(exporter);
	}
	if (exporter->result) {
		server_stop(exporter->server);
		return;
	}
	if (background >= 0) {
		log_use_syslog();
		background_ready(background);
	}
}

static int serve_loop(struct exporter *exporter, int background)
{
	const struct settings *settings = exporter->settings;

	uv_loop_init(&exporter->loop);
	devices_init(&exporter->devices, &settings->rules);
	exporter->server = server_new(&exporter->loop, &exporter->devices, &exporter->limits,
				      settings->features, on_stopped, exporter);
	if (!exporter->server) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	watch_signals(exporter);
	start(exporter, background);
	uv_run(&exporter->loop, UV_RUN_DEFAULT);
	server_free(exporter->server);
	uv_loop_close(&exporter->loop);
	return exporter->result;
}

static int serve(struct exporter *exporter, int argc, char **argv)
{
	const struct settings *settings = exporter->settings;
	int background = -1;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	memory_keep();
	fit_descriptor_limit(&exporter->limits);
	/* One device that is slow to open shall not hold up the others. */
	setenv("UV_THREADPOOL_SIZE", "16", 0);
	if (!settings->foreground) {
		background = background_begin();
		if (background < 0) {
			log_error("cannot go to the background: %s", strerror(-background));
			return EXIT_FAILURE;
		}
	}
	ret = exporter->usb ? guardian_start(&exporter->guardian, argc, argv, settings->foreground)
			    : 0;
	if (ret < 0)
		log_warning("no guardian: if suburbd is killed, devices stay without drivers: %s",
			    strerror(-ret));
	ret = serve_loop(exporter, background);
	guardian_stop(&exporter->guardian);
	return ret;
}

/* --- beginning ------------------------------------------------------------ */

/* A file that was written in part gives nobody the devices of the rest. */
static int print_udev_rules(const struct settings *settings)
{
	udev_print(stdout, &settings->rules);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	log_error("cannot write the rules: %s", strerror(errno));
	return EXIT_FAILURE;
}

static int run(const struct settings *settings, int argc, char **argv)
{
	struct exporter exporter = {
		.settings = settings,
		.limits = settings->limits,
		.guardian = { .fd = -1 },
	};
	int ret = make_emulated(&exporter);

	if (!ret)
		ret = make_usb(&exporter);
	if (!ret)
		ret = settings->list ? list(&exporter) : serve(&exporter, argc, argv);
	free_backends(&exporter);
	return ret;
}

int main(int argc, char **argv)
{
	struct settings settings;
	int ret;

	settings_init(&settings);
	ret = options_parse(&settings, argc, argv);
	if (ret == OPTIONS_RUN && settings.config)
		ret = config_read(&settings, settings.config);
	if (ret == OPTIONS_RUN) {
		log_set_level(settings.log_level);
		if (settings.udev_rules)
			ret = print_udev_rules(&settings);
		else
			ret = run(&settings, argc, argv);
	} else if (ret == OPTIONS_EXIT) {
		ret = EXIT_SUCCESS;
	} else {
		ret = ret == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
	}
	settings_free(&settings);
	return ret;
}
