// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: a table of verbs, the options that they share, and help.
 *
 * What is wrong with a command line is said in one line on stderr, with exit
 * code 2, before anything was tried.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "failure.h"
#include "verb.h"

static const struct verb *const verbs[] = {
	&verb_list,
	&verb_attach,
	&verb_detach,
	&verb_status,
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

/* --- help ----------------------------------------------------------------- */

static const struct {
	char letter; /* as typed, and in verb->options */
	const char *name;
	const char *help;
} option_texts[] = {
	{ 'j', "json", "print JSON, as suburb(1) describes it" },
	{ 'v', "verbose", "add counters of each endpoint and of the link" },
	{ 'd', "digest", "have every message checked for damage, or do not attach" },
	{ 'D', "no-digest", "do without, also over a network" },
	{ 'r', "no-read-ahead", "ask for no report before a driver does" },
	{ 't', "timeout", "seconds after which a silent link is dead, 5 to 86400 (20)" },
	{ 'w', "watch", "go on, and print again whenever something changes" },
};
#define OPTIONS (sizeof(option_texts) / sizeof(option_texts[0]))

static int help_all(void)
{
	printf("usage: suburb VERB [OPTION]... [OPERAND]...\n"
	       "Uses USB devices that are plugged into another machine.\n\n");
	for (size_t i = 0; i < VERBS; i++)
		printf("  %-8s %-23s %s\n", verbs[i]->name, verbs[i]->operands, verbs[i]->summary);
	printf("  %-8s %-23s %s\n\n", "help", "[VERB]", "show this, or more about a verb");
	printf("Options: --help, --version. The manual is suburb(1).\n");
	return VERB_OK;
}

static int help_verb(const struct verb *verb)
{
	printf("usage: suburb %s [OPTION]...%s%s\n%s%s", verb->name, verb->operands[0] ? " " : "",
	       verb->operands, verb->help, verb->options[0] ? "\n" : "");
	for (size_t i = 0; i < OPTIONS; i++)
		if (strchr(verb->options, option_texts[i].letter))
			printf("  -%c, --%-9s %s\n", option_texts[i].letter, option_texts[i].name,
			       option_texts[i].help);
	return VERB_OK;
}

static int unknown_verb(const char *name)
{
	failure_print("unknown verb '%s': see 'suburb help'", name);
	return VERB_USAGE;
}

static int help(int argc, char **argv)
{
	const struct verb *verb;

	if (argc == 0)
		return help_all();
	if (argc > 1) {
		failure_print("help takes one verb, not '%s', too", argv[1]);
		return VERB_USAGE;
	}
	verb = find_verb(argv[0]);
	if (!verb)
		return strcmp(argv[0], "help") == 0 ? help_all() : unknown_verb(argv[0]);
	return help_verb(verb);
}

/* --- options -------------------------------------------------------------- */

enum parsed {
	PARSED_RUN,
	PARSED_HELP,
	PARSED_WRONG, /* told already */
};

/* An option that no verb has, or a word that begins like one. */
static enum parsed wrong_option(const struct verb *verb, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_word = optopt == 0 || strchr("jvwdDh", optopt); /* --json=x sets it to j */

	failure_print("wrong option '%s': see 'suburb help %s'",
		      is_word ? argv[optind - 1] : letter, verb->name);
	return PARSED_WRONG;
}

static enum parsed no_value(char **argv)
{
	failure_print("'%s' needs a number of seconds, %d to %d", argv[optind - 1],
		      DIAL_TIMEOUT_LEAST, DIAL_TIMEOUT_MOST);
	return PARSED_WRONG;
}

/* Digits only: strtoul() takes signs and blanks, too. */
static bool parse_timeout(const char *text, unsigned int *timeout_s)
{
	unsigned long value;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
		return false;
	value = strtoul(text, NULL, 10);
	*timeout_s = (unsigned int)value;
	return value >= DIAL_TIMEOUT_LEAST && value <= DIAL_TIMEOUT_MOST;
}

static enum parsed wrong_timeout(const char *text)
{
	failure_print("'%s' is no timeout: seconds, %d to %d", text, DIAL_TIMEOUT_LEAST,
		      DIAL_TIMEOUT_MOST);
	return PARSED_WRONG;
}

static enum parsed not_its_option(const struct verb *verb, int letter)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (option_texts[i].letter == letter)
			failure_print("%s takes no option --%s: see 'suburb help %s'", verb->name,
				      option_texts[i].name, verb->name);
	return PARSED_WRONG;
}

static enum parsed parse_options(const struct verb *verb, int argc, char **argv,
				 struct verb_options *options)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "watch", no_argument, NULL, 'w' },
		{ "digest", no_argument, NULL, 'd' },
		{ "no-digest", no_argument, NULL, 'D' },
		{ "no-read-ahead", no_argument, NULL, 'r' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":jvwdDrt:h", longs, NULL)) != -1) {
		if (option == 'h')
			return PARSED_HELP;
		if (option == ':')
			return no_value(argv);
		if (option == '?')
			return wrong_option(verb, argv);
		if (!strchr(verb->options, option))
			return not_its_option(verb, option);
		if (option == 't' && !parse_timeout(optarg, &options->timeout_s))
			return wrong_timeout(optarg);
		options->json |= option == 'j';
		options->verbose |= option == 'v';
		options->watch |= option == 'w';
		options->digest |= option == 'd';
		options->no_digest |= option == 'D';
		options->no_read_ahead |= option == 'r';
	}
	return PARSED_RUN;
}

/* --- running -------------------------------------------------------------- */

/* @argv[0] is the verb. */
static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct verb_options options = { 0 };
	int operands;

	switch (parse_options(verb, argc, argv, &options)) {
	case PARSED_HELP:
		return help_verb(verb);
	case PARSED_WRONG:
		return VERB_USAGE;
	case PARSED_RUN:
		break;
	}
	operands = argc - optind;
	if (operands < verb->least) {
		failure_print("%s", verb->missing);
		return VERB_USAGE;
	}
	if (verb->most >= 0 && operands > verb->most) {
		failure_print("'%s' is too much: see 'suburb help %s'", argv[optind + verb->most],
			      verb->name);
		return VERB_USAGE;
	}
	return verb->run(&options, operands, argv + optind);
}

static int run(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		failure_print("what is to be done? See 'suburb help'");
		return VERB_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("suburb " SUBURB_VERSION "\n");
		return VERB_OK;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc - 2, argv + 2);
	verb = find_verb(argv[1]);
	return verb ? run_verb(verb, argc - 1, argv + 1) : unknown_verb(argv[1]);
}

int main(int argc, char **argv)
{
	int code = run(argc, argv);

	if (fflush(stdout) || ferror(stdout)) {
		failure_print("cannot write the output: %s", strerror(errno));
		return code ? code : VERB_FAILED;
	}
	return code;
}
