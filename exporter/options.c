// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line. See options.h.
 *
 * Everything that can be judged without opening anything is judged here, so
 * that a mistake is told at once and on the terminal.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "escape.h"
#include "options.h"

static const char usage_text[] =
	"usage: suburbd [OPTION]...\n"
	"Lets other machines use USB devices of this one (USB/IP).\n"
	"\n"
	"  --export RULE        export devices: a bus id (1-1.2), vid:pid,\n"
	"                       vid:pid:serial, class:NAME, or all; repeatable\n"
	"  --emulate KIND[:ARG] export a device made of software: keyboard, mouse,\n"
	"                       serial, disk:FILE, uas:FILE, loopback, sound,\n"
	"                       camera, modeswitch, usbtest; repeatable\n"
	"  --listen ADDR[:PORT] listen there; also unix:PATH, vsock:PORT; repeatable.\n"
	"                       Default: this machine only, port 3240\n"
	"  --features LIST      what importers may be granted beyond USB/IP: streams,\n"
	"                       digest (default: both), or none\n"
	"  --backend NAME       how devices are reached: usbfs (default on Linux) or\n"
	"                       libusb\n"
	"  --limit KEY=NUMBER   a limit, as in the configuration file; repeatable\n"
	"  --list               print the devices and what exports them, then exit\n"
	"  --udev-rules         print rules for udev that give what --export names to the\n"
	"                       group suburbd, then exit\n"
	"  --foreground         stay in the foreground, log to stderr\n"
	"  --log-level LEVEL    error, warning, info (default) or debug\n"
	"  --config FILE        read more settings from FILE\n"
	"  --help, --version    print this, or the version, and exit\n"
	"\n"
	"Nothing is exported that no rule names. See suburbd(8).\n";

enum {
	OPTION_LISTEN = 256,
	OPTION_EXPORT,
	OPTION_EMULATE,
	OPTION_FEATURES,
	OPTION_BACKEND,
	OPTION_LIMIT,
	OPTION_LIST,
	OPTION_UDEV_RULES,
	OPTION_FOREGROUND,
	OPTION_LOG_LEVEL,
	OPTION_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "export", required_argument, NULL, OPTION_EXPORT },
	{ "emulate", required_argument, NULL, OPTION_EMULATE },
	{ "features", required_argument, NULL, OPTION_FEATURES },
	{ "backend", required_argument, NULL, OPTION_BACKEND },
	{ "limit", required_argument, NULL, OPTION_LIMIT },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "udev-rules", no_argument, NULL, OPTION_UDEV_RULES },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct settings *settings, int option, char *error)
{
	switch (option) {
	case OPTION_LISTEN:
		return settings_add_listen(settings, optarg, error);
	case OPTION_EXPORT:
		return settings_add_export(settings, optarg, error);
	case OPTION_EMULATE:
		return settings_add_emulate(settings, optarg, error);
	case OPTION_FEATURES:
		settings->features_given = true;
		return settings_set_features(settings, optarg, error);
	case OPTION_BACKEND:
		settings->backend_given = true;
		return settings_set_backend(settings, optarg, error);
	case OPTION_LIMIT:
		return settings_give_limit(settings, optarg, error);
	case OPTION_LIST:
		settings->list = true;
		return OPTIONS_RUN;
	case OPTION_UDEV_RULES:
		settings->udev_rules = true;
		return OPTIONS_RUN;
	case OPTION_FOREGROUND:
		settings->foreground = true;
		return OPTIONS_RUN;
	case OPTION_LOG_LEVEL:
		settings->log_level_given = true;
		return settings_set_log_level(settings, optarg, error);
	case OPTION_CONFIG:
		return settings_set_config(settings, optarg, error);
	case OPTION_HELP:
		fputs(usage_text, stdout);
		return OPTIONS_EXIT;
	default:
		puts("suburbd " SUBURB_VERSION);
		return OPTIONS_EXIT;
	}
}

/* getopt's own messages name no program of a known form; these do. */
static int complain_option(int option, char **argv)
{
	const char *text = argv[optind - 1];
	char shown[128];

	escape(shown, sizeof(shown), text);
	if (option == ':')
		log_error("%s needs a value (see suburbd --help)", shown);
	else
		log_error("unknown or ambiguous option '%s' (see suburbd --help)", shown);
	return -EINVAL;
}

int options_parse(struct settings *settings, int argc, char **argv)
{
	char error[SETTINGS_ERROR_SIZE];
	char shown[128];
	int option, ret, index;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", long_options, &index)) != -1) {
		if (option == ':' || option == '?')
			return complain_option(option, argv);
		ret = take_option(settings, option, error);
		if (ret < 0)
			log_error("--%s: %s", long_options[index].name, error);
		if (ret)
			return ret;
	}
	if (optind < argc) {
		log_error("unexpected argument '%s' (see suburbd --help)",
			  escape(shown, sizeof(shown), argv[optind]));
		return -EINVAL;
	}
	return OPTIONS_RUN;
}
